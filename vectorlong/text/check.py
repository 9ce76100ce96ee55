"""What the caller passed as texts, checked once at the door."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np

from vectorlong.checks import check_unicode, is_missing
from vectorlong.errors import InputTypeError, shown


def check_texts(inputs: Any, name: str = "inputs") -> list[str]:
    """Return the texts as a list of ``str``, or say which one is not a text and what to do.

    Parameters
    ----------
    inputs
        A list, tuple, one-dimensional NumPy array, pandas Series or any other ordered iterable of
        ``str``. A single ``str`` counts as a list of one.
    name
        What the caller calls them; used in messages.

    Returns
    -------
    list of str
        Plain ``str``, in the order given.

    Raises
    ------
    InputTypeError
        ``inputs`` is not an ordered collection of texts (None, bytes, a number, a dict, a set, a
        table), or an item is not a text (None, NaN, bytes, a number, a nested list).
    InputValueError
        A text holds a lone surrogate, which no encoding of Unicode can express.

    Examples
    --------
    >>> check_texts(("one", "two"))
    ['one', 'two']
    """
    if isinstance(inputs, str):
        return [check_text(inputs, name)]
    check_container(inputs, name)
    return [check_text(item, f"{name}[{position}]") for position, item in enumerate(inputs)]


def check_container(inputs: Any, name: str) -> None:
    """Refuse whatever is not an ordered collection of texts.

    Raises
    ------
    InputTypeError
        It is bytes, a mapping, a set, a table, or nothing that can be iterated.
    """
    described = f"{name} is {_describe(inputs)}"
    if isinstance(inputs, (bytes, bytearray, memoryview)):
        raise InputTypeError(f"{described}, not text. Decode it first: data.decode('utf-8').")
    if isinstance(inputs, Mapping):
        raise InputTypeError(f"{described}, not a list of texts. Pass list({name}.values()).")
    if isinstance(inputs, Set):
        raise InputTypeError(f"{described}, which has no order. Pass a list or sorted({name}).")
    if hasattr(inputs, "columns"):
        raise InputTypeError(f"{described}, a table. Pass its text column: {name}['text'].")
    if isinstance(inputs, np.ndarray) and inputs.ndim != 1:
        raise InputTypeError(
            f"{name} is an array of shape {inputs.shape}. Pass a one-dimensional array of texts."
        )
    if not isinstance(inputs, Iterable):
        raise InputTypeError(f"{described}. Pass a text (str) or a list of texts.")


def check_text(item: Any, place: str) -> str:
    """Return one item as plain ``str``, or say what is wrong with it.

    Parameters
    ----------
    item
        What was passed.
    place
        Where it stands, for messages: ``inputs[3]``.

    Raises
    ------
    InputTypeError, InputValueError
        As :func:`check_texts` raises them.
    """
    if not isinstance(item, str):
        raise InputTypeError(f"{place} is {_describe(item)}, not a text. {_way_out(item)}")
    # Its characters, whatever str() of a subclass gives: that of an enumeration names the member.
    text = str.__str__(item)
    if not text.isascii():
        check_unicode(place, text)
    return text


def _describe(value: Any) -> str:
    """Name a value and its type, however large it is."""
    if value is None:
        return "None"
    return f"{shown(value)} ({type(value).__name__})"


def _way_out(item: Any) -> str:
    """Say what to do about an item that is no text."""
    if isinstance(item, (bytes, bytearray)):
        return "Decode it first: item.decode('utf-8')."
    if isinstance(item, (list, tuple, np.ndarray)):
        return "Pass a flat list of texts; join the parts of one text with ' '.join(parts)."
    if is_missing(item):
        return "Leave missing texts out, or pass '' for them."
    return "Pass str(item) if its written form is the text you mean."
