"""Where in its file a piece of a document's text lies, for people."""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vectorlong.files.file_types import PLAIN_TYPES

_LINE_END = re.compile(r"\r\n|\r|\n")
#: Parts that a text may be divided into, by where it says that each begins.
_PARTS = {"page": "page_starts", "slide": "slide_starts", "chapter": "chapter_starts"}


@dataclass(frozen=True)
class FilePosition:
    """A place in a file; all numbers count from 1.

    Attributes
    ----------
    line
        Line of the file for plain text, of the page, slide or chapter where there are such, of
        the extracted text else.
    page, slide, chapter
        Of a PDF, a presentation or a book, else None.
    row
        Row of a table or sheet, else None.
    sheet
        Name of a workbook's sheet, else None.
    is_line_of_file
        Whether an editor that opens the file counts its lines alike; True where there is no file.
    """

    line: int
    page: int | None = None
    slide: int | None = None
    chapter: int | None = None
    row: int | None = None
    sheet: str | None = None
    is_line_of_file: bool = False

    def __str__(self) -> str:
        for name in _PARTS:
            number = getattr(self, name)
            if number is not None:
                return f"{name} {number}, line {self.line}"
        if self.row is not None:
            sheet = "" if self.sheet is None else f"sheet {self.sheet}, "
            within = f", line {self.line} of its text" if self.line > 1 else ""
            return f"{sheet}row {self.row}{within}"
        return f"line {self.line}" + ("" if self.is_line_of_file else " of its text")


def find_position(text: str, metadata: Mapping[str, Any], start: int) -> FilePosition:
    r"""Find where the character ``text[start]``, or the first visible one after it, lies.

    Parameters
    ----------
    text
        A document's whole text.
    metadata
        Its metadata; that of documents that came from no file will do.
    start
        Character offset.

    Examples
    --------
    >>> str(find_position("one\ntwo\nthree", {"file": {"type": "txt"}}, 4))
    'line 2'
    """
    rest = text[start:]
    start += len(rest) - len(rest.lstrip())
    facts = metadata.get("file")
    facts = facts if isinstance(facts, Mapping) else {}
    for part, starts in _PARTS.items():
        if (number := _part_of(facts.get(starts), start, len(text))) is not None:
            first = facts[starts][number - 1]
            which: dict[str, Any] = {part: number}
            return FilePosition(_count_lines(text, first, start), **which)
    if (place := _row_of(facts.get("sheets"), text, start)) is not None:
        return place
    kind, row, sheet = facts.get("type"), facts.get("row"), facts.get("sheet")
    return FilePosition(
        _count_lines(text, 0, start),
        row=row if _is_number(row) else None,
        sheet=sheet if isinstance(sheet, str) else None,
        is_line_of_file=kind is None or kind in PLAIN_TYPES,
    )


def _count_lines(text: str, first: int, start: int) -> int:
    return 1 + len(_LINE_END.findall(text, first, start))


# Documents that were added from Python may have whatever they like under these names.
def _part_of(starts: Any, start: int, length: int) -> int | None:
    """Find which part a character is in, from 1, by where each begins."""
    if isinstance(starts, list) and starts and all(_is_number(place, length) for place in starts):
        return max(1, bisect.bisect_right(starts, start))
    return None


def _row_of(sheets: Any, text: str, start: int) -> FilePosition | None:
    """Find which row of which sheet a character is in; each is a line from where rows begin."""
    if not isinstance(sheets, list):
        return None
    for part in reversed(sheets):
        match part:
            case {"name": str(sheet), "start": int(first), "row": int(row)}:
                if first <= start:
                    row += len(_LINE_END.findall(text, first, start))
                    return FilePosition(1, row=row, sheet=sheet)
            case _:
                return None
    return None


def _is_number(value: Any, most: float = math.inf) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
