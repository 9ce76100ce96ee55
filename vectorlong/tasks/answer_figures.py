"""How well an answer agrees with those that people gave: as SQuAD, or as CMRC 2018, counts it.

Both have a script of their own, and this counts as they do.

SQuAD (arXiv:1606.05250): words, without case, ASCII's punctuation and articles. F1 counts the words
that both have, wherever they stand.

CMRC 2018 (arXiv:1810.07366): characters of Chinese and words of other scripts, without case and
some thirty signs. F1 counts the longest run that both have; an exact match is one of characters,
spaces included. Where its script has NLTK divide what is not Chinese, words, numbers and signs are
taken here, which differs in contractions and abbreviations.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
# What is divided where there is no Chinese: numbers with their points, words, signs.
_OTHERS = re.compile(rf"{_HAN.pattern}|\d+(?:[.,]\d+)*|[^\W{_HAN.pattern[1:-1]}]+|[^\w\s]")
_SQUAD_SIGNS = str.maketrans("", "", string.punctuation)
# The script lists "……" too, which as two characters is never found.
_CMRC_SIGNS = str.maketrans("", "", "-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")


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
    return _ARTICLES.sub(" ", text.lower().translate(_SQUAD_SIGNS)).split()


def _compare_cmrc(found: str, expected: str) -> tuple[float, float]:
    one, other = (each.lower().strip().translate(_CMRC_SIGNS) for each in (found, expected))
    units, others = _OTHERS.findall(one), _OTHERS.findall(other)
    return float(one == other), _f1(_longest_run(units, others), len(units), len(others))


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
