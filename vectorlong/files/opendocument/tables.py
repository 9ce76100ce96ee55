"""Tables of OpenDocument: a row is a line, its cells apart by tabs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from vectorlong.files.opendocument.names import Attributes, attribute, number
from vectorlong.files.opendocument.writer import Table, Writer

_DESCRIPTIONS = ("table:title", "table:desc")


class Tables:
    """Meets the elements of tables.

    Parameters
    ----------
    writer
        Takes the text.
    meet
        Is told of each table.

    Attributes
    ----------
    are_of_chart
        Whether they are what a chart is drawn from: of that words are read, and no numbers.
    """

    def __init__(self, writer: Writer, meet: Callable[[Attributes], None]) -> None:
        self.are_of_chart = False
        self._writer = writer
        self._meet = meet
        # Those that are open: how often they are there, in how many rows, whether they are covered.
        self._cells: list[tuple[int, int, bool] | None] = []

    def starts(self) -> Mapping[str, Callable[[Attributes], None]]:
        """Give what is to be done where an element begins."""
        return {
            "table:table": self._start_table,
            **dict.fromkeys(_DESCRIPTIONS, self._writer.capture),
            "table:table-row": self._start_row,
            "table:table-cell": partial(self._start_cell, False),
            "table:covered-table-cell": partial(self._start_cell, True),
        }

    def ends(self) -> Mapping[str, Callable[[], None]]:
        """Give what is to be done where an element ends."""
        return {
            "table:table": self._end_table,
            **dict.fromkeys(_DESCRIPTIONS, self._end_description),
            "table:table-row": self._writer.end_row,
            **dict.fromkeys(["table:table-cell", "table:covered-table-cell"], self._end_cell),
        }

    def _start_table(self, attributes: Attributes) -> None:
        self._meet(attributes)
        if self._writer.flow.pieces:
            self._writer.end_line()
        if not self.are_of_chart:
            self._writer.flow.tables.append(Table())

    def _end_table(self) -> None:
        self._writer.end_row()
        if self._writer.flow.tables:
            self._writer.flow.tables.pop()

    def _end_description(self) -> None:
        self._writer.put(self._writer.end_capture())

    def _start_row(self, attributes: Attributes) -> None:
        self._writer.end_row()
        if self._writer.flow.tables:
            table = self._writer.flow.tables[-1]
            table.row, table.column = [], 0
            table.n_repeated = number(attributes, "table:number-rows-repeated")

    def _start_cell(self, is_covered: bool, attributes: Attributes) -> None:
        if self.are_of_chart:
            if attribute(attributes, "office:value-type") not in ("", "string"):
                self._writer.skip(attributes)
            else:
                self._cells.append(None)
            return
        n_columns = number(attributes, "table:number-columns-repeated")
        n_rows = number(attributes, "table:number-rows-spanned")
        self._cells.append((n_columns, n_rows, is_covered))
        self._writer.open_flow(is_cell=True)

    def _end_cell(self) -> None:
        cell = self._cells.pop()
        if cell is not None:
            n_columns, n_rows, is_covered = cell
            self._writer.end_cell(n_columns, n_rows, is_covered=is_covered)
