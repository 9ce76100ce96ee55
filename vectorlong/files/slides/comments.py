"""Comments on slides, of both kinds that PowerPoint has written, and who made them."""

from __future__ import annotations

from collections.abc import Mapping

from vectorlong.files.comment_lines import comment_lines
from vectorlong.files.limits import Limits
from vectorlong.files.office.names import Attributes, by_full_name

_COMMENTS = by_full_name(dict.fromkeys(["p:cm", "p188:cm", "p188:reply"], True))
_AUTHORS = by_full_name(dict.fromkeys(["p:cmAuthor", "p188:author"], True))
_TEXTS = by_full_name(dict.fromkeys(["p:text", "a:t"], True))
_BREAKS = by_full_name(dict.fromkeys(["a:p", "a:br"], True))


class Authors:
    """Collects the names of authors by their ids; `start` is a parser's handler."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def start(self, name: str, attributes: Attributes) -> None:
        """Meet an element."""
        if name in _AUTHORS:
            self.names[attributes.get("id", "")] = " ".join(attributes.get("name", "").split())


class Comments:
    """Collects comments, each before its replies; `start`, `end`, `text` are a parser's handlers.

    Parameters
    ----------
    limits
        How long a text may be.
    authors
        Their names by their ids.
    """

    def __init__(self, limits: Limits, authors: Mapping[str, str]) -> None:
        self._limits = limits
        self._authors = authors
        self._comments: list[tuple[str, list[str]]] = []  # author, text
        self._open: list[list[str]] = []
        self._is_text = False
        self._n_characters = 0

    def start(self, name: str, attributes: Attributes) -> None:
        """Meet an element."""
        if name in _COMMENTS:
            author = self._authors.get(attributes.get("authorId", ""), "")
            self._comments.append((author, []))
            self._open.append(self._comments[-1][1])
        elif name in _BREAKS and self._open:
            self._open[-1].append(" ")
        self._is_text = name in _TEXTS

    def end(self, name: str) -> None:
        """Leave it."""
        self._is_text = False
        if name in _COMMENTS:
            self._open.pop()

    def text(self, text: str) -> None:
        """Meet characters."""
        if self._is_text and self._open:
            self._n_characters += len(text)
            self._limits.check_characters(self._n_characters)
            self._open[-1].append(text)

    def lines(self) -> list[str]:
        """Give the comments, a line each."""
        lines = []
        for author, pieces in self._comments:
            text = " ".join("".join(pieces).split())
            lines += comment_lines(author, [text] if text else [])
        return lines
