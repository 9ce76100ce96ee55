"""A `VectorIndex` on disk: ids, float32 rows and the FAISS index, in files named by their content.

A description is replaced last and names the rest, so that a folder always holds one whole index;
files of the one before are removed afterwards.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from typing_extensions import TypedDict

from vectorlong.disk import (
    file_sha256,
    flush_folder,
    is_unfinished,
    make_folder,
    remove_unfinished,
    replace_file,
)
from vectorlong.errors import IndexCorruptError, IndexFolderError
from vectorlong.fields import take_format_version
from vectorlong.vector_index.faiss_kinds import Metric
from vectorlong.vector_index.index_files import (
    Stamp,
    checked,
    file_stamp,
    folder_errors,
    is_whole,
    read_sealed,
    replace_sealed,
)
from vectorlong.vector_index.row_index import Description, RowIndex
from vectorlong.vector_index.vector_file import VectorFile
from vectorlong.vector_index.writer_lock import HOLDER_NAME, LOCK_NAME, WriterLock

_LOGGER = logging.getLogger(__name__)

DESCRIPTION_NAME = "vector_index.json"
FORMAT_VERSION = 1
# Whatever else lies in the folder is somebody's, also vectors.npy and ids.txt.
_OWN_NAME = re.compile(r"(ids|vectors|faiss)(-[0-9a-f]{24}|\.draft)|writer\.(lock|json)")
# A saver may put another index in the place of the one that is read.
_MAX_LOOKS = 50


_Part = Literal["ids", "vectors", "faiss"]
_TRUTH: tuple[_Part, ...] = ("ids", "vectors")


class _File(TypedDict):
    """One file: the name that its content gave it, its digest and its stamp."""

    name: Annotated[str, Field(pattern="^(ids|vectors|faiss)-[0-9a-f]{24}$")]
    digest: str
    stamp: Stamp


@dataclass(frozen=True)
class _Content:
    """What the description says."""

    dim: Annotated[int, Field(ge=1)]
    kind: str
    metric: Metric
    n_rows: Annotated[int, Field(ge=0)]
    files: dict[_Part, _File]
    index: Description | None


@dataclass(frozen=True)
class SavedVectors:
    """What there is to keep.

    Attributes
    ----------
    dim, kind, metric
        As the index was made.
    ids
        One a row, None where removed.
    matrix
        float32 [n, e].
    row_index
        FAISS over the first rows, or None.
    """

    dim: int
    kind: str
    metric: Metric
    ids: list[str | None]
    matrix: np.ndarray
    row_index: RowIndex | None


def save(folder: Path, saved: SavedVectors) -> None:
    """Write everything, then the description that names it, then remove what it replaced."""
    with folder_errors("save the vectors", folder):
        make_folder(folder)
        if not (folder / DESCRIPTION_NAME).exists() and any(
            not (_OWN_NAME.fullmatch(path.name) or is_unfinished(path.name))
            for path in folder.iterdir()
        ):
            raise IndexFolderError(
                f"{str(folder)!r} holds something else; save the vectors to a folder of their own."
            )
    lock = WriterLock(folder)
    try:
        with folder_errors("save the vectors", folder):
            _save(folder, saved)
    finally:
        lock.release()


def _save(folder: Path, saved: SavedVectors) -> None:
    """Save into a folder in which nobody else does."""
    remove_unfinished(folder)
    ids = json.dumps(saved.ids, ensure_ascii=False)
    files: dict[_Part, _File] = {
        "ids": _put(folder, "ids", lambda path: path.write_bytes(ids.encode())),
        "vectors": _put(folder, "vectors", lambda path: _write_rows(path, saved.matrix)),
    }
    if saved.row_index is not None:
        try:
            files["faiss"] = _put(folder, "faiss", saved.row_index.save)
        except RuntimeError as error:  # FAISS reports a full disk as its own kind of error
            raise OSError(f"FAISS could not write: {error}") from error
    content = _Content(
        saved.dim,
        saved.kind,
        saved.metric,
        len(saved.matrix),
        files,
        None if saved.row_index is None else saved.row_index.description,
    )
    flush_folder(folder)  # the names must be there before the description speaks of them
    described = {"format_version": FORMAT_VERSION, **asdict(content)}
    replace_sealed(folder / DESCRIPTION_NAME, described)
    kept = {DESCRIPTION_NAME, LOCK_NAME, HOLDER_NAME, *(file["name"] for file in files.values())}
    for path in folder.iterdir():
        if path.name not in kept and _OWN_NAME.fullmatch(path.name):
            with contextlib.suppress(OSError):  # on Windows somebody may still map it
                path.unlink()


def _put(folder: Path, part: str, write: Callable[[Path], object]) -> _File:
    """Write one file under a name that its content gives it."""
    draft = folder / f"{part}.draft"
    replace_file(draft, write)
    digest = file_sha256(draft)
    path = folder / f"{part}-{digest[:24]}"
    draft.replace(path)
    return {"name": path.name, "digest": digest, "stamp": file_stamp(path)}


def _write_rows(path: Path, matrix: np.ndarray) -> None:
    with path.open("wb") as file:
        np.ascontiguousarray(matrix, dtype="<f4").tofile(file)


def load(folder: Path) -> SavedVectors:
    """Read what `save` wrote; see `VectorIndex.load` for what is raised."""
    with folder_errors("load the vectors", folder):
        content = _describe(folder)
        for _ in range(_MAX_LOOKS):
            try:
                return _load(folder, content)
            except (IndexCorruptError, FileNotFoundError):
                looked_at, content = content, _describe(folder)
                if content == looked_at:
                    raise
    raise IndexFolderError(f"{str(folder)!r} is written too fast to be read; try again.")


def _load(folder: Path, content: _Content) -> SavedVectors:
    """Read the files that a description names."""
    files = content.files
    for part in _TRUTH:
        damage = _damage(folder, files.get(part))
        if damage is not None:
            raise IndexCorruptError(f"{damage} Restore it from a copy, or save anew.")
    vector_file = VectorFile(folder / files["vectors"]["name"], content.dim)
    return SavedVectors(
        content.dim,
        content.kind,
        content.metric,
        _read_ids(folder / files["ids"]["name"], content.n_rows),
        vector_file.map(content.n_rows),
        _load_row_index(folder, content),
    )


def _read_ids(path: Path, n_rows: int) -> list[str | None]:
    """Read the ids: as many as there are rows, none twice."""
    try:
        ids = json.loads(path.read_bytes().decode())
    except (ValueError, RecursionError):
        ids = None
    if not isinstance(ids, list) or not all(isinstance(name, str | None) for name in ids):
        raise IndexCorruptError(f"{str(path)!r} is damaged: it is no list of ids.")
    names = [name for name in ids if name is not None]
    if len(ids) != n_rows or len(set(names)) < len(names):
        raise IndexCorruptError(
            f"{str(path)!r} is damaged: it does not name each of {n_rows} rows once."
        )
    return ids


def _load_row_index(folder: Path, content: _Content) -> RowIndex | None:
    """Read the FAISS index, or return None where there is none that is whole."""
    if content.index is None:
        return None
    file = content.files.get("faiss")
    damage = _damage(folder, file)
    if damage is None and file is not None:
        try:
            index = RowIndex.load(folder / file["name"], content.index, content.dim, mapped=True)
            if index.n_rows <= content.n_rows:
                return index
            damage = f"{file['name']!r} has more rows than there are."
        except (RuntimeError, OSError, ValueError, TypeError, AttributeError) as error:
            damage = f"{file['name']!r} cannot be read ({error})."
    _LOGGER.warning("%s It is built anew from the vectors.", damage)
    return None


def _describe(folder: Path) -> _Content:
    path = folder / DESCRIPTION_NAME
    if not path.is_file():
        raise IndexFolderError(
            f"{str(folder)!r} holds no saved VectorIndex: it has no {DESCRIPTION_NAME}."
        )
    content = read_sealed(path)
    if content is None:
        raise IndexCorruptError(f"{str(path)!r} is damaged: it does not have its checksum.")
    if take_format_version(content, FORMAT_VERSION, path) is None:
        raise IndexCorruptError(f"{str(path)!r} is damaged: it names no format_version.")
    return checked(_Content, content, path)


def _damage(folder: Path, file: _File | None) -> str | None:
    if file is None:
        return f"{str(folder / DESCRIPTION_NAME)!r} is damaged: it does not name every file."
    path = folder / file["name"]
    if not path.is_file():
        return f"{str(path)!r} is missing."
    if not is_whole(path, file["stamp"], file["digest"]):
        return f"{str(path)!r} is damaged: it does not have its checksum."
    return None
