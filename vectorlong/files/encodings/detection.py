"""Which encoding bytes are in that do not say so, or that it cannot be told.

chardet ranks encodings by how likely their letters follow each other in some language. That alone
is wrong for one text of fifty of two hundred characters. So a text is taken only where it also
reads like that language, and where no other encoding that gives another text comes near; what
remains is refused with the encodings that it may be in (docs/files.md has the figures).
"""

from __future__ import annotations

import codecs
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass

from vectorlong.files.encodings.alphabets import count_strange
from vectorlong.files.unreadable import UnreadableError

# Those that people have files in, the one to name first where several give the same text.
_ENCODINGS = (
    *(f"cp125{number}" for number in (2, 0, 1, 3, 4, 5, 6, 7, 8)),
    *("gb18030", "cp932", "euc_jp", "cp949", "big5hkscs", "cp874"),
    *(f"iso8859-{number}" for number in (1, 15, 2, 5, 6, 7, 8, 9, 13)),
    *("koi8-r", "koi8-u", "mac-roman", "mac-cyrillic"),
    *("cp850", "cp437", "cp852", "cp857", "cp866", "cp737"),
)
# The others are those of DOS and old Macs, and what was used for few years.
_COMMON = re.compile(r"cp125\d|cp(874|932|949)|gb18030|big5hkscs|euc_jp|iso8859-[1-9]|koi8-[ru]")
# What chardet calls by the name of a superset that nobody writes.
_OWN_NAMES = {"euc_jis_2004": "euc_jp"}
# Variants of others, which would only rival them; and no text.
_NOT_ASKED = (
    *("shift_jis_2004", "iso8859-16", "johab", "hz", "utf-7", "cp1006", "kz1048", "ptcp154"),
    *("hp-roman8", "mac-turkish", "mac-iceland", "cp858"),
)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x19\x1c-\x1f\x7f-\x84\x86-\x9f\ufffd]")
# Romanian's letters with a comma below are those with a cedilla of its older encodings.
_SAME_LETTERS = str.maketrans("șțȘȚ", "şţŞŢ")
# Fewer letters and signs beyond ASCII do not tell that an encoding is one of the uncommon.
_FEW = 5
# Looked at are those with so much of the most likely one's confidence; where none of them reads
# like its language and there are many letters to tell by, those with less, too.
_MIN_CONFIDENCE, _MIN_CONFIDENCE_OF_MANY, _MANY = 0.8, 0.5, 10
# Shares of the letters and signs beyond ASCII; the second where all others have more.
_MAX_STRANGE, _MAX_STRANGE_ALONE = 0.02, 0.1
# How much likelier one must be, and how much more where there are few letters to tell by.
_MARGIN, _MARGIN_OF_FEW = 0.04, 0.3
_MAX_NAMED = 4


@dataclass(frozen=True)
class _Candidate:
    """A way to read the bytes: the encodings that give the same text, most common first."""

    encodings: tuple[str, ...]
    confidence: float
    n_strange: int
    n_high: int

    @property
    def encoding(self) -> str | None:
        """The one to read with, None where it is not among those that people have files in."""
        return next((name for name in _ENCODINGS if name in self.encodings), None)

    @property
    def is_common(self) -> bool:
        """Whether one of its encodings is common."""
        return any(map(_COMMON.fullmatch, self.encodings))

    def is_plain(self, max_strange: float) -> bool:
        """Whether it reads like its language."""
        return self.n_strange <= max_strange * self.n_high

    @property
    def plainness(self) -> tuple[int, bool]:
        """Less is more likely, where the letters do not tell."""
        return self.n_strange, not self.is_common


def detect_encoding(sample: bytes) -> str:
    """Name the encoding of bytes that are no UTF-8.

    Parameters
    ----------
    sample
        Whole lines, best those that are not ASCII.

    Raises
    ------
    UnreadableError
        It cannot be told; the message has the likely ones.
    """
    candidates = _candidates(sample)
    likely = _plain(candidates, _MIN_CONFIDENCE) or [
        one for one in _plain(candidates, _MIN_CONFIDENCE_OF_MANY) if one.n_high >= _MANY
    ]
    best = _best(likely)
    if best is not None:
        rivals = [one for one in likely if one is not best and _comes_near(one, best)]
        is_enough = best.is_common or best.n_high >= _FEW
        if not rivals and is_enough and best.encoding is not None:
            return best.encoding
        likely = [best, *rivals]
    names = [one.encoding or one.encodings[0] for one in likely or candidates][:_MAX_NAMED]
    if not names:
        raise UnreadableError("is not text in any encoding that is known")
    raise UnreadableError(
        f"is not UTF-8, and which encoding it has is not certain ({' or '.join(names)}?); "
        "name it with --encoding, or save the file as UTF-8"
    )


def _candidates(sample: bytes) -> list[_Candidate]:
    """Give the ways to read the bytes that come near the most likely one, that first."""
    from chardet import EncodingEra, detect_all

    logging.getLogger("chardet").setLevel(logging.CRITICAL)
    found = detect_all(
        sample,
        ignore_threshold=True,
        encoding_era=EncodingEra.ALL & ~EncodingEra.MAINFRAME,
        max_bytes=max(1, len(sample)),
        compat_names=False,
        exclude_encodings=_NOT_ASKED,
    )
    names: dict[str, list[str]] = {}  # by text
    facts: dict[str, tuple[float, str | None]] = {}
    for one in found:
        encoding, confidence = one["encoding"], one["confidence"]
        if encoding is None or confidence < _MIN_CONFIDENCE_OF_MANY * found[0]["confidence"]:
            continue
        encoding = _OWN_NAMES.get(encoding, encoding)
        text = _decoded(sample, encoding)
        if text is not None and not _CONTROLS.search(text):
            names.setdefault(text, []).append(encoding)
            facts.setdefault(text, (confidence, one["language"]))
    return [
        _Candidate(tuple(names[text]), confidence, *count_strange(text, language))
        for text, (confidence, language) in facts.items()
    ]


def _decoded(sample: bytes, encoding: str) -> str | None:
    """Decode a sample, which may end within a character."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        return decoder.decode(sample).translate(_SAME_LETTERS)
    except UnicodeError:
        return None


def _plain(candidates: list[_Candidate], min_confidence: float) -> list[_Candidate]:
    """Keep those that come near the most likely one and read like their language."""
    near = [
        one for one in candidates if one.confidence >= min_confidence * candidates[0].confidence
    ]
    plain = [one for one in near if one.is_plain(_MAX_STRANGE)]
    if plain or not near:
        return plain
    # Signs stand where they should not in a text that was taken from a page; the most likely one
    # is it if all others are stranger.
    first, *others = near
    is_plainest = all(first.n_strange < one.n_strange for one in others)
    return [first] if first.is_plain(_MAX_STRANGE_ALONE) and is_plainest else []


def _best(candidates: Iterable[_Candidate]) -> _Candidate | None:
    """Find the most likely one, and among those hardly less likely the plainest."""
    best: _Candidate | None = None
    for one in candidates:
        if best is None or (_comes_near(one, best) and one.plainness < best.plainness):
            best = one
    return best


def _comes_near(one: _Candidate, best: _Candidate) -> bool:
    margin = _MARGIN + _MARGIN_OF_FEW / max(1, best.n_high)
    return one.confidence >= (1 - margin) * best.confidence and one.plainness <= best.plainness
