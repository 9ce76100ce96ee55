"""Files of every type, written by the tests themselves."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path


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
    content, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(content))
        content += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = len(content)
    content += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    content += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    info = f"/Info {len(objects)} 0 R" if title else ""
    content += (
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {info} >>\nstartxref\n{table}\n%%EOF\n"
    ).encode()
    path.write_bytes(content)
    return path


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
