"""Connections to a ledger: how they are set and end, and that no read past them frees a lock."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vectorlong.retrieval import connections
from vectorlong.retrieval.connections import (
    WAIT_MS,
    ClosedOnError,
    LedgerConnection,
    connect,
    ledger_sha256,
)
from vectorlong.retrieval.document_index import DocumentIndex


@pytest.fixture
def ledger(index: DocumentIndex) -> Path:
    index.add(["A text."])
    index.close()
    return index.folder / "ledger.sqlite"


@pytest.fixture
def connection(ledger: Path) -> Iterator[LedgerConnection]:
    with contextlib.closing(connect(ledger, read_only=False)) as opened:
        yield opened


def test_what_is_committed_is_on_the_disk_and_a_schema_calls_nothing(
    connection: LedgerConnection,
) -> None:
    settings = {"synchronous": 2, "fullfsync": 1, "trusted_schema": 0, "busy_timeout": WAIT_MS}
    for name, value in settings.items():
        assert connection.one(f"PRAGMA {name}") == (value,), name


def test_a_reader_cannot_write(ledger: Path) -> None:
    with contextlib.closing(connect(ledger, read_only=True)) as reader:
        assert reader.one("PRAGMA trusted_schema") == (0,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("DELETE FROM documents")


@pytest.mark.parametrize("begin", ["SELECT 1", "BEGIN"])
def test_a_statement_half_read_is_ended_by_closing(
    connection: LedgerConnection, ledger: Path, begin: str
) -> None:
    connection.execute("CREATE TABLE more (number)")
    connection.one(begin)
    rows = connection.execute("SELECT name FROM sqlite_master")
    assert rows.fetchone() is not None
    assert connection.is_idle == (begin != "BEGIN")
    with contextlib.closing(sqlite3.connect(ledger, timeout=0)) as other:
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 1
        connection.close()
        connection.close()
        assert not connection.is_idle
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    with pytest.raises(sqlite3.ProgrammingError):
        rows.fetchone()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_closes_what_it_left_unfinished(
    connection: LedgerConnection, error: type[BaseException]
) -> None:
    with ClosedOnError(connection):
        connection.execute("BEGIN")
        connection.execute("ROLLBACK")
    assert connection.is_idle
    with pytest.raises(error), ClosedOnError(connection):  # noqa: PT012 - what is left is meant
        connection.execute("BEGIN IMMEDIATE")
        raise error
    with pytest.raises(sqlite3.ProgrammingError):
        connection.execute("SELECT 1")


def in_another_process(program: str, path: Path) -> bytes:
    return subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, check=True
    ).stdout


def test_reading_the_whole_file_frees_no_lock(connection: LedgerConnection, ledger: Path) -> None:
    """The system takes all locks of a process from a file of which it closes any descriptor.

    Without its lock another process that reads, and is the last to close for all it knows, moves
    the write-ahead log into the database and removes it.
    """
    connection.execute("CREATE TABLE more (number)")
    log = ledger.with_name("ledger.sqlite-wal")
    n_bytes = log.stat().st_size
    assert n_bytes > 0
    content = in_another_process(
        "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())", ledger
    )
    look = (
        "import sqlite3, sys; connection = sqlite3.connect(sys.argv[1])\n"
        "print(*connection.execute('SELECT count(*) FROM more').fetchone()); connection.close()"
    )
    for _ in range(2):
        assert ledger_sha256(ledger) == hashlib.sha256(content).hexdigest()
        assert in_another_process(look, ledger).split() == [b"0"]
        assert log.stat().st_size == n_bytes
    connection.close()
    assert not log.exists()


def test_a_file_that_nothing_is_connected_to_is_let_go(ledger: Path) -> None:
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("this system does not tell what is open")
    connection = connect(ledger, read_only=True)
    ledger_sha256(ledger)
    connection.close()
    digest = ledger_sha256(ledger)  # nothing is connected any more
    assert digest == hashlib.sha256(ledger.read_bytes()).hexdigest()
    assert str(ledger) not in [os.readlink(path) for path in folder.iterdir() if path.exists()]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_moves_no_place_of_the_parents(
    connection: LedgerConnection, ledger: Path
) -> None:
    ledger_sha256(ledger)
    (opened,) = connections._open_files.values()
    opened.file.seek(5)  # the parent is in the middle
    child = os.fork()
    if child == 0:
        try:
            ledger_sha256(ledger)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.lseek(opened.file.fileno(), 0, os.SEEK_CUR) == opened.file.tell() == 5
