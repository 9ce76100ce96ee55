"""The parts of a Word document: members of a zip archive, most of them XML that names others.

Read piece by piece with Python's own zip and XML readers: no part is ever held whole, and those
that hold no text are not unpacked. What this opens is not trusted. A document type, which could
make entities of others or name files, ends the reading, as it does in Word.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from vectorlong.files.limits import Limits
from vectorlong.files.records import UnreadableError

StartHandler = Callable[[str, Mapping[str, str]], None]
EndHandler = Callable[[str], None]
TextHandler = Callable[[str], None]

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


class WordPackage:
    """Opens the parts of a Word document.

    Parameters
    ----------
    file
        The archive.
    limits
        How much the parts that are read may unpack to, all of them together.
    """

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._archive = ZipFile(file)
        self._limits = limits
        self._n_bytes = 0
        # Names have no case, and some writers divide them as Windows does.
        self._entries = {
            entry.filename.replace("\\", "/").lower(): entry for entry in self._archive.infolist()
        }

    def __contains__(self, part: str) -> bool:
        return part in self._entries

    def parse(
        self,
        part: str,
        start: StartHandler,
        end: EndHandler | None = None,
        text: TextHandler | None = None,
    ) -> None:
        """Tell handlers what a part holds; names are ``"namespace name"``.

        Raises
        ------
        KeyError
            There is no such part.
        UnreadableError
            The parts unpack to too much, or hold what Word does not read, either.
        zipfile.BadZipFile, zlib.error, xml.parsers.expat.ExpatError
            It is damaged.
        """
        entry = self._entries[part]
        # Others unpack without bounds even when read in pieces.
        if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise UnreadableError("is packed in a way that Word does not read")
        parser: Any = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_document_type
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = text
        n_fed = 0
        with self._archive.open(entry) as stream:
            while piece := stream.read(_PIECE_BYTES):
                n_fed += len(piece)
                self._n_bytes += len(piece)
                self._limits.check_bytes(self._n_bytes)
                parser.Parse(piece, False)
                if n_fed - parser.CurrentByteIndex > _MAX_TAG_BYTES:
                    raise UnreadableError("is a damaged Word document (a tag without an end)")
        parser.Parse(b"", True)

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


def _refuse_document_type(*_: object) -> NoReturn:
    raise UnreadableError("is a damaged Word document (it declares a document type)")
