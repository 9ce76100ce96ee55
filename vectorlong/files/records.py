"""What a reader of one file format gives back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vectorlong.files.limits import Limits

_SHOWN = re.compile(
    r"[^\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)


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


DEFAULT_COLUMNS = Columns()


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
        How the text lies in the file: its encoding; where in the text each page, slide or chapter
        begins (``"page_starts"`` and so on); of a workbook ``"sheets"``, where rows of which sheet
        begin, or the one ``"sheet"`` that it is a row of.
    row
        Number of its row, from 1, where the file holds one document a row.
    id
        The row's own id, where it has one.
    remarks
        What of the file is not in the text, or not as it is in the file, each once, for people.
    """

    text: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    row: int | None = None
    id: str | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class BadRow:
    """A row that holds no document, and why; or of a file what is no row.

    Attributes
    ----------
    row
        Its number, as that of `Content`; None where it is no row.
    reason
        Why it holds none, for people.
    sheet
        Name of the workbook's sheet that it is a row of, else None.
    """

    row: int | None
    reason: str
    sheet: str | None = None


@dataclass(frozen=True)
class LeftOut:
    """A file, or some rows of one, that gave no document.

    Attributes
    ----------
    path
        The file, named as its documents are.
    reason
        Why, and what to do about it where there is something.
    """

    path: str
    reason: str


@dataclass(frozen=True)
class Remark:
    """What to know of a file that was read.

    Attributes
    ----------
    path
        The file, named as its documents are.
    text
        What of it is not in its document, or not as it is in the file.
    """

    path: str
    text: str


# The last is the encoding that the user named, if any.
Reader = Callable[[Path, Columns, Limits, str | None], Iterator[Content | BadRow]]


def is_blank(text: str) -> bool:
    """Whether a text shows nothing: white space, characters of no width, controls, fillers."""
    return _SHOWN.search(text) is None
