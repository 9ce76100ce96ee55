"""Connections to a ledger, and what SQLite asks of a process that has them.

Its locks are the system's record locks. Those belong to a process, not to a connection: a fork does
not take them along, and whoever closes any descriptor of the file gives them all up
(sqlite.org/howtocorrupt.html, sections 2.2 and 2.6). Nothing here knows what a ledger holds.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from vectorlong.disk import file_identity
from vectorlong.errors import IndexLockedError
from vectorlong.forks import ProcessLock

WAIT_MS = 60_000
_BLOCK_ROWS = 1000

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

# A lock inside SQLite, for instance of its memory, that another thread holds at a fork stays locked
# in the child for ever. So who is about to fork waits until no other thread is inside a call or
# within a writing transaction, and who would begin one meanwhile waits until the fork is done. Both
# wait so long at most, so that those who wait for each other go on.
_FORK_WAIT_S = 5.0
_PAUSE_S = 0.0005
_forking: dict[int, float] = {}  # by thread: until when the others wait for its fork


class LedgerConnection(sqlite3.Connection):
    """A connection that ends all it has begun when it is closed, and that no fork cuts in two.

    Python closes a connection without ending statements that somebody still holds, for instance the
    traceback of an interrupt between a query and its rows; those keep the transaction, and with it
    locks, for as long as they are held. So this one knows its cursors.

    Rows come by `one`, `all` and `rows`: what steps through a cursor itself is no call of this
    connection, and a fork may come into the middle of it.

    Attributes
    ----------
    process_id
        Of the process it was opened in.
    identity
        Of the file, as `vectorlong.disk.file_identity` gives it; None of a temporary one.
    writes
        Whether others read meanwhile what it writes.
    thread, is_called
        Who used it last, and whether that call is under way.
    """

    identity: tuple[int, int] | None = None
    writes = False
    thread = 0
    is_called = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.process_id = os.getpid()
        self._cursors: weakref.WeakSet[sqlite3.Cursor] = weakref.WeakSet()
        key = id(self)
        _connections[key] = weakref.ref(self, lambda _: _connections.pop(key, None))
        self._call(super().__init__, *arguments, **options)

    def _call(
        self,
        function: Callable[_Arguments, _Result],
        *arguments: _Arguments.args,
        **options: _Arguments.kwargs,
    ) -> _Result:
        """Call what is inside SQLite for a while, unless another thread is about to fork."""
        while True:
            # Who forks also says so first and then looks, so that one of the two sees the other. No
            # interrupt comes between this line and the next.
            self.thread, self.is_called = threading.get_ident(), True
            try:
                if not _forking or self._goes_on():
                    return function(*arguments, **options)
            finally:
                self.is_called = False
            time.sleep(_PAUSE_S)

    def _goes_on(self) -> bool:
        """Whether it need not wait for those who fork: they do for it, or not any more."""
        return self.is_writing or all(
            thread == self.thread or until < time.monotonic()
            for thread, until in _forking.copy().items()
        )

    @property
    def is_writing(self) -> bool:
        """Whether it is within a transaction of which others wait for the end."""
        return self.writes and not self.is_idle

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run one statement."""
        cursor = self.cursor()
        self._cursors.add(cursor)
        return self._call(cursor.execute, sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        """Run one statement for every set of parameters."""
        cursor = self.cursor()
        self._cursors.add(cursor)
        return self._call(cursor.executemany, sql, parameters)

    def executescript(self, sql: str, /) -> sqlite3.Cursor:
        """Run statements one after the other."""
        return self._call(self.cursor().executescript, sql)

    def one(self, sql: str, parameters: Any = (), /) -> Any:
        """Run one statement to its end, and return its first row, or None.

        A statement that has rows left keeps the transaction open for as long as its cursor is held;
        and the frame of a signal's handler holds the frames below it, with all that is in them.
        """
        rows = self.all(sql, parameters)
        return rows[0] if rows else None

    def all(self, sql: str, parameters: Any = (), /) -> list[Any]:
        """Run one statement to its end, and return its rows."""
        cursor = self.cursor()
        self._cursors.add(cursor)
        return self._call(lambda: cursor.execute(sql, parameters).fetchall())

    def rows(self, sql: str, parameters: Any = (), /) -> Iterator[Any]:
        """Run one statement, and give its rows without holding all of them."""
        cursor = self.execute(sql, parameters)
        blocks = iter(lambda: self._call(cursor.fetchmany, _BLOCK_ROWS), [])
        return itertools.chain.from_iterable(blocks)

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
                self._call(cursor.close)
            if self.in_transaction:
                self.execute("ROLLBACK")
        with contextlib.suppress(sqlite3.ProgrammingError):  # it was never open
            self._call(super().close)
        _connections.pop(id(self), None)
        if self in _abandoned:
            _abandoned.remove(self)


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
# Ending what these were in the middle of would disturb the parent, which goes on with it.
_abandoned: list[LedgerConnection] = []


def _alive() -> list[LedgerConnection]:
    references = list(_connections.values())
    return [connection for reference in references if (connection := reference()) is not None]


def _before_fork() -> None:
    me = threading.get_ident()
    _forking[me] = until = time.monotonic() + _FORK_WAIT_S
    while time.monotonic() < until and any(
        connection.thread != me and (connection.is_called or connection.is_writing)
        for connection in _alive()
    ):
        time.sleep(_PAUSE_S)


def _after_fork_in_parent() -> None:
    _forking.pop(threading.get_ident(), None)


def _after_fork_in_child() -> None:
    _forking.clear()
    for connection in _alive():
        is_own = connection.thread == threading.get_ident() and not connection.is_idle
        is_in_use = is_own or connection.is_called or connection.is_writing
        (_abandoned if is_in_use else _inherited).append(connection)
    _connections.clear()
    _open_files.clear()  # parent and child would move one place in them


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )


def connect(path: Path, *, read_only: bool, immutable: bool = False) -> LedgerConnection:
    """Open a connection in autocommit mode, usable from any one thread at a time.

    Raises
    ------
    IndexLockedError
        This process was forked in the middle of what could not be waited for.
    """
    with contextlib.suppress(IndexError):  # another thread was quicker
        while _inherited:
            _inherited.pop().close()
    identity = file_identity(path)
    for abandoned in _abandoned:
        if abandoned.identity == identity:
            raise IndexLockedError(
                f"This process ({os.getpid()}) was forked from process {abandoned.process_id} in "
                f"the middle of a change to {str(path)!r}, or of a look at it, and cannot tell one "
                "generation from the next. Start processes by spawn, or fork while nothing "
                "changes the index."
            )
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
    with _guard.lock:
        connection.identity = file_identity(path)
    connection.writes = not read_only
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
