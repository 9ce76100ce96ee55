"""What is done where an element begins and where it ends, by its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from vectorlong.files.office.names import Attributes, by_full_name
from vectorlong.files.office.writer import Writer

_SOFT_HYPHEN = "\N{SOFT HYPHEN}"

Starts = Mapping[str, Callable[[Attributes], None]]
Ends = Mapping[str, Callable[[], None]]


class Elements:
    """Meets the elements of a part; `start`, `end` and `text` are its parser's handlers.

    Parameters
    ----------
    writer
        Takes the text, and says which elements are passed over.
    starts, ends
        What is to be done, by names such as ``"w:t"``.
    """

    def __init__(self, writer: Writer, starts: Starts, ends: Ends) -> None:
        self._writer = writer
        self._starts, self._ends = by_full_name(starts), by_full_name(ends)

    def start(self, name: str, attributes: Attributes) -> None:
        """Meet an element."""
        if self._writer.n_skipped:
            self._writer.n_skipped += 1
            return
        action = self._starts.get(name)
        if action is not None:
            action(attributes)

    def end(self, name: str) -> None:
        """Leave it."""
        if self._writer.n_skipped:
            self._writer.n_skipped -= 1
            return
        action = self._ends.get(name)
        if action is not None:
            action()

    def text(self, text: str) -> None:
        """Meet characters."""
        if self._writer.takes is not None and not self._writer.n_skipped:
            self._writer.takes(text.replace(_SOFT_HYPHEN, ""))

    @property
    def unread(self) -> Counter[str]:
        """How many pictures and so on it holds."""
        return self._writer.unread
