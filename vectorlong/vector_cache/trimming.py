"""Keeping the files of cached vectors in a folder within a number of bytes, and removing them."""

from __future__ import annotations

import contextlib
import math
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from vectorlong.vector_cache.cache_file import (
    USED_STEP_S,
    CacheFile,
    Fill,
    candidates,
    fill_of,
    give_back,
    list_files,
    opened,
    remove_rows,
)

# What one transaction removes; others may write in between.
_MOST_ROWS = 20_000
# Trimming goes on to here, so that it is due again only after many writes.
_SHARE_KEPT = 0.9
_IN_USE_TIMEOUT_S = 5.0
_END_OF_TIME = 2**62


def lock_path(path: Path) -> Path:
    """Where the lock lies that is held by whoever encodes for a file of vectors."""
    return path.with_suffix(".lock")


def trim(folder: Path, max_bytes: int) -> None:
    """Remove the vectors that were used longest ago where a folder's files are too large together.

    Files that are not ours, or cannot be written, are passed over.

    Parameters
    ----------
    folder
        Its files of vectors count together, whatever their models.
    max_bytes
        What they may take. Where they take more, a tenth of it is made free.
    """
    if sum(path.stat().st_size for path in candidates(folder)) <= max_bytes:
        return
    fills: dict[Path, Fill] = {}
    for file in list_files(folder):
        with (
            contextlib.suppress(sqlite3.DatabaseError),
            opened(file.path, to_write=True) as connection,
        ):
            fills[file.path] = fill_of(connection)
    most = int(_SHARE_KEPT * max_bytes)
    while (excess := sum(fill.n_bytes for fill in fills.values()) - most) > 0:
        ages = sorted(
            (fill.first_used, path) for path, fill in fills.items() if fill.first_used is not None
        )
        if not ages:
            break
        (used, path), *others = ages
        # What another file has had for as long goes after it, as exactly as that is known.
        until = max(used + USED_STEP_S, others[0][0]) if others else _END_OF_TIME
        fills[path] = _remove_some(path, fills[path], excess, until)
    for path in fills:
        with contextlib.suppress(sqlite3.DatabaseError):
            give_back(path)


def _remove_some(path: Path, fill: Fill, n_bytes: int, until: int) -> Fill:
    """Remove vectors of about so many bytes from a file; give what it is like then.

    It is as though it had no vectors where none can be removed, so that nobody tries again.
    """
    n = math.ceil(n_bytes / (fill.n_bytes / fill.n_vectors))
    with contextlib.suppress(sqlite3.DatabaseError), opened(path, to_write=True) as connection:
        if remove_rows(connection, min(n, _MOST_ROWS), until):
            return fill_of(connection)
    return replace(fill, first_used=None)


def remove_files(folder: Path) -> tuple[list[CacheFile], list[CacheFile]]:
    """Remove a folder's files of vectors, and no others.

    Returns
    -------
    tuple
        Those that were removed, and those that stay because another process is encoding for them.
    """
    removed, kept = [], []
    for file in list_files(folder):
        try:
            with FileLock(lock_path(file.path), timeout=_IN_USE_TIMEOUT_S):
                file.path.unlink(missing_ok=True)
                for path in (Path(f"{file.path}-journal"), lock_path(file.path)):
                    with contextlib.suppress(OSError):  # Windows removes no lock that is held
                        os.unlink(path)
        except (OSError, Timeout):
            kept.append(file)
        else:
            removed.append(file)
    return removed, kept
