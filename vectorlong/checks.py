"""What callers pass in, checked alike in every room: counts, ids, and text that can be written."""

from __future__ import annotations

import numpy as np

from vectorlong.errors import InputTypeError, InputValueError, OptionError, shown


def check_count(option: str, value: object, *, least: int = 1) -> int:
    """Return a whole number of at least ``least`` as plain ``int``.

    Parameters
    ----------
    option
        What the caller wrote it for.
    value
        What was passed; NumPy's integers and those of enumerations are taken, too.
    least
        Smallest valid number.

    Raises
    ------
    OptionError
        It is no whole number, or too small.

    Examples
    --------
    >>> check_count("k", np.int64(3))
    3
    """
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or int(value) < least:  # type: ignore[call-overload]
        raise OptionError(option, value, hint=f"Pass a whole number of at least {least}.")
    return int(value)  # type: ignore[call-overload]


def check_optional_count(option: str, value: object, *, least: int = 1) -> int | None:
    """Return None as it is, and anything else as `check_count` does."""
    return None if value is None else check_count(option, value, least=least)


def is_missing(value: object) -> bool:
    """Whether a value stands for none: None, NaN, NaT and pandas' NA.

    Examples
    --------
    >>> is_missing(None), is_missing(float("nan")), is_missing("")
    (True, True, False)
    """
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def is_unicode(text: str) -> bool:
    """Whether UTF-8 can hold a text; lone surrogates, halves of a character, it cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_unicode(what: str, text: str) -> None:
    """Refuse text that no file, no database and no tokenizer could keep.

    Parameters
    ----------
    what
        What it is, for the message: ``inputs[3]``.
    text
        Of any length.

    Raises
    ------
    InputValueError
        It has a lone surrogate; the message says where.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputValueError(
            f"{what} has a lone surrogate {text[error.start]!r} at character {error.start}, which "
            "is half of a character. Read the file with the right encoding, or replace such halves:"
            " text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')."
        ) from None


def check_id(name: object) -> str:
    """Return an id, a non-empty text, as it is.

    Raises
    ------
    InputTypeError
        It is no ``str``.
    InputValueError
        It is empty, or has a lone surrogate.
    """
    if not isinstance(name, str):
        raise InputTypeError(
            f"Ids must be strings, not {type(name).__name__} {shown(name)}. Pass str(...) of it."
        )
    if not name:
        raise InputValueError("An id must not be empty.")
    check_unicode("The id", name)
    return name
