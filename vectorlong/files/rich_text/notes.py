"""Footnotes, endnotes, comments, headers and footers of rich text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

from vectorlong.files.comment_lines import comment_lines
from vectorlong.files.office.flow import seen
from vectorlong.files.rich_text.writer import Writer

_SIDES = ("", "l", "r", "f")


class Notes:
    """Meets what stands below a text, beside it or above it.

    Parameters
    ----------
    writer
        Takes the text.

    Attributes
    ----------
    headers, footers
        The lines of each different one; a dictionary for its order.
    endnotes
        Lines that follow the body.
    """

    def __init__(self, writer: Writer) -> None:
        self.headers: dict[tuple[str, ...], None] = {}
        self.footers: dict[tuple[str, ...], None] = {}
        self.endnotes: list[str] = []
        self._writer = writer
        self._are_endnotes: list[bool] = []  # of notes that are open
        self._author: list[str] = []
        self._initials: list[str] = []

    def words(self) -> Mapping[str, Callable[[int | None], None]]:
        """Give what is to be done at a control word."""
        return {"ftnalt": self._make_endnote}

    def destinations(self) -> Mapping[str, Callable[[], None]]:
        """Give what is to be done where a group says what it is."""
        return {
            **{f"header{side}": partial(self._start_margin, self.headers) for side in _SIDES},
            **{f"footer{side}": partial(self._start_margin, self.footers) for side in _SIDES},
            "footnote": self._start_note,
            "atnauthor": self._start_author,
            "atnid": self._start_initials,
            "annotation": self._start_comment,
        }

    def _start_margin(self, margins: dict[tuple[str, ...], None]) -> None:
        unread = Counter(self._writer.unread)

        def put(lines: list[str]) -> None:
            margin = tuple(seen(lines))
            if margin in margins:  # that of another section, with the same pictures
                self._writer.unread = unread
            margins[margin] = None

        self._writer.open_flow(put)

    def _start_note(self) -> None:
        if self._writer.state.is_deleted:
            self._writer.skip()
            return
        self._are_endnotes.append(False)
        self._writer.open_flow(self._put_note)

    def _make_endnote(self, _: int | None) -> None:
        if self._are_endnotes:
            self._are_endnotes[-1] = True

    def _put_note(self, lines: list[str]) -> None:
        if self._are_endnotes.pop():
            self.endnotes.extend(_trimmed(lines))
        else:
            self._writer.put_beside(_trimmed(lines))

    def _start_author(self) -> None:
        self._author = []
        self._writer.collect(self._author)

    def _start_initials(self) -> None:
        self._initials = []
        self._writer.collect(self._initials)

    def _start_comment(self) -> None:
        if self._writer.state.is_deleted:
            self._writer.skip()
            return
        name = "".join(self._author) if self._author else "".join(self._initials)
        author = " ".join(name.split())
        self._author, self._initials = [], []

        def put(lines: list[str]) -> None:
            trimmed = _trimmed(lines)
            if trimmed:
                self._writer.put_beside(comment_lines(author, trimmed))

        self._writer.open_flow(put)


def _trimmed(lines: list[str]) -> list[str]:
    """Give the lines that are not blank, without blanks at the beginning and the end."""
    trimmed = seen(lines)
    if trimmed:
        trimmed[0] = trimmed[0].lstrip()
        trimmed[-1] = trimmed[-1].rstrip()
    return trimmed
