"""Writing to an index: vectors first, flushed, then the ledger; nothing counts before it commits.

Whoever makes an `IndexWriter` hands it the writer's lock. The writer remembers nothing that the
ledger knows: every change asks it, within its own transaction, for the epoch and for how many rows
count. So an interrupt may come anywhere, and the next change goes on from what was committed.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from vectorlong.checks import check_id
from vectorlong.disk import remove_unfinished
from vectorlong.documents import DocumentEncoding
from vectorlong.errors import (
    IndexCorruptError,
    IndexFolderError,
    IndexLockedError,
    InputTypeError,
    InputValueError,
    shown,
)
from vectorlong.progress import progress_bar
from vectorlong.retrieval.add_report import AddReport, Outcomes
from vectorlong.retrieval.checked_documents import Addable, CheckedDocument, batches, check_encoding
from vectorlong.retrieval.connections import ledger_sha256
from vectorlong.retrieval.encoder_protocol import DocumentEncoder
from vectorlong.retrieval.ledger import DOCUMENT_ROWS, PASSAGE_ROWS, damaged
from vectorlong.retrieval.ledger_reader import (
    LedgerReader,
    Snapshot,
    StoredDocument,
    record_digest,
)
from vectorlong.retrieval.ledger_writer import LedgerTransaction, LedgerWriter, NewDocument
from vectorlong.retrieval.loaded_rows import LatestRows, LoadedRows, is_vector_file, vector_path
from vectorlong.retrieval.manifest import Manifest
from vectorlong.vector_index.faiss_folder import FaissFolder
from vectorlong.vector_index.growth import fitting_row_index, is_outgrown
from vectorlong.vector_index.index_files import Stamp, file_stamp, folder_errors, replaced
from vectorlong.vector_index.row_index import RowIndex
from vectorlong.vector_index.vector_file import Segment, VectorAppender, VectorFile, row_blocks
from vectorlong.vector_index.writer_lock import WriterLock

_LOGGER = logging.getLogger(__name__)

_COMMIT_EVERY_S = 5.0
_COMMIT_BYTES = 64 << 20


@dataclass
class _Pending:
    """Encoded documents that are not written yet."""

    document: list[CheckedDocument] = field(default_factory=list)
    vectors: list[np.ndarray] = field(default_factory=list)
    passages: list[np.ndarray] = field(default_factory=list)
    spans: list[np.ndarray] = field(default_factory=list)
    n_tokens: list[int] = field(default_factory=list)
    n_bytes: int = 0
    since: float = field(default_factory=time.monotonic)

    def is_due(self) -> bool:
        """Whether it is time to commit."""
        return (
            self.n_bytes >= _COMMIT_BYTES or time.monotonic() - self.since >= _COMMIT_EVERY_S
        ) and bool(self.document)


class IndexWriter:
    """Adds, deletes and compacts.

    Parameters
    ----------
    folder
        The index's folder.
    manifest
        What the index is.
    lock
        The writer's lock on it.
    reader, latest_rows
        How the index is read; brought up to date by what is written.
    """

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        lock: WriterLock,
        reader: LedgerReader,
        latest_rows: LatestRows,
    ) -> None:
        self._folder = folder
        self._manifest = manifest
        self._lock = lock
        self._reader = reader
        self._latest = latest_rows
        self._faiss_folder = FaissFolder(folder)
        self._opened: tuple[int, dict[str, VectorAppender]] | None = None
        self._section = threading.Lock()
        self._is_taken = False
        # Files whose last writer was killed are stamped when this one closes them.
        self._is_marked = not manifest.files
        self._ledger = LedgerWriter(reader.path, manifest.lexical)
        try:
            with folder_errors("clear what a stopped writer left", folder):
                self._clear_leftovers()
        except BaseException:
            self._ledger.close()
            raise

    def _clear_leftovers(self) -> None:
        """Cut off unacknowledged tails and remove files that no generation refers to."""
        with self._reader.snapshot() as snapshot:
            rows = self._acknowledged_rows(snapshot, snapshot.generation)
            files = self._files(snapshot.epoch)
            if snapshot.generation != self._manifest.generation:
                self._mark()  # of an older state, whose stamps a checkpoint would belie
        for file, appender in files.items():
            n_bytes = appender.n_unaccounted_bytes(rows[file])
            if n_bytes and self._manifest.generation is None:
                kept_bytes = appender.path.stat().st_size - n_bytes
                raise IndexCorruptError(
                    f"{str(appender.path)!r} has {n_bytes} bytes that the ledger does not account "
                    "for, and the manifest that could tell whether they were acknowledged is gone. "
                    "Either an add was interrupted there, or the ledger's write-ahead log is "
                    "damaged. The index can be opened with read_only=True. To go on writing, cut "
                    f"the file to {kept_bytes} bytes and add the documents again; only what is "
                    "missing is encoded."
                )
            appender.truncate(rows[file])
        current = {appender.path for appender in files.values()}
        self._faiss_folder.remove_unfinished()
        remove_unfinished(self._folder)
        for path in self._folder.iterdir():
            # Whatever else lies in the folder is somebody's, also a copy of one of these files.
            if is_vector_file(path.name) and path not in current and path.is_file():
                with contextlib.suppress(OSError):  # a reader on Windows may still map it
                    path.unlink()

    # --- what is written to ------------------------------------------------------------------

    @property
    def is_ours(self) -> bool:
        """Whether this process opened the index, rather than the one it was forked from."""
        return self._lock.is_ours

    def take_for_good(self) -> bool:
        """Keep everybody else from changing the files ever after; False if somebody is at it."""
        self._is_taken = self._section.acquire(blocking=False)
        return self._is_taken

    def alone(self) -> threading.Lock:
        """Return the lock under which the files are changed, to be entered at once.

        Other threads wait for their turn at `DocumentIndex`; so where the lock is held, what asks
        runs within a change of the same thread, and cannot wait for its end.

        Raises
        ------
        IndexLockedError
            A signal's handler, a finalizer or a callback asks in the middle of a change.
        """
        if not self.is_ours:  # the fork took along what another thread had locked
            return threading.Lock()
        if self._is_taken:
            raise IndexFolderError("This index is closed; open it again.")
        if self._section.locked():
            raise IndexLockedError(
                f"{str(self._folder)!r} is being changed by this very thread, which a signal's "
                "handler, a finalizer or a callback has interrupted. Do this once the change is "
                "done."
            )
        return self._section

    def check(self) -> None:
        """Refuse to change anything unless the lock, and every open file, is the folder's.

        Raises
        ------
        IndexLockedError
            This process was forked from the one that opened the index.
        IndexFolderError
            A file was moved, removed or replaced.
        """
        self._lock.check()
        if self._ledger.is_closed:
            raise IndexFolderError("This index is closed; open it again.")
        self._check_closed_files()
        self._ledger.check_in_place()

    def _check_closed_files(self) -> None:
        """Check what there still is once the ledger, and with it its log, is closed."""
        self._lock.check()
        self._ledger.check_in_place(self._ledger.path)
        for appender in self._opened[1].values() if self._opened is not None else ():
            if not appender.is_in_place():
                raise replaced(appender.path)

    def _files(self, epoch: int) -> dict[str, VectorAppender]:
        """Return the open vector files of an epoch, and refuse where they are not the folder's."""
        if self._opened is None or self._opened[0] != epoch:
            files = {}
            for file in (PASSAGE_ROWS, DOCUMENT_ROWS):
                path = vector_path(self._folder, file, epoch)
                files[file] = VectorAppender(path, self._manifest.dimension)
            former, self._opened = self._opened, (epoch, files)
            for appender in former[1].values() if former is not None else ():
                appender.close()
        self.check()
        return self._opened[1]

    def _acknowledged_rows(self, snapshot: Snapshot, generation: int) -> dict[str, int]:
        """Rows of each file that count in a committed generation; what lies past them does not."""
        acknowledged = self._manifest.generation or 0
        if generation < acknowledged:
            raise damaged(
                self._ledger.path,
                f"it went back to generation {generation} while it was open, and {acknowledged} "
                "was acknowledged",
            )
        return {file: snapshot.n_rows(file) for file in (PASSAGE_ROWS, DOCUMENT_ROWS)}

    def _mark(self) -> None:
        """Before the first write: what the manifest says of the files no longer holds."""
        self.check()
        if not self._is_marked:
            with folder_errors("write", self._folder):
                replace(self._manifest, files={}).write(self._folder)
            self._is_marked = True
        self._ledger.end_doubt()

    def _acknowledge(self, transaction: LedgerTransaction) -> None:
        """Remember beside the ledger what it has committed."""
        self._manifest = self._manifest.at(transaction.generation)
        try:
            self._manifest.write(self._folder, lasts=False)
        except OSError as error:  # what was committed is in the ledger all the same
            _LOGGER.warning("The acknowledged generation could not be noted: %s", error)

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
            vector, passages, spans = check_encoding(document, encoding, self._manifest.dimension)
            pending.document.append(document)
            pending.vectors.append(vector)
            pending.passages.append(passages)
            pending.spans.append(spans)
            pending.n_tokens.append(int(encoding.n_tokens))
            pending.n_bytes += passages.nbytes + vector.nbytes + len(document.text)
            tokens[0] += int(encoding.n_tokens)
            tokens[1] += int(encoding.n_dropped_tokens)
            if pending.is_due():
                self._commit(pending, outcomes, progress)
                pending = _Pending()
        if pending.document:
            self._commit(pending, outcomes, progress)

    def _change_metadata(
        self, relabelled: list[tuple[CheckedDocument, StoredDocument]], outcomes: Outcomes
    ) -> None:
        """Give documents whose text is the same their new metadata; their vectors stay."""
        if not relabelled:
            return
        with self.alone():
            self._mark()
            with self._ledger.transaction() as transaction:
                for document, stored in relabelled:
                    digest = document.digest
                    record = record_digest(digest, stored.n_tokens, stored.spans)
                    transaction.change_metadata(stored.key, document.metadata, digest, record)
                self.check()
            self._acknowledge(transaction)
        for document, _ in relabelled:
            outcomes.note(document.id, "updated")

    def _encode(
        self, changed: list[CheckedDocument], encoder: DocumentEncoder
    ) -> Iterator[tuple[CheckedDocument, DocumentEncoding]]:
        if not changed:
            return
        texts = [document.text for document in changed]
        encodings = iter(encoder.encode_documents(texts, passages=self._manifest.passages))
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
        with self.alone():
            self._mark()
            try:
                with (
                    folder_errors("add documents", self._folder),
                    self._ledger.transaction() as transaction,
                ):
                    known = self._write(pending, transaction)
                    self.check()
            except Exception:  # whatever it was, it is told; only the room it took is given back
                self._cut_tails()
                raise
            self._acknowledge(transaction)
        for document in pending.document:
            outcomes.note(document.id, "updated" if document.id in known else "added")
        progress.update(len(pending.document))

    def _write(
        self, pending: _Pending, transaction: LedgerTransaction
    ) -> dict[str, tuple[int, bytes]]:
        """Write what is pending within a transaction, and return what was there of it."""
        snapshot = Snapshot(transaction.connection, self._ledger.path)
        rows = self._acknowledged_rows(snapshot, transaction.generation - 1)
        first_row, document_row = rows[PASSAGE_ROWS], rows[DOCUMENT_ROWS]
        files = self._files(transaction.epoch)
        segments = {
            PASSAGE_ROWS: files[PASSAGE_ROWS].append(np.concatenate(pending.passages), first_row),
            DOCUMENT_ROWS: files[DOCUMENT_ROWS].append(np.stack(pending.vectors), document_row),
        }
        known = snapshot.known([document.id for document in pending.document])
        for number, document in enumerate(pending.document):
            if document.id in known:
                transaction.delete(known[document.id][0])
            spans, n_tokens = pending.spans[number], pending.n_tokens[number]
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

    def _cut_tails(self) -> None:
        """Cut off what was not committed; where even that fails, the next append does it."""
        with contextlib.suppress(Exception):
            self._ledger.end_doubt()
            with self._reader.snapshot() as snapshot:
                rows = self._acknowledged_rows(snapshot, snapshot.generation)
                for file, appender in self._files(snapshot.epoch).items():
                    appender.truncate(rows[file])

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
        with self.alone():
            self._mark()
            with self._ledger.transaction() as transaction:
                known = Snapshot(transaction.connection, self._ledger.path).known(names)
                for key, _ in known.values():
                    transaction.delete(key)
                self.check()
            self._acknowledge(transaction)
        self.settle()
        return len(known)

    def compact(self) -> None:
        """Write the vector files anew without deleted rows, and give free space back."""
        with self.alone():
            self._mark()
            with folder_errors("compact", self._folder), self._reader.snapshot() as snapshot:
                self._check_vectors(snapshot)
                placements = snapshot.placements()
                loaded = self._loaded(snapshot)
            placements = placements[np.argsort(placements[:, 2], kind="stable")]  # [d, 4]
            live_rows = np.flatnonzero(loaded.row_keys)
            with folder_errors("compact", self._folder):
                segments = {
                    PASSAGE_ROWS: self._copy(PASSAGE_ROWS, loaded, loaded.passages, live_rows),
                    DOCUMENT_ROWS: self._copy(
                        DOCUMENT_ROWS, loaded, loaded.documents, placements[:, 1]
                    ),
                }
            first_rows = np.cumsum(placements[:, 3]) - placements[:, 3]
            moved = np.column_stack([np.arange(len(placements)), first_rows, placements[:, 0]])
            with self._ledger.transaction() as transaction:
                if transaction.generation != loaded.generation + 1:
                    raise replaced(self._ledger.path)
                transaction.move_rows(moved.tolist(), segments)
                self.check()
            self._acknowledge(transaction)
            with folder_errors("remove the files from before compaction", self._folder):
                self._clear_leftovers()
            self._ledger.optimise()
        self.settle()

    def _copy(
        self, file: str, loaded: LoadedRows, source: np.ndarray, rows: np.ndarray
    ) -> list[Segment]:
        """Write chosen rows of ``source`` to the file of the next epoch, block by block."""
        path = vector_path(self._folder, file, loaded.epoch + 1)
        appender = VectorAppender(path, self._manifest.dimension, create=True)
        segments: list[Segment] = []
        n_rows = 0
        with contextlib.closing(appender):
            for block in row_blocks(source, rows):
                segments.append(appender.append(block, n_rows))
                n_rows += len(block)
        return segments

    def rebuild(self) -> None:
        """Make everything derived anew: the lexical index and the saved FAISS index."""
        with self.alone():
            self._mark()
            with folder_errors("rebuild", self._folder), self._reader.snapshot() as snapshot:
                self._check_vectors(snapshot)
                for key in snapshot.placements()[:, 0].tolist():
                    snapshot.fetch(key)
            with self._ledger.transaction() as transaction:
                transaction.rebuild_lexical()
                self.check()
            self._acknowledge(transaction)
            with folder_errors("rebuild", self._folder):
                self._faiss_folder.remove()
            self._latest.use(None)
        self.settle()

    def _check_vectors(self, snapshot: Snapshot) -> None:
        """Refuse to copy damaged rows, which would give them a fresh checksum."""
        for file in (PASSAGE_ROWS, DOCUMENT_ROWS):
            path = vector_path(self._folder, file, snapshot.epoch)
            damage = VectorFile(path, self._manifest.dimension).damage(snapshot.segments(file))
            if damage is not None:
                raise IndexCorruptError(damage)

    def _loaded(self, snapshot: Snapshot) -> LoadedRows:
        loaded = self._latest.of(snapshot)
        if loaded is None:
            raise IndexCorruptError(f"{str(self._folder)!r} went back to an older generation.")
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
            with self.alone():
                self.check()
                self._checkpoint()
                with folder_errors("bring derived files up to date", self._folder):
                    self._bring_up_to_date()
        except IndexCorruptError:
            raise
        except IndexFolderError as error:
            _LOGGER.warning("%s", error)

    def _bring_up_to_date(self) -> None:
        with self._reader.snapshot() as snapshot:
            loaded = self._loaded(snapshot)
        row_index = fitting_row_index(
            loaded.passages, loaded.row_index, self._manifest.faiss, "cosine"
        )
        if row_index is None:
            self._faiss_folder.remove()
            if loaded.row_index is not None:
                self._latest.use(None)
            return
        if row_index is loaded.row_index:
            if not is_outgrown(row_index, len(loaded.passages)):
                return
            longer = self._faiss_folder.load(loaded.epoch, self._manifest.dimension, mapped=False)
            if longer is None:
                return
            row_index = longer
            row_index.extend(loaded.passages)
        self._save(row_index, loaded)

    def _save(self, row_index: RowIndex, loaded: LoadedRows) -> None:
        self.check()
        try:
            self._faiss_folder.save(row_index, loaded.epoch)
        except (OSError, RuntimeError) as error:
            # Everything acknowledged is in the files of truth; this one is made again when needed.
            _LOGGER.warning("The saved FAISS index could not be saved: %s", error)
        self._latest.use(row_index)
        self._mark()
        with self._ledger.transaction() as transaction:  # so that readers look for the saved index
            self.check()
        self._acknowledge(transaction)

    def close(self) -> None:
        """Leave the files stamped, so that the next opening can tell whether they changed."""
        if not self._lock.is_held:  # of an object that an interrupt left half made, too
            return
        try:
            if self._is_marked and not self._ledger.is_closed and self._checkpoint():
                generation, epoch = self._ledger.state()
                self._ledger.close()
                self._stamp(generation, epoch)
        finally:
            self._ledger.close()
            for appender in self._opened[1].values() if self._opened is not None else ():
                appender.close()

    def _stamp(self, generation: int, epoch: int) -> None:
        """Record the closed files as they are, if they are still the folder's."""
        try:
            self._check_closed_files()
            paths = [
                vector_path(self._folder, file, epoch) for file in (PASSAGE_ROWS, DOCUMENT_ROWS)
            ]
            stamps: dict[str, Stamp] = {
                path.name: file_stamp(path) for path in (self._ledger.path, *paths)
            }
            stamps[self._ledger.path.name]["digest"] = ledger_sha256(self._ledger.path)
            self._manifest.at(generation, stamps).write(self._folder)
        except (OSError, IndexFolderError) as error:  # the next opening checks more without
            _LOGGER.warning("The files could not be stamped: %s", error)

    def _checkpoint(self) -> bool:
        """Move the write-ahead log into the database, if there is room and no reader is in it."""
        try:
            return self._ledger.checkpoint()
        except IndexFolderError as error:  # what is in the log is as safe as what is not
            _LOGGER.warning("The write-ahead log stays as it is: %s", error)
            return False
