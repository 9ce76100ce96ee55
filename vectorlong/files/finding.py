"""Finds the files that paths name, and says of what is none why it is left out."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vectorlong.errors import InputValueError
from vectorlong.files.file_types import why_not_read
from vectorlong.files.names import name_of
from vectorlong.files.opening import is_ordinary
from vectorlong.files.records import LeftOut


@dataclass(frozen=True)
class File:
    """A file of a type that is read.

    Attributes
    ----------
    path
        Where it lies.
    name
        Its path from the folder that was named on, beginning with that folder's own name.
    """

    path: Path
    name: str


class FoundFiles:
    """The files that paths name.

    Parameters
    ----------
    paths
        Files, and folders to be searched through. Hidden files and links to folders are left out.
    exclude
        A folder to pass over.

    Attributes
    ----------
    files
        Those of types that are read, in a fixed order, each once.
    left_out
        Files of other types, and what cannot be opened.
    roots
        The folder that every name begins with, by its own name.
    given
        Names of the paths: of files, and of folders with a "/" behind.

    Raises
    ------
    InputValueError
        A path does not exist or cannot be opened, or two different folders have the same name.
    """

    def __init__(self, paths: Sequence[Path], exclude: Path | None = None) -> None:
        self.files: list[File] = []
        self.left_out: list[LeftOut] = []
        self.roots: dict[str, Path] = {}
        self.given: set[str] = set()
        self._exclude = exclude.resolve() if exclude is not None else None
        self._find(paths)

    def _find(self, paths: Sequence[Path]) -> None:
        roots: dict[str, Path] = {}
        known: set[Path] = set()
        for path in paths:
            try:
                is_folder = stat.S_ISDIR(os.stat(path).st_mode)
            except FileNotFoundError:
                raise InputValueError(f"There is no file or folder {str(path)!r}.") from None
            except (OSError, ValueError) as error:  # a name too long; one that holds a NUL
                reason = getattr(error, "strerror", None) or error
                raise InputValueError(f"{str(path)!r} cannot be opened ({reason}).") from None
            root = path.resolve() if is_folder else path.parent.resolve()
            other = roots.setdefault(root.name, root)
            if other != root:
                raise InputValueError(
                    f"{str(other)!r} and {str(root)!r} are both called {root.name!r}, so their "
                    "documents' ids could be the same. Rename one, or name a folder above them."
                )
            self.roots[name_of(root, root)] = root
            self.given.add(
                name_of(root, root) + "/" if is_folder else name_of(root, root / path.name)
            )
            for file in self._walk(root) if is_folder else [root / path.name]:
                target = Path(os.path.realpath(file))  # where Path.resolve raises on circles
                if target not in known:
                    known.add(target)
                    self._sort(file, name_of(root, file))

    def _walk(self, root: Path) -> Iterator[Path]:
        """Every visible file below a folder, in a fixed order, however deep."""
        folders = [root]
        while folders:
            here = folders.pop()
            try:
                with os.scandir(here) as entries:
                    found = sorted((entry.name, _is_folder(entry)) for entry in entries)
            except OSError as error:
                self._leave_unopened(name_of(root, here), error)
                continue
            for name, is_folder in found:
                if not is_folder and not name.startswith((".", "~$")):
                    yield here / name
            below = [here / name for name, is_folder in found if is_folder and name[0] != "."]
            folders.extend(reversed([folder for folder in below if self._descends(root, folder)]))

    def _descends(self, root: Path, folder: Path) -> bool:
        if os.path.islink(folder):
            self.left_out.append(
                LeftOut(name_of(root, folder), "is a link to a folder; name that folder instead")
            )
            return False
        return folder != self._exclude  # both without links

    def _leave_unopened(self, name: str, error: OSError) -> None:
        self.left_out.append(LeftOut(name, f"cannot be opened ({error.strerror})"))

    def _sort(self, path: Path, name: str) -> None:
        """Keep a file to be read, or say why not."""
        why_not = why_not_read(path)
        try:
            is_file = is_ordinary(path.stat())
        except OSError as error:
            self._leave_unopened(name, error)
            return
        if not is_file:
            self.left_out.append(LeftOut(name, "is not an ordinary file"))
        elif why_not is not None:
            self.left_out.append(LeftOut(name, why_not))
        else:
            self.files.append(File(path, name))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one; what cannot be told is looked at as a file."""
    try:
        return entry.is_dir()
    except OSError:
        return False
