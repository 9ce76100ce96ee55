"""EPUB books, written by the tests themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" '
    'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>'
    "</rootfiles></container>"
)
XHTML = "application/xhtml+xml"


def xhtml(body: str, head: str = "<title>unseen</title>") -> str:
    """A page of a book."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">'
        f"<head>{head}</head><body>{body}</body></html>"
    )


def item(name: str, href: str, kind: str = XHTML, more: str = "") -> str:
    """A file of a book, as its package document lists it."""
    return f'<item id="{name}" href="{href}" media-type="{kind}" {more}/>'


def package_document(items: Sequence[str], spine: Sequence[str], metadata: str = "") -> str:
    """A book's list of what it is made of."""
    references = "".join(f'<itemref idref="{name}"/>' for name in spine)
    return (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{metadata}</metadata>'
        f"<manifest>{''.join(items)}</manifest><spine>{references}</spine></package>"
    )


def write_archive(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """An archive of these files."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", ZIP_STORED)
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_book(
    path: Path, items: Sequence[str], spine: Sequence[str], files: Mapping[str, str | bytes]
) -> Path:
    """A book of these items, of which the spine names some, in the folder OEBPS but for "/name"."""
    document = package_document(items, spine)
    return write_archive(
        path,
        {
            "META-INF/container.xml": CONTAINER,
            "OEBPS/content.opf": document,
            **{
                name[1:] if name.startswith("/") else f"OEBPS/{name}": content
                for name, content in files.items()
            },
        },
    )


def write_epub(path: Path, bodies: Sequence[str]) -> Path:
    """A book with a chapter of each of these bodies."""
    names = [f"c{number}" for number in range(len(bodies))]
    return write_book(
        path,
        [item(name, f"{name}.xhtml") for name in names],
        names,
        {f"{name}.xhtml": xhtml(body) for name, body in zip(names, bodies, strict=True)},
    )
