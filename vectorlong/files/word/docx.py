"""Word documents, every text that Word shows in them.

Our own reader over Python's zip and XML readers; docs/files.md has what else was tried. What of a
document is read, where it goes and what is left out is told there, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.office.drawing import Drawings
from vectorlong.files.office.flow import seen
from vectorlong.files.office.package import Package, Relation, check_packed
from vectorlong.files.office.properties import part_named, title_of
from vectorlong.files.opening import open_file
from vectorlong.files.records import Columns, Content
from vectorlong.files.unread import unread_remarks
from vectorlong.files.unreadable import UnreadableError, damage
from vectorlong.files.word.numbering import Numbering
from vectorlong.files.word.text import WordText


def read_docx(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content]:
    """Read headers, body with its notes, endnotes and footers; a paragraph or a row is a line."""
    with open_file(path) as file, damage("Word document"):
        check_packed(file, "Word", ".docx")
        package = Package(file, limits, "Word document")
        document = _Document(package, limits)
        text = "\n".join(document.lines())
        title = title_of(package)
    yield Content(text, {"title": title} if title else {}, remarks=document.remarks())


class _Document:
    """The parts that make up a document."""

    def __init__(self, package: Package, limits: Limits) -> None:
        self._package = package
        self._limits = limits
        self._notes: dict[tuple[str, str], list[str]] = {}
        self._drawings = Drawings(package, limits)
        self._unread: Counter[str] = Counter()
        self._name = part_named(package, "officeDocument") or "word/document.xml"
        self._related = package.relations(self._name)
        self._numbering = Numbering(package, self._part("numbering"), self._part("styles"))

    def lines(self) -> Iterator[str]:
        """Give the document's lines."""
        for kind in ("comments", "footnotes", "endnotes"):  # notes may be commented on
            for relation in self._related.values():
                if relation.kind == kind:
                    self._notes.update(self._read(relation).notes)
        body = self._read_part(self._name, self._related)
        if body.root != "document":
            raise UnreadableError("is no Word document")
        yield from self._margins(body.headers)
        yield from body.lines()
        yield from body.endnotes
        yield from self._margins(body.footers)

    def remarks(self) -> tuple[str, ...]:
        """Say what was met and not read."""
        return unread_remarks(self._unread)

    def _part(self, kind: str) -> str | None:
        """Give the part of a kind that the body names; None where it names none."""
        return next((it.part for it in self._related.values() if it.kind == kind), None)

    def _margins(self, ids: Iterable[str]) -> Iterator[str]:
        """Give the lines of headers or footers, those of several sections once."""
        texts: dict[tuple[str, ...], None] = {}
        for id in ids:
            relation = self._related.get(id)
            if relation is not None:
                texts[tuple(seen(self._read(relation).lines()))] = None
        for lines in texts:
            yield from lines

    def _read(self, relation: Relation) -> WordText:
        """Read another part than the body; one that is missing holds nothing, which is noted."""
        if relation.part is not None and relation.part in self._package:
            return self._read_part(relation.part, self._package.relations(relation.part))
        self._unread["missing part"] += 1
        return WordText(self._limits, {}, lambda _: None, self._numbering.label)

    def _read_part(self, name: str, related: dict[str, Relation]) -> WordText:
        def read_drawing(id: str) -> list[str] | None:
            return self._drawings.lines(related[id].part if id in related else None)

        text = WordText(self._limits, self._notes, read_drawing, self._numbering.label)
        self._package.parse(name, text.start, text.end, text.text)
        self._unread.update(text.unread)
        return text
