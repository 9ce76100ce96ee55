"""Nearest rows of a float32 matrix: exactly, or through a FAISS index re-ranked exactly.

The matrix is the truth and stays with the caller (in memory or mapped from a file); what is kept
here can be made from it again. Rows are numbers; ids, documents and files of truth are the
callers' business.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np

from vectorlong.checks import is_unicode
from vectorlong.vector_index.exact import (
    AllowedRows,
    exact_search,
    in_order,
    merge,
    pad,
    rerank,
    sample_queries,
    sampled_recall,
)
from vectorlong.vector_index.faiss_kinds import (
    Kind,
    Metric,
    find_graph,
    find_lists,
    get_kind,
    make_empty,
    search_parameters,
    set_width,
    training_rows,
    widths,
)

_LOGGER = logging.getLogger(__name__)

# Aimed at on the sample; the promise is 0.98.
TUNED_RECALL = 0.99
_TUNED_K = 10
_TUNING_QUERIES = 200
_MAX_HELD_BACK_ROWS = 20_000
_CANDIDATE_FACTORS = (2, 4, 8, 16, 32, 64, 128)
# Fewer allowed rows than this are compared one by one: that is exact, and no slower.
_EXACT_SUBSET = 20_000
_EXACT_SUBSET_SHARE = 0.02
_ADD_BLOCK_ROWS = 65_536


@dataclass(frozen=True)
class Training:
    """What an index was trained on and how wide its searches were made.

    Attributes
    ----------
    kind
        Name of the kind.
    n_rows
        Rows the index was built over.
    n_trained
        Rows it was trained on, spread evenly over all; 0 where the kind needs no training.
    n_lists
        Inverted lists; 0 without an inverted file.
    width
        Lists probed, or candidates of the graph; 0 where there is nothing to widen.
    candidates
        Re-ranked rows for each asked-for neighbour; 1 where distances are exact anyway.
    sampled_recall
        recall@10 against exact search, of the sample that width and candidates were raised on.
    seconds
        Time it all took.
    """

    kind: str
    n_rows: int
    n_trained: int
    n_lists: int
    width: int
    candidates: int
    sampled_recall: float
    seconds: float


@dataclass(frozen=True)
class Description:
    """What is kept beside an index's file.

    Attributes
    ----------
    metric
        What the caller's scores are.
    training
        How the index came about.
    """

    metric: Metric
    training: Training


class RowIndex:
    """A trained FAISS index over the first rows of a matrix.

    Parameters
    ----------
    index
        The FAISS index; its ids are row numbers.
    metric
        What the caller's scores are.
    training
        How it came about.
    """

    def __init__(self, index: faiss.Index, metric: Metric, training: Training) -> None:
        self._index = index
        self._metric = metric
        self.training = training
        self._reranks = not get_kind(training.kind).stores_exact
        self._takes_selector = True
        self._is_graph = find_graph(index) is not None
        self._max_width = widths(index)[-1]
        self._set_width(training.width)

    def _set_width(self, width: int) -> None:
        self._width = width
        set_width(self._index, width)

    @property
    def n_rows(self) -> int:
        """Rows it covers; those after must be searched exactly."""
        return int(self._index.ntotal)

    @classmethod
    def build(cls, matrix: np.ndarray, kind: Kind, metric: Metric) -> RowIndex:
        """Train on a sample of ``matrix`` (float32 [n, e]), add every row, and tune the width."""
        started = time.perf_counter()
        n_rows, dim = matrix.shape
        index = make_empty(kind, dim, metric, n_rows)
        lists = find_lists(index)
        n_lists = 0 if lists is None else int(lists.nlist)
        n_trained = 0
        if not index.is_trained:
            sample = training_rows(n_rows, n_lists)
            n_trained = len(sample)
            index.train(np.ascontiguousarray(matrix[sample]))
        draft = cls(index, metric, Training(kind.name, n_rows, n_trained, n_lists, 1, 1, 0.0, 0.0))
        # Rows that the index has not seen are as hard to place as a question; its own are not.
        n_held_back = min(max(n_rows // 20, _TUNING_QUERIES), _MAX_HELD_BACK_ROWS, n_rows // 2)
        n_seen = n_rows - n_held_back
        draft.extend(matrix[:n_seen])
        width, candidates, recall = draft._tune(matrix[:n_seen], matrix[n_seen:])
        draft.extend(matrix)
        training = Training(
            kind.name,
            n_rows,
            n_trained,
            n_lists,
            width,
            candidates,
            recall,
            round(time.perf_counter() - started, 3),
        )
        _LOGGER.info("Built %s", training)
        return cls(index, metric, training)

    def extend(self, matrix: np.ndarray) -> None:
        """Add the rows of ``matrix`` that are not covered yet."""
        for start in range(self.n_rows, len(matrix), _ADD_BLOCK_ROWS):
            self._index.add(np.ascontiguousarray(matrix[start : start + _ADD_BLOCK_ROWS]))

    def extended(self, matrix: np.ndarray) -> RowIndex:
        """Return a copy that covers all of ``matrix``; searches on this one go on undisturbed."""
        copy = RowIndex(faiss.clone_index(self._index), self._metric, self.training)
        copy.extend(matrix)
        return copy

    def _tune(self, matrix: np.ndarray, unseen: np.ndarray) -> tuple[int, int, float]:
        """Least width and candidates that reach the recall aimed at, and the recall reached."""
        queries = sample_queries(unseen, _TUNING_QUERIES, seed=1, metric=self._metric)
        expected, _ = exact_search(matrix, queries, _TUNED_K, self._metric)
        ladder = widths(self._index)
        candidates = 1
        if self._reranks:
            for candidates in _CANDIDATE_FACTORS:
                if self._sampled(matrix, queries, expected, ladder[-1], candidates) >= TUNED_RECALL:
                    break
        recall = 0.0
        for width in ladder:
            recall = self._sampled(matrix, queries, expected, width, candidates)
            if recall >= TUNED_RECALL:
                break
        return width, candidates, recall

    def _sampled(
        self, matrix: np.ndarray, queries: np.ndarray, expected: np.ndarray, width: int, factor: int
    ) -> float:
        self._set_width(width)
        scores, rows = self._candidates(matrix, queries, _TUNED_K, factor, None)
        if not self._reranks:
            scores, _ = rerank(matrix, queries, rows, _TUNED_K, self._metric)
        return sampled_recall(expected, scores, self._metric)

    def search(
        self, matrix: np.ndarray, queries: np.ndarray, k: int, allowed: AllowedRows | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scores [q, k] and rows [q, k] of the nearest covered rows; -1 where there are no more."""
        if allowed is not None and not self._takes_selector:
            return exact_search(matrix, queries, k, self._metric, allowed)
        try:
            scores, rows = self._candidates(matrix, queries, k, self.training.candidates, allowed)
        except RuntimeError:
            # Some kinds of FAISS take no selector and say so only when they are asked.
            if allowed is None:
                raise
        else:
            # Others might pass over it in silence; nothing barred may ever be found.
            if allowed is None or allowed.mask[rows[rows >= 0]].all():
                return scores, rows
        self._takes_selector = False
        return exact_search(matrix, queries, k, self._metric, allowed)

    def _candidates(
        self,
        matrix: np.ndarray,
        queries: np.ndarray,
        k: int,
        factor: int,
        allowed: AllowedRows | None,
    ) -> tuple[np.ndarray, np.ndarray]:
        n_wanted = min(k * factor, self.n_rows)
        parameters = None
        if allowed is not None or (self._is_graph and n_wanted > self._width):
            width = self._width
            if allowed is not None:
                # The fewer rows are allowed, the further apart they lie: look so much wider.
                width = min(width * len(allowed.mask) // max(len(allowed), 1), self._max_width)
            width = max(width, n_wanted) if self._is_graph else width
            selector = None if allowed is None else allowed.selector
            parameters = search_parameters(self._index, selector, width)
        scores, rows = self._index.search(queries, n_wanted, params=parameters)  # [q, c]
        if self._reranks:
            return rerank(matrix, queries, rows, k, self._metric)
        return pad(*in_order(scores, rows, k, self._metric), k, self._metric)

    def save(self, path: Path) -> None:
        """Write the FAISS index to ``path``; OSError where FAISS cannot take such a path."""
        name = str(path)
        if not is_unicode(name):
            raise OSError(f"FAISS takes no path that is not valid Unicode, as {name!r}")
        faiss.write_index(self._index, name)

    @property
    def description(self) -> Description:
        """What `load` needs beside the file."""
        return Description(self._metric, self.training)

    @classmethod
    def load(cls, path: Path, description: Description, dim: int, *, mapped: bool) -> RowIndex:
        """Read back what `save` wrote; ``mapped`` leaves the bulk on disk, read-only.

        Raises
        ------
        RuntimeError, ValueError
            It is no index of vectors of width ``dim``.
        """
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if mapped else 0)
        if index.d != dim:
            raise ValueError(f"{str(path)!r} is of vectors {index.d} wide, not {dim}")
        return cls(index, description.metric, description.training)


def search_rows(
    matrix: np.ndarray,
    row_index: RowIndex | None,
    queries: np.ndarray,
    k: int,
    metric: Metric,
    allowed: AllowedRows | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Nearest rows of a matrix of which ``row_index`` may cover the beginning.

    Parameters
    ----------
    matrix
        float32 [n, e].
    row_index
        Covers the first rows, or None.
    queries
        float32 [q, e], contiguous.
    k
        Neighbours wanted.
    metric
        For cosine, rows and queries have length 1 already.
    allowed
        Which rows may be found; None: all.

    Returns
    -------
    tuple
        Scores float32 [q, k], best first (least first for ``"l2"``, whose scores are squared
        distances), and rows int64 [q, k], -1 where there are no more. Where fewer come than exist
        among the allowed, the query is answered exactly.
    """
    if row_index is None or (
        allowed is not None
        and len(allowed) <= max(_EXACT_SUBSET, _EXACT_SUBSET_SHARE * len(matrix))
    ):
        return exact_search(matrix, queries, k, metric, allowed)
    covered, n_rows = row_index.n_rows, len(matrix)
    head_allowed = None if allowed is None else allowed.part(0, covered)
    scores, rows = row_index.search(matrix[:covered], queries, k, head_allowed)  # [q, k]
    if covered < n_rows:
        tail_allowed = None if allowed is None else allowed.part(covered, n_rows)
        tail = exact_search(matrix[covered:], queries, k, metric, tail_allowed)
        tail_rows = np.where(tail[1] < 0, -1, tail[1] + covered)
        scores, rows = merge(scores, rows, tail[0], tail_rows, k, metric)
    n_possible = min(k, len(matrix) if allowed is None else len(allowed))
    if n_possible and rows[:, n_possible - 1].min() < 0:
        short = np.flatnonzero(rows[:, n_possible - 1] < 0)
        scores[short], rows[short] = exact_search(matrix, queries[short], k, metric, allowed)
    return scores, rows
