"""What an EPUB book says of itself: its title, its pages and their order, which are encrypted.

Read by the names of elements alone, without their namespaces, which books before EPUB 2 lack.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from vectorlong.files.office.package import Package
from vectorlong.files.unreadable import UnreadableError

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PACKAGE_TYPE = "application/oebps-package+xml"
_PAGE_TYPES = (
    *("application/xhtml+xml", "text/html"),
    *("text/x-oeb1-document", "application/x-dtbook+xml"),  # before EPUB 2, and in it
)
PAGE_SUFFIXES = (".xhtml", ".html", ".htm")
_DRAWING_TYPE = "image/svg+xml"
# Ways to make fonts useless elsewhere, which are in books that nothing else is encrypted in.
_OF_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")

_MAX_FALLBACKS = 8


@dataclass(frozen=True)
class Item:
    """One file of a book.

    Attributes
    ----------
    part
        Its name in the archive, or what the book calls it where there is none of it.
    kind
        Its media type.
    fallback
        Id of what is shown where this is not.
    is_navigation
        Whether it is the table of contents that programs make their own of.
    """

    part: str
    kind: str
    fallback: str
    is_navigation: bool

    @property
    def is_page(self) -> bool:
        """Whether it is read as a page."""
        return self.kind in _PAGE_TYPES or self.part.lower().endswith(PAGE_SUFFIXES)

    @property
    def is_shown(self) -> bool:
        """Whether it is read where it is a chapter."""
        return self.is_page or self.kind == _DRAWING_TYPE

    @property
    def is_picture(self) -> bool:
        """Whether it is a picture."""
        return self.kind.startswith("image/")


class BookPackage:
    """What a book's package document says; `start`, `end` and `text` are a parser's handlers.

    Attributes
    ----------
    title
        The first that it names.
    creators
        Whom it is by.
    items
        Its files, by id.
    spine
        Ids of its chapters, in their order.
    """

    def __init__(self, package: Package, part: str) -> None:
        self.title = ""
        self.creators: list[str] = []
        self.items: dict[str, Item] = {}
        self.spine: list[str] = []
        self._package = package
        self._folder = posixpath.dirname(part)
        self._path: list[str] = []
        self._pieces: list[str] = []
        package.parse_loosely(part, self.start, self.end, self.text)
        if not self.spine:
            raise UnreadableError("is a damaged EPUB book (it names no chapters)")

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Meet an element."""
        name = name.lower()
        self._path.append(name)
        self._pieces.clear()
        if name == "item":
            self.items.setdefault(attributes.get("id", ""), self._item(attributes))
        elif name == "itemref":
            self.spine.append(attributes.get("idref", ""))

    def end(self, name: str) -> None:
        """Leave it."""
        # A collection of pages within the book may have a title, too.
        if self._path[1:2] == ["metadata"]:
            value = " ".join("".join(self._pieces).split())
            if self._path[-1] == "title":
                self.title = self.title or value
            elif self._path[-1] == "creator" and value:
                self.creators.append(value)
        self._pieces.clear()
        self._path.pop()

    def text(self, text: str) -> None:
        """Meet characters."""
        self._pieces.append(text)

    def chapters(self) -> Iterator[Item | str]:
        """Give the items of the spine, each once, or the ids of what is no item.

        In place of what is not shown there stands what it names for that.
        """
        for id in dict.fromkeys(self.spine):
            yield self._shown(id) if id in self.items else id

    def _shown(self, id: str) -> Item:
        item = first = self.items[id]
        for _ in range(_MAX_FALLBACKS):
            if item.is_shown or item.fallback not in self.items:
                break
            item = self.items[item.fallback]
        return item if item.is_shown else first

    def _item(self, attributes: Mapping[str, str]) -> Item:
        kind = attributes.get("media-type", "").partition(";")[0].strip().lower()
        properties = attributes.get("properties", "").split()
        part = part_of(self._package, self._folder, attributes.get("href", ""))
        return Item(part, kind, attributes.get("fallback", ""), "nav" in properties)


def package_parts(package: Package) -> list[str]:
    """Give the package documents of a book: the first is the book, others other versions of it.

    Raises
    ------
    UnreadableError
        There is none.
    """
    named: list[str] = []

    def start(name: str, attributes: Mapping[str, str]) -> None:
        is_package = attributes.get("media-type", _PACKAGE_TYPE) == _PACKAGE_TYPE
        if name.lower() == "rootfile" and is_package:
            named.append(part_of(package, "", attributes.get("full-path", "")))

    if _CONTAINER in package:
        package.parse_loosely(_CONTAINER, start)
    parts = [part for part in dict.fromkeys(named) if part in package]
    parts = parts or [part for part in package.parts if part.lower().endswith(".opf")][:1]
    if not parts:
        raise UnreadableError("is no EPUB book: it has no list of its chapters")
    return parts


def encrypted_parts(package: Package) -> set[str]:
    """Give the parts that cannot be read without a key; fonts are not among them."""
    parts: set[str] = set()
    algorithm = ""

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal algorithm
        match name.lower():
            case "encrypteddata":
                algorithm = ""
            case "encryptionmethod":
                algorithm = algorithm or attributes.get("Algorithm", "")
            case "cipherreference" if algorithm not in _OF_FONTS:
                parts.add(part_of(package, "", attributes.get("URI", "")))

    if _ENCRYPTION in package:
        package.parse_loosely(_ENCRYPTION, start)
    return parts


def part_of(package: Package, folder: str, address: str) -> str:
    """Give the part that an address means; nothing outside the archive is ever meant."""
    plain = address.strip().replace("\\", "/")
    without_fragment = plain.partition("#")[0]
    names = [
        posixpath.normpath(posixpath.join("/", folder, name)).lstrip("/")
        for name in (unquote(without_fragment), without_fragment, plain)
    ]
    return next((name for name in names if name in package), names[0])
