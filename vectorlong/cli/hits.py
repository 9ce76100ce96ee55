"""Hits for people and for machines. Loads rich."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rich.cells import set_cell_size
from rich.console import Console
from rich.text import Text

from vectorlong.files.file_position import FilePosition, find_position
from vectorlong.retrieval.search import Hit

# The bar tells the passage from the text around it where there is no colour.
_AROUND = "     "
_PASSAGE = "   │ "
# Enough to fill a wide terminal's line on either side of the passage.
_CONTEXT_CHARACTERS = 400
_SCORE_FORMATS = {"vector": "cosine {:.2f}", "lexical": "BM25 {:.1f}"}
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def hit_as_json(hit: Hit) -> dict[str, Any]:
    """Give a hit in plain values: all but the document's whole text."""
    place = hit_place(hit)
    return {
        "id": hit.id,
        "score": hit.score,
        "scores": hit.scores,
        "passage": {
            "text": hit.passage.text,
            "start": hit.passage.start,
            "end": hit.passage.end,
        },
        "place": {
            "description": str(place),
            "line": place.line,
            "page": place.page,
            "slide": place.slide,
            "chapter": place.chapter,
            "sheet": place.sheet,
            "row": place.row,
        },
        "metadata": hit.metadata,
    }


def hit_place(hit: Hit) -> FilePosition:
    """Where the hit's passage lies in its file."""
    return find_position(hit.text, hit.metadata, hit.passage.start)


def print_hits(console: Console, hits: Sequence[Hit]) -> None:
    """Print hits: name and score, place, and the passage between the lines around it."""
    for rank, hit in enumerate(hits, start=1):
        if rank > 1:
            console.print()
        _print_hit(console, rank, hit)


def _print_hit(console: Console, rank: int, hit: Hit) -> None:
    heading = Text(f"{rank:>2} ", style="bold")
    heading.append(one_line(hit.id), style="bold cyan")
    title = hit.metadata.get("title")
    if isinstance(title, str) and title.strip() and title != hit.id:
        heading.append(f"  {one_line(title)}", style="italic")
    console.print(heading)
    parts = ", ".join(_SCORE_FORMATS[name].format(value) for name, value in hit.scores.items())
    offsets = f"characters {hit.passage.start:,}-{hit.passage.end:,}"
    _print_indented(
        console,
        Text(f"score {hit.score:.3f} ({parts}) · {hit_place(hit)} · {offsets}", style="dim"),
    )
    width = console.width - len(_AROUND)
    start, end = hit.passage.start, hit.passage.end
    before = one_line(hit.text[max(0, start - _CONTEXT_CHARACTERS) : start])
    after = one_line(hit.text[end : end + _CONTEXT_CHARACTERS])
    if before:
        _print_indented(console, Text(_last_cells(before, width), style="dim"))
    _print_indented(console, Text(_shown_lines(hit.passage.text)), _PASSAGE)
    if after:
        _print_indented(console, Text(_first_cells(after, width), style="dim"))


def _print_indented(console: Console, text: Text, margin: str = _AROUND) -> None:
    for line in text.wrap(console, console.width - len(margin)):
        line.rstrip()
        console.print(Text(margin) + line)


def one_line(text: str) -> str:
    """Give a text as one line without control characters, which could steer the terminal."""
    return _CONTROLS.sub("�", " ".join(text.split()))


def _shown_lines(text: str) -> str:
    """Give a passage in its own lines, without empty ones at its ends or in a row."""
    lines = [_CONTROLS.sub("�", line.expandtabs(4).rstrip()) for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _first_cells(text: str, width: int) -> str:
    """Cut a line to the terminal's width; Chinese characters are two cells wide."""
    cut = set_cell_size(text, width - 1).rstrip()
    return text if cut == text else f"{cut}…"


def _last_cells(text: str, width: int) -> str:
    return _first_cells(text[::-1], width)[::-1]
