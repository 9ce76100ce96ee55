"""Which windows a text takes that is longer than its model."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from vectorlong.errors import OptionError


@dataclass(frozen=True)
class Window:
    """Tokens of a text (special tokens not counted) that go through the model at once.

    Attributes
    ----------
    start, end
        The tokens the window sees: ``start`` inclusive, ``end`` exclusive.
    own_start, own_end
        The part pooled from this window; the windows of a text own each token exactly once.
    """

    start: int
    end: int
    own_start: int
    own_end: int


def plan_windows(n_tokens: int, capacity: int, overlap: int) -> list[Window]:
    """Cover a text with evenly spaced windows, as few and as short as the overlap allows.

    A token belongs to the window in which it has most context: the largest distance to the nearer
    window edge, where the ends of the text do not count as edges; the earlier window on a tie.

    Parameters
    ----------
    n_tokens
        Tokens of the text, special tokens not counted.
    capacity
        Tokens of text a window holds.
    overlap
        Tokens that neighbouring windows share at least.

    Returns
    -------
    list of Window
        One window where the text fits (an empty one for an empty text), otherwise windows of equal
        length, no longer than the overlap needs.

    Raises
    ------
    OptionError
        ``capacity`` is below 1, ``overlap`` is not in ``0 .. capacity - 1``, or ``n_tokens`` is
        negative.

    Examples
    --------
    >>> for window in plan_windows(10, capacity=6, overlap=2):
    ...     print(window)
    Window(start=0, end=6, own_start=0, own_end=5)
    Window(start=4, end=10, own_start=5, own_end=10)
    """
    if n_tokens < 0:
        raise OptionError("n_tokens", n_tokens, hint="Pass 0 or more.")
    if capacity < 1:
        raise OptionError("capacity", capacity, hint="A window holds at least 1 token of text.")
    if not 0 <= overlap < capacity:
        raise OptionError("overlap", overlap, hint=f"Pass 0 to {capacity - 1} (below capacity).")
    if n_tokens <= capacity:
        return [Window(0, n_tokens, 0, n_tokens)]
    n_windows = -(-(n_tokens - overlap) // (capacity - overlap))
    size = -(-(n_tokens + (n_windows - 1) * overlap) // n_windows)
    spare = n_tokens - size
    starts = [number * spare // (n_windows - 1) for number in range(n_windows)]
    # Inside the tokens that two neighbours share, the left one's context shrinks by one a token and
    # the right one's grows by one: they meet in the middle.
    cuts = [(left + size - 1 + right) // 2 + 1 for left, right in pairwise(starts)]
    return [
        Window(start, start + size, own_start, own_end)
        for start, own_start, own_end in zip(starts, [0, *cuts], [*cuts, n_tokens], strict=True)
    ]
