"""One file of cached vectors: its tables, what it holds, and how it is made smaller.

A row is the SHA-256 of a text, its vector and a checksum. Beside them stands when each was last
used, to the hour, and the name of the model. Files of before have the vectors alone, in the order
of the hashes; they are given the rest when they are next written to.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".sqlite"
# SQLite takes this many parameters in one statement on every version still in use.
KEYS_A_QUERY = 500
#: When a vector was last used is known to this, because noting it more often would cost more.
USED_STEP_S = 3600
# Longer than it takes to write a large file of before anew, while others wait.
_LOCKED_TIMEOUT_S = 300.0
# Rows of one time lie together, so that pages become free when the oldest rows go.
_VECTORS = (
    "CREATE TABLE vectors (text BLOB PRIMARY KEY, vector BLOB NOT NULL, checksum INTEGER NOT NULL)"
)
_VECTORS_OF_BEFORE = f"{_VECTORS} WITHOUT ROWID"
_ADDED = (
    "CREATE TABLE uses (text BLOB PRIMARY KEY, used INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX uses_by_time ON uses (used)",
    "CREATE TABLE about (model TEXT NOT NULL)",
)
# Ten vectors of 384 numbers in a page, where one of SQLite's usual size would hold two.
_LAYOUT = "PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL;"
_INCREMENTAL = 2
# What a vector costs beside its numbers: key, checksum, use, and what is left of pages.
_ROW_BYTES = 256
# The names that this library's own encoders give: fingerprint and dtype.
_OWN_NAME = re.compile(rf"[0-9a-f]{{64}}-[a-z0-9]+{re.escape(SUFFIX)}")


class ForeignSchemaError(sqlite3.DatabaseError):
    """A file with more in it than this library wrote, which would run: triggers, views."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


@contextmanager
def opened(path: Path, *, to_write: bool = False) -> Iterator[sqlite3.Connection]:
    """Open a file of vectors, made if missing; what is done with it counts whole or not at all.

    Parameters
    ----------
    path
        The file.
    to_write
        Give a file of before the tables that it lacks.

    Raises
    ------
    sqlite3.DatabaseError
        The file is damaged, cannot be opened, or is not one of vectors.
    """
    with closing(sqlite3.connect(path, timeout=_LOCKED_TIMEOUT_S)) as connection, connection:
        # Every time, since another process may just have removed a damaged file.
        tables = _tables(connection)
        if not tables or (to_write and tables == {_VECTORS_OF_BEFORE}):
            _add_tables(connection, path)
            tables = _tables(connection)
        _check_tables(tables)
        yield connection


def _tables(connection: sqlite3.Connection) -> set[str]:
    found = connection.execute("SELECT sql FROM sqlite_master").fetchall()
    return {sql for (sql,) in found if sql is not None}  # None: the index of a primary key


def _check_tables(tables: set[str]) -> None:
    kinds = ({_VECTORS_OF_BEFORE}, {_VECTORS_OF_BEFORE, *_ADDED}, {_VECTORS, *_ADDED})
    if tables not in kinds:
        raise ForeignSchemaError("it holds other tables, views or triggers")


def _add_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables that are missing, in a transaction that is left open."""
    connection.executescript(_LAYOUT)  # which counts for files that have no table yet
    connection.execute("BEGIN IMMEDIATE")
    tables = _tables(connection)  # another process may have been sooner
    if not tables:
        connection.execute(_VECTORS)
    if tables in (set(), {_VECTORS_OF_BEFORE}):
        for statement in _ADDED:
            connection.execute(statement)
        used = int(path.stat().st_mtime)
        connection.execute("INSERT INTO uses SELECT text, ? FROM vectors", (used,))


# --- rows ----------------------------------------------------------------------------------------


def read_rows(
    connection: sqlite3.Connection, keys: Sequence[bytes]
) -> Iterator[tuple[bytes, object, object]]:
    """Give key, vector and checksum of those that are there; damage may have made anything of them.

    Files of before need no more tables for it.
    """
    for start in range(0, len(keys), KEYS_A_QUERY):
        part = keys[start : start + KEYS_A_QUERY]
        yield from connection.execute(
            f"SELECT text, vector, checksum FROM vectors WHERE text IN ({_marks(part)})", part
        )


def note_uses(connection: sqlite3.Connection, keys: Sequence[bytes]) -> None:
    """Note that vectors were used now, of which that was not noted in the last hour."""
    now = int(time.time())
    for start in range(0, len(keys), KEYS_A_QUERY):
        part = keys[start : start + KEYS_A_QUERY]
        connection.execute(
            f"UPDATE uses SET used = ? WHERE used <= ? AND text IN ({_marks(part)})",
            (now, now - USED_STEP_S, *part),
        )


def write_rows(
    connection: sqlite3.Connection, rows: Sequence[tuple[bytes, bytes, int]], model: str | None
) -> None:
    """Write keys, vectors and checksums, used now, and what the model is called."""
    now = int(time.time())
    connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
    connection.executemany(
        "INSERT OR REPLACE INTO uses VALUES (?, ?)", [(key, now) for key, _, _ in rows]
    )
    if model is not None and _model(connection) != model:
        connection.execute("DELETE FROM about")
        connection.execute("INSERT INTO about VALUES (?)", (model,))


def remove_rows(connection: sqlite3.Connection, n: int, until: int) -> int:
    """Remove the ``n`` vectors used longest ago, none of them after ``until``; give how many."""
    oldest = "SELECT text FROM uses WHERE used <= ? ORDER BY used, text LIMIT ?"
    connection.execute(f"DELETE FROM vectors WHERE text IN ({oldest})", (until, n))
    return connection.execute(f"DELETE FROM uses WHERE text IN ({oldest})", (until, n)).rowcount


def _marks(keys: Sequence[bytes]) -> str:
    return ",".join("?" * len(keys))


def _model(connection: sqlite3.Connection) -> str | None:
    found = connection.execute("SELECT model FROM about LIMIT 1").fetchone()
    return found[0] if found is not None and isinstance(found[0], str) else None


# --- the whole file ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fill:
    """How full a file is.

    Attributes
    ----------
    n_bytes
        Of pages in use; of a file of before, those that it will have once written anew.
    n_vectors
        How many vectors it has.
    first_used, last_used
        When the vector was used that has not been for longest, and any one; None without vectors.
    """

    n_bytes: int
    n_vectors: int
    first_used: int | None
    last_used: int | None


def fill_of(connection: sqlite3.Connection) -> Fill:
    """Tell how full a file is that has all tables."""
    n_pages, n_free, page_bytes = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    used = connection.execute("SELECT count(*), min(used), max(used) FROM uses").fetchone()
    n_vectors, *times = (value if isinstance(value, int) else None for value in used)
    n_bytes = (n_pages - n_free) * page_bytes
    if n_vectors and _VECTORS_OF_BEFORE in _tables(connection):
        widest = "SELECT max(length(vector)) FROM (SELECT vector FROM vectors LIMIT 10)"
        n_bytes = n_vectors * (connection.execute(widest).fetchone()[0] + _ROW_BYTES)
    return Fill(n_bytes, n_vectors or 0, *times)


def give_back(path: Path) -> None:
    """Return the pages that are free to the system; a file of before is written anew for that."""
    with opened(path, to_write=True):
        pass
    with closing(sqlite3.connect(path, timeout=_LOCKED_TIMEOUT_S)) as connection:
        if _VECTORS_OF_BEFORE in _tables(connection):
            connection.executescript(
                "BEGIN IMMEDIATE; ALTER TABLE vectors RENAME TO before; "
                f"{_VECTORS}; INSERT INTO vectors SELECT before.* FROM uses "
                "JOIN before USING (text) ORDER BY used; DROP TABLE before; COMMIT;"
            )
        if connection.execute("PRAGMA auto_vacuum").fetchone()[0] != _INCREMENTAL:
            connection.executescript(f"{_LAYOUT} VACUUM;")
        # As a script, since execute would do one step of it: one page.
        connection.executescript("PRAGMA incremental_vacuum;")


@dataclass(frozen=True)
class CacheFile:
    """What a file of vectors is.

    Attributes
    ----------
    path
        The file; its name is the encoder's fingerprint and the dtype.
    n_bytes
        Its size.
    n_vectors
        How many vectors it has; None where it cannot be read.
    model
        What the model was called, where that is known.
    last_used
        When a vector was last used, in seconds since 1970.
    """

    path: Path
    n_bytes: int
    n_vectors: int | None = None
    model: str | None = None
    last_used: int | None = None

    @property
    def fingerprint(self) -> str:
        """The encoder's fingerprint."""
        return self.path.stem.rpartition("-")[0]

    @property
    def dtype(self) -> str:
        """What the encoder computed in."""
        return self.path.stem.rpartition("-")[2]


def list_files(folder: Path) -> list[CacheFile]:
    """Find a folder's files of vectors, and change nothing; others are passed over."""
    found = (_describe(path) for path in candidates(folder))
    return [file for file in found if file is not None]


def candidates(folder: Path) -> list[Path]:
    """Give the files in a folder that may be files of vectors, by their names."""
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def _describe(path: Path) -> CacheFile | None:
    """Say what a file is; None for one that is not ours."""
    status = path.stat()
    file = CacheFile(path, status.st_size, last_used=int(status.st_mtime))
    # Read-only, lest a database of others be repaired.
    address = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            tables = _tables(connection)
            if not tables:
                raise ForeignSchemaError("it holds no table")
            _check_tables(tables)
            if tables == {_VECTORS_OF_BEFORE}:
                (n_vectors,) = connection.execute("SELECT count(*) FROM vectors").fetchone()
                return CacheFile(path, file.n_bytes, n_vectors, None, file.last_used)
            fill = fill_of(connection)
            return CacheFile(path, file.n_bytes, fill.n_vectors, _model(connection), fill.last_used)
    except sqlite3.DatabaseError:
        return file if _OWN_NAME.fullmatch(path.name) else None
