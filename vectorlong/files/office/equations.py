"""Equations of a Word document on one line: a fraction as ``a/b``, powers as ``x^2``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from vectorlong.files.formulas import do_words_meet
from vectorlong.files.office.names import Attributes, attribute
from vectorlong.files.office.writer import Writer

# What stands before a part, unless that is empty.
_BEFORE = {"m:den": "/", "m:sup": "^", "m:sub": "_", "m:lim": "_"}
# What holds an m:e, and what stands between several.
_BETWEEN = {
    **dict.fromkeys(["m:mr", "m:eqArr", "m:func"], " "),
    **dict.fromkeys(
        [
            *["m:acc", "m:bar", "m:borderBox", "m:box", "m:groupChr", "m:limLow", "m:limUpp"],
            *["m:nary", "m:phant", "m:rad", "m:sPre", "m:sSub", "m:sSubSup", "m:sSup"],
        ],
        "",
    ),
    "m:d": "|",
}


@dataclass
class _Structure:
    name: str
    between: str
    begin: str = "("
    end: str = ")"
    sign: str = "∫"
    has_begun: bool = False
    n_elements: int = 0


class Equations:
    """Meets the elements of equations.

    Parameters
    ----------
    writer
        Takes the text.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._open: list[_Structure] = []
        self._before = ""
        self._is_edge = False  # whether a part has begun or ended since the last letters

    def starts(self) -> Mapping[str, Callable[[Attributes], None]]:
        """Give what is to be done where an element begins."""
        return {
            **{name: partial(self._start_part, sign) for name, sign in _BEFORE.items()},
            **{name: partial(self._start_structure, name) for name in _BETWEEN},
            "m:t": self._start_text,
            "m:e": self._start_element,
            "m:begChr": partial(self._set, "m:d", "begin"),
            "m:endChr": partial(self._set, "m:d", "end"),
            "m:sepChr": partial(self._set, "m:d", "between"),
            "m:chr": partial(self._set, "m:nary", "sign"),
        }

    def ends(self) -> Mapping[str, Callable[[], None]]:
        """Give what is to be done where an element ends."""
        return {
            **dict.fromkeys(_BEFORE, self._end_part),
            **dict.fromkeys(_BETWEEN, self._end_structure),
            "m:t": self._end_text,
            "m:dPr": self._end_properties,
            "m:naryPr": self._end_properties,
        }

    def _start_text(self, _: Attributes) -> None:
        self._writer.takes = self._add

    def _end_text(self) -> None:
        self._writer.takes = None

    def _add(self, text: str) -> None:
        """Write letters, and before them what was to come before the first."""
        written = (self._writer.flow.pieces or [""])[-1]
        if self._is_edge and not self._before and do_words_meet(written, text):
            self._before = " "
        self._writer.write(self._before + text)
        self._before = ""
        self._is_edge = False

    def _start_part(self, sign: str, _: Attributes) -> None:
        self._before = sign
        self._is_edge = True

    def _end_part(self) -> None:
        self._before = ""
        self._is_edge = True

    def _start_structure(self, name: str, _: Attributes) -> None:
        self._open.append(_Structure(name, _BETWEEN[name]))
        self._is_edge = True
        if name == "m:rad":
            self._before += "√"

    def _end_structure(self) -> None:
        structure = self._open.pop()
        self._is_edge = True
        if structure.has_begun and structure.name == "m:d":
            self._add(structure.end)
        elif structure.name == "m:mr":
            self._add(" ")

    def _set(self, name: str, field: str, attributes: Attributes) -> None:
        if self._open and self._open[-1].name == name:
            setattr(self._open[-1], field, attribute(attributes, "m:val") or "")

    def _end_properties(self) -> None:
        if self._open and not self._open[-1].has_begun:
            structure = self._open[-1]
            structure.has_begun = True
            self._add(structure.begin if structure.name == "m:d" else structure.sign)

    def _start_element(self, _: Attributes) -> None:
        self._is_edge = True
        if self._open:
            structure = self._open[-1]
            structure.n_elements += 1
            if structure.n_elements > 1 or structure.name == "m:func":
                self._add(structure.between)
