"""Connections to a ledger, and what SQLite asks of a process that has them.

Its locks are the system's record locks. Those belong to a process, not to a connection: a fork does
not take them along, and whoever closes any descriptor of the file gives them all up
(sqlite.org/howtocorrupt.html, sections 2.2 and 2.6). Nothing here knows what a ledger holds.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import weakref
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import Any

from vectorlong.disk import file_identity
from vectorlong.forks import ProcessLock

WAIT_MS = 60_000


class LedgerConnection(sqlite3.Connection):
    """A connection that ends all it has begun when it is closed.

    Python closes a connection without ending statements that somebody still holds, for instance the
    traceback of an interrupt between a query and its rows; those keep the transaction, and with it
    locks, for as long as they are held. So this one knows its cursors.

    Attributes
    ----------
    process_id
        Of the process it was opened in.
    identity
        Of the file, as `vectorlong.disk.file_identity` gives it.
    """

    process_id: int
    identity: tuple[int, int]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._cursors: weakref.WeakSet[sqlite3.Cursor] = weakref.WeakSet()

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run one statement."""
        cursor = self.cursor()
        self._cursors.add(cursor)
        return cursor.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        """Run one statement for every set of parameters."""
        cursor = self.cursor()
        self._cursors.add(cursor)
        return cursor.executemany(sql, parameters)

    def one(self, sql: str, parameters: Any = (), /) -> Any:
        """Run one statement to its end, and return its first row, or None.

        A statement that has rows left keeps the transaction open for as long as its cursor is held;
        and the frame of a signal's handler holds the frames below it, with all that is in them.
        """
        rows = self.execute(sql, parameters).fetchall()
        return rows[0] if rows else None

    @property
    def is_idle(self) -> bool:
        """Whether it is open, and in no transaction."""
        try:
            return not self.in_transaction
        except sqlite3.ProgrammingError:  # it is closed
            return False

    def close(self) -> None:
        """End every statement and transaction, and close; twice does nothing."""
        with contextlib.suppress(sqlite3.ProgrammingError):  # it is closed
            for cursor in list(self._cursors):
                cursor.close()
            if self.in_transaction:
                self.execute("ROLLBACK")
        super().close()
        _connections.pop(id(self), None)


class ClosedOnError:
    """Closes a connection when an exception, also an interrupt, leaves the ``with`` block.

    What the exception leaves unfinished would otherwise keep the connection's transaction open: the
    next one would see an old generation, or could not commit.

    Parameters
    ----------
    connection
        What the block uses.
    """

    def __init__(self, connection: LedgerConnection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._connection.close()


@dataclass
class _OpenFile:
    """A ledger's file, opened to be read past SQLite, and how many are about to read it."""

    file: BufferedReader
    n_readers: int = 0
    guard: ProcessLock = field(default_factory=ProcessLock)


_open_files: dict[tuple[int, int], _OpenFile] = {}


# SQLite keeps the locks it holds on a file in the memory of the process, where a fork copies them
# although the system's locks stay with the parent (sqlite.org/howtocorrupt.html, section 2.6). It
# forgets them with the last connection to the file. So whatever a fork left open is closed before
# this process opens a connection of its own; that touches no lock of the parent, and those keep its
# write-ahead log from being removed.
_guard = ProcessLock()
# By their ids, because a WeakSet must not change while it is gone through.
_connections: dict[int, weakref.ref[LedgerConnection]] = {}
_inherited: list[LedgerConnection] = []
_abandoned: list[LedgerConnection] = []  # in use, at the fork, by a thread that did not come along


def _alive() -> list[LedgerConnection]:
    references = list(_connections.values())
    return [connection for reference in references if (connection := reference()) is not None]


def _after_fork() -> None:
    for connection in _alive():
        (_inherited if connection.is_idle else _abandoned).append(connection)
    _connections.clear()
    _open_files.clear()  # parent and child would move one place in them


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_after_fork)


def connect(path: Path, *, read_only: bool, immutable: bool = False) -> LedgerConnection:
    """Open a connection in autocommit mode, usable from any one thread at a time."""
    with contextlib.suppress(IndexError):  # another thread was quicker
        while _inherited:
            _inherited.pop().close()
    mode = "ro" if read_only else "rw"
    uri = f"{path.resolve().as_uri()}?mode={mode}{'&immutable=1' if immutable else ''}"
    connection = sqlite3.connect(
        uri,
        uri=True,
        timeout=WAIT_MS / 1000,
        isolation_level=None,
        check_same_thread=False,
        factory=LedgerConnection,
    )
    connection.process_id, connection.identity = os.getpid(), file_identity(path)
    with _guard.lock:
        key = id(connection)
        _connections[key] = weakref.ref(connection, lambda _: _connections.pop(key, None))
    try:
        connection.one("PRAGMA cache_size = -16000")
        # Nothing that stands in the schema of a foreign file may call a function that does things.
        connection.one("PRAGMA trusted_schema = OFF")
        if not read_only:
            connection.one("PRAGMA synchronous = FULL")
            connection.one("PRAGMA fullfsync = 1")
    except BaseException:
        connection.close()
        raise
    return connection


def ledger_sha256(path: Path) -> str:
    """SHA-256 of a ledger's file, in hexadecimal.

    What is opened for that stays open as long as this process has a connection to the same file.
    """
    with _guard.lock:
        identity = file_identity(path)
        if identity not in _open_files:
            file = path.open("rb")
            identity = file_identity(file.fileno())
            _open_files[identity] = _OpenFile(file)
        opened = _open_files[identity]
        opened.n_readers += 1
    try:
        with opened.guard.lock:
            opened.file.seek(0)
            return hashlib.file_digest(opened.file, "sha256").hexdigest()
    finally:
        with _guard.lock:
            opened.n_readers -= 1
            _close_unneeded_files()


def _close_unneeded_files() -> None:
    connected = {connection.identity for connection in _alive()}
    for identity, opened in list(_open_files.items()):
        if opened.n_readers == 0 and identity not in connected:
            _open_files.pop(identity).file.close()
