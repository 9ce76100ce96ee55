"""The saved FAISS index on disk: derived, checksummed, and thrown away when in doubt."""

from __future__ import annotations

import contextlib
import logging
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from vectorlong.disk import file_sha256, remove_unfinished, replace_file
from vectorlong.errors import IndexCorruptError
from vectorlong.vector_index.index_files import (
    Stamp,
    checked,
    file_stamp,
    is_whole,
    read_sealed,
    replace_sealed,
)
from vectorlong.vector_index.row_index import Description, RowIndex

_LOGGER = logging.getLogger(__name__)

FOLDER_NAME = "faiss"
_DESCRIPTION_NAME = "snapshot.json"
_FILE_NAME = re.compile(r"rows-[0-9]+-[0-9]+\.faiss")


@dataclass(frozen=True)
class _Content:
    """What the description says: which file there is, of which epoch, and what was indexed how."""

    epoch: Annotated[int, Field(ge=0)]
    file: Annotated[str, Field(pattern=f"^{_FILE_NAME.pattern}$")]
    digest: str
    stamp: Stamp
    index: Description


class FaissFolder:
    """The folder ``faiss/`` of an index.

    Parameters
    ----------
    folder
        The index's own folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER_NAME
        self._description_path = self._folder / _DESCRIPTION_NAME

    def save(self, row_index: RowIndex, epoch: int) -> None:
        """Write the index and, once it is safe on the disk, the description that names it."""
        self._folder.mkdir(exist_ok=True)
        name = f"rows-{epoch}-{row_index.n_rows}.faiss"
        path = self._folder / name
        replace_file(path, row_index.save)
        content = _Content(epoch, name, file_sha256(path), file_stamp(path), row_index.description)
        replace_sealed(self._description_path, asdict(content))
        self._remove_all_but(name)

    def load(self, epoch: int, dim: int, *, mapped: bool = True) -> RowIndex | None:
        """Return the index of this epoch and width, or None if there is none that is whole."""
        content = self._describe()
        if content is None or content.epoch != epoch or self.damage() is not None:
            return None
        try:
            return RowIndex.load(self._folder / content.file, content.index, dim, mapped=mapped)
        except (RuntimeError, OSError, ValueError, TypeError, AttributeError) as error:
            _LOGGER.warning("The saved FAISS index cannot be read and will be rebuilt: %s", error)
            return None

    def _describe(self) -> _Content | None:
        """Return the description, or None if there is none that has its checksum."""
        try:
            content = read_sealed(self._description_path)
            return None if content is None else checked(_Content, content, self._description_path)
        except (OSError, IndexCorruptError):
            return None

    def damage(self, *, thorough: bool = False) -> str | None:
        """Return what is wrong with what is saved, or None; nothing at all is not wrong."""
        if not self._description_path.exists():
            return None
        content = self._describe()
        if content is None:
            return f"{str(self._description_path)!r} is damaged; rebuild() makes it anew"
        path = self._folder / content.file
        try:
            if not path.is_file() and path.exists():
                return f"{str(path)!r} is no plain file; rebuild() makes it anew"
            if not is_whole(path, content.stamp, content.digest, thorough=thorough):
                return f"{str(path)!r} is damaged; rebuild() makes it anew"
        except FileNotFoundError:
            if self._describe() != content:  # a writer has put another in its place meanwhile
                return self.damage(thorough=thorough)
            return f"{str(path)!r} is missing; rebuild() makes it anew"
        return None

    def remove(self) -> None:
        """Remove what is saved: the description first, so that it never names what is gone."""
        if self._is_ours():
            with contextlib.suppress(OSError):
                self._description_path.unlink(missing_ok=True)
        self._remove_all_but(None)

    def remove_unfinished(self) -> None:
        """Remove what a killed writer had not finished."""
        if self._is_ours():
            remove_unfinished(self._folder)

    def _is_ours(self) -> bool:
        """Whether there is such a folder, rather than a link to one elsewhere."""
        return self._folder.is_dir() and not self._folder.is_symlink()

    def _remove_all_but(self, name: str | None) -> None:
        if not self._is_ours():
            return
        for path in self._folder.iterdir():
            # Whatever has another name is somebody's.
            if path.name != name and _FILE_NAME.fullmatch(path.name):
                with contextlib.suppress(OSError):  # on Windows a reader may still map it
                    path.unlink()
