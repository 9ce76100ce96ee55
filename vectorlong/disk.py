"""Writing files so that a crash leaves either the old content or the new, and reading small ones.

The order of writing is always: write beside, flush to the disk, rename over, flush the folder.
Reading trusts nothing: neither that a name is a file, nor its size, nor its content. Nothing here
knows what the files mean.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import stat
import struct
import sys
import uuid
import zipfile
from collections import Counter
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any

# No file of facts that this library reads has more than six levels.
_MOST_LEVELS = 32
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


def file_identity(file: Path | int) -> tuple[int, int]:
    """Device and number of a file: of the one at a path (where a link leads), or of an open one.

    While a file is open, no other has its identity.
    """
    status = os.stat(file)
    return status.st_dev, status.st_ino


def is_in_place(path: Path, identity: tuple[int, int]) -> bool:
    """Whether the file of that identity still lies at a path."""
    try:
        return file_identity(path) == identity
    except OSError:
        return False


def open_plain_file(path: Path, *, create: bool = False) -> FileIO:
    """Open a file to read and write it, unbuffered, without following a link.

    Parameters
    ----------
    path
        A plain file.
    create
        Make it; nothing may be there.

    Raises
    ------
    OSError
        The system refuses, or a link, a pipe or a device lies there.
    """

    def without_links(name: str, flags: int) -> int:
        flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        return os.open(name, flags, 0o644)

    file = open(path, "x+b" if create else "r+b", buffering=0, opener=without_links)  # noqa: SIM115
    try:
        is_plain = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    except BaseException:
        file.close()
        raise
    if not is_plain:
        file.close()
        raise OSError(errno.EINVAL, "it is no plain file", str(path))
    return file


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, with names that survive a power cut."""
    missing = []
    for folder in (path, *path.parents):
        if folder.is_dir():
            break
        missing.append(folder)
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        flush_folder(folder.parent)


def replace_file(path: Path, write: Callable[[Path], object], *, lasts: bool = True) -> None:
    """Replace ``path`` by what ``write`` puts at the temporary path it is given, all or nothing.

    No two callers are given the same temporary path. A kill may leave it behind; see
    :func:`remove_unfinished`. Unless it ``lasts``, which costs a flush, a power cut may bring back
    the content before.
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
    if lasts:
        flush_folder(path.parent)


def replace_bytes(path: Path, content: bytes, *, lasts: bool = True) -> None:
    """Replace ``path`` by ``content``; see :func:`replace_file`."""
    replace_file(path, lambda temporary: temporary.write_bytes(content), lasts=lasts)


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


def read_small(path: Path, max_bytes: int) -> bytes:
    """Read a file of facts whole, whoever wrote it.

    Links are followed. What is no plain file is not even opened, because opening some devices does
    something and reading others never ends.

    Parameters
    ----------
    path
        A plain file, or a link to one.
    max_bytes
        The largest content that is taken.

    Returns
    -------
    bytes
        All of it.

    Raises
    ------
    OSError
        The system refuses; in particular FileNotFoundError.
    ValueError
        It is no plain file, or a larger one.
    """
    _require_plain_file(path, os.stat(path))
    # Without O_NONBLOCK, a pipe put there in between would wait for its other end for ever.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        _require_plain_file(path, os.fstat(descriptor))
        content = bytearray()
        while len(content) <= max_bytes and (
            piece := os.read(descriptor, max_bytes + 1 - len(content))
        ):
            content += piece
    finally:
        os.close(descriptor)
    if len(content) > max_bytes:
        raise ValueError(f"{path} is larger than the {max_bytes:,} bytes such a file may have")
    return bytes(content)


def is_larger_unpacked(path: Path) -> bool:
    """Whether a zip archive's entries say they unpack to more bytes than the file has.

    Archives that only store never do; those made to fill the memory always do. False for a file
    that is no such archive.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            n_bytes = sum(entry.file_size for entry in archive.infolist())
    # A damaged directory; whoever reads the archive says so.
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error):
        return False
    return n_bytes > path.stat().st_size


def read_mapping(path: Path, max_bytes: int) -> dict[str, Any]:
    """Read a small file of facts in JSON: one object, of few levels, each name in it once.

    Parameters
    ----------
    path, max_bytes
        As in :func:`read_small`.

    Returns
    -------
    dict
        What the object holds; its values are the caller's to check.

    Raises
    ------
    OSError
        As :func:`read_small` raises it.
    ValueError
        It is no plain file, too large, not UTF-8, no JSON, no object, too deep, or names a field
        twice.
    """
    return parse_mapping(read_small(path, max_bytes), str(path))


def parse_mapping(content: bytes, name: str) -> dict[str, Any]:
    """Parse the content of a file of facts, as :func:`read_mapping` does.

    Parameters
    ----------
    content
        What was read.
    name
        What the messages call it.

    Raises
    ------
    ValueError
        As in :func:`read_mapping`.
    """
    parsed = parse_json(content, name)
    if not isinstance(parsed, dict):
        raise ValueError(f"{name} holds a {type(parsed).__name__}, not an object with fields")
    return parsed


def parse_json(content: bytes, name: str) -> Any:
    """Parse JSON of few levels in which each object has each name once, whatever it holds.

    Parameters
    ----------
    content, name
        As in :func:`parse_mapping`.

    Raises
    ------
    ValueError
        As in :func:`read_mapping`.
    """
    try:
        parsed = json.loads(content.decode("utf-8"), object_pairs_hook=_without_doubles)
    except RecursionError:
        raise ValueError(f"{name} is nested more than {_MOST_LEVELS} levels deep") from None
    except ValueError as error:
        raise ValueError(f"{name} is no JSON in UTF-8: {error}") from error
    if _has_more_levels(parsed, _MOST_LEVELS):
        raise ValueError(f"{name} is nested more than {_MOST_LEVELS} levels deep")
    return parsed


def _require_plain_file(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"{path} is no plain file (its mode is {stat.filemode(status.st_mode)})")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object's dictionary; two readers may each believe another one of two equal names."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        double, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"the name {double[:100]!r} stands twice in one object")
    return fields


def _has_more_levels(value: object, n_levels: int) -> bool:
    """Whether objects and lists lie in each other more than ``n_levels`` deep."""
    level: list[Any] = [value] if isinstance(value, dict | list) else []
    for _ in range(n_levels):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return bool(level)
