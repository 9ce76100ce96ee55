"""How well an answer agrees with those that people gave: as SQuAD, or as CMRC 2018, counts it.

SQuAD (arXiv:1606.05250): words, without case, punctuation and articles. CMRC 2018
(arXiv:1810.07366): characters of Chinese and words of other scripts, without punctuation; what
agrees is the longest run that both have.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


def agreement(found: str, expected: Sequence[str]) -> tuple[float, float]:
    """Give exact match and F1 of an answer with the best of those expected.

    Parameters
    ----------
    found
        The answer; empty for none.
    expected
        What people gave; empty where the document has no answer. Where one of them has Chinese,
        all are compared as CMRC 2018 does.

    Returns
    -------
    tuple of float
        Each 0 to 1.

    Examples
    --------
    >>> agreement("the Eiffel tower", ["Eiffel Tower", "a tower"])
    (1.0, 1.0)
    >>> agreement("北京大学", ["北京。", "上海"])
    (0.0, 0.6666666666666666)
    """
    if not expected:
        is_right = float(found == "")
        return is_right, is_right
    compare = _compare_cmrc if any(map(_HAN.search, expected)) else _compare_squad
    scores = [compare(found, each) for each in expected]
    return max(exact for exact, _ in scores), max(f1 for _, f1 in scores)


def _compare_squad(found: str, expected: str) -> tuple[float, float]:
    one, other = _words(found), _words(expected)
    n_shared = sum((Counter(one) & Counter(other)).values())
    return float(one == other), _f1(n_shared, len(one), len(other))


def _words(text: str) -> list[str]:
    return _ARTICLES.sub(" ", _without_punctuation(text.lower())).split()


def _compare_cmrc(found: str, expected: str) -> tuple[float, float]:
    one, other = _units(found), _units(expected)
    return float(one == other), _f1(_longest_run(one, other), len(one), len(other))


def _units(text: str) -> list[str]:
    """Divide into characters of Chinese, and words of what is between them."""
    spaced = _HAN.sub(lambda found: f" {found[0]} ", _without_punctuation(text.lower()))
    return spaced.split()


def _without_punctuation(text: str) -> str:
    """Leave punctuation out, ASCII's signs too, as both do."""
    return "".join(
        character
        for character in text
        if unicodedata.category(character)[0] != "P" and character not in "$+<=>^`|~"
    )


def _longest_run(one: Sequence[str], other: Sequence[str]) -> int:
    """Give the length of the longest run that both have."""
    longest = 0
    before = [0] * (len(other) + 1)
    for unit in one:
        row = [0]
        for place, another in enumerate(other):
            row.append(before[place] + 1 if unit == another else 0)
        longest = max(longest, *row)
        before = row
    return longest


def _f1(n_shared: int, n_one: int, n_other: int) -> float:
    if n_one == 0 or n_other == 0:
        return float(n_one == n_other)
    return 2 * n_shared / (n_one + n_other)
