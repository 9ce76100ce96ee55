"""Workbooks of Excel and LibreOffice: their cells, by calamine, and what is written beside them.

Calamine is written in Rust. It reads cells alone, of all four formats; comments, shapes and the
like are read by `vectorlong.files.sheets.workbook_parts`. What of a workbook is read, and where it
goes, is told in docs/files.md.
"""

from __future__ import annotations

import os
import struct
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from vectorlong.extras import import_extra
from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.office.package import OLE, Package
from vectorlong.files.opening import open_file
from vectorlong.files.records import BadRow, Columns, Content, is_blank
from vectorlong.files.sheets.beside import Beside
from vectorlong.files.sheets.cells import line_of, text_of, value_of
from vectorlong.files.sheets.workbook_parts import read_beside
from vectorlong.files.sheets.workbook_text import WorkbookText
from vectorlong.files.tables.columns import choose_columns, has_text_column, unique_names
from vectorlong.files.unreadable import UnreadableError, damage, one_line

_ZIP = b"PK"
_ENCRYPTED = "is encrypted; save it without its password"
_MARKUP = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<", b"\xfe\xff\0<")
# Rows before the first that holds a cell are counted one by one.
_MOST_ROWS, _MOST_COLUMNS = 1 << 20, 1 << 14
# Names of streams in OLE's container.
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_XLS_STREAMS = [f"{name}\0".encode("utf-16-le") for name in ("Workbook", "Book")]
_XLS_BEGINNING = b"\x09\x08\x10\x00\x00\x06\x05\x00"
_XLS_PASSWORD = 0x2F
_N_FIRST_RECORDS = 20


def read_sheets(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content | BadRow]:
    """Read sheets that are tables row by row, then all others as one document.

    A sheet whose first row names the column of the text is a table. A row's number is the one that
    Excel shows.
    """
    calamine = import_extra("sheets")
    with open_file(path) as file, damage("workbook"), _rust():
        limits.check_bytes(file.seek(0, os.SEEK_END))
        beside = _beside(file, limits)
        file.seek(0)
        try:
            book = calamine.load_workbook(file)
        except calamine.CalamineError as error:
            file.seek(0)
            raise UnreadableError(_why_not(file.read(), one_line(error))) from None
        yield from _Workbook(book, beside, columns, limits).parts()


@contextmanager
def _rust() -> Iterator[None]:
    """Have a failed assertion in Rust, which no `except Exception` catches, be an exception."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableError(f"is a damaged workbook ({error})") from None


def _beside(file: BinaryIO, limits: Limits) -> Beside:
    """Give what else than cells is in a file, or refuse it if it is no workbook."""
    file.seek(0)
    head = file.read(512)
    file.seek(0)
    if head.startswith(OLE):
        return Beside()
    if head.startswith(_ZIP):
        return read_beside(Package(file, limits, "workbook"), limits)
    # What Excel opens, though it is called .xls and is none.
    if head.startswith(_MARKUP):
        raise UnreadableError("is no workbook but a page or XML; rename it to .html or .xml")
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or (head and b"\0" not in head):
        raise UnreadableError("is no workbook but text; rename it to .csv")
    raise UnreadableError("is no workbook")


def _why_not(content: bytes, reason: str) -> str:
    """Say why calamine, which tries all formats one after another, takes a file for none."""
    if content.startswith(OLE):
        if _ENCRYPTED_PACKAGE in content or _is_encrypted_xls(content):
            return _ENCRYPTED
        if not any(name in content for name in _XLS_STREAMS):
            return "is no workbook"
    return f"is a damaged workbook ({reason})"


def _is_encrypted_xls(content: bytes) -> bool:
    """Whether the record of a password is among the first of a workbook of Excel 97 or later."""
    start = content.find(_XLS_BEGINNING)
    for _ in range(_N_FIRST_RECORDS if start >= 0 else 0):
        kind, length = struct.unpack_from("<HH", content.ljust(start + 4, b"\0"), start)
        if kind == _XLS_PASSWORD:
            return True
        start += 4 + length
    return False


class _Workbook:
    """A workbook that is open."""

    def __init__(self, book: Any, beside: Beside, columns: Columns, limits: Limits) -> None:
        self._book = book
        self._beside = beside
        self._columns = columns
        self._limits = limits
        self._text = WorkbookText(limits)
        self._has_tables = False
        self._first_row = 1  # of the sheet that is read
        self._headers: list[list[str]] = []  # of sheets that are no tables

    def parts(self) -> Iterator[Content | BadRow]:
        """Give the rows of tables, then the other sheets; remarks go with the first of them."""
        remarks, is_first = self._beside.remarks, True
        for part in self._rows():
            if isinstance(part, Content) and remarks:
                part, remarks = replace(part, remarks=remarks), ()
            is_first = False
            yield part
        self._check_columns()
        text = self._text.text()
        if (is_first and not self._has_tables) or not is_blank(text):
            title = {"title": self._beside.title} if self._beside.title else {}
            yield Content(text, title, {"sheets": self._text.places}, remarks=remarks)

    def _rows(self) -> Iterator[Content | BadRow]:
        """Read the sheets in their order; what is not given goes into the text."""
        for number, name in enumerate(_names(self._book)):
            self._first_row = 1
            try:
                yield from self._sheet(name, _rows_of(self._book, number))
            except (UnreadableError, MemoryError):
                raise
            except Exception as error:  # of calamine, which has one for each format
                yield BadRow(None, f"its sheet {name!r} is damaged ({one_line(error)})")
            for row, line in self._beside.lines.get(name, ()):
                self._text.put_beside(name, row or self._first_row, line)

    def _sheet(self, name: str, rows: Iterator[_Row]) -> Iterator[Content | BadRow]:
        first = next(rows, None)
        if first is None:
            return
        self._first_row = first.number
        header = unique_names([text_of(cell) for cell in first.cells])
        if has_text_column(header, self._columns):
            self._has_tables = True
            yield from self._table(name, header, rows)
            return
        self._headers.append(header)
        self._text.put_row(name, first.number, first.line)
        for row in rows:
            self._text.put_row(name, row.number, row.line)

    def _table(
        self, sheet: str, names: Sequence[str], rows: Iterator[_Row]
    ) -> Iterator[Content | BadRow]:
        text_name, id_name = choose_columns(names, self._columns)
        for row in rows:
            cells = {name: cell for name, cell in zip(names, row.cells, strict=True) if cell != ""}
            text, own_id = text_of(cells.pop(text_name, "")), text_of(cells.pop(id_name or "", ""))
            metadata = {name: value_of(cell) for name, cell in cells.items()}
            metadata = {name: value for name, value in metadata.items() if _shows(value)}
            try:
                self._limits.check_characters(len(text) + _length(metadata))
            except UnreadableError as error:
                yield BadRow(row.number, str(error), sheet)
            else:
                yield Content(text, metadata, {"sheet": sheet}, row.number, own_id or None)

    def _check_columns(self) -> None:
        """Refuse a workbook no sheet of which has the column that the user named."""
        if self._columns.text is not None and not self._has_tables and self._headers:
            choose_columns(self._headers[0], self._columns)


def _names(book: Any) -> list[str]:
    """Give the sheets' names, each different, as Excel has them."""
    names: dict[str, None] = {}
    for number, name in enumerate(book.sheet_names, start=1):
        while name in names:
            name = f"{name} ({number})"
        names[name] = None
    return list(names)


@dataclass(frozen=True)
class _Row:
    """A row of a sheet that shows anything: its number, its cells, and these as a line."""

    number: int
    cells: Sequence[Any]
    line: str


def _rows_of(book: Any, number: int) -> Iterator[_Row]:
    """Give the rows of a sheet; once they are given, nothing keeps it in memory."""
    sheet = book.get_sheet_by_index(number)
    if sheet.end is not None and (sheet.end[0] >= _MOST_ROWS or sheet.end[1] >= _MOST_COLUMNS):
        raise UnreadableError("is a damaged workbook (a cell beyond the last that there can be)")
    for row_number, cells in enumerate(sheet.iter_rows(), start=1):
        line = line_of(cells)
        if line:
            yield _Row(row_number, cells, line)


def _shows(value: Any) -> bool:
    return not isinstance(value, str) or not is_blank(value)


def _length(metadata: Mapping[str, Any]) -> int:
    return sum(len(value) for value in metadata.values() if isinstance(value, str))
