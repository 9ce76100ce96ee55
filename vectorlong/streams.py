"""Taking a stream in parts, so that one of any size needs bounded memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

_Item = TypeVar("_Item")


def bounded_groups(
    items: Iterable[_Item],
    max_characters: int | Callable[[], int],
    max_items: int | None = None,
    *,
    max_seconds: float | None = None,
    length: Callable[[Any], int] = len,
) -> Iterator[list[_Item]]:
    """Divide a stream into groups of bounded size, drawing no more of it than the group needs.

    Parameters
    ----------
    items
        Texts, or what stands for them.
    max_characters
        A group ends with the text that reaches it, however long that text is. A function is asked
        at each text.
    max_items
        Texts of a group; None for no limit but the characters.
    max_seconds
        A group ends with the text that arrives so long after it was asked for; None for no limit.
    length
        Characters of one item.

    Examples
    --------
    >>> list(bounded_groups(["ab", "c", "d"], max_characters=3))
    [['ab', 'c'], ['d']]
    """
    group: list[_Item] = []
    n_characters = 0
    asked_at = time.monotonic()
    for item in items:
        group.append(item)
        n_characters += length(item)
        most = max_characters() if callable(max_characters) else max_characters
        is_late = max_seconds is not None and time.monotonic() - asked_at >= max_seconds
        if n_characters >= most or len(group) == max_items or is_late:
            yield group
            group, n_characters, asked_at = [], 0, time.monotonic()
    if group:
        yield group
