"""Formulas in MathML on one line: a fraction as ``a/b``, powers as ``x^2``."""

from __future__ import annotations

from dataclasses import dataclass

from vectorlong.files.formulas import do_words_meet
from vectorlong.files.opendocument.names import MATHML, Attributes
from vectorlong.files.opendocument.writer import Writer
from vectorlong.files.records import is_blank

_TOKENS = frozenset({"mi", "mn", "mo", "mtext", "ms"})
_UNSEEN = frozenset({"annotation", "annotation-xml", "mphantom"})
# What stands before each part of these but the first.
_BETWEEN = {
    "mfrac": ("/",),
    **dict.fromkeys(["msup", "mover"], ("^",)),
    **dict.fromkeys(["msub", "munder"], ("_",)),
    **dict.fromkeys(["msubsup", "munderover"], ("_", "^")),
}
_ROOTS = ("msqrt", "mroot")
_ROWS = ("mtr", "mtd")


@dataclass
class _Structure:
    name: str
    n_parts: int = 0


class Formulas:
    """Meets the elements of formulas.

    Parameters
    ----------
    writer
        Counts the characters, and takes those of each token.

    Attributes
    ----------
    text
        The last formula that ended, if there was one.
    """

    def __init__(self, writer: Writer) -> None:
        self.text = ""
        self._writer = writer
        self._open: list[_Structure] = []
        self._pieces: list[str] = []
        self._before = ""

    def start(self, name: str, attributes: Attributes) -> None:
        """Meet an element of MathML, named in full."""
        name = name.removeprefix(MATHML)
        if name in _UNSEEN:
            self._writer.skip(attributes)
            return
        if self._open:
            outer = self._open[-1]
            outer.n_parts += 1
            between = _BETWEEN.get(outer.name, ())
            if 2 <= outer.n_parts <= len(between) + 1:
                self._before = between[outer.n_parts - 2]
        self._open.append(_Structure(name))
        if name in _TOKENS:
            self._writer.capture(attributes)
        elif name in _ROOTS:
            self._add("√")
        elif name in _ROWS and self._pieces and self._pieces[-1] != " ":
            self._pieces.append(" ")

    def end(self, name: str) -> bool:
        """Leave it; whether the formula is whole."""
        name = name.removeprefix(MATHML)
        if name in _TOKENS and self._writer.captured is not None:
            self._add(self._writer.end_capture())
        if self._open:
            self._open.pop()
        if self._open and self._open[-1].name in _BETWEEN:
            self._before = ""  # of a part without letters
        if self._open:
            return False
        self.text = " ".join("".join(self._pieces).split())
        self._pieces.clear()
        self._before = ""
        return True

    def _add(self, token: str) -> None:
        if is_blank(token):
            return
        if not self._before and self._pieces and do_words_meet(self._pieces[-1], token):
            self._pieces.append(" ")
        self._pieces.append(self._before + token)
        self._before = ""
