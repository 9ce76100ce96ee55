"""One writer at a time: a file lock, and beside it a note of who holds it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from vectorlong.errors import IndexLockedError
from vectorlong.retrieval.storage import folder_errors

LOCK_NAME = "writer.lock"
# The note is a file of its own because taking a file lock may empty the lock file.
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
        self._holder_path = folder / HOLDER_NAME
        self._lock = FileLock(folder / LOCK_NAME, thread_local=False)
        with folder_errors("take the writer's lock", folder):
            try:
                self._lock.acquire(timeout=0)
            except Timeout:  # an OSError itself
                raise IndexLockedError(
                    f"{str(folder)!r} is being written by {self._holder()}. Wait until it is "
                    "closed, or open the index with read_only=True."
                ) from None
        with contextlib.suppress(OSError):  # the note is a courtesy; the lock is what counts
            note = {
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "since": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            self._holder_path.write_text(json.dumps(note), encoding="utf-8")

    def _holder(self) -> str:
        """Who holds the lock, as far as the note can be read."""
        try:
            note = json.loads(self._holder_path.read_text(encoding="utf-8"))
            return f"process {note['pid']} on {note['host']} (since {note['since']})"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"

    def release(self) -> None:
        """Give the right back; calling twice does nothing."""
        if self._lock.is_locked:
            with contextlib.suppress(OSError):
                self._holder_path.unlink(missing_ok=True)
            self._lock.release()
