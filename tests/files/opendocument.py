"""OpenDocument files, written by the tests themselves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from vectorlong.files.opendocument.document import read_opendocument
from vectorlong.files.records import Columns

ANY = Columns()
_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
_DECLARED = " ".join(
    [
        *(
            f'xmlns:{name}="{_OASIS}{name}:1.0"'
            for name in ("office", "style", "text", "table", "form", "chart", "presentation")
        ),
        f'xmlns:draw="{_OASIS}drawing:1.0"',
        f'xmlns:svg="{_OASIS}svg-compatible:1.0"',
        f'xmlns:meta="{_OASIS}meta:1.0"',
        'xmlns:xlink="http://www.w3.org/1999/xlink"',
        'xmlns:dc="http://purl.org/dc/elements/1.1/"',
        'xmlns:officeooo="http://openoffice.org/2009/office"',
        'xmlns:loext="urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0"',
        'xmlns:field="urn:openoffice:names:experimental:ooo-ms-interop:xmlns:field:1.0"',
        'xmlns:math="http://www.w3.org/1998/Math/MathML"',
    ]
)
_TYPES = {"odt": "text", "odp": "presentation", "odg": "graphics"}
_BODIES = {"odt": "text", "odp": "presentation", "odg": "drawing"}


def part(root: str, content: str) -> str:
    """A part of a document, as XML."""
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} {_DECLARED}>{content}</{root}>'


def content_part(body: str, automatic: str = "", kind: str = "text") -> str:
    """The main part of a document or of an object in one."""
    return part(
        "office:document-content",
        f"<office:automatic-styles>{automatic}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body>",
    )


def styles_part(masters: str, common: str = "", automatic: str = "") -> str:
    """The part of a document that has its styles and what stands on every page."""
    return part(
        "office:document-styles",
        f"<office:styles>{common}</office:styles>"
        f"<office:automatic-styles>{automatic}</office:automatic-styles>"
        f"<office:master-styles>{masters}</office:master-styles>",
    )


def write_opendocument(
    path: Path, body: str, parts: Mapping[str, str | bytes] | None = None, automatic: str = ""
) -> Path:
    """A document of the kind that its name says, of this body and other parts by name."""
    kind = path.suffix[1:]
    kind = {"ott": "odt", "otp": "odp"}.get(kind, kind)
    with ZipFile(path, "w", ZIP_DEFLATED) as package:
        package.writestr(
            "mimetype", f"application/vnd.oasis.opendocument.{_TYPES[kind]}", ZIP_STORED
        )
        package.writestr("content.xml", content_part(body, automatic, _BODIES[kind]))
        for name, content in (parts or {}).items():
            package.writestr(name, content)
    return path


def paragraph(text: str, style: str = "") -> str:
    """A paragraph."""
    named = f' text:style-name="{style}"' if style else ""
    return f"<text:p{named}>{text}</text:p>"


def cell(text: str, attributes: str = "") -> str:
    """A cell of a table."""
    return f"<table:table-cell {attributes}>{paragraph(text)}</table:table-cell>"


def covered(attributes: str = "") -> str:
    """A cell that another goes on in."""
    return f"<table:covered-table-cell {attributes}/>"


def table(*rows: str) -> str:
    """A table of rows of cells."""
    lines = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    return f"<table:table><table:table-column/>{lines}</table:table>"


def box(text: str, attributes: str = "") -> str:
    """A frame with text in it."""
    inner = f"<draw:text-box>{paragraph(text)}</draw:text-box>"
    return f"<draw:frame {attributes}>{inner}</draw:frame>"


def note(text: str, kind: str = "footnote") -> str:
    """A note."""
    return (
        f'<text:note text:note-class="{kind}"><text:note-citation>unseencitation'
        f"</text:note-citation><text:note-body>{paragraph(text)}</text:note-body></text:note>"
    )


def comment(text: str, author: str = "") -> str:
    """A comment."""
    creator = f"<dc:creator>{author}</dc:creator>" if author else ""
    return (
        f"<office:annotation>{creator}<dc:date>2020-01-01T00:00:00</dc:date>"
        f"<meta:creator-initials>unseeninitials</meta:creator-initials>{paragraph(text)}"
        "</office:annotation>"
    )


def embedded(name: str, attributes: str = "") -> str:
    """A frame with an object, and the picture of it that programs save beside it."""
    return (
        f'<draw:frame {attributes}><draw:object xlink:href="./{name}"/>'
        f'<draw:image xlink:href="./ObjectReplacements/{name}"/></draw:frame>'
    )


def slide(content: str, attributes: str = 'draw:master-page-name="M"') -> str:
    """A slide, or a page of a drawing."""
    return f"<draw:page {attributes}>{content}</draw:page>"


def content_of(tmp_path, body, parts=None, automatic="", kind="odt"):
    """What is read of a document that is written so."""
    path = write_opendocument(tmp_path / f"a.{kind}", body, parts, automatic)
    return next(read_opendocument(path, ANY))


def text_of(tmp_path, body, parts=None, automatic="", kind="odt"):
    """Its text, where nothing is said of it."""
    content = content_of(tmp_path, body, parts, automatic, kind)
    assert content.remarks == ()
    return content.text


def shape(kind, content):
    """A shape."""
    return f"<draw:{kind}>{content}</draw:{kind}>"
