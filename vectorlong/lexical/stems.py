"""Stems: what forms of one word have in common, and in which texts they are looked for.

Stems are indexed beside the words and never in their place, and under a mark, so that those of one
language find no words of another. Snowball's algorithms make them.
"""

from __future__ import annotations

import importlib.metadata
import re
import threading
from collections.abc import Sequence

import snowballstemmer

from vectorlong.errors import OptionError
from vectorlong.lexical.characters import folded

AUTO_LANGUAGE = "auto"
NO_LANGUAGE = "none"
ENGLISH = "english"
LANGUAGES = (AUTO_LANGUAGE, NO_LANGUAGE, *sorted({*snowballstemmer.algorithms()} - {"porter"}))
# It takes PyStemmer, the same algorithms in C, where that is installed; both are numbered as
# Snowball is. Read once, and not in the middle of a change to an index.
_PACKAGE = "PyStemmer" if hasattr(snowballstemmer, "Stemmer") else "snowballstemmer"
_SNOWBALL_VERSION = ".".join(importlib.metadata.version(_PACKAGE).split(".")[:2])
STEM_MARK = "~"

# Of the words that texts and questions have; see `scheme`.
VERSION = 1

# A text of so many words that is English has so great a share of these.
_TELLING_WORDS = 20
_ENGLISH_SHARE = 0.08
_ENGLISH_WORDS = frozenset(
    (  # noqa: SIM905 - a list would be fifty lines
        "the of and to is that for with it as by this be are from have not which you at or his her "
        "they their has would been but were who there she we our your its if these those when "
        "where while than then them what how can could should must may shall any all each other "
        "such into between under after before about only also"
    ).split()
)
_OTHER_WORDS = frozenset(
    (  # noqa: SIM905
        "der die das und ist wird sind nicht mit von den dem ein eine einer im für auf aus zu des "
        "wir sich jeder le la les et est dans une un du pour qui que sur au aux il elle ne "
        "el los las y con por del una para en de "
        "il di della che non per gli delle nel "
        "o os da do em com uma dos das não "
        "het een van dat niet voor op zijn te och att det som på är ikke og ja ei "
        "w z na nie się jest do oraz ve bir bu ile için yang dan itu dengan untuk ini dari "
        "si cu pe nu az és nem egy hogy je se że v na "
        "wer wie wo wann welche welcher welches wurde quel quelle chi quale cosa wat waar welke "
        "kto jak vad vem ne hangi apa siapa qual quem cine ce unde"
    ).split()
) - {"do", "on", "in", "a", "an"}
# The vowels of many scripts are marks, with which no word is alphabetic to Python.
_IS_OF_LETTERS = re.compile(r"[^\W\d_][^\d]*")
_MAX_CACHED = 100_000


def check_language(language: object) -> str:
    """Return a language of which stems can be made, ``"auto"`` or ``"none"``.

    Raises
    ------
    OptionError
        It is none; the message lists them.
    """
    if not isinstance(language, str) or language not in LANGUAGES:
        raise OptionError("language", language, LANGUAGES)
    return language


def scheme(setting: str) -> str:
    """Name all that a text's words depend on, so that an index notices when that has changed.

    What Unicode's newer versions add to it is left out: few texts have any of it.

    Examples
    --------
    >>> scheme("none")
    'words 1, none'
    """
    if setting == NO_LANGUAGE:
        return f"words {VERSION}, {setting}"
    return f"words {VERSION}, {setting}, Snowball {_SNOWBALL_VERSION}"


def stem_language(setting: str, words: Sequence[str]) -> str | None:
    """Return the language whose stems a text gets, by an index's setting and its exact words."""
    if setting == NO_LANGUAGE:
        return None
    if setting != AUTO_LANGUAGE:
        return setting
    return ENGLISH if is_english(words) else None


def is_english(words: Sequence[str]) -> bool:
    """Whether a text is English, as far as its exact words tell.

    A long text is where a share of its words are those that English cannot do without, and more
    than are another language's of this script: titles are quoted in any language. A few words say
    little; they are taken for English unless they or those beside them show something else,
    because stems find more and hide nothing.

    Examples
    --------
    >>> is_english("the parties agree to the terms".split())
    True
    >>> is_english("die parteien vereinbaren die bedingungen für das werk".split())
    False
    >>> is_english(["steel", "pipes"]), is_english(["boîtes", "rondes"])
    (True, False)
    >>> is_english("кто такой george washington".split())
    False
    """
    n_latin = sum(word.isascii() and word.isalpha() for word in words)
    n_english = sum(map(_ENGLISH_WORDS.__contains__, words))
    n_other = sum(map(_OTHER_WORDS.__contains__, words))
    if n_latin >= _TELLING_WORDS:
        n_other += sum(not word.isascii() and word[0] < "\u0250" for word in words)
        return n_english >= max(_ENGLISH_SHARE * n_latin, n_other)
    n_other += sum(not word.isascii() and word[0].isalpha() for word in words)
    return n_latin > 0 and n_english >= n_other


class _Stems(dict[str, str]):
    """The marked stem of every word met of late."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language
        # A stemmer keeps the word it is at, so each thread needs its own.
        self._of_thread = threading.local()

    def __missing__(self, word: str) -> str:
        stemmer = getattr(self._of_thread, "stemmer", None)
        if stemmer is None:
            stemmer = self._of_thread.stemmer = snowballstemmer.stemmer(self._language)
        if len(self) >= _MAX_CACHED:
            self.clear()
        self[word] = stem = f"{STEM_MARK}{folded(stemmer.stemWord(word))}"
        return stem


_stems: dict[str, _Stems] = {}


def marked_stems(language: str, words: Sequence[str]) -> list[str]:
    """Return the stem of every word under the mark of stems; words that have none as they are.

    English words are taken folded; other languages have their marks in their endings.

    Examples
    --------
    >>> marked_stems("english", ["agreements", "of", "2021"])
    ['~agreement', '~of', '2021']
    >>> marked_stems("hindi", ["किताबें"])
    ['~किताब']
    """
    stems = _stems.setdefault(language, _Stems(language))
    if language == ENGLISH:  # whose letters are these
        return [stems[word] if word.isascii() and word.isalpha() else word for word in words]
    return [stems[word] if _IS_OF_LETTERS.fullmatch(word) else folded(word) for word in words]


def question_stems(language: str, words: Sequence[str]) -> list[str]:
    """Return the stems that texts of a language have of a question's exact words."""
    if language == ENGLISH:
        words = [folded(word) for word in words]
    return [stem for stem in marked_stems(language, words) if stem.startswith(STEM_MARK)]
