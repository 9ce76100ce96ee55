"""Rows of a CSV file, also of one that is damaged: a damaged row is named, and those after it read.

A quote that is opened and not closed goes on to the next quote of the file and takes all rows
between with it. Python's `csv` finds that only by being strict, and does not say where it began. So
the lines of a row are kept until it has ended: where it ends as none can, they are looked at one by
one.
Cells that hold line ends, which texts do, end as they should, however long they are.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from vectorlong.files.limits import Limits
from vectorlong.files.unreadable import UnreadableError

_DELIMITERS = ",;\t|"
# What no file holds: the delimiter of a table of one column.
_NO_DELIMITER = "\x1f"
# As Excel writes and reads it, before the header.
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=(?P<delimiter>[^\r\n"])"?[\r\n]*', re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"]|"")*(?:"|$)')
_QUOTE_AFTER_BLANKS = re.compile(' +"')
# The csv module's own limit of 131,072 characters is shorter than a long document; rows have ours.
_MAX_CELL_CHARACTERS = 2**31 - 1
_MAX_COLUMNS = 100_000
_SKIPPED_CHARACTERS = 1 << 16
# A cell of so many lines, each of which could be a row, has probably lost its closing quote.
_MANY_LINES = 10
_ENDS_WITHIN_QUOTES = "unexpected end of data"


@dataclass(frozen=True)
class CsvRow:
    """A row's cells, and what to know of it."""

    cells: list[str]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class DamagedLines:
    """Lines that are no row, and why."""

    reason: str


class CsvRows:
    """The rows of a table, its header first.

    Parameters
    ----------
    file
        At its beginning, line ends as they are.
    limits
        ``characters`` is the longest row.

    Attributes
    ----------
    header
        The cells of the first row.

    Raises
    ------
    UnreadableError
        There is no header, or none that can be one.
    """

    def __init__(self, file: TextIO, limits: Limits) -> None:
        csv.field_size_limit(_MAX_CELL_CHARACTERS)
        self._lines = _Lines(file, limits)
        self._has_said_doubt = self._has_said_zeros = False
        first = next(self._lines, "")
        separator = _SEPARATOR_LINE.fullmatch(first)
        if separator is None:
            self._lines.go_back(0)
            self._delimiter = _find_delimiter(first)
        else:
            self._delimiter = separator["delimiter"]
        self._skips_blanks = self._has_quotes_after_blanks()
        self.header = self._read_header()

    def _has_quotes_after_blanks(self) -> bool:
        """Whether the header or the first row has blanks between a delimiter and a quote."""
        self._lines.begin_row()
        two_lines = [next(self._lines, ""), next(self._lines, "")]
        self._lines.go_back(0)
        rows = csv.reader(two_lines, delimiter=self._delimiter)
        return any(_QUOTE_AFTER_BLANKS.match(cell) for row in rows for cell in row)

    def _read_header(self) -> list[str]:
        self._lines.begin_row()
        try:
            cells = next(self._reader(self._lines), [])
        except csv.Error as error:
            raise UnreadableError(f"its header line is not CSV ({error})") from error
        if not cells:
            raise UnreadableError("is empty")
        if len(cells) > _MAX_COLUMNS:
            raise UnreadableError(
                f"has {len(cells):,} columns; tables of up to {_MAX_COLUMNS:,} columns are read"
            )
        return cells

    def _reader(
        self, lines: Iterator[str] | list[str], *, is_strict: bool = True, has_quotes: bool = True
    ) -> Iterator[list[str]]:
        return csv.reader(
            lines,
            delimiter=self._delimiter,
            skipinitialspace=self._skips_blanks,
            quoting=csv.QUOTE_MINIMAL if has_quotes else csv.QUOTE_NONE,
            strict=is_strict,
        )

    def __iter__(self) -> Iterator[CsvRow | DamagedLines]:
        rows = self._reader(self._lines)
        while True:
            self._lines.begin_row()
            try:
                cells = next(rows, None)
            except csv.Error as error:
                yield self._recover(str(error))
            except UnreadableError as error:
                yield self._recover(str(error), is_too_long=True)
            else:
                if cells is None:
                    return
                if cells:
                    yield CsvRow(cells, tuple(self._remarks()))

    def _remarks(self) -> Iterator[str]:
        """Say, once each, that zeros were read as spaces and that a cell looks like many rows."""
        if self._lines.first_zero is not None and not self._has_said_zeros:
            self._has_said_zeros = True
            yield f"zero bytes in it read as spaces, the first in line {self._lines.first_zero:,}"
        within = self._lines.taken[1:-1]
        is_doubtful = (
            len(within) >= _MANY_LINES
            and len(self.header) > 1
            and not self._has_said_doubt
            and all(self._begins_row(line) for line in within)
        )
        if is_doubtful:
            self._has_said_doubt = True
            yield (
                f"lines {self._lines.first_number:,} to {self._lines.number:,} are one row, though "
                "each looks like one: a quote may not be closed where it should be"
            )

    # --- rows that do not end as they should -----------------------------------------------------

    def _recover(self, error: str, *, is_too_long: bool = False) -> CsvRow | DamagedLines:
        """Give what can be had of lines that are no row, and go back to where the next begins."""
        taken = self._lines.taken
        n_columns = len(self.header)
        first = self._lines.first_number
        if len(taken) > 1 and not self._begins_row(taken[1]) and not is_too_long:
            # A quote within a text that is not doubled; the row may yet have all its cells.
            loose = csv.reader(
                taken, delimiter=self._delimiter, skipinitialspace=self._skips_blanks
            )
            cells = next(loose)
            if len(cells) == n_columns and loose.line_num < len(taken):
                self._lines.go_back(loose.line_num)
                return CsvRow(cells)
        if len(taken) == 1 and not is_too_long and _ENDS_WITHIN_QUOTES not in error:
            return CsvRow(next(self._reader(taken, is_strict=False)))
        n_damaged = next(
            (number for number in range(1, len(taken)) if self._begins_row(taken[number])),
            len(taken),
        )
        self._lines.go_back(n_damaged)
        if self._delimiter == "\t" and not is_too_long and n_damaged == 1:
            # Tables with tabs need no quotes, and many have none that mean anything.
            cells = next(self._reader(taken[:1], has_quotes=False))
            if len(cells) == n_columns:
                return CsvRow(cells)
        reason = error if is_too_long else "opens a quote that is not closed"
        if n_damaged > 1:
            reason += f"; left out with it: up to line {first + n_damaged - 1:,}"
        return DamagedLines(f"line {first:,} {reason}")

    def _begins_row(self, line: str) -> bool:
        """Whether a line by itself is a row, or the beginning of one that has more lines."""
        try:
            cells = next(self._reader([line]), [])
        except csv.Error as error:
            if _ENDS_WITHIN_QUOTES not in str(error):
                return False
            return 1 < len(next(self._reader([line], is_strict=False))) <= len(self.header)
        return len(cells) == len(self.header)


class _Lines:
    """A file's lines, which can be read again, as many for one row as a row may be long."""

    def __init__(self, file: TextIO, limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self._waiting: deque[str] = deque()
        self.number = 0  # of the last line
        self.first_zero: int | None = None  # number of the first line that holds one
        self.begin_row()

    def begin_row(self) -> None:
        """Forget the lines so far."""
        self.taken: list[str] = []
        self._n_left = self._limits.characters

    @property
    def first_number(self) -> int:
        """Number of the first line taken."""
        return self.number - len(self.taken) + 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        self._n_left -= len(line)
        if self._n_left < 0:
            raise self._limits.exceeded("characters")
        return line

    def go_back(self, n_kept: int) -> None:
        """Let all but the first lines be taken again, in a new row."""
        self._waiting.extendleft(reversed(self.taken[n_kept:]))
        self.number -= len(self.taken) - n_kept
        self.begin_row()

    def _read(self) -> str:
        """Read a line; of one that is too long, what shows that it is."""
        line = rest = self._file.readline(self._limits.characters + 1)
        while len(line) > self._limits.characters and rest and not rest.endswith(("\n", "\r")):
            rest = self._file.readline(_SKIPPED_CHARACTERS)
        if "\x00" in line:
            self.first_zero = self.first_zero or self.number + 1
            line = line.replace("\x00", " ")
        return line


def _find_delimiter(header: str) -> str:
    """Choose what the header line has most of, outside quotes."""
    unquoted = _QUOTED.sub("", header)
    most = max(_DELIMITERS, key=unquoted.count)
    return most if most in unquoted else _NO_DELIMITER
