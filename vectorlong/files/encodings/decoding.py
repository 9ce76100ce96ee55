"""From bytes to characters, without ever guessing silently.

UTF-8 and whatever carries a byte order mark are certain. Then comes what the user or the file
says. The rest is told by its letters (`detection`), or refused where they do not tell: wrong
characters in an index are worse than a missing file.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import webencodings

from vectorlong.errors import OptionError
from vectorlong.files.encodings.detection import detect_encoding
from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.opening import open_file
from vectorlong.files.unreadable import UnreadableError

_BLOCK_BYTES = 1 << 20
_SAMPLE_BYTES = 1 << 15
_BEGINNING_BYTES = 1 << 13  # which tell the language where few letters are not ASCII
# Longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UNICODE_ENCODINGS = ("utf-8", "utf-8-sig")
# What a page cannot be in, if its declaration can be read as ASCII, or cannot be read at all.
_NO_PAGES = re.compile("utf-16|x-user-defined|replacement")
# Python's names of what browsers do not know: code pages of DOS and mainframes, and the like.
_OTHER_ENCODINGS = re.compile(
    r"ascii|cp\d+|euc_\w+|hp-roman8|hz|iso2022_\w+|iso8859-\d+|johab|koi8-[rtu]|kz1048|mac-\w+"
    r"|ptcp154|shift_jis\w*|tis-620|utf-(16|32)(-[bl]e)?"
)
# By these ISO-2022-JP, whose bytes are all ASCII, goes over to Japanese.
_JAPANESE = (b"\x1b$B", b"\x1b$@")
# No text holds these. Tabs, line ends, page breaks and escapes (of terminals) it may.
_BINARY = re.compile(rb"[\x01-\x08\x0e-\x19\x1c-\x1f]")
_MAX_ZERO_SHARE = 0.01
# Bytes that are never part of a longer character, in any encoding that is looked for.
_BOUNDARY = re.compile(rb"[\x09-\x2f]")
_ASCII = bytes(range(128))


@dataclass(frozen=True)
class Decoded:
    """A whole file as text.

    Attributes
    ----------
    text
        Line ends as they are.
    facts
        Its encoding, if not UTF-8.
    remarks
        What is not as it is in the file.
    """

    text: str
    facts: Mapping[str, str]
    remarks: tuple[str, ...]


def encoding_named(label: str) -> str | None:
    """Find Python's name of an encoding, by the names that browsers know, then Python's.

    None if it is no encoding of text.

    Examples
    --------
    >>> encoding_named("ISO-8859-9"), encoding_named("cp850"), encoding_named("base64")
    ('cp1254', 'cp850', None)
    """
    found = _web_encoding(label)
    if found is not None:
        return found
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    return name if _OTHER_ENCODINGS.fullmatch(name) else None


def checked_encoding(label: object) -> str:
    """Give Python's name of an encoding that a user named.

    Raises
    ------
    OptionError
        It is none of text that is known.
    """
    name = encoding_named(label) if isinstance(label, str) else None
    if name is None:
        raise OptionError(
            "encoding", label, hint="Name one such as cp1254, windows-1251, Shift_JIS or koi8-r."
        )
    return name


def _web_encoding(label: str) -> str | None:
    """Find Python's name of an encoding that a page may declare (encoding.spec.whatwg.org)."""
    found = webencodings.lookup(label)
    if found is None or _NO_PAGES.match(found.name):
        return None
    # Browsers read GBK as its superset.
    return "gb18030" if found.name == "gbk" else found.codec_info.name


def find_encoding(path: Path, chosen: str | None = None, declared: str | None = None) -> str:
    """Name the encoding that a whole file decodes with, in bounded memory.

    Parameters
    ----------
    path
        The file.
    chosen
        What the user says of files that are neither UTF-8 nor begin with a byte order mark.
    declared
        What the file says of itself; tried next, if browsers know it.

    Returns
    -------
    str
        A name for ``open(encoding=...)``; it removes the byte order mark, if there is one.

    Raises
    ------
    UnreadableError
        No encoding fits, or it cannot be told which does, or the file is not text.
    """
    with open_file(path) as file:
        beginning = file.read(_BLOCK_BYTES)
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            if not _decodes(path, encoding):
                raise UnreadableError(f"begins like {encoding.upper()} and is damaged further on")
            return encoding
    is_utf8 = _decodes(path, "utf-8")
    # What is ASCII all over may be UTF-16 or ISO-2022 to one who knows.
    if chosen is not None and not (is_utf8 and not beginning.isascii()):
        if _decodes(path, chosen):
            return chosen
        raise UnreadableError(f"is not {chosen}, which --encoding names")
    if b"\x00" in beginning:
        without_mark = _without_mark(path, beginning)
        if without_mark is not None:
            return without_mark
        _check_zeros(beginning)
    if is_utf8:
        is_japanese = any(escape in beginning for escape in _JAPANESE)
        return "iso2022_jp" if is_japanese and _decodes(path, "iso2022_jp") else "utf-8"
    named = None if declared is None else _web_encoding(declared)
    if named is not None and _decodes(path, named):
        return named
    return _detected(path)


def read_text(
    path: Path,
    limits: Limits = DEFAULT_LIMITS,
    chosen: str | None = None,
    declared: str | None = None,
) -> Decoded:
    """Read a whole file as text; stray zeros become spaces, which leaves every offset as it is."""
    with open_file(path) as file:
        size = file.seek(0, os.SEEK_END)
        limits.check_bytes(size)
        encoding = find_encoding(path, chosen, declared)
        file.seek(0)
        text = file.read(size).decode(encoding)
    n_zeros = text.count("\x00")
    remarks = (zeros_remark(n_zeros),) if n_zeros else ()
    return Decoded(text.replace("\x00", " "), encoding_facts(encoding), remarks)


def decode_part(content: bytes, declared: str | None, chosen: str | None) -> str:
    """Decode what is part of a file and says its encoding: of a message or a book, for example.

    Raises
    ------
    UnreadableError
        It does not, and it cannot be told.
    UnicodeError
        It is damaged further on than is looked for its encoding.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding)
    without_mark = _one_sided(content[:_BLOCK_BYTES])
    if without_mark is not None:
        return content.decode(without_mark)
    named = None if declared is None else encoding_named(declared)
    # All bytes of ISO-2022 are ASCII.
    is_shifted = named is not None and named.startswith("iso2022") and content.isascii()
    for name in (named if is_shifted else "utf-8", chosen, named):
        if name is not None:
            try:
                return content.decode(name)
            except UnicodeError:
                continue
    return content.decode(detect_encoding(content[:_SAMPLE_BYTES]))


def zeros_remark(n_zeros: int) -> str:
    """Say that zeros were read as spaces."""
    return f"{n_zeros:,} zero byte{'s' if n_zeros > 1 else ''} in it read as spaces"


def encoding_facts(encoding: str) -> dict[str, str]:
    """Give what to record about an encoding: nothing where it is UTF-8."""
    return {} if encoding in UNICODE_ENCODINGS else {"encoding": encoding}


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


def _without_mark(path: Path, sample: bytes) -> str | None:
    encoding = _one_sided(sample)
    return encoding if encoding is not None and _decodes(path, encoding) else None


def _one_sided(sample: bytes) -> str | None:
    """UTF-16 without a byte order mark has its zeros on one side."""
    n_even, n_odd = sample[0::2].count(0), sample[1::2].count(0)
    encoding = "utf-16-le" if n_odd > n_even else "utf-16-be"
    is_one_sided = max(n_even, n_odd) > 0.2 * len(sample) / 2 and min(n_even, n_odd) == 0
    return encoding if is_one_sided else None


def _check_zeros(sample: bytes) -> None:
    """Refuse what is binary; a few zeros are left in texts by accident."""
    n_zeros = sample.count(0)
    if n_zeros > max(1, _MAX_ZERO_SHARE * len(sample)) or _BINARY.search(sample):
        raise UnreadableError("is not text: it holds zero bytes")


def _detected(path: Path) -> str:
    """Tell the encoding of a file that is no UTF-8 by its letters."""
    sample = _telling_lines(path)
    if _BINARY.search(sample):
        raise UnreadableError("is not text: it holds control characters")
    damaged = sample.decode("utf-8", "replace")
    n_damaged = damaged.count("�")
    if sum(character > "\x7f" for character in damaged) - n_damaged > n_damaged:
        raise UnreadableError(
            f"is UTF-8 with damaged bytes, the first at byte {_first_damage(path):,}"
        )
    encoding = detect_encoding(sample.replace(b"\x00", b" "))
    if not _decodes(path, encoding):
        raise UnreadableError(f"reads like {encoding}, and holds bytes that are none of it")
    return encoding


def _telling_lines(path: Path) -> bytes:
    """Give the beginning, then lines that are not ASCII, then those with bytes that are new."""
    sample = bytearray()
    known = _ASCII
    is_cut = False
    with open_file(path) as file:
        while piece := file.readline(_SAMPLE_BYTES):
            is_begun = is_cut
            is_cut = len(piece) == _SAMPLE_BYTES and not piece.endswith(b"\n")
            if len(sample) < _BEGINNING_BYTES or piece.translate(None, known):
                sample += _whole_characters(piece, is_begun, is_cut)
                if len(sample) > _SAMPLE_BYTES:
                    known = _ASCII + bytes(set(sample))
    return bytes(sample[: 4 * _SAMPLE_BYTES])


def _whole_characters(piece: bytes, is_begun: bool, is_cut: bool) -> bytes:
    """Leave out what may be half a character, where a line was cut."""
    if not is_begun and not is_cut:
        return piece
    places = [match.start() for match in _BOUNDARY.finditer(piece)]
    if not places:
        return b"" if is_begun else piece[: 1 << 12]
    return piece[places[0] if is_begun else 0 : places[-1] + 1 if is_cut else None]


def _first_damage(path: Path) -> int:
    """Find where a file stops being UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    n_before = 0
    with open_file(path) as file:
        while block := file.read(_BLOCK_BYTES):
            n_held = len(decoder.getstate()[0])
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                return n_before - n_held + error.start
            n_before += len(block)
    return n_before
