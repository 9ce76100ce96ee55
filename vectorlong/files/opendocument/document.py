"""OpenDocument files: texts, presentations and drawings, every text that is shown in them.

Our own reader over Python's zip and XML readers; docs/files.md has what else was tried. What of a
file is read, where it goes and what is left out is told there, too.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.office.package import Package
from vectorlong.files.office.properties import title_in
from vectorlong.files.opendocument.encrypted import refuse_encrypted
from vectorlong.files.opendocument.pages import Master
from vectorlong.files.opendocument.shapes import Embedded
from vectorlong.files.opendocument.styles import Styles
from vectorlong.files.opendocument.text import PartText
from vectorlong.files.opening import open_file
from vectorlong.files.records import Columns, Content
from vectorlong.files.unread import unread_remarks
from vectorlong.files.unreadable import UnreadableError, damage

_KIND = "OpenDocument file"
_CONTENT, _STYLES, _META = "content.xml", "styles.xml", "meta.xml"
_STARTS = {"presentation": "slide_starts", "drawing": "page_starts"}
_STANDARD = "Standard"
# Objects in objects.
_MAX_DEPTH = 8


def read_opendocument(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content]:
    """Read headers, body with its notes, endnotes and footers; of slides and pages say where."""
    with open_file(path) as file, damage(_KIND):
        package = Package(file, limits, _KIND)
        _check(package)
        document = _Document(package, limits)
        lines = document.lines()
        title = title_in(package, _META)
    text = "\n".join(lines)
    yield Content(
        text,
        {"title": title} if title else {},
        document.facts(lines),
        remarks=unread_remarks(document.unread),
    )


def _check(package: Package) -> None:
    """Refuse what is encrypted, and what is no document."""
    refuse_encrypted(package)
    if _CONTENT not in package:
        raise UnreadableError(f"is no {_KIND}: it has no {_CONTENT}")


class _Document:
    """The parts that make up a document."""

    def __init__(self, package: Package, limits: Limits) -> None:
        self._package = package
        self._limits = limits
        self._folders: list[str] = [""]  # of the part that is read, and those it stands in
        self._read: set[str] = set()
        self._starts: tuple[str, list[int]] = ("", [])  # how many lines there are before each
        self.unread: Counter[str] = Counter()

    def lines(self) -> list[str]:
        """Give the document's lines."""
        common = Styles()
        styled = PartText(self._limits, common, self._read_object)
        if _STYLES in self._package:
            self._parse(_STYLES, styled)
        styles = Styles(common.common)
        body = PartText(self._limits, styles, self._read_object, styled.numbering.styles)
        self._parse(_CONTENT, body)
        if not body.kind:
            raise UnreadableError(f"is no {_KIND} of text, slides or drawings")
        masters = styled.pages.masters
        names = (*body.pages.used_masters, *_begun(body, styles, masters))
        used = list(_following(names, masters))
        self.unread.update(body.writer.unread)
        for master in used:
            self.unread.update(master.unread)
        lines = [
            *_different(lines for master in used for lines in master.headers),
            *body.lines(),
            *body.paragraphs.endnotes,
        ]
        self._starts = (_STARTS.get(body.kind, ""), body.pages.n_lines_before)
        drawn = [master.lines for master in used] if body.pages.n_lines_before else []
        lines.extend(_different([*drawn, body.pages.declared()]))
        lines.extend(_different(lines for master in used for lines in master.footers))
        return lines

    def facts(self, lines: list[str]) -> dict[str, list[int]]:
        """Say where in the text each slide or page begins."""
        name, n_lines_before = self._starts
        if not name:
            return {}
        offsets = [0]
        for line in lines:
            offsets.append(offsets[-1] + len(line) + 1)
        end = max(0, offsets[-1] - 1)
        return {name: [min(offsets[n_lines], end) for n_lines in n_lines_before]}

    def _parse(self, part: str, text: PartText) -> None:
        self._package.parse(part, text.start, text.end, text.text)

    def _read_object(self, address: str) -> Embedded | None:
        """Read an embedded document, once; None where there is none."""
        names = [
            posixpath.join("/", folder, unquote(address)) for folder in (self._folders[-1], "")
        ]
        folders = [posixpath.normpath(name).lstrip("/") for name in names]
        folder = next((it for it in folders if f"{it}/{_CONTENT}" in self._package), None)
        if folder is None or len(self._folders) > _MAX_DEPTH:
            return None
        if folder in self._read:
            return Embedded([], is_formula=False)
        self._read.add(folder)
        self._folders.append(folder)
        text = PartText(self._limits, Styles(), self._read_object)
        self._parse(f"{folder}/{_CONTENT}", text)
        self._folders.pop()
        self.unread.update(text.writer.unread)
        lines = list(filter(str.strip, [*text.lines(), *text.paragraphs.endnotes]))
        # A chart has the names of its categories with every series.
        lines = list(dict.fromkeys(lines)) if text.kind == "chart" else lines
        return Embedded(lines, text.kind == "formula")


def _begun(body: PartText, styles: Styles, masters: Mapping[str, Master]) -> Iterator[str]:
    """Give the kinds of pages that a text begins."""
    begun = [styles.master("paragraph", style) for style in body.paragraphs.used_styles]
    if body.kind == "text" and not (begun and begun[0]):
        yield _STANDARD if _STANDARD in masters else next(iter(masters), "")
    yield from filter(None, begun)


def _following(names: Iterable[str], masters: Mapping[str, Master]) -> Iterator[Master]:
    """Give the kinds of pages of these names, and those that follow them, each once."""
    met: set[str] = set()
    for name in names:
        while name in masters and name not in met:
            met.add(name)
            yield masters[name]
            name = masters[name].following


def _different(texts: Iterable[list[str]]) -> Iterator[str]:
    """Give the lines of these texts, each different text once."""
    for text in dict.fromkeys(map(tuple, texts)):
        yield from text
