"""Interpolated Kneser-Ney over bytes: what a language model of characters has to beat."""

from __future__ import annotations

import numpy as np


class KneserNey:
    """Tells bytes from those before them (Kneser and Ney 1995, with one discount an order).

    Parameters
    ----------
    text
        uint8 [n]: what is counted.
    order
        Bytes of the longest n-gram, at most 7.
    """

    def __init__(self, text: np.ndarray, order: int) -> None:
        self._order = order
        grams, counts = np.unique(_codes(text, order), return_counts=True)
        self._tables = [_Table(grams, counts)]
        for length in range(order - 1, 0, -1):
            # How many different bytes stand before it, of those that are followed at all.
            grams, counts = np.unique(grams & ((1 << 8 * length) - 1), return_counts=True)
            self._tables.append(_Table(grams, counts))
        self._tables.reverse()

    def bits_per_byte(self, text: np.ndarray) -> float:
        """Score a text uint8 [n], but for its first bytes."""
        whole = _codes(text, self._order)
        chances = np.full(len(whole), 1 / 256)
        for length, table in enumerate(self._tables, start=1):
            chances = table.interpolated(whole & ((1 << 8 * length) - 1), chances)
        return float(-np.log2(chances).mean())


class _Table:
    """N-grams of one order."""

    def __init__(self, grams: np.ndarray, counts: np.ndarray) -> None:
        self._grams, self._counts = grams, counts
        once, twice = (counts == 1).sum(), (counts == 2).sum()
        self._discount = once / (once + 2 * twice) if once else 0.5
        self._contexts, first = np.unique(grams >> 8, return_index=True)  # sorted as the grams are
        self._totals = np.add.reduceat(counts, first)
        self._n_kinds = np.diff(np.append(first, len(grams)))

    def interpolated(self, asked: np.ndarray, lower: np.ndarray) -> np.ndarray:
        """Give the chances [n] of the last bytes of n-grams [n], with those of the order below."""
        place = np.searchsorted(self._contexts, asked >> 8).clip(max=len(self._contexts) - 1)
        is_seen = self._contexts[place] == asked >> 8
        total, n_kinds = self._totals[place], self._n_kinds[place]
        gram = np.searchsorted(self._grams, asked).clip(max=len(self._grams) - 1)
        count = np.where(self._grams[gram] == asked, self._counts[gram], 0)
        found = (np.maximum(count - self._discount, 0) + self._discount * n_kinds * lower) / total
        return np.where(is_seen, found, lower)


def _codes(text: np.ndarray, order: int) -> np.ndarray:
    """Give every n-gram as a number, the last byte lowest: int64 [n - order + 1]."""
    codes = np.zeros(len(text) - order + 1, dtype=np.int64)
    for place in range(order):
        codes = codes << 8 | text[place : len(codes) + place]
    return codes
