"""What is written in an .ods beside its cells: comments, shapes, titles of charts."""

from __future__ import annotations

import posixpath
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import unquote
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile

from vectorlong.files.comment_lines import comment_lines
from vectorlong.files.limits import Limits
from vectorlong.files.office.package import Package
from vectorlong.files.office.properties import title_in
from vectorlong.files.opendocument.encrypted import refuse_encrypted
from vectorlong.files.opendocument.names import (
    Attributes,
    attribute,
    by_full_name,
    full_name,
    number,
)
from vectorlong.files.sheets.beside import Beside, Line
from vectorlong.files.sheets.cells import one_line
from vectorlong.files.unread import unread_remarks
from vectorlong.files.unreadable import UnreadableError

_CONTENT, _META = "content.xml", "meta.xml"
_MOST_ROWS = 1 << 20
_DRAWN = full_name("draw:")
_CHART = full_name("chart:chart")
_KINDS = by_full_name(
    {
        "office:spreadsheet": "workbook",
        "table:table": "table",
        "table:table-row": "row",
        # Cells as they were before.
        "table:tracked-changes": "skipped",
        "office:annotation": "comment",
        "dc:creator": "creator",
        **dict.fromkeys(["text:p", "text:h", "svg:title", "svg:desc"], "line"),
        # White space, which text has as elements.
        **dict.fromkeys(["text:s", "text:tab", "text:line-break"], "space"),
        "draw:frame": "frame",
        "draw:image": "picture",
        "draw:object": "chart",
        "draw:object-ole": "object",
    }
)


def read_beside_ods(package: Package, limits: Limits) -> Beside:
    """Read it from a package.

    Raises
    ------
    UnreadableError
        It is encrypted, or no workbook.
    """
    refuse_encrypted(package)
    content = _Content(limits)
    package.parse(_CONTENT, content.start, content.end, content.text)
    if not content.is_workbook:
        raise UnreadableError("is no workbook")
    unread = content.unread
    lines: dict[str, list[Line]] = {}
    for sheet, row, line in content.lines:
        lines.setdefault(sheet, []).append((row, line))
    for sheet, row, place in content.charts:
        part = posixpath.join(posixpath.normpath(unquote(place)), _CONTENT)
        titles = _titles(package, part)
        if titles is None:
            unread["embedded object"] += 1
        lines.setdefault(sheet, []).extend((row, line) for line in titles or ())
    return Beside(title_in(package, _META), lines, unread_remarks(unread))


def _titles(package: Package, part: str) -> list[str] | None:
    """Give the titles in a chart; None where it is none."""
    n_tables, is_chart = 0, False

    def is_text(name: str, is_start: bool) -> bool:
        nonlocal n_tables, is_chart
        is_chart = is_chart or name == _CHART
        if _KINDS.get(name) == "table":  # of the numbers that it shows, which are in the cells
            n_tables += 1 if is_start else -1
        return not n_tables and _KINDS.get(name) == "line"

    titles = _texts_of(package, part, is_text)
    return titles if is_chart else None


def _texts_of(package: Package, part: str, is_text: Callable[[str, bool], bool]) -> list[str]:
    """Give the texts of some elements of a part, as far as it is not damaged."""
    texts: list[str] = []
    pieces: list[str] | None = None

    def start(name: str, _: Attributes) -> None:
        nonlocal pieces
        pieces = [] if is_text(name, True) else pieces

    def end(name: str) -> None:
        nonlocal pieces
        if is_text(name, False) and pieces is not None:
            texts.append(one_line("".join(pieces)))
            pieces = None

    def text(text: str) -> None:
        if pieces is not None:
            pieces.append(text)

    if part in package:
        with suppress(ExpatError, BadZipFile, zlib.error):
            package.parse(part, start, end, text)
    return [text for text in dict.fromkeys(texts) if text]


class _Content:
    """Reads the part of all sheets; `start`, `end` and `text` are its parser's handlers."""

    def __init__(self, limits: Limits) -> None:
        self.lines: list[tuple[str, int | None, str]] = []
        self.charts: list[tuple[str, int | None, str]] = []
        self.unread: Counter[str] = Counter()
        self.is_workbook = False
        self._limits = limits
        self._sheet = ""
        self._row: int | None = None
        self._next_row = 1
        self._n_tables = self._n_skipped = self._n_drawn = 0  # that are open
        self._comment: list[str] | None = None
        self._author = ""
        self._pieces: list[str] | None = None
        self._n_characters = 0
        self._frame: Counter[str] = Counter()

    def start(self, name: str, attributes: Attributes) -> None:
        """Meet an element."""
        kind = _KINDS.get(name)
        if self._n_skipped or kind == "skipped":
            self._n_skipped += 1
            return
        self._n_drawn += name.startswith(_DRAWN)
        match kind:
            case "workbook":
                self.is_workbook = True
            case "table":
                self._n_tables += 1
                if self._n_tables == 1:
                    self._sheet, self._row, self._next_row = (
                        attribute(attributes, "table:name"),
                        None,
                        1,
                    )
            case "row" if self._n_tables == 1:
                self._row = self._next_row
                repeated = number(attributes, "table:number-rows-repeated")
                self._next_row += min(repeated, _MOST_ROWS)
            case "comment":
                self._comment, self._author = [], ""
            case "creator":
                self._pieces = []
            case "line" if self._comment is not None or self._n_drawn:
                self._pieces = []
            case "space" if self._pieces is not None:
                self._pieces.append(" ")
            case "frame":
                self._frame.clear()
            case "picture" | "object":
                self._frame[kind] = 1
            case "chart":
                self._frame["chart"] = 1
                self.charts.append((self._sheet, self._row, attribute(attributes, "xlink:href")))

    def end(self, name: str) -> None:
        """Leave it."""
        if self._n_skipped:
            self._n_skipped -= 1
            return
        self._n_drawn -= name.startswith(_DRAWN)
        match _KINDS.get(name):
            case "table":
                self._n_tables -= 1
            case "comment" if self._comment is not None:
                text = one_line(" ".join(self._comment))
                if text:
                    (line,) = comment_lines(self._author, [text])
                    self.lines.append((self._sheet, self._row, line))
                self._comment = None
            case "creator":
                self._author = self._taken()
            case "line" if self._pieces is not None:
                line = self._taken()
                if self._comment is not None:
                    self._comment.append(line)
                elif line:
                    self.lines.append((self._sheet, self._row, line))
            case "frame":
                # A picture of it stands beside an object for who cannot show the object.
                if self._frame["object"]:
                    self.unread["embedded object"] += 1
                elif self._frame["picture"] and not self._frame["chart"]:
                    self.unread["picture"] += 1
                self._frame.clear()

    def text(self, text: str) -> None:
        """Meet characters."""
        if self._pieces is not None and not self._n_skipped:
            self._n_characters += len(text)
            self._limits.check_characters(self._n_characters)
            self._pieces.append(text)

    def _taken(self) -> str:
        line = one_line("".join(self._pieces or []))
        self._pieces = None
        return line
