"""The ledger: the SQLite database that says which documents an index holds.

Documents with their texts and passages, the lexical index, the checksums of the vector files, and
two counters: the generation (one a commit) and the epoch (one a rewriting of the vector files). It
is written by one process at a time in write-ahead mode with every commit flushed; readers see the
generation they began with. Reading lives in `vectorlong.retrieval.snapshot`; nothing here knows
FAISS.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import sqlite3
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from vectorlong.disk import file_identity
from vectorlong.errors import FormatVersionError, IndexCorruptError, IndexFolderError
from vectorlong.retrieval import lexical
from vectorlong.retrieval.vectors import Segment

LEDGER_NAME = "ledger.sqlite"
FORMAT_VERSION = 1
APPLICATION_ID = 0x766C6E67  # "vlng"
# A passage's rowid in the lexical index is its document's key and its ordinal in these bits, so
# that it stays the same when the vector files are rewritten.
PASSAGE_BITS = 20
_WAIT_MS = 60_000
_CHECKPOINT_WAIT_MS = 2_000
_SHADOW_TABLE = re.compile(r"lexical_(documents|passages)_(data|idx|docsize|config)")
SPAN_TYPE = np.dtype("<i8")
VECTORS = "vectors"  # the file of passage vectors
DOCUMENTS = "documents"  # the file of document vectors

_SCHEMA = f"""
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


@dataclass(frozen=True)
class NewDocument:
    """A document ready to be written; its vectors are in the files already."""

    id: str
    text: str
    metadata: str  # JSON
    content_digest: bytes
    record_digest: bytes
    n_tokens: int
    document_row: int
    first_row: int
    spans: np.ndarray  # int64 [p, 2]


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


class LedgerConnection(sqlite3.Connection):
    """A connection that knows the process it was opened in.

    Attributes
    ----------
    process_id
        Of that process.
    """

    process_id: int


# SQLite keeps the locks it holds on a file in the memory of the process, where a fork copies them
# although the system's locks stay with the parent (sqlite.org/howtocorrupt.html, section 2.6). It
# forgets them with the last connection to the file. So whatever a fork left open is closed before
# this process opens a connection of its own; that touches no lock of the parent, and those keep its
# write-ahead log from being removed.
_connections: weakref.WeakSet[LedgerConnection] = weakref.WeakSet()
_inherited: list[LedgerConnection] = []
_abandoned: list[LedgerConnection] = []  # in use, at the fork, by a thread that did not come along


def _after_fork() -> None:
    for connection in _connections:
        (_abandoned if connection.in_transaction else _inherited).append(connection)
    _connections.clear()


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
        timeout=_WAIT_MS / 1000,
        isolation_level=None,
        check_same_thread=False,
        factory=LedgerConnection,
    )
    connection.process_id = os.getpid()
    _connections.add(connection)
    try:
        connection.execute("PRAGMA cache_size = -16000")
        # Nothing that stands in the schema of a foreign file may call a function that does things.
        connection.execute("PRAGMA trusted_schema = OFF")
        if not read_only:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA fullfsync = 1")
    except BaseException:
        connection.close()
        raise
    return connection


def check_ledger(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a database that is not a ledger, one of a newer format, and one that has been altered.

    Triggers and views would run whenever the ledger is written or read.
    """
    check_version(connection, path)
    found = _schema(connection)
    if not any(_is_same(found, _expected_schema(has_lexical)) for has_lexical in (True, False)):
        strange = sorted(" ".join(entry) for entry in found.keys() - _expected_schema(True).keys())
        raise damaged(
            path,
            f"it holds what this library did not make, {', '.join(strange[:3])}"
            if strange
            else "its tables are not those that this library made",
        )


Schema = dict[tuple[str, str], tuple[str, str | None]]


def _schema(connection: sqlite3.Connection) -> Schema:
    """Type and name of everything in a database, with the table it is of and its statement."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
    return {(str(kind), str(name)): (table, sql) for kind, name, table, sql in rows}


@functools.cache
def _expected_schema(has_lexical: bool) -> Schema:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(_SCHEMA)
        if has_lexical:
            _create_lexical(connection)
        return _schema(connection)


def _is_same(found: Schema, expected: Schema) -> bool:
    # FTS5 makes its shadow tables itself, and another version of it may word them otherwise.
    return found.keys() == expected.keys() and all(
        found[entry] == expected[entry] or _SHADOW_TABLE.fullmatch(entry[1]) for entry in expected
    )


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a database that is not a ledger, or one of a newer format."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        raise damaged(path, "it does not carry this library's mark")
    if version > FORMAT_VERSION:
        raise FormatVersionError(
            f"{str(path)!r} has format version {version}; this version of vectorlong reads up to "
            f"{FORMAT_VERSION}. Upgrade vectorlong; nothing was changed."
        )


class LedgerTransaction:
    """All or nothing, as a context manager; an exception rolls back.

    A class and no generator: a generator that an interrupt left behind would roll back, whenever it
    is collected, the transaction that is open by then.

    Attributes
    ----------
    generation, epoch
        What the commit will make, and of which epoch the rows are.
    connection
        Sees what the transaction has written so far.
    """

    generation: int
    epoch: int

    def __init__(self, connection: LedgerConnection, path: Path) -> None:
        self.connection = connection
        self._path = path

    def __enter__(self) -> LedgerTransaction:
        with ledger_errors(self._path):
            roll_back(self.connection)
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                self.connection.execute("UPDATE state SET generation = generation + 1")
                row = self.connection.execute("SELECT generation, epoch FROM state").fetchone()
                self.generation, self.epoch = int(row[0]), int(row[1])
            except (TypeError, ValueError):
                roll_back(self.connection)
                raise damaged(self._path, "it has no state") from None
            except BaseException:
                roll_back(self.connection)
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                with ledger_errors(self._path):
                    self.connection.execute("COMMIT")
        finally:
            roll_back(self.connection)
        if isinstance(error, sqlite3.Error):
            raise as_ledger_error(error, self._path) from error


def roll_back(connection: sqlite3.Connection) -> None:
    """Take a connection out of whatever transaction an interrupt or an error left it in."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


class LedgerWriter:
    """The one connection that writes. Whoever holds it holds the writer's lock.

    Parameters
    ----------
    path
        The database.
    has_lexical
        Whether texts are indexed for lexical search.

    Attributes
    ----------
    identity
        Of the file that is written, as `vectorlong.disk.file_identity` gives it.
    """

    def __init__(self, path: Path, has_lexical: bool) -> None:
        self.path = path
        self._has_lexical = has_lexical
        with ledger_errors(path):
            self._connection = connect(path, read_only=False)
            try:
                check_ledger(self._connection, path)
                # Of a file that says otherwise, readers would not see one generation.
                self._connection.execute("PRAGMA journal_mode = WAL")
                self.identity = file_identity(path)
            except BaseException:
                self._connection.close()
                raise

    @staticmethod
    def create(path: Path, settings: dict[str, Any], has_lexical: bool) -> None:
        """Make an empty ledger; ``path`` must not exist."""
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(f"BEGIN;{_SCHEMA}COMMIT;")
            connection.execute("BEGIN")
            connection.execute("INSERT INTO settings VALUES ('index', ?)", (json.dumps(settings),))
            if has_lexical:
                _create_lexical(connection)
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()

    def state(self) -> tuple[int, int]:
        """Return generation and epoch as committed."""
        with ledger_errors(self.path):
            roll_back(self._connection)
            return self._connection.execute("SELECT generation, epoch FROM state").fetchone()

    def transaction(self) -> LedgerTransaction:
        """Return a transaction to be entered; one is open at a time."""
        return LedgerTransaction(self._connection, self.path)

    def insert(self, document: NewDocument) -> None:
        """Add one document; its id must be free."""
        cursor = self._connection.execute(
            "INSERT INTO documents (id, content_digest, record_digest, n_tokens, document_row, "
            "first_row, n_passages, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.id,
                document.content_digest,
                document.record_digest,
                document.n_tokens,
                document.document_row,
                document.first_row,
                len(document.spans),
                document.metadata,
            ),
        )
        key = int(cursor.lastrowid or 0)
        spans = document.spans.astype(SPAN_TYPE).tobytes()
        self._connection.execute(
            "INSERT INTO texts (key, spans, text) VALUES (?, ?, ?)", (key, spans, document.text)
        )
        if self._has_lexical:
            self._index_words(key, document.text, document.spans)

    def _index_words(self, key: int, text: str, spans: np.ndarray) -> None:
        self._connection.execute(
            "INSERT INTO lexical_documents (rowid, words) VALUES (?, ?)",
            (key, lexical.indexable(text)),
        )
        self._connection.executemany(
            "INSERT INTO lexical_passages (rowid, words) VALUES (?, ?)",
            passage_words(key, text, spans),
        )

    def change_metadata(
        self, key: int, metadata: str, content_digest: bytes, record_digest: bytes
    ) -> None:
        """Replace a document's metadata (JSON) and the digests that cover it."""
        self._connection.execute(
            "UPDATE documents SET metadata = ?, content_digest = ?, record_digest = ? "
            "WHERE key = ?",
            (metadata, content_digest, record_digest, key),
        )

    def delete(self, key: int, generation: int) -> None:
        """Remove one document and leave a tombstone for its rows."""
        if self._has_lexical:
            row = self._connection.execute(
                "SELECT spans, text FROM texts WHERE key = ?", (key,)
            ).fetchone()
            if row is None:
                raise damaged(self.path, f"document number {key} is missing")
            spans, text = row
            # The lexical tables keep no text, so FTS5 is told what it had indexed.
            self._connection.execute(
                "INSERT INTO lexical_documents (lexical_documents, rowid, words) "
                "VALUES ('delete', ?, ?)",
                (key, lexical.indexable(text)),
            )
            self._connection.executemany(
                "INSERT INTO lexical_passages (lexical_passages, rowid, words) "
                "VALUES ('delete', ?, ?)",
                passage_words(key, text, np.frombuffer(spans, SPAN_TYPE).reshape(-1, 2)),
            )
        self._connection.execute(
            "INSERT INTO tombstones SELECT ?, document_row, first_row, n_passages "
            "FROM documents WHERE key = ?",
            (generation, key),
        )
        self._connection.execute("DELETE FROM texts WHERE key = ?", (key,))
        self._connection.execute("DELETE FROM documents WHERE key = ?", (key,))

    def add_segment(self, file: str, segment: Segment) -> None:
        """Record the checksum of appended rows."""
        self._connection.execute(
            "INSERT INTO segments VALUES (?, ?, ?, ?)",
            (file, segment.first_row, segment.n_rows, segment.checksum),
        )

    def move_rows(
        self, moved: Sequence[tuple[int, int, int]], segments: dict[str, list[Segment]]
    ) -> None:
        """Point every document at its rows in rewritten files: (document_row, first_row, key)."""
        self._connection.executemany(
            "UPDATE documents SET document_row = ?, first_row = ? WHERE key = ?", moved
        )
        self._connection.execute("DELETE FROM segments")
        self._connection.execute("DELETE FROM tombstones")
        for file, parts in segments.items():
            for segment in parts:
                self.add_segment(file, segment)
        self._connection.execute("UPDATE state SET epoch = epoch + 1")

    def rebuild_lexical(self) -> None:
        """Index every text for lexical search anew."""
        if not self._has_lexical:
            return
        for table in ("lexical_documents", "lexical_passages"):
            self._connection.execute(f"DROP TABLE IF EXISTS {table}")
        _create_lexical(self._connection)
        last_key = 0
        while row := self._connection.execute(
            "SELECT key, spans, text FROM texts WHERE key > ? ORDER BY key LIMIT 1", (last_key,)
        ).fetchone():
            last_key, spans, text = row
            self._index_words(last_key, text, np.frombuffer(spans, SPAN_TYPE).reshape(-1, 2))

    def optimise(self) -> None:
        """Give freed pages back and merge the lexical index; nothing that was found is lost."""
        with ledger_errors(self.path):
            roll_back(self._connection)
            if self._has_lexical:
                for table in ("lexical_documents", "lexical_passages"):
                    self._connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")
            self._connection.execute("VACUUM")

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the database; False if a reader kept some of it back."""
        with ledger_errors(self.path):
            roll_back(self._connection)
            # A reader that takes longer than a search may take minutes, and nothing needs this now.
            self._connection.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_WAIT_MS}")
            try:
                busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                self._connection.execute(f"PRAGMA busy_timeout = {_WAIT_MS}")
        return not busy

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _create_lexical(connection: sqlite3.Connection) -> None:
    for table in ("lexical_documents", "lexical_passages"):
        connection.execute(
            f"CREATE VIRTUAL TABLE {table} USING fts5(words, content='', "
            f"tokenize='{lexical.TOKENIZER}')"
        )


def passage_words(key: int, text: str, spans: np.ndarray) -> Iterator[tuple[int, str]]:
    """Rowid and indexed form of every passage of a document."""
    for ordinal, (start, end) in enumerate(spans.tolist()):
        yield (key << PASSAGE_BITS) | ordinal, lexical.indexable(text[start:end])
