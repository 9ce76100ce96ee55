"""Files of every type, written by the tests themselves."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile


def write_pdf(
    path: Path,
    pages: Sequence[Sequence[str]],
    title: str | None = None,
    *,
    is_compressed: bool = True,
) -> Path:
    """A PDF whose pages have these lines, in Helvetica."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for number, lines in enumerate(pages):
        escaped = (line.replace("(", r"\(").replace(")", r"\)") for line in lines)
        shown = " ".join(f"({line}) Tj 0 -14 Td" for line in escaped)
        stream = f"BT /F1 12 Tf 72 720 Td {shown} ET".encode("latin-1")
        filters = ""
        if is_compressed:
            stream, filters = zlib.compress(stream), "/Filter /FlateDecode"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(
            f"<< /Length {len(stream)} {filters} >>\nstream\n".encode() + stream + b"\nendstream"
        )
    objects.append(f"<< /Title ({title or ''}) >>".encode())
    return write_pdf_of_objects(path, objects, f"/Info {len(objects)} 0 R" if title else "")


def write_pdf_of_one_stream(path: Path, n_pages: int, content: bytes) -> Path:
    """A PDF all of whose pages show the same stream."""
    stream = zlib.compress(content)
    kids = " ".join(f"{5 + number} 0 R" for number in range(n_pages))
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 3 0 R >> >> >>"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {n_pages} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /Length {len(stream)} /Filter /FlateDecode >>\nstream\n".encode()
        + stream
        + b"\nendstream",
        *[page] * n_pages,
    ]
    return write_pdf_of_objects(path, objects)


def write_pdf_of_objects(path: Path, objects: Sequence[bytes], info: str = "") -> Path:
    """A PDF of these objects, the first of them its catalog."""
    content, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(content))
        content += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = len(content)
    content += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    content += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    content += (
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {info} >>\nstartxref\n{table}\n%%EOF\n"
    ).encode()
    path.write_bytes(content)
    return path


def pdf_annotation(kind: bytes, rest: bytes) -> bytes:
    """An annotation of a PDF's page, as its object."""
    return b"<< /Type /Annot /Subtype /%b /Rect [9 9 99 99] %b >>" % (kind, rest)


def write_docx(path: Path, paragraphs: Sequence[str], rows: Sequence[Sequence[str]] = ()) -> Path:
    """A Word document of paragraphs, then a table."""
    from docx import Document

    document = Document()
    document.core_properties.title = "A Word title"
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if rows:
        table = document.add_table(rows=len(rows), cols=len(rows[0]))
        for table_row, cells in zip(table.rows, rows, strict=True):
            for cell, text in zip(table_row.cells, cells, strict=True):
                cell.text = text
    document.save(str(path))
    return path


_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DECLARED = " ".join(
    f'xmlns:{prefix}="{namespace}"'
    for prefix, namespace in {
        "w": _W,
        "r": _OFFICE,
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
        "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
        "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "wpg": "http://schemas.microsoft.com/office/word/2010/wordprocessingGroup",
        "cx": "http://schemas.microsoft.com/office/drawing/2014/chartex",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "v": "urn:schemas-microsoft-com:vml",
        "o": "urn:schemas-microsoft-com:office:office",
    }.items()
)


def word_part(root: str, content: str) -> str:
    """A part of a Word document, as XML."""
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} {_DECLARED}>{content}</{root}>'


def write_word(path: Path, body: str, parts: Mapping[str, str] | None = None) -> Path:
    """A Word document of this XML and other parts, whose ids are their names.

    A name begins with the kind that its relation has: "header-1.xml", "footnotes.xml".
    """
    related = "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/{re.match("[A-Za-z]+", name)[0]}" '
        f'Target="{name}"/>'
        for name in parts or {}
    )
    main = f'<Relationship Id="a" Type="{_OFFICE}/officeDocument" Target="/word/document.xml"/>'
    types = '<Default Extension="xml" ContentType="application/xml"/>'
    with ZipFile(path, "w", ZIP_DEFLATED) as package:
        package.writestr(
            "[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types">{types}</Types>'
        )
        for source, relations in {"": main, "word/document.xml": related}.items():
            folder, _, name = source.rpartition("/")
            package.writestr(
                f"{folder}/_rels/{name}.rels".lstrip("/"),
                f'<Relationships xmlns="{_PACKAGE}/relationships">{relations}</Relationships>',
            )
        package.writestr("word/document.xml", word_part("w:document", f"<w:body>{body}</w:body>"))
        for name, content in (parts or {}).items():
            package.writestr(f"word/{name}", content)
    return path


def write_docx_of_body(path: Path, body: str, *, before: str = "") -> Path:
    """A Word document with this XML as its body, and that before its root."""
    write_docx(path, [])
    document = (
        f'<?xml version="1.0"?>{before}<w:document '
        'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f"<w:body>{body}</w:body></w:document>"
    )
    return write_docx_part(path, "word/document.xml", document.encode())


def write_docx_part(path: Path, name: str, content: bytes, packing: int = ZIP_DEFLATED) -> Path:
    """Put a part into a Word document, in place of one that it has of that name."""
    with ZipFile(path) as package:
        parts = {entry.filename: package.read(entry) for entry in package.infolist()}
    with ZipFile(path, "w", ZIP_DEFLATED) as package:
        for part, old in {**parts, name: content}.items():
            package.writestr(part, old, packing if part == name else ZIP_DEFLATED)
    return path


def cell(text: str, properties: str = "") -> str:
    """A cell of a Word table, as XML."""
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"


def paragraph(text: str) -> str:
    """A paragraph, as XML."""
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def table(*rows: str) -> str:
    """A Word table of rows of cells, as XML."""
    lines = "".join(f"<w:tr>{row}</w:tr>" for row in rows)
    return f"<w:tbl><w:tblPr/><w:tblGrid/>{lines}</w:tbl>"
