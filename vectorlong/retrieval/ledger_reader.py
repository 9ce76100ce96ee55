"""Reading the ledger: connections that see one generation each, whatever is written meanwhile."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from vectorlong.disk import file_identity, is_in_place
from vectorlong.errors import IndexFolderError
from vectorlong.forks import ProcessLock
from vectorlong.retrieval.connections import ClosedOnError, LedgerConnection, connect
from vectorlong.retrieval.ledger import (
    check_ledger,
    ledger_errors,
)
from vectorlong.retrieval.snapshot import Snapshot
from vectorlong.vector_index.index_files import Stamp, file_stamp, replaced


class LedgerReader:
    """Read connections, each used by one thread at a time and kept for the next.

    Parameters
    ----------
    path
        The database.

    Raises
    ------
    IndexFolderError
        A stopped writer left commits in the write-ahead log, and they cannot be read without
        writing beside it, which is not allowed. Later: the file is no longer the one that was
        there first.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with ledger_errors(path):
            self._identity = file_identity(path)
            self._guard = ProcessLock()
            self._idle: list[LedgerConnection] = []
            self._is_closed = False
            self._is_immutable = not os.access(path.parent, os.W_OK) and not self._is_readable()
        if self._is_immutable and self._has_log():
            raise IndexFolderError(
                f"{str(path.parent)!r} has commits in a write-ahead log, which cannot be read "
                "where nothing can be written. Open and close the index once with write access, "
                "or copy the folder to where there is."
            )

    def _has_log(self) -> bool:
        """Whether there are commits that an immutable connection would not see."""
        log_path = self.path.with_name(self.path.name + "-wal")
        return log_path.exists() and log_path.stat().st_size > 0

    def _is_readable(self) -> bool:
        """Whether SQLite can read the ledger in the ordinary way.

        In a folder where it may not make its shared memory file it cannot, unless a writer did.
        """
        try:
            connection = connect(self.path, read_only=True)
        except sqlite3.OperationalError:
            return False
        try:
            connection.one("SELECT generation FROM state")
        except sqlite3.OperationalError:
            return False
        finally:
            connection.close()
        return True

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """One generation, for the length of the ``with`` block."""
        with self._guard.lock:
            if self._is_closed:
                raise IndexFolderError("This index is closed; open it again.")
            connection = self._idle.pop() if self._idle else None
            while connection is not None and (
                connection.process_id != os.getpid() or not connection.is_idle
            ):
                connection = self._idle.pop() if self._idle else None
        if not is_in_place(self.path, self._identity):
            raise replaced(self.path)
        state = self._state_of_files()
        is_immutable = connection is None and self._is_immutable and not state[1]
        try:
            with ledger_errors(self.path):
                if connection is None:
                    connection = connect(self.path, read_only=True, immutable=is_immutable)
                    with ClosedOnError(connection):
                        check_ledger(connection, self.path)
                with ClosedOnError(connection):
                    connection.execute("BEGIN")
                    yield Snapshot(connection, self.path)
                    if connection.process_id == os.getpid():
                        connection.execute("ROLLBACK")
                self._put_back(connection)
        finally:
            if is_immutable and self._state_of_files() != state:
                raise IndexFolderError(
                    f"{str(self.path)!r} was written while it was read from a folder in which "
                    "nothing can be locked; try again."
                )

    def _state_of_files(self) -> tuple[Stamp | None, bool]:
        """Return what changes when somebody writes: the file's stamp, whether there is a log."""
        try:
            return file_stamp(self.path), self._has_log()
        except OSError:
            return None, False

    def _put_back(self, connection: LedgerConnection) -> None:
        if connection.process_id != os.getpid():  # forked meanwhile; it is the parent's
            connection.close()
            return
        with self._guard.lock:
            # An immutable connection would not notice that somebody has written since.
            if not self._is_closed and not self._is_immutable:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close every connection; those in use close when they are put back."""
        with self._guard.lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            if connection.process_id == os.getpid():
                connection.close()
