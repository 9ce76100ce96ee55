"""What is drawn on a sheet: text boxes, shapes, alternative texts, and which charts are there."""

from __future__ import annotations

from dataclasses import dataclass, field

from vectorlong.files.limits import Limits
from vectorlong.files.office.drawing import DrawingText
from vectorlong.files.office.names import Attributes, attribute, by_full_name
from vectorlong.files.sheets.cells import one_line

_ANCHORS = ("xdr:twoCellAnchor", "xdr:oneCellAnchor", "xdr:absoluteAnchor")
_KINDS = by_full_name(
    {
        **dict.fromkeys(_ANCHORS, "anchor"),
        "xdr:from": "from",
        "xdr:row": "row",
        "xdr:cNvPr": "description",
        "xdr:pic": "picture",
        # For old versions of Excel, which it tells that they cannot show what there is.
        "mc:Fallback": "skipped",
        **dict.fromkeys(["c:chart", "cx:chart"], "chart"),
        "dgm:relIds": "diagram",
    }
)


@dataclass
class Piece:
    """What is anchored in one place of a sheet.

    Attributes
    ----------
    row
        Of the cell that it is anchored in; None where it is in none.
    lines
        Its texts.
    drawings
        Ids of the charts and diagrams in it.
    """

    row: int | None = None
    lines: list[str] = field(default_factory=list)
    drawings: list[str] = field(default_factory=list)


class SheetDrawing:
    """Reads the part; `start`, `end` and `text` are its parser's handlers.

    Parameters
    ----------
    limits
        How long a text may be.

    Attributes
    ----------
    pieces
        What there is, in order.
    n_pictures
        How many pictures there are.
    """

    def __init__(self, limits: Limits) -> None:
        self.pieces: list[Piece] = []
        self.n_pictures = 0
        self._limits = limits
        self._piece = Piece()
        self._drawn = DrawingText(limits)
        self._n_skipped = 0  # elements that are open and passed over
        self._is_from = self._is_row = False
        self._row = ""

    def start(self, name: str, attributes: Attributes) -> None:
        """Meet an element."""
        kind = _KINDS.get(name)
        if self._n_skipped or kind == "skipped":
            self._n_skipped += 1
            return
        match kind:
            case "anchor":
                self._piece, self._drawn = Piece(), DrawingText(self._limits)
                self.pieces.append(self._piece)
            case "from":
                self._is_from, self._row = True, ""
            case "row":
                self._is_row = self._is_from
            case "description":
                texts = (attributes.get("title", ""), attributes.get("descr", ""))
                lines = dict.fromkeys(one_line(text) for text in texts)
                self._piece.lines.extend(line for line in lines if line)
            case "picture":
                self.n_pictures += 1
            case "chart":
                self._piece.drawings.append(attribute(attributes, "r:id") or "")
            case "diagram":
                self._piece.drawings.append(attribute(attributes, "r:dm") or "")
        self._drawn.start(name, attributes)

    def end(self, name: str) -> None:
        """Leave it."""
        if self._n_skipped:
            self._n_skipped -= 1
            return
        self._drawn.end(name)
        match _KINDS.get(name):
            case "anchor":
                self._piece.lines.extend(self._drawn.lines)
            case "from":
                self._is_from = False
                row = self._row.strip()
                if row.isdecimal() and len(row) < 10:
                    self._piece.row = int(row) + 1
            case "row":
                self._is_row = False

    def text(self, text: str) -> None:
        """Meet characters."""
        if self._n_skipped:
            return
        if self._is_row:
            self._row += text
        self._drawn.text(text)
