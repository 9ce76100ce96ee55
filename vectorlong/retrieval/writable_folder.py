"""The folder of an index while it may be written: its lock, its ledger, its vector files.

Nothing here remembers what the ledger knows, so an interrupt may come anywhere: the next change
asks the ledger again.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from dataclasses import replace
from pathlib import Path

from vectorlong.disk import remove_unfinished
from vectorlong.errors import IndexCorruptError, IndexFolderError, IndexLockedError
from vectorlong.retrieval.connections import ledger_sha256
from vectorlong.retrieval.ledger import DOCUMENT_ROWS, PASSAGE_ROWS, damaged
from vectorlong.retrieval.ledger_reader import LedgerReader
from vectorlong.retrieval.ledger_writer import LedgerTransaction, LedgerWriter
from vectorlong.retrieval.loaded_rows import is_vector_file, vector_path
from vectorlong.retrieval.manifest import Manifest
from vectorlong.retrieval.snapshot import Snapshot
from vectorlong.vector_index.faiss_folder import FaissFolder
from vectorlong.vector_index.index_files import Stamp, file_stamp, folder_errors, replaced
from vectorlong.vector_index.vector_file import VectorAppender
from vectorlong.vector_index.writer_lock import WriterLock

_LOGGER = logging.getLogger(__name__)


class WritableFolder:
    """What is open while an index may be written, and who may write.

    Making one removes what a killed writer left.

    Parameters
    ----------
    path
        The index's folder.
    manifest
        What the index is.
    lock
        The writer's lock on it.
    reader
        Reads its ledger.

    Attributes
    ----------
    ledger
        Where changes are committed.
    manifest
        With the generation that was acknowledged last.
    """

    def __init__(
        self, path: Path, manifest: Manifest, lock: WriterLock, reader: LedgerReader
    ) -> None:
        self.path = path
        self.manifest = manifest
        self._lock = lock
        self._reader = reader
        self._opened: tuple[int, dict[str, VectorAppender]] | None = None
        self._section = threading.Lock()
        self._is_taken = False
        # Files whose last writer was killed are stamped when this one closes them.
        self._is_marked = not manifest.files
        self.ledger = LedgerWriter(reader.path, manifest.word_language)
        try:
            with folder_errors("clear what a stopped writer left", path):
                self.clear_leftovers()
        except BaseException:
            self.ledger.close()
            raise

    def clear_leftovers(self) -> None:
        """Cut off unacknowledged tails and remove files that no generation refers to."""
        with self._reader.snapshot() as snapshot:
            rows = self.acknowledged_rows(snapshot, snapshot.generation)
            files = self.files(snapshot.epoch)
            if snapshot.generation != self.manifest.generation:
                self.mark()  # of an older state, whose stamps a checkpoint would belie
        for file, appender in files.items():
            n_bytes = appender.n_unaccounted_bytes(rows[file])
            if n_bytes and self.manifest.generation is None:
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
        FaissFolder(self.path).remove_unfinished()
        remove_unfinished(self.path)
        for path in self.path.iterdir():
            # Whatever else lies in the folder is somebody's, also a copy of one of these files.
            if is_vector_file(path.name) and path not in current and path.is_file():
                with contextlib.suppress(OSError):  # a reader on Windows may still map it
                    path.unlink()

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
                f"{str(self.path)!r} is being changed by this very thread, which a signal's "
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
            A file was moved, removed or replaced, or the disk refuses to say.
        """
        with folder_errors("look at the files", self.path):
            self._lock.check()
            if self.ledger.is_closed:
                raise IndexFolderError("This index is closed; open it again.")
            self._check_closed_files()
            self.ledger.check_in_place()

    def _check_closed_files(self) -> None:
        """Check what there still is once the ledger, and with it its log, is closed."""
        self._lock.check()
        self.ledger.check_in_place(self.ledger.path)
        for appender in self._opened[1].values() if self._opened is not None else ():
            if not appender.is_in_place():
                raise replaced(appender.path)

    def files(self, epoch: int) -> dict[str, VectorAppender]:
        """Return the open vector files of an epoch, and refuse where they are not the folder's."""
        if self._opened is None or self._opened[0] != epoch:
            files = {}
            for file in (PASSAGE_ROWS, DOCUMENT_ROWS):
                path = vector_path(self.path, file, epoch)
                files[file] = VectorAppender(path, self.manifest.dimension)
            former, self._opened = self._opened, (epoch, files)
            for appender in former[1].values() if former is not None else ():
                appender.close()
        self.check()
        return self._opened[1]

    def acknowledged_rows(self, snapshot: Snapshot, generation: int) -> dict[str, int]:
        """Rows of each file that count in a committed generation; what lies past them does not."""
        acknowledged = self.manifest.generation or 0
        if generation < acknowledged:
            raise damaged(
                self.ledger.path,
                f"it went back to generation {generation} while it was open, and {acknowledged} "
                "was acknowledged",
            )
        return {file: snapshot.n_rows(file) for file in (PASSAGE_ROWS, DOCUMENT_ROWS)}

    def mark(self) -> None:
        """Before the first write: what the manifest says of the files no longer holds."""
        self.check()
        if not self._is_marked:
            with folder_errors("write", self.path):
                replace(self.manifest, files={}).write(self.path)
            self._is_marked = True
        self.ledger.end_doubt()

    def acknowledge(self, transaction: LedgerTransaction) -> None:
        """Remember beside the ledger what it has committed."""
        self.manifest = self.manifest.at(transaction.generation)
        try:
            self.manifest.write(self.path, lasts=False)
        except OSError as error:  # what was committed is in the ledger all the same
            _LOGGER.warning("The acknowledged generation could not be noted: %s", error)

    def cut_tails(self) -> None:
        """Cut off what was not committed; where even that fails, the next append does it."""
        with contextlib.suppress(Exception):
            self.ledger.end_doubt()
            with self._reader.snapshot() as snapshot:
                rows = self.acknowledged_rows(snapshot, snapshot.generation)
                for file, appender in self.files(snapshot.epoch).items():
                    appender.truncate(rows[file])

    def close(self) -> None:
        """Leave the files stamped, so that the next opening can tell whether they changed."""
        if not self._lock.is_held:  # of an object that an interrupt left half made, too
            return
        try:
            if self._is_marked and not self.ledger.is_closed and self.checkpoint():
                generation, epoch = self.ledger.state()
                self.ledger.close()
                self._stamp(generation, epoch)
        finally:
            self.ledger.close()
            for appender in self._opened[1].values() if self._opened is not None else ():
                appender.close()

    def _stamp(self, generation: int, epoch: int) -> None:
        """Record the closed files as they are, if they are still the folder's."""
        try:
            self._check_closed_files()
            paths = [vector_path(self.path, file, epoch) for file in (PASSAGE_ROWS, DOCUMENT_ROWS)]
            stamps: dict[str, Stamp] = {
                path.name: file_stamp(path) for path in (self.ledger.path, *paths)
            }
            stamps[self.ledger.path.name]["digest"] = ledger_sha256(self.ledger.path)
            self.manifest.at(generation, stamps).write(self.path)
        except (OSError, IndexFolderError) as error:  # the next opening checks more without
            _LOGGER.warning("The files could not be stamped: %s", error)

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the database, if there is room and no reader is in it."""
        try:
            return self.ledger.checkpoint()
        except IndexFolderError as error:  # what is in the log is as safe as what is not
            _LOGGER.warning("The write-ahead log stays as it is: %s", error)
            return False
