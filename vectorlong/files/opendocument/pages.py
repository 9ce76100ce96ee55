"""Pages of presentations and drawings, and what stands on every page of a document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from vectorlong.files.opendocument.names import Attributes, attribute
from vectorlong.files.opendocument.shapes import Shapes
from vectorlong.files.opendocument.writer import Writer

_HEADERS = tuple(
    f"{of}:header{which}"
    for of, which in [
        *[("style", ""), ("style", "-left"), ("style", "-first"), ("loext", "-first")],
    ]
)
_FOOTERS = tuple(name.replace("header", "footer") for name in _HEADERS)
_DECLARED = tuple(f"presentation:{name}" for name in ("header", "footer", "date-time"))


@dataclass
class Master:
    """What stands on every page of a kind.

    Attributes
    ----------
    following
        The kind of pages that come after the first of this; empty where none do.
    headers, footers
        Each one's lines.
    lines
        What is drawn on it.
    unread
        How many pictures and so on it holds.
    """

    following: str
    headers: list[list[str]] = field(default_factory=list)
    footers: list[list[str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)


class Pages:
    """Meets the elements of pages.

    Parameters
    ----------
    writer
        Takes the text.
    shapes
        Is told where masters begin.

    Attributes
    ----------
    masters
        Those that were met, by name.
    used_masters
        Those that pages are made on; a dictionary for its order.
    n_lines_before
        How many lines there were before each page.
    """

    def __init__(self, writer: Writer, shapes: Shapes) -> None:
        self.masters: dict[str, Master] = {}
        self.used_masters: dict[str, None] = {}
        self.n_lines_before: list[int] = []
        self._writer = writer
        self._shapes = shapes
        self._master: Master | None = None
        self._unread: Counter[str] = Counter()
        self._declared: dict[tuple[str, str], str] = {}
        self._declaration = ("", "")
        self._used: dict[tuple[str, str], None] = {}

    def starts(self) -> Mapping[str, Callable[[Attributes], None]]:
        """Give what is to be done where an element begins."""
        return {
            "draw:page": self._start_page,
            "presentation:notes": self._start_notes,
            "style:master-page": self._start_master,
            **dict.fromkeys([*_HEADERS, *_FOOTERS], self._start_margin),
            **{f"{name}-decl": partial(self._declare, name) for name in _DECLARED},
            **dict.fromkeys(["text:page-number", "text:page-count"], self._meet_number),
        }

    def ends(self) -> Mapping[str, Callable[[], None]]:
        """Give what is to be done where an element ends."""
        return {
            "draw:page": self._end_page,
            "style:master-page": self._end_master,
            **dict.fromkeys(_HEADERS, partial(self._end_margin, True)),
            **dict.fromkeys(_FOOTERS, partial(self._end_margin, False)),
            **{f"{name}-decl": self._end_declaration for name in _DECLARED},
        }

    def declared(self) -> list[str]:
        """Give the headers, footers and dates that pages use, each once."""
        texts = dict.fromkeys(self._declared.get(name, "") for name in self._used)
        return list(filter(None, texts))

    # --- pages -----------------------------------------------------------------------------------

    def _start_page(self, attributes: Attributes) -> None:
        if self._writer.flow.outer is None:
            self.n_lines_before.append(len(self._writer.flow.lines))
        self.used_masters[attribute(attributes, "draw:master-page-name")] = None
        self._use(attributes)

    def _end_page(self) -> None:
        self._writer.flow.put_beside()

    def _start_notes(self, attributes: Attributes) -> None:
        if self._master is not None:
            self._writer.skip(attributes)
        self._use(attributes)

    def _use(self, attributes: Attributes) -> None:
        for name in _DECLARED:
            local = name.partition(":")[2]
            self._used[name, attribute(attributes, f"presentation:use-{local}-name")] = None

    def _declare(self, name: str, attributes: Attributes) -> None:
        self._declaration = (name, attribute(attributes, "presentation:name"))
        self._writer.capture(attributes)

    def _end_declaration(self) -> None:
        self._declared[self._declaration] = self._writer.end_capture()

    def _meet_number(self, attributes: Attributes) -> None:
        """Pass over numbers of slides; those of a text are part of what a line says."""
        if self.n_lines_before or (self._master is not None and self._shapes.holds_prompts):
            self._writer.skip(attributes)

    # --- masters ---------------------------------------------------------------------------------

    def _start_master(self, attributes: Attributes) -> None:
        name = attribute(attributes, "style:name")
        self._master = Master(attribute(attributes, "style:next-style-name"))
        self.masters[name] = self._master
        self._unread = self._writer.unread
        self._writer.unread = self._master.unread
        self._shapes.holds_prompts = True
        self._writer.open_flow()

    def _end_master(self) -> None:
        lines = self._writer.close_flow().end()
        if self._master is not None:
            self._master.lines.extend(filter(str.strip, lines))
            self._writer.unread = self._unread
        self._shapes.holds_prompts = False
        self._master = None

    def _start_margin(self, attributes: Attributes) -> None:
        if attribute(attributes, "style:display") == "false":
            self._writer.skip(attributes)
            return
        self._shapes.holds_prompts = False
        self._writer.open_flow()

    def _end_margin(self, is_header: bool) -> None:
        lines = list(filter(str.strip, self._writer.close_flow().end()))
        self._shapes.holds_prompts = self._master is not None
        if self._master is not None:
            (self._master.headers if is_header else self._master.footers).append(lines)
