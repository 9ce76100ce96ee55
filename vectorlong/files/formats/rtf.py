"""Rich text: what Word and other programs show of it, a line a paragraph or a row.

Our own reader; docs/files.md has what else was tried. What of a document is read, where it goes
and what is left out is told there, too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.opening import open_file
from vectorlong.files.records import Columns, Content
from vectorlong.files.rich_text.text import RichText
from vectorlong.files.unread import unread_remarks
from vectorlong.files.unreadable import UnreadableError, damage

_HEAD_BYTES = 64
_OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?[\s\x00]*(\{\s*\\u?rtf)")
# What files are that are named so by mistake.
_OTHERS = (
    (_OLD_WORD, "it is encrypted, or in Word's old format; save it as .docx without a password"),
    (b"PK\x03\x04", "it is packed, as .docx and .odt are; name it so"),
    (b"%PDF", "it is a PDF; name it .pdf"),
    (b"<", "it is HTML or XML; name it so"),
)


def read_rtf(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content]:
    """Read headers, body with its notes, endnotes and footers; a paragraph or a row is a line."""
    with open_file(path) as file, damage("rich text"):
        size = file.seek(0, os.SEEK_END)
        limits.check_bytes(size)
        file.seek(0)
        content = file.read(size)
        document = RichText(limits, encoding)
        document.read(content[_begin(content) :])
        text = "\n".join(document.lines())
    metadata = {"title": document.title} if document.title else {}
    yield Content(text, metadata, remarks=tuple(_remarks(document)))


def _begin(content: bytes) -> int:
    """Find where the document begins."""
    beginning = _BEGINNING.match(content)
    if beginning is not None:
        return beginning.start(1)
    for mark, reason in _OTHERS:
        if content[:_HEAD_BYTES].lstrip().startswith(mark):
            raise UnreadableError(f"is no rich text: {reason}")
    raise UnreadableError(r"is no rich text: it does not begin with {\rtf; name text .txt")


def _remarks(document: RichText) -> Iterator[str]:
    """Say what was met and not read."""
    yield from unread_remarks(document.unread)
    if document.n_replaced:
        n, replacement = document.n_replaced, "\N{REPLACEMENT CHARACTER}"
        what = "byte that is no character" if n == 1 else "bytes that are no characters"
        yield f"{n:,} {what} read as {replacement}"
    if document.doubted is not None:
        to_choose = f"should they be {document.doubted}: --encoding {document.doubted}"
        yield f"letters read as cp1252, as their font says; {to_choose}"
    if document.is_cut:
        yield "its end is missing, and what stood there is not read"
    if document.n_after:
        yield f"{document.n_after:,} bytes after its end are not read"
