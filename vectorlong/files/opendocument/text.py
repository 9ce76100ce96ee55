"""The text of one part of an OpenDocument file: of its body, its styles, an embedded document.

What is shown is read, in the order of the file. A paragraph is a line, and so is a row of a table.
What stands beside a line (notes, comments, boxes, alternative texts) follows it on lines of its
own. Elements are met one by one as they begin and end; no tree is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from vectorlong.files.limits import Limits
from vectorlong.files.opendocument.formulas import Formulas
from vectorlong.files.opendocument.names import MATHML, Attributes, by_full_name
from vectorlong.files.opendocument.numbering import Level, Numbering
from vectorlong.files.opendocument.pages import Pages
from vectorlong.files.opendocument.paragraphs import Paragraphs
from vectorlong.files.opendocument.shapes import Embedded, Shapes
from vectorlong.files.opendocument.styles import Styles
from vectorlong.files.opendocument.tables import Tables
from vectorlong.files.opendocument.writer import Writer

# What is not shown, or was deleted, or says what an index is made of.
_SKIPPED = (
    *("text:tracked-changes", "text:note-citation", "text:script", "office:scripts"),
    *("text:table-of-content-source", "text:illustration-index-source", "text:table-index-source"),
    *("text:object-index-source", "text:user-index-source", "text:alphabetical-index-source"),
    *("text:bibliography-source", "office:binary-data", "style:handout-master", "draw:layer-set"),
    *("table:tracked-changes", "table:content-validations", "table:data-pilot-tables"),
    *("table:scenario", "table:named-expressions", "table:dde-links", "meta:date-string"),
)
_KINDS = ("text", "presentation", "drawing", "spreadsheet", "chart")


class _Group(Protocol):
    """What meets some kinds of elements."""

    def starts(self) -> Mapping[str, Callable[[Attributes], None]]: ...

    def ends(self) -> Mapping[str, Callable[[], None]]: ...


class PartText:
    """Reads one part; `start`, `end` and `text` are its parser's handlers.

    Parameters
    ----------
    limits
        How long a text may be.
    styles
        What they hide; those of the part are added.
    read_object
        Reads an embedded document by its address; None where there is none.
    lists
        Levels of lists by their styles, which another part has.

    Attributes
    ----------
    kind
        What its body is: ``"text"``, ``"presentation"``, ``"formula"``; empty where it has none.
    paragraphs, pages, numbering
        What is known of them once the part has been read.
    """

    def __init__(
        self,
        limits: Limits,
        styles: Styles,
        read_object: Callable[[str], Embedded | None],
        lists: Mapping[str, Mapping[int, Level]] | None = None,
    ) -> None:
        self.kind = ""
        self.writer = Writer(limits)
        self.numbering = Numbering(self.writer, lists or {})
        self.paragraphs = Paragraphs(self.writer, styles, self.numbering)
        self._formulas = Formulas(self.writer)
        self._shapes = Shapes(self.writer, read_object)
        self._tables = Tables(self.writer, self._shapes.meet_content)
        self.pages = Pages(self.writer, self._shapes)
        self._starts: dict[str, Callable[[Attributes], None]] = by_full_name(
            {
                **dict.fromkeys(_SKIPPED, self.writer.skip),
                "office:automatic-styles": styles.start_own,
                "style:style": styles.start,
                "style:text-properties": styles.set_text,
            }
        )
        self._ends: dict[str, Callable[[], None]] = by_full_name(
            {"office:automatic-styles": styles.end_own, "style:style": styles.end}
        )
        self._kinds = by_full_name({f"office:{kind}": kind for kind in _KINDS})
        groups: list[_Group] = [
            self.paragraphs,
            self.numbering,
            self._tables,
            self._shapes,
            self.pages,
        ]
        for group in groups:
            self._starts.update(by_full_name(group.starts()))
            self._ends.update(by_full_name(group.ends()))

    def start(self, name: str, attributes: Attributes) -> None:
        """Meet an element."""
        if self.writer.n_skipped:
            self.writer.n_skipped += 1
        elif name.startswith(MATHML):
            self._formulas.start(name, attributes)
        elif name in self._kinds:
            self._start_body(self._kinds[name])
        elif (action := self._starts.get(name)) is not None:
            action(attributes)

    def end(self, name: str) -> None:
        """Leave it."""
        if self.writer.n_skipped:
            self.writer.n_skipped -= 1
        elif name.startswith(MATHML):
            if self._formulas.end(name):
                self.kind = self.kind or "formula"
                self._shapes.put_formula(self._formulas.text)
        elif (action := self._ends.get(name)) is not None:
            action()

    def text(self, text: str) -> None:
        """Meet characters."""
        if not self.writer.n_skipped:
            self.writer.take(text)

    def lines(self) -> list[str]:
        """Give the text, once the part has been read."""
        return self.writer.flow.end()

    def _start_body(self, kind: str) -> None:
        if not self.kind:
            self.kind = kind
            self._tables.are_of_chart = kind == "chart"
