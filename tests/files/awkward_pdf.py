"""PDF files with a word of its own in every place that can hold text."""

from __future__ import annotations

import base64
import zlib

from tests.files.awkward import Awkward, bytes_of
from tests.files.builders import pdf_annotation
from tests.files.test_pdf import AES_CLOSED, AES_OPEN, shown, stream, write

_PICTURE = b"/P Do"


def awkward_files() -> list[Awkward]:
    """Text of pages, what is written on them, and files that are not whole."""
    return [
        _text(),
        _annotations(),
        _drawn_annotations(),
        Awkward(
            "pictures.pdf",
            bytes_of(write, [shown(b"beforehand"), _PICTURE, shown(b"afterwards")]),
            found=("beforehand", "afterwards"),
            said=("1 of 3 pages (2) holds no text; pictures need text recognition first",),
        ),
        Awkward("scan.pdf", bytes_of(write, [_PICTURE]), found=(), said=("holds no text",)),
        _attached(),
        Awkward(
            "cut.pdf",
            bytes_of(write, [shown(b"remaining")]).replace(b"%%EOF", b""),
            found=("remaining",),
            said=("its end is missing",),
        ),
        Awkward("aes.pdf", zlib.decompress(base64.b85decode(AES_OPEN)), found=("secret",)),
        Awkward(
            "locked.pdf",
            zlib.decompress(base64.b85decode(AES_CLOSED)),
            found=(),
            said=("is encrypted; save it without its password",),
        ),
    ]


def _text() -> Awkward:
    invisible = b"BT /F1 12 Tf 3 Tr 72 500 Td (underlaid) Tj ET"
    outside = b"BT /F1 12 Tf 9000 9000 Td (offpage) Tj ET"
    white = b"BT /F1 12 Tf 1 g 72 400 Td (whitened) Tj ET"
    pieces = b"BT /F1 12 Tf 72 300 Td [(ker) -20 (ned)] TJ ET"
    octal = rb"BT /F1 12 Tf 72 200 Td (\145scaped \(parenthesized\)) Tj ET"
    first = shown(b"opening", b"recon-", b"struction", b"state-of-the-", b"art", b"co-")
    pages = [first, shown(b"operation", b"2010-", b"2011"), invisible + outside, white]
    return Awkward(
        "text.pdf",
        bytes_of(write, [*pages, pieces + octal]),
        found=(
            *("opening", "reconstruction", "state-of-the-art", "cooperation", "2010", "2011"),
            *("underlaid", "offpage", "whitened", "kerned", "escaped", "parenthesized"),
        ),
    )


def _annotations() -> Awkward:
    annotations = [
        pdf_annotation(kind, rest)
        for kind, rest in [
            (b"Text", b"/Contents (noted) /T (Annotator)"),
            (b"FreeText", b"/Contents (typewritten)"),
            (b"Highlight", b"/Contents (highlit)"),
            (b"Stamp", b"/Contents (stamped)"),
            (b"Square", b"/Contents (squared)"),
            (b"Ink", b"/Contents (inked)"),
            (b"Popup", b"/Contents (popping)"),
            (b"Link", b"/Contents (linking) /A << /S /URI /URI (address) >>"),
            (b"Widget", b"/FT /Tx /T (fieldname) /V (filled)"),
            (b"Widget", b"/FT /Ch /Ff 131072 /T (x) /Opt [(spurned) (chosen)] /V (chosen)"),
            (b"Widget", b"/FT /Ch /T (y) /Opt [(listed) (neglected)] /V (listed)"),
        ]
    ]
    fields = b"/AcroForm << /Fields [15 0 R 16 0 R 17 0 R] >>"
    return Awkward(
        "annotations.pdf",
        bytes_of(write, [shown(b"page")], annotations, fields),
        found=(
            *("page", "noted", "Annotator", "typewritten", "highlit", "stamped", "squared"),
            *("inked", "filled", "chosen", "listed"),
        ),
        unseen=("popping", "address", "fieldname", "spurned", "neglected"),
    )


def _drawn_annotations() -> Awkward:
    """What has no text but in the way that it is drawn; two pages show the same stream."""

    def look(word: bytes) -> bytes:
        content = b"BT /F1 12 Tf 5 5 Td (%b) Tj ET" % word
        return (
            b"<< /Type /XObject /Subtype /Form /BBox [0 0 90 90] /Length %d "
            b"/Resources << /Font << /F1 3 0 R >> >> >>\nstream\n%b\nendstream"
        ) % (len(content), content)

    words = [b"approved", b"watermarked", b"countersigned", b"submitting", b"ticked", b"retyped"]
    kinds = [
        b"/Stamp /Contents (remarked)",
        b"/Watermark",
        b"/Widget /FT /Sig /T (s)",
        b"/Widget /FT /Btn /Ff 65536 /T (b)",
        b"/Widget /FT /Btn /T (c)",
        b"/FreeText /Contents (retyped)",
    ]
    annotations = [
        b"<< /Type /Annot /Subtype %b /Rect [100 100 200 200] /F 4 /AP << /N %d 0 R >> >>"
        % (kind, 17 + number)
        for number, kind in enumerate(kinds)
    ]
    pages = [shown(b"undersigned"), shown(b"overleaf")]
    fields = b"/AcroForm << /Fields [9 0 R 10 0 R 11 0 R] >>"
    return Awkward(
        "drawn.pdf",
        bytes_of(write, pages, annotations, fields, [look(word) for word in words]),
        found=(
            *("undersigned", "overleaf", "approved", "remarked", "watermarked", "countersigned"),
            *("submitting", "retyped"),
        ),
        unseen=("ticked",),
    )


def _attached() -> Awkward:
    names = (
        b"/Names << /EmbeddedFiles << /Names [(a) << /Type /Filespec /F (a) "
        b"/EF << /F %d 0 R >> >>] >> >>"
    )
    annotation = (
        b"<< /Type /Annot /Subtype /FileAttachment /Rect [9 9 99 99] /Contents (pinned) "
        b"/FS << /Type /Filespec /F (b) /EF << /F 10 0 R >> >> >>"
    )
    return Awkward(
        "attached.pdf",
        bytes_of(
            write,
            [shown(b"covering")],
            [annotation],
            names % 10,
            [stream(b"enclosed")],
        ),
        found=("covering", "pinned"),
        unseen=("enclosed",),
        said=("2 attached files are not read",),
    )
