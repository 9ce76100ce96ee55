"""Taking a stream in parts, so that one of any size needs bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

_Item = TypeVar("_Item")


def bounded_groups(
    items: Iterable[_Item],
    max_characters: int,
    max_items: int | None = None,
    *,
    length: Callable[[Any], int] = len,
) -> Iterator[list[_Item]]:
    """Divide a stream into groups of bounded size, drawing no more of it than the group needs.

    Parameters
    ----------
    items
        Texts, or what stands for them.
    max_characters
        A group ends with the text that reaches it, however long that text is.
    max_items
        Texts of a group; None for no limit but the characters.
    length
        Characters of one item.

    Examples
    --------
    >>> list(bounded_groups(["ab", "c", "d"], max_characters=3))
    [['ab', 'c'], ['d']]
    """
    group: list[_Item] = []
    n_characters = 0
    for item in items:
        group.append(item)
        n_characters += length(item)
        if n_characters >= max_characters or len(group) == max_items:
            yield group
            group, n_characters = [], 0
    if group:
        yield group
