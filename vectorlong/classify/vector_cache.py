"""Vectors of texts on disk, so that a text is encoded once however often it is used.

One SQLite file an encoder: a row is the SHA-256 of a text, its vector and a checksum. The cache is
derived: a damaged row or file is dropped and encoded again. It holds no texts.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
from filelock import FileLock

from vectorlong.errors import OptionError
from vectorlong.progress import progress_bar
from vectorlong.streams import bounded_groups

Encode = Callable[[list[str]], np.ndarray]
_Result = TypeVar("_Result")

# Work between two commits: what an interruption loses, and how long another process may wait.
_GROUP_CHARACTERS = 200_000
# SQLite takes this many parameters in one statement on every version still in use.
_KEYS_A_QUERY = 500
_LOCKED_TIMEOUT_S = 60.0
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TABLE = (
    "vectors (text BLOB PRIMARY KEY, vector BLOB NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID"
)


class _ForeignSchema(sqlite3.DatabaseError):
    """A file with more in it than this library wrote, which would run: triggers, views."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


class VectorCache:
    """The vectors of one encoder.

    Two processes may use it at once: a text that both want is encoded by one of them.

    Parameters
    ----------
    folder
        Where the file lies; made if missing.
    name
        The file's name without its ending; it has to say all that determines the vectors.
    width
        Width e of the vectors.

    Raises
    ------
    OptionError
        The folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = VectorCache(folder, "letters", width=1)
    ...     first = cache.encode(["a", "bb"], lambda texts: np.array([[len(t)] for t in texts]))
    ...     cache.encode(["bb"], lambda texts: 1 / 0)
    array([[2.]], dtype=float32)
    """

    def __init__(self, folder: str | os.PathLike[str], name: str, width: int) -> None:
        self.path = Path(folder) / f"{name}.sqlite"
        self._width = width
        self._lock = FileLock(self.path.with_suffix(".lock"))
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from error
        self._do(lambda _: None)

    def encode(self, texts: Sequence[str], encode: Encode) -> np.ndarray:
        """Give the vectors of texts, encoding only those that are not known yet.

        Parameters
        ----------
        texts
            Checked texts.
        encode
            Gives float32 [m, e] for m texts; never called with a text already known.

        Returns
        -------
        numpy.ndarray
            float32 [n, e], in the order of the texts.

        Raises
        ------
        OptionError
            The file cannot be read or written, for example on a full disk.
        """
        keys = [hashlib.sha256(text.encode()).digest() for text in texts]
        by_key = dict(zip(keys, texts, strict=True))
        vectors = self._read(list(by_key))
        missing = [key for key in by_key if key not in vectors]
        with progress_bar(len(missing), "text", "Encoding", None) as progress:
            for group in bounded_groups(
                missing, _GROUP_CHARACTERS, length=lambda key: len(by_key[key])
            ):
                with self._alone():
                    # Another process may have encoded some of them meanwhile.
                    vectors.update(self._read(group))
                    wanted = [key for key in group if key not in vectors]
                    if wanted:
                        fresh = encode([by_key[key] for key in wanted])  # [m, e]
                        found = dict(zip(wanted, fresh.astype(np.float32), strict=True))
                        self._write(found)
                        vectors.update(found)
                progress.update(len(group))
        if not keys:
            return np.zeros((0, self._width), dtype=np.float32)
        return np.stack([vectors[key] for key in keys])  # [n, e]

    def _unusable(self, error: Exception) -> OptionError:
        return OptionError(
            "cache",
            str(self.path.parent),
            hint=f"Vectors cannot be kept there ({error}). Pass a folder that can be written, or "
            "cache=False.",
        )

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=_LOCKED_TIMEOUT_S)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from encoding the same texts meanwhile."""
        try:
            # Within: an interrupt may come as soon as the lock is held. Releasing one that is not
            # does nothing.
            try:
                self._lock.acquire()
            except OSError as error:
                raise self._unusable(error) from error
            yield
        finally:
            self._lock.release()

    def _do(self, action: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Read or write, all or nothing; a file found damaged is replaced by an empty one."""
        try:
            return self._try(action)
        except sqlite3.DatabaseError as error:
            # Extended codes, such as that of a damaged tree, have the plain one in their last byte.
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGE:
                raise self._unusable(error) from error
            warnings.warn(
                f"{self.path} is damaged ({error}); its texts are encoded again.", stacklevel=5
            )
        try:
            with self._alone():
                self.path.unlink(missing_ok=True)
                return self._try(action)
        except (OSError, sqlite3.DatabaseError) as error:
            raise self._unusable(error) from error

    def _try(self, action: Callable[[sqlite3.Connection], _Result]) -> _Result:
        with closing(self._connect()) as connection, connection:
            # Every time, since another process may just have removed a damaged file.
            connection.execute(f"CREATE TABLE IF NOT EXISTS {_TABLE}")
            if connection.execute("SELECT sql FROM sqlite_master").fetchall() != [
                (f"CREATE TABLE {_TABLE}",)
            ]:
                raise _ForeignSchema("it holds other tables, views or triggers")
            return action(connection)

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        """Give the vectors [e] that are there and sound."""

        def select(connection: sqlite3.Connection) -> dict[bytes, np.ndarray]:
            found = {}
            for start in range(0, len(keys), _KEYS_A_QUERY):
                part = keys[start : start + _KEYS_A_QUERY]
                rows = connection.execute(
                    "SELECT text, vector, checksum FROM vectors WHERE text IN"
                    f" ({','.join('?' * len(part))})",
                    part,
                )
                for key, blob, checksum in rows:
                    # Damage may have made something else than bytes of it.
                    is_vector = isinstance(blob, bytes) and len(blob) == 4 * self._width
                    if is_vector and zlib.crc32(key + blob) == checksum:
                        found[key] = np.frombuffer(blob, dtype="<f4")
            return found

        return self._do(select)

    def _write(self, vectors: dict[bytes, np.ndarray]) -> None:
        """Keep vectors, all or none."""
        rows = []
        for key, vector in vectors.items():
            blob = vector.astype("<f4").tobytes()
            rows.append((key, blob, zlib.crc32(key + blob)))
        self._do(
            lambda connection: connection.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows
            )
        )
