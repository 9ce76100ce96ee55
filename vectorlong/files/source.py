"""From paths to documents: finds the files, names the documents, and lists what was left out."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from vectorlong.documents import Document
from vectorlong.errors import InputTypeError, InputValueError, MissingExtraError
from vectorlong.files.html import read_html
from vectorlong.files.office import read_docx, read_pdf
from vectorlong.files.plain import read_markdown, read_plain
from vectorlong.files.records import BadRow, Columns, Content, Reader, UnreadableError
from vectorlong.files.tables import read_csv, read_jsonl

_READERS: dict[str, Reader] = {
    "txt": read_plain,
    "md": read_markdown,
    "html": read_html,
    "htm": read_html,
    "jsonl": read_jsonl,
    "csv": read_csv,
    "pdf": read_pdf,
    "docx": read_docx,
}
FILE_TYPES = tuple(_READERS)
_TYPE_NAMES = {"htm": "html"}


@dataclass(frozen=True)
class LeftOut:
    """A file, or some rows of one, that gave no document.

    Attributes
    ----------
    path
        The file, named as its documents are.
    reason
        Why, and what to do about it where there is something.
    """

    path: str
    reason: str


@dataclass(frozen=True)
class _File:
    path: Path
    name: str


class FileSource:
    """The documents in files and folders, read when they are asked for.

    A document's id is its path from the folder that was named on, beginning with that folder's own
    name: ``papers/2020/a.txt``. A row of a table has its own id, or ``papers/table.csv#7``.
    Metadata are the title, the other columns of a row, and under ``"file"`` the path, the type, the
    row, the encoding where it is not UTF-8, and where each page of a PDF begins.

    Parameters
    ----------
    paths
        Files, and folders to be searched through. Hidden files and links to folders are left out.
    columns
        Which columns of tables to read.
    exclude
        A folder to pass over.
    check
        Raises InputTypeError or InputValueError for a document that cannot be used, which is then
        left out with that reason.

    Attributes
    ----------
    roots
        The folder that every path begins with the name of, by that name.
    n_files
        Files of known types that were found.
    n_files_read
        How many of them the current reading has done with.
    left_out
        What gave no document so far; complete once all documents were drawn.
    other_encodings
        Files that are not UTF-8, and the encoding they were read in.

    Raises
    ------
    InputValueError
        A path does not exist, or two different folders of the same name were given.

    Examples
    --------
    >>> list(FileSource([]))
    []
    """

    def __init__(
        self,
        paths: Sequence[Path],
        columns: Columns | None = None,
        exclude: Path | None = None,
        check: Callable[[Document], object] | None = None,
    ) -> None:
        self._columns = columns or Columns()
        self._check = check
        self._exclude = exclude.resolve() if exclude is not None else None
        self._not_files: list[LeftOut] = []
        self._files: list[_File] = []
        self.roots: dict[str, Path] = {}
        self._given: set[str] = set()  # names of files, and of folders with a "/" behind
        self._find(paths)
        self._names = {file.name for file in self._files}
        self.n_files = len(self._files)
        self._restart()

    def _restart(self) -> None:
        self.n_files_read = 0
        self.left_out = list(self._not_files)
        self.other_encodings: dict[str, str] = {}

    # --- finding files ---------------------------------------------------------------------------

    def _find(self, paths: Sequence[Path]) -> None:
        roots: dict[str, Path] = {}
        known: set[Path] = set()
        for path in paths:
            if not path.exists():
                raise InputValueError(f"There is no file or folder {str(path)!r}.")
            root = path.resolve() if path.is_dir() else path.resolve().parent
            other = roots.setdefault(root.name, root)
            if other != root:
                raise InputValueError(
                    f"{str(other)!r} and {str(root)!r} are both called {root.name!r}, so their "
                    "documents' ids could be the same. Rename one, or name a folder above them."
                )
            self.roots[_name(root, root)] = root
            self._given.add(
                _name(root, root) + "/" if path.is_dir() else _name(root, root / path.name)
            )
            found = self._walk(root) if path.is_dir() else [root / path.name]
            for file in found:
                target = Path(os.path.realpath(file))  # where Path.resolve raises on circles
                if target not in known:
                    known.add(target)
                    self._sort(file, _name(root, file))

    def _walk(self, root: Path) -> Iterator[Path]:
        """Every visible file below a folder, in a fixed order."""

        def note(error: OSError) -> None:
            name = _name(root, Path(error.filename))
            self._not_files.append(LeftOut(name, f"cannot be opened ({error.strerror})"))

        for folder, subfolders, names in os.walk(root, onerror=note):
            here = Path(folder)
            visible = sorted(name for name in subfolders if not name.startswith("."))
            subfolders[:] = [name for name in visible if self._descends(root, here / name)]
            for name in sorted(names):
                if not name.startswith((".", "~$")):
                    yield here / name

    def _descends(self, root: Path, folder: Path) -> bool:
        if folder.is_symlink():
            self._not_files.append(
                LeftOut(_name(root, folder), "is a link to a folder; name that folder instead")
            )
            return False
        return folder.resolve() != self._exclude

    def _sort(self, path: Path, name: str) -> None:
        """Keep a file to be read, or say why not."""
        suffix = path.suffix.lower().removeprefix(".")
        try:
            is_file = stat.S_ISREG(path.stat().st_mode)
        except OSError as error:
            self._not_files.append(LeftOut(name, f"cannot be opened ({error.strerror})"))
            return
        if not is_file:
            self._not_files.append(LeftOut(name, "is not an ordinary file"))
        elif suffix not in _READERS:
            kind = f"files of type .{suffix}" if suffix else "files without an extension"
            self._not_files.append(LeftOut(name, f"{kind} are not read"))
        else:
            self._files.append(_File(path, name))

    # --- reading them ----------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Document]:
        """Read from the beginning; memory holds one file, or one row of a table, at a time."""
        self._restart()
        owners: dict[str, tuple[str, int]] = {}
        for file in self._files:
            bad_rows: list[BadRow] = []
            is_empty = True
            try:
                for part in self._read(file):
                    is_empty = False
                    document = part if isinstance(part, BadRow) else self._document(file, part)
                    if isinstance(document, Document) and isinstance(part, Content) and part.id:
                        document = self._claim(document, owners)
                    if isinstance(document, BadRow):
                        bad_rows.append(document)
                        continue
                    self._note_encoding(file, document)
                    yield document
                if is_empty:
                    raise UnreadableError("holds no rows")
            except (UnreadableError, MissingExtraError) as error:
                self.left_out.append(LeftOut(file.name, str(error)))
            except OSError as error:
                reason = f"cannot be read ({error.strerror or error})"
                self.left_out.append(LeftOut(file.name, reason))
            except UnicodeError:  # though it was found to decode, before it was read
                self.left_out.append(LeftOut(file.name, "was changed while it was read"))
            self._note_bad_rows(file, bad_rows)
            self.n_files_read += 1

    def accounts_for(self, path: str) -> bool:
        """Whether the reading, complete now, gave every document that there is of a file.

        What an earlier reading had of the file and this one has not is gone, then.

        Parameters
        ----------
        path
            The file, as an earlier reading named it in its documents' metadata.

        Returns
        -------
        bool
            True if the file was read without complaint, or is no longer in the folders given.
            False if it was not asked for, or it or a folder above it could not be read.
        """
        parts = path.split("/")
        above = {"/".join(parts[:n]) for n in range(1, len(parts))}
        is_given = path in self._given or any(f"{folder}/" in self._given for folder in above)
        is_left_out = any(item.path == path or item.path in above for item in self.left_out)
        if not is_given or is_left_out or self.n_files_read < self.n_files:
            return False
        return path in self._names or not os.path.lexists(self.roots[parts[0]].joinpath(*parts[1:]))

    def _document(self, file: _File, content: Content) -> Document | BadRow:
        """Make a document of a text, unless there is nothing to be found in it or no use for it."""
        reason = _flaw(content)
        if reason is None:
            document = _named(file, content)
            try:
                if self._check is not None:
                    self._check(document)
                return document
            except (InputTypeError, InputValueError) as error:
                reason = str(error)
        if content.row is None:
            raise UnreadableError(reason)
        return BadRow(content.row, reason)

    def _read(self, file: _File) -> Iterable[Content | BadRow]:
        suffix = file.path.suffix.lower().removeprefix(".")
        return _READERS[suffix](file.path, self._columns)

    def _claim(self, document: Document, owners: dict[str, tuple[str, int]]) -> Document | BadRow:
        """Keep a row's own id for its first owner; a second would replace the first in an index."""
        facts = document.metadata["file"]
        position = (facts["path"], facts["row"])
        owner = owners.setdefault(document.id, position)
        is_other_name = (
            document.id in self._names or document.id.rpartition("#")[0] in self._names
        ) and document.id != f"{position[0]}#{position[1]}"
        if owner == position and not is_other_name:
            return document
        whose = "the name of a document" if is_other_name else f"that of {owner[0]}, row {owner[1]}"
        return BadRow(facts["row"], f"its id {document.id!r} is {whose}; see --id-column")

    def _note_encoding(self, file: _File, document: Document) -> None:
        encoding = document.metadata["file"].get("encoding")
        if encoding is not None:
            self.other_encodings[file.name] = encoding

    def _note_bad_rows(self, file: _File, rows: Sequence[BadRow]) -> None:
        if not rows:
            return
        first = f"row {rows[0].row}: {rows[0].reason}"
        reason = first if len(rows) == 1 else f"{len(rows):,} rows, the first of them {first}"
        self.left_out.append(LeftOut(file.name, reason))


def _name(root: Path, path: Path) -> str:
    """Give a path from its root on, the root's name first; bytes that are no text are escaped."""
    name = str(PurePosixPath(root.name, *path.relative_to(root).parts))
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _flaw(content: Content) -> str | None:
    """Say why a text makes no document, if so."""
    if not content.text.strip():
        return "holds no text"
    try:
        return None if _is_storable(content) else "holds lone surrogates, which are no characters"
    except RecursionError:
        return "is nested too deep"


def _named(file: _File, content: Content) -> Document:
    """Give a text its id and metadata."""
    suffix = file.path.suffix.lower().removeprefix(".")
    facts: dict[str, Any] = {
        "path": file.name,
        "type": _TYPE_NAMES.get(suffix, suffix),
        **content.facts,
    }
    if content.row is not None:
        facts["row"] = content.row
    metadata = dict(content.metadata)
    if "file" in metadata:  # a table's own column of that name
        facts["column"] = metadata["file"]
    name = file.name if content.row is None else f"{file.name}#{content.row}"
    return Document(content.id or name, content.text, {**metadata, "file": facts})


def _is_storable(content: Content) -> bool:
    """Whether text, id and metadata can be written as UTF-8."""
    return all(map(_is_unicode, (content.text, content.id, content.metadata)))


def _is_unicode(value: Any) -> bool:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return False
        return True
    if isinstance(value, Mapping):
        return all(_is_unicode(key) and _is_unicode(part) for key, part in value.items())
    return not isinstance(value, list) or all(map(_is_unicode, value))
