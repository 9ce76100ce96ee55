"""What the part of a sheet holds beside its cells: what is printed in its margins, and prompts.

The cells are passed over as fast as Expat goes: only pieces of the part in which they begin or end
are looked at element by element.
"""

from __future__ import annotations

import re

from vectorlong.files.office.names import Attributes, by_full_name
from vectorlong.files.sheets.cells import one_line

_MARGINS = tuple(
    f"x:{which}{margin}" for which in ("odd", "even", "first") for margin in ("Header", "Footer")
)
_KINDS = by_full_name(
    {
        "x:sheetData": "cells",
        **dict.fromkeys(_MARGINS, "margin"),
        **dict.fromkeys(["x:dataValidation", "x14:dataValidation"], "prompt"),
        "x:oleObject": "object",
    }
)
_END_OF_CELLS = re.compile(rb"[:/]sheetData\b")
_END_OF_CELL = b"c>"
# A cell that goes on in the next piece, unless it is longer.
_OVERLAP_BYTES = 1 << 16
# One whose result is the empty string is of the type "str".
_FORMULA_WITHOUT_RESULT = re.compile(
    rb'<(?:\w+:)?c\b(?![^<>]*\bt="str")[^<>]*><(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</[^<>]+>)\s*'
    rb"(?:<(?:\w+:)?v\s*(?:/>|></[^<>]+>))?\s*</(?:\w+:)?c>"
)
_ERROR = re.compile(rb'<(?:\w+:)?c\b[^<>]*\bt="e"')
# Fonts, colours, sizes, and what Excel puts in their place.
_CODE = re.compile(r'&(?:"[^"]*"|K[0-9A-F]{6}|K[0-9]{2}[+-][0-9]{3}|[0-9]+|.)', re.DOTALL)
_PLACE = re.compile("&[LCR]")
_PAGE_NUMBER = re.compile("&[PN]")
# "Page 1 of 2", in any language.
_MAX_WORDS_OF_NUMBER = 2


class SheetPart:
    """Reads the part; `start`, `end`, `text` and `is_told` are for its parser.

    Attributes
    ----------
    margins
        Headers and footers, each once.
    prompts
        What is shown to whoever fills in a cell, by the names of cells.
    n_formulas
        How many formulas have no result in the file.
    n_errors
        How many cells hold an error in place of a value.
    n_objects
        How many objects of other programs are embedded.
    """

    def __init__(self) -> None:
        self.margins: dict[str, None] = {}
        self.prompts: dict[str, str] = {}
        self.n_formulas = self.n_errors = 0
        self._objects: set[str] = set()
        self._margin: list[str] | None = None
        self._is_in_cells = False
        self._is_utf_8: bool | None = None
        self._rest = b""

    @property
    def n_objects(self) -> int:
        """How many objects of other programs are embedded."""
        return len(self._objects)

    def start(self, name: str, attributes: Attributes) -> None:
        """Meet an element."""
        match _KINDS.get(name):
            case "cells":
                self._is_in_cells = True
            case "margin":
                self._margin = []
            case "prompt":
                self._prompt(attributes)
            case "object":  # that there are two versions of, for old and new programs
                self._objects.add(attributes.get("shapeId", ""))

    def end(self, name: str) -> None:
        """Leave it."""
        match _KINDS.get(name):
            case "cells":
                self._is_in_cells = False
            case "margin":
                self.margins.update(dict.fromkeys(margin_lines("".join(self._margin or []))))
                self._margin = None

    def text(self, text: str) -> None:
        """Meet characters."""
        if self._margin is not None:
            self._margin.append(text)

    def is_told(self, piece: bytes) -> bool:
        """Look at a piece before it is parsed: whether it holds more than cells."""
        if self._is_utf_8 is None:
            self._is_utf_8 = b"\0" not in piece
        if not self._is_utf_8:
            return True
        piece = self._rest + piece
        cells, end, rest = piece.rpartition(_END_OF_CELL)
        cells, self._rest = cells + end, rest[-_OVERLAP_BYTES:]
        self.n_errors += len(_ERROR.findall(cells))
        self.n_formulas += len(_FORMULA_WITHOUT_RESULT.findall(cells))
        return not self._is_in_cells or _END_OF_CELLS.search(piece) is not None

    def _prompt(self, attributes: Attributes) -> None:
        texts = [one_line(attributes.get(name, "")) for name in ("promptTitle", "prompt")]
        if any(texts):
            self.prompts[attributes.get("sqref", "")] = ": ".join(filter(None, texts))


def margin_lines(text: str) -> list[str]:
    """Give what a header or footer prints to the left, in the middle and to the right.

    Page numbers are left out, with a word or two about them.

    Examples
    --------
    >>> margin_lines('&L&"Arial,Bold"&8Draft 3&CPage &P of &N&RSmith && Sons')
    ['Draft 3', 'Smith & Sons']
    """
    lines = []
    for piece in _PLACE.split(text.replace("&&", "&\0")):
        line = one_line(_CODE.sub("", piece.replace("&\0", "\0")).replace("\0", "&"))
        is_number = _PAGE_NUMBER.search(piece) and len(line.split()) <= _MAX_WORDS_OF_NUMBER
        if line and not is_number:
            lines.append(line)
    return lines
