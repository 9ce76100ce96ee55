"""CSV, JSON lines and JSON: one document a row, read row by row in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from vectorlong.files.encodings.decoding import encoding_facts, find_encoding
from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.opening import open_text
from vectorlong.files.records import BadRow, Columns, Content, is_blank
from vectorlong.files.tables.columns import choose_columns, unique_names
from vectorlong.files.tables.csv_rows import CsvRows, DamagedLines
from vectorlong.files.tables.json_values import JsonValues, parse_json
from vectorlong.files.unreadable import UnreadableError, one_line

_SKIPPED_CHARACTERS = 1 << 16
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,15})(\.\d{1,15})?")


def read_jsonl(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content | BadRow]:
    """Read one JSON object a line; a row's number is its line."""
    encoding = find_encoding(path, encoding)
    with open_text(path, encoding) as file:
        for number, line in enumerate(_lines(file, limits.characters), start=1):
            if line is None:
                yield BadRow(number, str(limits.exceeded("characters")))
            elif line.strip():
                yield _json_row(line, number, columns, encoding)


def _lines(file: TextIO, max_characters: int) -> Iterator[str | None]:
    """Give every line, and None for one that is longer; memory never holds more of it."""
    while line := file.readline(max_characters + 1):
        if len(line) <= max_characters or _ends(line):
            yield line
            continue
        while line and not _ends(line):
            line = file.readline(_SKIPPED_CHARACTERS)
        yield None


def _ends(line: str) -> bool:
    return line.endswith(("\n", "\r"))


def _json_row(line: str, number: int, columns: Columns, encoding: str) -> Content | BadRow:
    try:
        row = parse_json(line)
    except (ValueError, RecursionError) as error:
        return BadRow(number, f"not JSON ({one_line(error)})")
    return _object_row(row, number, columns, encoding)


def _object_row(row: Any, number: int | None, columns: Columns, encoding: str) -> Content | BadRow:
    if not isinstance(row, dict):
        return BadRow(number, f"a JSON {type(row).__name__}, not an object with named columns")
    try:
        text_name, id_name = choose_columns(list(row), columns)
    except UnreadableError as error:
        return BadRow(number, str(error))
    # A document that is a file of its own is named after it.
    return _content(row, number, text_name, id_name if number else None, encoding)


def read_json(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content | BadRow]:
    """Read a list of objects, which are rows, one object, which is a document, or objects in a row.

    Rows are counted from 1. What is damaged ends the reading: where the next row begins is not
    known.
    """
    encoding = find_encoding(path, encoding)
    with open_text(path, encoding) as file:
        values = JsonValues(file, limits)
        # Whether an object is alone is known when the next is looked for.
        alone: list[Any] = []
        number = 0
        try:
            for number, value in enumerate(values, start=1):
                if number == 1 and not values.is_list:
                    alone.append(value)
                    continue
                for first in alone:
                    yield _object_row(first, 1, columns, encoding)
                alone.clear()
                yield _object_row(value, number, columns, encoding)
        except UnreadableError as error:
            if number == 0:
                raise
            yield from (_object_row(first, 1, columns, encoding) for first in alone)
            yield BadRow(number + 1, f"{error}; nothing after it was read")
            return
        for value in alone:
            yield _object_row(value, None, columns, encoding)


def read_csv(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content | BadRow]:
    """Read a table with a header line; rows are counted from 1 after it.

    The delimiter is whichever of comma, semicolon, tab and bar the header line has most of, outside
    quotes, or what a line ``sep=;`` before it says. Cells that are plain numbers become numbers, so
    that filters can compare them; cells that show nothing are left out of the metadata.
    """
    encoding = find_encoding(path, encoding)
    with open_text(path, encoding) as file:
        rows = CsvRows(file, limits)
        names = unique_names(rows.header)
        text_name, id_name = choose_columns(names, columns)
        remarks: tuple[str, ...] = ()  # which rows that are left out leave to the next
        for number, row in enumerate(rows, start=1):
            if isinstance(row, DamagedLines):
                yield BadRow(number, row.reason)
                continue
            content = _csv_row(names, row.cells, number, text_name, id_name, encoding)
            remarks += row.remarks
            if remarks and isinstance(content, Content):
                content = replace(content, remarks=remarks)
                remarks = ()
            yield content


def _csv_row(
    names: Sequence[str],
    cells: Sequence[str],
    number: int,
    text_name: str,
    id_name: str | None,
    encoding: str,
) -> Content | BadRow:
    if any(cells[len(names) :]):
        return BadRow(number, f"{len(cells)} cells under {len(names)} column names")
    row = {
        name: cell if name in (text_name, id_name) else _number_or_text(cell)
        for name, cell in zip(names, cells, strict=False)
        if not is_blank(cell) or name == text_name
    }
    return _content(
        row,
        number,
        text_name,
        id_name,
        encoding,
    )


def _number_or_text(cell: str) -> int | float | str:
    match = _NUMBER.fullmatch(cell)
    if match is None:
        return cell
    return float(cell) if match[2] else int(cell)


def _content(
    row: Mapping[str, Any], number: int | None, text_name: str, id_name: str | None, encoding: str
) -> Content | BadRow:
    text, own_id = row.get(text_name), row.get(id_name or "")
    if not isinstance(text, str):
        return BadRow(number, f"its {text_name!r} is {type(text).__name__}, not text")
    if own_id is not None and (isinstance(own_id, bool) or not isinstance(own_id, str | int)):
        return BadRow(number, f"its {id_name!r} is {type(own_id).__name__}, not a string")
    return Content(
        text,
        metadata={name: row[name] for name in row if name not in (text_name, id_name)},
        facts=encoding_facts(encoding),
        row=number,
        id=None if own_id in (None, "") else str(own_id),
    )
