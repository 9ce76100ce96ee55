"""Equations of rich text, whose elements are those of Word documents by other names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from vectorlong.files.limits import Limits
from vectorlong.files.office import equations
from vectorlong.files.office.names import Attributes, full_names
from vectorlong.files.office.writer import Writer as WordWriter
from vectorlong.files.rich_text.writer import NOWHERE, Sink, Writer

_VALUE = full_names("m:val")[0]
# Properties whose value is a sign that is shown.
_SIGNS = ("begChr", "endChr", "sepChr", "chr")
_PROPERTIES = ("ctrlPr", "rPr", "fPr", "accPr", "barPr", "boxPr", "borderBoxPr", "eqArrPr", "mPr")


class Equations:
    """Meets equations and their elements.

    Parameters
    ----------
    writer
        Takes the text.
    limits
        How long a text may be.
    """

    def __init__(self, writer: Writer, limits: Limits) -> None:
        self._writer = writer
        self._written = WordWriter(limits)
        elements = equations.Equations(self._written)
        self._starts, self._ends = elements.starts(), elements.ends()
        self._is_open = False

    def append(self, text: str) -> None:
        """Go on with the letters of an equation."""
        self._starts["m:t"]({})
        if self._written.takes is not None:
            self._written.takes(text)
        self._ends["m:t"]()

    def destinations(self) -> Mapping[str, Callable[[], None]]:
        """Give what is to be done where a group says what it is."""
        signs = [f"m:{sign}" for sign in _SIGNS]
        names = {*self._starts, *self._ends} - {"m:t", *signs}
        return {
            "mmath": self._start_math,
            "moMath": self._start_equation,
            "mr": self._start_run,
            **{_word(name): partial(self._start_element, name) for name in names},
            **{_word(name): partial(self._start_sign, name) for name in signs},
            **dict.fromkeys([f"m{name}" for name in _PROPERTIES], self._writer.skip),
        }

    def _start_math(self) -> None:
        """Begin what has an equation and a picture of it, which is another version."""

    def _start_equation(self) -> None:
        if self._is_open:  # part of another
            return
        outer, self._is_open = self._writer.state.sink, True
        self._ends["m:sup"]()  # whatever was left open by the last one
        self._writer.collect(NOWHERE)
        self._writer.at_end(partial(self._end_equation, outer))

    def _end_equation(self, outer: Sink | None) -> None:
        self._is_open = False
        pieces = self._written.flow.pieces
        self._writer.collect(outer)
        self._writer.write("".join(pieces))
        pieces.clear()

    def _start_run(self) -> None:
        if self._is_open:
            self._writer.collect(self)

    def _start_element(self, name: str) -> None:
        if self._is_open:
            self._writer.collect(NOWHERE)
            self._starts.get(name, _do_nothing)({})
            if (end := self._ends.get(name)) is not None:
                self._writer.at_end(end)

    def _start_sign(self, name: str) -> None:
        value: list[str] = []
        self._writer.collect(value)
        self._writer.at_end(lambda: self._starts[name]({_VALUE: "".join(value).strip()}))


def _word(name: str) -> str:
    return name.replace(":", "")


def _do_nothing(_: Attributes) -> None:
    """Meet an element that only has an end."""
