"""PDF and Word documents, by well-kept readers that come with extras."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from vectorlong.extras import import_extra
from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.opening import open_file
from vectorlong.files.records import Columns, Content, UnreadableError, one_line

if TYPE_CHECKING:
    from docx.table import Table
    from pypdf import PdfReader

_PIECE_BYTES = 1 << 16


def read_pdf(path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS) -> Iterator[Content]:
    """Read the pages' text, one after another; the facts say where each begins."""
    pypdf = import_extra("pdf")
    # It reports every oddity of a file; whether text came out is what counts here.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    with open_file(path) as file:
        limits.check_bytes(file.seek(0, os.SEEK_END))
        with _damage("PDF"):
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


def read_docx(path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS) -> Iterator[Content]:
    """Read the body in its order, one line a paragraph or table row, cells apart by tabs."""
    docx = import_extra("docx")
    from docx.table import Table

    with open_file(path) as file, _damage("Word document"):
        _check_unpacked(file, limits)
        document = docx.Document(file)
        lines: list[str] = []
        n_characters = 0
        for block in document.iter_inner_content():
            for line in _rows(block) if isinstance(block, Table) else [block.text]:
                lines.append(line)
                n_characters += len(line) + 1
                limits.check_characters(n_characters)
        title = document.core_properties.title
    yield Content("\n".join(lines), {"title": title} if title else {})


def _check_unpacked(file: BinaryIO, limits: Limits) -> None:
    """Refuse what unpacks to more than it may, whatever sizes it declares, in bounded memory."""
    n_bytes = 0
    with ZipFile(file) as archive:
        for entry in archive.infolist():
            # Word knows no others, and they unpack without bounds even when read in pieces.
            if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                raise UnreadableError("is packed in a way that Word does not read")
            with archive.open(entry) as part:
                while piece := part.read(_PIECE_BYTES):
                    n_bytes += len(piece)
                    limits.check_bytes(n_bytes)


def _rows(table: Table) -> Iterator[str]:
    """One line a row; a cell merged across columns is written once, down rows in each of them."""
    from docx.table import _Cell

    tops: dict[int, Any] = {}  # by column: the cell that others below it continue
    for row in table.rows:
        texts: list[str] = []
        tops_here: dict[int, Any] = {}
        column = row._tr.grid_before
        for cell in row._tr.tc_lst:
            if cell.vMerge == "continue":
                cell = tops.get(column, cell)
            tops_here[column] = cell
            texts.append(" ".join(_Cell(cell, table).text.split()))
            # Of any size: nothing is made for the columns that it spans.
            column += max(1, cell.grid_span)
        tops = tops_here
        yield "\t".join(texts)


@contextmanager
def _damage(kind: str) -> Iterator[None]:
    """Call whatever a foreign reader raises damage of the file."""
    try:
        yield
    except (UnreadableError, OSError, MemoryError):
        raise
    # "Broken PDF files might cause other Exceptions" (pypdf.errors), and they do: of any type. A
    # Word document is a zip file of XML, and what breaks in it raises their libraries' errors.
    except Exception as error:
        raise UnreadableError(f"is a damaged {kind} ({one_line(error)})") from error


def _valid_unicode(text: str) -> str:
    """Join surrogate pairs and replace lone ones, which broken font tables produce."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
