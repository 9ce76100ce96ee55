"""The ledger: the SQLite database that says which documents an index holds.

Documents with their texts and passages, the lexical index, the checksums of the vector files, and
two counters: the generation (one a commit) and the epoch (one a rewriting of the vector files). It
is written by one process at a time in write-ahead mode with every commit flushed; readers see the
generation they began with. Here is what the database is and how it is opened;
`vectorlong.retrieval.ledger_reader` and `vectorlong.retrieval.snapshot` read it,
`vectorlong.retrieval.ledger_writer` writes it. Nothing here knows FAISS.
"""

from __future__ import annotations

import contextlib
import functools
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from vectorlong.errors import IndexCorruptError, IndexFolderError
from vectorlong.fields import check_format_version
from vectorlong.retrieval.connections import LedgerConnection
from vectorlong.retrieval.word_tables import WordTables

LEDGER_NAME = "ledger.sqlite"
# 1 had one lexical index, of another tokenizer, and no record of it.
FORMAT_VERSION = 2
APPLICATION_ID = 0x766C6E67  # "vlng"
_WORD_TABLE = re.compile(r"lexical_documents(?:_([1-9]\d{0,8}))?")
_SHADOW_TABLE = re.compile(r"lexical_(documents|passages)(_\d+)?_(data|idx|docsize|config)")
PASSAGE_ROWS = "vectors"  # the file of passage vectors
DOCUMENT_ROWS = "documents"  # the file of document vectors

SCHEMA = f"""
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL,
    epoch INTEGER NOT NULL);
INSERT INTO state VALUES (1, 0, 0);
CREATE TABLE documents (key INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    content_digest BLOB NOT NULL, record_digest BLOB NOT NULL, n_tokens INTEGER NOT NULL,
    document_row INTEGER NOT NULL, first_row INTEGER NOT NULL, n_passages INTEGER NOT NULL,
    metadata TEXT NOT NULL);
CREATE TABLE texts (key INTEGER PRIMARY KEY, spans BLOB NOT NULL, text TEXT NOT NULL);
CREATE TABLE segments (file TEXT NOT NULL, first_row INTEGER NOT NULL, n_rows INTEGER NOT NULL,
    checksum INTEGER NOT NULL, PRIMARY KEY (file, first_row)) WITHOUT ROWID;
CREATE TABLE tombstones (generation INTEGER NOT NULL, document_row INTEGER NOT NULL,
    first_row INTEGER NOT NULL, n_passages INTEGER NOT NULL);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT_VERSION};
"""


# How SQLite says that a database is not what it wrote (sqlite.org/rescode.html). Its general error
# is among them: the statements are constants and fit the tables that this library makes.
_DAMAGE_CODES = (
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_SCHEMA,
    sqlite3.SQLITE_ERROR,
)
_REFUSED_VALUE_CODES = (
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
)


@contextlib.contextmanager
def ledger_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's complaints into this library's errors, naming the file."""
    try:
        yield
    except sqlite3.Error as error:
        raise as_ledger_error(error, path) from error


def as_ledger_error(error: sqlite3.Error, path: Path) -> IndexFolderError:
    """Return what a complaint of SQLite means by its code: damage, or a refusal without harm.

    Python's own complaints, as of a closed connection, have no code.
    """
    code = getattr(error, "sqlite_errorcode", None)
    primary_code = None if code is None else code & 0xFF
    if primary_code in _DAMAGE_CODES:
        return damaged(path, str(error))
    if primary_code in _REFUSED_VALUE_CODES:
        return IndexFolderError(
            f"{str(path)!r} cannot take this: {error}. Nothing of it was written."
        )
    if primary_code is None:
        return IndexFolderError(
            f"Cannot use {str(path)!r}: {error}. Where the index was closed meanwhile, open it "
            "again."
        )
    return IndexFolderError(
        f"Cannot read or write {str(path)!r}: {error}. What the index had acknowledged before "
        "is still there; make room or grant access, then call again."
    )


def damaged(path: Path, what: str) -> IndexCorruptError:
    """Return the error for a ledger that is not what was written."""
    return IndexCorruptError(
        f"{str(path)!r} is damaged: {what}. Restore the file from a copy, or build the index anew "
        "from the documents."
    )


def check_ledger(connection: LedgerConnection, path: Path) -> None:
    """Refuse a database that is not a ledger, one of a newer format, and one that has been altered.

    Triggers and views would run whenever the ledger is written or read.
    """
    check_version(connection, path)
    found = _schema(connection)
    numbers = frozenset(
        int(match[1] or 0)
        for kind, name in found
        if kind == "table" and (match := _WORD_TABLE.fullmatch(name))
    )
    # Those in use, and others that are being made.
    expected = _expected_schema(numbers if len(numbers) <= 2 else frozenset())
    if not _is_same(found, expected):
        strange = sorted(" ".join(entry) for entry in found.keys() - expected.keys())
        raise damaged(
            path,
            f"it holds what this library did not make, {', '.join(strange[:3])}"
            if strange
            else "its tables are not those that this library made",
        )
    try:
        recorded = WordTables.all_recorded(connection)
    except ValueError as error:
        raise damaged(path, f"its record of the lexical index makes no sense, {error}") from None
    if {tables.number for tables in recorded} | (numbers & {0}) != numbers:
        raise damaged(path, "its record of the lexical index does not go with its tables")


Schema = dict[tuple[str, str], tuple[str, str | None]]


def _schema(connection: LedgerConnection) -> Schema:
    """Type and name of everything in a database, with the table it is of and its statement."""
    rows = connection.all("SELECT type, name, tbl_name, sql FROM sqlite_master")
    return {(str(kind), str(name)): (table, sql) for kind, name, table, sql in rows}


@functools.cache
def _expected_schema(numbers: frozenset[int]) -> Schema:
    """Return what a ledger holds that has word tables of these numbers."""
    with contextlib.closing(sqlite3.connect(":memory:", factory=LedgerConnection)) as connection:
        connection.executescript(SCHEMA)
        for number in numbers:
            WordTables(number, "").create(connection)
        return _schema(connection)


def _is_same(found: Schema, expected: Schema) -> bool:
    # FTS5 makes its shadow tables itself, and another version of it may word them otherwise.
    return found.keys() == expected.keys() and all(
        found[entry] == expected[entry] or _SHADOW_TABLE.fullmatch(entry[1]) for entry in expected
    )


def check_version(connection: LedgerConnection, path: Path) -> None:
    """Refuse a database that is not a ledger, or one of a newer format."""
    application = connection.one("PRAGMA application_id")[0]
    version = connection.one("PRAGMA user_version")[0]
    if application != APPLICATION_ID:
        raise damaged(path, "it does not carry this library's mark")
    check_format_version(version, FORMAT_VERSION, path)
