"""HTML: the text a reader would see, one line a block."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from vectorlong.files.decoding import read_text
from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.opening import open_file
from vectorlong.files.records import Columns, Content, UnreadableError

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_UNSEEN = frozenset(
    {"script", "style", "template", "noscript", "svg", "title", "iframe", "noembed", "noframes"}
)
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
_WHITE_SPACE = re.compile(r"[ \t\r\n\f]+")
_DECLARED = re.compile(
    rb"\A\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)"
    rb"|<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)",
    re.IGNORECASE,
)
_HEAD_BYTES = 4096
_XHTML = re.compile(r"\s*<\?xml\s|<html[^<>]{0,200}\sxmlns=")
_CLOSED_AT_ONCE = re.compile(r"<(script|style|template|noscript|svg|title|iframe)(\s[^<>]*)?/>")


def read_html(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content]:
    """Read a page: scripts and styles dropped, blocks on lines of their own, entities decoded."""
    from selectolax.lexbor import LexborHTMLParser

    decoded = read_text(path, limits, encoding, _declared_encoding(path))
    source = decoded.text
    if _XHTML.search(source, 0, _HEAD_BYTES):
        # Browsers that are told it is XHTML take <script/> for whole; by HTML's rules it would
        # hide the rest of the page.
        source = _CLOSED_AT_ONCE.sub(r"<\1\2></\1>", source)
    root = LexborHTMLParser(source).root
    if root is None:
        raise UnreadableError("holds no text")
    page = _Page()
    page.read(root)
    title = " ".join((page.title or "").split())
    metadata = {"title": title} if title else {}
    yield Content(page.text(), metadata, decoded.facts, remarks=decoded.remarks)


def _declared_encoding(path: Path) -> str | None:
    with open_file(path) as file:
        match = _DECLARED.search(file.read(_HEAD_BYTES))
    return None if match is None else (match[1] or match[2]).decode("ascii", "replace")


class _Page:
    """Collects the visible text of a page."""

    def __init__(self) -> None:
        self.title: str | None = None
        self._pieces: list[str] = []
        self._n_preformatted = 0
        self._n_breaks = 0  # line ends since the last visible character
        self._ends_in_space = True

    def read(self, root: LexborNode) -> None:
        """Go through a tree in the order of the page, however deep it is."""
        node = root
        ancestors: list[LexborNode] = []
        while True:
            child = self._begin(node)
            if child is not None:
                ancestors.append(node)
                node = child
                continue
            while (following := node.next) is None:
                if not ancestors:
                    return
                node = ancestors.pop()
                self._end(node.tag or "")
            node = following

    def _begin(self, node: LexborNode) -> LexborNode | None:
        """Write what a node begins with; give its first child if that is seen."""
        tag = node.tag or ""
        if node.is_text_node:
            self._add(node.text_content or "")
        elif tag == "title" and self.title is None:
            self.title = node.text()
        elif tag not in _UNSEEN:
            self._begin_element(tag)
            child = node.child
            if child is None:
                self._end(tag)
            return child
        return None

    def _begin_element(self, tag: str) -> None:
        """Begin a line at a block, a column at a cell."""
        self._break_lines(tag)
        if tag == "br":
            self._end_lines(self._n_breaks + 1)
        elif tag in _CELLS and self._n_breaks == 0:
            self._pieces.append("\t")
            self._ends_in_space = True
        self._n_preformatted += tag == "pre"

    def _end(self, tag: str) -> None:
        """End a line at a block."""
        self._break_lines(tag)
        self._n_preformatted -= tag == "pre"

    def _add(self, data: str) -> None:
        """Keep what is seen; outside <pre> white space is one space, and none begins a line."""
        if not self._n_preformatted:
            data = _WHITE_SPACE.sub(" ", data)
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
