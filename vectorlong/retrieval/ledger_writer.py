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
from vectorlong.retrieval import lexical
from vectorlong.retrieval.connections import WAIT_MS, ClosedOnError, LedgerConnection, connect
from vectorlong.retrieval.ledger import (
    PASSAGE_BITS,
    SCHEMA,
    SPAN_TYPE,
    check_ledger,
    create_lexical,
    damaged,
    ledger_errors,
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

    def __init__(self, connection: LedgerConnection, path: Path, has_lexical: bool) -> None:
        self.connection = connection
        self._path = path
        self._has_lexical = has_lexical

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
        if self._has_lexical:
            self._index_words(key, document.text, document.spans)

    def _index_words(self, key: int, text: str, spans: np.ndarray) -> None:
        self.connection.execute(
            "INSERT INTO lexical_documents (rowid, words) VALUES (?, ?)",
            (key, lexical.indexable(text)),
        )
        self.connection.executemany(
            "INSERT INTO lexical_passages (rowid, words) VALUES (?, ?)",
            passage_words(key, text, spans),
        )

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
        if self._has_lexical:
            row = self.connection.one("SELECT spans, text FROM texts WHERE key = ?", (key,))
            if row is None:
                raise damaged(self._path, f"document number {key} is missing")
            spans, text = row
            # The lexical tables keep no text, so FTS5 is told what it had indexed.
            self.connection.execute(
                "INSERT INTO lexical_documents (lexical_documents, rowid, words) "
                "VALUES ('delete', ?, ?)",
                (key, lexical.indexable(text)),
            )
            self.connection.executemany(
                "INSERT INTO lexical_passages (lexical_passages, rowid, words) "
                "VALUES ('delete', ?, ?)",
                passage_words(key, text, np.frombuffer(spans, SPAN_TYPE).reshape(-1, 2)),
            )
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

    def rebuild_lexical(self) -> None:
        """Index every text for lexical search anew."""
        if not self._has_lexical:
            return
        for table in ("lexical_documents", "lexical_passages"):
            self.connection.execute(f"DROP TABLE IF EXISTS {table}")
        create_lexical(self.connection)
        last_key = 0
        while row := self.connection.one(
            "SELECT key, spans, text FROM texts WHERE key > ? ORDER BY key LIMIT 1", (last_key,)
        ):
            last_key, spans, text = row
            self._index_words(last_key, text, np.frombuffer(spans, SPAN_TYPE).reshape(-1, 2))


class LedgerWriter:
    """The one connection that writes, at a time. Whoever holds it holds the writer's lock.

    Parameters
    ----------
    path
        The database.
    has_lexical
        Whether texts are indexed for lexical search.

    Attributes
    ----------
    is_closed
        Once `close` was called.
    """

    def __init__(self, path: Path, has_lexical: bool) -> None:
        self.path = path
        self._has_lexical = has_lexical
        self.is_closed = False
        self._latest: LedgerTransaction | None = None
        self._identities = {path: file_identity(path)}
        self._connection = self._connect()

    @staticmethod
    def create(path: Path, settings: dict[str, Any], has_lexical: bool) -> None:
        """Make an empty ledger; ``path`` must not exist."""
        connection = sqlite3.connect(path, isolation_level=None, factory=LedgerConnection)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(f"BEGIN;{SCHEMA}COMMIT;")
            connection.execute("BEGIN")
            connection.execute("INSERT INTO settings VALUES ('index', ?)", (json.dumps(settings),))
            if has_lexical:
                create_lexical(connection)
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
        self._latest = LedgerTransaction(self._usable(), self.path, self._has_lexical)
        return self._latest

    def end_doubt(self) -> None:
        """Make sure that a commit which failed stays failed; for before its files are touched.

        A commit that the system refused to flush may stand in the write-ahead log all the same,
        where the next opening after a crash would find it. Another commit takes its place.
        """
        if self._latest is not None and self._latest.is_in_doubt:
            with LedgerTransaction(self._usable(), self.path, self._has_lexical):
                pass
            self._latest = None

    def optimise(self) -> None:
        """Give freed pages back and merge the lexical index; nothing that was found is lost."""
        connection = self._usable()
        with ClosedOnError(connection), ledger_errors(self.path):
            if self._has_lexical:
                for table in ("lexical_documents", "lexical_passages"):
                    connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")
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


def passage_words(key: int, text: str, spans: np.ndarray) -> list[tuple[int, str]]:
    """Rowid and indexed form of every passage of a document.

    A list, so that no code of Python runs while SQLite takes it: a signal's handler that closed the
    connection in between would crash the process.
    """
    return [
        ((key << PASSAGE_BITS) | ordinal, lexical.indexable(text[start:end]))
        for ordinal, (start, end) in enumerate(spans.tolist())
    ]
