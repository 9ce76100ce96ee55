"""Writing to an index: vectors first, flushed, then the ledger; nothing counts before it commits.

What is open, and who may write, is in `vectorlong.retrieval.writable_folder`. The writer remembers
nothing that the ledger knows: every change asks it, within its own transaction, for the epoch and
for how many rows count. So an interrupt may come anywhere, and the next change goes on from what
was committed.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from tqdm import tqdm

from vectorlong.checks import check_id
from vectorlong.documents import DocumentEncoding
from vectorlong.errors import (
    IndexCorruptError,
    IndexFolderError,
    InputTypeError,
    InputValueError,
    shown,
)
from vectorlong.lexical.stems import scheme
from vectorlong.progress import progress_bar
from vectorlong.retrieval.add_report import AddReport, Outcomes
from vectorlong.retrieval.checked_documents import Addable, CheckedDocument, batches, check_encoding
from vectorlong.retrieval.encoder_protocol import DocumentEncoder, encode_with_passages
from vectorlong.retrieval.ledger import DOCUMENT_ROWS, PASSAGE_ROWS
from vectorlong.retrieval.ledger_reader import LedgerReader
from vectorlong.retrieval.ledger_writer import LedgerTransaction, NewDocument
from vectorlong.retrieval.loaded_rows import LatestRows, LoadedRows, vector_path
from vectorlong.retrieval.snapshot import Snapshot, StoredDocument, record_digest
from vectorlong.retrieval.writable_folder import WritableFolder
from vectorlong.vector_index.faiss_folder import FaissFolder
from vectorlong.vector_index.growth import fitting_row_index, is_outgrown
from vectorlong.vector_index.index_files import folder_errors, replaced
from vectorlong.vector_index.row_index import RowIndex
from vectorlong.vector_index.vector_file import Segment, VectorAppender, VectorFile, row_blocks

_LOGGER = logging.getLogger(__name__)

_COMMIT_EVERY_S = 5.0
_COMMIT_BYTES = 64 << 20
# Of texts whose words are indexed anew: some seconds.
_COMMIT_CHARACTERS = 16 << 20


@dataclass(frozen=True)
class _Encoded:
    """A document with its vectors, not written yet.

    Attributes
    ----------
    document
        As it was handed in.
    vector, passages
        float32 [e] and [p, e], of length 1.
    spans
        int64 [p, 2].
    n_tokens
        Of the text.
    """

    document: CheckedDocument
    vector: np.ndarray
    passages: np.ndarray
    spans: np.ndarray
    n_tokens: int


@dataclass
class _Pending:
    """Encoded documents that are not written yet."""

    encoded: list[_Encoded] = field(default_factory=list)
    n_bytes: int = 0
    since: float = field(default_factory=time.monotonic)

    def append(self, encoded: _Encoded) -> None:
        """Take one more."""
        self.encoded.append(encoded)
        self.n_bytes += encoded.passages.nbytes + encoded.vector.nbytes + len(encoded.document.text)

    def is_due(self) -> bool:
        """Whether it is time to commit."""
        return (
            self.n_bytes >= _COMMIT_BYTES or time.monotonic() - self.since >= _COMMIT_EVERY_S
        ) and bool(self.encoded)


class IndexWriter:
    """Adds, deletes and compacts.

    Parameters
    ----------
    folder
        The index's folder, open for writing.
    reader, latest_rows
        How the index is read; brought up to date by what is written.
    """

    def __init__(
        self, folder: WritableFolder, reader: LedgerReader, latest_rows: LatestRows
    ) -> None:
        self.folder = folder
        self._reader = reader
        self._latest = latest_rows
        self._dimension = folder.manifest.dimension
        self._faiss_folder = FaissFolder(folder.path)

    # --- add ---------------------------------------------------------------------------------

    def add(
        self, documents: Iterable[Addable], encoder: DocumentEncoder, show_progress: bool | None
    ) -> AddReport:
        """Add or update documents; see `DocumentIndex.add`."""
        started = time.perf_counter()
        outcomes = Outcomes()
        tokens = [0, 0]
        total = len(documents) if isinstance(documents, Sequence) else None
        try:
            with progress_bar(total, "doc", "Indexing", show_progress) as progress:
                for batch in batches(documents):
                    self._add_batch(batch, encoder, outcomes, tokens, progress)
        except BaseException:
            with contextlib.suppress(Exception):  # the first error is the one to tell
                self.settle()
            raise
        finally:
            outcomes.close()
        self.settle()
        return AddReport(
            **outcomes.counts,
            n_tokens=tokens[0],
            n_dropped_tokens=tokens[1],
            seconds=time.perf_counter() - started,
        )

    def _add_batch(
        self,
        batch: list[CheckedDocument],
        encoder: DocumentEncoder,
        outcomes: Outcomes,
        tokens: list[int],
        progress: tqdm,
    ) -> None:
        latest = {document.id: document for document in batch}
        outcomes.counts["duplicates"] += len(batch) - len(latest)
        changed: list[CheckedDocument] = []
        relabelled: list[tuple[CheckedDocument, StoredDocument]] = []
        with self._reader.snapshot() as snapshot:
            known = snapshot.known(list(latest))
            for document in latest.values():
                key, digest = known.get(document.id, (0, b""))
                if digest == document.digest:
                    outcomes.note(document.id, "unchanged")
                elif key and (stored := snapshot.fetch(key)).text == document.text:
                    relabelled.append((document, stored))
                else:
                    changed.append(document)
        self._change_metadata(relabelled, outcomes)
        progress.update(len(batch) - len(changed))
        pending = _Pending()
        for document, encoding in self._encode(changed, encoder):
            parts = check_encoding(document, encoding, self._dimension)
            pending.append(_Encoded(document, *parts, int(encoding.n_tokens)))
            tokens[0] += int(encoding.n_tokens)
            tokens[1] += int(encoding.n_dropped_tokens)
            if pending.is_due():
                self._commit(pending, outcomes, progress)
                pending = _Pending()
        if pending.encoded:
            self._commit(pending, outcomes, progress)

    def _change_metadata(
        self, relabelled: list[tuple[CheckedDocument, StoredDocument]], outcomes: Outcomes
    ) -> None:
        """Give documents whose text is the same their new metadata; their vectors stay."""
        if not relabelled:
            return
        with self.folder.alone():
            self.folder.mark()
            with self.folder.ledger.transaction() as transaction:
                for document, stored in relabelled:
                    digest = document.digest
                    record = record_digest(digest, stored.n_tokens, stored.spans)
                    transaction.change_metadata(stored.key, document.metadata, digest, record)
                self.folder.check()
            self.folder.acknowledge(transaction)
        for document, _ in relabelled:
            outcomes.note(document.id, "updated")

    def _encode(
        self, changed: list[CheckedDocument], encoder: DocumentEncoder
    ) -> Iterator[tuple[CheckedDocument, DocumentEncoding]]:
        if not changed:
            return
        texts = [document.text for document in changed]
        encodings = iter(encode_with_passages(encoder, texts, self.folder.manifest.passages))
        for document in changed:
            encoding = next(encodings, None)
            if encoding is None:
                raise InputValueError(
                    f"The encoder gave no vectors for document {document.id!r}; nothing of it was "
                    "written."
                )
            yield document, encoding

    def _commit(self, pending: _Pending, outcomes: Outcomes, progress: tqdm) -> None:
        """Write what is pending: both vector files, flushed, then the ledger."""
        with self.folder.alone():
            self.folder.mark()
            try:
                with (
                    folder_errors("add documents", self.folder.path),
                    self.folder.ledger.transaction() as transaction,
                ):
                    known = self._write(pending, transaction)
                    self.folder.check()
            except Exception:  # whatever it was, it is told; only the room it took is given back
                self.folder.cut_tails()
                raise
            self.folder.acknowledge(transaction)
        for encoded in pending.encoded:
            name = encoded.document.id
            outcomes.note(name, "updated" if name in known else "added")
        progress.update(len(pending.encoded))

    def _write(
        self, pending: _Pending, transaction: LedgerTransaction
    ) -> dict[str, tuple[int, bytes]]:
        """Write what is pending within a transaction, and return what was there of it."""
        snapshot = Snapshot(transaction.connection, self.folder.ledger.path)
        rows = self.folder.acknowledged_rows(snapshot, transaction.generation - 1)
        first_row, document_row = rows[PASSAGE_ROWS], rows[DOCUMENT_ROWS]
        files = self.folder.files(transaction.epoch)
        passages = [encoded.passages for encoded in pending.encoded]
        segments = {
            PASSAGE_ROWS: files[PASSAGE_ROWS].append(
                passages[0] if len(passages) == 1 else np.concatenate(passages), first_row
            ),
            DOCUMENT_ROWS: files[DOCUMENT_ROWS].append(
                np.stack([encoded.vector for encoded in pending.encoded]), document_row
            ),
        }
        known = snapshot.known([encoded.document.id for encoded in pending.encoded])
        for number, encoded in enumerate(pending.encoded):
            document, spans, n_tokens = encoded.document, encoded.spans, encoded.n_tokens
            if document.id in known:
                transaction.delete(known[document.id][0])
            transaction.insert(
                NewDocument(
                    document.id,
                    document.text,
                    document.metadata,
                    document.digest,
                    record_digest(document.digest, n_tokens, spans),
                    n_tokens,
                    document_row + number,
                    first_row,
                    spans,
                )
            )
            first_row += len(spans)
        for file, segment in segments.items():
            transaction.add_segment(file, segment)
        return known

    # --- delete, compact, rebuild ------------------------------------------------------------

    def delete(self, ids: str | Iterable[str]) -> int:
        """Delete documents in one commit; how many there were."""
        if not isinstance(ids, Iterable):
            raise InputTypeError(f"delete takes an id or several, not {shown(ids)}.")
        names = [ids] if isinstance(ids, str) else list(ids)
        for name in names:
            check_id(name)
        with self._reader.snapshot() as snapshot:
            if not snapshot.known(names):
                return 0
        with self.folder.alone():
            self.folder.mark()
            with self.folder.ledger.transaction() as transaction:
                known = Snapshot(transaction.connection, self.folder.ledger.path).known(names)
                for key, _ in known.values():
                    transaction.delete(key)
                self.folder.check()
            self.folder.acknowledge(transaction)
        self.settle()
        return len(known)

    def compact(self) -> None:
        """Write the vector files anew without deleted rows, and give free space back."""
        with self.folder.alone():
            self.folder.mark()
            with folder_errors("compact", self.folder.path), self._reader.snapshot() as snapshot:
                self._check_vectors(snapshot)
                placements = snapshot.placements()
                loaded = self._loaded(snapshot)
            placements = placements[np.argsort(placements[:, 2], kind="stable")]  # [d, 4]
            live_rows = np.flatnonzero(loaded.row_keys)
            with folder_errors("compact", self.folder.path):
                segments = {
                    PASSAGE_ROWS: self._copy(PASSAGE_ROWS, loaded, loaded.passages, live_rows),
                    DOCUMENT_ROWS: self._copy(
                        DOCUMENT_ROWS, loaded, loaded.documents, placements[:, 1]
                    ),
                }
            first_rows = np.cumsum(placements[:, 3]) - placements[:, 3]
            moved = np.column_stack([np.arange(len(placements)), first_rows, placements[:, 0]])
            with self.folder.ledger.transaction() as transaction:
                if transaction.generation != loaded.generation + 1:
                    raise replaced(self.folder.ledger.path)
                transaction.move_rows(moved.tolist(), segments)
                self.folder.check()
            self.folder.acknowledge(transaction)
            with folder_errors("remove the files from before compaction", self.folder.path):
                self.folder.clear_leftovers()
            self.folder.ledger.optimise()
        self.settle()

    def _copy(
        self, file: str, loaded: LoadedRows, source: np.ndarray, rows: np.ndarray
    ) -> list[Segment]:
        """Write chosen rows of ``source`` to the file of the next epoch, block by block."""
        path = vector_path(self.folder.path, file, loaded.epoch + 1)
        appender = VectorAppender(path, self._dimension, create=True)
        segments: list[Segment] = []
        n_rows = 0
        with contextlib.closing(appender):
            for block in row_blocks(source, rows):
                segments.append(appender.append(block, n_rows))
                n_rows += len(block)
        return segments

    def rebuild(self) -> None:
        """Make everything derived anew: the lexical index and the saved FAISS index."""
        with self.folder.alone():
            self.folder.mark()
            with folder_errors("rebuild", self.folder.path), self._reader.snapshot() as snapshot:
                self._check_vectors(snapshot)
                for key in snapshot.placements()[:, 0].tolist():
                    snapshot.fetch(key)
            with self.folder.ledger.transaction() as transaction:
                transaction.index_words()
                self.folder.check()
            self.folder.acknowledge(transaction)
            with folder_errors("rebuild", self.folder.path):
                self._faiss_folder.remove()
            self._latest.use(None)
        self.settle()

    def bring_words_up_to_date(self) -> None:
        """Index the words anew where the index has those of another version of this library.

        That goes on where a stopped one was, and nothing is lost meanwhile.
        """
        language = self.folder.manifest.word_language
        if language is None:
            return
        with self._reader.snapshot() as snapshot:
            if snapshot.words.scheme == scheme(language):
                return
            n_documents = snapshot.count()[0]
        if n_documents:
            _LOGGER.warning(
                "This version of vectorlong takes words otherwise: those of the %s documents in %r "
                "are indexed anew, once.",
                f"{n_documents:,}",
                str(self.folder.path),
            )
        with progress_bar(n_documents, "doc", "Indexing words", None) as progress:
            n_indexed = -1
            while n_indexed:
                with self.folder.alone():
                    self.folder.mark()
                    with (
                        folder_errors("index words", self.folder.path),
                        self.folder.ledger.transaction() as transaction,
                    ):
                        n_indexed = transaction.index_more_words(_COMMIT_CHARACTERS)
                        self.folder.check()
                    self.folder.acknowledge(transaction)
                progress.update(n_indexed)

    def _check_vectors(self, snapshot: Snapshot) -> None:
        """Refuse to copy damaged rows, which would give them a fresh checksum."""
        for file in (PASSAGE_ROWS, DOCUMENT_ROWS):
            path = vector_path(self.folder.path, file, snapshot.epoch)
            damage = VectorFile(path, self._dimension).damage(snapshot.segments(file))
            if damage is not None:
                raise IndexCorruptError(damage)

    def _loaded(self, snapshot: Snapshot) -> LoadedRows:
        loaded = self._latest.of(snapshot)
        if loaded is None:
            raise IndexCorruptError(f"{str(self.folder.path)!r} went back to an older generation.")
        return loaded

    # --- derived files and closing -----------------------------------------------------------

    def settle(self) -> None:
        """Bring the saved FAISS index up to date and the write-ahead log into the database.

        Where that is refused, nothing is lost and nothing is told but in the log: what was to be
        kept was acknowledged before.

        Raises
        ------
        IndexCorruptError
            A file of truth is damaged.
        """
        try:
            with self.folder.alone():
                self.folder.check()
                self.folder.checkpoint()
                with folder_errors("bring derived files up to date", self.folder.path):
                    self._bring_up_to_date()
        except IndexCorruptError:
            raise
        except IndexFolderError as error:
            _LOGGER.warning("%s", error)

    def _bring_up_to_date(self) -> None:
        with self._reader.snapshot() as snapshot:
            loaded = self._loaded(snapshot)
        row_index = fitting_row_index(
            loaded.passages, loaded.row_index, self.folder.manifest.faiss, "cosine"
        )
        if row_index is None:
            self._faiss_folder.remove()
            if loaded.row_index is not None:
                self._latest.use(None)
            return
        if row_index is loaded.row_index:
            if not is_outgrown(row_index, len(loaded.passages)):
                return
            longer = self._faiss_folder.load(loaded.epoch, self._dimension, mapped=False)
            if longer is None:
                return
            row_index = longer
            row_index.extend(loaded.passages)
        self._save(row_index, loaded)

    def _save(self, row_index: RowIndex, loaded: LoadedRows) -> None:
        self.folder.check()
        try:
            self._faiss_folder.save(row_index, loaded.epoch)
        except (OSError, RuntimeError) as error:
            # Everything acknowledged is in the files of truth; this one is made again when needed.
            _LOGGER.warning("The saved FAISS index could not be saved: %s", error)
        self._latest.use(row_index)
        self.folder.mark()
        # Another generation, so that readers look for what was saved.
        with self.folder.ledger.transaction() as transaction:
            self.folder.check()
        self.folder.acknowledge(transaction)
