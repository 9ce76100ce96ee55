"""Where the text of a document is written while its signs are met."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from vectorlong.files.limits import Limits
from vectorlong.files.rich_text.flow import Flow
from vectorlong.files.rich_text.fonts import Fonts
from vectorlong.files.unreadable import UnreadableError

# Notes in text boxes in notes, tables in tables: each goes through the text within it once more.
_MAX_FLOWS = 64
MAX_TABLES = 16
_MAX_GROUPS = 1_000_000


class Sink(Protocol):
    """Takes text that is none of the document's own: a name, an instruction."""

    def append(self, text: str, /) -> None:
        """Take some."""


NOWHERE: Sink = deque[str](maxlen=0)


class State(NamedTuple):
    """What a group may change, and has again when the groups within it end.

    Attributes
    ----------
    sink
        Takes the text; None where it is the document's own.
    font
        Its number; None for the document's usual one.
    n_fallbacks
        How many characters follow one of Unicode for those who know no Unicode.
    depth
        In how many tables, one within the other, the paragraph is.
    goes_on
        Whether the next paragraph goes on with the line.
    has_versions
        Whether the groups within are versions of one text.
    """

    sink: Sink | None = None
    font: int | None = None
    n_fallbacks: int = 1
    is_hidden: bool = False
    is_deleted: bool = False
    depth: int = 0
    goes_on: bool = False
    has_versions: bool = False
    is_in_object: bool = False


class Writer:
    """Writes lines, and keeps to the limits.

    Parameters
    ----------
    limits
        How long a text may be.
    fonts
        Decode bytes.

    Attributes
    ----------
    flow
        What is written now.
    state
        Of the present group.
    unread
        How many pictures and so on were met.
    n_written
        How many pieces of text.
    n_to_skip
        How many characters are still to be passed over, which follow one of Unicode.
    is_skipping
        Whether the rest of the present group is passed over.
    """

    def __init__(self, limits: Limits, fonts: Fonts) -> None:
        self.flow = Flow()
        self.state = State()
        self.fonts = fonts
        self.unread: Counter[str] = Counter()
        self.n_written = 0
        self.n_to_skip = 0
        self.is_skipping = False
        self._limits = limits
        self._n_characters = 0
        self._n_flows = 0
        self._is_hiding = False
        self._bytes = bytearray()  # of the text that is met, or else
        self._units: list[str] = []  # its characters, halves of some apart
        # Of the groups around the present one, in two lists: a file may open a million.
        self._states: list[State] = []
        self._actions: list[Callable[[], None] | None] = []
        self._at_end: Callable[[], None] | None = None

    @property
    def n_groups(self) -> int:
        """How many groups are open."""
        return len(self._states)

    def begin_group(self) -> None:
        """Begin a group within the present one."""
        self.flush()
        if len(self._states) >= _MAX_GROUPS:
            raise UnreadableError("is nested too deep")
        self._states.append(self.state)
        self._actions.append(self._at_end)
        self._at_end = None

    def end_group(self) -> None:
        """Go back to the group that it stands in."""
        self.flush()
        if self._at_end is not None:
            self._at_end()
        self.state, self._at_end = self._states.pop(), self._actions.pop()

    def at_end(self, action: Callable[[], None]) -> None:
        """Have something done at the end of the present group."""
        self._at_end = action

    def collect(self, sink: Sink | None) -> None:
        """Have the text of the present group elsewhere; None: have it be the document's."""
        self.state = self.state._replace(sink=sink)

    def skip(self) -> None:
        """Pass over the rest of the present group."""
        self.is_skipping = True

    def add_bytes(self, content: bytes) -> None:
        """Go on with the text by bytes; what they mean is known when all of them are there."""
        if self._units:
            self.flush()
        if self.state.sink is not NOWHERE:
            self._bytes += content

    def add_units(self, units: str) -> None:
        """Go on with the text by characters of Unicode, or halves of them."""
        if self._bytes:
            self.flush()
        self._units.append(units)

    def flush(self) -> None:
        """Write what was added."""
        if self._bytes:
            content = bytes(self._bytes)
            self._bytes.clear()
            is_shown = self.state.sink is None and not self.state.is_deleted
            self._write(self.fonts.decode(content, self.state.font, is_shown))
        elif self._units:
            units = "".join(self._units).encode("utf-16-le", "surrogatepass")
            self._units.clear()
            self._write(self.fonts.sign(units.decode("utf-16-le", "replace"), self.state.font))

    def write(self, text: str) -> None:
        """Go on with the text by a sign."""
        self.flush()
        self._write(text)

    def _write(self, text: str) -> None:
        state = self.state
        if state.sink is not None:
            state.sink.append(text)
        elif not state.is_deleted:
            self.count_characters(len(text))
            if state.is_hidden:
                if not self._is_hiding and text.strip():
                    self._is_hiding = True
                    self.unread["piece of hidden text"] += 1
            else:
                self._is_hiding = False
                self.n_written += 1
                self.flow.pieces.append(text)

    def end_line(self) -> None:
        """End a paragraph."""
        self.flush()
        self._is_hiding = False
        if self.state.sink is not None:
            self.state.sink.append("\n")
        elif not self.state.goes_on and not self.state.is_deleted:
            self.count_characters(1)
            self.flow.end_line(self.state.depth)

    def put_beside(self, lines: list[str]) -> None:
        """Have lines follow the one that is written."""
        self.count_characters(sum(map(len, lines)))
        self.n_written += len(lines)
        self.flow.beside.extend(lines)

    def count_characters(self, n_characters: int) -> None:
        """Refuse a text that is too long."""
        self._n_characters += n_characters
        self._limits.check_characters(self._n_characters)

    def open_flow(self, put: Callable[[list[str]], None]) -> None:
        """Write in what stands within the present text; its lines are put somewhere in the end."""
        self._n_flows += 1
        if self._n_flows > _MAX_FLOWS:
            raise UnreadableError("is nested too deep")
        self.flow = Flow(self.flow)
        self.state = self.state._replace(sink=None, is_hidden=False, depth=0, goes_on=False)

        def close() -> None:
            flow = self.flow
            assert flow.outer is not None
            self.flow = flow.outer
            self._n_flows -= 1
            put(flow.end())

        self.at_end(close)
