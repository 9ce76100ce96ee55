"""Vectors of texts on disk, so that a text is encoded once however often it is used.

One SQLite file an encoder (`cache_file.py`), and all in a folder within a number of bytes
(`trimming.py`). The cache is derived: a damaged row or file is dropped and encoded again. It
holds no texts.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import numpy as np
from filelock import FileLock

from vectorlong.errors import OptionError
from vectorlong.progress import progress_bar
from vectorlong.streams import bounded_groups
from vectorlong.user_cache import MAX_VECTORS_BYTES
from vectorlong.vector_cache.cache_file import SUFFIX, note_uses, opened, read_rows, write_rows
from vectorlong.vector_cache.trimming import lock_path, trim

Encode = Callable[[list[str]], np.ndarray]
_Result = TypeVar("_Result")

# Work between two commits: what an interruption loses, and how long another process may wait.
_GROUP_CHARACTERS = 200_000
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


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
    max_bytes
        What this file and the others in the folder may take together. Where they take more, the
        vectors that were used longest ago go, whatever their encoder. None: as much as there is.
    model
        What users call the encoder, kept for them to read.

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

    def __init__(
        self,
        folder: str | os.PathLike[str],
        name: str,
        width: int,
        *,
        max_bytes: int | None = MAX_VECTORS_BYTES,
        model: str | None = None,
    ) -> None:
        self.path = Path(folder) / f"{name}{SUFFIX}"
        self._width = width
        self._max_bytes = max_bytes
        self._model = model
        self._lock = FileLock(lock_path(self.path))
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
        with suppress(OptionError):  # whoever may only read is served, too
            self._do(lambda connection: note_uses(connection, list(vectors)), to_write=True)
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
                        self._trim()
                progress.update(len(group))
        if missing:
            self._warn_of_too_many(len(by_key))
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

    def _do(
        self, action: Callable[[sqlite3.Connection], _Result], *, to_write: bool = False
    ) -> _Result:
        """Read or write, all or nothing; a file found damaged is replaced by an empty one."""
        try:
            with opened(self.path, to_write=to_write) as connection:
                return action(connection)
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
                with opened(self.path, to_write=to_write) as connection:
                    return action(connection)
        except (OSError, sqlite3.DatabaseError) as error:
            raise self._unusable(error) from error

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        """Give the vectors [e] that are there and sound."""

        def select(connection: sqlite3.Connection) -> dict[bytes, np.ndarray]:
            found = {}
            for key, blob, checksum in read_rows(connection, keys):
                # Damage may have made something else than bytes of it.
                if not isinstance(blob, bytes) or len(blob) != 4 * self._width:
                    continue
                if zlib.crc32(key + blob) == checksum:
                    found[key] = np.frombuffer(blob, dtype="<f4")
            return found

        return self._do(select)

    def _write(self, vectors: dict[bytes, np.ndarray]) -> None:
        """Keep vectors, all or none."""
        rows = []
        for key, vector in vectors.items():
            blob = vector.astype("<f4").tobytes()
            rows.append((key, blob, zlib.crc32(key + blob)))
        self._do(lambda connection: write_rows(connection, rows, self._model), to_write=True)

    def _trim(self) -> None:
        """Keep the folder within its bytes; what was encoded is worth more than that."""
        if self._max_bytes is not None:
            with suppress(OSError):
                trim(self.path.parent, self._max_bytes)

    def _warn_of_too_many(self, n_texts: int) -> None:
        """Say so where a cache cannot hold even what was asked of it at once."""
        n_bytes = 4 * self._width * n_texts
        if self._max_bytes is not None and n_bytes > self._max_bytes:
            warnings.warn(
                f"The vectors of {n_texts:,} texts take {n_bytes:,} bytes, and max_cache_bytes is "
                f"{self._max_bytes:,}: some will be encoded again every time. Pass a larger one, "
                "or None.",
                stacklevel=4,
            )
