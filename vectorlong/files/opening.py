"""Opening a file that is not trusted: an ordinary one, as long as it was then."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from vectorlong.files.unreadable import UnreadableError

_BUFFER_BYTES = 1 << 18


def is_ordinary(status: os.stat_result) -> bool:
    """Whether it is a file, and no folder, pipe, socket or device."""
    return stat.S_ISREG(status.st_mode)


def open_file(path: Path) -> BinaryIO:
    """Open a file to be read, links followed.

    Whatever is appended later is not seen: a file that grows for ever comes to an end.

    Raises
    ------
    OSError
        The system refuses.
    UnreadableError
        It is no ordinary file, or has been replaced by something else since it was found.
    """
    file = _FileAsOpened(path, opener=_open_without_waiting)
    if not is_ordinary(os.fstat(file.fileno())):
        file.close()
        raise UnreadableError("is not an ordinary file")
    return cast(BinaryIO, io.BufferedReader(file, _BUFFER_BYTES))


def open_text(path: Path, encoding: str) -> TextIO:
    """Open a file as `open_file` does and decode it, line ends as they are."""
    return io.TextIOWrapper(open_file(path), encoding, newline="")


def _open_without_waiting(name: str, flags: int) -> int:
    # Without O_NONBLOCK, a pipe put there in between would wait for its other end for ever.
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


class _FileAsOpened(io.FileIO):
    """A file that ends where it ended when it was opened."""

    def __init__(self, path: Path, opener: object) -> None:
        super().__init__(path, "r", opener=opener)  # type: ignore[arg-type]
        self._size = os.fstat(self.fileno()).st_size

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer as far as the file went then."""
        left = max(0, self._size - self.tell())
        return super().readinto(memoryview(buffer)[:left])

    # FileIO's own two go past `readinto`; these are made of it.
    read = io.RawIOBase.read  # type: ignore[assignment]
    readall = io.RawIOBase.readall

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        """Seek, with the end where it was then.

        Raises
        ------
        ValueError
            The place is before the beginning: an offset in the file is wrong, not the disk.
        """
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._size}[whence]
        if start + position < 0:
            raise ValueError(f"seeks to byte {start + position}")
        return super().seek(start + position)
