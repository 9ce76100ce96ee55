"""EPUB books: their chapters one after another, each as the page that it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile
from zlib import error as ZlibError

from vectorlong.files.encodings.decoding import decode_part, zeros_remark
from vectorlong.files.formats.epub_package import (
    PAGE_SUFFIXES,
    BookPackage,
    Item,
    encrypted_parts,
    package_parts,
)
from vectorlong.files.formats.html import HEAD_BYTES, declared_encoding, page_text
from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.office.package import Package
from vectorlong.files.opening import open_file
from vectorlong.files.records import Columns, Content, is_blank
from vectorlong.files.unread import unread_remarks
from vectorlong.files.unreadable import UnreadableError, damage, one_line

_KIND = "EPUB book"
_BETWEEN = "\n\n"
_MAX_NAMED = 10
_PICTURE = re.compile(r"<(?:\w+:)?(?:img|image|svg|object|embed|canvas|video)\b", re.IGNORECASE)


def read_epub(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content]:
    """Read the chapters in the book's order, then its other pages; facts say where each begins."""
    with open_file(path) as file, damage(_KIND):
        book = _Book(Package(file, limits, _KIND), limits, encoding)
        book.read()
    metadata = {"title": book.title, "author": "; ".join(book.creators)}
    yield Content(
        _BETWEEN.join(book.texts),
        {name: value for name, value in metadata.items() if value},
        {"chapter_starts": book.starts},
        remarks=tuple(book.remarks()),
    )


class _Book:
    """A book that is open, and what was met in it."""

    def __init__(self, package: Package, limits: Limits, encoding: str | None) -> None:
        self._package = package
        self._limits = limits
        self._encoding = encoding
        self._encrypted = encrypted_parts(package)
        part, *others = package_parts(package)
        self._own = BookPackage(package, part)
        self.title = self._own.title
        self.creators = self._own.creators
        self.texts: list[str] = []
        self.starts: list[int] = []
        self._n_characters = 0
        self._n_zeros = 0
        self._n_pictures = 0
        self._n_versions = len(others)
        self._page_remarks: dict[str, None] = {}
        # Names of chapters that are not read, by what is said of them.
        self._unread: dict[str, list[str]] = {}

    def read(self) -> None:
        """Go through the chapters, then the pages that no reader leafs through.

        Raises
        ------
        UnreadableError
            All of them are encrypted.
        """
        parts: dict[str, None] = {}
        for item in self._own.chapters():
            if isinstance(item, str):
                self._note("missing chapters", item)
            elif item.part not in parts:
                parts[item.part] = None
                self._read_item(item)
        for item in self._own.items.values():
            if item.is_page and not item.is_navigation and item.part not in parts:
                parts[item.part] = None
                self._read_item(item)
        if not self.texts and "encrypted chapters" in self._unread:
            raise UnreadableError("is encrypted; only programs that have its key can read it")

    def remarks(self) -> Iterator[str]:
        """Say what was met and not read."""
        for what, names in self._unread.items():
            more = f" and {len(names) - _MAX_NAMED:,} more" if len(names) > _MAX_NAMED else ""
            yield f"{what} are not read: {', '.join(names[:_MAX_NAMED])}{more}"
        counts = {
            "picture": self._n_pictures,
            "unlisted page": self._n_unlisted(),
            "other version of the book": self._n_versions,
        }
        yield from unread_remarks({what: n for what, n in counts.items() if n})
        if self._n_zeros:
            yield zeros_remark(self._n_zeros)
        yield from self._page_remarks

    def _n_unlisted(self) -> int:
        """Count the pages in the archive that the book says nothing of."""
        listed = {item.part.lower() for item in self._own.items.values()}
        return sum(
            part.lower().endswith(PAGE_SUFFIXES)
            and part.lower() not in listed
            and not part.startswith("__MACOSX/")
            for part in self._package.parts
        )

    def _read_item(self, item: Item) -> None:
        if item.part in self._encrypted:
            self._note("encrypted chapters", item.part)
        elif item.part not in self._package:
            self._note("missing chapters", item.part)
        elif item.is_shown:
            self._read_page(item.part)
        elif item.is_picture:
            self._n_pictures += 1
        else:
            self._note("chapters that are no pages", item.part)

    def _read_page(self, part: str) -> None:
        """Read one page; a damaged one costs itself."""
        try:
            source = self._source(self._package.read(part))
        except (BadZipFile, EOFError, ZlibError) as error:
            self._note("damaged chapters", f"{part} ({one_line(error)})")
            return
        except UnicodeError:
            self._note("damaged chapters", part)
            return
        if source is None:
            self._note("chapters whose encoding cannot be told", part)
            return
        page = page_text(source)
        self._page_remarks.update(dict.fromkeys(page.remarks))
        if is_blank(page.text):
            self._n_pictures += _PICTURE.search(source) is not None
            return
        if self.texts:
            self._n_characters += len(_BETWEEN)
        self.starts.append(self._n_characters)
        self.texts.append(page.text)
        self._n_characters += len(page.text)
        self._limits.check_characters(self._n_characters)

    def _source(self, content: bytes) -> str | None:
        """Decode a page; None if its encoding cannot be told."""
        try:
            text = decode_part(content, declared_encoding(content[:HEAD_BYTES]), self._encoding)
        except UnreadableError:
            return None
        self._n_zeros += text.count("\x00")
        return text.replace("\x00", " ")

    def _note(self, what: str, name: str) -> None:
        self._unread.setdefault(what, []).append(name)
