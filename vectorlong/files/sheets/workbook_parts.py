"""What is written in a workbook beside its cells: comments, shapes, charts, margins, prompts.

Of .xlsx and .xlsm all of it is read, of .ods what `vectorlong.files.sheets.ods_parts` says, of
.xlsb the title alone, because its sheets are not XML.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile

from vectorlong.files.comment_lines import comment_lines
from vectorlong.files.limits import Limits
from vectorlong.files.office.drawing import Drawings
from vectorlong.files.office.names import Attributes, attribute, by_full_name
from vectorlong.files.office.package import Package, Relation
from vectorlong.files.office.properties import part_named, title_of
from vectorlong.files.opendocument.encrypted import ENCRYPTED_WHOLE
from vectorlong.files.sheets.beside import Beside, Line
from vectorlong.files.sheets.cells import one_line
from vectorlong.files.sheets.ods_parts import read_beside_ods
from vectorlong.files.sheets.sheet_drawing import SheetDrawing
from vectorlong.files.sheets.sheet_part import SheetPart
from vectorlong.files.unread import unread_remarks
from vectorlong.files.unreadable import UnreadableError

_DAMAGE = (ExpatError, BadZipFile, zlib.error)
_ROW = re.compile(r"[A-Z]{1,3}([1-9][0-9]{0,6})", re.IGNORECASE)
# Excel keeps threaded comments here, too, for its old versions, by authors of such names.
_THREADED = "tc="
_ODS = "content.xml"
_XLSB_COMMENTS = "xl/comments1.bin"


def read_beside(package: Package, limits: Limits) -> Beside:
    """Read it from a package.

    Raises
    ------
    UnreadableError
        It is no workbook.
    """
    if _ODS in package or ENCRYPTED_WHOLE in package:
        return read_beside_ods(package, limits)
    main = part_named(package, "officeDocument")
    if main is None or main not in package:
        raise UnreadableError("is no workbook")
    title = title_of(package)
    if main.endswith(".bin"):
        has_comments = _XLSB_COMMENTS in package
        return Beside(title, remarks=("its comments are not read",) if has_comments else ())
    parts = _Parts(package, main, limits)
    return Beside(title, parts.lines(), parts.remarks())


class _Parts:
    """The parts that make up an .xlsx."""

    def __init__(self, package: Package, main: str, limits: Limits) -> None:
        self._package = package
        self._limits = limits
        self._related = package.relations(main)
        self._main = main
        self._drawings = Drawings(package, limits)
        self._unread: Counter[str] = Counter()

    def lines(self) -> dict[str, list[Line]]:
        """Give what is beside the cells, by the sheet's name."""
        people = self._people()
        lines: dict[str, list[Line]] = {}
        for name, id in self._sheets().items():
            relation = self._related.get(id)
            if relation is not None and relation.part is not None:
                lines[name] = self._of_sheet(relation.part, people)
        return lines

    def remarks(self) -> tuple[str, ...]:
        """Say what was met and not read."""
        return unread_remarks(self._unread)

    def _sheets(self) -> dict[str, str]:
        """Give the ids of relations of the sheets' parts, by name."""
        ids: dict[str, str] = {}
        kinds = by_full_name({"x:sheet": "sheet", "x:workbook": "workbook"})
        is_workbook = False

        def start(name: str, attributes: Attributes) -> None:
            nonlocal is_workbook
            kind = kinds.get(name)
            is_workbook = is_workbook or kind == "workbook"
            if kind == "sheet":
                ids[attributes.get("name", "")] = attribute(attributes, "r:id") or ""

        self._parse(self._main, start)
        if not is_workbook:
            raise UnreadableError("is no workbook")
        return ids

    def _people(self) -> dict[str, str]:
        """Give the names of those who wrote threaded comments, by their ids."""
        people: dict[str, str] = {}
        names = by_full_name({"xltc:person": True})

        def start(name: str, attributes: Attributes) -> None:
            if name in names:
                people[attributes.get("id", "")] = attributes.get("displayName", "")

        for part in _parts_of(self._related, "person"):
            self._parse(part, start)
        return people

    def _of_sheet(self, part: str, people: Mapping[str, str]) -> list[Line]:
        related = self._package.relations(part)
        sheet = SheetPart()
        self._parse(part, sheet.start, sheet.end, sheet.text, sheet.is_told)
        self._count("cell of an error such as #REF!", sheet.n_errors)
        self._count("cell of a formula without its result", sheet.n_formulas)
        self._count("embedded object", sheet.n_objects)
        lines: list[Line] = []
        threads = _parts_of(related, "threadedComment")
        for part in _parts_of(related, "comments"):
            comments = self._comments(part, None)
            lines.extend(it.line for it in comments if not (threads and it.is_threaded))
        for part in threads:
            lines.extend(it.line for it in self._comments(part, people))
        for drawing in _parts_of(related, "drawing"):
            lines.extend(self._drawn(drawing))
        lines.extend((row_of(cells), text) for cells, text in sheet.prompts.items())
        lines.extend((None, text) for text in sheet.margins)
        return lines

    def _comments(self, part: str, people: Mapping[str, str] | None) -> list[_Comment]:
        comments = _Comments(self._limits, people)
        self._parse(part, comments.start, comments.end, comments.text)
        return comments.comments

    def _drawn(self, part: str) -> list[Line]:
        drawing = SheetDrawing(self._limits)
        self._parse(part, drawing.start, drawing.end, drawing.text)
        self._count("picture", drawing.n_pictures)
        related = self._package.relations(part)
        lines: list[Line] = []
        for piece in drawing.pieces:
            lines.extend((piece.row, line) for line in piece.lines)
            for id in piece.drawings:
                drawn = self._read_drawing(related[id].part if id in related else None)
                lines.extend((piece.row, line) for line in drawn)
        return lines

    def _read_drawing(self, part: str | None) -> list[str]:
        """Give the lines of a chart or diagram."""
        try:
            lines = self._drawings.lines(part)
        except _DAMAGE:
            self._count("damaged part")
            return []
        if lines is None:
            self._count("missing part")
        return lines or []

    def _count(self, what: str, n: int = 1) -> None:
        if n:
            self._unread[what] += n

    def _parse(
        self,
        part: str,
        start: Callable[[str, Attributes], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
        is_told: Callable[[bytes], bool] | None = None,
    ) -> None:
        """Read a part as far as it goes; that cells may be read does not depend on it."""
        if part not in self._package:
            self._count("missing part")
            return
        try:
            self._package.parse(part, start, end, text, is_told=is_told)
        except _DAMAGE:
            self._count("damaged part")


@dataclass(frozen=True)
class _Comment:
    line: Line
    is_threaded: bool  # and is, if so, in a part of its own, too


class _Comments:
    """Comments of either kind; `start`, `end` and `text` are a parser's handlers."""

    def __init__(self, limits: Limits, people: Mapping[str, str] | None) -> None:
        self.comments: list[_Comment] = []
        self._people = people
        self._limits = limits
        self._authors: list[str] = []
        self._pieces: list[str] | None = None
        self._n_characters = 0
        self._row: int | None = None
        self._author = ""

    def start(self, name: str, attributes: Attributes) -> None:
        """Meet an element."""
        kind = _COMMENT_PARTS.get(name)
        if kind == "comment":
            self._row = row_of(attributes.get("ref", ""))
            self._author = self._author_of(attributes)
        if kind in ("author", "text"):
            self._pieces = []

    def end(self, name: str) -> None:
        """Leave it."""
        kind = _COMMENT_PARTS.get(name)
        if kind not in ("author", "text") or self._pieces is None:
            return
        text = one_line("".join(self._pieces))
        self._pieces = None
        if kind == "author":
            self._authors.append(text)
        elif text:
            text = text.removeprefix(f"{self._author}:").strip()  # where Excel writes it, too
            line = (self._row, comment_lines(self._author, [text])[0])
            self.comments.append(_Comment(line, self._author.startswith(_THREADED)))

    def text(self, text: str) -> None:
        """Meet characters."""
        if self._pieces is not None:
            self._n_characters += len(text)
            self._limits.check_characters(self._n_characters)
            self._pieces.append(text)

    def _author_of(self, attributes: Attributes) -> str:
        if self._people is not None:
            return one_line(self._people.get(attributes.get("personId", ""), ""))
        number = attributes.get("authorId", "")
        is_one = number.isdecimal() and len(number) < 10 and int(number) < len(self._authors)
        return self._authors[int(number)] if is_one else ""


_COMMENT_PARTS = by_full_name(
    {
        "x:author": "author",
        "x:comment": "comment",
        "x:text": "text",
        "xltc:threadedComment": "comment",
        "xltc:text": "text",
    }
)


def row_of(cells: str) -> int | None:
    """Give the row of the first of some cells.

    Examples
    --------
    >>> row_of("B12:B40 D1"), row_of("A")
    (12, None)
    """
    match = _ROW.match(cells)
    return None if match is None else int(match[1])


def _parts_of(related: Mapping[str, Relation], kind: str) -> list[str]:
    return [it.part for it in related.values() if it.kind == kind and it.part is not None]
