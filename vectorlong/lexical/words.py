"""What of a text is indexed: its words in order, and other forms under which they are found.

Who changes what a text's terms are raises `VERSION` in `vectorlong.lexical.stems`, so that indexes
made before are indexed anew.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from vectorlong.lexical.characters import LATIN, PAIRED, exact_words, folded, visible
from vectorlong.lexical.stems import ENGLISH, marked_stems

# What belongs to the character before it, in the scripts of which pairs are indexed: marks, and
# vowels that Thai and Lao write after their consonant; the vowels they write before it; and two
# signs that also bind the consonant after them. Thai is then found as well as by a dictionary.
_MARKS = (
    "\u0e30-\u0e3a\u0e45\u0e47-\u0e4e\u0eb0-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u1056-\u1059"
    "\u105e-\u1060\u1062-\u1064\u1067-\u106d\u1071-\u1074\u1082-\u108d\u108f\u109a-\u109d"
    "\u17b4-\u17d3\u17dd\u3099\u309a"
)
_VOWELS_BEFORE = "\u0e40-\u0e44\u0ec0-\u0ec4"
_IS_MARKED = re.compile(f"[{_MARKS}{_VOWELS_BEFORE}]")
_CLUSTER = re.compile(f"[{_VOWELS_BEFORE}]?[{PAIRED}](?:[\u1039\u17d2][{PAIRED}]|[{_MARKS}])*")
# Latin letters and digits go together ("5g", "b2b"); any other script beside them is another word.
_RUN = re.compile(f"[{PAIRED}]+|[0-9{LATIN}]+|[^0-9{LATIN}{PAIRED}]+")
_IS_PAIRED = re.compile(f"[{PAIRED}]")


class _Signs:
    """Where words are written with signs in them, in texts of these characters.

    Attributes
    ----------
    sign
        Finds the first sign of one, since few characters are signs.
    compound
        Takes the whole, from its first character.
    """

    def __init__(self, solid: str, letter: str) -> None:
        self.sign = re.compile(
            rf"[-.,:/_&(](?<={solid}.)(?={solid})|[+](?<=[a-z].)[+](?!_|{letter})"
            rf"|[#](?<=[a-z].)(?!_|{letter})|[.](?<!{solid}.)(?<![._].)(?=[a-z])",
            re.DOTALL,
        )
        self.compound = re.compile(
            rf"{solid}*+(?:[-.,:/_&]{solid}++|\({solid}++\))+|[a-z]++(?:\+\+|\#)"
        )


_ASCII_SIGNS = _Signs("[a-z0-9]", "[a-z]")
_SIGNS = _Signs(f"[^\\W_{PAIRED}]", f"[^\\W\\d_{PAIRED}]")
_CODE_SIGN = re.compile(r"[0-9&#+]|^\.")
# What is also written without the signs: "e-mail" and "covid-19", but no range of numbers; "u.s.a"
# and "ph.d"; "50,000" and, in India, "1,00,000".
_JOINED = re.compile(
    r"(?![\d-]+\Z)[^\W_]+(?:-[^\W_]+)+|[^\W\d_]{1,2}(?:\.[^\W\d_]{1,2})+"
    r"|\d{1,3}(?:,\d{2,3})*,\d{3}|\d{1,3}(?:\.\d{3})+"
)
_JOINING_SIGNS = re.compile(r"[-.,]")
# Longer ones are data and no code that somebody types.
_MAX_CODE_CHARACTERS = 64
# Longer words are runs of a script without spaces, which do not come again.
_MAX_CACHED_CHARACTERS = 24
_STRETCH_CHARACTERS = 500_000


class Run:
    """A piece of a word that is of one script.

    Attributes
    ----------
    is_paired
        Whether overlapping pairs of its characters are indexed.
    characters
        Its characters, each with its marks and vowels; all of it where it is not paired.
    """

    def __init__(self, text: str) -> None:
        self.is_paired = bool(_IS_PAIRED.match(text))
        self.characters = [text]
        if self.is_paired:
            self.characters = _CLUSTER.findall(text) if _IS_MARKED.search(text) else [*text]

    @property
    def is_single_character(self) -> bool:
        """Whether it opens pairs without being one."""
        return self.is_paired and len(self.characters) == 1

    def terms(self, *, is_last: bool = False) -> list[str]:
        """Return its terms in order: pairs, and the last character, which opens none, alone.

        ``is_last``: of what is looked for; it may go on in the text, so that where there is a pair
        the last character alone is no term.
        """
        pairs = list(map(operator.add, self.characters, self.characters[1:]))
        return pairs if is_last and pairs else [*pairs, self.characters[-1]]


def runs(word: str) -> list[Run]:
    """Divide a folded word where its script changes.

    Examples
    --------
    >>> [run.characters for run in runs("iphone手机2023")]
    [['iphone'], ['手', '机'], ['2023']]
    >>> [run.characters for run in runs("แมวเกาะ")]
    [['แม', 'ว', 'เกาะ']]
    """
    return [Run(text) for text in ([word] if word and word.isascii() else _RUN.findall(word))]


def compounds(text: str) -> list[tuple[str, bool]]:
    """Return what of a visible text is written with signs in it, and whether it is a code.

    A code is a form of its own ("3.10", "c++", "r&d"); of a word with hyphens, of initials with
    dots and of thousands, what is left without them.

    Examples
    --------
    >>> compounds("e-mail 3.2(b) and/or c#, u.s.a.")
    [('email', False), ('3.2(b)', True), ('c#', True), ('usa', False)]
    >>> compounds("covid-19, $50,000 and pages 12-15")
    [('covid-19', True), ('covid19', True), ('50,000', True), ('50000', True), ('12-15', True)]
    """
    found = []
    end = 0
    signs = _ASCII_SIGNS if text.isascii() else _SIGNS
    for sign in signs.sign.finditer(text):
        start = sign.start()
        if start < end:
            continue
        while start > end and text[start - 1].isalnum():
            start -= 1
        if signs is _SIGNS and not (before := text[start : sign.start()]).isascii():
            start = sign.start() - len(_IS_PAIRED.split(before)[-1])
        match = signs.compound.match(text, start)
        if match is None:  # a bracket that is not closed after one word
            continue
        end = match.end()
        compound = match[0]
        if len(compound) > _MAX_CODE_CHARACTERS:
            continue
        is_code = _CODE_SIGN.search(compound) is not None
        if is_code:
            found.append((compound, True))
        if sign[0] in "-.," and _JOINED.fullmatch(compound):
            found.append((_JOINING_SIGNS.sub("", compound), is_code))
    return found


def has_words(text: str) -> bool:
    """Whether anything of a text is a word."""
    return any(folded(word) for word in exact_words(visible(text)))


@dataclass(frozen=True)
class IndexedWords:
    """A text as the index of words takes it; terms stand between spaces.

    Attributes
    ----------
    terms
        What it is mostly ranked by: stems in order where its language has them, else its words;
        then codes with their signs.
    words
        What adds little to that: the words in order where the terms are stems; then words with
        their marks and words without their hyphens, or all these would count twice.

    Words are folded, and overlapping pairs of characters in scripts without spaces.
    """

    terms: str
    words: str


def indexed_words(text: str, language: str | None) -> IndexedWords:
    """Give what of a text is indexed, with the stems of a language.

    Examples
    --------
    >>> indexed_words("An e-mail from Zoë: 天气好", None)
    IndexedWords(terms='an e mail from zoe 天气 气好 好', words='zoë email')
    >>> indexed_words("All e-mails from Zoë", "english")
    IndexedWords(terms='~all ~e ~mail ~from ~zoe', words='all e mails from zoe zoë emails ~email')
    """
    ranked: list[str] = []
    words: list[str] = []
    forms: list[str] = []
    minor: list[str] = []
    for stretch in _stretches(text):
        indexed = _indexed_stretch(visible(stretch), language)
        for whole, part in zip((ranked, words, forms, minor), indexed, strict=True):
            whole.append(" ".join(part))
    terms = " ".join([*ranked, *forms]).rstrip()
    beside = minor if language is None else [*words, *minor]
    return IndexedWords(terms, " ".join(beside).rstrip())


def _stretches(text: str) -> Iterator[str]:
    """Divide a text between words, so that the lists of words of a long one need little memory."""
    start = 0
    while len(text) - start > _STRETCH_CHARACTERS:
        most = start + _STRETCH_CHARACTERS
        cuts = (text.rfind(space, start + 1, most) for space in " \n。，")
        cut = next((cut + 1 for cut in cuts if cut > 0), most)
        yield text[start:cut]
        start = cut
    yield text[start:]


def _indexed_stretch(
    text: str, language: str | None
) -> tuple[Sequence[str], Sequence[str], Sequence[str], Sequence[str]]:
    """Return what a visible text is ranked by, its words, its codes, and what counts little."""
    exact = exact_words(text)
    words = exact
    forms: list[str] = []
    minor: list[str] = []
    if not text.isascii():
        words = []
        for word in exact:
            if word.isascii():
                words.append(word)
                continue
            terms, form = _found_by(word)
            words.extend(terms)
            if form is not None:
                minor.append(form)
    for compound, is_code in compounds(text):
        form = folded(compound)
        # The words without their hyphens would count twice.
        (forms if is_code else minor).append(form)
        if form != compound:
            minor.append(compound)
        if language is not None and not is_code:
            minor.extend(marked_stems(language, [compound]))
    if language is None:
        return words, words, forms, minor
    if language == ENGLISH:
        return marked_stems(language, words), words, forms, minor
    ranked: list[str] = []
    for word in exact:
        if _IS_PAIRED.search(word):
            ranked.extend(_found_by(word)[0])
        else:
            ranked.extend(marked_stems(language, [word]))
    return ranked, words, forms, minor


def _found_by(word: str) -> tuple[Sequence[str], str | None]:
    """Return the terms of an exact word, and the word itself where that is none of them."""
    if len(word) > _MAX_CACHED_CHARACTERS:
        return _analysed(word)
    return _analysed_before(word)


def _analysed(word: str) -> tuple[Sequence[str], str | None]:
    form = folded(word)
    parts = runs(form)
    terms = [term for run in parts for term in run.terms()]
    is_form = form != word and not any(run.is_paired for run in parts)
    return terms, word if is_form else None


_analysed_before = lru_cache(maxsize=50_000)(_analysed)
