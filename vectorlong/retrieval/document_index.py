"""`DocumentIndex`: whole documents on disk that answer questions with the passage.

The facade: it checks what is asked, holds the locks, and leaves the work to the modules beside it.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from vectorlong.checks import check_count, check_id, is_unicode
from vectorlong.disk import make_folder
from vectorlong.documents import Document, PassageSpec
from vectorlong.errors import (
    IndexFolderError,
    IndexLockedError,
    InputTypeError,
    InputValueError,
    OptionError,
    shown,
)
from vectorlong.forks import ProcessLock
from vectorlong.lexical.question import Question, parse_question
from vectorlong.lexical.stems import AUTO_LANGUAGE, check_language
from vectorlong.retrieval import integrity
from vectorlong.retrieval.add_report import AddReport
from vectorlong.retrieval.checked_documents import Addable
from vectorlong.retrieval.encoder_protocol import DocumentEncoder
from vectorlong.retrieval.filters import compile_filter
from vectorlong.retrieval.fusion import DEFAULT_FUSION, get_fusion
from vectorlong.retrieval.ledger import (
    LEDGER_NAME,
    ledger_errors,
)
from vectorlong.retrieval.ledger_reader import LedgerReader
from vectorlong.retrieval.loaded_rows import LatestRows
from vectorlong.retrieval.manifest import MANIFEST_NAME, Manifest
from vectorlong.retrieval.opening import (
    as_path,
    check_encoder,
    check_is_encoder,
    check_plain_files,
    check_unused,
    load_manifest,
    make_files,
)
from vectorlong.retrieval.search import (
    Hit,
    Level,
    Mode,
    Searcher,
    as_document,
    check_level,
    check_queries,
    check_search,
    nearest_documents,
)
from vectorlong.retrieval.snapshot import Snapshot
from vectorlong.retrieval.writable_folder import WritableFolder
from vectorlong.retrieval.writer import IndexWriter
from vectorlong.vector_index.exact import exact_search, sample_queries, sampled_recall
from vectorlong.vector_index.faiss_kinds import check_kind
from vectorlong.vector_index.index_files import folder_errors, folder_size
from vectorlong.vector_index.row_index import search_rows
from vectorlong.vector_index.vector_file import gather_rows
from vectorlong.vector_index.writer_lock import WriterLock
from vectorlong.vectors import as_numbers, check_vectors, is_array, unit_rows


class DocumentIndex:
    """Documents, their passages' vectors and their words, in one folder.

    Made by `create` or `open`, never directly. Use it as a context manager, or `close` it: that
    gives the writer's lock back and leaves checksums for the next opening. Reading is safe from any
    number of threads; so is writing, one call after the other.
    """

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        encoder: DocumentEncoder | None,
        lock: WriterLock | None,
    ) -> None:
        self._folder = folder
        self._manifest = manifest
        self._encoder = encoder
        self._reader = LedgerReader(folder / LEDGER_NAME)
        self._latest = LatestRows(folder, manifest.dimension)
        self._write_guard = ProcessLock()
        self._writer: IndexWriter | None = None
        try:
            integrity.check_vector_files(folder, manifest, self._reader)
            if lock is not None:
                opened = WritableFolder(folder, manifest, lock, self._reader)
                self._writer = IndexWriter(opened, self._reader, self._latest)
                self._writer.bring_words_up_to_date()
                self._writer.settle()
            with self._latest.current(self._reader):
                pass
        except BaseException:
            if self._writer is not None:
                self._writer.folder.close()
            self._reader.close()
            raise
        self._is_closed = False
        self._parts = (self._writer, self._reader, lock)
        self._closing = weakref.finalize(self, _finish, *self._parts)

    # --- making and opening ------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        folder: str | Path,
        encoder: DocumentEncoder,
        *,
        passages: PassageSpec | None = None,
        faiss: str = "auto",
        lexical: bool = True,
        language: str = AUTO_LANGUAGE,
    ) -> DocumentIndex:
        """Make an empty index and open it for writing.

        Parameters
        ----------
        folder
            Must not exist, or be empty; parents are made.
        encoder
            Makes the vectors, now and at every later opening.
        passages
            How documents are cut; the encoder's own default if None.
        faiss
            Kind of vector index: ``"auto"``, a name of `vectorlong.vector_index.faiss_kinds.KINDS`,
            or a string of FAISS's ``index_factory``.
        lexical
            Whether words are indexed too; without, only ``mode="vector"`` can search.
        language
            Whose words are also found by their stems: one of Snowball's languages, such as
            ``"german"``; ``"auto"``: English where a text is English; ``"none"``. See
            `vectorlong.lexical.stems.LANGUAGES`.

        Raises
        ------
        IndexFolderError
            The folder holds something already, or cannot be written.
        InputTypeError, InputValueError
            The folder is no path, ``encoder`` no encoder, or ``passages`` no PassageSpec.
        OptionError
            ``faiss`` names no kind, or ``language`` no language; the message lists them.
        """
        check_language(language)
        path = as_path(folder)
        check_is_encoder(encoder)
        if passages is not None and not isinstance(passages, PassageSpec):
            raise InputTypeError(f"passages must be a PassageSpec, not {shown(passages)}.")
        dimension = int(encoder.get_embedding_dimension())
        check_kind(faiss, dimension, "cosine")
        model_name = getattr(encoder, "model_name", None)
        manifest = Manifest(
            fingerprint=encoder.fingerprint,
            model_name=model_name if isinstance(model_name, str) else None,
            dimension=dimension,
            passages=passages or encoder.default_passages,
            faiss=faiss,
            lexical=bool(lexical),
            language=language,
        )
        with folder_errors("make an index", path):
            make_folder(path)
            check_unused(path)
        lock = None
        try:
            lock = WriterLock(path)
            with folder_errors("make an index", path), ledger_errors(path / LEDGER_NAME):
                check_unused(path)  # again, for somebody may have made one before the lock
                make_files(path, manifest)
                return cls(path, manifest, encoder, lock)
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    @classmethod
    def open(
        cls,
        folder: str | Path,
        encoder: DocumentEncoder | None = None,
        read_only: bool = False,
    ) -> DocumentIndex:
        """Open an index.

        Parameters
        ----------
        folder
            What `create` made.
        encoder
            The one the index was made with. Without it everything works but adding and searching
            by vectors.
        read_only
            Take no lock: any number of readers, beside one writer.

        Raises
        ------
        IndexFolderError
            The folder is not an index, or cannot be read; or, for writing, a link, a pipe or a
            device lies where a file of it should.
        InputTypeError, InputValueError
            The folder is no path, or ``encoder`` no encoder.
        IndexLockedError
            Somebody else is writing; the message says who.
        IndexCorruptError
            A file that holds the truth is damaged, lacks commits that were acknowledged, or holds
            what this library did not make; the message names it. Files up to 256 MiB are
            read whole to see; larger ones where their size or time of change differs.
        FormatVersionError
            A newer version of this library wrote it.
        EncoderMismatchError
            The encoder is another one; the message shows both fingerprints.
        """
        path = as_path(folder)
        if encoder is not None:
            check_is_encoder(encoder)
        with folder_errors("open an index", path):
            if not (path / MANIFEST_NAME).is_file() and not (path / LEDGER_NAME).is_file():
                raise IndexFolderError(
                    f"{str(path)!r} is not an index: it has no {MANIFEST_NAME}. Make one with "
                    "DocumentIndex.create."
                )
            check_plain_files(path, is_writer=not read_only)
        lock = None
        try:
            lock = None if read_only else WriterLock(path)
            with folder_errors("open an index", path), ledger_errors(path / LEDGER_NAME):
                manifest = load_manifest(path, is_writer=lock is not None)
                if encoder is not None:
                    check_encoder(path, manifest, encoder)
                return cls(path, manifest, encoder, lock)
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    @property
    def folder(self) -> Path:
        """Where the index lies."""
        return self._folder

    @property
    def manifest(self) -> Manifest:
        """What the index was made with: fingerprint, model_name, dimension, passages, kind."""
        return self._manifest

    def info(self) -> dict[str, Any]:
        """Return what there is, in plain values: counts, sizes and settings."""
        with self._latest.current(self._reader) as (snapshot, loaded):
            n_documents, n_passages, n_tokens = snapshot.count()
            training = None if loaded.row_index is None else loaded.row_index.training
            return {
                **self._manifest.settings(),
                "n_documents": n_documents,
                "n_passages": n_passages,
                "n_tokens": n_tokens,
                "n_deleted_passages": len(loaded.row_keys) - n_passages,
                "generation": snapshot.generation,
                "faiss_in_use": "flat" if training is None else training.kind,
                "n_bytes": folder_size(self._folder),
            }

    def __len__(self) -> int:
        with self._latest.current(self._reader) as (snapshot, _):
            return snapshot.count()[0]

    # --- writing -----------------------------------------------------------------------------

    def add(
        self, documents: Iterable[Addable], *, show_progress_bar: bool | None = None
    ) -> AddReport:
        """Add documents, or bring them up to date; commits as it goes.

        What is committed survives a kill at any moment, and running the same call again does only
        what is missing: a document whose id, text and metadata are there is skipped.

        Parameters
        ----------
        documents
            Texts (their id is their digest), pairs (id, text), or `Document`. Any iterable, of any
            size; a bounded part of it is in memory.
        show_progress_bar
            On stderr; None: where stderr is a terminal, once work has taken two seconds.

        Returns
        -------
        AddReport
            How many were added, updated, unchanged, and handed in twice (the later wins).

        Raises
        ------
        InputTypeError, InputValueError
            A document is not one. From a list nothing was written then; from other iterables, the
            batches before it were.
        IndexFolderError
            The disk is full or refuses; what was committed is there.
        """
        with self._write_guard.lock:
            writer = self._writing()
            return writer.add(documents, self._encoding("add documents"), show_progress_bar)

    def delete(self, ids: str | Iterable[str]) -> int:
        """Delete documents in one commit, and return how many of the ids there were."""
        with self._write_guard.lock:
            return self._writing().delete(ids)

    def compact(self) -> None:
        """Drop the rows of deleted documents from the vector files, and free what SQLite can."""
        with self._write_guard.lock:
            self._writing().compact()

    def rebuild(self) -> None:
        """Make what is derived anew: the lexical index and the saved FAISS index."""
        with self._write_guard.lock:
            self._writing().rebuild()

    def _writing(self) -> IndexWriter:
        self._check_open()
        if self._writer is None:
            raise IndexLockedError(
                f"{str(self._folder)!r} was opened with read_only=True; open it without to write."
            )
        self._writer.folder.check()
        return self._writer

    def _check_open(self) -> None:
        if self._is_closed:
            raise IndexFolderError("This index is closed; open it again.")

    def _encoding(self, purpose: str) -> DocumentEncoder:
        if self._encoder is None:
            raise InputValueError(
                f"Cannot {purpose}: the index was opened without an encoder. Pass the one with "
                f"fingerprint {self._manifest.fingerprint!r} to DocumentIndex.open"
                ', or search with mode="lexical".'
            )
        return self._encoder

    # --- searching ---------------------------------------------------------------------------

    def search(
        self,
        query: str | np.ndarray,
        k: int = 10,
        *,
        mode: Mode = "hybrid",
        where: Mapping[str, Any] | None = None,
        level: Level = "document",
        fusion: str = DEFAULT_FUSION,
    ) -> list[Hit]:
        """Answer one question, a text or a vector [e]; see `search_many`."""
        queries: list[str] | np.ndarray
        if is_array(query):
            queries = as_numbers(query, "query")[None]  # [1, e]
        elif isinstance(query, str):
            queries = [query]
        else:
            raise InputTypeError(f"A query must be a string or a vector, not {shown(query)}.")
        return self.search_many(queries, k, mode=mode, where=where, level=level, fusion=fusion)[0]

    def search_many(
        self,
        queries: list[str] | np.ndarray,
        k: int = 10,
        *,
        mode: Mode = "hybrid",
        where: Mapping[str, Any] | None = None,
        level: Level = "document",
        fusion: str = DEFAULT_FUSION,
    ) -> list[list[Hit]]:
        """Answer several questions from one generation of the index.

        Parameters
        ----------
        queries
            The questions: texts, in which ``"words in quotes"`` must stand and ``-words`` with a
            minus must not (docs/search.md; to an index without words both are plain text). Or
            vectors [q, e] from the index's own encoder, which then need not be there. Vectors have
            no words, so that they are always searched by ``mode="vector"``.
        k
            Hits wanted for each; fewer come only where fewer exist. By words (``"lexical"``) only
            documents that share a word with the question exist.
        mode
            ``"vector"``, ``"lexical"``, or both fused.
        where
            Filter on metadata, applied before the search; see `vectorlong.retrieval.filters`.
        level
            ``"document"``: k different documents, each with its best passage. ``"passage"``: k
            passages, of which several may be of one document.
        fusion
            How ``"hybrid"`` makes one score of two: ``"score"`` or ``"rank"``; see
            `vectorlong.retrieval.fusion`.

        Returns
        -------
        list of list of Hit
            Best first.

        Raises
        ------
        OptionError, InputTypeError, InputValueError, FilterError
            What was asked for is impossible.
        IndexCorruptError
            A record that would have been shown does not have its checksum.
        """
        check_search(k, mode, level)
        fuse = get_fusion(fusion)
        vectors: np.ndarray | None = None
        if is_array(queries):
            if mode == "lexical":
                raise OptionError("mode", mode, ["vector"], "A vector has no words.")
            vectors = check_vectors(queries, "queries", self._manifest.dimension)
            mode, questions = "vector", [Question("", "")] * len(vectors)
        else:
            parse = parse_question if self._manifest.lexical else _plain_question
            questions = [parse(text) for text in check_queries(queries)]
        if mode != "vector" and not self._manifest.lexical:
            raise InputValueError(
                f"mode={mode!r} needs words, and this index was made with lexical=False. Use "
                'mode="vector".'
            )
        if vectors is None and mode != "lexical" and questions and k > 0:
            vectors = check_vectors(
                self._encoding("search by vectors").encode_query(
                    [question.text for question in questions]
                ),
                "The encoder's answer to the queries",
                self._manifest.dimension,
            )
            if len(vectors) != len(questions):
                raise InputValueError(
                    f"The encoder gave {len(vectors)} vectors for {len(questions)} queries."
                )
        with self._latest.current(self._reader) as (snapshot, loaded):
            chosen = loaded.choose(snapshot, where)
            n_hits = min(int(k), len(loaded.row_keys))
            language = self._manifest.word_language
            searcher = Searcher(snapshot, loaded, chosen, n_hits, mode, level, fuse, language)
            return searcher.answer(questions, None if vectors is None else unit_rows(vectors))

    def similar(self, id: str, k: int = 10, *, where: Mapping[str, Any] | None = None) -> list[Hit]:
        """Return the documents that are nearest to one of the index, which is left out itself.

        Needs no encoder: whole documents are compared by their own vectors, every one of them.

        Parameters
        ----------
        id
            Of a document of the index.
        k
            Hits wanted; fewer come only where fewer exist.
        where
            Filter on metadata, applied before the search; see `vectorlong.retrieval.filters`.

        Returns
        -------
        list of Hit
            Best first. The score is the cosine of the two documents' vectors; the passage is the
            one of the hit that is nearest to the whole of the document asked about.

        Raises
        ------
        OptionError, FilterError
            What was asked for is impossible.
        InputTypeError, InputValueError
            The id is no id, or there is no such document.
        """
        check_id(id)
        check_count("k", k, least=0)
        with self._latest.current(self._reader) as (snapshot, loaded):
            chosen = loaded.choose(snapshot, where)
            key = _key_of(snapshot, id)
            if key is None:
                raise InputValueError(f"There is no document {id!r}; ids() lists those there are.")
            return nearest_documents(snapshot, loaded, chosen, key, int(k))

    def __contains__(self, id: object) -> bool:
        if not isinstance(id, str) or not is_unicode(id):
            return False
        with self._latest.current(self._reader) as (snapshot, _):
            return _key_of(snapshot, id) is not None

    def get(self, id: str) -> Document | None:
        """Return the document of that id as it was added, or None."""
        check_id(id)
        with self._latest.current(self._reader) as (snapshot, _):
            key = _key_of(snapshot, id)
            return None if key is None else as_document(snapshot.fetch(key))

    def vector(self, id: str) -> np.ndarray | None:
        """Return a document's own vector, float32 [e] of length 1, or None; see `vectors`."""
        check_id(id)
        with self._latest.current(self._reader) as (snapshot, loaded):
            key = _key_of(snapshot, id)
            return None if key is None else loaded.documents[loaded.document_rows[key]].copy()

    def ids(self, where: Mapping[str, Any] | None = None) -> list[str]:
        """Return the ids of all documents, or of those that fulfil a filter, in order of adding."""
        with self._latest.current(self._reader) as (snapshot, _):
            if where is None:
                return [name for _, name in snapshot.ids()]
            keys = set(snapshot.matching_keys(*compile_filter(where)).tolist())
            return [name for key, name in snapshot.ids() if key in keys]

    def recall(self, k: int = 10, *, n_queries: int = 100, seed: int = 0) -> float:
        """recall@k of the vector index against exact search.

        The queries are passage vectors drawn at random and moved by noise, half of them by 0.3 and
        half by 0.8 of their length.
        1.0 where the index is exact or empty.
        """
        check_count("k", k, least=0)
        check_count("n_queries", n_queries)
        with self._latest.current(self._reader) as (_, loaded):
            if len(loaded.row_keys) == 0:
                return 1.0
            k = min(k, len(loaded.row_keys))
            queries = sample_queries(loaded.passages, n_queries, seed, "cosine")
            rows = loaded.everything.rows
            expected = exact_search(loaded.passages, queries, k, "cosine", rows)[0]
            found = search_rows(loaded.passages, loaded.row_index, queries, k, "cosine", rows)[0]
            return sampled_recall(expected, found, "cosine")

    def vectors(self, level: Level = "document") -> tuple[list[str], np.ndarray]:
        """Return the vectors, for scikit-learn and for FAISS without this library.

        Parameters
        ----------
        level
            ``"document"``: one row a document. ``"passage"``: one a passage; its id is repeated.

        Returns
        -------
        tuple of list of str and numpy.ndarray
            The document's id of every row, and float32 [n, e] rows of length 1, a read-only memory
            map: of the index's own file where no row in it was deleted, else of a copy in a
            temporary file.
        """
        check_level(level)
        with self._latest.current(self._reader) as (snapshot, loaded):
            names = dict(snapshot.ids())
            if level == "document":
                keys = np.flatnonzero(loaded.n_passages)
                keys = keys[np.argsort(loaded.document_rows[keys])]
                rows, matrix = loaded.document_rows[keys], loaded.documents
            else:
                rows, matrix = np.flatnonzero(loaded.row_keys), loaded.passages
                keys = loaded.row_keys[rows]
            if len(rows) < len(matrix):
                matrix = gather_rows(matrix, rows)
            return [names[key] for key in keys.tolist()], matrix

    def verify(self) -> list[str]:
        """Read every byte of the index and say what is wrong, naming each file; empty if nothing.

        Damage to ``faiss/`` and ``manifest.json`` is repaired when the index is next opened for
        writing; damage to the ledger or the vector files is not, because they are the truth.

        Raises
        ------
        IndexFolderError
            This process can open no more files, which says nothing of those of the index.
        """
        with self._write_guard.lock:
            self._check_open()
            return integrity.find_damage(self._folder)

    # --- keeping -----------------------------------------------------------------------------

    def close(self) -> None:
        """Give the lock back and leave checksums; calling twice does nothing.

        Where an interrupt came in between, calling again does the rest.
        """
        with self._write_guard.lock:
            section = nullcontext() if self._writer is None else self._writer.folder.alone()
            with (
                section,
                folder_errors("close the index", self._folder),
                ledger_errors(self._folder / LEDGER_NAME),
            ):
                _close(*self._parts)
            self._is_closed = True
            self._closing.detach()

    def __enter__(self) -> DocumentIndex:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _plain_question(text: str) -> Question:
    """Return a question that is all plain text."""
    return Question(text, text)


def _key_of(snapshot: Snapshot, id: str) -> int | None:
    """Return the key of the document of that id, if there is one."""
    found = snapshot.known([id]).get(id)
    return None if found is None else found[0]


def _finish(writer: IndexWriter | None, reader: LedgerReader, lock: WriterLock | None) -> None:
    """Close an index that nobody has any more, or that is open when the interpreter ends.

    Where a daemon's thread is in the middle of a change, all is left as a kill would leave it.
    """
    if writer is None or not writer.folder.is_ours or writer.folder.take_for_good():
        _close(writer, reader, lock)


def _close(writer: IndexWriter | None, reader: LedgerReader, lock: WriterLock | None) -> None:
    """Close what is open; what is closed already stays as it is."""
    try:
        reader.close()
        if writer is not None:
            writer.folder.close()
    finally:
        if lock is not None:
            lock.release()
