"""PDF and Word documents, by well-kept readers that come with extras."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vectorlong.errors import MissingExtraError
from vectorlong.files.records import Columns, Content, UnreadableError

if TYPE_CHECKING:
    from docx.table import Table


def read_pdf(path: Path, columns: Columns) -> Iterator[Content]:
    """Read the pages' text, one after another; the facts say where each begins."""
    try:
        from pypdf import PdfReader
    except ImportError:
        raise MissingExtraError("Reading PDF", "pdf") from None
    # It reports every oddity of a file; whether text came out is what counts here.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("is encrypted; save it without its password")
        pages = [_valid_unicode(page.extract_text()) for page in reader.pages]
        title = reader.metadata.title if reader.metadata else None
    except (UnreadableError, OSError, MemoryError):
        raise
    # "Broken PDF files might cause other Exceptions" (pypdf.errors), and they do: of any type.
    except Exception as error:
        raise UnreadableError(f"is a damaged PDF ({_one_line(error)})") from error
    starts = [0]
    for page in pages[:-1]:
        starts.append(starts[-1] + len(page) + 1)
    text = "\n".join(pages)
    if not text.strip():
        raise UnreadableError("holds no text; pages that are pictures need text recognition first")
    yield Content(text, {"title": title} if title else {}, {"page_starts": starts})


def read_docx(path: Path, columns: Columns) -> Iterator[Content]:
    """Read the body in its order, one line a paragraph or table row, cells apart by tabs."""
    try:
        from docx import Document
        from docx.table import Table
    except ImportError:
        raise MissingExtraError("Reading Word documents", "docx") from None
    try:
        document = Document(str(path))
        lines: list[str] = []
        for block in document.iter_inner_content():
            lines.extend(_rows(block) if isinstance(block, Table) else [block.text])
        title = document.core_properties.title
    except (OSError, MemoryError):
        raise
    # Its parts are a zip file and XML, and what breaks in them raises their libraries' errors.
    except Exception as error:
        raise UnreadableError(f"is a damaged Word document ({_one_line(error)})") from error
    yield Content("\n".join(lines), {"title": title} if title else {})


def _rows(table: Table) -> Iterator[str]:
    """One line a row; a merged cell, which every column it spans repeats, is written once."""
    for row in table.rows:
        cells: list[Any] = []
        for cell in row.cells:
            if not cells or cells[-1]._tc is not cell._tc:
                cells.append(cell)
        yield "\t".join(" ".join(cell.text.split()) for cell in cells)


def _valid_unicode(text: str) -> str:
    """Join surrogate pairs and replace lone ones, which broken font tables produce."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
