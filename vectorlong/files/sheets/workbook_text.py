"""The one document that the sheets of a workbook are, and where in it which row is."""

from __future__ import annotations

from typing import Any

from vectorlong.files.limits import Limits

# A longer gap between rows is none in the text.
_MAX_EMPTY_LINES = 3


class WorkbookText:
    """Takes lines sheet by sheet: rows, then what is beside them.

    Parameters
    ----------
    limits
        How long the text may be.

    Attributes
    ----------
    places
        Where in the text rows of which sheet begin; each further line there is the next row.
    """

    def __init__(self, limits: Limits) -> None:
        self.places: list[dict[str, Any]] = []
        self._limits = limits
        self._lines: list[str] = []
        self._n_characters = 0
        self._sheet: str | None = None
        self._next_row = 0  # of which the next line would be, if nothing is said

    def put_row(self, sheet: str, row: int, line: str) -> None:
        """Put a row; those between it and the last hold nothing."""
        self._enter(sheet, row)
        n_empty = row - self._next_row
        if 0 <= n_empty <= _MAX_EMPTY_LINES:
            for _ in range(n_empty):
                self._add("")
        self._put(sheet, row, line)

    def put_beside(self, sheet: str, row: int, line: str) -> None:
        """Put what belongs to a row and is none, after the rows of its sheet."""
        self._enter(sheet, row)
        self._put(sheet, row, line)

    def text(self) -> str:
        """Give the text so far."""
        return "\n".join(self._lines)

    def _enter(self, sheet: str, row: int) -> None:
        """Put a sheet's name before the first line of it."""
        if sheet != self._sheet:
            self._sheet = sheet
            self._begin(sheet, row)
            self._add(" ".join(sheet.split()))
            self._begin(sheet, row)

    def _put(self, sheet: str, row: int, line: str) -> None:
        if row != self._next_row:
            self._begin(sheet, row)
        self._add(line)

    def _begin(self, sheet: str, row: int) -> None:
        self.places.append({"name": sheet, "start": self._n_characters, "row": row})
        self._next_row = row

    def _add(self, line: str) -> None:
        self._lines.append(line)
        self._n_characters += len(line) + 1
        self._limits.check_characters(self._n_characters)
        self._next_row += 1
