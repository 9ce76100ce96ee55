"""Which column of a table holds the text, which the id, and what the others are called."""

from __future__ import annotations

from collections.abc import Sequence

from vectorlong.files.records import Columns
from vectorlong.files.unreadable import UnreadableError

_TEXT_NAMES = ("text", "content", "body", "document")
_ID_NAMES = ("_id", "id")
_MAX_NAMES_SHOWN = 12
_MAX_NAME_CHARACTERS = 80


def unique_names(header: Sequence[str]) -> list[str]:
    """Column names as the header has them, numbered where empty or repeated."""
    names: dict[str, None] = {}  # in order, and found at once
    for position, name in enumerate(header, start=1):
        name = name.strip().strip("\ufeff") or f"column {position}"
        while name in names:
            name = f"{name} ({position})"
        names[name] = None
    return list(names)


def choose_columns(names: Sequence[str], columns: Columns) -> tuple[str, str | None]:
    """Which column is the text and which, if any, the id.

    Raises
    ------
    UnreadableError
        There is none that the user named, or none that can be the text.
    """
    shown = ", ".join(name[:_MAX_NAME_CHARACTERS] for name in names[:_MAX_NAMES_SHOWN])
    shown += ", ..." if len(names) > _MAX_NAMES_SHOWN else ""
    for chosen in (columns.text, columns.id):
        if chosen is not None and chosen not in names:
            raise UnreadableError(f"has no column {chosen!r}; its columns are: {shown}")
    text_name = columns.text or _first_named(names, _TEXT_NAMES)
    if text_name is None:
        raise UnreadableError(
            f"has no column called {', '.join(_TEXT_NAMES[:-1])} or {_TEXT_NAMES[-1]}; its columns "
            f"are: {shown}. Name the one to read with --text-column"
        )
    return text_name, columns.id or _first_named(names, _ID_NAMES)


def has_text_column(names: Sequence[str], columns: Columns) -> bool:
    """Whether one is the text: that which the user named, else one that is usually called so."""
    if columns.text is not None:
        return columns.text in names
    return _first_named(names, _TEXT_NAMES) is not None


def _first_named(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    """Find the first of the wanted names that there is, whatever its case."""
    by_lower_case = {name.lower(): name for name in reversed(names)}
    return next((by_lower_case[name] for name in wanted if name in by_lower_case), None)
