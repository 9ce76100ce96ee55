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


@dataclass(frozen=True)
class FilePosition:
    """A place in a file; all numbers count from 1.

    Attributes
    ----------
    line
        Line of the file for plain text, of the page for PDF, of the extracted text else.
    page
        Page of a PDF, else None.
    row
        Row of a table, else None.
    is_line_of_file
        Whether an editor that opens the file counts its lines alike; True where there is no file.
    """

    line: int
    page: int | None
    row: int | None
    is_line_of_file: bool

    def __str__(self) -> str:
        if self.page is not None:
            return f"page {self.page}, line {self.line}"
        if self.row is not None:
            return f"row {self.row}" + (f", line {self.line} of its text" if self.line > 1 else "")
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
    page, first = None, 0
    starts = facts.get("page_starts")
    # Documents that were added from Python may have whatever they like under these names.
    if (
        isinstance(starts, list)
        and starts
        and all(_is_number(place, len(text)) for place in starts)
    ):
        page = max(1, bisect.bisect_right(starts, start))
        first = starts[page - 1]
    line = 1 + len(_LINE_END.findall(text, first, start))
    kind, row = facts.get("type"), facts.get("row")
    row = row if _is_number(row) else None
    return FilePosition(line, page, row, kind is None or kind in PLAIN_TYPES)


def _is_number(value: Any, most: float = math.inf) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
