"""Where the text of an OpenDocument file is written while its elements are met."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from vectorlong.files.limits import Limits
from vectorlong.files.opendocument.names import Attributes
from vectorlong.files.unreadable import UnreadableError

# Each level of tables in tables may go through all the text below it once more.
_MAX_DEPTH = 64
# Cells and rows that say to be there many times are written so often; spreadsheets fill what is
# empty of a million rows like this.
_MAX_REPEATED = 100
_WHITE_SPACE = re.compile(r"[ \t\r\n]+")
_SOFT_HYPHEN = "\N{SOFT HYPHEN}"


@dataclass
class Table:
    """A table that is open.

    Attributes
    ----------
    row
        Lines of each cell of its row, and how often it is there; None between rows.
    column
        The next cell's.
    n_repeated
        How often the row is there.
    tops
        By column, cells that go on in rows below, and in how many.
    """

    row: list[tuple[list[str], int]] | None = None
    column: int = 0
    n_repeated: int = 1
    tops: dict[int, tuple[int, list[str]]] = field(default_factory=dict)


@dataclass
class Flow:
    """Paragraphs and tables, one below the other: of a body, a cell, a box, a note.

    Attributes
    ----------
    outer
        What it stands in.
    pieces
        What there is of the line that has been begun.
    beside
        Lines that follow it.
    n_paragraphs
        How many are open; text outside of them is none.
    is_after_space
        Whether more white space would be seen as one with that before.
    is_hidden
        Whether the paragraph is.
    rubies
        Where, among the pieces, each pronunciation that is open begins.
    author
        Of a comment.
    """

    outer: Flow | None = None
    is_cell: bool = False
    lines: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    n_paragraphs: int = 0
    is_after_space: bool = True
    is_hidden: bool = False
    rubies: list[int] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    author: str = ""

    def end(self) -> list[str]:
        """End all that is open, and give the lines."""
        if self.pieces:
            self.end_line()
        self.put_beside()
        return self.lines

    def end_line(self) -> None:
        """End the line, and put below it what stands beside it."""
        if self.is_hidden:
            self.beside.clear()
        else:
            self.lines.append("".join(self.pieces).rstrip(" "))
        self.pieces.clear()
        self.rubies.clear()
        self.is_after_space, self.is_hidden = True, False
        self.put_beside()

    def put_beside(self) -> None:
        """Put lines that stand beside one below it; those of a cell go below its whole row."""
        if not self.is_cell:
            self.lines.extend(self.beside)
            self.beside.clear()


class Writer:
    """Writes lines, and keeps to the limits.

    Parameters
    ----------
    limits
        How long a text may be.

    Attributes
    ----------
    flow
        What is written now.
    unread
        How many pictures and so on were met.
    n_skipped
        How many elements are open that are passed over.
    captured
        Takes the characters of an element that is no paragraph; None where none is open.
    """

    def __init__(self, limits: Limits) -> None:
        self.flow = Flow()
        self.unread: Counter[str] = Counter()
        self.n_skipped = 0
        self.captured: list[str] | None = None
        self._limits = limits
        self._depth = 0
        self._n_characters = 0

    # --- characters ------------------------------------------------------------------------------

    def take(self, text: str) -> None:
        """Meet characters; white space in paragraphs is one space, and none begins one."""
        text = text.replace(_SOFT_HYPHEN, "")
        if self.captured is not None:
            self.count_characters(len(text))
            self.captured.append(text)
        elif self.flow.n_paragraphs:
            text = _WHITE_SPACE.sub(" ", text)
            if self.flow.is_after_space:
                text = text.removeprefix(" ")
            if text:
                self.write(text)
                self.flow.is_after_space = text.endswith(" ")

    def write(self, text: str) -> None:
        """Go on with the line."""
        self.count_characters(len(text))
        self.flow.pieces.append(text)
        self.flow.is_after_space = False

    def capture(self, _: Attributes) -> None:
        """Take the characters of the element that begins as they are."""
        self.captured = []

    def end_capture(self) -> str:
        """Give them, white space as single blanks."""
        pieces, self.captured = self.captured or [], None
        return " ".join("".join(pieces).split())

    def put(self, *lines: str) -> None:
        """Have lines follow: after the paragraph that is open, or here where none is."""
        self.count_characters(sum(map(len, lines)))
        flow = self.flow
        (flow.beside if flow.n_paragraphs else flow.lines).extend(filter(str.strip, lines))

    def count_characters(self, n_characters: int) -> None:
        """Refuse a text that is too long."""
        self._n_characters += n_characters
        self._limits.check_characters(self._n_characters)

    # --- what is not read ------------------------------------------------------------------------

    def count(self, what: str) -> None:
        """Note what is not read."""
        self.unread[what] += 1

    def skip(self, _: Attributes) -> None:
        """Pass over the element that begins."""
        self.n_skipped = 1

    # --- paragraphs and what stands in them ------------------------------------------------------

    def start_paragraph(self, *, is_hidden: bool = False) -> None:
        """Begin a line."""
        if self.flow.n_paragraphs:
            self.end_line()
        self.flow.n_paragraphs += 1
        self.flow.is_hidden = is_hidden

    def end_paragraph(self) -> None:
        """End the line."""
        self.flow.n_paragraphs = max(0, self.flow.n_paragraphs - 1)
        self.end_line()

    def end_line(self) -> None:
        """End the line that is open; of a hidden one it is noted that it is not read."""
        self.count_characters(1)
        if self.flow.is_hidden and "".join(self.flow.pieces).strip():
            self.count("hidden paragraph")
        self.flow.end_line()

    def open_flow(self, *, is_cell: bool = False) -> None:
        """Write in what stands within the present flow."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise UnreadableError("is nested too deep")
        self.flow = Flow(self.flow, is_cell=is_cell)

    def close_flow(self) -> Flow:
        """Go back to what it stands in, and give it."""
        flow = self.flow
        assert flow.outer is not None
        self.flow = flow.outer
        self._depth -= 1
        return flow

    # --- tables ----------------------------------------------------------------------------------

    def end_cell(self, n_repeated: int, n_rows: int, *, is_covered: bool) -> None:
        """End a cell; one that goes on in rows below has its text in each, as in Word."""
        cell = self.close_flow()
        lines = cell.end()
        flow = self.flow
        flow.beside.extend(cell.beside)
        table = flow.tables[-1] if flow.tables else None
        if table is None or table.row is None:
            flow.lines.extend(lines)
            return
        if is_covered:
            if any(map(str.strip, lines)):
                self.count("covered cell")
            for column in range(table.column, table.column + min(n_repeated, _MAX_REPEATED)):
                self._go_on(table, column)
        else:
            self.count_characters(1)
            table.row.append((lines, min(n_repeated, _MAX_REPEATED)))
            if n_rows > 1:
                table.tops[table.column] = (n_rows - 1, lines)
        table.column += n_repeated

    def _go_on(self, table: Table, column: int) -> None:
        n_rows, lines = table.tops.pop(column, (0, []))
        if n_rows and table.row is not None:
            self.count_characters(1 + sum(map(len, lines)))
            table.row.append((lines, 1))
            table.tops[column] = (n_rows - 1, lines)

    def end_row(self) -> None:
        """End a row; one cell alone is read as the paragraphs in it."""
        flow = self.flow
        table = flow.tables[-1] if flow.tables else None
        if table is None or table.row is None:
            return
        cells, table.row = table.row, None
        while cells and cells[-1][1] > 1 and not any(map(str.strip, cells[-1][0])):
            cells.pop()
        if len(cells) == 1 and cells[0][1] == 1:
            lines = cells[0][0]
        else:
            texts = [(" ".join(" ".join(lines).split()), n) for lines, n in cells]
            self.count_characters(sum((len(text) + 1) * (n - 1) for text, n in texts))
            lines = ["\t".join(text for text, n in texts for _ in range(n))] if texts else []
        n_repeated = min(table.n_repeated, _MAX_REPEATED) if any(map(str.strip, lines)) else 1
        self.count_characters(sum(map(len, lines)) * (n_repeated - 1))
        flow.lines.extend(lines * n_repeated)
        flow.put_beside()
