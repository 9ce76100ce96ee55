"""JSON that is sealed by its checksum, stamps of files, and the system's refusals as our errors."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NotRequired, TypeVar

from pydantic import Field
from typing_extensions import TypedDict

from vectorlong.disk import file_sha256, parse_mapping, read_small, replace_bytes
from vectorlong.errors import IndexCorruptError, IndexFolderError
from vectorlong.fields import checked_fields

Checked = TypeVar("Checked")

_MAX_SEALED_BYTES = 1 << 20

# Opening an index reads every byte of files up to this size; larger ones are checked when their
# size or time of change differs from what was recorded, and by verify() always.
ALWAYS_CHECKED_BYTES = 256 << 20


def replace_sealed(path: Path, content: dict[str, Any], *, lasts: bool = True) -> None:
    """Replace ``path`` by ``content`` as JSON with its checksum; see `replace_file`."""
    replace_bytes(path, _seal(content).encode(), lasts=lasts)


def read_sealed(path: Path) -> dict[str, Any] | None:
    """Read what `replace_sealed` wrote, or None where a single byte of it is different.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    """
    try:
        raw = read_small(path, _MAX_SEALED_BYTES)
        content = parse_mapping(raw, str(path))
        del content["checksum"]
        return content if _seal(content).encode() == raw else None
    except (ValueError, KeyError):
        return None


def checked(kind: type[Checked], content: dict[str, Any], path: Path) -> Checked:
    """Return a file's content as what it describes, every field checked.

    A seal proves that a file is as it was written, not who wrote it.

    Parameters
    ----------
    kind
        A dataclass or TypedDict whose fields are the file's.
    content
        What `read_sealed` gave.
    path
        The file, for the message.

    Raises
    ------
    IndexCorruptError
        A field is missing, unknown, or not what it may be.
    """
    try:
        return checked_fields(kind, content)
    except ValueError as error:
        raise IndexCorruptError(f"{str(path)!r} is damaged: {error}.") from None


class Stamp(TypedDict):
    """Size in bytes and time of change in nanoseconds of a file; its SHA-256 where it is known."""

    size: Annotated[int, Field(ge=0)]
    mtime_ns: int
    digest: NotRequired[str]


def _seal(content: dict[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False).encode()
    checksum = hashlib.sha256(canonical).hexdigest()
    return json.dumps({**content, "checksum": checksum}, indent=2, ensure_ascii=False) + "\n"


def file_stamp(path: Path) -> Stamp:
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


def needs_check(path: Path, stamp: Stamp | None) -> bool:
    """Whether opening should read the whole file rather than trust what was recorded."""
    current = file_stamp(path)
    return current["size"] <= ALWAYS_CHECKED_BYTES or current != stamp


def is_whole(path: Path, stamp: Stamp, digest: str, *, thorough: bool = False) -> bool:
    """Whether a file has the size, and where it is worth reading the digest, that were recorded.

    Parameters
    ----------
    thorough
        Read it whole, whatever its size and time of change.
    """
    if path.stat().st_size != stamp["size"]:
        return False
    return not (thorough or needs_check(path, stamp)) or file_sha256(path) == digest


def replaced(path: Path) -> IndexFolderError:
    """Return the error for a file that is no longer the one that was opened."""
    return IndexFolderError(
        f"{str(path)!r} was moved, removed or replaced since the index was opened. Nothing was "
        "written; open the index again."
    )


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
            errno.EMFILE: "this process has as many files open as it may (ulimit -n)",
            errno.ENFILE: "the system has as many files open as it can",
        }
        reason = reasons.get(error.errno or 0, str(error))
        raise IndexFolderError(
            f"Cannot {action} in {str(folder)!r}: {reason}. What the index had acknowledged before "
            "is still there; make room or grant access, then call again."
        ) from error
