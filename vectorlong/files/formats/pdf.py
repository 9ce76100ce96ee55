"""PDF, by PDFium, which Chrome reads it with: the text of the pages, their comments and forms."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from vectorlong.extras import import_extra
from vectorlong.files.comment_lines import comment_lines
from vectorlong.files.formats.hyphens import BREAK, join_divided_words
from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.opening import open_file
from vectorlong.files.records import Columns, Content
from vectorlong.files.unreadable import UnreadableError, damage

# Text outside the page, where a printer would cut it off, is text.
_EVERYWHERE = (-1e6, -1e6, 1e6, 1e6)
# PDFium's sign for a hyphen at a line's end is BREAK; of other control characters a page has none
# but for letters that its fonts give no meaning.
_NO_LETTERS = re.compile("[\x00\x01\x03-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_NO_CHARACTER = "\N{REPLACEMENT CHARACTER}"
_MAX_NUMBERS = 10
# Readers look for the end's sign this far.
_END_BYTES = 1024


def read_pdf(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content]:
    """Read the pages' text, one after another; the facts say where each begins."""
    pdfium = import_extra("pdf")
    with open_file(path) as file:
        n_bytes = file.seek(0, os.SEEK_END)
        limits.check_bytes(n_bytes)
        file.seek(max(0, n_bytes - _END_BYTES))
        is_whole = b"%%EOF" in file.read()
        with damage("PDF"), closing(_open(pdfium, file)) as pdf:
            document = _Document(pdfium, pdf, limits)
            texts = [document.page(n) for n in range(document.n_pages)]
            for number, text in document.stamps():
                texts[number] = f"{texts[number]}\n{text}".lstrip("\n")
            pages = join_divided_words(texts)
            title, remarks = document.title(), document.remarks()
    if not any(page.strip() for page in pages):
        raise UnreadableError(document.why_empty())
    if not is_whole:  # PDFium finds what there is
        remarks += ("its end is missing, and what stood there is not read",)
    starts = [0]
    for page in pages:
        starts.append(starts[-1] + len(page) + 1)
    yield Content(
        "\n".join(pages),
        {"title": title} if title else {},
        {"page_starts": starts[:-1]},
        remarks=remarks,
    )


def _open(pdfium: Any, file: Any) -> Any:
    try:
        return pdfium.PdfDocument(file)
    except pdfium.PdfiumError as error:
        if error.err_code == pdfium.raw.FPDF_ERR_PASSWORD:
            raise UnreadableError("is encrypted; save it without its password") from None
        raise


class _Document:
    """A PDF that is open, and what was met in it."""

    def __init__(self, pdfium: Any, pdf: Any, limits: Limits) -> None:
        self._pdfium = pdfium
        self._raw = pdfium.raw
        self._pdf = pdf
        self._limits = limits
        self._n_characters = 0
        self._damaged: list[int] = []
        self._wordless: list[int] = []
        self._stamped: dict[int, list[int]] = {}  # pages, and their annotations that are stamps
        self._n_pinned = 0  # files that are attached to a place of a page
        self.n_pages = len(pdf)
        self._form = None
        if pdf.get_formtype() != self._raw.FORMTYPE_NONE:
            pdf.init_forms()
            self._form = pdf.formenv

    def title(self) -> str:
        """Give the title that the document names; empty where it names none."""
        return str(self._pdf.get_metadata_value("Title")).strip("\0 \t\r\n")

    def page(self, number: int) -> str:
        """Give a page's text, and below it what is written in its comments and forms."""
        try:
            page = self._pdf[number]
            text_page = page.get_textpage()
        except self._pdfium.PdfiumError:
            self._damaged.append(number + 1)
            return ""
        text = _cleaned(text_page.get_text_bounded(*_EVERYWHERE))
        self._count(text)
        lines = [text] if text.strip() else []
        if not lines and self._raw.FPDFPage_CountObjects(page) > 0:
            self._wordless.append(number + 1)
        lines.extend(self._annotations(page))
        stamps = self._stamps(page)
        if stamps:
            self._stamped[number] = stamps
        text_page.close()
        page.close()
        return "\n".join(lines)

    def stamps(self) -> Iterator[tuple[int, str]]:
        """Give what is drawn in stamps, signatures and buttons, and on which page.

        PDFium reads what a page itself shows. So they are made part of a page from which all else
        was taken: only once the text of every page has been read, since pages may share what they
        show.
        """
        raw = self._raw
        for number, stamps in self._stamped.items():
            page = self._pdf[number]
            for place in reversed(range(raw.FPDFPage_GetAnnotCount(page))):
                if place not in stamps:
                    raw.FPDFPage_RemoveAnnot(page, place)
            for place in reversed(range(raw.FPDFPage_CountObjects(page))):
                drawn = raw.FPDFPage_GetObject(page, place)
                if raw.FPDFPage_RemoveObject(page, drawn):
                    raw.FPDFPageObj_Destroy(drawn)
            raw.FPDFPage_GenerateContent(page)
            raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
            page.close()
            page = self._pdf[number]
            text_page = page.get_textpage()
            text = _cleaned(text_page.get_text_bounded(*_EVERYWHERE))
            text_page.close()
            page.close()
            if text.strip():
                self._count(text)
                yield number, text

    def _stamps(self, page: Any) -> list[int]:
        """Tell which annotations of a page are drawn, and have no text but what is drawn."""
        raw = self._raw
        stamps = []
        for number in range(raw.FPDFPage_GetAnnotCount(page)):
            annotation = raw.FPDFPage_GetAnnot(page, number)
            if not annotation:
                continue
            kind = raw.FPDFAnnot_GetSubtype(annotation)
            is_stamp = kind in (raw.FPDF_ANNOT_STAMP, raw.FPDF_ANNOT_WATERMARK)
            if kind == raw.FPDF_ANNOT_WIDGET and self._form is not None:
                is_stamp = raw.FPDFAnnot_GetFormFieldType(self._form, annotation) in (
                    raw.FPDF_FORMFIELD_SIGNATURE,
                    raw.FPDF_FORMFIELD_PUSHBUTTON,
                )
            if is_stamp and raw.FPDFAnnot_GetObjectCount(annotation) > 0:
                stamps.append(number)
            raw.FPDFPage_CloseAnnot(annotation)
        return stamps

    def remarks(self) -> tuple[str, ...]:
        """Say what was met and not read."""
        remarks = []
        if self._wordless:
            which = self._pages(self._wordless, "holds", "hold")
            remarks.append(f"{which} no text; pictures need text recognition first")
        if self._damaged:
            remarks.append(f"{self._pages(self._damaged, 'is', 'are')} damaged and not read")
        n_files = self._pdf.count_attachments() + self._n_pinned
        if n_files:
            remarks.append(
                "1 attached file is not read"
                if n_files == 1
                else f"{n_files:,} attached files are not read"
            )
        if self._pdf.get_formtype() == self._raw.FORMTYPE_XFA_FULL:
            remarks.append("its form (XFA) is not read")
        return tuple(remarks)

    def why_empty(self) -> str:
        """Say why no page holds text."""
        if self._damaged and not self._wordless:
            return "is a damaged PDF (no page can be read)"
        return "holds no text; pages that are pictures need text recognition first"

    def _pages(self, numbers: list[int], singular: str, plural: str) -> str:
        shown = ", ".join(map(str, numbers[:_MAX_NUMBERS]))
        if len(numbers) > _MAX_NUMBERS:
            shown += f" and {len(numbers) - _MAX_NUMBERS:,} more"
        verb = singular if len(numbers) == 1 else plural
        return f"{len(numbers):,} of {self.n_pages:,} pages ({shown}) {verb}"

    def _annotations(self, page: Any) -> Iterator[str]:
        """Give what a page's comments say, and what its form was filled in with."""
        raw = self._raw
        for number in range(raw.FPDFPage_GetAnnotCount(page)):
            annotation = raw.FPDFPage_GetAnnot(page, number)
            if not annotation:
                continue
            kind = raw.FPDFAnnot_GetSubtype(annotation)
            self._n_pinned += kind == raw.FPDF_ANNOT_FILEATTACHMENT
            if kind == raw.FPDF_ANNOT_WIDGET:
                text = self._field(annotation)
            elif kind in (raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP):
                text = ""
            else:
                text = self._value(annotation, b"Contents")
                author = " ".join(self._value(annotation, b"T").split())
                if text and kind != raw.FPDF_ANNOT_FREETEXT:  # which is written on the page
                    (text,) = comment_lines(author, [text])
            raw.FPDFPage_CloseAnnot(annotation)
            if text:
                self._count(text)
                yield text

    def _field(self, annotation: Any) -> str:
        """Give what a form's field holds, unless it is a button or a box to be ticked."""
        raw = self._raw
        if self._form is None or raw.FPDFAnnot_GetFormFieldType(self._form, annotation) not in (
            raw.FPDF_FORMFIELD_TEXTFIELD,
            raw.FPDF_FORMFIELD_COMBOBOX,
            raw.FPDF_FORMFIELD_LISTBOX,
        ):
            return ""
        return _string(
            lambda buffer, n: raw.FPDFAnnot_GetFormFieldValue(self._form, annotation, buffer, n),
            raw.FPDF_WCHAR,
        )

    def _value(self, annotation: Any, key: bytes) -> str:
        raw = self._raw
        return _string(
            lambda buffer, n: raw.FPDFAnnot_GetStringValue(annotation, key, buffer, n),
            raw.FPDF_WCHAR,
        )

    def _count(self, text: str) -> None:
        self._n_characters += len(text) + 1
        self._limits.check_characters(self._n_characters)


def _string(get: Callable[[Any, int], int], unit: Any) -> str:
    """Give a text that PDFium writes into a buffer; what it needs is known by asking."""
    n_bytes = get(None, 0)
    buffer = (unit * (n_bytes // ctypes.sizeof(unit) + 1))()
    get(buffer, n_bytes)
    text = bytes(buffer)[:n_bytes].decode("utf-16-le", "replace")
    return _cleaned(text.rstrip("\0")).strip().replace(BREAK, _NO_CHARACTER)


def _cleaned(text: str) -> str:
    """Have lines end in one way, and no sign of what is no character, but for that of a hyphen."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\N{SOFT HYPHEN}", "")
    return _NO_LETTERS.sub(_NO_CHARACTER, text)
