"""Text and Markdown: the text is the file's decoded content, character for character."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from vectorlong.files.decoding import read_text
from vectorlong.files.records import Columns, Content

_HEADING = re.compile(r"^#[ \t]+([^\s#][^\r\n]*)", re.MULTILINE)


def read_plain(path: Path, columns: Columns) -> Iterator[Content]:
    """Read a text file; an offset into the text is the place in the file."""
    text, facts = read_text(path)
    yield Content(text, facts=facts)


def read_markdown(path: Path, columns: Columns) -> Iterator[Content]:
    """Read a Markdown file as it stands; its first first-level heading is the title."""
    text, facts = read_text(path)
    heading = _HEADING.search(text)
    yield Content(text, {"title": _without_closing(heading[1])} if heading else {}, facts)


def _without_closing(heading: str) -> str:
    """Leave out number signs that close a heading; those of "C#" belong to it."""
    heading = heading.rstrip()
    words = heading.rstrip("#")
    return words.rstrip() if words != words.rstrip() else heading
