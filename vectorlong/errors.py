"""One tree of exceptions: ``except VectorlongError`` catches all that this library says no to.

Each class also derives from the built-in exception that Python users expect in its place
(``ValueError``, ``TypeError``, ``OSError``), so that ordinary handlers work too. Messages name the
value, the valid choices and the way out. Nothing but exceptions, and how they show a value, belongs
here.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from typing import Any

_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = 60


def shown(value: object) -> str:
    """Return ``repr`` of what a user passed, short however large or deeply nested it is.

    Examples
    --------
    >>> shown("a" * 1000)
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaa...aaaaaaaaaaaaaaaaaaaaaaaaaaaa'"
    >>> shown([[[[[[[[1]]]]]]]])
    '[[[[[[[...]]]]]]]'
    """
    try:
        return _short.repr(value)
    except ValueError:  # an integer of more digits than Python writes
        return f"<{type(value).__name__} too large to show>"


class VectorlongError(Exception):
    """Root of every error this library raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the message, so that an error reaches the caller out of another process."""
        return _restore, (type(self), self.args)


def _restore(kind: type[VectorlongError], arguments: tuple[Any, ...]) -> VectorlongError:
    """Make an error again from its message, whatever its constructor takes."""
    return kind.__new__(kind, *arguments)


# --- what the caller passed in -------------------------------------------------------------------


class InputTypeError(VectorlongError, TypeError):
    """An input has a type that cannot be encoded or indexed (None, bytes, a nested list)."""


class InputValueError(VectorlongError, ValueError):
    """An input has the right type and an impossible value (NaN, a lone surrogate)."""


class TextTooLongError(InputValueError):
    """A text is longer than the model's window and ``overlength="error"`` was asked for."""


class OptionError(VectorlongError, ValueError):
    """An option has a value outside its choices.

    Parameters
    ----------
    option
        Name of the option as the caller wrote it.
    value
        What was passed.
    choices
        Every valid value, listed in the message.
    hint
        The way out, appended to the message.
    """

    def __init__(
        self, option: str, value: object, choices: Iterable[object] = (), hint: str = ""
    ) -> None:
        listed = ", ".join(repr(choice) for choice in choices)
        message = f"{option}={shown(value)} is not valid."
        if listed:
            message += f" Valid values: {listed}."
        if hint:
            message += f" {hint}"
        super().__init__(message)


class ConfigError(VectorlongError, ValueError):
    """A file that says what is to be trained cannot be used; the message names key and line."""


class MissingExtraError(VectorlongError, ImportError):
    """An optional package is needed and not installed.

    Parameters
    ----------
    feature
        What needs the package.
    extra
        The extra of this library that brings it.
    otherwise
        What else can be done, in sentences.
    """

    def __init__(self, feature: str, extra: str, otherwise: str = "") -> None:
        super().__init__(
            f"{feature} needs an optional package. Install it with: "
            f"pip install 'vectorlong[{extra}]'" + (f". {otherwise}" if otherwise else "")
        )


# --- checkpoints ---------------------------------------------------------------------------------


class CheckpointError(VectorlongError):
    """A model folder or hub entry cannot be used as it is."""


class ModelNotFoundError(CheckpointError, OSError):
    """The named model is neither a folder, nor cached, nor reachable."""


class UnsupportedArchitectureError(CheckpointError, ValueError):
    """The configuration describes a model whose attention this library does not implement."""


class WeightsError(CheckpointError, ValueError):
    """Weights are missing, superfluous, wrongly shaped or damaged; the message lists each."""


# --- indexes on disk -----------------------------------------------------------------------------


class IndexFolderError(VectorlongError):
    """A folder is not an index, exists already, or cannot be read or written."""


class IndexCorruptError(IndexFolderError):
    """A file that holds the truth is damaged; the message names the file."""


class IndexLockedError(IndexFolderError):
    """Somebody is writing: another process, or this thread itself; the message says which."""


class FormatVersionError(IndexFolderError, ValueError):
    """The files were written by a newer format than this version reads."""


class EncoderMismatchError(VectorlongError, ValueError):
    """Stored vectors come from another encoder; the message shows both fingerprints."""


class FilterError(VectorlongError, ValueError):
    """A metadata filter is malformed or uses an unknown operator."""
