"""The parts of a document that is a zip archive, most of them XML.

Read piece by piece with Python's own zip and XML readers: no part is ever held whole, and those
that hold no text are not unpacked. What this opens is not trusted. A document type, which could
make entities of others or name files, ends the reading, as it does in Office programs; where a
format has one by custom, it may be named, but not declared.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from vectorlong.files.limits import Limits
from vectorlong.files.unreadable import UnreadableError

StartHandler = Callable[[str, Mapping[str, str]], None]
EndHandler = Callable[[str], None]
TextHandler = Callable[[str], None]

#: How files in the container of Microsoft's Object Linking and Embedding begin.
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PIECE_BYTES = 1 << 18
# Old versions of Expat look at an unfinished tag from its beginning with every piece.
_MAX_TAG_BYTES = 10_000_000
_RELATIONSHIP = "http://schemas.openxmlformats.org/package/2006/relationships Relationship"


@dataclass(frozen=True)
class Relation:
    """What one part says of another.

    Attributes
    ----------
    kind
        Such as ``"header"``: the end of its type, which is the same in both kinds of OOXML.
    part
        The other's name; None where it lies outside the package.
    """

    kind: str
    part: str | None


def check_packed(file: BinaryIO, program: str, suffix: str) -> None:
    """Refuse what a program keeps in a container of another kind, encrypted or of old.

    Raises
    ------
    UnreadableError
        It is such a file.
    """
    if file.read(len(OLE)) == OLE:
        raise UnreadableError(
            f"is encrypted, or in {program}'s old format; save it as {suffix} without a password"
        )


class Package:
    """Opens the parts of a document.

    Parameters
    ----------
    file
        The archive.
    limits
        How much the parts that are read may unpack to, all of them together.
    kind
        What to call the document in messages.

    Attributes
    ----------
    parts
        Their names, in the order of the archive.
    """

    def __init__(self, file: BinaryIO, limits: Limits, kind: str) -> None:
        self._archive = ZipFile(file)
        self._limits = limits
        self._kind = kind
        self._n_bytes = 0
        # Names have no case in most formats, and some writers divide them as Windows does.
        by_name = {it.filename.replace("\\", "/"): it for it in self._archive.infolist()}
        self._entries = {**{name.lower(): it for name, it in by_name.items()}, **by_name}
        self.parts = tuple(by_name)

    def __contains__(self, part: str) -> bool:
        return part in self._entries or part.lower() in self._entries

    def parse(
        self,
        part: str,
        start: StartHandler,
        end: EndHandler | None = None,
        text: TextHandler | None = None,
        *,
        is_told: Callable[[bytes], bool] | None = None,
    ) -> None:
        """Tell handlers what a part holds; names are ``"namespace name"``.

        Parameters
        ----------
        part
            Its name.
        start, end, text
            Are told where an element begins, where it ends, and what stands in it.
        is_told
            Looks at each piece of the part before it is parsed, and says whether the handlers are
            told what is in it: not to call them is many times faster.

        Raises
        ------
        KeyError
            There is no such part.
        UnreadableError
            The parts unpack to too much, or hold what Office programs do not read, either.
        zipfile.BadZipFile, zlib.error, xml.parsers.expat.ExpatError
            It is damaged.
        """
        parser: Any = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = partial(self._refuse_document_type, False)
        self._feed(parser, part, (start, end, text), is_told)

    def parse_loosely(
        self,
        part: str,
        start: StartHandler,
        end: EndHandler | None = None,
        text: TextHandler | None = None,
    ) -> None:
        """Tell handlers what a part holds that may be old; names are without their prefixes.

        It may name a document type, which is not opened, and declare no namespaces. Raises as
        `parse` does.
        """

        def start_element(name: str, attributes: Mapping[str, str]) -> None:
            start(_local(name), {_local(key): value for key, value in attributes.items()})

        def end_element(name: str) -> None:
            if end is not None:
                end(_local(name))

        parser: Any = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = partial(self._refuse_document_type, True)
        self._feed(parser, part, (start_element, end_element, text))

    def _feed(
        self,
        parser: Any,
        part: str,
        handlers: tuple[StartHandler, EndHandler | None, TextHandler | None],
        is_told: Callable[[bytes], bool] | None = None,
    ) -> None:
        """Parse a part piece by piece."""
        parser.buffer_text = True
        start, end, text = handlers
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = text
        n_fed = 0
        for piece in self._pieces(part):
            n_fed += len(piece)
            if is_told is not None:
                told = is_told(piece)
                parser.StartElementHandler = start if told else None
                parser.EndElementHandler = end if told else None
                parser.CharacterDataHandler = text if told else None
            parser.Parse(piece, False)
            if n_fed - parser.CurrentByteIndex > _MAX_TAG_BYTES:
                raise UnreadableError(f"is a damaged {self._kind} (a tag without an end)")
        parser.Parse(b"", True)

    def read(self, part: str) -> bytes:
        """Give a part's bytes; raises as `parse` does."""
        return b"".join(self._pieces(part))

    def _pieces(self, part: str) -> Iterator[bytes]:
        entry = self._entries.get(part) or self._entries[part.lower()]
        # Others unpack without bounds even when read in pieces.
        if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise UnreadableError("is packed in a way that Office programs do not read")
        with self._archive.open(entry) as stream:
            while piece := stream.read(_PIECE_BYTES):
                self._n_bytes += len(piece)
                self._limits.check_bytes(self._n_bytes)
                yield piece

    def _refuse_document_type(
        self,
        may_be_named: bool,
        name: str,
        system: str | None,
        public: str | None,
        is_declared: int,
    ) -> None:
        if is_declared or not may_be_named:
            raise UnreadableError(f"is a damaged {self._kind} (it declares a document type)")

    def relations(self, part: str) -> dict[str, Relation]:
        """Give what a part names, by the ids that it uses; "" is the package itself."""
        folder, name = posixpath.split(part)
        relations: dict[str, Relation] = {}

        def start(name: str, attributes: Mapping[str, str]) -> None:
            if name == _RELATIONSHIP:
                target = posixpath.join("/", folder, attributes.get("Target", ""))
                is_inside = attributes.get("TargetMode") != "External"
                relations[attributes.get("Id", "")] = Relation(
                    attributes.get("Type", "").rpartition("/")[2],
                    posixpath.normpath(target).lstrip("/").lower() if is_inside else None,
                )

        source = posixpath.join(folder, "_rels", f"{name}.rels")
        if source in self:
            self.parse(source, start)
        return relations


def _local(name: str) -> str:
    return name.rpartition(":")[2]
