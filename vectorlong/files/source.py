"""From files to documents: reads and names them, and lists what was left out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vectorlong.checks import is_unicode
from vectorlong.documents import Document
from vectorlong.errors import InputTypeError, InputValueError
from vectorlong.extras import why_missing
from vectorlong.files.encodings.decoding import checked_encoding
from vectorlong.files.file_types import PLAIN_TYPES, WORKBOOK_TYPES, is_packed, type_of
from vectorlong.files.finding import File, FoundFiles
from vectorlong.files.formats.plain import read_markdown, read_plain
from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.names import path_of
from vectorlong.files.opening import is_ordinary
from vectorlong.files.packed import unpacked
from vectorlong.files.process.reader_process import ReaderProcess
from vectorlong.files.records import BadRow, Columns, Content, LeftOut, Reader, Remark, is_blank
from vectorlong.files.tables.rows import read_csv, read_json, read_jsonl
from vectorlong.files.unreadable import UnreadableError, reason_of

# Our own readers, of bounded memory and linear time; parsers of others run in a process of theirs.
_READERS: dict[str, Reader] = {
    **dict.fromkeys(PLAIN_TYPES, read_plain),
    "md": read_markdown,
    "jsonl": read_jsonl,
    "json": read_json,
    "csv": read_csv,
    "tsv": read_csv,
}
# The extra that a file type needs.
_EXTRAS = {
    "pdf": "pdf",
    **dict.fromkeys(WORKBOOK_TYPES, "sheets"),
}
_MAX_REASON_CHARACTERS = 2_000


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
    limits
        What one file may cost. What exceeds them is left out, with the limit as the reason.
    check
        Raises InputTypeError or InputValueError for a document that cannot be used, which is then
        left out with that reason.
    encoding
        That of files which are neither UTF-8 nor begin with a byte order mark, whatever they say
        themselves. None to find it out, and to leave out files for which it is not certain.
    row
        The only row of each table to give, or to say the reason of why it is left out; None for
        all that the files hold.

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
    remarks
        What to know of files that gave one, such as pictures that hold no text to be read.
    other_encodings
        Files that are not UTF-8, and the encoding they were read in.

    Raises
    ------
    InputValueError
        A path does not exist or cannot be opened, or two different folders have the same name.
    OptionError
        ``encoding`` is none of text that is known.

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
        limits: Limits = DEFAULT_LIMITS,
        encoding: str | None = None,
        row: int | None = None,
    ) -> None:
        self._row = row
        self._encoding = None if encoding is None else checked_encoding(encoding)
        self._columns = columns or Columns()
        self._limits = limits
        self._check = check
        found = FoundFiles(paths, exclude)
        self._files = found.files
        self._not_files = found.left_out
        self._given = found.given
        self.roots = found.roots
        self._names = {file.name for file in self._files}
        self.n_files = len(self._files)
        self._restart()

    def _restart(self) -> None:
        self.n_files_read = 0
        self.left_out = list(self._not_files)
        self.remarks: list[Remark] = []
        self.other_encodings: dict[str, str] = {}

    def missing_extras(self) -> dict[str, list[str]]:
        """Give the files that will be left out because an extra is not installed, by that reason.

        Known before anything is read, so that nobody has to wait for it.
        """
        missing: dict[str, list[str]] = {}
        reasons = {extra: why_missing(extra) for extra in set(_EXTRAS.values())}
        for file in self._files:
            extra = _EXTRAS.get(type_of(file.path))
            reason = None if extra is None else reasons[extra]
            if reason is not None:
                missing.setdefault(reason, []).append(file.name)
        return missing

    # --- reading them ----------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Document]:
        """Read from the beginning; memory holds one file, or one row of a table, at a time."""
        self._restart()
        owners: dict[str, str] = {}
        with ReaderProcess(self._limits, self._encoding) as process:
            for file in self._files:
                yield from self._documents(file, process, owners)
                self.n_files_read += 1

    def _documents(
        self, file: File, process: ReaderProcess, owners: dict[str, str]
    ) -> Iterator[Document]:
        """Give the documents of a file, and note what is none."""
        first_bad_row: BadRow | None = None
        n_bad_rows = 0
        for part in self._parts(file, process):
            document = part if isinstance(part, BadRow) else self._document(file, part, owners)
            if isinstance(document, Document):
                if self._row in (None, part.row):
                    self._note_encoding(file, document)
                    yield document
            elif document.row is None:
                self._leave_out(file, document.reason)
            elif document.row == self._row:
                first_bad_row, n_bad_rows = document, 1
                if document.sheet is None:  # else others may have such a row, too
                    break
            else:
                first_bad_row = first_bad_row or document
                n_bad_rows += 1
        if first_bad_row is not None:
            self._note_bad_rows(file, n_bad_rows, first_bad_row)

    def _parts(self, file: File, process: ReaderProcess) -> Iterator[Content | BadRow]:
        """Give what a file holds until it ends or is refused; that is noted, whatever it is."""
        is_empty = True
        parts = self._read(file, process)
        while True:
            try:
                part = next(parts, None)
                if part is None and is_empty:
                    raise UnreadableError("holds no rows")
            # Only what reading raises comes by here, and no file may end the reading of others.
            except Exception as error:
                self._leave_out(file, reason_of(error))
                return
            if part is None:
                return
            is_empty = False
            yield part

    def _read(self, file: File, process: ReaderProcess) -> Iterator[Content | BadRow]:
        if not is_packed(file.path):
            yield from self._read_type(file.path, type_of(file.path), process)
            return
        with unpacked(file.path, self._limits) as path:
            yield from self._read_type(path, type_of(file.path), process)

    def _read_type(
        self, path: Path, kind: str, process: ReaderProcess
    ) -> Iterator[Content | BadRow]:
        if kind in _READERS:
            return _READERS[kind](path, self._columns, self._limits, self._encoding)
        status = os.stat(path)
        if is_ordinary(status) and status.st_size == 0:  # which parsers call damaged
            raise UnreadableError("is empty")
        return process.read(path, kind, self._columns)

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
        below = path_of(path).parts[1:]
        return path in self._names or not os.path.lexists(self.roots[parts[0]].joinpath(*below))

    def _document(self, file: File, content: Content, owners: dict[str, str]) -> Document | BadRow:
        """Make a document of a text, unless there is nothing to be found in it or no use for it."""
        reason = _flaw(content)
        if reason is None:
            document = _named(file, content)
            try:
                if self._check is not None:
                    self._check(document)
            except (InputTypeError, InputValueError) as error:
                reason = str(error)
            else:
                if content.row is not None and content.id:
                    reason = self._claim(document, owners, file, content)
                if reason is None:
                    self.remarks.extend(Remark(file.name, _shown(it)) for it in content.remarks)
                    return document
        return BadRow(content.row, reason, content.facts.get("sheet"))

    def _claim(
        self, document: Document, owners: dict[str, str], file: File, content: Content
    ) -> str | None:
        """Keep a row's own id for its first owner; a second would replace the first in an index."""
        sheet = content.facts.get("sheet")
        place = f"{file.name}, {_row_shown(content.row, sheet)}"
        owner = owners.setdefault(document.id, place)
        is_other_name = self._is_name(document.id) and document.id != _name(file, content)
        if owner == place and not is_other_name:
            return None
        whose = "the name of a document" if is_other_name else f"that of {owner}"
        return f"its id {document.id!r} is {whose}; see --id-column"

    def _is_name(self, id: str) -> bool:
        """Whether it is the name of a file or could be that of a row of one."""
        places = [place for place, character in enumerate(id) if character == "#"]
        return any(id[:place] in self._names for place in (*places, len(id)))

    def _note_encoding(self, file: File, document: Document) -> None:
        encoding = document.metadata["file"].get("encoding")
        if encoding is not None:
            self.other_encodings[file.name] = encoding

    def _note_bad_rows(self, file: File, n_rows: int, first: BadRow) -> None:
        reason = f"{_row_shown(first.row, first.sheet)}: {first.reason}"
        if n_rows > 1:
            reason = f"{n_rows:,} rows, the first of them {reason}"
        self._leave_out(file, reason)

    def _leave_out(self, file: File, reason: str) -> None:
        self.left_out.append(LeftOut(file.name, _shown(reason)))


def _shown(reason: str) -> str:
    """Cut what may quote the file, whose ids and column names have any length."""
    shown = reason[:_MAX_REASON_CHARACTERS]
    return reason if shown == reason else f"{shown}..."


def _flaw(content: Content) -> str | None:
    """Say why a text makes no document, if so."""
    if is_blank(content.text):
        return "; ".join(["holds no text", *content.remarks])
    try:
        return None if _is_storable(content) else "holds lone surrogates, which are no characters"
    except RecursionError:
        return "is nested too deep"


def _named(file: File, content: Content) -> Document:
    """Give a text its id and metadata."""
    facts: dict[str, Any] = {
        "path": file.name,
        "type": type_of(file.path),
        **content.facts,
    }
    if content.row is not None:
        facts["row"] = content.row
    metadata = dict(content.metadata)
    if "file" in metadata:  # a table's own column of that name
        facts["column"] = metadata["file"]
    name = _name(file, content)
    return Document(content.id or name, content.text, {**metadata, "file": facts})


def _name(file: File, content: Content) -> str:
    """Give the id of a text that has none of its own."""
    if content.row is None:
        return file.name
    sheet = content.facts.get("sheet")
    return f"{file.name}#{content.row}" if sheet is None else f"{file.name}#{sheet}!{content.row}"


def _row_shown(row: int | None, sheet: str | None) -> str:
    return f"row {row}" if sheet is None else f"sheet {sheet}, row {row}"


def _is_storable(content: Content) -> bool:
    """Whether text, id and metadata can be written as UTF-8."""
    return all(map(_is_all_unicode, (content.text, content.id, content.metadata)))


def _is_all_unicode(value: Any) -> bool:
    if isinstance(value, str):
        return is_unicode(value)
    if isinstance(value, Mapping):
        return all(_is_all_unicode(key) and _is_all_unicode(part) for key, part in value.items())
    return not isinstance(value, list) or all(map(_is_all_unicode, value))
