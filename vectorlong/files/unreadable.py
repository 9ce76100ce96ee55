"""Why a file is not read: the reason, for people, whatever its reader raised."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from vectorlong.errors import MissingExtraError

_MAX_REASON_CHARACTERS = 200


class UnreadableError(Exception):
    """A file cannot be read as what its name says; the message is the reason, for people."""


@contextmanager
def damage(kind: str) -> Iterator[None]:
    """Call whatever is raised within damage of a file of this kind, but for the system's errors."""
    try:
        yield
    except (UnreadableError, OSError, MemoryError):
        raise
    except Exception as error:
        raise UnreadableError(f"is a damaged {kind} ({one_line(error)})") from error


def reason_of(error: Exception) -> str:
    """Say for people why a file was not read, whatever its reader raised."""
    if isinstance(error, UnreadableError | MissingExtraError):
        return str(error)
    if isinstance(error, UnicodeError):  # though it was found to decode, before it was read
        return "was changed while it was read"
    if isinstance(error, OSError):
        return f"cannot be read ({error.strerror or one_line(error)})"
    if isinstance(error, MemoryError):
        return "cannot be read: there is not enough memory"
    return f"cannot be read: its reader failed ({type(error).__name__}: {one_line(error)})"


def one_line(error: Exception) -> str:
    """Give the beginning of an error's message, or its kind where it has none."""
    message = " ".join(str(error).split()) or type(error).__name__
    shown = message[:_MAX_REASON_CHARACTERS]
    return shown if shown == message else f"{shown}..."
