"""Footnotes, endnotes and comments of a Word document, which are in parts of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from vectorlong.files.comment_lines import comment_lines
from vectorlong.files.office.flow import Flow, seen
from vectorlong.files.office.names import Attributes, attribute
from vectorlong.files.office.writer import Writer

_KINDS = ("footnote", "endnote", "comment")


class Notes:
    """Meets notes, and what refers to them.

    Parameters
    ----------
    writer
        Takes the text.
    known
        What may be referred to, by kind and id. What is referred to is taken out: nothing is
        written twice.

    Attributes
    ----------
    met
        The notes that were met, by kind and id.
    endnotes
        Lines of those that were referred to.
    """

    def __init__(self, writer: Writer, known: dict[tuple[str, str], list[str]]) -> None:
        self.met: dict[tuple[str, str], list[str]] = {}
        self.endnotes: list[str] = []
        self._writer = writer
        self._known = known
        self._author = ""  # of the comment that is met

    def starts(self) -> Mapping[str, Callable[[Attributes], None]]:
        """Give what is to be done where an element begins."""
        return {
            **{f"w:{kind}": partial(self._start_note, kind) for kind in _KINDS},
            **{f"w:{kind}Reference": partial(self._refer, kind) for kind in _KINDS},
        }

    def ends(self) -> Mapping[str, Callable[[], None]]:
        """Give what is to be done where an element ends."""
        return {f"w:{kind}": self._end_note for kind in _KINDS}

    def _start_note(self, kind: str, attributes: Attributes) -> None:
        if attribute(attributes, "w:type") not in (None, "normal"):  # the line above the notes
            self._writer.skip(attributes)
            return
        self._writer.open_flow(
            Flow(self._writer.flow, name=(kind, attribute(attributes, "w:id") or ""))
        )
        self._author = " ".join((attribute(attributes, "w:author") or "").split())

    def _end_note(self) -> None:
        note = self._writer.close_flow()
        lines = seen(note.end())
        if lines:
            lines[0] = lines[0].lstrip()
            lines[-1] = lines[-1].rstrip()
        is_comment = note.name[0] == "comment"
        self.met[note.name] = comment_lines(self._author, lines) if is_comment else lines

    def _refer(self, kind: str, attributes: Attributes) -> None:
        lines = self._known.pop((kind, attribute(attributes, "w:id") or ""), [])
        if kind == "endnote":
            self.endnotes.extend(lines)
        else:
            self._writer.put_beside(lines)
