"""What the process that reads documents says of a part of a file, and what is believed of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from vectorlong.files.records import BadRow, Content
from vectorlong.files.unreadable import UnreadableError

_STARTS = ("page_starts", "slide_starts", "chapter_starts")
_NAMES = ("encoding", "sheet")


def reply_of(part: Content | BadRow) -> dict[str, Any]:
    """Make the reply that tells of a part."""
    return asdict(part)


def part_of(reply: Mapping[str, Any]) -> Content | BadRow:
    """Take from a reply what it may hold, and nothing else.

    Raises
    ------
    UnreadableError
        The reply is a refusal, or none that a reader gives.
    """
    match reply:
        case {"refusal": str(refusal)}:
            raise UnreadableError(refusal)
        case {"reason": str(reason), "row": int() | None as row, "sheet": str() | None as sheet}:
            return BadRow(row, reason, sheet)
        case {
            "text": str(text),
            "metadata": dict(metadata),
            "facts": dict(facts),
            "row": int() | None as row,
            "id": str() | None as id,
            "remarks": list(remarks),
        }:
            return Content(
                text,
                {name: value for name, value in metadata.items() if _is_plain(value)},
                _facts(facts),
                row,
                id,
                tuple(map(str, remarks)),
            )
    raise UnreadableError("makes its reader answer what is no answer")


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Take of what was said of a text's place in its file what has the right form."""
    kept: dict[str, Any] = {name: str(facts[name]) for name in _NAMES if name in facts}
    for name in _STARTS:
        if facts.get(name):
            kept[name] = list(map(int, facts[name]))
    if facts.get("sheets"):
        kept["sheets"] = [
            {"name": str(part["name"]), "start": int(part["start"]), "row": int(part["row"])}
            for part in facts["sheets"]
        ]
    return kept
