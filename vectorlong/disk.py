"""Writing files so that a crash leaves either the old content or the new, never a mixture.

The order is always: write beside, flush to the disk, rename over, flush the folder. Nothing here
knows what the files mean.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

_UNFINISHED = re.compile(r"\.[0-9a-f]{32}\.new")


def flush_to_disk(descriptor: int) -> None:
    """Make what was written to an open file survive a power cut."""
    if sys.platform == "darwin":  # fsync there leaves the data in the drive's own cache
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)


def flush_folder(folder: Path) -> None:
    """Make renames and new names in ``folder`` survive a power cut (nothing to do on Windows)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        flush_to_disk(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, write: Callable[[Path], None]) -> None:
    """Replace ``path`` by what ``write`` puts at the temporary path it is given, all or nothing.

    No two callers are given the same temporary path. A kill may leave it behind; see
    :func:`is_unfinished`.
    """
    temporary = path.with_name(f".{uuid.uuid4().hex}.new")
    try:
        write(temporary)
        descriptor = os.open(temporary, os.O_RDWR)
        try:
            flush_to_disk(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def replace_bytes(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``, all or nothing."""

    def write(temporary: Path) -> None:
        temporary.write_bytes(content)

    replace_file(path, write)


def is_unfinished(name: str) -> bool:
    """Whether a file's name is one of those under which :func:`replace_file` writes.

    Examples
    --------
    >>> is_unfinished(".0123456789abcdef0123456789abcdef.new"), is_unfinished("notes.new")
    (True, False)
    """
    return _UNFINISHED.fullmatch(name) is not None


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
