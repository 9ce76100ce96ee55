"""Where words of formulas end, which have no spaces between their parts."""

from __future__ import annotations


def do_words_meet(before: str, after: str) -> bool:
    """Whether words of two parts would become one; single letters may, as they do in formulas.

    Examples
    --------
    >>> do_words_meet("2", "x"), do_words_meet("loss", "x"), do_words_meet("loss", "=")
    (False, True, False)
    """
    first, second = before[-2:], after[:2]
    if not (first[-1:].isalnum() and second[:1].isalnum()):
        return False
    return any(len(two) == 2 and two.isalnum() for two in (first, second))
