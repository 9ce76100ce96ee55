"""Writing to an index: vectors first, flushed, then the ledger; nothing counts before it commits.

Whoever makes an `IndexWriter` holds the writer's lock.
"""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from vectorlong.disk import file_sha256, remove_unfinished
from vectorlong.documents import DocumentEncoding
from vectorlong.errors import IndexCorruptError, IndexFolderError, InputValueError
from vectorlong.progress import progress_bar
from vectorlong.retrieval.derived import SnapshotFolder, is_outgrown, prepare
from vectorlong.retrieval.encoder_protocol import DocumentEncoder
from vectorlong.retrieval.incoming import Addable, Incoming, batches, check_encoding, check_id
from vectorlong.retrieval.ledger import DOCUMENTS, VECTORS, LedgerWriter, NewDocument
from vectorlong.retrieval.manifest import Manifest
from vectorlong.retrieval.report import AddReport, Outcomes
from vectorlong.retrieval.row_index import RowIndex
from vectorlong.retrieval.snapshot import (
    LedgerReader,
    Snapshot,
    StoredDocument,
    record_digest,
)
from vectorlong.retrieval.storage import file_stamp, folder_errors
from vectorlong.retrieval.vectors import Segment, VectorFile, row_blocks
from vectorlong.retrieval.view import View, Views, vector_path

_LOGGER = logging.getLogger(__name__)

_COMMIT_EVERY_S = 5.0
_COMMIT_BYTES = 64 << 20
_VECTOR_FILE = re.compile(rf"({VECTORS}|{DOCUMENTS})(-\d+)?\.f32")


@dataclass
class _Pending:
    """Encoded documents that are not written yet."""

    incoming: list[Incoming] = field(default_factory=list)
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
        ) and bool(self.incoming)


class IndexWriter:
    """Adds, deletes and compacts.

    Parameters
    ----------
    folder
        The index's folder.
    manifest
        What the index is.
    reader, views
        How the index is read; brought up to date by what is written.
    """

    def __init__(
        self, folder: Path, manifest: Manifest, reader: LedgerReader, views: Views
    ) -> None:
        self._folder = folder
        self._manifest = manifest
        self._reader = reader
        self._views = views
        self._snapshots = SnapshotFolder(folder)
        self._ledger = LedgerWriter(reader.path, manifest.lexical)
        # Files whose last writer was killed are stamped when this one closes them.
        self._is_marked = not manifest.files
        try:
            with folder_errors("clear what a stopped writer left", folder):
                self._clear_leftovers()
        except BaseException:
            self._ledger.close()
            raise

    def _clear_leftovers(self) -> None:
        """Cut off unacknowledged tails and remove files that no generation refers to."""
        with self._reader.snapshot() as snapshot:
            epoch = snapshot.epoch
        rows = self._acknowledged_rows()
        current = {vector_path(self._folder, file, epoch) for file in rows}
        self._snapshots.remove_unfinished()
        remove_unfinished(self._folder)
        for path in self._folder.iterdir():
            # Whatever else lies in the folder is somebody's, also a copy of one of these files.
            if _VECTOR_FILE.fullmatch(path.name) and path not in current:
                with contextlib.suppress(OSError):  # a reader on Windows may still map it
                    path.unlink()
        self._files = {
            file: VectorFile(vector_path(self._folder, file, epoch), self._manifest.dimension)
            for file in rows
        }
        self._n_rows = rows
        for file, n_rows in rows.items():
            self._files[file].truncate(n_rows)

    def _mark(self) -> None:
        """Before the first write: what the manifest says of the files no longer holds."""
        if not self._is_marked:
            with folder_errors("write", self._folder):
                self._manifest.with_files({}).write(self._folder)
            self._is_marked = True

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
        batch: list[Incoming],
        encoder: DocumentEncoder,
        outcomes: Outcomes,
        tokens: list[int],
        progress: tqdm,
    ) -> None:
        latest = {incoming.id: incoming for incoming in batch}
        outcomes.counts["duplicates"] += len(batch) - len(latest)
        changed: list[Incoming] = []
        relabelled: list[tuple[Incoming, StoredDocument]] = []
        with self._reader.snapshot() as snapshot:
            known = snapshot.known(list(latest))
            for incoming in latest.values():
                key, digest = known.get(incoming.id, (0, b""))
                if digest == incoming.digest:
                    outcomes.note(incoming.id, "unchanged")
                elif key and (stored := snapshot.fetch(key)).text == incoming.text:
                    relabelled.append((incoming, stored))
                else:
                    changed.append(incoming)
        self._change_metadata(relabelled, outcomes)
        progress.update(len(batch) - len(changed))
        pending = _Pending()
        for incoming, encoding in self._encode(changed, encoder):
            vector, passages, spans = check_encoding(incoming, encoding, self._manifest.dimension)
            pending.incoming.append(incoming)
            pending.vectors.append(vector)
            pending.passages.append(passages)
            pending.spans.append(spans)
            pending.n_tokens.append(int(encoding.n_tokens))
            pending.n_bytes += passages.nbytes + vector.nbytes + len(incoming.text)
            tokens[0] += int(encoding.n_tokens)
            tokens[1] += int(encoding.n_dropped_tokens)
            if pending.is_due():
                self._commit(pending, known, outcomes, progress)
                pending = _Pending()
        if pending.incoming:
            self._commit(pending, known, outcomes, progress)

    def _change_metadata(
        self, relabelled: list[tuple[Incoming, StoredDocument]], outcomes: Outcomes
    ) -> None:
        """Give documents whose text is the same their new metadata; their vectors stay."""
        if not relabelled:
            return
        self._mark()
        with self._ledger.transaction():
            for incoming, stored in relabelled:
                record = record_digest(incoming.digest, stored.n_tokens, stored.spans)
                self._ledger.change_metadata(stored.key, incoming.metadata, incoming.digest, record)
        for incoming, _ in relabelled:
            outcomes.note(incoming.id, "updated")

    def _encode(
        self, changed: list[Incoming], encoder: DocumentEncoder
    ) -> Iterator[tuple[Incoming, DocumentEncoding]]:
        if not changed:
            return
        texts = [incoming.text for incoming in changed]
        encodings = iter(encoder.encode_documents(texts, passages=self._manifest.passages))
        for incoming in changed:
            encoding = next(encodings, None)
            if encoding is None:
                raise InputValueError(
                    f"The encoder gave no vectors for document {incoming.id!r}; nothing of it was "
                    "written."
                )
            yield incoming, encoding

    def _commit(
        self,
        pending: _Pending,
        known: dict[str, tuple[int, bytes]],
        outcomes: Outcomes,
        progress: tqdm,
    ) -> None:
        """Write what is pending: both vector files, flushed, then the ledger."""
        self._mark()
        if not self._n_rows:  # an earlier failure left it unknown
            self._n_rows = self._acknowledged_rows()
        first_row, document_row = self._n_rows[VECTORS], self._n_rows[DOCUMENTS]
        try:
            with folder_errors("add documents", self._folder):
                segments = {
                    VECTORS: self._files[VECTORS].append(
                        np.concatenate(pending.passages), first_row
                    ),
                    DOCUMENTS: self._files[DOCUMENTS].append(
                        np.stack(pending.vectors), document_row
                    ),
                }
            with self._ledger.transaction() as generation:
                for number, incoming in enumerate(pending.incoming):
                    if incoming.id in known:
                        self._ledger.delete(known[incoming.id][0], generation)
                    spans, n_tokens = pending.spans[number], pending.n_tokens[number]
                    self._ledger.insert(
                        NewDocument(
                            incoming.id,
                            incoming.text,
                            incoming.metadata,
                            incoming.digest,
                            record_digest(incoming.digest, n_tokens, spans),
                            n_tokens,
                            document_row + number,
                            first_row,
                            spans,
                        )
                    )
                    first_row += len(spans)
                for file, segment in segments.items():
                    self._ledger.add_segment(file, segment)
        except BaseException:
            self._forget_tail()
            raise
        for file, segment in segments.items():
            self._n_rows[file] += segment.n_rows
        for incoming in pending.incoming:
            outcomes.note(incoming.id, "updated" if incoming.id in known else "added")
        progress.update(len(pending.incoming))

    def _forget_tail(self) -> None:
        """Cut off what was not committed; where even that fails, the next opening does it."""
        self._n_rows = {}
        with contextlib.suppress(Exception):
            self._n_rows = self._acknowledged_rows()
            for file, n_rows in self._n_rows.items():
                self._files[file].truncate(n_rows)

    def _acknowledged_rows(self) -> dict[str, int]:
        with self._reader.snapshot() as snapshot:  # the ledger alone knows what counts
            return {file: snapshot.n_rows(file) for file in (VECTORS, DOCUMENTS)}

    # --- delete, compact, rebuild ------------------------------------------------------------

    def delete(self, ids: str | Iterable[str]) -> int:
        """Delete documents in one commit; how many there were."""
        names = [ids] if isinstance(ids, str) else list(ids)
        for name in names:
            check_id(name)
        with self._reader.snapshot() as snapshot:
            known = snapshot.known(names)
        if known:
            self._mark()
            with self._ledger.transaction() as generation:
                for key, _ in known.values():
                    self._ledger.delete(key, generation)
            self.settle()
        return len(known)

    def compact(self) -> None:
        """Write the vector files anew without deleted rows, and give free space back."""
        self._mark()
        with self._reader.snapshot() as snapshot:
            self._check_vectors(snapshot)
            placements = snapshot.placements()
            epoch = snapshot.epoch + 1
            view = self._view(snapshot)
        placements = placements[np.argsort(placements[:, 2], kind="stable")]  # [d, 4]
        files = {
            file: VectorFile(vector_path(self._folder, file, epoch), self._manifest.dimension)
            for file in (VECTORS, DOCUMENTS)
        }
        try:
            with folder_errors("compact", self._folder):
                segments = {
                    VECTORS: _copy(files[VECTORS], view.passages, np.flatnonzero(view.row_keys)),
                    DOCUMENTS: _copy(files[DOCUMENTS], view.documents, placements[:, 1]),
                }
            new_first_rows = np.cumsum(placements[:, 3]) - placements[:, 3]
            moved = np.column_stack([np.arange(len(placements)), new_first_rows, placements[:, 0]])
            with self._ledger.transaction():
                self._ledger.move_rows(moved.tolist(), segments)
        except BaseException:
            self._forget_tail()
            raise
        self._clear_leftovers()
        self._ledger.optimise()
        self.settle()

    def rebuild(self) -> None:
        """Make everything derived anew: the lexical index and the FAISS snapshot."""
        self._mark()
        with self._reader.snapshot() as snapshot:
            self._check_vectors(snapshot)
            for key in snapshot.placements()[:, 0].tolist():
                snapshot.fetch(key)
        with self._ledger.transaction():
            self._ledger.rebuild_lexical()
        self._snapshots.remove()
        self._views.use(None)
        self.settle()

    def _check_vectors(self, snapshot: Snapshot) -> None:
        """Refuse to copy damaged rows, which would give them a fresh checksum."""
        for file, vector_file in self._files.items():
            damage = vector_file.damage(snapshot.segments(file))
            if damage is not None:
                raise IndexCorruptError(damage)

    def _view(self, snapshot: Snapshot) -> View:
        view = self._views.of(snapshot)
        if view is None:
            raise IndexCorruptError(f"{str(self._folder)!r} went back to an older generation.")
        return view

    def check_lexical(self) -> list[str]:
        """Return what FTS5 finds wrong with the lexical index; empty if nothing."""
        return self._ledger.check_lexical()

    # --- derived files and closing -----------------------------------------------------------

    def settle(self) -> None:
        """Bring the FAISS snapshot up to date and the write-ahead log into the database."""
        self._checkpoint()
        with self._reader.snapshot() as snapshot:
            view = self._view(snapshot)
        row_index = prepare(view.passages, view.row_index, self._manifest.faiss, "cosine")
        if row_index is None:
            self._snapshots.remove()
            if view.row_index is not None:
                self._views.use(None)
            return
        if row_index is view.row_index:
            if not is_outgrown(row_index, len(view.passages)):
                return
            longer = self._snapshots.load(view.epoch, mapped=False)
            if longer is None:
                return
            row_index = longer
            row_index.extend(view.passages)
        self._save(row_index, view)

    def _save(self, row_index: RowIndex, view: View) -> None:
        try:
            self._snapshots.save(row_index, view.epoch)
        except (OSError, RuntimeError) as error:
            # Everything acknowledged is in the files of truth; this one is made again when needed.
            _LOGGER.warning("The FAISS snapshot could not be saved: %s", error)
        self._views.use(row_index)
        self._mark()
        with self._ledger.transaction():  # a new generation, so that readers look for the snapshot
            pass

    def close(self) -> None:
        """Leave the files stamped, so that the next opening can tell whether they changed."""
        is_whole = self._is_marked and self._checkpoint()
        self._ledger.close()
        if not is_whole:
            return
        try:
            ledger_path = self._reader.path
            files: dict[str, dict[str, Any]] = {
                path.name: {**file_stamp(path)}
                for path in (ledger_path, *(file.path for file in self._files.values()))
            }
            files[ledger_path.name]["digest"] = file_sha256(ledger_path)
            self._manifest.with_files(files).write(self._folder)
        except OSError as error:  # without stamps the next opening checks more
            _LOGGER.warning("The files could not be stamped: %s", error)

    def _checkpoint(self) -> bool:
        """Move the write-ahead log into the database, if there is room and no reader is in it."""
        try:
            return self._ledger.checkpoint()
        except IndexFolderError as error:  # what is in the log is as safe as what is not
            _LOGGER.warning("The write-ahead log stays as it is: %s", error)
            return False


def _copy(target: VectorFile, source: np.ndarray, rows: np.ndarray) -> list[Segment]:
    """Write chosen rows of ``source`` to a new file, block by block."""
    target.create()
    segments: list[Segment] = []
    n_rows = 0
    for block in row_blocks(source, rows):
        segments.append(target.append(block, n_rows))
        n_rows += len(block)
    return segments
