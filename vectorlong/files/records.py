"""What a reader of one file format gives back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vectorlong.errors import MissingExtraError

if TYPE_CHECKING:
    from vectorlong.files.limits import Limits

_MAX_REASON_CHARACTERS = 200
_SHOWN = re.compile(
    r"[^\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)


class UnreadableError(Exception):
    """A file cannot be read as what its name says; the message is the reason, for people."""


@dataclass(frozen=True)
class Columns:
    """Which columns of a table hold what.

    Attributes
    ----------
    text, id
        As the user named them; None to look for the usual names.
    """

    text: str | None = None
    id: str | None = None


@dataclass(frozen=True)
class Content:
    """One document as its file holds it.

    Attributes
    ----------
    text
        What is encoded, and what all offsets refer to.
    metadata
        What the file says of the document: its title, the other columns of its row.
    facts
        How the text lies in the file: encoding, start of each page.
    row
        Number of its row, from 1, where the file holds one document a row.
    id
        The row's own id, where it has one.
    remarks
        What of the file is not in the text, or not as it is in the file, each once, for people.
    """

    text: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    row: int | None = None
    id: str | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class BadRow:
    """A row that holds no document, and why; None for a file that is one document."""

    row: int | None
    reason: str


@dataclass(frozen=True)
class LeftOut:
    """A file, or some rows of one, that gave no document.

    Attributes
    ----------
    path
        The file, named as its documents are.
    reason
        Why, and what to do about it where there is something.
    """

    path: str
    reason: str


@dataclass(frozen=True)
class Remark:
    """What to know of a file that was read.

    Attributes
    ----------
    path
        The file, named as its documents are.
    text
        What of it is not in its document, or not as it is in the file.
    """

    path: str
    text: str


# The last is the encoding that the user named, if any.
Reader = Callable[[Path, Columns, "Limits", str | None], Iterator[Content | BadRow]]


def is_blank(text: str) -> bool:
    """Whether a text shows nothing: white space, characters of no width, controls, fillers."""
    return _SHOWN.search(text) is None


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
