"""One writer at a time: a file lock, and beside it a note of who holds it.

The lock belongs to the process that took it. One that was forked from that process neither has it
nor can give it back.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from vectorlong.disk import file_identity, is_in_place, open_plain_file, read_mapping
from vectorlong.errors import IndexFolderError, IndexLockedError
from vectorlong.vector_index.index_files import folder_errors, replaced

_MAX_NOTE_BYTES = 4096
LOCK_NAME = "writer.lock"
# The note is a file of its own because on Windows nobody else can read a file that is locked.
HOLDER_NAME = "writer.json"


class WriterLock:
    """The right to write in a folder, held from construction until ``release``.

    The operating system frees the lock when the process ends, however it ends.

    Raises
    ------
    IndexLockedError
        Another process, or another index object of this one, holds it; the message says which.
    IndexFolderError
        The lock file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / LOCK_NAME
        self._holder_path = folder / HOLDER_NAME
        self._lock = FileLock(self._path, thread_local=False)
        self._process_id = os.getpid()
        try:
            with folder_errors("take the writer's lock", folder):
                self._take()
        except BaseException:
            self._lock.release(force=True)
            raise

    def _take(self) -> None:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:  # an OSError itself
            raise IndexLockedError(
                f"{str(self._folder)!r} is being written by {self._holder()}. Wait until it is "
                "closed, or open the index with read_only=True."
            ) from None
        self._identity = file_identity(self._path)
        note = {
            "pid": self._process_id,
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with contextlib.suppress(OSError):  # the note is a courtesy; the lock is what counts
            self._holder_path.unlink(missing_ok=True)
            with open_plain_file(self._holder_path, create=True) as file:
                file.write(json.dumps(note).encode())

    def _holder(self) -> str:
        """Who holds the lock, as far as the note can be read."""
        try:
            note = read_mapping(self._holder_path, _MAX_NOTE_BYTES)
            return f"process {note['pid']} on {note['host']} (since {note['since']})"
        except (OSError, ValueError, KeyError):
            return "another process"

    @property
    def is_ours(self) -> bool:
        """Whether this process took the lock, rather than the one it was forked from."""
        return self._process_id == os.getpid()

    @property
    def is_held(self) -> bool:
        """Whether this process took the lock and has not given it back."""
        return self.is_ours and self._lock.is_locked

    def check(self) -> None:
        """Refuse to write where the lock does not hold any more.

        Raises
        ------
        IndexLockedError
            The lock is that of the process this one was forked from.
        IndexFolderError
            The lock was given back, or its file was moved, removed or replaced, so that another
            writer may be at work.
        """
        if not self.is_ours:
            raise IndexLockedError(
                f"{str(self._folder)!r} was opened for writing by process {self._process_id}, from "
                f"which this one ({os.getpid()}) was forked; only that one may write. Open the "
                "index here once that one has closed it."
            )
        if not self._lock.is_locked:
            raise IndexFolderError("This index is closed; open it again.")
        if not is_in_place(self._path, self._identity):
            raise replaced(self._path)

    def release(self) -> None:
        """Give the right back; calling twice, or in a forked process, does nothing."""
        if not self.is_ours:
            return
        try:
            with contextlib.suppress(OSError):
                if self._lock.is_locked and is_in_place(self._path, self._identity):
                    self._holder_path.unlink(missing_ok=True)
        finally:
            self._lock.release(force=True)
