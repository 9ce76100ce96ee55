"""One generation in memory: which rows belong to which document, and how to search them."""

from __future__ import annotations

import contextlib
import functools
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from vectorlong.errors import IndexCorruptError, IndexFolderError
from vectorlong.forks import ProcessLock
from vectorlong.retrieval.filters import compile_filter
from vectorlong.retrieval.ledger import DOCUMENT_ROWS, PASSAGE_ROWS
from vectorlong.retrieval.ledger_reader import LedgerReader
from vectorlong.retrieval.snapshot import Snapshot
from vectorlong.vector_index.exact import AllowedRows
from vectorlong.vector_index.faiss_folder import FaissFolder
from vectorlong.vector_index.growth import is_outgrown
from vectorlong.vector_index.row_index import RowIndex
from vectorlong.vector_index.vector_file import VectorFile

_MAX_CACHED_FILTERS = 16
_MAX_ATTEMPTS = 50
_VECTOR_FILE = re.compile(rf"({PASSAGE_ROWS}|{DOCUMENT_ROWS})(-[1-9]\d*)?\.f32")


def vector_path(folder: Path, file: str, epoch: int) -> Path:
    """Where the rows of ``file`` lie in an epoch; compaction starts a new one beside the old."""
    return folder / (f"{file}.f32" if epoch == 0 else f"{file}-{epoch}.f32")


def is_vector_file(name: str) -> bool:
    """Whether a file's name is one that `vector_path` gives."""
    return _VECTOR_FILE.fullmatch(name) is not None


@dataclass(frozen=True)
class Chosen:
    """What a filter lets through.

    Attributes
    ----------
    rows
        The passage rows, or None: every row that there is.
    keys
        Mask of document keys (one byte each), or None: all.
    """

    rows: AllowedRows | None
    keys: bytes | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be found."""
        return self.rows is not None and len(self.rows) == 0


@dataclass(frozen=True)
class LoadedRows:
    """A generation's rows. Never changed once made, so that threads share it freely.

    Attributes
    ----------
    generation, epoch
        Of the ledger.
    passages, documents
        float32 [n, e] memory maps of the two vector files.
    row_keys
        int64 [n]: the document that each passage row belongs to, 0 where it was deleted.
    document_rows, first_rows, n_passages
        int64 [max key + 1]: which row a document's own vector is, and where its passages' rows lie.
        Where there is no such document, it has no passages.
    row_index
        FAISS over the first rows, or None.
    """

    generation: int
    epoch: int
    passages: np.ndarray
    documents: np.ndarray
    row_keys: np.ndarray
    document_rows: np.ndarray
    first_rows: np.ndarray
    n_passages: np.ndarray
    row_index: RowIndex | None
    _filters: OrderedDict[tuple[Any, ...], Chosen] = field(default_factory=OrderedDict)
    _guard: ProcessLock = field(default_factory=ProcessLock)

    @functools.cached_property
    def everything(self) -> Chosen:
        """What there is without a filter: every row whose document was not deleted."""
        is_live = self.row_keys > 0  # [n]
        return Chosen(None if is_live.all() else AllowedRows(is_live), None)

    def passages_of(self, key: int) -> np.ndarray:
        """Return the vectors of a document's passages, float32 [p, e]."""
        first = int(self.first_rows[key])
        return self.passages[first : first + int(self.n_passages[key])]

    def choose(self, snapshot: Snapshot, where: Mapping[str, Any] | None) -> Chosen:
        """Return the rows and documents a filter lets through; remembered for this generation."""
        if where is None:
            return self.everything
        condition, parameters = compile_filter(where)
        # The type is part of the name because True == 1 == 1.0.
        name = (condition, *((type(value), value) for value in parameters))
        with self._guard.lock:
            if name in self._filters:
                self._filters.move_to_end(name)
                return self._filters[name]
        mask = np.zeros(len(self.first_rows), dtype=bool)  # [max key + 1]
        mask[snapshot.matching_keys(condition, parameters)] = True
        chosen = Chosen(AllowedRows(mask[self.row_keys]), mask.tobytes())
        with self._guard.lock:
            self._filters[name] = chosen
            while len(self._filters) > _MAX_CACHED_FILTERS:
                self._filters.popitem(last=False)
        return chosen


class LatestRows:
    """Keeps the newest loaded, and brings it up to date when the ledger has moved on.

    Parameters
    ----------
    folder
        The index's folder.
    dimension
        Width of its vectors.
    """

    def __init__(self, folder: Path, dimension: int) -> None:
        self._folder = folder
        self._dimension = dimension
        self._faiss_folder = FaissFolder(folder)
        self._newest: LoadedRows | None = None
        self._guard = ProcessLock()

    def of(self, snapshot: Snapshot) -> LoadedRows | None:
        """Return the loaded of a snapshot's generation, or None if a newer one has overtaken it."""
        loaded = self._newest
        if loaded is not None and loaded.generation == snapshot.generation:
            return loaded
        with self._guard.lock:
            loaded = self._newest
            if loaded is None or loaded.epoch != snapshot.epoch:
                if loaded is not None and loaded.epoch > snapshot.epoch:
                    return None
                self._newest = self._load(snapshot)
            elif loaded.generation < snapshot.generation:
                self._newest = self._advance(loaded, snapshot)
            elif loaded.generation > snapshot.generation:
                return None
            return self._newest

    @contextlib.contextmanager
    def current(self, reader: LedgerReader) -> Iterator[tuple[Snapshot, LoadedRows]]:
        """One generation: the ledger's snapshot, and what is loaded of it.

        Raises
        ------
        IndexCorruptError
            A vector file is missing, or is not what the ledger says.
        IndexFolderError
            The index is written so fast that no generation lasts as long as a look at it.
        """
        for _ in range(_MAX_ATTEMPTS):
            with reader.snapshot() as snapshot:
                try:
                    loaded = self.of(snapshot)
                except FileNotFoundError as error:
                    with reader.snapshot() as newer:
                        if newer.epoch == snapshot.epoch:
                            raise IndexCorruptError(
                                f"{error.filename!r} is missing. Restore it from a copy, or build "
                                "the index anew from the documents."
                            ) from None
                    continue  # compaction went on while this snapshot began
                except OSError as error:
                    raise IndexFolderError(
                        f"Cannot read the vectors in {str(self._folder)!r}: {error}."
                    ) from error
                if loaded is not None:
                    yield snapshot, loaded
                    return
        raise IndexFolderError(f"{str(self._folder)!r} is written too fast to be read; try again.")

    def use(self, row_index: RowIndex | None) -> None:
        """Search the current rows through another FAISS index from now on."""
        with self._guard.lock:
            if self._newest is not None:
                self._newest = replace(self._newest, row_index=row_index)

    def _maps(self, snapshot: Snapshot) -> tuple[np.ndarray, np.ndarray]:
        passages, documents = (
            VectorFile(vector_path(self._folder, file, snapshot.epoch), self._dimension).map(
                snapshot.n_rows(file)
            )
            for file in (PASSAGE_ROWS, DOCUMENT_ROWS)
        )
        return passages, documents

    def _load(self, snapshot: Snapshot) -> LoadedRows:
        """Load a generation from nothing."""
        passages, documents = self._maps(snapshot)
        placements, tombstones = snapshot.placements(), snapshot.tombstones()
        n_live = int(placements[:, 3].sum())
        if n_live + int(tombstones[:, 2].sum()) != len(passages) or len(placements) + len(
            tombstones
        ) != len(documents):
            raise _misplaced(self._folder)
        row_keys = np.zeros(len(passages), dtype=np.int64)  # [n]
        # Keys begin at 1.
        by_key = _placed(np.zeros((3, 1), dtype=np.int64), row_keys, placements)  # [3, keys]
        if np.count_nonzero(row_keys) != n_live:
            raise _misplaced(self._folder)
        return LoadedRows(
            snapshot.generation,
            snapshot.epoch,
            passages,
            documents,
            row_keys,
            by_key[0],
            by_key[1],
            by_key[2],
            self._row_index(snapshot, None),
        )

    def _advance(self, loaded: LoadedRows, snapshot: Snapshot) -> LoadedRows:
        """Load a later generation, from what was added and deleted since the one before."""
        passages, documents = self._maps(snapshot)
        row_keys = np.zeros(len(passages), dtype=np.int64)  # [n]
        row_keys[: len(loaded.row_keys)] = loaded.row_keys
        former = np.stack([loaded.document_rows, loaded.first_rows, loaded.n_passages])
        placements = snapshot.placements(after_key=len(loaded.first_rows) - 1)
        by_key = _placed(former, row_keys, placements)  # [3, keys]
        for _, first_row, count in snapshot.tombstones(loaded.generation).tolist():
            key = row_keys[first_row]
            row_keys[first_row : first_row + count] = 0
            if key:
                by_key[:, key] = 0
        return LoadedRows(
            snapshot.generation,
            snapshot.epoch,
            passages,
            documents,
            row_keys,
            by_key[0],
            by_key[1],
            by_key[2],
            self._row_index(snapshot, loaded.row_index),
        )

    def _row_index(self, snapshot: Snapshot, former: RowIndex | None) -> RowIndex | None:
        """Return FAISS over the first rows: the one there was, or one saved since that has more."""
        n_rows = snapshot.n_rows(PASSAGE_ROWS)
        if former is not None and not is_outgrown(former, n_rows):
            return former
        saved = self._faiss_folder.load(snapshot.epoch, self._dimension)
        if saved is None or saved.n_rows > n_rows:  # of a generation not seen yet
            return former
        return saved


def _misplaced(folder: Path) -> IndexCorruptError:
    return IndexCorruptError(
        f"The ledger in {str(folder)!r} is damaged: its documents do not account for every row of "
        "the vector files. Restore it from a copy, or build the index anew from the documents."
    )


def _placed(former: np.ndarray, row_keys: np.ndarray, placements: np.ndarray) -> np.ndarray:
    """Enter documents into ``row_keys``, and return where they lie by key, int64 [3, keys].

    Parameters
    ----------
    former
        int64 [3, former keys]: document rows, first passage rows, numbers of passages.
    row_keys
        int64 [n], written to.
    placements
        int64 [d, 4]: keys and, of each, those three.
    """
    keys, starts, counts = placements[:, 0], placements[:, 2], placements[:, 3]
    n_keys = max(former.shape[1], int(keys.max(initial=0)) + 1)
    by_key = np.zeros((3, n_keys), dtype=np.int64)
    by_key[:, : former.shape[1]] = former
    by_key[:, keys] = placements[:, 1:].T
    # Every row of every document: its first row, and the place within the document.
    within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    rows = np.repeat(starts, counts) + within
    if len(rows) and (rows.min() < 0 or rows.max() >= len(row_keys)):
        raise IndexCorruptError("The ledger is damaged: a document's rows lie outside the file.")
    row_keys[rows] = np.repeat(keys, counts)
    return by_key
