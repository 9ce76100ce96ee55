"""The vectors of one text's passages, each put together once all windows that hold it were run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vectorlong.pooling import Partial, Pooling
from vectorlong.text.windows import Window


class PassageVectors:
    """Collects the summaries of windows.

    A summary is let go as soon as its passage is done. Those of all passages, kept until the text
    is done, would take many times the memory of the vectors: they are so small that each keeps the
    room around it from being used for the next window's states.

    Parameters
    ----------
    tokens
        int64 [p, 2]: first token and end of each passage.
    windows
        How the text divides.
    """

    def __init__(self, tokens: np.ndarray, windows: Sequence[Window]) -> None:
        self._tokens = tokens
        first = np.searchsorted([it.own_end for it in windows], tokens[:, 0], side="right")  # [p]
        end = np.searchsorted([it.own_start for it in windows], tokens[:, 1], side="left")  # [p]
        # Only a text without tokens has a passage without any, and so without windows.
        self._n_missing = np.maximum(end - first, 0)  # [p] windows
        self._partials: dict[int, dict[int, Partial]] = {}
        self._vectors: Tensor | None = None

    def tokens_in(self, window: Window) -> list[tuple[int, int, int]]:
        """Give the passages that a window owns tokens of: which, and the first and end of these."""
        starts, ends = self._tokens[:, 0], self._tokens[:, 1]
        owned = np.flatnonzero((starts < window.own_end) & (ends > window.own_start))
        first = np.maximum(starts[owned], window.own_start)
        end = np.minimum(ends[owned], window.own_end)
        return list(zip(owned.tolist(), first.tolist(), end.tolist(), strict=True))

    def position(self, passage: int, token: int) -> int:
        """Count a token from the beginning of its passage."""
        return token - int(self._tokens[passage, 0])

    def add(self, passage: int, window: int, partial: Partial, pooling: Pooling) -> None:
        """Take what a window says of a passage; once, should the window be run again."""
        if self._n_missing[passage] == 0:
            return
        partials = self._partials.setdefault(passage, {})
        partials[window] = partial
        if len(partials) == self._n_missing[passage]:
            del self._partials[passage]
            self._n_missing[passage] = 0
            vector = pooling.combine([partials[number] for number in sorted(partials)])  # [e]
            self._room_for(vector)[passage] = vector

    def _room_for(self, vector: Tensor) -> Tensor:
        if self._vectors is None:
            shape = (len(self._tokens), len(vector))
            self._vectors = torch.empty(shape, dtype=vector.dtype, device=vector.device)
        return self._vectors

    def vectors(self, otherwise: Tensor) -> Tensor:
        """Give them all, [p, e]; ``otherwise`` [e] for a passage without tokens."""
        assert not self._partials
        vectors = self._room_for(otherwise)
        vectors[self._tokens[:, 0] == self._tokens[:, 1]] = otherwise
        return vectors
