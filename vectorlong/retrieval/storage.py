"""JSON that is sealed by its checksum, stamps of files, and the system's refusals as our errors."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vectorlong.disk import replace_bytes
from vectorlong.errors import IndexFolderError

# Opening an index reads every byte of files up to this size; larger ones are checked when their
# size or time of change differs from what was recorded, and by verify() always.
ALWAYS_CHECKED_BYTES = 256 << 20


def replace_sealed(path: Path, content: dict[str, Any]) -> None:
    """Replace ``path`` by ``content`` as JSON with its checksum, all or nothing."""
    replace_bytes(path, _seal(content).encode())


def read_sealed(path: Path) -> dict[str, Any] | None:
    """Read what `replace_sealed` wrote, or None where a single byte of it is different.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    """
    raw = path.read_bytes()
    try:
        content = json.loads(raw.decode())
        del content["checksum"]
        return content if _seal(content).encode() == raw else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _seal(content: dict[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False).encode()
    checksum = hashlib.sha256(canonical).hexdigest()
    return json.dumps({**content, "checksum": checksum}, indent=2, ensure_ascii=False) + "\n"


def file_stamp(path: Path) -> dict[str, int]:
    """Size and time of change of a file, as recorded beside its digest."""
    status = path.stat()
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns}


def folder_size(folder: Path) -> int:
    """Bytes of all files below a folder, passing over those that go while they are counted."""
    n_bytes = 0
    for here, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                n_bytes += os.stat(os.path.join(here, name)).st_size
    return n_bytes


def needs_check(path: Path, stamp: dict[str, int] | None) -> bool:
    """Whether opening should read the whole file rather than trust what was recorded."""
    current = file_stamp(path)
    return current["size"] <= ALWAYS_CHECKED_BYTES or current != stamp


@contextlib.contextmanager
def folder_errors(action: str, folder: Path) -> Iterator[None]:
    """Turn the system's refusals (no permission, disk full, read-only) into IndexFolderError."""
    try:
        yield
    except OSError as error:
        reasons = {
            errno.ENOSPC: "the disk is full",
            errno.EDQUOT: "the disk quota is used up",
            errno.EFBIG: "the largest allowed file size is reached",
            errno.EACCES: "permission is denied",
            errno.EPERM: "permission is denied",
            errno.EROFS: "the file system is read-only",
        }
        reason = reasons.get(error.errno or 0, str(error))
        raise IndexFolderError(
            f"Cannot {action} in {str(folder)!r}: {reason}. What the index had acknowledged before "
            "is still there; make room or grant access, then call again."
        ) from error
