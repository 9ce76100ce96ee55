"""The append-only files of float32 rows, and the checksums that notice a flipped byte or a cut end.

A file is nothing but little-endian float32 rows, so any tool can map it. How many rows count, and
the checksum of every appended segment, stand in the ledger: rows past what the ledger knows were
never acknowledged. Nothing here knows what a row means.
"""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from vectorlong.disk import (
    file_identity,
    flush_folder,
    flush_to_disk,
    is_in_place,
    open_plain_file,
)
from vectorlong.errors import IndexCorruptError

ROW_TYPE = np.dtype("<f4")
_BLOCK_BYTES = 1 << 24
_BLOCK_ROWS = 16_384


@dataclass(frozen=True)
class Segment:
    """Rows appended together.

    Attributes
    ----------
    first_row, n_rows
        Where they lie.
    checksum
        CRC-32 of their bytes.
    """

    first_row: int
    n_rows: int
    checksum: int


class VectorFile:
    """One file of rows of width ``dim``, to be read; `VectorAppender` writes.

    Parameters
    ----------
    path
        The file.
    dim
        Width of a row.
    """

    def __init__(self, path: Path, dim: int) -> None:
        self.path = path
        self.dim = dim

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return self.dim * ROW_TYPE.itemsize

    def map(self, n_rows: int) -> np.ndarray:
        """Return the first ``n_rows`` rows as a read-only float32 [n_rows, e] memory map.

        Raises
        ------
        IndexCorruptError
            The file is shorter than that.
        """
        size = self.path.stat().st_size
        if size < n_rows * self.row_bytes:
            raise _cut_off(self.path, size, n_rows, self.row_bytes)
        if n_rows == 0:  # an empty map is not allowed
            return np.empty((0, self.dim), dtype=ROW_TYPE)
        return np.memmap(self.path, dtype=ROW_TYPE, mode="r", shape=(n_rows, self.dim))

    def damage(self, segments: Sequence[Segment]) -> str | None:
        """Return what is wrong with the file, or None; every checksum is computed again."""
        if not self.path.exists():
            return f"{str(self.path)!r} is missing"
        n_rows = sum(segment.n_rows for segment in segments)
        size = self.path.stat().st_size
        if size < n_rows * self.row_bytes:
            return str(_cut_off(self.path, size, n_rows, self.row_bytes))
        with self.path.open("rb") as file:
            for segment in segments:
                file.seek(segment.first_row * self.row_bytes)
                if _stream_checksum(file, segment.n_rows * self.row_bytes) != segment.checksum:
                    last_row = segment.first_row + segment.n_rows - 1
                    return (
                        f"{str(self.path)!r} is damaged: rows {segment.first_row} to {last_row} do "
                        "not have their checksum. Restore the file from a copy, or build the index "
                        "anew from the documents."
                    )
        return None


class VectorAppender:
    """A vector file, opened to append to it; links are not followed.

    It stays the file that was opened, whatever is put in its place.

    Parameters
    ----------
    path
        The file.
    dim
        Width of a row.
    create
        Make it, with a name that survives a power cut, in place of whatever lies there.

    Raises
    ------
    OSError
        The system refuses, or it is no plain file.
    """

    def __init__(self, path: Path, dim: int, *, create: bool = False) -> None:
        self.path = path
        self._row_bytes = dim * ROW_TYPE.itemsize
        if create:
            path.unlink(missing_ok=True)
        self._file = open_plain_file(path, create=create)
        if create:
            flush_to_disk(self._file.fileno())
            flush_folder(path.parent)

    def append(self, rows: np.ndarray, first_row: int) -> Segment:
        """Write ``rows`` (float32 [n, e]) at row ``first_row`` and flush them to the disk.

        Whatever lay there before was never acknowledged and is cut off first.

        Raises
        ------
        IndexCorruptError
            The file ends before ``first_row``.
        """
        content = np.ascontiguousarray(rows, dtype=ROW_TYPE).reshape(-1).view(np.uint8).data
        size = os.fstat(self._file.fileno()).st_size
        if size < first_row * self._row_bytes:  # truncating would fill the gap with zeros
            raise _cut_off(self.path, size, first_row, self._row_bytes)
        self._file.truncate(first_row * self._row_bytes)
        self._file.seek(first_row * self._row_bytes)
        remaining = content
        while remaining:
            remaining = remaining[self._file.write(remaining) :]
        flush_to_disk(self._file.fileno())
        return Segment(first_row, len(rows), zlib.crc32(content))

    def n_unaccounted_bytes(self, n_rows: int) -> int:
        """Bytes past ``n_rows``: what an append left that was never acknowledged."""
        return max(0, os.fstat(self._file.fileno()).st_size - n_rows * self._row_bytes)

    def truncate(self, n_rows: int) -> None:
        """Cut off everything past ``n_rows``."""
        if self.n_unaccounted_bytes(n_rows):
            self._file.truncate(n_rows * self._row_bytes)
            flush_to_disk(self._file.fileno())

    def is_in_place(self) -> bool:
        """Whether the file at the path is still the one that was opened."""
        try:
            return is_in_place(self.path, file_identity(self._file.fileno()))
        except ValueError:  # a signal's handler has closed it this instant
            return False

    def close(self) -> None:
        """Close the file; twice does nothing."""
        self._file.close()


def _cut_off(path: Path, size: int, n_rows: int, row_bytes: int) -> IndexCorruptError:
    return IndexCorruptError(
        f"{str(path)!r} is damaged: it has {size} bytes where the ledger acknowledged {n_rows} "
        f"rows of {row_bytes} bytes. Restore the file from a copy, or build the index anew from "
        "the documents."
    )


def row_blocks(matrix: np.ndarray, rows: np.ndarray) -> Iterator[np.ndarray]:
    """Give chosen rows of a matrix in blocks [b, e] that are copies small enough for memory."""
    for start in range(0, len(rows), _BLOCK_ROWS):
        yield np.ascontiguousarray(matrix[rows[start : start + _BLOCK_ROWS]], dtype=ROW_TYPE)


def gather_rows(matrix: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Give chosen rows of a memory map as another, in a temporary file that goes with the array."""
    if len(rows) == 0:
        return np.empty((0, matrix.shape[1]), dtype=ROW_TYPE)
    with tempfile.TemporaryFile() as file:
        for block in row_blocks(matrix, rows):
            file.write(block.tobytes())
        file.flush()
        return np.memmap(file, dtype=ROW_TYPE, mode="r", shape=(len(rows), matrix.shape[1]))


def _stream_checksum(file: BinaryIO, n_bytes: int) -> int:
    checksum = 0
    while n_bytes > 0:
        block = file.read(min(n_bytes, _BLOCK_BYTES))
        if not block:
            break
        checksum = zlib.crc32(block, checksum)
        n_bytes -= len(block)
    return checksum
