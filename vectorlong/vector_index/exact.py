"""Exact search: FAISS's brute force on memory it does not own, re-ranking, and merging answers.

Rows are numbers and the matrix belongs to the caller. Nothing here is approximate.
"""

from __future__ import annotations

import os
from typing import Any

import faiss
import numpy as np

from vectorlong.vector_index.faiss_kinds import Metric
from vectorlong.vectors import unit_rows

# Excluding so few rows is cheaper by asking for that many more and dropping them.
_FEW_EXCLUDED = 64
# Rows asked for beyond those wanted, and for each so many of them: where the last of them is
# further away than the last one wanted, no others tie with that.
_MORE = 8
_ROUNDING, _L2_ROUNDING = 2e-6, 1e-5

# A fork takes along none of the threads that OpenMP keeps, and GNU's waits for them for ever.
if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=lambda: faiss.omp_set_num_threads(1))


class AllowedRows:
    """Which rows may be found, in the forms that FAISS needs.

    Parameters
    ----------
    mask
        bool [n].
    """

    def __init__(self, mask: np.ndarray) -> None:
        self.mask = mask  # [n]
        self.rows = np.flatnonzero(mask)  # [m]
        self.n_excluded = len(mask) - len(self.rows)
        # FAISS keeps only a pointer to the bits, so they live as long as the selector.
        self._bits = np.packbits(mask, bitorder="little")
        self.selector = faiss.IDSelectorBitmap(self._bits)  # type: ignore[call-arg, arg-type]

        self._parts: dict[tuple[int, int], AllowedRows] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, start: int, stop: int) -> AllowedRows:
        """Return the rows from ``start`` to ``stop``, numbered from 0; remembered."""
        if start == 0 and stop == len(self.mask):
            return self
        if (start, stop) not in self._parts:
            self._parts[start, stop] = AllowedRows(self.mask[start:stop])
        return self._parts[start, stop]


def exact_search(
    matrix: np.ndarray,
    queries: np.ndarray,
    k: int,
    metric: Metric,
    allowed: AllowedRows | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Compare every allowed row; the same returns as `search_rows`.

    Rows of equal score come in their own order, and the first of them where not all are wanted.
    """
    n_allowed = len(matrix) if allowed is None else len(allowed)
    n_wanted = min(k, n_allowed)
    if n_wanted == 0:
        return _nothing(len(queries), k, metric)
    n_asked = min(n_wanted + _MORE + n_wanted // _MORE, n_allowed)
    scores, rows = _compare_allowed(matrix, queries, n_asked, metric, allowed)
    # FAISS gives any of the rows that are as near as the last one, and rounds otherwise when there
    # are many questions and as rows lie in its blocks.
    is_close = np.abs(np.diff(scores[:, : n_wanted + 1])) <= _rounding(scores, metric)
    for query in np.flatnonzero(is_close.any(axis=1)).tolist():
        asked = queries[query : query + 1]
        settled = _settle(matrix, asked, rows[query : query + 1], n_wanted, metric, allowed)
        scores[query, :n_wanted], rows[query, :n_wanted] = settled
    return pad(scores[:, :n_wanted], rows[:, :n_wanted], k, metric)


def _settle(
    matrix: np.ndarray,
    query: np.ndarray,
    rows: np.ndarray,
    n_wanted: int,
    metric: Metric,
    allowed: AllowedRows | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Order the nearest ``rows`` [1, c] of one question, and look at more that may tie with it."""
    n_allowed = len(matrix) if allowed is None else len(allowed)
    while True:
        scores, rows = rerank(matrix, query, rows, rows.shape[1], metric)
        gap = abs(float(scores[0, -1]) - float(scores[0, n_wanted - 1]))
        if rows.shape[1] == n_allowed or gap > _rounding(scores, metric)[0, 0]:
            return scores[:, :n_wanted], rows[:, :n_wanted]
        n_asked = min(4 * rows.shape[1], n_allowed)
        _, rows = _compare_allowed(matrix, query, n_asked, metric, allowed)


def _rounding(scores: np.ndarray, metric: Metric) -> np.ndarray:
    """By how much FAISS may be off, by the size of what it computes; float32 [q, 1]."""
    share = _L2_ROUNDING if metric == "l2" else _ROUNDING
    return share * np.abs(scores).max(axis=1, keepdims=True)


def _compare_allowed(
    matrix: np.ndarray, queries: np.ndarray, k: int, metric: Metric, allowed: AllowedRows | None
) -> tuple[np.ndarray, np.ndarray]:
    """Scores and rows [q, k] of the nearest allowed ones, of which there are as many."""
    if allowed is None or allowed.n_excluded == 0:
        return _compare(matrix, queries, k, metric, None)
    if allowed.n_excluded <= _FEW_EXCLUDED:
        n_wanted = min(k + allowed.n_excluded, len(matrix))
        return drop(*_compare(matrix, queries, n_wanted, metric, None), allowed, k, metric)
    return _compare(matrix, queries, k, metric, faiss.IDSelectorArray(allowed.rows))


def _compare(
    matrix: np.ndarray,
    queries: np.ndarray,
    k: int,
    metric: Metric,
    selector: faiss.IDSelector | None,
) -> tuple[np.ndarray, np.ndarray]:
    """FAISS's own brute force, on memory that FAISS does not own."""
    n_queries, dim = queries.shape
    scores = np.empty((n_queries, k), dtype=np.float32)  # [q, k]
    rows = np.empty((n_queries, k), dtype=np.int64)  # [q, k]
    compare: Any = faiss.knn_L2sqr if metric == "l2" else faiss.knn_inner_product
    arguments = [
        faiss.swig_ptr(queries),
        faiss.swig_ptr(matrix),
        dim,
        n_queries,
        len(matrix),
        k,
        faiss.swig_ptr(scores),
        faiss.swig_ptr(rows),
    ]
    if metric == "l2":
        compare(*arguments, None, selector)
    else:
        compare(*arguments, selector)
    return scores, rows


def rerank(
    matrix: np.ndarray, queries: np.ndarray, rows: np.ndarray, k: int, metric: Metric
) -> tuple[np.ndarray, np.ndarray]:
    """Return the best ``k`` of candidate ``rows`` [q, c] by exact scores."""
    n_queries, n_candidates = rows.shape
    scores = np.empty((n_queries, n_candidates), dtype=np.float32)  # [q, c]
    is_absent = rows < 0
    has_absent = bool(is_absent.any())
    looked_up = np.where(is_absent, 0, rows) if has_absent else rows
    by_row = getattr(faiss, "fvec_L2sqr_by_idx" if metric == "l2" else "fvec_inner_products_by_idx")
    by_row(
        faiss.swig_ptr(scores),
        faiss.swig_ptr(queries),
        faiss.swig_ptr(matrix),
        faiss.swig_ptr(looked_up),
        queries.shape[1],
        n_queries,
        n_candidates,
    )
    if has_absent:
        scores[is_absent] = worst_score(metric)
    return pad(*in_order(scores, rows, k, metric), k, metric)


def in_order(
    scores: np.ndarray, rows: np.ndarray, k: int, metric: Metric
) -> tuple[np.ndarray, np.ndarray]:
    """Return the best ``k`` of found rows [q, c] by score, and by their own order where it ties."""
    order = np.lexsort((rows, scores if metric == "l2" else -scores))[:, :k]  # [q, k]
    best = np.arange(len(rows))[:, None]
    return scores[best, order], rows[best, order]


def merge(
    scores: np.ndarray,
    rows: np.ndarray,
    other_scores: np.ndarray,
    other_rows: np.ndarray,
    k: int,
    metric: Metric,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the best ``k`` of two answers to the same queries."""
    all_scores = np.concatenate([scores, other_scores], axis=1)  # [q, 2k]
    all_rows = np.concatenate([rows, other_rows], axis=1)
    all_scores[all_rows < 0] = worst_score(metric)
    return in_order(all_scores, all_rows, k, metric)


def drop(
    scores: np.ndarray, rows: np.ndarray, allowed: AllowedRows, k: int, metric: Metric
) -> tuple[np.ndarray, np.ndarray]:
    """Leave out rows that are not allowed, keeping the order; at most ``k`` remain."""
    is_kept = (rows >= 0) & allowed.mask[rows]
    order = np.argsort(~is_kept, axis=1, kind="stable")[:, :k]
    best = np.arange(len(rows))[:, None]
    scores, rows, is_kept = scores[best, order], rows[best, order], is_kept[best, order]
    scores[~is_kept], rows[~is_kept] = worst_score(metric), -1
    return pad(scores, rows, k, metric)


def pad(
    scores: np.ndarray, rows: np.ndarray, k: int, metric: Metric
) -> tuple[np.ndarray, np.ndarray]:
    """Fill up to ``k`` columns with absent rows."""
    n_queries, n_found = rows.shape
    if n_found == k:
        return scores, rows
    padded_scores, padded_rows = _nothing(n_queries, k, metric)
    padded_scores[:, :n_found], padded_rows[:, :n_found] = scores[:, :k], rows[:, :k]
    return padded_scores, padded_rows


def _nothing(n_queries: int, k: int, metric: Metric) -> tuple[np.ndarray, np.ndarray]:
    scores = np.full((n_queries, k), worst_score(metric), dtype=np.float32)
    return scores, np.full((n_queries, k), -1, dtype=np.int64)


def worst_score(metric: Metric) -> float:
    """Return the score of a row that is not there."""
    return np.inf if metric == "l2" else -np.inf


def sampled_recall(expected: np.ndarray, found: np.ndarray, metric: Metric) -> float:
    """Return the share of true neighbours found, both given by their exact scores [q, k].

    A found row counts if it is as near as the last true neighbour, so that among rows of equal
    score any will do. Absent ones (infinite scores) are not expected.
    """
    sign = -1.0 if metric == "l2" else 1.0
    expected, found = sign * expected, sign * found
    is_expected = np.isfinite(expected)
    n_expected = int(is_expected.sum())
    if n_expected == 0:
        return 1.0
    last = np.where(is_expected, expected, np.inf).min(axis=1, keepdims=True)  # [q, 1]
    tolerance = 1e-5 * np.maximum(np.abs(last), 1e-3)
    return int((np.isfinite(found) & (found >= last - tolerance)).sum()) / n_expected


def sample_queries(matrix: np.ndarray, n_queries: int, seed: int, metric: Metric) -> np.ndarray:
    """Return rows drawn at random and moved away, every other one a little and one far.

    The noise is 0.3 or 0.8 of a row's length: questions do not lie where the passages do.
    """
    generator = np.random.default_rng(seed)
    rows = generator.integers(0, len(matrix), min(n_queries, len(matrix)))
    queries = np.array(matrix[rows], dtype=np.float32)  # [q, e]
    lengths = np.linalg.norm(queries, axis=1, keepdims=True)  # [q, 1]
    shares = np.where(np.arange(len(queries)) % 2, 0.8, 0.3)[:, None]  # [q, 1]
    noise = generator.normal(size=queries.shape) / np.sqrt(queries.shape[1])
    queries += (shares * lengths * noise).astype(np.float32)
    return unit_rows(queries) if metric == "cosine" else queries
