"""Writing files so that a crash leaves either the old content or the new, never a mixture.

The order is always: write beside, flush to the disk, rename over, flush the folder. Nothing here
knows what the files mean.
"""

from __future__ import annotations

import contextlib
import errno
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

        with contextlib.suppress(OSError):  # network volumes do not know it
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def flush_folder(folder: Path) -> None:
    """Make renames and new names in ``folder`` survive a power cut, where the system can do that.

    Windows cannot, nor can some network volumes, nor whoever may write to a folder but not list it.
    """
    if os.name == "nt":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        flush_to_disk(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Replace ``path`` by what ``write`` puts at the temporary path it is given, all or nothing.

    No two callers are given the same temporary path. A kill may leave it behind; see
    :func:`remove_unfinished`.
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
    replace_file(path, lambda temporary: temporary.write_bytes(content))


def is_unfinished(name: str) -> bool:
    """Whether a file's name is one of those under which :func:`replace_file` writes.

    Examples
    --------
    >>> is_unfinished(".0123456789abcdef0123456789abcdef.new"), is_unfinished("notes.new")
    (True, False)
    """
    return _UNFINISHED.fullmatch(name) is not None


def remove_unfinished(folder: Path) -> None:
    """Remove what killed calls of :func:`replace_file` left; for those who write there alone."""
    for path in folder.iterdir():
        if is_unfinished(path.name):
            with contextlib.suppress(OSError):
                path.unlink()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
