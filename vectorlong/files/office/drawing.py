"""The words of charts and diagrams: titles, names, labels; no numbers."""

from __future__ import annotations

from vectorlong.files.limits import Limits
from vectorlong.files.office.names import Attributes, by_full_name
from vectorlong.files.office.package import Package

# Each is a line: a paragraph of a text, a name that a chart keeps; "cx" are charts since 2016.
_LINES = by_full_name(dict.fromkeys(["a:p", "c:v", "c:name", "cx:pt", "cx:v"], True))
_TEXTS = by_full_name(dict.fromkeys(["a:t", "c:v", "c:name", "cx:pt", "cx:v"], True))
_SKIPPED = by_full_name(
    dict.fromkeys(["c:numCache", "c:numLit", "cx:numDim", "c:pivotSource"], True)
)


class DrawingText:
    """Collects them; `start`, `end` and `text` are a parser's handlers.

    Parameters
    ----------
    limits
        How long a text may be.

    Attributes
    ----------
    lines
        Each once: a chart repeats the names of its categories with every series.
    """

    def __init__(self, limits: Limits) -> None:
        self.lines: dict[str, None] = {}
        self._limits = limits
        self._pieces: list[str] = []
        self._n_characters = 0
        self._n_skipped = 0  # elements that are open and passed over
        self._is_text = False

    def start(self, name: str, _: Attributes) -> None:
        """Meet an element."""
        if self._n_skipped or name in _SKIPPED:
            self._n_skipped += 1
        self._is_text = name in _TEXTS and not self._n_skipped

    def end(self, name: str) -> None:
        """Leave it."""
        self._is_text = False
        if self._n_skipped:
            self._n_skipped -= 1
        elif name in _LINES:
            line = " ".join("".join(self._pieces).split())
            if line:
                self.lines[line] = None
            self._pieces.clear()

    def text(self, text: str) -> None:
        """Meet characters."""
        if self._is_text:
            self._n_characters += len(text)
            self._limits.check_characters(self._n_characters)
            self._pieces.append(text)


class Drawings:
    """Reads the charts and diagrams of a document, each once.

    Parameters
    ----------
    package
        The document.
    limits
        How long a text may be.
    """

    def __init__(self, package: Package, limits: Limits) -> None:
        self._package = package
        self._limits = limits
        self._read: set[str] = set()

    def lines(self, part: str | None) -> list[str] | None:
        """Give the lines of one, and of what is drawn on it; None where there is no such part."""
        if part is None or part not in self._package:
            return None
        if part in self._read:
            return []
        self._read.add(part)
        text = DrawingText(self._limits)
        self._package.parse(part, text.start, text.end, text.text)
        lines = list(text.lines)
        for relation in self._package.relations(part).values():
            if relation.kind == "chartUserShapes":
                lines.extend(self.lines(relation.part) or [])
        return lines
