"""XML of any kind: its text, a line for each element that holds some of its own."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.parsers import expat

from vectorlong.files.encodings.decoding import read_text
from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.opening import open_file
from vectorlong.files.records import Columns, Content, is_blank
from vectorlong.files.unreadable import UnreadableError, one_line

_DECLARED = re.compile(rb"""\A(?:\xef\xbb\xbf)?<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)""")
_HEAD_BYTES = 1024
_PIECE_CHARACTERS = 1 << 16
_LINE_END = "\n"


def read_xml(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content]:
    """Read all text between tags; elements within text stand in its line, others on their own."""
    with open_file(path) as file:
        declared = _DECLARED.match(file.read(_HEAD_BYTES))
    name = None if declared is None else declared[1].decode("ascii", "replace")
    decoded = read_text(path, limits, encoding, name)
    collected = _Text(limits)
    # Whatever its declaration says, it is decoded by now.
    parser: Any = expat.ParserCreate(encoding="utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = collected.start
    parser.EndElementHandler = collected.end
    parser.CharacterDataHandler = collected.text
    parser.SkippedEntityHandler = collected.skip_entity
    parser.ExternalEntityRefHandler = collected.skip_file
    try:
        for place in range(0, len(decoded.text), _PIECE_CHARACTERS):
            piece = decoded.text[place : place + _PIECE_CHARACTERS]
            parser.Parse(piece.encode("utf-8", "surrogatepass"), False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise UnreadableError(f"is damaged XML ({one_line(error)})") from error
    yield Content(
        collected.lines(), facts=decoded.facts, remarks=(*decoded.remarks, *collected.remarks)
    )


class _Text:
    """Collects text and the places where lines may end.

    An element that turns out to have text of its own is one line, and so is all that is in it: the
    line ends within it are taken back, each once.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._n_characters = 0
        self._pieces: list[str] = []
        self._line_ends: list[int] = []  # places in the pieces
        self._elements: list[tuple[int, bool]] = []  # where they begin, and whether they have text
        self.remarks: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Begin an element."""
        self._elements.append((len(self._pieces), False))
        self._end_line()

    def end(self, name: str) -> None:
        """End an element."""
        begin, has_text = self._elements.pop()
        while has_text and self._line_ends and self._line_ends[-1] > begin:
            self._pieces[self._line_ends.pop()] = ""
        self._end_line()

    def text(self, data: str) -> None:
        """Keep text."""
        self._n_characters += len(data)
        self._limits.check_characters(self._n_characters)
        self._pieces.append(data)
        if self._elements and not is_blank(data):
            self._elements[-1] = (self._elements[-1][0], True)

    def skip_entity(self, name: str, is_parameter: bool) -> None:
        """Take an entity that the file does not declare for that of HTML."""
        text = html.unescape(f"&{name};")
        if not is_parameter and not text.startswith("&"):
            self.text(text)
        elif not is_parameter:
            self._remark(f"&{name}; is declared in another file, and not read")

    def skip_file(self, *_: object) -> int:
        """Open no other file."""
        self._remark("other files that it takes text from are not read")
        return 1

    def _remark(self, remark: str) -> None:
        if remark not in self.remarks and len(self.remarks) < 10:
            self.remarks.append(remark)

    def _end_line(self) -> None:
        self._line_ends.append(len(self._pieces))
        self._pieces.append(_LINE_END)

    def lines(self) -> str:
        """Give the text, white space as one space and without empty lines."""
        ends = frozenset(self._line_ends)
        lines: list[str] = []
        line: list[str] = []
        for place, piece in enumerate([*self._pieces, ""]):
            if place in ends or place == len(self._pieces):
                lines.append(" ".join("".join(line).split()))
                line = []
            else:
                line.append(piece)
        return "\n".join(filter(None, lines))
