"""Lines of rich text as they come about: of the body, a header, a note, a text box.

Tables are no elements here: a sign ends each cell and each row, and paragraphs say how deep in
tables they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from vectorlong.files.office.flow import in_one_line, seen


class Column(NamedTuple):
    """A cell as a row's definition has it.

    Attributes
    ----------
    edge
        Where it ends; cells that are merged down have the same.
    goes_on_above, goes_on_before
        Whether it is part of the cell above, or of the one before it.
    """

    edge: int
    goes_on_above: bool
    goes_on_before: bool


@dataclass
class Definition:
    """The columns of a row, and what the next of them will be."""

    columns: list[Column] = field(default_factory=list)
    goes_on_above: bool = False
    goes_on_before: bool = False

    def end_column(self, edge: int) -> None:
        """Have a column end there."""
        self.columns.append(Column(edge, self.goes_on_above, self.goes_on_before))
        self.goes_on_above = self.goes_on_before = False


@dataclass
class _Table:
    """A table that is open: the lines of its cell, the cells of its row, those of the last row."""

    lines: list[str] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    tops: dict[int, list[str]] = field(default_factory=dict)

    def end_row(self, definition: Definition) -> tuple[list[str], int]:
        """Give the row's lines, and how many characters of cells above are in it once more."""
        shown: list[list[str]] = []
        tops: dict[int, list[str]] = {}
        n_repeated = 0
        for number, lines in enumerate(self.cells):
            if number < len(definition.columns):
                edge, goes_on_above, goes_on_before = definition.columns[number]
                is_empty = not seen(lines)
                if goes_on_before and is_empty:
                    continue
                if goes_on_above and is_empty:
                    lines = self.tops.get(edge, lines)
                    n_repeated += sum(map(len, lines))
                tops[edge] = lines
            shown.append(lines)
        self.cells, self.tops = [], tops
        # A table of one column divides a page; its cells are read as what is around them.
        is_alone = len(shown) == 1
        return shown[0] if is_alone else ["\t".join(map(in_one_line, shown))], n_repeated


@dataclass
class Flow:
    """Paragraphs and tables, one below the other.

    Attributes
    ----------
    outer
        What it stands in.
    lines
        Those that are whole.
    pieces
        What there is of the line that has been begun.
    beside
        Lines that follow it, or the row that it is in.
    definition
        The columns of the present row.
    """

    outer: Flow | None = None
    lines: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    definition: Definition = field(default_factory=Definition)
    _tables: list[_Table] = field(default_factory=list)

    def end_line(self, depth: int) -> None:
        """End the line, which is so deep in tables; what is deeper ends before it."""
        line = "".join(self.pieces)
        self.pieces.clear()
        self._go_to(depth)
        (self._tables[-1].lines if depth else self.lines).append(line)
        if not depth:
            self._put_beside()

    def end_cell(self, depth: int) -> None:
        """End a cell of a table that is so deep."""
        line = "".join(self.pieces)
        self.pieces.clear()
        self._go_to(depth)
        table = self._tables[-1]
        table.cells.append([*table.lines, line])
        table.lines = []

    def end_row(self, depth: int) -> int:
        """End a row likewise; give how many characters are in it once more."""
        if self.pieces:
            self.end_cell(max(depth, len(self._tables)))
        self._go_to(depth)
        return self._end_last_row()

    @property
    def n_tables(self) -> int:
        """How many tables are open."""
        return len(self._tables)

    def end(self) -> list[str]:
        """End all that is open, and give the lines."""
        if self.pieces:
            self.end_line(self.n_tables)
        self._go_to(0)
        self._put_beside()
        return self.lines

    def _go_to(self, depth: int) -> None:
        """End deeper tables; begin those that have not been."""
        while len(self._tables) > depth:
            self._end_last_row()
            self._tables.pop()
        while len(self._tables) < depth:
            self._tables.append(_Table())

    def _end_last_row(self) -> int:
        """End the row of the deepest table, if one is open."""
        table = self._tables[-1]
        if table.lines:
            table.cells.append(table.lines)
            table.lines = []
        if not table.cells:
            return 0
        lines, n_repeated = table.end_row(self.definition)
        is_outermost = len(self._tables) == 1
        (self.lines if is_outermost else self._tables[-2].lines).extend(lines)
        if is_outermost:
            self._put_beside()
        return n_repeated

    def _put_beside(self) -> None:
        self.lines.extend(self.beside)
        self.beside.clear()
