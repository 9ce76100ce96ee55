"""Fuzzes one reader: ``python -m tests.fuzz.fuzz_reader html -max_total_time=60``.

Further options are libFuzzer's. A reader may refuse whatever it is given, with its own error. Any
other exception, a crash, and an input that takes seconds are failures: the input is then left in
``.fuzz/found``, and the same command with its path reads it again. The corpus grows in
``.fuzz/corpus`` from seeds that the tests' own builders write. Needs the extra ``fuzz``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import atheris

with atheris.instrument_imports(include=["vectorlong.files"]):
    from vectorlong.files.formats.epub import read_epub
    from vectorlong.files.formats.html import read_html
    from vectorlong.files.formats.mail import read_eml
    from vectorlong.files.formats.pdf import read_pdf
    from vectorlong.files.formats.plain import read_markdown
    from vectorlong.files.formats.rtf import read_rtf
    from vectorlong.files.formats.xml_text import read_xml
    from vectorlong.files.limits import Limits
    from vectorlong.files.office.package import Package
    from vectorlong.files.opendocument.document import read_opendocument
    from vectorlong.files.opening import open_file
    from vectorlong.files.records import Columns, Content
    from vectorlong.files.sheets.workbook_parts import read_beside
    from vectorlong.files.slides.pptx import read_pptx
    from vectorlong.files.tables.rows import read_csv, read_json, read_jsonl
    from vectorlong.files.unreadable import UnreadableError, damage
    from vectorlong.files.word.docx import read_docx

from tests.fuzz.seeds import write_dictionary, write_seeds


def _read_beside(path: Path, _: Columns, limits: Limits) -> Iterator[Content]:
    """Read what is beside a workbook's cells.

    Cells are left out: where memory ends Rust ends the process, as it should in that of a reader.
    """
    with open_file(path) as file, damage("workbook"):
        beside = read_beside(Package(file, limits, "workbook"), limits)
    for lines in beside.lines.values():
        yield Content("\n".join(line for _, line in lines))


_READERS = {
    "html": read_html,
    "csv": read_csv,
    "jsonl": read_jsonl,
    "json": read_json,
    "xml": read_xml,
    "eml": read_eml,
    "rtf": read_rtf,
    "docx": read_docx,
    "pptx": read_pptx,
    "xlsx": _read_beside,
    "ods": _read_beside,
    "epub": read_epub,
    "odt": read_opendocument,
    "pdf": read_pdf,
    "plain": read_markdown,
}
# Half of their inputs are made UTF-8, lest most be refused for their encoding.
_TEXTUAL = ("html", "csv", "jsonl", "json", "xml")
_LIMITS = Limits(characters=1_000_000, unpacked_mb=20)
# In which archive, as which part of it, inputs that are no archives themselves are read, so that
# mutations reach past checksums.
_BODIES = {
    "docx": ("seed-word.docx", "word/document.xml"),
    "pptx": ("slides.pptx", "ppt/slide-1.xml"),
    "xlsx": ("sheets.xlsx", "xl/drawing-1.xml"),
    "ods": ("seed-sheets.ods", "content.xml"),
    "epub": ("seed-book.epub", "OEBPS/content.opf"),
    "odt": ("awkward.odt", "content.xml"),
}


def _fuzz(kind: str, options: list[str]) -> None:
    work = Path(".fuzz")
    corpus, found = work / "corpus" / kind, work / "found"
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    write_seeds(kind, corpus)
    write_dictionary(kind, work / f"{kind}.dict")
    path = Path(tempfile.mkdtemp()) / f"fuzz.{kind}"

    def read(data: bytes) -> None:
        if kind in _BODIES and not data.startswith(b"PK"):
            package, part = _BODIES[kind]
            data = _with_part((corpus / package).read_bytes(), part, data)
        if kind in _TEXTUAL and len(data) % 2:
            data = data.decode("utf-8", "replace").encode()
        path.write_bytes(data)
        with suppress(UnreadableError):
            list(_READERS[kind](path, Columns(), _LIMITS))

    if all(option.startswith("-") for option in options):
        options = [str(corpus), *options]
    ours = ["-timeout=5", "-rss_limit_mb=3000", f"-dict={work}/{kind}.dict"]
    atheris.Setup([sys.argv[0], f"-artifact_prefix={found}/{kind}-", *ours, *options], read)
    atheris.Fuzz()


def _with_part(package: bytes, name: str, content: bytes) -> bytes:
    """An archive with another content of one part."""
    result = BytesIO()
    with ZipFile(BytesIO(package)) as old, ZipFile(result, "w") as new:
        for entry in old.infolist():
            new.writestr(entry.filename, content if entry.filename == name else old.read(entry))
    return result.getvalue()


if __name__ == "__main__":
    _fuzz(sys.argv[1], sys.argv[2:])
