"""Writing the ledger: transactions, of which each makes a generation, and upkeep between them."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from vectorlong.disk import file_identity, is_in_place
from vectorlong.errors import IndexFolderError
from vectorlong.lexical.stems import NO_LANGUAGE, scheme
from vectorlong.retrieval.connections import WAIT_MS, ClosedOnError, LedgerConnection, connect
from vectorlong.retrieval.ledger import (
    FORMAT_VERSION,
    SCHEMA,
    check_ledger,
    damaged,
    ledger_errors,
)
from vectorlong.retrieval.word_tables import (
    IN_USE,
    SPAN_TYPE,
    UNFINISHED,
    WordTables,
    as_spans,
)
from vectorlong.vector_index.index_files import replaced
from vectorlong.vector_index.vector_file import Segment

_CHECKPOINT_WAIT_MS = 2_000
_CHECKPOINT_PAUSE_S = 0.005


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


class LedgerTransaction:
    """All or nothing, as a context manager; an exception leaves nothing of it.

    A class and no generator: a generator that an interrupt left behind would end, whenever it is
    collected, the transaction that is open by then.

    Attributes
    ----------
    generation, epoch
        What the commit will make, and of which epoch the rows are.
    connection
        Sees what the transaction has written so far.
    is_in_doubt
        Whether its commit was begun and did not come back.
    """

    generation: int
    epoch: int
    is_in_doubt = False

    def __init__(self, connection: LedgerConnection, path: Path, language: str | None) -> None:
        self.connection = connection
        self._path = path
        self._language = language
        # Of a document that was deleted, words that nobody can tell any more are still indexed.
        self._are_words_stale = False

    def __enter__(self) -> LedgerTransaction:
        with ClosedOnError(self.connection), ledger_errors(self._path):
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.execute("UPDATE state SET generation = generation + 1")
            row = self.connection.one("SELECT generation, epoch FROM state")
            if row is None or not all(isinstance(number, int) for number in row):
                raise damaged(self._path, "it has no state")
            self.generation, self.epoch = row
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with ClosedOnError(self.connection), ledger_errors(self._path):
            if error is not None:
                raise error
            if self._are_words_stale:
                self.index_words()
            self.is_in_doubt = True
            self.connection.execute("COMMIT")
            self.is_in_doubt = False

    def insert(self, document: NewDocument) -> None:
        """Add one document; its id must be free."""
        cursor = self.connection.execute(
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
        self.connection.execute(
            "INSERT INTO texts (key, spans, text) VALUES (?, ?, ?)", (key, spans, document.text)
        )
        if self._language is not None:
            self._words.insert(self.connection, key, document.text, document.spans, self._language)

    def change_metadata(
        self, key: int, metadata: str, content_digest: bytes, record_digest: bytes
    ) -> None:
        """Replace a document's metadata (JSON) and the digests that cover it."""
        self.connection.execute(
            "UPDATE documents SET metadata = ?, content_digest = ?, record_digest = ? "
            "WHERE key = ?",
            (metadata, content_digest, record_digest, key),
        )

    def delete(self, key: int) -> None:
        """Remove one document and leave a tombstone for its rows."""
        if self._language is not None:
            row = self.connection.one("SELECT spans, text FROM texts WHERE key = ?", (key,))
            if row is None:
                raise damaged(self._path, f"document number {key} is missing")
            spans, text = row
            is_removed = self._words.delete(
                self.connection, key, text, as_spans(spans), self._language
            )
            self._are_words_stale |= not is_removed
        self.connection.execute(
            "INSERT INTO tombstones SELECT ?, document_row, first_row, n_passages "
            "FROM documents WHERE key = ?",
            (self.generation, key),
        )
        self.connection.execute("DELETE FROM texts WHERE key = ?", (key,))
        self.connection.execute("DELETE FROM documents WHERE key = ?", (key,))

    def add_segment(self, file: str, segment: Segment) -> None:
        """Record the checksum of appended rows."""
        self.connection.execute(
            "INSERT INTO segments VALUES (?, ?, ?, ?)",
            (file, segment.first_row, segment.n_rows, segment.checksum),
        )

    def move_rows(
        self, moved: Sequence[tuple[int, int, int]], segments: dict[str, list[Segment]]
    ) -> None:
        """Point every document at its rows in rewritten files: (document_row, first_row, key)."""
        self.connection.executemany(
            "UPDATE documents SET document_row = ?, first_row = ? WHERE key = ?", moved
        )
        self.connection.execute("DELETE FROM segments")
        self.connection.execute("DELETE FROM tombstones")
        for file, parts in segments.items():
            for segment in parts:
                self.add_segment(file, segment)
        self.connection.execute("UPDATE state SET epoch = epoch + 1")

    def index_words(self) -> None:
        """Index the words of every document anew, at once."""
        if self._language is None:
            return
        for former in WordTables.all_recorded(self.connection):
            former.drop(self.connection)
        self.connection.execute("DELETE FROM settings WHERE name = ?", (UNFINISHED,))
        tables = WordTables(self._words.number or 1, scheme(self._language))
        tables.create(self.connection)
        tables.record(self.connection, IN_USE)
        tables.fill(self.connection, self._language)
        self._are_words_stale = False

    def index_more_words(self, max_characters: int) -> int:
        """Index the words of some documents anew, beside the tables in use.

        Returns
        -------
        int
            How many; 0 when none was left, and the new tables have taken the place of the others.
        """
        language = self._language or NO_LANGUAGE
        wanted = scheme(language)
        in_use = self._words
        tables = WordTables.recorded(self.connection, UNFINISHED)
        if tables is None or tables.scheme != wanted:
            if tables is not None:
                tables.drop(self.connection)
            tables = WordTables(in_use.number + 1, wanted)
            tables.create(self.connection)
            self.connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
        tables, n_documents = tables.fill(self.connection, language, max_characters)
        if n_documents:
            tables.record(self.connection, UNFINISHED)
            return n_documents
        in_use.drop(self.connection)
        tables.record(self.connection, IN_USE)
        self.connection.execute("DELETE FROM settings WHERE name = ?", (UNFINISHED,))
        return 0

    @property
    def _words(self) -> WordTables:
        try:
            return WordTables.in_use(self.connection)
        except ValueError as error:
            raise damaged(self._path, str(error)) from None


class LedgerWriter:
    """The one connection that writes, at a time. Whoever holds it holds the writer's lock.

    Parameters
    ----------
    path
        The database.
    language
        Of the stems in the lexical index; None where there is no such index.

    Attributes
    ----------
    is_closed
        Once `close` was called.
    """

    def __init__(self, path: Path, language: str | None) -> None:
        self.path = path
        self._language = language
        self.is_closed = False
        self._latest: LedgerTransaction | None = None
        self._identities = {path: file_identity(path)}
        self._connection = self._connect()

    @staticmethod
    def create(path: Path, settings: dict[str, Any], language: str | None) -> None:
        """Make an empty ledger; ``path`` must not exist."""
        connection = sqlite3.connect(path, isolation_level=None, factory=LedgerConnection)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(f"BEGIN;{SCHEMA}COMMIT;")
            connection.execute("BEGIN")
            connection.execute("INSERT INTO settings VALUES ('index', ?)", (json.dumps(settings),))
            if language is not None:
                tables = WordTables(1, scheme(language))
                tables.create(connection)
                tables.record(connection, IN_USE)
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()

    def _connect(self) -> LedgerConnection:
        with ledger_errors(self.path):
            connection = connect(self.path, read_only=False)
            with ClosedOnError(connection):
                check_ledger(connection, self.path)
                # Of a file that says otherwise, readers would not see one generation.
                connection.one("PRAGMA journal_mode = WAL")
                connection.one("SELECT generation FROM state")  # opens the log
                self.check_in_place(self.path)
                for suffix in ("-wal", "-shm"):
                    path = self.path.with_name(self.path.name + suffix)
                    self._identities[path] = file_identity(path)
        return connection

    def check_in_place(self, *paths: Path) -> None:
        """Refuse where a file that is written, the ledger or its log, is not the folder's any more.

        Raises
        ------
        IndexFolderError
            It was moved, removed or replaced.
        """
        for path in paths or tuple(self._identities):
            if not is_in_place(path, self._identities[path]):
                raise replaced(path)

    def _usable(self) -> LedgerConnection:
        """Return the connection; another where an interrupt or an error spoiled the last one."""
        if self.is_closed:
            raise IndexFolderError("This index is closed; open it again.")
        if not self._connection.is_idle:
            self._connection.close()
            self._connection = self._connect()
        return self._connection

    def state(self) -> tuple[int, int]:
        """Return generation and epoch as committed."""
        connection = self._usable()
        with ClosedOnError(connection), ledger_errors(self.path):
            return connection.one("SELECT generation, epoch FROM state")

    def transaction(self) -> LedgerTransaction:
        """Return a transaction to be entered; one is open at a time."""
        self._latest = LedgerTransaction(self._usable(), self.path, self._language)
        return self._latest

    def end_doubt(self) -> None:
        """Make sure that a commit which failed stays failed; for before its files are touched.

        A commit that the system refused to flush may stand in the write-ahead log all the same,
        where the next opening after a crash would find it. Another commit takes its place.
        """
        if self._latest is not None and self._latest.is_in_doubt:
            with LedgerTransaction(self._usable(), self.path, self._language):
                pass
            self._latest = None

    def optimise(self) -> None:
        """Give freed pages back and merge the lexical index; nothing that was found is lost."""
        connection = self._usable()
        with ClosedOnError(connection), ledger_errors(self.path):
            if self._language is not None:
                WordTables.in_use(connection).optimise(connection)
            connection.execute("VACUUM")

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the database; False if a reader kept some of it back."""
        connection = self._usable()
        with ClosedOnError(connection), ledger_errors(self.path):
            # A reader that takes longer than a search may take minutes, and nothing needs this now.
            # SQLite does not wait itself, because who forks waits for it, and a reader for that.
            connection.one("PRAGMA busy_timeout = 0")
            until = time.monotonic() + _CHECKPOINT_WAIT_MS / 1000
            while busy := connection.one("PRAGMA wal_checkpoint(TRUNCATE)")[0]:
                if time.monotonic() > until:
                    break
                time.sleep(_CHECKPOINT_PAUSE_S)
            connection.one(f"PRAGMA busy_timeout = {WAIT_MS}")
        return not busy

    def close(self) -> None:
        """Close the connection; twice does nothing."""
        self.is_closed = True
        with ledger_errors(self.path):
            self._connection.close()
