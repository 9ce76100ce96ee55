"""What heads refuse before torch answers with an index error or a character is cut."""

from __future__ import annotations

import unicodedata

from torch import Tensor

from vectorlong.errors import InputValueError


def check_labels(labels: Tensor, n_labels: int, *, ignored: int) -> None:
    """Refuse labels that the head does not have.

    Raises
    ------
    InputValueError
        The message names the value, its place and how many labels there are.

    Examples
    --------
    >>> import torch
    >>> check_labels(torch.tensor([0, 3]), 3, ignored=-100)
    Traceback (most recent call last):
        ...
    vectorlong.errors.InputValueError: labels[1] = 3, but the head has 3 labels, counted from 0 \
(-100 for none).
    """
    wrong = (labels != ignored) & ((labels < 0) | (labels >= n_labels))
    if wrong.any():
        place = wrong.nonzero()[0].tolist()
        value = int(labels[tuple(place)])
        raise InputValueError(
            f"labels[{', '.join(map(str, place))}] = {value}, but the head has {n_labels} labels, "
            f"counted from 0 ({ignored} for none)."
        )


def goes_on(text: str, place: int) -> bool:
    """Whether a cut at a place would be within what is read as one character.

    Accents written apart, signs of vowels, variants and colours of emoji, and what joins them
    belong to the code point before them.

    Examples
    --------
    >>> goes_on("cafe\u0301s", 4), goes_on("cafe\u0301s", 5)
    (True, False)
    """
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    if before.isspace():
        return False
    is_colour = "\U0001f3fb" <= after <= "\U0001f3ff"
    return is_colour or "\u200d" in (before, after) or unicodedata.category(after)[0] == "M"


def check_cuts(text: str, start: int, end: int, what: str) -> None:
    """Refuse a span that begins or ends within a character.

    Raises
    ------
    InputValueError
        The message names ``what``, the character and its place.
    """
    for place in (start, end):
        if goes_on(text, place):
            raise InputValueError(
                f"{what} is cut within a character: {text[place]!r} at {place} belongs to "
                f"{text[place - 1]!r} before it."
            )
