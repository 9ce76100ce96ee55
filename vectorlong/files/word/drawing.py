"""The words of a chart or diagram in a Word document: titles, names, labels; no numbers."""

from __future__ import annotations

from vectorlong.files.limits import Limits
from vectorlong.files.word.names import Attributes, by_full_name

# Each is a line: a paragraph of a text, a name that a chart keeps; "cx" are charts since 2016.
_LINES = by_full_name(dict.fromkeys(["a:p", "c:v", "cx:pt", "cx:v"], True))
_TEXTS = by_full_name(dict.fromkeys(["a:t", "c:v", "cx:pt", "cx:v"], True))
_SKIPPED = by_full_name(dict.fromkeys(["c:numCache", "c:numLit", "cx:numDim"], True))


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
