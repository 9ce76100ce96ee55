"""The text of one part of a Word document: its body, a header, the footnotes.

What Word shows is read, in the order of the file. A paragraph is a line, and so is a row of a
table. What stands beside a line (footnotes, comments, text boxes, alternative texts) follows it on
lines of its own. Elements are met one by one as they begin and end; no tree is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from vectorlong.files.limits import Limits
from vectorlong.files.office.elements import Elements
from vectorlong.files.office.equations import Equations
from vectorlong.files.office.names import Attributes, attribute
from vectorlong.files.office.objects import Objects
from vectorlong.files.office.writer import Writer
from vectorlong.files.word.notes import Notes
from vectorlong.files.word.runs import Runs
from vectorlong.files.word.tables import Tables

# What Word shows nothing of, or what it showed before a change that is noted.
_SKIPPED = (
    *("w:sdtPr", "w:tabs", "w:delText", "m:ctrlPr"),
    *("w:pPrChange", "w:rPrChange", "w:sectPrChange", "w:tblPrChange", "w:tblPrExChange"),
    *("w:tcPrChange", "w:trPrChange", "w:numberingChange"),
)


class _Group(Protocol):
    """What meets some kinds of elements."""

    def starts(self) -> Mapping[str, Callable[[Attributes], None]]: ...

    def ends(self) -> Mapping[str, Callable[[], None]]: ...


class WordText(Elements):
    """Reads one part; `start`, `end` and `text` are its parser's handlers.

    Parameters
    ----------
    limits
        How long a text may be.
    notes
        What the part may refer to, by kind ("footnote", "endnote", "comment") and id. What it does
        refer to is taken out.
    read_drawing
        Gives the lines of a chart or diagram by its id; None where there is none.
    label
        Counts a paragraph by its style, list and level, and gives its number as it is shown.

    Attributes
    ----------
    root
        What the part is: ``"document"``, ``"hdr"``; empty at first.
    headers, footers
        Ids of the parts that it names as such; a dictionary for its order.
    """

    def __init__(
        self,
        limits: Limits,
        notes: dict[tuple[str, str], list[str]],
        read_drawing: Callable[[str], list[str] | None],
        label: Callable[[str | None, str | None, int | None], str],
    ) -> None:
        self.root = ""
        self.headers: dict[str, None] = {}
        self.footers: dict[str, None] = {}
        writer = Writer(limits)
        self._notes = Notes(writer, notes)
        groups: list[_Group] = [
            *(Runs(writer, label), Tables(writer), Equations(writer)),
            *(Objects(writer, read_drawing), self._notes),
        ]
        starts: dict[str, Callable[[Attributes], None]] = {
            **dict.fromkeys(_SKIPPED, writer.skip),
            "w:headerReference": partial(self._name_part, self.headers),
            "w:footerReference": partial(self._name_part, self.footers),
        }
        ends: dict[str, Callable[[], None]] = {}
        for group in groups:
            starts.update(group.starts())
            ends.update(group.ends())
        super().__init__(writer, starts, ends)

    def start(self, name: str, attributes: Attributes) -> None:
        """Meet an element."""
        self.root = self.root or name.rpartition(" ")[2]
        super().start(name, attributes)

    def lines(self) -> list[str]:
        """Give the text, once the part has been read."""
        return self._writer.flow.end()

    @property
    def notes(self) -> dict[tuple[str, str], list[str]]:
        """The notes in the part, by kind and id."""
        return self._notes.met

    @property
    def endnotes(self) -> list[str]:
        """Lines of the endnotes that the part refers to."""
        return self._notes.endnotes

    def _name_part(self, names: dict[str, None], attributes: Attributes) -> None:
        names[attribute(attributes, "r:id") or ""] = None
