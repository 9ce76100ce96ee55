"""How good a place each token boundary is to end a passage.

Written with whole-array operations: a text of a million tokens takes well under a second. They go
over a long text stretch by stretch, because they need some forty bytes a character. Which
boundary a passage then ends at is decided in :mod:`vectorlong.text.passages`.
"""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from functools import lru_cache

import numpy as np

# Ranks: whole numbers apart, so that a better kind of boundary always wins over a fuller passage;
# fractions prefer one boundary to another of the same kind at the cost of that much of the length.
INSIDE_CHARACTER = 0.0  # between a letter and its accent, inside an emoji of several code points
INSIDE_WORD = 10.0
WORD_END = 20.0
CLAUSE_END = 20.25
LINE_END = 20.5
SENTENCE_END = 30.0
SENTENCE_AND_LINE_END = 30.25
PARAGRAPH_END = 30.5
NO_BOUNDARY = -np.inf


# Ranked at a time, and looked at on either side of it.
_STRETCH_CHARACTERS = 1_000_000
_SURROUNDING_CHARACTERS = 1_000
_SOLID = re.compile(r"[^\W_]")


class _Kind(IntEnum):
    """What a character is to a sentence."""

    OTHER = 0
    SPACE = 1
    NEWLINE = 2
    FULL_STOP = 3  # ends a sentence when a space follows
    STRONG_STOP = 4  # ends a sentence by itself
    CLAUSE = 5
    WIDE_CLAUSE = 6  # ends a clause without a space after it
    CLOSER = 7
    QUOTE = 8  # opens or closes
    OPENER = 9
    DASH = 10
    EXTENDER = 11  # belongs to the character before it
    JOINER = 12  # binds the character after it, too
    LOWERCASE = 13
    IDEOGRAPH = 14  # a script written without spaces
    FLAG = 15  # regional indicators come in pairs


_LISTED = {
    _Kind.NEWLINE: "\n\r\x0b\x0c\x85\u2028\u2029",
    _Kind.FULL_STOP: ".!?",
    _Kind.STRONG_STOP: "。！？；…｡．‼⁇⁈⁉؟۔।॥\u0589\u1362\u104b\u17d4",
    _Kind.CLAUSE: ",;:،؛",
    _Kind.WIDE_CLAUSE: "，、：､",
    _Kind.CLOSER: ")]}”’」』）】》〉〕］｝｣›",
    _Kind.QUOTE: "\"'«»＂＇",
    _Kind.OPENER: "([{“‘「『（【《〈〔［｛｢‹„‚¿¡",
    _Kind.DASH: "-‐‒–—―/",
    _Kind.JOINER: "\u200d\u2060",
    _Kind.SPACE: "\u200b",
}
_KIND_OF = {character: kind for kind, listed in _LISTED.items() for character in listed}
_UNSPACED_SCRIPTS = ("CJK UNIFIED", "CJK COMPAT", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER")

# A full stop after one of these, or after single letters ("J. S. Bach", "e.g."), ends no sentence.
_ABBREVIATION = re.compile(
    r"(?<![\w'’])(?:(?:Mr|Mrs|Ms|Mx|Dr|Prof|St|Sr|Jr|Gen|Col|Capt|Lt|Sgt|Rev|Hon|Gov|Sen|Rep|Pres|Messrs"
    r"|Mme|Mlle|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|[Vv]s|[Cc]f|[Vv]iz|[Aa]pprox|[Cc]a"
    r"|[Ff]igs?|[Ee]qs?|[Pp]p|[Ee]ds|[Tt]rans"
    r"|[^\W\d_](?:\.[^\W\d_])*)\."
    r"|(?:[Nn]os?|[Nn]r|[Ss]ecs?|[Cc]h|[Cc]hap|[Vv]ols?|[Aa]rts?)\.(?=\s*\d)"
    # The number of a clause or list item: "... company. 4.2. Payments".
    r"|(?:^|(?<=\n)|(?<=[.!?;:]\s))[ \t]*\d{1,3}(?:\.\d{1,3})*\.)"
)


def rank_boundaries(text: str, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rank the boundary before each token and say where in the text it lies.

    Parameters
    ----------
    text
        The whole text.
    offsets
        int64 [n, 2], n >= 1: character offsets of its tokens.

    Returns
    -------
    tuple
        ``ranks`` float64 [n]: how good an end for a passage lies before token i; ``NO_BOUNDARY``
        where a cut would divide a character that several tokens share, and before the first token.
        ``cuts`` int64 [n]: the character at which the text is cut there.
    """
    n_characters = len(text)
    cuts = np.maximum.accumulate(offsets[:, 0])  # [n]
    reached = np.maximum.accumulate(offsets[:, 1])  # [n]
    ranks = np.full(len(offsets), NO_BOUNDARY)
    for start in range(0, n_characters, _STRETCH_CHARACTERS):
        end = min(start + _STRETCH_CHARACTERS, n_characters)
        first, last = np.searchsorted(cuts, (start, end)).tolist()
        first = max(first, 1)  # before the first token there is no boundary
        last = max(last, first)
        here, before = slice(first, last), slice(first - 1, last - 1)
        is_boundary = (cuts[here] > cuts[before]) & (cuts[here] >= reached[before])
        tokens = np.flatnonzero(is_boundary) + first  # [c]
        if len(tokens):
            low, high = _with_surroundings(text, start, end)
            ranks[tokens] = _rank(text[low:high], cuts[tokens] - low, reached[tokens] - low)
    return ranks, cuts


def _with_surroundings(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a stretch by what its ranks depend on: to a letter or digit at least on each side."""
    low, high = start, end
    step = _SURROUNDING_CHARACTERS
    while low > 0 and (low == start or not _SOLID.search(text, low, start)):
        low, step = max(0, low - step), 2 * step
    step = _SURROUNDING_CHARACTERS
    while high < len(text) and (high == end or not _SOLID.search(text, end, high)):
        high, step = min(len(text), high + step), 2 * step
    return low, high


def _rank(text: str, cuts: np.ndarray, reached: np.ndarray) -> np.ndarray:
    """Rank cuts [c] at these characters, before tokens that reach as far as ``reached`` [c]."""
    kinds = _classify(text)  # [characters]
    is_space = (kinds == _Kind.SPACE) | (kinds == _Kind.NEWLINE)
    is_trailing = np.isin(kinds, (_Kind.CLOSER, _Kind.QUOTE, _Kind.OPENER, _Kind.EXTENDER))
    index = np.arange(len(kinds), dtype=np.int32)
    last_solid = np.maximum.accumulate(np.where(is_space, -1, index))
    last_core = np.maximum.accumulate(np.where(is_space | is_trailing, -1, index))
    next_solid = np.minimum.accumulate(np.where(is_space, len(kinds), index)[::-1])[::-1]

    before = last_solid[cuts - 1]  # [c], -1 where only space comes before
    after = next_solid[cuts]  # [c], len(text) where only space follows
    padded = np.append(kinds, np.uint8(_Kind.SPACE))  # index -1 and len(text) read as space
    kind_before, kind_after = padded[before], padded[after]
    has_gap = after > before + 1
    core = np.where(before >= 0, last_core[before], -1)
    # A closing bracket or quote must touch the sentence it closes: nothing but such in between.
    kind_core = np.where(_only_trailing(is_space, core, before), padded[core], _Kind.SPACE)

    lines = np.concatenate([[0], np.cumsum(_line_ends(text, kinds))])  # [characters + 1]
    n_lines = lines[after] - lines[before + 1]

    ranks = _rank_words(kind_before, kind_after, has_gap)
    is_vetoed = np.zeros(len(kinds) + 1, dtype=bool)
    is_vetoed[[match.end() - 1 for match in _ABBREVIATION.finditer(text)]] = True
    ends_sentence = _ends_sentence(
        kind_core, kind_before, kind_after, padded[core - 1], has_gap, is_vetoed[core]
    )
    is_line = (n_lines > 0) & (kind_after != _Kind.LOWERCASE)
    ranks = np.where(is_line, np.maximum(ranks, LINE_END), ranks)
    ranks = np.where(ends_sentence, SENTENCE_END, ranks)
    ranks = np.where(ends_sentence & (n_lines > 0), SENTENCE_AND_LINE_END, ranks)
    ranks = np.where(n_lines > 1, PARAGRAPH_END, ranks)
    # White space with tokens of its own: the cut goes to its end, not into its middle.
    is_inner_space = has_gap & (cuts < after) & (reached <= after)
    return np.where(is_inner_space, np.minimum(ranks, INSIDE_WORD), ranks)


def _rank_words(before: np.ndarray, after: np.ndarray, has_gap: np.ndarray) -> np.ndarray:
    """Rank cuts [c] by the two characters they part, sentences aside."""
    binds_back = np.isin(
        after,
        (
            _Kind.FULL_STOP,
            _Kind.STRONG_STOP,
            _Kind.CLAUSE,
            _Kind.WIDE_CLAUSE,
            _Kind.CLOSER,
            _Kind.QUOTE,
        ),
    )
    is_free = np.isin(before, (_Kind.IDEOGRAPH, _Kind.DASH, _Kind.WIDE_CLAUSE, _Kind.STRONG_STOP))
    is_free |= after == _Kind.IDEOGRAPH
    is_word_end = has_gap | (is_free & ~binds_back & (before != _Kind.OPENER))
    ranks = np.where(is_word_end, WORD_END, INSIDE_WORD)
    is_clause = ((before == _Kind.CLAUSE) & has_gap) | (before == _Kind.WIDE_CLAUSE)
    ranks = np.where(is_word_end & is_clause, CLAUSE_END, ranks)
    is_inside = (after == _Kind.EXTENDER) | (after == _Kind.JOINER) | (before == _Kind.JOINER)
    is_inside |= (before == _Kind.FLAG) & (after == _Kind.FLAG)
    return np.where(is_inside & ~has_gap, INSIDE_CHARACTER, ranks)


def _ends_sentence(
    core: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    before_core: np.ndarray,
    has_gap: np.ndarray,
    is_vetoed: np.ndarray,
) -> np.ndarray:
    """Say which cuts [c] lie behind a sentence, by its last character and its surroundings."""
    goes_on = np.isin(
        after,
        (
            _Kind.FULL_STOP,
            _Kind.STRONG_STOP,
            _Kind.CLAUSE,
            _Kind.WIDE_CLAUSE,
            _Kind.CLOSER,
            _Kind.LOWERCASE,
            _Kind.EXTENDER,
            _Kind.JOINER,
        ),
    )
    goes_on |= (after == _Kind.QUOTE) & ~has_gap
    touches_ideograph = (after == _Kind.IDEOGRAPH) & (before_core == _Kind.IDEOGRAPH)
    is_full_stop = (core == _Kind.FULL_STOP) & ~is_vetoed & (has_gap | touches_ideograph)
    # An opening bracket or quote right behind a stop opens the next sentence.
    is_stop = is_full_stop | (core == _Kind.STRONG_STOP)
    return is_stop & ~goes_on & ((before != _Kind.OPENER) | has_gap)


def _only_trailing(is_space: np.ndarray, core: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Say where no white space lies between a core character and the last solid one [c]."""
    spaces = np.concatenate([[0], np.cumsum(is_space)])  # [characters + 1]
    return spaces[before + 1] == spaces[core + 1]


def _line_ends(text: str, kinds: np.ndarray) -> np.ndarray:
    r"""Mark line ends [characters], a ``\r\n`` once."""
    is_newline = kinds == _Kind.NEWLINE
    if "\r" in text:
        codes = _codes(text)
        is_newline[1:] &= ~((codes[1:] == ord("\n")) & (codes[:-1] == ord("\r")))
    return is_newline


def _classify(text: str) -> np.ndarray:
    """Return the kind of every character, uint8 [characters]."""
    codes = _codes(text)
    occurs = np.zeros(int(codes.max()) + 1, dtype=bool)
    occurs[codes] = True
    kinds = np.zeros(len(occurs), dtype=np.uint8)
    for code in np.flatnonzero(occurs).tolist():
        kinds[code] = _kind(chr(code))
    return kinds[codes]


def _codes(text: str) -> np.ndarray:
    """Return the code points, uint32 [characters]."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


@lru_cache(maxsize=20_000)
def _kind(character: str) -> _Kind:
    """Classify one character."""
    if character in _KIND_OF:
        return _KIND_OF[character]
    if character.isspace():
        return _Kind.SPACE
    category = unicodedata.category(character)
    if category[0] == "M" or category == "Cf" or "\U0001f3fb" <= character <= "\U0001f3ff":
        return _Kind.EXTENDER
    if "\U0001f1e6" <= character <= "\U0001f1ff":
        return _Kind.FLAG
    if unicodedata.name(character, "").startswith(_UNSPACED_SCRIPTS):
        return _Kind.IDEOGRAPH
    return _Kind.LOWERCASE if category == "Ll" else _Kind.OTHER
