"""Pictures, shapes, charts and other objects in a document: their texts, and their number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from vectorlong.files.office.flow import Flow, seen
from vectorlong.files.office.names import Attributes, attribute
from vectorlong.files.office.writer import Writer

_GROUPS = ("wpg:wgp", "wpc:wpc")
_SHAPES = ("group", "image", "line", "oval", "rect", "roundrect", "shape")


class Objects:
    """Meets what is drawn or inserted.

    Parameters
    ----------
    writer
        Takes the text.
    read_drawing
        Gives the lines of a chart or diagram by its id; None where there is none.
    """

    def __init__(self, writer: Writer, read_drawing: Callable[[str], list[str] | None]) -> None:
        self._writer = writer
        self._read_drawing = read_drawing
        self._alternatives: list[int] = []  # how many things there were before each that is open
        self._n_objects = 0  # that are open
        self._n_groups = 0  # of shapes, that are open

    def starts(self) -> Mapping[str, Callable[[Attributes], None]]:
        """Give what is to be done where an element begins."""
        return {
            "mc:AlternateContent": self._start_alternatives,
            **dict.fromkeys(["mc:Choice", "mc:Fallback"], self._start_alternative),
            **dict.fromkeys(["w:txbxContent", "a:p"], self._start_box),
            "wp:docPr": self._describe,
            **dict.fromkeys(_GROUPS, self._start_group),
            **dict.fromkeys(["pic:cNvPr", "wps:cNvPr", "wpg:cNvPr"], self._describe_grouped),
            **dict.fromkeys(["w:tblCaption", "w:tblDescription"], self._describe_table),
            **{f"v:{name}": self._start_shape for name in _SHAPES},
            "v:textpath": self._start_art,
            **dict.fromkeys(["pic:pic", "v:imagedata"], self.count_picture),
            "w:object": self.start_object,
            **dict.fromkeys(
                ["w:altChunk", "w:subDoc"], partial(self._writer.count, "inserted document")
            ),
            **dict.fromkeys(["c:chart", "cx:chart"], partial(self._draw, "r:id")),
            "dgm:relIds": partial(self._draw, "r:dm"),
        }

    def ends(self) -> Mapping[str, Callable[[], None]]:
        """Give what is to be done where an element ends."""
        return {
            "mc:AlternateContent": self._end_alternatives,
            **dict.fromkeys(_GROUPS, self._end_group),
            **dict.fromkeys(["w:txbxContent", "a:p"], self._end_box),
            "w:object": self.end_object,
        }

    def _start_alternatives(self, _: Attributes) -> None:
        self._alternatives.append(self._writer.n_things)

    def _start_alternative(self, attributes: Attributes) -> None:
        """Read the first that holds anything."""
        if self._alternatives and self._writer.n_things > self._alternatives[-1]:
            self._writer.skip(attributes)

    def _end_alternatives(self) -> None:
        self._alternatives.pop()

    def _start_box(self, _: Attributes) -> None:
        self._writer.open_flow(Flow(self._writer.flow))

    def _end_box(self) -> None:
        lines = seen(self._writer.close_flow().end())
        self._writer.flow.beside.extend(lines)

    def _describe(self, attributes: Attributes) -> None:
        self._writer.put_beside(_described([attributes.get("title"), attributes.get("descr")]))

    def _start_group(self, _: Attributes) -> None:
        self._n_groups += 1

    def _end_group(self) -> None:
        self._n_groups -= 1

    def _describe_grouped(self, attributes: Attributes) -> None:
        if self._n_groups:  # else it repeats what wp:docPr says, or is the name of a file
            self._describe(attributes)

    def _describe_table(self, attributes: Attributes) -> None:
        self._writer.flow.lines.extend(_described([attribute(attributes, "w:val")]))

    def _start_shape(self, attributes: Attributes) -> None:
        self._writer.put_beside(_described([attributes.get("alt")]))

    def _start_art(self, attributes: Attributes) -> None:
        self._writer.put_beside(_described([attributes.get("string")]))

    def count_picture(self, attributes: Attributes) -> None:
        """Count a picture, unless it stands for an object."""
        if not self._n_objects:  # whose picture it would be
            self._writer.count("picture", attributes)

    def start_object(self, attributes: Attributes) -> None:
        """Count an object of another program."""
        self._writer.count("embedded object", attributes)
        self._n_objects += 1

    def end_object(self) -> None:
        """Leave it."""
        self._n_objects -= 1

    def _draw(self, name: str, attributes: Attributes) -> None:
        lines = self._read_drawing(attribute(attributes, name) or "")
        if lines is None:
            self._writer.count("missing part", attributes)
        else:
            self._writer.put_beside(lines)


def _described(texts: list[str | None]) -> list[str]:
    """Give what is said of an object, each on a line."""
    lines = dict.fromkeys(" ".join((text or "").split()) for text in texts)
    return seen(list(lines))
