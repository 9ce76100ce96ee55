"""What a reader of one file format gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class UnreadableError(Exception):
    """A file cannot be read as what its name says; the message is the reason, for people."""


@dataclass(frozen=True)
class Columns:
    """Which columns of a table hold what.

    Attributes
    ----------
    text, id
        As the user named them; None to look for the usual names.
    """

    text: str | None = None
    id: str | None = None


@dataclass(frozen=True)
class Content:
    """One document as its file holds it.

    Attributes
    ----------
    text
        What is encoded, and what all offsets refer to.
    metadata
        What the file says of the document: its title, the other columns of its row.
    facts
        How the text lies in the file: encoding, start of each page.
    row
        Number of its row, from 1, where the file holds one document a row.
    id
        The row's own id, where it has one.
    """

    text: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    row: int | None = None
    id: str | None = None


@dataclass(frozen=True)
class BadRow:
    """A row that holds no document, and why."""

    row: int
    reason: str


Reader = Callable[[Path, Columns], Iterator[Content | BadRow]]
