"""Tables of a Word document: a row is a line, its cells apart by tabs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vectorlong.files.office.flow import Flow, Row, seen
from vectorlong.files.office.names import Attributes, attribute, number
from vectorlong.files.office.writer import Writer


class Tables:
    """Meets the elements of tables.

    Parameters
    ----------
    writer
        Takes the text.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def starts(self) -> Mapping[str, Callable[[Attributes], None]]:
        """Give what is to be done where an element begins."""
        return {
            "w:tbl": self._start_table,
            "w:tr": self._start_row,
            "w:gridBefore": self._set_first_column,
            "w:tc": self._start_cell,
            "w:gridSpan": self._set_span,
            "w:vMerge": self._set_merge,
        }

    def ends(self) -> Mapping[str, Callable[[], None]]:
        """Give what is to be done where an element ends."""
        return {"w:tbl": self._end_table, "w:tr": self._end_row, "w:tc": self._end_cell}

    def _start_table(self, _: Attributes) -> None:
        if self._writer.flow.pieces:
            self._writer.flow.end_line()
        self._writer.flow.tables.append({})

    def _end_table(self) -> None:
        self._writer.flow.end_row()
        if self._writer.flow.tables:
            self._writer.flow.tables.pop()

    def _start_row(self, _: Attributes) -> None:
        self._writer.flow.end_row()
        self._writer.flow.row = Row()

    def _end_row(self) -> None:
        self._writer.flow.end_row()

    def _set_first_column(self, attributes: Attributes) -> None:
        if self._writer.flow.row is not None:
            self._writer.flow.row.column += number(attributes)

    def _start_cell(self, _: Attributes) -> None:
        self._writer.flow.row = self._writer.flow.row or Row()
        self._writer.open_flow(
            Flow(self._writer.flow, is_cell=True, fields=self._writer.flow.fields)
        )

    def _set_span(self, attributes: Attributes) -> None:
        self._writer.flow.n_columns = number(attributes)

    def _set_merge(self, attributes: Attributes) -> None:
        self._writer.flow.is_continued = attribute(attributes, "w:val") in (None, "continue")

    def _end_cell(self) -> None:
        """End a cell; one that the cell above goes on in has its text once more."""
        cell = self._writer.close_flow()
        flow, n_columns = self._writer.flow, cell.n_columns
        assert flow.row is not None
        flow.beside.extend(cell.beside)
        if not seen(cell.end()) and cell.is_continued and flow.tables:
            cell = flow.tables[-1].get(flow.row.column, cell)
            self._writer.count_characters(sum(map(len, cell.lines)))
        self._writer.count_characters(1)
        flow.row.tops[flow.row.column] = cell
        flow.row.cells.append(cell.lines)
        flow.row.column += max(1, n_columns)
