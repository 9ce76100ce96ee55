"""Words for the lexical index: what SQLite's FTS5 is given to index and to look for.

FTS5's ``unicode61`` tokenizer cuts at spaces, which Chinese, Japanese and Korean text lacks. Runs
of those scripts are therefore rewritten as overlapping pairs of characters ("天气好" becomes
"天气 气好 好"); each character opens exactly one pair, so that a single character can be found by
its prefix. All other text is left to ``porter unicode61``. How well this finds things, and beside
what else, stands in docs/retrieval.md.
"""

from __future__ import annotations

import re
import unicodedata

TOKENIZER = "porter unicode61 remove_diacritics 2"

_PAIRED_SCRIPTS = (
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_PAIRED_RUN = re.compile(f"[{_PAIRED_SCRIPTS}]+")
_QUERY_TERM = re.compile(f"[{_PAIRED_SCRIPTS}]+|[^\\W_]+")
# BM25 gives these words almost no weight and they match almost every passage, so that scoring
# them is nearly all of a query's time. They count when a question has nothing else.
_COMMON_WORDS = frozenset(
    (  # noqa: SIM905 - a list would be sixty lines
        "a about an and are as at be been but by can could did do does for from had has have he "
        "her his how i if in into is it its may of on or our she should so than that the their "
        "them then there these they this to was we were what when where which who whom whose why "
        "will with would you your"
    ).split()
)


def indexable(text: str) -> str:
    """Return the form of ``text`` that FTS5 indexes; offsets are not kept.

    Examples
    --------
    >>> indexable("Weather: 天气好!").split()
    ['Weather:', '天气', '气好', '好', '!']
    """
    return _PAIRED_RUN.sub(_pairs, unicodedata.normalize("NFKC", text))


def _pairs(run: re.Match[str]) -> str:
    characters = run.group()
    return f" {' '.join(characters[start : start + 2] for start in range(len(characters)))} "


def match_expression(question: str) -> str | None:
    """Return an FTS5 query that finds any of the question's words, or None where it has none.

    Every term is a quoted string, so nothing the question holds is FTS5 syntax.

    Examples
    --------
    >>> match_expression('what is "NEAR*" 天气好')
    '"near" OR "天气" OR "气好"'
    >>> match_expression("?!") is None
    True
    """
    words = _QUERY_TERM.findall(unicodedata.normalize("NFKC", question).lower())
    telling_words = [word for word in words if word not in _COMMON_WORDS] or words
    terms: list[str] = []
    for word in telling_words:
        if not _PAIRED_RUN.match(word):
            terms.append(f'"{word}"')
        elif len(word) == 1:
            terms.append(f'"{word}"*')
        else:
            terms.extend(f'"{word[start : start + 2]}"' for start in range(len(word) - 1))
    return " OR ".join(dict.fromkeys(terms)) or None
