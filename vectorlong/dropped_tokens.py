"""Saying how much ``overlength="truncate"`` left out: once for a piece of work, and counted."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType

# Whose lines say nothing to the user: this library, and what it is called through.
_PASSED_OVER = ("vectorlong.", "contextlib", "sklearn.")
# Of this thread alone: Python's own way to catch warnings changes them for all threads.
_gathered: ContextVar[list[int] | None] = ContextVar("gathered", default=None)


def warn_of_dropped(n_dropped_tokens: Sequence[int]) -> None:
    """Say what was left out; inside :func:`said_once`, leave that to it.

    Parameters
    ----------
    n_dropped_tokens
        Of each text that was encoded, 0 where it was not cut.
    """
    gathered = _gathered.get()
    if gathered is not None:
        gathered.extend(n_dropped_tokens)
        return
    n_cut = sum(count > 0 for count in n_dropped_tokens)
    if n_cut:
        warnings.warn(
            f"{n_cut} of {len(n_dropped_tokens)} texts were cut: {sum(n_dropped_tokens)} tokens "
            "were dropped. Use overlength='window' to encode all of every text.",
            stacklevel=_level_of_caller(),
        )


def _level_of_caller() -> int:
    """Find how far up the line stands that called this library, for ``warnings.warn``."""
    frame: FrameType | None = sys._getframe(1)
    level = 1
    while frame is not None and str(frame.f_globals.get("__name__")).startswith(_PASSED_OVER):
        frame = frame.f_back
        level += 1
    return level


@contextmanager
def said_once() -> Iterator[None]:
    """Gather what calls inside the block have to say of texts cut, and say it at its end.

    Examples
    --------
    >>> with warnings.catch_warnings(record=True) as said, said_once():
    ...     warn_of_dropped([0, 3])
    ...     warn_of_dropped([4])
    >>> str(said[0].message)[:51]
    '2 of 3 texts were cut: 7 tokens were dropped. Use o'
    """
    gathered: list[int] = []
    token = _gathered.set(gathered)
    try:
        yield
    finally:
        _gathered.reset(token)
    warn_of_dropped(gathered)
