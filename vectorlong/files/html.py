"""HTML: the text a reader would see, one line a block."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from vectorlong.files.decoding import read_text
from vectorlong.files.records import Columns, Content

_UNSEEN = frozenset({"script", "style", "template", "noscript", "svg", "title"})
# An empty line around these, a line of their own for those below.
_PARAGRAPHS = re.compile(
    "article|aside|blockquote|body|dl|fieldset|figure|footer|form|h[1-6]|header|hr|main|nav|ol|p|pre"
    "|section|table|ul"
)
_LINES = re.compile(
    "address|caption|center|dd|details|dialog|div|dt|figcaption|hgroup|legend|li|menu|option|search"
    "|select|summary|tbody|tfoot|thead|tr"
)
_CELLS = frozenset({"td", "th"})
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_HEAD_BYTES = 4096
# As browsers do (encoding.spec.whatwg.org): these names mean their supersets.
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
}


def read_html(path: Path, columns: Columns) -> Iterator[Content]:
    """Read a page: scripts and styles dropped, blocks on lines of their own, entities decoded."""
    source, facts = read_text(path, _declared_encoding(path))
    page = _Page()
    page.feed(source)
    page.close()
    title = " ".join("".join(page.title).split())
    yield Content(page.text(), {"title": title} if title else {}, facts)


def _declared_encoding(path: Path) -> str | None:
    with path.open("rb") as file:
        match = _DECLARED.search(file.read(_HEAD_BYTES))
    if match is None:
        return None
    name = match[1].decode("ascii", "replace").lower()
    return _SUPERSETS.get(name, name)


class _Page(HTMLParser):
    """Collects the visible text of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title: list[str] = []
        self._pieces: list[str] = []
        self._unseen: str | None = None
        self._n_preformatted = 0
        self._n_breaks = 0  # line ends since the last visible character
        self._ends_in_space = True

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """Pass over ``<![...>`` of any kind, as browsers do; Python before 3.14 raises."""
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            return self.parse_bogus_comment(i)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line at a block, a column at a cell."""
        if tag == "body":
            self._unseen = None  # whatever the head left open ends here
        if self._unseen is not None:
            return
        if tag in _UNSEEN:
            self._unseen = tag
            return
        self._break_lines(tag)
        if tag == "br":
            self._end_lines(self._n_breaks + 1)
        elif tag in _CELLS and self._n_breaks == 0:
            self._pieces.append("\t")
            self._ends_in_space = True
        self._n_preformatted += tag == "pre"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Treat ``<br/>`` as ``<br>``; an element closed at once hides nothing."""
        if tag not in _UNSEEN:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """End a line at a block."""
        if self._unseen is not None:
            if tag == self._unseen:
                self._unseen = None
            return
        self._break_lines(tag)
        if tag == "pre" and self._n_preformatted:
            self._n_preformatted -= 1

    def handle_data(self, data: str) -> None:
        """Keep what is seen; outside <pre> white space is one space, and none begins a line."""
        if self._unseen is not None:
            if self._unseen == "title":
                self.title.append(data)
            return
        if not self._n_preformatted:
            data = re.sub(r"[ \t\r\n\f]+", " ", data)
            if self._ends_in_space:
                data = data.lstrip(" ")
        if data:
            self._pieces.append(data)
            self._ends_in_space = data[-1].isspace()
            self._n_breaks = 0

    def _break_lines(self, tag: str) -> None:
        if _PARAGRAPHS.fullmatch(tag):
            self._end_lines(2)
        elif _LINES.fullmatch(tag):
            self._end_lines(1)

    def _end_lines(self, n_breaks: int) -> None:
        """Make the text so far end in at least so many line ends."""
        if n_breaks > self._n_breaks:
            self._pieces.append("\n" * (n_breaks - self._n_breaks))
            self._n_breaks = n_breaks
            self._ends_in_space = True

    def text(self) -> str:
        """Give the visible text, without white space at the ends of lines and of the page."""
        lines = "".join(self._pieces).split("\n")
        return "\n".join(line.rstrip(" \t") for line in lines).strip()
