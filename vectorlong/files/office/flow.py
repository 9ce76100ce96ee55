"""Lines of a document as they come about: of a part, a table's cell, a text box, a note."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Fields:
    """Fields that are open: what Word computes them from is not shown, only what they result in.

    Attributes
    ----------
    held
        Texts that are part of what they are computed from, should they be.
    """

    held: list[str] = field(default_factory=list)
    _are_results: list[bool] = field(default_factory=list)
    _instructions: list[list[str]] = field(default_factory=list)
    _n_instructions: int = 0

    @property
    def is_instruction(self) -> bool:
        """Whether what is met now is not shown."""
        return self._n_instructions > 0

    def instruct(self, text: str) -> None:
        """Meet a part of what the innermost field is computed from."""
        if self._instructions:
            self._instructions[-1].append(text)

    def meet(self, kind: str | None) -> str:
        """Meet the sign that begins a field, parts its two halves, or ends it.

        Of a field that ends without a result, what it is computed from is returned.
        """
        unresulting = ""
        if kind == "begin":
            self._are_results.append(False)
            self._instructions.append([])
            self._n_instructions += 1
        elif self._are_results and kind in ("separate", "end"):
            is_result, instruction = self._are_results.pop(), self._instructions.pop()
            if not is_result:
                self._n_instructions -= 1
            if kind == "separate":
                self._are_results.append(True)
                self._instructions.append([])
            elif not is_result:
                unresulting = "".join(instruction)
        if not self._n_instructions:
            self.held.clear()
        return unresulting


@dataclass
class Row:
    """A row of a table.

    Attributes
    ----------
    column
        The next cell's.
    cells
        Each one's lines.
    tops
        Its cells by column, which cells of the next row may go on.
    """

    column: int = 0
    cells: list[list[str]] = field(default_factory=list)
    tops: dict[int, Flow] = field(default_factory=dict)
    is_deleted: bool = False


@dataclass
class Flow:
    """Paragraphs and tables, one below the other.

    Attributes
    ----------
    outer
        What it stands in.
    pieces
        What there is of the line that has been begun.
    beside
        Lines that follow it.
    goes_on
        Whether the next paragraph goes on with the line.
    is_hidden
        Whether the run is that is read.
    tables
        Of each table that is open, the cells of its last row by column.
    n_columns, is_continued
        Of a cell: how many it spans, and whether it is the one above that goes on.
    """

    outer: Flow | None = None
    is_cell: bool = False
    fields: Fields = field(default_factory=Fields)
    name: tuple[str, str] = ("", "")
    lines: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    goes_on: bool = False
    is_hidden: bool = False
    ruby_starts: list[int] = field(default_factory=list)
    ruby: str = ""
    tables: list[dict[int, Flow]] = field(default_factory=list)
    row: Row | None = None
    n_columns: int = 1
    is_continued: bool = False

    def write(self, text: str) -> None:
        """Go on with the line."""
        (self.fields.held if self.fields.is_instruction else self.pieces).append(text)

    def end_line(self) -> None:
        """End the line, and put below it what stands beside it."""
        if self.fields.is_instruction:
            self.fields.held.append("\n")
        self.lines.append("".join(self.pieces))
        self.pieces.clear()
        self.goes_on = False
        self._put_beside()

    def end_row(self) -> None:
        """End the row that is open, if one is."""
        row, self.row = self.row, None
        if row is None:
            return
        if self.tables:
            self.tables[-1] = row.tops
        if not row.is_deleted and row.cells:
            # A table of one column divides a page; its cells are read as what is around them.
            is_alone = len(row.cells) == 1
            self.lines.extend(
                row.cells[0] if is_alone else ["\t".join(map(in_one_line, row.cells))]
            )
        self._put_beside()

    def end(self) -> list[str]:
        """End all that is open, and give the lines."""
        self.end_row()
        if self.pieces:
            self.end_line()
        self._put_beside()
        if not self.is_cell and self.fields.is_instruction:  # a field that never ends
            self.lines.extend("".join(self.fields.held).split("\n"))
        return self.lines

    def _put_beside(self) -> None:
        if not self.is_cell:  # where it goes below the whole row
            self.lines.extend(self.beside)
            self.beside.clear()


def in_one_line(lines: list[str]) -> str:
    """Give lines as one, white space as single blanks."""
    return " ".join(" ".join(lines).split())


def seen(lines: list[str]) -> list[str]:
    """Give the lines that are not blank."""
    return [line for line in lines if line.strip()]
