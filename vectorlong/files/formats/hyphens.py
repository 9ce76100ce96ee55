"""Words that a line's end divides: whole again, their hyphen kept where it is their own.

Nothing in a PDF tells the hyphen of "state-of-the-art" from that of "reconsid-eration". What the
rest of the document says decides, then the form of the two parts. No dictionary is used: the
language is not known, and names and terms are in none. How often this is right: docs/files.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

# What a page has where a hyphen and a line's end stood between two letters.
BREAK = "\x02"

_LETTERS = r"[^\W\d_]+"
_WORD = re.compile(rf"{_LETTERS}(?:-{_LETTERS})*")
_LAST_WORD = re.compile(rf"{_LETTERS}(?:-{_LETTERS})*\Z")
_SPACE = re.compile(r"\s")
_PAGE_ENDS_IN_HYPHEN = re.compile(r"[^\W\d_]-\s*\Z")
_NO_CHARACTER = "\N{REPLACEMENT CHARACTER}"
# No word is longer; what goes on for ever without a space must take no time.
_MAX_WORD = 80
# Shorter parts are found as words by chance: "on-ly", "be-come".
_MIN_FIRST, _MIN_SECOND = 3, 4


def join_divided_words(pages: Sequence[str]) -> list[str]:
    r"""Give pages without divided words; a line ends after the word that its end divided.

    Parameters
    ----------
    pages
        Their text, with `BREAK` where a word is divided.

    Examples
    --------
    >>> join_divided_words(["To re\x02join what\nwas state-of-the\x02art."])
    ['To rejoin\nwhat\nwas state-of-the-art.']
    """
    pages = _without_divided_ends(pages)
    if not any(BREAK in page for page in pages):
        return list(pages)
    document = _Words(pages)
    return [_joined(page, document) for page in pages]


class _Words:
    """How often each word of a document occurs undivided, and each part of those with hyphens."""

    def __init__(self, pages: Sequence[str]) -> None:
        self._words: Counter[str] = Counter()
        self._parts: Counter[str] = Counter()
        for page in pages:
            pieces = page.split(BREAK)
            for number, piece in enumerate(pieces):
                start = _end_of_first(piece) if number else 0
                end = _start_of_last(piece) if number < len(pieces) - 1 else len(piece)
                self._words.update(word[0].lower() for word in _WORD.finditer(piece, start, end))
        for word, n in self._words.items():
            for part in word.split("-"):
                self._parts[part] += n

    def are_one(self, first: str, second: str) -> bool:
        """Whether the hyphen is not the word's own."""
        start = first.rpartition("-")[2].lower()
        end = second.partition("-")[0].lower()
        n_joined = self._parts[start + end]
        forms = {f"{first}-{second}".lower(), f"{start}-{end}"}
        n_hyphened = sum(self._words[form] for form in forms)
        if n_joined != n_hyphened:
            return n_joined > n_hyphened
        if "-" in first or "-" in second:
            return False
        if not second.islower():  # "Anglo-Saxon", but "CONSID-ERATION"
            return first.isupper() and second.isupper()
        if len(first) > 1 and first.isupper():  # "PDF-file"
            return False
        are_words = self._parts[start] > 0 and self._parts[end] > 0
        return not (are_words and len(start) >= _MIN_FIRST and len(end) >= _MIN_SECOND)


def _joined(page: str, document: _Words) -> str:
    first, *others = page.split(BREAK)
    pieces = [first]
    before = first[-_MAX_WORD:]
    for piece in others:
        start, end = _LAST_WORD.search(before), _WORD.match(piece, 0, _MAX_WORD)
        if start is None or end is None:
            sign = _NO_CHARACTER  # no hyphen, but a letter that the file's font has no meaning for
        else:
            sign = "" if document.are_one(start[0], end[0]) else "-"
            space = _SPACE.search(piece, 0, _MAX_WORD)
            if space is not None:
                piece = f"{piece[: space.start()]}\n{piece[space.end() :]}"
        pieces += [sign, piece]
        before = (before + sign + piece)[-_MAX_WORD:]
    return "".join(pieces)


def _without_divided_ends(pages: Sequence[str]) -> list[str]:
    """Have a word that the end of a page divides on that page."""
    whole = list(pages)
    for number in range(len(whole) - 1):
        page = whole[number]
        end = _PAGE_ENDS_IN_HYPHEN.search(page, max(0, len(page) - _MAX_WORD))
        following = whole[number + 1]
        space = _SPACE.search(following, 0, _MAX_WORD)
        if end is not None and space is not None and following[0].islower():
            whole[number] = f"{page[: end.start() + 1]}{BREAK}{following[: space.start()]}"
            whole[number + 1] = following[space.end() :]
    return whole


def _end_of_first(text: str) -> int:
    """Where what is not parted from the beginning by a space ends."""
    found = _SPACE.search(text, 0, _MAX_WORD)
    return min(_MAX_WORD, len(text)) if found is None else found.start()


def _start_of_last(text: str) -> int:
    """Where what is not parted from the end by a space begins."""
    start = max(0, len(text) - _MAX_WORD)
    return max((found.end() for found in _SPACE.finditer(text, start)), default=start)
