"""Frames, shapes, objects and controls of OpenDocument: their texts, and what of them is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from vectorlong.files.opendocument.names import XML_ID, Attributes, attribute
from vectorlong.files.opendocument.writer import Writer

_SHAPES = (
    *("draw:frame", "draw:custom-shape", "draw:rect", "draw:ellipse", "draw:circle", "draw:line"),
    *("draw:polyline", "draw:polygon", "draw:regular-polygon", "draw:path", "draw:connector"),
    *("draw:caption", "draw:measure", "draw:control", "draw:page-thumbnail"),
)
_DESCRIPTIONS = ("svg:title", "svg:desc")
_FOREIGN = ("draw:object-ole", "draw:plugin", "draw:applet", "draw:floating-frame")
_FIELDS = (
    *("form:text", "form:textarea", "form:formatted-text", "form:number", "form:date", "form:time"),
    *("form:combobox", "form:file"),
)
# Their values are not shown.
_LABELLED = (
    *("form:button", "form:checkbox", "form:radio", "form:fixed-text", "form:frame"),
    *("form:listbox", "form:image-frame", "form:generic-control", "form:value-range"),
)
_CHOICES = ("form:option", "form:item")
# Numbers of pages, and prompts.
_UNSEEN_CLASSES = ("page-number", "page")


@dataclass
class _Shape:
    """A shape that is open.

    Attributes
    ----------
    is_in_line
        Whether it stands in a line like a letter.
    has_picture
        Whether there is a picture, which may stand for the rest.
    has_more
        Whether there is more than that.
    formula
        What it holds if it is one.
    """

    is_in_line: bool
    has_picture: bool = False
    has_more: bool = False
    formula: str = ""


@dataclass(frozen=True)
class Embedded:
    """What another document holds: its lines, and whether they are a formula."""

    lines: list[str]
    is_formula: bool


class Shapes:
    """Meets what is drawn or embedded.

    Parameters
    ----------
    writer
        Takes the text.
    read_object
        Reads an embedded document by its address; None where there is none.

    Attributes
    ----------
    holds_prompts
        Whether the text of all placeholders says what to write there, as on masters.
    """

    def __init__(self, writer: Writer, read_object: Callable[[str], Embedded | None]) -> None:
        self.holds_prompts = False
        self._writer = writer
        self._read_object = read_object
        self._shapes: list[_Shape] = []
        self._controls: dict[str, list[str]] = {}  # by id
        self._control: list[str] = []  # lines of the one that was met last
        self._grid: list[str] = []  # and of the table of controls

    def starts(self) -> Mapping[str, Callable[[Attributes], None]]:
        """Give what is to be done where an element begins."""
        return {
            **dict.fromkeys(_SHAPES, self._start_shape),
            **dict.fromkeys(_DESCRIPTIONS, self._writer.capture),
            "draw:text-box": self.meet_content,
            "draw:image": self._meet_picture,
            "draw:object": self._meet_object,
            **dict.fromkeys(_FOREIGN, self._meet_foreign),
            **{f"draw:area-{kind}": self._name_area for kind in ("rectangle", "circle", "polygon")},
            "office:forms": self._start_forms,
            **dict.fromkeys(_FIELDS, partial(self._start_control, True)),
            **dict.fromkeys(_LABELLED, partial(self._start_control, False)),
            **dict.fromkeys(_CHOICES, self._add_choice),
            "form:grid": self._start_grid,
            "form:column": self._add_column,
        }

    def ends(self) -> Mapping[str, Callable[[], None]]:
        """Give what is to be done where an element ends."""
        return {
            **dict.fromkeys(_SHAPES, self._end_shape),
            **dict.fromkeys(_DESCRIPTIONS, self._end_description),
            "office:forms": self._end_forms,
        }

    def put_formula(self, text: str) -> None:
        """Take a formula that stands within a shape itself."""
        if self._shapes:
            self._shapes[-1].formula = text
        else:
            self._writer.put(text)

    # --- shapes ----------------------------------------------------------------------------------

    def _start_shape(self, attributes: Attributes) -> None:
        kind = attribute(attributes, "presentation:class")
        is_prompt = attribute(attributes, "presentation:placeholder") == "true"
        if is_prompt or kind in _UNSEEN_CLASSES or (kind and self.holds_prompts):
            self._writer.skip(attributes)
            return
        is_in_line = attribute(attributes, "text:anchor-type") == "as-char"
        self._writer.open_flow()
        self._shapes.append(_Shape(is_in_line))
        control = attribute(attributes, "draw:control")
        if control:
            self._writer.put(*self._controls.get(control, []))

    def _end_shape(self) -> None:
        lines = self._writer.close_flow().end()
        shape = self._shapes.pop()
        if shape.has_picture and not shape.has_more:  # else it is a picture of the rest
            self._writer.count("picture")
        if shape.formula and shape.is_in_line and self._writer.flow.n_paragraphs:
            self._writer.write(shape.formula)
        elif shape.formula:
            self._writer.put(shape.formula)
        self._writer.put(*lines)

    def meet_content(self, _: Attributes) -> None:
        """Meet what a picture in the same frame stands for."""
        if self._shapes:
            self._shapes[-1].has_more = True

    def _meet_picture(self, _: Attributes) -> None:
        if self._shapes:
            self._shapes[-1].has_picture = True
        else:
            self._writer.count("picture")

    def _meet_foreign(self, attributes: Attributes) -> None:
        self.meet_content(attributes)
        self._writer.count("embedded object")

    def _meet_object(self, attributes: Attributes) -> None:
        self.meet_content(attributes)
        address = attribute(attributes, "xlink:href")
        if not address:  # it stands here
            return
        embedded = self._read_object(address)
        if embedded is None:
            self._writer.count("missing part")
        elif embedded.is_formula:
            self.put_formula(" ".join(embedded.lines))
        else:
            self._writer.put(*embedded.lines)

    def _name_area(self, attributes: Attributes) -> None:
        self._writer.put(attribute(attributes, "office:name"))

    def _end_description(self) -> None:
        self._writer.put(self._writer.end_capture())

    # --- controls --------------------------------------------------------------------------------

    def _start_forms(self, _: Attributes) -> None:
        self._writer.open_flow()

    def _end_forms(self) -> None:
        self._writer.close_flow()

    def _start_control(self, has_value: bool, attributes: Attributes) -> None:
        """Keep what a control shows for where it is drawn."""
        texts = [attribute(attributes, "form:label")]
        if has_value:
            texts.append(
                attribute(attributes, "form:current-value") or attribute(attributes, "form:value")
            )
        self._control = [" ".join(text.split()) for text in texts]
        self._controls[_id_of(attributes)] = self._control

    def _add_choice(self, attributes: Attributes) -> None:
        self._control.append(" ".join(attribute(attributes, "form:label").split()))

    def _start_grid(self, attributes: Attributes) -> None:
        self._controls[_id_of(attributes)] = self._grid = []

    def _add_column(self, attributes: Attributes) -> None:
        self._grid.append(" ".join(attribute(attributes, "form:label").split()))


def _id_of(attributes: Attributes) -> str:
    return attribute(attributes, "form:id") or attributes.get(XML_ID, "")
