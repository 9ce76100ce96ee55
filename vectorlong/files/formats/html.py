"""HTML: the text a reader would see, one line a block."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vectorlong.files.encodings.decoding import read_text
from vectorlong.files.formulas import do_words_meet
from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.number_formats import formatted
from vectorlong.files.opening import open_file
from vectorlong.files.records import Columns, Content, is_blank

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

# Neither shown nor text: programs, styles, and what stands in for things that browsers can show.
_UNSEEN = frozenset(
    [
        *("script", "style", "template", "noembed", "noframes", "datalist", "canvas", "audio"),
        *("video", "rp", "desc", "metadata", "annotation", "annotation-xml"),
    ]
)
# An empty line around these, a line of their own for those below.
_PARAGRAPHS = re.compile(
    "article|aside|blockquote|body|dl|fieldset|figure|footer|form|h[1-6]|header|hr|iframe|listing|main"
    "|nav|ol|p|plaintext|pre|section|svg|table|textarea|ul|xmp"
)
_LINES = re.compile(
    "address|caption|center|dd|details|dialog|div|dt|figcaption|foreignObject|frameset|hgroup|legend"
    "|li|menu|optgroup|option|search|select|summary|tbody|text|tfoot|thead|tr"
)
# Boxes in a line: they touch no word.
_BOXES = frozenset({"area", "button", "img", "input", "object", "template"})
_PREFORMATTED = frozenset({"listing", "plaintext", "pre", "textarea", "xmp"})
_BUTTONS = frozenset({"button", "reset", "submit"})
# What runs to the end of the page where it is not closed.
_HIDING = ("script", "style", "title", "textarea", "template", "iframe", "noembed", "noframes")
_HIDDEN_BY_STYLE = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))\b", re.IGNORECASE
)
_MAX_PAGES_WITHIN = 3
# Each runs to the end where it is not closed; what stands in a comment or a script opens nothing.
_RUNS = re.compile(
    r"<!--.*?(?:-->|\Z)|<script\b.*?(?:</script\b|\Z)"
    r"|<noscript\b(?P<noscript>.*?)(?:(?P<end></noscript\b[^<>]{0,100}>)|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(r"<[^<>]*>?")
_NOSCRIPT = "what <noscript> has for browsers without scripts is not read"
_HIDDEN = "hidden text is not read (hidden, display: none, a closed dialog)"
_CELLS = frozenset({"td", "th"})
# Longer rows lay out a page, and their cells are read as what is around them.
_MAX_ROW_CHARACTERS = 2_000
_LISTS = frozenset({"menu", "ol", "ul"})
_NUMBERS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_NO_NUMBERS = re.compile(r"(?:^|;)\s*list-style(?:-type)?\s*:[^;]*\bnone\b", re.IGNORECASE)
_WHOLE = re.compile(r"\s*([+-]?\d{1,9})")
_WHITE_SPACE = re.compile(r"[ \t\r\n\f]+")
_DECLARED = re.compile(
    rb"\A\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)"
    rb"|<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)",
    re.IGNORECASE,
)
HEAD_BYTES = 4096
_XHTML = re.compile(r"\s*<\?xml\s|<html[^<>]{0,200}\sxmlns=")
# Text as it stands, in XHTML; HTML takes it for a comment. One that is not closed runs to the end,
# lest that be looked for from each beginning, in time that grows with the square.
_LITERAL = re.compile(r"<!--.*?(?:-->|\Z)|<!\[CDATA\[(?:(?P<text>.*?)\]\]>|.*\Z)", re.DOTALL)
# What HTML ends so, too, is left as it is.
_CLOSED_AT_ONCE = re.compile(
    r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)[\s/])"
    r"([A-Za-z][\w:.-]*)(\s[^<>]*)?/>"
)


def read_html(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content]:
    """Read a page: scripts and styles dropped, blocks on lines of their own, entities decoded."""
    with open_file(path) as file:
        declared = declared_encoding(file.read(HEAD_BYTES))
    decoded = read_text(path, limits, encoding, declared)
    page = page_text(decoded.text)
    metadata = {"title": page.title} if page.title else {}
    yield Content(page.text, metadata, decoded.facts, remarks=(*decoded.remarks, *page.remarks))


@dataclass(frozen=True)
class PageText:
    """What a reader sees of a page, its title, and what was left out."""

    text: str
    title: str
    remarks: tuple[str, ...]


def page_text(source: str) -> PageText:
    """Read a page's source."""
    if _XHTML.search(source, 0, HEAD_BYTES):
        source = _LITERAL.sub(_escaped_literal, source)
        # Browsers that are told it is XHTML take <script/> for whole; by HTML's rules it, or an
        # element that is hidden, would hide the rest of the page.
        source = _CLOSED_AT_ONCE.sub(r"<\1\2></\1>", source)
    source, noscript = _without_noscript(source)
    page = _Page()
    page.read(source)
    hidden = [_HIDDEN] if page.has_hidden else []
    title = " ".join((page.title or "").split())
    return PageText(page.text(), title, (*_unclosed(source), *hidden, *noscript))


def _escaped_literal(match: re.Match[str]) -> str:
    return match[0] if match["text"] is None else html.escape(match["text"])


def _without_noscript(source: str) -> tuple[str, list[str]]:
    """Take out what browsers pass over that run scripts; one that is not closed hides nothing."""
    remarks = []

    def keep_or_drop(match: re.Match[str]) -> str:
        if match["end"] is None:
            return match[0]
        if not is_blank(_TAG.sub("", f"<{match['noscript']}")):
            remarks.append(_NOSCRIPT)
        return ""

    return _RUNS.sub(keep_or_drop, source), remarks[:1]


def _unclosed(source: str) -> Iterator[str]:
    """Say what hides the rest of a page, in browsers, too, because it is not closed."""
    lowered = source.lower()
    for tag in _HIDING:
        if lowered.rfind(f"<{tag}") > lowered.rfind(f"</{tag}"):
            yield f"<{tag}> is not closed; what follows it is hidden, as in browsers"
    if lowered.rfind("<!--") > lowered.rfind("-->"):
        yield "a comment is not closed; what follows it is hidden, as in browsers"


def _shown_attribute(node: LexborNode, tag: str) -> str:
    """Give the text that an element has in an attribute."""
    attributes = node.attributes
    if tag == "optgroup":
        return attributes.get("label") or ""
    kind = (attributes.get("type") or "").lower()
    if tag in ("img", "area") or kind == "image":
        return attributes.get("alt") or ""
    return (attributes.get("value") or "") if kind in _BUTTONS else ""


def declared_encoding(beginning: bytes) -> str | None:
    """Give the encoding that a page's first `HEAD_BYTES` name; None where they name none."""
    match = _DECLARED.search(beginning)
    return None if match is None else (match[1] or match[2]).decode("ascii", "replace")


@dataclass
class _Row:
    """A row of a table that is open, by places in the page's pieces.

    Attributes
    ----------
    start, cells
        Where it begins, and where each cell does.
    n_breaks
        Line ends before it.
    keeps_lines
        Whether lines within its cells mean something: those of a table within, or of a program.
    """

    start: int
    n_breaks: int
    cells: list[int] = field(default_factory=list)
    keeps_lines: bool = False


@dataclass
class _List:
    """A list that is open, and the number of its next item; None where items have none."""

    number: int | None = None
    kind: str = ""
    step: int = 1


def _list_of(node: LexborNode, tag: str) -> _List:
    attributes = node.attributes
    if tag != "ol" or _NO_NUMBERS.search(attributes.get("style") or ""):
        return _List()
    kind = _NUMBERS.get(attributes.get("type") or "", "decimal")
    if "reversed" not in attributes:
        return _List(_whole(attributes.get("start"), 1), kind)
    n_items = sum(child.tag == "li" for child in node.iter())
    return _List(_whole(attributes.get("start"), n_items), kind, -1)


def _whole(value: str | None, otherwise: int) -> int:
    match = _WHOLE.match(value or "")
    return otherwise if match is None else int(match[1])


class _Page:
    """Collects the visible text of a page."""

    def __init__(self) -> None:
        self.title: str | None = None
        self.has_hidden = False  # text, which was not read
        self._pieces: list[str] = []
        self._n_preformatted = 0
        self._n_pages = 0  # this one, and those around it
        self._n_formulas = 0  # that are around this element
        self._n_images = 0  # of vectors, that are around this element
        self._rows: list[_Row] = []  # that are open, and so on
        self._lists: list[_List] = []
        self._labels: list[str] = []  # of items that have no word yet
        self._n_breaks = 0  # line ends since the last visible character
        self._ends_in_space = True

    def read(self, source: str) -> None:
        """Go through a page in its order, however deep its elements are."""
        from selectolax.lexbor import LexborHTMLParser

        node = LexborHTMLParser(source).root
        if node is None:
            return
        if self._n_pages > _MAX_PAGES_WITHIN:
            self.has_hidden = True
            return
        self._n_pages += 1
        ancestors: list[LexborNode] = []
        while True:
            child = self._begin(node)
            if child is not None:
                ancestors.append(node)
                node = child
                continue
            while (following := node.next) is None:
                if not ancestors:
                    self._n_pages -= 1
                    return
                node = ancestors.pop()
                self._end(node.tag or "")
            node = following

    def _begin(self, node: LexborNode) -> LexborNode | None:
        """Write what a node begins with; give its first child if that is seen."""
        tag = node.tag or ""
        if node.is_text_node:
            self._add(node.text_content or "", is_part=self._n_formulas > 0)
        elif tag == "title":
            if self.title is None and not self._n_images:
                self.title = node.text()
        elif tag == "template" and node.attributes.get("shadowrootmode") in ("open", "closed"):
            self._break_lines(tag)
            contents = node.template_fragments()  # none within a drawing
            return contents[0].child if contents else None
        elif tag not in _UNSEEN and not self._is_hidden(node, tag):
            self._begin_element(node, tag)
            child = node.child
            if child is None or tag == "iframe":
                self._end(tag)
                return None
            return child
        return None

    def _is_hidden(self, node: LexborNode, tag: str) -> bool:
        """Whether browsers show nothing of an element; whether it holds text is remembered."""
        if tag in ("html", "body"):  # hidden until a script shows them
            return False
        attributes = node.attributes
        is_hidden = (
            (attributes.get("hidden", "until-found") or "").lower() != "until-found"
            or (tag == "dialog" and "open" not in attributes)
            or _HIDDEN_BY_STYLE.search(attributes.get("style") or "") is not None
        )
        self.has_hidden |= is_hidden and not is_blank(node.text())
        return is_hidden

    def _begin_element(self, node: LexborNode, tag: str) -> None:
        """Begin a line at a block, a column at a cell; write what attributes show."""
        self._break_lines(tag)
        if tag == "br":
            self._end_lines(self._n_breaks + 1)
        elif tag == "tr":
            self._rows.append(_Row(len(self._pieces), self._n_breaks))
        elif tag in _CELLS:
            self._begin_cell()
        elif tag in _LISTS:
            self._lists.append(_list_of(node, tag))
        elif tag == "li":
            self._number_item(node)
        elif tag == "rt":
            self._add("(")
        elif tag == "iframe":
            self.read(node.attributes.get("srcdoc") or "")
        elif tag in ("area", "img", "input", "optgroup"):
            self._add(_shown_attribute(node, tag))
        self._n_preformatted += tag in _PREFORMATTED
        self._n_images += tag == "svg"
        self._n_formulas += tag == "math"

    def _end(self, tag: str) -> None:
        """End a line at a block."""
        if tag == "rt":
            self._add(")")
        elif tag == "tr" and self._rows:
            self._end_row(self._rows.pop())
        elif tag in _LISTS and self._lists:
            self._lists.pop()
        elif tag == "li":
            self._labels.clear()
        self._break_lines(tag)
        if tag in _PREFORMATTED or tag == "table":
            self._keep_lines()
        self._n_preformatted -= tag in _PREFORMATTED
        self._n_images -= tag == "svg"
        self._n_formulas -= tag == "math"

    def _begin_cell(self) -> None:
        if self._rows:
            self._rows[-1].cells.append(len(self._pieces))
        if self._n_breaks == 0:
            self._pieces.append("\t")
            self._ends_in_space = True

    def _keep_lines(self) -> None:
        if self._rows:
            self._rows[-1].keeps_lines = True

    def _end_row(self, row: _Row) -> None:
        """Put a row whose cells hold blocks into one line, if it is one of a table."""
        if row.keeps_lines or len(row.cells) < 2 or "\n" not in "".join(self._pieces[row.start :]):
            return
        ends = [*row.cells[1:], len(self._pieces)]
        cells = [
            " ".join("".join(self._pieces[start:end]).split())
            for start, end in zip(row.cells, ends, strict=True)
        ]
        line = "\t".join(cells).strip("\t")
        if len(line) <= _MAX_ROW_CHARACTERS:
            self._pieces[row.start :] = [line] if line else []
            self._n_breaks = 0 if line else row.n_breaks
            self._ends_in_space = not line

    def _number_item(self, node: LexborNode) -> None:
        """Have the number that browsers put before an item stand before its first word."""
        own = self._lists[-1] if self._lists else _List()
        if own.number is None:
            return
        own.number = _whole(node.attributes.get("value"), own.number)
        self._labels.append(f"{formatted(own.number, own.kind)}. ")
        own.number += own.step

    def _add(self, data: str, *, is_part: bool = False) -> None:
        """Keep what is seen; outside <pre> white space is one space, and none begins a line."""
        data = data.replace("\xad", "")  # where a word may be broken, which is whole
        if not self._n_preformatted:
            data = _WHITE_SPACE.sub(" ", data)
            if self._ends_in_space:
                data = data.lstrip(" ")
        if is_part and self._pieces and do_words_meet(self._pieces[-1], data):
            data = f" {data}"
        if self._labels and data.strip():
            data = "".join([*self._labels, data])
            self._labels.clear()
        if data:
            self._pieces.append(data)
            self._ends_in_space = data[-1].isspace()
            self._n_breaks = 0

    def _break_lines(self, tag: str) -> None:
        if _PARAGRAPHS.fullmatch(tag):
            self._end_lines(2)
        elif _LINES.fullmatch(tag):
            self._end_lines(1)
        elif tag in _BOXES:
            self._add(" ")

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
