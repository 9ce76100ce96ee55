"""The text of one slide, of its notes, or of the master it is made on.

A paragraph is a line, and so is a row of a table; alternative texts, charts and diagrams follow the
shapes before them. Elements are met one by one as they begin and end; no tree is built.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from vectorlong.files.limits import Limits
from vectorlong.files.office.elements import Elements
from vectorlong.files.office.equations import Equations
from vectorlong.files.office.flow import Flow, Row, seen
from vectorlong.files.office.names import Attributes
from vectorlong.files.office.objects import Objects
from vectorlong.files.office.writer import Writer

_SHAPES = ("p:sp", "p:pic", "p:graphicFrame", "p:grpSp", "p:cxnSp")
_CONTENTS = ("p:txBody", "a:graphic")
# What only says what is drawn: the number of the slide, and a picture of it.
NUMBERS = frozenset({"sldNum", "sldImg"})


@dataclass(frozen=True)
class _Shape:
    """A shape that is open, and what is passed over of it."""

    is_hidden: bool = False
    is_left_out: bool = False


class SlideText(Elements):
    """Reads one part; `start`, `end` and `text` are its parser's handlers.

    Parameters
    ----------
    limits
        How long a text may be.
    read_drawing
        Gives the lines of a chart or diagram by its id; None where there is none.
    without
        Kinds of placeholders that are passed over; None for all of them, as on masters, where they
        hold prompts.
    """

    def __init__(
        self,
        limits: Limits,
        read_drawing: Callable[[str], list[str] | None],
        without: Collection[str] | None = NUMBERS,
    ) -> None:
        writer = Writer(limits)
        self._without = without
        self._shapes: list[_Shape] = []
        self._objects = objects = Objects(writer, read_drawing)
        equations = Equations(writer)
        super().__init__(
            writer,
            {
                **objects.starts(),
                **equations.starts(),
                **dict.fromkeys(_SHAPES, self._start_shape),
                "p:cNvPr": self._describe,
                "p:ph": self._meet_placeholder,
                **dict.fromkeys(_CONTENTS, self._start_content),
                "p:blipFill": self._meet_picture,
                "p:oleObj": objects.start_object,
                "a:p": self._start_paragraph,
                "a:t": self._start_text,
                "a:br": self._break_line,
                "a:fld": self._start_field,
                "a:tbl": self._start_table,
                "a:tr": self._start_row,
                "a:tc": self._start_cell,
            },
            {
                **objects.ends(),
                **equations.ends(),
                **dict.fromkeys(_SHAPES, self._end_shape),
                "p:oleObj": objects.end_object,
                "a:p": self._end_paragraph,
                "a:t": self._end_text,
                "a:tbl": self._end_table,
                "a:tr": self._end_row,
                "a:tc": self._end_cell,
            },
        )

    def lines(self) -> list[str]:
        """Give the text, once the part has been read."""
        return seen(self._writer.flow.end())

    # --- shapes ----------------------------------------------------------------------------------

    def _start_shape(self, _: Attributes) -> None:
        outer = self._shapes[-1] if self._shapes else _Shape()
        self._shapes.append(outer)

    def _end_shape(self) -> None:
        self._shapes.pop()
        if self._writer.flow.beside:
            self._writer.flow.end_line()

    def _set_shape(self, shape: _Shape) -> None:
        if self._shapes:
            self._shapes[-1] = shape

    @property
    def _shape(self) -> _Shape:
        return self._shapes[-1] if self._shapes else _Shape()

    def _describe(self, attributes: Attributes) -> None:
        """Read what a shape is called for those who do not see it."""
        if self._shape.is_hidden:
            return
        if attributes.get("hidden") in ("1", "true"):
            self._set_shape(replace(self._shape, is_hidden=True))
            self._writer.count("hidden object", attributes)
            return
        texts = (attributes.get("title"), attributes.get("descr"))
        self._writer.put_beside(seen([" ".join((text or "").split()) for text in texts]))

    def _meet_placeholder(self, attributes: Attributes) -> None:
        if self._without is None or attributes.get("type") in self._without:
            self._set_shape(replace(self._shape, is_left_out=True))

    def _start_content(self, attributes: Attributes) -> None:
        if self._shape.is_hidden or self._shape.is_left_out:
            self._writer.skip(attributes)

    def _meet_picture(self, attributes: Attributes) -> None:
        if not self._shape.is_hidden:
            self._objects.count_picture(attributes)

    # --- text ------------------------------------------------------------------------------------

    def _start_paragraph(self, _: Attributes) -> None:
        if self._writer.flow.pieces:
            self._writer.flow.end_line()

    def _end_paragraph(self) -> None:
        self._writer.count_characters(1)
        self._writer.flow.end_line()

    def _start_text(self, _: Attributes) -> None:
        self._writer.takes = self._writer.write

    def _end_text(self) -> None:
        self._writer.takes = None

    def _break_line(self, _: Attributes) -> None:
        self._writer.write("\n")

    def _start_field(self, attributes: Attributes) -> None:
        if attributes.get("type") == "slidenum":
            self._writer.skip(attributes)

    # --- tables ----------------------------------------------------------------------------------

    def _start_table(self, _: Attributes) -> None:
        self._writer.flow.tables.append({})

    def _end_table(self) -> None:
        self._writer.flow.tables.pop()

    def _start_row(self, _: Attributes) -> None:
        self._writer.flow.row = Row()

    def _end_row(self) -> None:
        self._writer.flow.end_row()

    def _start_cell(self, _: Attributes) -> None:
        self._writer.open_flow(Flow(self._writer.flow, is_cell=True))

    def _end_cell(self) -> None:
        cell = self._writer.close_flow()
        row = self._writer.flow.row
        self._writer.flow.beside.extend(cell.beside)
        self._writer.count_characters(1)
        if row is not None:
            row.cells.append(cell.end())
