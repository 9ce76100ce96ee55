"""Text and Markdown: the text is the file's decoded content, character for character."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from vectorlong.files.encodings.decoding import Decoded, read_text
from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.records import Columns, Content

_HEADING = re.compile(r"^#[ \t]+([^\s#][^\r\n]*)", re.MULTILINE)


def read_plain(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content]:
    """Read a text file; an offset into the text is the place in the file."""
    decoded = _read(path, limits, encoding)
    yield Content(decoded.text, facts=decoded.facts, remarks=decoded.remarks)


def read_markdown(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content]:
    """Read a Markdown file as it stands; its first first-level heading is the title."""
    decoded = _read(path, limits, encoding)
    heading = _HEADING.search(decoded.text)
    title = {"title": _without_closing(heading[1])} if heading else {}
    yield Content(decoded.text, title, decoded.facts, remarks=decoded.remarks)


def _read(path: Path, limits: Limits, encoding: str | None) -> Decoded:
    """Read a text that is not too long; one that must be, by its size, is not opened."""
    # No encoding that is found takes more than four bytes a character, or for its mark.
    limits.check_characters(os.stat(path).st_size // 4 - 1)
    decoded = read_text(path, limits, encoding)
    limits.check_characters(len(decoded.text))
    return decoded


def _without_closing(heading: str) -> str:
    """Leave out number signs that close a heading; those of "C#" belong to it."""
    heading = heading.rstrip()
    words = heading.rstrip("#")
    return words.rstrip() if words != words.rstrip() else heading
