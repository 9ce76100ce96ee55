"""What pooling keeps of the windows of one text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from torch import Tensor

from vectorlong.pooling import Partial


@dataclass(frozen=True)
class _Row:
    """Stands for a tensor that is kept as a row."""

    of: int


class Summaries:
    """Keeps summaries by window, so that a window run again after a failure counts once.

    Their tensors are rows of a few large ones. Each on its own would lie behind the states of its
    window in memory and keep their room from being used again; a long text has thousands.

    Parameters
    ----------
    n_windows
        Of the text.
    """

    def __init__(self, n_windows: int) -> None:
        self._n_windows = n_windows
        self._rows: dict[int, Tensor] = {}
        self._kept: dict[int, Partial] = {}

    def put(self, window: int, partial: Partial) -> None:
        """Keep what pooling made of a window."""
        if self._n_windows > 1:
            partial = self._placed(window, partial, count())
        self._kept[window] = partial

    def _placed(self, window: int, part: Partial, numbers: Iterator[int]) -> Partial:
        """Put tensors into their rows, where they are like those of the windows before."""
        if type(part) is tuple:  # no class of its own, which would be lost
            return tuple(self._placed(window, it, numbers) for it in part)
        if not isinstance(part, Tensor):
            return part
        number = next(numbers)
        if number not in self._rows:
            self._rows[number] = part.new_empty((self._n_windows, *part.shape))
        rows = self._rows[number]
        if part.shape != rows.shape[1:] or part.dtype != rows.dtype:
            return part
        rows[window] = part
        return _Row(number)

    def in_order(self) -> list[Partial]:
        """Give them in the text's order."""
        return [self._restored(window, self._kept[window]) for window in sorted(self._kept)]

    def _restored(self, window: int, kept: Partial) -> Partial:
        if type(kept) is tuple:
            return tuple(self._restored(window, part) for part in kept)
        return self._rows[kept.of][window] if isinstance(kept, _Row) else kept
