"""PDF, by a well-kept reader that comes with an extra."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from vectorlong.extras import import_extra
from vectorlong.files.damage import damage
from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.opening import open_file
from vectorlong.files.records import Columns, Content, UnreadableError

if TYPE_CHECKING:
    from pypdf import PdfReader


def read_pdf(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content]:
    """Read the pages' text, one after another; the facts say where each begins."""
    pypdf = import_extra("pdf")
    # It reports every oddity of a file; whether text came out is what counts here.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    with open_file(path) as file:
        limits.check_bytes(file.seek(0, os.SEEK_END))
        with damage("PDF"):
            reader = pypdf.PdfReader(file)
            if reader.is_encrypted and not reader.decrypt(""):
                raise UnreadableError("is encrypted; save it without its password")
            pages, starts = _pages(reader, limits)
            title = reader.metadata.title if reader.metadata else None
    if not any(page.strip() for page in pages):
        raise UnreadableError("holds no text; pages that are pictures need text recognition first")
    yield Content("\n".join(pages), {"title": title} if title else {}, {"page_starts": starts})


def _pages(reader: PdfReader, limits: Limits) -> tuple[list[str], list[int]]:
    """Give the text of every page, and where it begins when they stand on lines of their own."""
    pages: list[str] = []
    starts = [0]
    for page in reader.pages:
        pages.append(_valid_unicode(page.extract_text()))
        starts.append(starts[-1] + len(pages[-1]) + 1)
        limits.check_characters(starts[-1])
    return pages, starts[:-1] or [0]


def _valid_unicode(text: str) -> str:
    """Join surrogate pairs and replace lone ones, which broken font tables produce."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
