"""Pictures, shapes and other objects in rich text: their texts, and their number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vectorlong.files.office.flow import seen
from vectorlong.files.rich_text.writer import NOWHERE, Sink, Writer

# Properties of shapes that are text: for those who do not see it; letters drawn as a picture.
_TEXTS = ("wzDescription", "gtextUNICODE")
_PICTURE = "pib"


@dataclass
class _Property:
    """A property of a shape that is open."""

    name: list[str] = field(default_factory=list)
    value: list[str] = field(default_factory=list)


class Objects:
    """Meets what is drawn or inserted.

    Parameters
    ----------
    writer
        Takes the text.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._properties: list[_Property] = []
        self._outside: list[Sink | None] = []  # where the text goes that an object stands in

    def destinations(self) -> Mapping[str, Callable[[], None]]:
        """Give what is to be done where a group says what it is."""
        return {
            **dict.fromkeys(["shp", "do"], self._start_shape),
            **dict.fromkeys(["shptxt", "dptxbxtext"], self._start_box),
            "sp": self._start_property,
            "sn": self._start_name,
            "sv": self._start_value,
            "pict": self._start_picture,
            "object": self._start_object,
            "result": self._start_result,
            "subdocument": self._count_document,
        }

    def _start_shape(self) -> None:
        if self._writer.state.is_deleted:
            self._writer.skip()
        else:
            self._writer.collect(NOWHERE)

    def _start_box(self) -> None:
        self._writer.open_flow(lambda lines: self._writer.put_beside(seen(lines)))

    def _start_property(self) -> None:
        self._properties.append(_Property())
        self._writer.collect(NOWHERE)
        self._writer.at_end(self._end_property)

    def _start_name(self) -> None:
        self._writer.collect(self._properties[-1].name if self._properties else NOWHERE)

    def _start_value(self) -> None:
        if not self._properties:
            self._writer.skip()
            return
        name = "".join(self._properties[-1].name).strip()
        if name in _TEXTS:
            self._writer.collect(self._properties[-1].value)
        elif name != _PICTURE:  # what it is filled with, for example
            self._writer.skip()

    def _end_property(self) -> None:
        line = " ".join("".join(self._properties.pop().value).split())
        if line and not self._writer.state.is_deleted:
            self._writer.put_beside([line])

    def _start_picture(self) -> None:
        if self._writer.state.is_deleted:
            self._writer.skip()
            return
        if not self._writer.state.is_in_object:  # whose picture it would be
            self._writer.unread["picture"] += 1
        self._writer.collect(NOWHERE)

    def _start_object(self) -> None:
        state = self._writer.state
        if state.is_deleted:
            self._writer.skip()
            return
        if not state.is_in_object:
            self._writer.unread["embedded object"] += 1
        self._outside.append(state.sink)
        self._writer.state = state._replace(sink=NOWHERE, is_in_object=True)
        self._writer.at_end(self._end_object)

    def _end_object(self) -> None:
        self._outside.pop()

    def _start_result(self) -> None:
        if self._outside:
            self._writer.collect(self._outside[-1])

    def _count_document(self) -> None:
        self._writer.unread["inserted document"] += 1
