"""JSON lines and CSV: one document a row, read row by row in bounded memory."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from vectorlong.files.decoding import encoding_facts, find_encoding
from vectorlong.files.records import BadRow, Columns, Content, UnreadableError

_TEXT_NAMES = ("text", "content", "body", "document")
_ID_NAMES = ("_id", "id")
_DELIMITERS = ",;\t|"
# The csv module's own limit of 131,072 characters is shorter than a long document.
_MAX_CELL_CHARACTERS = 2**31 - 1
_MAX_NAMES_SHOWN = 12
_MAX_NAME_CHARACTERS = 80
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,15})(\.\d{1,15})?")


def read_jsonl(path: Path, columns: Columns) -> Iterator[Content | BadRow]:
    """Read one JSON object a line; a row's number is its line."""
    encoding = find_encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _json_row(line, number, columns, encoding)


def _json_row(line: str, number: int, columns: Columns, encoding: str) -> Content | BadRow:
    try:
        row = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        return BadRow(number, f"not JSON ({error})")
    if not isinstance(row, dict):
        return BadRow(number, f"a JSON {type(row).__name__}, not an object with named columns")
    try:
        text_name, id_name = _choose_columns(list(row), columns)
    except UnreadableError as error:
        return BadRow(number, str(error))
    return _content(row, number, text_name, id_name, encoding)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def read_csv(path: Path, columns: Columns) -> Iterator[Content | BadRow]:
    """Read a table with a header line; rows are counted from 1 after it.

    The delimiter is whichever of comma, semicolon, tab and bar the header line has most of. Cells
    that are plain numbers become numbers, so that filters can compare them; empty cells are left
    out of the metadata.
    """
    encoding = find_encoding(path)
    csv.field_size_limit(_MAX_CELL_CHARACTERS)
    with path.open(encoding=encoding, newline="") as file:
        first_line = file.readline()
        file.seek(0)
        rows = csv.reader(file, delimiter=max(_DELIMITERS, key=first_line.count))
        number = 0
        try:
            names = _unique_names(next(rows, []))
            if not names:
                raise UnreadableError("is empty")
            text_name, id_name = _choose_columns(names, columns)
            for number, cells in enumerate(filter(None, rows), start=1):
                yield _csv_row(names, cells, number, text_name, id_name, encoding)
        except csv.Error as error:
            yield BadRow(number + 1, f"not CSV ({error}); nothing after it was read")


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
    row: dict[str, Any] = dict(zip(names, cells, strict=False))
    for name in names:
        if name not in (text_name, id_name) and name in row:
            row[name] = _number_or_text(row[name])
    return _content(
        {name: value for name, value in row.items() if value != "" or name == text_name},
        number,
        text_name,
        id_name,
        encoding,
    )


def _unique_names(header: Sequence[str]) -> list[str]:
    """Column names as the header has them, numbered where empty or repeated."""
    names: list[str] = []
    for position, name in enumerate(header, start=1):
        name = name.strip() or f"column {position}"
        names.append(name if name not in names else f"{name} ({position})")
    return names


def _number_or_text(cell: str) -> int | float | str:
    match = _NUMBER.fullmatch(cell)
    if match is None:
        return cell
    return float(cell) if match[2] else int(cell)


def _choose_columns(names: Sequence[str], columns: Columns) -> tuple[str, str | None]:
    """Which column is the text and which, if any, the id."""
    shown = ", ".join(name[:_MAX_NAME_CHARACTERS] for name in names[:_MAX_NAMES_SHOWN])
    shown += ", ..." if len(names) > _MAX_NAMES_SHOWN else ""
    for chosen in (columns.text, columns.id):
        if chosen is not None and chosen not in names:
            raise UnreadableError(f"has no column {chosen!r}; its columns are: {shown}")
    text_name = columns.text or _first_named(names, _TEXT_NAMES)
    if text_name is None:
        raise UnreadableError(
            f"has no column called {', '.join(_TEXT_NAMES[:-1])} or {_TEXT_NAMES[-1]}; its columns "
            f"are: {shown}. Name the one to read with --text-column"
        )
    return text_name, columns.id or _first_named(names, _ID_NAMES)


def _first_named(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    """Find the first of the wanted names that there is, whatever its case."""
    by_lower_case = {name.lower(): name for name in reversed(names)}
    return next((by_lower_case[name] for name in wanted if name in by_lower_case), None)


def _content(
    row: Mapping[str, Any], number: int, text_name: str, id_name: str | None, encoding: str
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
