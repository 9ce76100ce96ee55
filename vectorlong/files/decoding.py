"""From bytes to characters, without ever guessing silently.

UTF-8 and whatever carries a byte order mark are certain. For the rest only two encodings are tried,
GB18030 and Windows-1252, and each only where the result reads like text of its languages; a file
that fits neither is unreadable, because wrong characters in an index are worse than a missing file.
"""

from __future__ import annotations

import codecs
import os
import re
from collections import Counter
from pathlib import Path

from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.opening import open_file
from vectorlong.files.records import UnreadableError

_BLOCK_BYTES = 1 << 20
# Longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UNICODE_ENCODINGS = ("utf-8", "utf-8-sig")
# Of encoding.spec.whatwg.org, those that Python has, under Python's names.
_WEB_ENCODINGS = re.compile(
    "cp866|cp874|cp125[0-8]|iso8859-([2-9]|10|11|13|14|15|16)|tis-620|koi8-[ru]|mac-(roman|cyrillic)"
    "|gbk|gb18030|big5|big5hkscs|euc_jp|iso2022_jp|shift_jis|cp932|euc_kr|cp949"
)
# The hundred most frequent characters of modern Chinese make up two fifths of any longer text.
_FREQUENT_HANZI = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过"
    "发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开"
)
_MIN_FREQUENT_SHARE = 0.1
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x19\x1c-\x1f\x7f]")
_ACCENTED = "À-ÖØ-öø-ÿŒœŠšŽžŸ"
# Signs that stand within words of Western languages: apostrophes, dashes, the Catalan dot.
_WITHIN_WORDS = "’‘·­–—-"


def find_encoding(path: Path, declared: str | None = None) -> str:
    """Name the encoding that a whole file decodes with, in bounded memory.

    Parameters
    ----------
    path
        The file.
    declared
        What the file says of itself; tried after UTF-8, if it is an encoding that browsers know.

    Returns
    -------
    str
        A name for ``open(encoding=...)``; it removes the byte order mark, if there is one.

    Raises
    ------
    UnreadableError
        No encoding fits, or the file is not text.
    """
    with open_file(path) as file:
        sample = file.read(_BLOCK_BYTES)
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            if not _decodes(path, encoding):
                raise UnreadableError(f"begins like {encoding.upper()} and is damaged further on")
            return encoding
    if b"\x00" in sample:
        return _without_mark(path, sample)
    if _decodes(path, "utf-8"):
        return "utf-8"
    if declared is not None and _is_of_the_web(declared) and _decodes(path, declared):
        return declared
    return _legacy_encoding(path, sample)


def read_text(
    path: Path, limits: Limits = DEFAULT_LIMITS, declared: str | None = None
) -> tuple[str, dict[str, str]]:
    """Read a whole file as text, line ends as they are, and name its encoding if not UTF-8."""
    with open_file(path) as file:
        size = file.seek(0, os.SEEK_END)
        limits.check_bytes(size)
        encoding = find_encoding(path, declared)
        file.seek(0)
        return file.read(size).decode(encoding), encoding_facts(encoding)


def encoding_facts(encoding: str) -> dict[str, str]:
    """Give what to record about an encoding: nothing where it is UTF-8."""
    return {} if encoding in UNICODE_ENCODINGS else {"encoding": encoding}


def _is_of_the_web(encoding: str) -> bool:
    """Whether browsers read it; others are no text, or are slow, or give lone surrogates."""
    try:
        return _WEB_ENCODINGS.fullmatch(codecs.lookup(encoding).name) is not None
    except (LookupError, ValueError):
        return False


def _decodes(path: Path, encoding: str) -> bool:
    """Whether every byte of a file decodes."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        with open_file(path) as file:
            while block := file.read(_BLOCK_BYTES):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _without_mark(path: Path, sample: bytes) -> str:
    """UTF-16 without a byte order mark has its zeros on one side; anything else is binary."""
    n_even, n_odd = sample[0::2].count(0), sample[1::2].count(0)
    encoding = "utf-16-le" if n_odd > n_even else "utf-16-be"
    is_one_sided = max(n_even, n_odd) > 0.2 * len(sample) / 2 and min(n_even, n_odd) == 0
    if is_one_sided and _decodes(path, encoding):
        return encoding
    raise UnreadableError("is not text: it holds zero bytes")


def _legacy_encoding(path: Path, sample: bytes) -> str:
    """GB18030 or Windows-1252, where the text reads like it."""
    damaged = sample.decode("utf-8", "replace")
    n_damaged = damaged.count("�")
    if sum(character > "\x7f" for character in damaged) - n_damaged > n_damaged:
        raise UnreadableError(
            f"is UTF-8 with damaged bytes, the first at byte {_first_damage(sample)}"
        )
    for encoding, reads_well in (("gb18030", _reads_like_chinese), ("cp1252", _reads_like_western)):
        if _decodes(path, encoding):
            decoder = codecs.getincrementaldecoder(encoding)()
            if reads_well(decoder.decode(sample)):
                return encoding
    raise UnreadableError(
        "has an encoding that is none of UTF-8, UTF-16, GB18030 and Windows-1252, or is not text; "
        "save it as UTF-8"
    )


def _first_damage(sample: bytes) -> int:
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return len(sample)


def _reads_like_chinese(text: str) -> bool:
    """Whether nine of ten non-ASCII characters are everyday Chinese ones, and some very frequent.

    The second condition refuses Korean, whose bytes decode to everyday Chinese characters, too.
    """
    counts = Counter(character for character in text if character > "\x7f")
    n_all = counts.total()
    n_everyday = sum(count for character, count in counts.items() if _is_everyday(character))
    n_frequent = sum(counts[character] for character in _FREQUENT_HANZI)
    return (
        not _CONTROLS.search(text)
        and n_everyday >= 0.9 * n_all
        and n_frequent >= _MIN_FREQUENT_SHARE * n_all
    )


def _is_everyday(character: str) -> bool:
    """Whether GB2312 has it as punctuation, full-width or among its 3,755 commonest characters."""
    try:
        row = character.encode("gb2312")[0]
    except UnicodeEncodeError:
        return False
    return row in (0xA1, 0xA3) or 0xB0 <= row <= 0xD7


def _reads_like_western(text: str) -> bool:
    """Whether accented letters stand where Western European languages put them.

    Other 8-bit encodings decode, too, but put capitals, signs or long runs of accented letters
    inside words.
    """
    n_high = sum(character > "\x7f" for character in text)
    n_misplaced = sum(
        len(match)
        for pattern in (
            rf"[{_ACCENTED}]{{3,}}",
            r"(?<=[a-z])[À-ÖØ-ÞŒŠŽŸ]",
            rf"(?<=[A-Za-z])[^\x00-\x7f{_ACCENTED}{_WITHIN_WORDS}](?=[A-Za-z])",
            r"(?<=[A-Za-z])[‚„†‡]|[ˆ˜¨´¸](?=[A-Za-z])",
        )
        for match in re.findall(pattern, text)
    )
    return not _CONTROLS.search(text) and n_high <= 0.4 * len(text) and n_misplaced <= 0.02 * n_high
