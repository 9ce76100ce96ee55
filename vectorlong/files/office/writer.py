"""Where the text of a document is written while its elements are met."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from vectorlong.files.limits import Limits
from vectorlong.files.office.flow import Flow
from vectorlong.files.office.names import Attributes
from vectorlong.files.unreadable import UnreadableError

# Each level of tables in tables may go through all the text below it once more.
_MAX_DEPTH = 64


class Writer:
    """Writes lines, and keeps to the limits.

    Parameters
    ----------
    limits
        How long a text may be.

    Attributes
    ----------
    flow
        What is written now.
    unread
        How many pictures and so on were met.
    n_things
        How many texts, pictures and so on.
    n_skipped
        How many elements are open that are passed over.
    takes
        What takes the characters of an element of text; None where none is open.
    """

    def __init__(self, limits: Limits) -> None:
        self.flow = Flow()
        self.unread: Counter[str] = Counter()
        self.n_things = 0
        self.n_skipped = 0
        self.takes: Callable[[str], None] | None = None
        self._limits = limits
        self._depth = 0
        self._n_characters = 0

    def write(self, text: str) -> None:
        """Go on with the line, unless it is hidden."""
        self.count_characters(len(text))
        self.n_things += 1
        if not self.flow.is_hidden:
            self.flow.write(text)

    def put_beside(self, lines: list[str]) -> None:
        """Have lines follow the one that is written."""
        self.count_characters(sum(map(len, lines)))
        self.n_things += len(lines)
        self.flow.beside.extend(lines)

    def count_characters(self, n_characters: int) -> None:
        """Refuse a text that is too long."""
        self._n_characters += n_characters
        self._limits.check_characters(self._n_characters)

    def count(self, what: str, _: Attributes) -> None:
        """Note what is not read."""
        self.unread[what] += 1
        self.n_things += 1

    def skip(self, _: Attributes) -> None:
        """Pass over the element that begins."""
        self.n_skipped = 1

    def open_flow(self, flow: Flow) -> None:
        """Write in what stands within the present one."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise UnreadableError("is nested too deep")
        self.flow = flow

    def close_flow(self) -> Flow:
        """Go back to what it stands in, and give it."""
        flow = self.flow
        assert flow.outer is not None
        self.flow = flow.outer
        self._depth -= 1
        return flow
