"""Characters as the index of words takes them: which make a word, and which are taken for one.

A text comes into two forms. The *exact* one keeps what is written but case, compatibility forms
(NFKC) and what nobody sees. The *folded* one also drops the marks that readers leave out when they
type, and keeps those that make another letter of a letter: "é" is "e" and "ё" is "е", while "й" is
not "и", "が" is not "か", and a vowel of Devanagari is a letter. Both are decided character by
character from the Unicode database, so that no table has to be kept.
"""

from __future__ import annotations

import re
import unicodedata

# Letters of scripts written without spaces, of which overlapping pairs of characters are indexed.
_IDEOGRAPHIC = (
    "\u3005-\u3007\u303b\u3041-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_HANGUL = "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"  # has spaces, but none before endings
_SOUTHEAST_ASIAN = (
    "\u0e01-\u0e4f\u0e81-\u0ecf\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u109a-\u109f"
    "\u1780-\u17d3\u17d7\u17dc-\u17dd\uaa60-\uaa7f\u19e0-\u19ff"
)
PAIRED = _IDEOGRAPHIC + _HANGUL + _SOUTHEAST_ASIAN
LATIN = (
    "a-z\u00aa\u00ba\u00df-\u00f6\u00f8-\u024f\u0250-\u02af\u1d00-\u1dbf\u1e00-\u1eff\ua722-\ua7ff"
)

# What readers of Latin write for letters that do not come apart into a letter and a mark.
_LATIN_LETTERS = {
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ŧ": "t", "ŋ": "n", "ĸ": "k",
    "æ": "ae", "œ": "oe", "þ": "th", "ə": "e", "ƒ": "f",
    "ɓ": "b", "ɗ": "d", "ƙ": "k", "ƴ": "y",
}  # fmt: skip
# Letters of which Arabic and Persian keyboards have different ones, and which writers exchange.
_ARABIC_LETTERS = {"ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ة": "ه", "ە": "ه", "ہ": "ه", "ھ": "ه"}
# Series of seven syllables each that sound alike in Amharic, and which writers exchange.
_ETHIOPIC_SERIES = {"ሐ": "ሀ", "ኀ": "ሀ", "ሠ": "ሰ", "ዐ": "አ", "ፀ": "ጸ"}
_ETHIOPIC_LETTERS = {
    chr(ord(first) + order): chr(ord(becomes) + order)
    for first, becomes in _ETHIOPIC_SERIES.items()
    for order in range(7)
}
# Consonants of Malayalam without a vowel: a character, or the consonant, a virama and a joiner.
_MALAYALAM_LETTERS = {"ൺ": "ണ്", "ൻ": "ന്", "ർ": "ര്", "ൽ": "ല്", "ൾ": "ള്", "ൿ": "ക്"}
_FOLDED_LETTERS = {
    **_LATIN_LETTERS, **_ARABIC_LETTERS, **_ETHIOPIC_LETTERS, **_MALAYALAM_LETTERS,
    "ё": "е", "ँ": "ं",
}  # fmt: skip
# Marks of Devanagari and Hebrew, of Arabic and of any script that stand alone after their letter.
_DROPPED_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08d3-\u08ff\u093c"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
# Their letters come apart into a letter and a mark, of which readers leave the mark out.
_UNMARKED_SCRIPTS = re.compile(f"[{LATIN}\u0370-\u03ff\u1f00-\u1fff\u0621-\u064a\u0671-\u06d3]")
# Before another consonant Hindi writes a nasal as a letter or as a dot: "हिन्दी", "हिंदी".
_NASAL = re.compile("[\u0919\u091e\u0923\u0928\u092e]\u094d(?=[\u0915-\u0939])")

# Superscripts mostly point to a footnote, signs of trade belong to no word, two apostrophes are
# letters to Unicode, and Hebrew has marks of abbreviation of its own. Without typographic signs
# most English is ASCII, which is quickest.
_BEFORE_NFKC = {
    **dict.fromkeys("\u2018\u2019", "'"),
    **dict.fromkeys("\u201c\u201d", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),
    **dict.fromkeys("\u2014\u2015\u2026\u2022\u00a0", " "),
    **dict.fromkeys("™℠®©", " "),
    **{digit: f"-{unicodedata.digit(digit)}" for digit in "¹²³⁰⁴⁵⁶⁷⁸⁹"},
    "№": " no ",
    **dict.fromkeys("\u02bb\u02bc", "'"),
    "\u05f3": "-",
    "\u05f4": "-",
}
_IS_BEFORE_NFKC = re.compile(f"[{''.join(_BEFORE_NFKC)}]")
_HYPHENS = re.compile("[\u2010\ufe63\u05be]")
# Persian writes it within words, where others write a space or nothing.
_NON_JOINER = re.compile("\u200c(?<=[\u0600-\u06ff].)(?=[\u0600-\u06ff])")
_HEBREW_QUOTE = re.compile('"(?<=[\u05d0-\u05ea].)(?=[\u05d0-\u05ea])')
# Between lines a hyphen may or may not belong to the word.
_HYPHEN_AT_LINE_END = re.compile(
    r"[-\u2010\u00ad](?<=[A-Za-z\u00aa-\U0010ffff].)[ \t]*\r?\n[ \t]*(?=[^\W\d_])", re.DOTALL
)
# Lines of Chinese and Japanese end anywhere.
_LINE_END_BETWEEN_IDEOGRAPHS = re.compile(
    rf"\n(?<=[{_IDEOGRAPHIC}].)(?=[{_IDEOGRAPHIC}])|\r\n(?<=[{_IDEOGRAPHIC}]..)(?=[{_IDEOGRAPHIC}])",
    re.DOTALL,
)
# Soft hyphens, joiners, signs of direction, variants of glyphs; the Arabic line that only stretches
# a word; and what Armenian puts on a vowel where others put a sign at the sentence's end.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u055b\u055c\u055e\u0600-\u0605\u061c\u0640\u06dd\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)


class _Table(dict[int, str]):
    """What each character becomes, decided when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = becomes = self.decide(chr(code))
        return becomes

    def decide(self, character: str) -> str:
        raise NotImplementedError


class _Words(_Table):
    """Keeps letters, marks and digits, sets signs apart, and makes a space of all else."""

    def decide(self, character: str) -> str:
        category = unicodedata.category(character)
        if category in ("So", "Sc") or character == "§":
            return f" {character} "
        return character if category[0] in "LMN" else " "


class _Folded(_Table):
    """Leaves out the marks that readers leave out."""

    def decide(self, character: str) -> str:
        if _DROPPED_MARKS.fullmatch(character):
            return ""
        if character in _FOLDED_LETTERS:
            return _FOLDED_LETTERS[character]
        if unicodedata.category(character) == "Nd":
            return str(unicodedata.decimal(character))
        if _UNMARKED_SCRIPTS.fullmatch(character):
            base = unicodedata.normalize("NFD", character)[0]
            return base if base == character else self[ord(base)]
        return character


_WORDS, _FOLDED = _Words(), _Folded()
_ASCII_WORDS = str.maketrans({chr(code): _WORDS[code] for code in range(128)})


def visible(text: str) -> str:
    r"""Return the text without case, compatibility forms and what nobody sees; punctuation stays.

    Examples
    --------
    >>> visible("Donau\u00addampf, ﬁne STRASSE ２０２３")
    'donaudampf, fine strasse 2023'
    """
    text = _HYPHEN_AT_LINE_END.sub("-", text)
    if text.isascii():
        return text.lower()
    text = _IS_BEFORE_NFKC.sub(lambda found: _BEFORE_NFKC[found[0]], text)
    if text.isascii():
        return text.lower()
    text = _HYPHENS.sub("-", unicodedata.normalize("NFKC", text).casefold())
    text = _LINE_END_BETWEEN_IDEOGRAPHS.sub("", text)
    text = _UNSEEN.sub("", _NON_JOINER.sub("-", text))
    # Folding case may take a letter apart, and what is unseen may have kept two from composing.
    return _HEBREW_QUOTE.sub("-", unicodedata.normalize("NFKC", text))


def exact_words(text: str) -> list[str]:
    """Divide what `visible` gave into words, at all that is neither letter, mark nor digit.

    Examples
    --------
    >>> exact_words("l'été 10€")
    ['l', 'été', '10', '€']
    """
    return text.translate(_ASCII_WORDS if text.isascii() else _WORDS).split()


def folded(word: str) -> str:
    """Return an exact word without the marks that readers leave out.

    Examples
    --------
    >>> [folded(word) for word in ("été", "łódź", "άνθρωποσ", "ещё", "йод", "हिन्दी")]
    ['ete', 'lodz', 'ανθρωποσ', 'еще', 'йод', 'हिंदी']
    """
    if word.isascii():
        return word
    word = _NASAL.sub("ं", word.translate(_FOLDED))
    # Armenian has one letter for the two, which capitals and folding case take apart differently;
    # Thai and Lao keyboards let two vowels be typed that look like another.
    return word.replace("եւ", "եվ").replace("เเ", "แ").replace("ເເ", "ແ")
