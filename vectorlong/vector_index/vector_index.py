"""`VectorIndex`: FAISS with string ids, for those who bring their own vectors.

Vectors are kept as float32 beside the FAISS index, so that every answer's score is exact and the
index can be built anew at any time. Saving and loading is in
`vectorlong.vector_index.saved_vectors`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vectorlong.checks import check_count, check_id
from vectorlong.errors import IndexLockedError, InputValueError, OptionError
from vectorlong.forks import ProcessLock
from vectorlong.vector_index import saved_vectors
from vectorlong.vector_index.exact import (
    AllowedRows,
    exact_search,
    sample_queries,
    sampled_recall,
)
from vectorlong.vector_index.faiss_kinds import Metric, check_kind, check_metric, choose_kind
from vectorlong.vector_index.growth import fitting_row_index, is_outgrown
from vectorlong.vector_index.row_index import RowIndex, Training, search_rows
from vectorlong.vectors import as_numbers, check_vectors, unit_rows

# Exact search drops removed rows from memory when they are this share of all.
_MAX_REMOVED_SHARE = 0.1

Neighbours = list[tuple[str, float]]


@dataclass(frozen=True)
class _State:
    """What a search reads; replaced as a whole, so that threads never see half a change."""

    matrix: np.ndarray  # float32 [n, e]
    ids: list[str | None]  # at least n, None where removed
    row_index: RowIndex | None
    allowed: AllowedRows | None  # None: every row
    is_settled: bool


class VectorIndex:
    """Nearest neighbours among vectors with string ids.

    Parameters
    ----------
    dim
        Width of the vectors.
    kind
        ``"auto"``: exact up to 50,000 vectors, then compressed inverted lists with exact
        re-ranking. Or one of ``flat hnsw ivf ivf-sq8 ivfpq rabitq rabitq-fs ivf-rabitq
        ivf-rabitq-fs hnsw-rabitq``, or any string of FAISS's ``index_factory``. Below 1,000 vectors
        every kind answers exactly.
    metric
        ``"cosine"`` (vectors are brought to length 1), ``"inner_product"`` or ``"l2"``.

    Raises
    ------
    OptionError
        FAISS has no such kind for this width and metric, or there is no such metric.

    Examples
    --------
    >>> import numpy as np
    >>> index = VectorIndex(2)
    >>> index.add(["right", "up"], np.array([[1.0, 0.0], [0.0, 2.0]]))
    2
    >>> index.search(np.array([0.0, 1.0]), k=1)
    [('up', 1.0)]
    """

    def __init__(self, dim: int, kind: str = "auto", metric: Metric = "cosine") -> None:
        if isinstance(dim, bool) or not isinstance(dim, int | np.integer) or dim < 1:
            raise OptionError("dim", dim, hint="Pass the vectors' width, 1 or more.")
        self.dim = int(dim)
        self.metric: Metric = check_metric(metric)
        self.kind = check_kind(kind, self.dim, self.metric)
        self._guard = ProcessLock()
        self._section = threading.Lock()  # held while ids and rows are half changed
        self._rows: dict[str, int] = {}
        self._is_changing = False
        self._buffer = np.empty((0, self.dim), dtype=np.float32)  # [capacity, e]
        self._state = _State(self._buffer, [], None, None, True)

    def __len__(self) -> int:
        return len(self._row_of())

    def __contains__(self, id: object) -> bool:
        return id in self._row_of()

    def _row_of(self) -> dict[str, int]:
        """Return the row of every id; made anew where an interrupt left it half changed.

        What is searched changes in one step, so that it is whole at any time.
        """
        if self._is_changing:
            with self._guard.lock:  # until another thread's change is done
                if self._is_changing and not self._section.locked():
                    names_by_row = self._state.ids
                    del names_by_row[len(self._state.matrix) :]
                    self._rows = {name: row for row, name in enumerate(names_by_row) if name}
                    self._is_changing = False
        return self._rows

    def vector(self, id: str) -> np.ndarray | None:
        """Return the vector of an id, float32 [e], or None; for the cosine it has length 1."""
        check_id(id)
        with self._guard.lock, self._alone():  # so that rows and matrix belong together
            row = self._rows.get(id)
            return None if row is None else self._state.matrix[row].copy()

    @property
    def ids(self) -> list[str]:
        """Every id, in the order of the rows."""
        return [name for name in self._state.ids if name is not None]

    @property
    def training(self) -> Training | None:
        """What the index trained itself on and how wide it searches; None while it is exact."""
        row_index = self._state.row_index
        return None if row_index is None else row_index.training

    def _alone(self) -> threading.Lock:
        """Return the lock under which ids and rows are changed, to be entered at once.

        Raises
        ------
        IndexLockedError
            A signal's handler or a finalizer asks in the middle of a change of the same thread.
        """
        self._row_of()  # mends what an interrupt left, before it is changed further
        if self._section.locked():
            raise IndexLockedError(
                "The vectors are being changed by this very thread, which a signal's handler or a "
                "finalizer has interrupted. Do this once the change is done."
            )
        return self._section

    # --- changing ----------------------------------------------------------------------------

    def add(self, ids: Sequence[str], vectors: np.ndarray) -> int:
        """Add vectors; an id that is there already is given the new vector.

        Parameters
        ----------
        ids
            One a vector. Where one comes twice, the later wins.
        vectors
            float32 [n, e], or whatever becomes that.

        Returns
        -------
        int
            How many ids were new.

        Raises
        ------
        InputTypeError, InputValueError
            An id is no string, counts differ, or vectors have NaN or another width. Nothing was
            added then.
        """
        names = [ids] if isinstance(ids, str) else list(ids)
        for name in names:
            check_id(name)
        array = self._check(vectors, "vectors")
        if len(array) != len(names):
            raise InputValueError(f"{len(names)} ids do not go with {len(array)} vectors.")
        if not names:
            return 0
        last_places = {name: place for place, name in enumerate(names)}
        if len(last_places) < len(names):
            array = array[list(last_places.values())]
        with self._guard.lock, self._alone():
            rows = self._rows
            replaced = [rows[name] for name in last_places if name in rows]
            self._is_changing = True
            first_row = len(self._state.matrix)
            matrix = self._append(array)
            names_by_row = self._state.ids
            if replaced:
                names_by_row = list(names_by_row)  # a search may be reading the old list
                for row in replaced:
                    names_by_row[row] = None
            names_by_row.extend(last_places)
            rows.update({name: first_row + number for number, name in enumerate(last_places)})
            self._replace_state(matrix, names_by_row, self._state.row_index)
            self._is_changing = False
        return len(last_places) - len(replaced)

    def _append(self, array: np.ndarray) -> np.ndarray:
        """Put rows behind those there are, doubling the memory when it is used up."""
        n_rows = len(self._state.matrix)
        n_needed = n_rows + len(array)
        if n_needed > len(self._buffer):
            grown = np.empty((max(n_needed, 2 * n_rows), self.dim), dtype=np.float32)
            grown[:n_rows] = self._state.matrix
            self._buffer = grown
        self._buffer[n_rows:n_needed] = array
        return self._buffer[:n_needed]

    def remove(self, ids: str | Iterable[str]) -> int:
        """Remove vectors by id, and return how many there were.

        Exact kinds give the memory back when a tenth was removed; others at the next training or
        `compact`, until when the rows are only passed over.
        """
        names = [ids] if isinstance(ids, str) else list(ids)
        for name in names:
            check_id(name)
        with self._guard.lock, self._alone():
            rows = self._rows
            self._is_changing = True
            gone = [row for name in names if (row := rows.pop(name, None)) is not None]
            if gone:
                names_by_row = list(self._state.ids)
                for row in gone:
                    names_by_row[row] = None
                self._replace_state(self._state.matrix, names_by_row, self._state.row_index)
            self._is_changing = False
            n_removed = len(self._state.ids) - len(rows)
            is_exact = self._state.row_index is None
            if gone and is_exact and n_removed > _MAX_REMOVED_SHARE * len(self._state.ids):
                self._compact()
            return len(gone)

    def compact(self) -> None:
        """Drop removed rows; an approximate index is trained anew at the next search."""
        with self._guard.lock, self._alone():
            self._compact()

    def _compact(self) -> None:
        if len(self._rows) == len(self._state.ids):
            return
        state = self._state
        kept = [row for row, name in enumerate(state.ids) if name is not None]
        names_by_row = [state.ids[row] for row in kept]
        matrix = state.matrix[kept]
        self._is_changing = True
        self._buffer = matrix
        self._rows = {name: row for row, name in enumerate(names_by_row) if name}
        self._replace_state(matrix, names_by_row, None)
        self._is_changing = False

    def _replace_state(
        self, matrix: np.ndarray, names_by_row: list[str | None], row_index: RowIndex | None
    ) -> None:
        self._state = _State(matrix, names_by_row, row_index, None, False)

    def build(self) -> Training | None:
        """Train now rather than at the first search that needs it; None if the kind is exact."""
        self._settle()
        return self.training

    def _settle(self) -> _State:
        """Bring the FAISS index up to date with the rows, if they have outgrown it."""
        with self._guard.lock, self._alone():
            state = self._state
            if state.is_settled:
                return state
            if state.row_index is None and choose_kind(self.kind, len(self._rows)).factory:
                self._compact()  # what is about to be trained need not hold removed rows
                state = self._state
            row_index = fitting_row_index(state.matrix, state.row_index, self.kind, self.metric)
            if row_index is not None and is_outgrown(row_index, len(state.matrix)):
                row_index = row_index.extended(state.matrix)
            allowed = None
            if len(self._rows) < len(state.matrix):
                allowed = AllowedRows(np.array([name is not None for name in state.ids]))
            self._state = _State(state.matrix, state.ids, row_index, allowed, True)
            return self._state

    # --- searching ---------------------------------------------------------------------------

    def search(
        self, query: np.ndarray, k: int = 10, *, among: Iterable[str] | None = None
    ) -> Neighbours:
        """Find the nearest vectors of one; see `search_many`.

        Parameters
        ----------
        query
            float32 [e].
        k
            Neighbours wanted; fewer come only where fewer exist.
        among
            Ids that may be found; None: all. Unknown ids are passed over.

        Returns
        -------
        list of (id, score)
            Best first. The score is the cosine, the inner product, or for ``"l2"`` the squared
            distance, of which the least is the best; always exact.
        """
        array = as_numbers(query, "query")
        if array.ndim != 1:
            raise InputValueError(
                f"search takes one query of shape ({self.dim},), not {array.shape}; "
                "search_many takes several."
            )
        return self.search_many(array[None], k, among=among)[0]

    def search_many(
        self, queries: np.ndarray, k: int = 10, *, among: Iterable[str] | None = None
    ) -> list[Neighbours]:
        """Find the nearest vectors of several queries, float32 [q, e]; see `search`."""
        state, scores, rows = self._nearest(queries, k, among)
        # A row that is found was not removed, so that it has an id.
        name_of: Callable[[int], Any] = state.ids.__getitem__
        return [
            list(zip(map(name_of, found), values, strict=True))
            for found, values in zip(rows.tolist(), scores.tolist(), strict=True)
        ]

    def search_arrays(
        self, queries: np.ndarray, k: int = 10, *, among: Iterable[str] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find the nearest vectors of several queries, as FAISS answers: in two arrays.

        Parameters
        ----------
        queries
            float32 [q, e].
        k, among
            As for `search`.

        Returns
        -------
        tuple of numpy.ndarray
            Scores float32 [q, m], best first, and ids [q, m] of dtype object, where m is k, or the
            number of vectors that there are to find if that is less.

        Examples
        --------
        >>> index = VectorIndex(2)
        >>> index.add(["right", "up"], np.array([[1.0, 0.0], [0.0, 2.0]]))
        2
        >>> scores, ids = index.search_arrays(np.array([[0.0, 1.0], [1.0, 0.0]]), k=1)
        >>> ids.tolist()
        [['up'], ['right']]
        """
        state, scores, rows = self._nearest(queries, k, among)
        ids = np.empty(rows.shape, dtype=object)  # [q, m]
        ids.ravel()[:] = [state.ids[row] for row in rows.ravel().tolist()]
        return scores, ids

    def _nearest(
        self, queries: np.ndarray, k: int, among: Iterable[str] | None
    ) -> tuple[_State, np.ndarray, np.ndarray]:
        """Return scores float32 [q, m] and rows int64 [q, m], and the state whose rows they are."""
        check_count("k", k, least=0)
        array = self._check(queries, "queries")
        state = self._state
        if not state.is_settled:
            state = self._settle()
        allowed = state.allowed
        if among is not None:
            state, allowed = self._among(among)
        n_wanted = min(int(k), len(state.matrix) if allowed is None else len(allowed))
        if n_wanted == 0 or len(array) == 0:
            nothing = np.empty((len(array), n_wanted))
            return state, nothing.astype(np.float32), nothing.astype(np.int64)
        scores, rows = search_rows(
            state.matrix, state.row_index, array, n_wanted, self.metric, allowed
        )  # [q, k]
        # Every row that there is was compared, so that one is missing only where its score is
        # beyond float32; one that is beyond on the better side comes first.
        if rows[:, -1].min() < 0 or np.isinf(scores[:, 0]).any():
            raise InputValueError(
                "The vectors and queries are so large that scores between them are beyond "
                f"float32's {np.finfo(np.float32).max:.1e}. Scale them down"
                + (", or use the cosine." if self.metric == "inner_product" else ".")
            )
        return state, scores, rows

    def _among(self, among: Iterable[str]) -> tuple[_State, AllowedRows]:
        """Return the rows of some ids, and the state in which they are those rows."""
        names = [among] if isinstance(among, str) else list(among)
        for name in names:
            check_id(name)
        with self._guard.lock:
            state = self._settle()
            mask = np.zeros(len(state.matrix), dtype=bool)  # [n]
            rows = self._row_of()
            mask[[rows[name] for name in names if name in rows]] = True
            return state, AllowedRows(mask)

    def recall(
        self,
        k: int = 10,
        *,
        queries: np.ndarray | None = None,
        n_queries: int = 100,
        seed: int = 0,
    ) -> float:
        """Measure recall@k against exact search.

        Parameters
        ----------
        k
            Neighbours compared.
        queries
            float32 [q, e]; by default stored vectors drawn at random and moved by noise, half of
            them by 0.3 and half by 0.8 of their length.
        n_queries, seed
            How many of those, and which.

        Returns
        -------
        float
            Share of the true neighbours that are found; 1.0 for an empty index.
        """
        check_count("k", k, least=0)
        check_count("n_queries", n_queries)
        state = self._settle()
        if len(self) == 0:
            return 1.0
        k = min(k, len(state.matrix))
        if queries is None:
            array = sample_queries(state.matrix, n_queries, seed, self.metric)
        else:
            array = self._check(queries, "queries")
        expected = exact_search(state.matrix, array, k, self.metric, state.allowed)[0]
        found = search_rows(state.matrix, state.row_index, array, k, self.metric, state.allowed)[0]
        return sampled_recall(expected, found, self.metric)

    def _check(self, vectors: np.ndarray, what: str) -> np.ndarray:
        """``vectors`` as contiguous float32 [n, e], of length 1 for cosine."""
        array = check_vectors(vectors, what, self.dim)
        return unit_rows(array) if self.metric == "cosine" else array

    # --- keeping -----------------------------------------------------------------------------

    def save(self, folder: str | Path) -> None:
        """Write the index to a folder; one that was there is replaced as a whole or not at all.

        Raises
        ------
        IndexFolderError
            The disk is full or refuses, or the folder holds something else.
        IndexLockedError
            Somebody else is saving there.
        """
        state = self._settle()
        saved_vectors.save(
            Path(folder),
            saved_vectors.SavedVectors(
                self.dim, self.kind, self.metric, list(state.ids), state.matrix, state.row_index
            ),
        )

    @classmethod
    def load(cls, folder: str | Path) -> VectorIndex:
        """Read what `save` wrote; vectors and, where FAISS can, codes stay mapped from the disk.

        Raises
        ------
        IndexFolderError
            The folder holds no saved index.
        IndexCorruptError
            The ids or vectors are damaged; the message names the file. A damaged FAISS file is
            built anew.
        FormatVersionError
            A newer version of this library wrote it.
        """
        saved = saved_vectors.load(Path(folder))
        index = cls(saved.dim, saved.kind, saved.metric)
        index._rows = {name: row for row, name in enumerate(saved.ids) if name is not None}
        # The mapped file is never written: it is full, so that the first add moves into memory.
        index._buffer = saved.matrix
        index._replace_state(saved.matrix, saved.ids, saved.row_index)
        return index
