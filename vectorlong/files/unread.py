"""Saying what was met in a file and not read."""

from __future__ import annotations

from collections.abc import Mapping


def unread_remarks(unread: Mapping[str, int]) -> tuple[str, ...]:
    """Say what was met and not read, and how often.

    Examples
    --------
    >>> unread_remarks({"picture": 1, "piece of hidden text": 2})
    ('1 picture is not read', '2 pieces of hidden text are not read')
    """
    return tuple(
        f"{n:,} {what} is not read" if n == 1 else f"{n:,} {_plural(what)} are not read"
        for what, n in unread.items()
    )


def _plural(what: str) -> str:
    head, of, rest = what.partition(" of ")
    return f"{head}s{of}{rest}"
