"""How comments stand in the text: they are not part of it, and must not be taken for it."""

from __future__ import annotations


def comment_lines(author: str, lines: list[str]) -> list[str]:
    """Mark lines as somebody's comment; ``author`` may be empty, and no lines stay none.

    Examples
    --------
    >>> comment_lines("Jane Roe", ["Why?", "Since when?"])
    ['[Comment by Jane Roe: Why?', 'Since when?]']
    """
    if not lines:
        return []
    begin = f"[Comment by {author}: " if author else "[Comment: "
    marked = [begin + lines[0].lstrip(), *lines[1:]]
    return [*marked[:-1], marked[-1].rstrip() + "]"]
