"""What SQLite complains of is damage where its code says so, and harmless where it does not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from vectorlong.errors import IndexCorruptError, IndexFolderError
from vectorlong.retrieval.ledger import ledger_errors


def closed_connection(folder: Path) -> None:
    connection = sqlite3.connect(":memory:")
    connection.close()
    connection.execute("SELECT 1")


def breach_of_uniqueness(folder: Path) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE one (name TEXT UNIQUE)")
    connection.executemany("INSERT INTO one VALUES (?)", [("a",), ("a",)])


def oversized_value(folder: Path) -> None:
    connection = sqlite3.connect(":memory:")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100)
    connection.execute("SELECT ?", ("a" * 1000,))


def busy(folder: Path) -> None:
    holder = sqlite3.connect(folder / "one", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    sqlite3.connect(folder / "one", timeout=0).execute("CREATE TABLE one (name)")


def read_only(folder: Path) -> None:
    sqlite3.connect(folder / "one").close()
    (folder / "one").touch()
    uri = f"{(folder / 'one').as_uri()}?mode=ro"
    sqlite3.connect(uri, uri=True).execute("CREATE TABLE one (name)")


def no_such_file(folder: Path) -> None:
    sqlite3.connect(f"{(folder / 'none').as_uri()}?mode=ro", uri=True)


@pytest.mark.parametrize(
    ("fail", "advice"),
    [
        (closed_connection, "open it again"),
        (breach_of_uniqueness, "Nothing of it was written"),
        (oversized_value, "Nothing of it was written"),
        (busy, "make room or grant access"),
        (read_only, "make room or grant access"),
        (no_such_file, "make room or grant access"),
    ],
)
def test_a_harmless_refusal_is_not_called_damage(
    tmp_path: Path, fail: Callable[[Path], None], advice: str
) -> None:
    with (
        pytest.raises(IndexFolderError, match=rf"ledger\.sqlite.*{advice}") as caught,
        ledger_errors(tmp_path / "ledger.sqlite"),
    ):
        fail(tmp_path)
    assert not isinstance(caught.value, IndexCorruptError)
    assert "damaged" not in str(caught.value)
    assert isinstance(caught.value.__cause__, sqlite3.Error)


def no_database(folder: Path) -> None:
    (folder / "one").write_bytes(b"something else " * 1000)
    sqlite3.connect(folder / "one").execute("SELECT * FROM sqlite_master")


def malformed(folder: Path) -> None:
    connection = sqlite3.connect(folder / "one", isolation_level=None)
    connection.execute("CREATE TABLE one (name TEXT)")
    connection.executemany("INSERT INTO one VALUES (?)", [("a" * 1000,)] * 100)
    connection.close()
    content = bytearray((folder / "one").read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    (folder / "one").write_bytes(content)
    sqlite3.connect(folder / "one").execute("SELECT * FROM one").fetchall()


def missing_table(folder: Path) -> None:
    sqlite3.connect(":memory:").execute("SELECT * FROM documents")


@pytest.mark.parametrize("fail", [no_database, malformed, missing_table])
def test_damage_is_called_damage(tmp_path: Path, fail: Callable[[Path], None]) -> None:
    with (
        pytest.raises(IndexCorruptError, match=r"ledger\.sqlite' is damaged: "),
        ledger_errors(tmp_path / "ledger.sqlite"),
    ):
        fail(tmp_path)
