"""Files that were made to hang, to fill the memory or to break a reader: named, and the rest read.

What takes seconds here would take minutes or hours without what it tests.
"""

import json
import os
import socket
import sys
from zipfile import ZIP_BZIP2, ZIP_LZMA

import pytest

from tests.files.builders import (
    cell,
    paragraph,
    table,
    write_docx,
    write_docx_of_body,
    write_docx_part,
    write_pdf,
    write_pdf_of_one_stream,
)
from vectorlong.documents import Document
from vectorlong.files.formats.html import read_html
from vectorlong.files.formats.plain import read_plain
from vectorlong.files.limits import Limits
from vectorlong.files.opening import open_file
from vectorlong.files.records import BadRow, Columns
from vectorlong.files.source import FileSource
from vectorlong.files.tables.rows import read_csv, read_jsonl
from vectorlong.files.unreadable import UnreadableError
from vectorlong.files.word.docx import read_docx

ANY = Columns()
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def read(root, **limits):
    """Texts by id, and reasons by path."""
    source = FileSource([root], limits=Limits(**limits))
    texts = {document.id: document.text for document in source}
    return texts, {item.path: item.reason for item in source.left_out}


# --- HTML ----------------------------------------------------------------------------------------


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "markup",
    ["<a ", "<!--", "<![CDATA[", "<?", "</a ", "<meta", "&#", "<br>", "<script ", "<noscript "],
)
def test_markup_repeated_takes_no_time(tmp_path, markup):
    path = tmp_path / "a.html"
    path.write_text("<p>seen</p>" + markup * 200_000)
    assert next(read_html(path, ANY)).text.startswith("seen")


def test_a_number_of_any_length_is_no_character(tmp_path):
    path = tmp_path / "a.html"
    path.write_text("<p>&#" + "9" * 4_301 + "; seen")
    assert next(read_html(path, ANY)).text == "� seen"


def test_elements_nested_deep(tmp_path):
    path = tmp_path / "a.html"
    path.write_text("<b>" * 20_000 + "seen" + "</b>" * 20_000)
    assert next(read_html(path, ANY)).text == "seen"


@pytest.mark.parametrize("closed", ["<script src='x'/>", "<title/>", "<style />"])
def test_what_xhtml_closes_at_once_hides_nothing(tmp_path, closed):
    path = tmp_path / "a.html"
    path.write_text(
        f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head>{closed}</head>'
        "<body><p>seen</p></body></html>"
    )
    assert next(read_html(path, ANY)).text == "seen"


@pytest.mark.parametrize("declared", ["punycode", "utf-7", "unicode_escape", "idna", "utf-16"])
def test_only_encodings_of_the_web_are_believed(tmp_path, declared):
    path = tmp_path / "a.html"
    page = f"<meta charset={declared}><p>Où l'été a été sec, les élèves étaient déjà rentrés "
    path.write_bytes(page.encode("cp1252") + b"\\ud800+2AA-")
    content = next(read_html(path, ANY))
    assert content.text.startswith("Où l'été a été sec")
    assert content.facts == {"encoding": "cp1252"}


# --- tables --------------------------------------------------------------------------------------


@pytest.mark.timeout(60)
def test_tables_of_many_columns(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("," * 99_990 + ",text\n" + "," * 99_991 + "seen\n" + "short\n" * 20_000)
    rows = list(read_csv(path, ANY))
    assert rows[0].text == "seen"
    assert len(rows) == 20_001
    path.write_text("," * 100_000 + ",text\n")
    with pytest.raises(UnreadableError, match="has 100,002 columns; tables of up to 100,000"):
        next(read_csv(path, ANY))


def test_column_names_that_look_like_numbered_ones_keep_their_cells(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a (3),a,a,text\n1,2,3,t\n")
    assert next(read_csv(path, ANY)).metadata == {"a (3)": 1, "a": 2, "a (3) (3)": 3}


def test_rows_too_long_are_passed_over(root):
    (root / "a.jsonl").write_text(
        json.dumps({"text": "x" * 300_000}) + "\r\n" + json.dumps({"text": "seen"})
    )
    (root / "b.csv").write_text("text\nseen\n" + "\n" * 2_000 + '"' + "x\n" * 2_000)
    texts, reasons = read(root, characters=1_000)
    assert texts.pop("root/a.jsonl#2") == texts.pop("root/b.csv#1") == "seen"
    assert list(texts.values()) == ["x"] * 1_999  # the quote was opened and not closed
    too_long = "holds more than 1,000 characters of text; to allow more: --limit characters=2000"
    assert reasons == {
        "root/a.jsonl": f"row 1: {too_long}",
        "root/b.csv": f"row 2: line 2,003 {too_long}",
    }


def test_a_long_table_is_no_long_row(root):
    (root / "a.csv").write_text("text\n" + "row\n" * 5_000)
    (root / "b.jsonl").write_text('{"text": "row"}\n' * 5_000)
    texts, reasons = read(root, characters=100)
    assert (len(texts), reasons) == (10_000, {})


def test_a_header_too_long(root):
    (root / "a.csv").write_text('"' + "x" * 2_000)
    texts, reasons = read(root, characters=1_000)
    assert texts == {}
    assert reasons["root/a.csv"].startswith("holds more than 1,000 characters")


@pytest.mark.parametrize(
    "value", ["[" * 100_000, "9" * 5_000, '{"a":' * 100_000, "-" + "9" * 5_000]
)
def test_rows_that_json_refuses(tmp_path, value):
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"text": "x", "a": {value}}}\n{{"text": "seen"}}\n')
    bad, good = read_jsonl(path, ANY)
    assert isinstance(bad, BadRow)
    assert good.text == "seen"


def test_bad_rows_are_counted_not_kept(root):
    (root / "a.jsonl").write_text("x\n" * 10_000)
    texts, reasons = read(root)
    assert texts == {}
    assert reasons["root/a.jsonl"].startswith("10,000 rows, the first of them row 1: not JSON")


def test_a_reason_has_an_end(root):
    rows = [{"text": "x", "id": "i" * 100_000}] * 2
    (root / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    reason = read(root)[1]["root/a.jsonl"]
    assert reason.startswith("row 2: its id 'iii")
    assert len(reason) < 3_000


# --- Word ----------------------------------------------------------------------------------------


@pytest.mark.timeout(60)
@pytest.mark.parametrize("property", ["gridSpan", "gridBefore"])
def test_cells_that_span_two_billion_columns(tmp_path, property):
    wide = f'<w:{property} w:val="2000000000"/>'
    row = cell("wide", wide) + cell("next")
    if property == "gridBefore":
        row = f"<w:trPr>{wide}</w:trPr>" + cell("wide") + cell("next")
    path = write_docx_of_body(tmp_path / "a.docx", table(row, row))
    assert next(read_docx(path, ANY)).text == "wide\tnext\nwide\tnext"


@pytest.mark.timeout(60)
def test_cells_merged_down_and_across(tmp_path):
    goes_on = "<w:vMerge/>"
    rows = [
        cell("top", '<w:gridSpan w:val="2"/><w:vMerge w:val="restart"/>') + cell("a"),
        cell("", f'<w:gridSpan w:val="2"/>{goes_on}') + cell("b"),
        cell("", f'<w:gridSpan w:val="2"/>{goes_on}') + cell("c", goes_on),
        *[cell("", f'<w:gridSpan w:val="2"/>{goes_on}')] * 3_000,
    ]
    path = write_docx_of_body(tmp_path / "a.docx", table(*rows))
    lines = next(read_docx(path, ANY)).text.split("\n")
    assert lines[:3] == ["top\ta", "top\tb", "top\tc"], "what Word hides is not lost"
    assert lines[3:] == ["top"] * 3_000


def test_a_merged_cell_goes_on_in_its_column_whatever_spans_before_it(tmp_path):
    rows = [
        cell("wide", '<w:gridSpan w:val="2"/>') + cell("top", '<w:vMerge w:val="restart"/>'),
        cell("a") + cell("b") + cell("", "<w:vMerge/>"),
    ]
    path = write_docx_of_body(tmp_path / "a.docx", table(*rows))
    assert next(read_docx(path, ANY)).text == "wide\ttop\na\tb\ttop"


@pytest.mark.parametrize("packing", [ZIP_BZIP2, ZIP_LZMA])
def test_a_document_packed_as_word_never_does(tmp_path, packing):
    path = write_docx(tmp_path / "a.docx", ["x"])
    write_docx_part(path, "word/document.xml", b"x" * 9, packing)
    with pytest.raises(UnreadableError, match="packed in a way that Office programs do not read"):
        next(read_docx(path, ANY))


def test_a_document_that_unpacks_to_too_much(root):
    write_docx_of_body(root / "a.docx", "<w:p/>" * 500_000)
    write_docx_part(write_docx(root / "b.docx", ["seen"]), "word/media/a.bin", b"\0" * 3_000_000)
    texts, reasons = read(root, unpacked_mb=2)
    assert texts == {"root/b.docx": "seen"}, "pictures are not unpacked"
    assert reasons["root/a.docx"] == (
        "holds more than 2 MB, unpacked; to allow more: --limit unpacked_mb=4"
    )


def test_a_document_that_lies_about_its_size(tmp_path):
    """The directory says 9 bytes; what is there unpacks to three million."""
    path = write_docx(tmp_path / "a.docx", ["x"])
    write_docx_part(path, "word/document.xml", b" " * 3_000_000)
    content = path.read_bytes()
    size = (3_000_000).to_bytes(4, "little")
    assert content.count(size) == 2
    path.write_bytes(content.replace(size, (9).to_bytes(4, "little")))
    with pytest.raises(UnreadableError, match="is a damaged Word document"):
        next(read_docx(path, ANY))


def test_elements_of_a_document_nested_deep(tmp_path):
    body = "<w:sdt>" * 50_000 + paragraph("seen") + "</w:sdt>" * 50_000
    assert next(read_docx(write_docx_of_body(tmp_path / "a.docx", body), ANY)).text == "seen"


def test_entities_are_neither_multiplied_nor_fetched(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    tens = "".join(f'<!ENTITY e{number} "{f"&e{number - 1};" * 10}">' for number in range(1, 10))
    before = f'<!DOCTYPE w:document [<!ENTITY e0 "ten">{tens}]>'
    outside = f'<!DOCTYPE w:document [<!ENTITY e9 SYSTEM "{secret.as_uri()}">]>'
    for declared in (before, outside, f'<!DOCTYPE w:document SYSTEM "{secret.as_uri()}">'):
        path = write_docx_of_body(tmp_path / "a.docx", paragraph("&e9;"), before=declared)
        with pytest.raises(UnreadableError, match="it declares a document type"):
            next(read_docx(path, ANY))
    path = write_docx_of_body(tmp_path / "a.docx", paragraph("&e9;"))
    with pytest.raises(UnreadableError, match="is a damaged Word document"):
        next(read_docx(path, ANY))


# --- limits of every type ------------------------------------------------------------------------


def test_texts_too_long_are_named_whatever_their_type(root):
    long = "ten chars " * 200
    for name in ("a.txt", "a.md", "a.html", "b.txt"):
        (root / name).write_text("seen" if name == "b.txt" else long)
    write_docx(root / "a.docx", ["ten chars "] * 200)
    write_pdf_of_one_stream(root / "a.pdf", 300, b"BT /F1 9 Tf 9 9 Td (ten chars) Tj ET")
    texts, reasons = read(root, characters=1_000)
    assert texts == {"root/b.txt": "seen"}
    assert set(reasons) == {f"root/a.{kind}" for kind in ("txt", "md", "html", "docx", "pdf")}
    assert set(reasons.values()) == {
        "holds more than 1,000 characters of text; to allow more: --limit characters=2000"
    }
    assert len(read(root)[0]) == 6


def test_a_text_that_must_be_too_long_is_not_even_read(root, monkeypatch):
    monkeypatch.setattr("vectorlong.files.formats.plain.read_text", None)
    (root / "a.txt").touch()
    os.truncate(root / "a.txt", 500_000_000)
    assert read(root)[1]["root/a.txt"].startswith("holds more than 20,000,000 characters of text")


def test_files_too_large_are_named_whatever_their_type(root):
    for kind in ("html", "docx", "pdf"):
        (root / f"a.{kind}").write_bytes(b" " * 1_000_001)
    texts, reasons = read(root, unpacked_mb=1)
    assert texts == {}
    assert {reasons[f"root/a.{kind}"] for kind in ("html", "pdf")} == {
        "holds more than 1 MB, unpacked; to allow more: --limit unpacked_mb=2"
    }


@pytest.mark.timeout(120)
def test_files_that_take_too_long_are_named_and_the_next_are_read(root):
    """The first hangs in a parser's C code, the second in Python."""
    (root / "a.html").write_text("".join(f"<font color={n}>" for n in range(60_000)))
    stream = b"BT /F1 9 Tf 9 9 Td " + b"(word) Tj 0 -9 Td " * 3_000 + b"ET"
    write_pdf_of_one_stream(root / "b.pdf", 3_000, stream)
    (root / "c.html").write_text("<p>seen")
    (root / "d.html").write_text("<p>seen, too")
    texts, reasons = read(root, seconds=2)
    assert texts == {"root/c.html": "seen", "root/d.html": "seen, too"}
    late = "takes more than 2 s to read; to allow more: --limit seconds=4"
    assert reasons == {"root/a.html": late, "root/b.pdf": late}


@pytest.mark.timeout(120)
@pytest.mark.skipif(sys.platform != "linux", reason="the system limits no memory")
def test_files_that_take_too_much_memory_are_named_and_the_next_are_read(root):
    write_docx_of_body(root / "a.docx", paragraph("😀" * 15_000_000))
    (root / "b.html").write_text("<p>x" * 2_000_000)
    (root / "c.html").write_text("<p>seen")
    texts, reasons = read(root, memory_mb=150)
    assert texts == {"root/c.html": "seen"}
    taken = "needs more than 150 MB of memory to be read; to allow more: --limit memory_mb=300"
    assert reasons["root/a.docx"] == taken
    assert reasons["root/b.html"] == taken


@pytest.mark.timeout(120)
@pytest.mark.skipif(sys.platform != "linux", reason="the system limits no memory")
def test_a_pdf_that_unpacks_to_too_much_is_named_and_the_next_is_read(root):
    write_pdf_of_one_stream(root / "a.pdf", 1, b" " * 300_000_000)
    write_pdf(root / "b.pdf", [["seen"]])
    texts, reasons = read(root, memory_mb=150)
    assert texts == {"root/b.pdf": "seen"}
    assert reasons["root/a.pdf"].endswith("to allow more: --limit memory_mb=300")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("content", [b"q ", b"[", b"<<", b"(", b"BT ", b"/F1 9 Tf "])
def test_repeated_signs_of_a_pdf_take_no_time(root, content):
    write_pdf_of_one_stream(root / "a.pdf", 1, content * 1_000_000)
    assert read(root)[1]["root/a.pdf"].startswith("holds no text")


def test_offsets_before_the_beginning_are_damage(root):
    """Found by fuzzing: the system's refusal to seek there was taken for a fault of the disk."""
    content = write_docx(root / "a.docx", ["x"]).read_bytes()
    place = int.from_bytes(content[-6:-2], "little") + 100_000
    (root / "a.docx").write_bytes(content[:-6] + place.to_bytes(4, "little") + content[-2:])
    body = b"1 0 obj\nzoo\nendobj\n"
    (root / "a.pdf").write_bytes(
        body + b"xref\n0 2\n0000000000 65535 f \n0000000000 00000 n \n"
        b"trailer\n<< /Root 1 0 R /Size 2 >>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    )
    reasons = read(root)[1]
    assert reasons["root/a.docx"].startswith("is a damaged Word document")
    assert reasons["root/a.pdf"].startswith("is a damaged PDF")


# --- what is no file, or no longer what it was ---------------------------------------------------


@POSIX
@pytest.mark.timeout(60)
def test_what_is_no_file_is_named(root, monkeypatch):
    for kind in ("txt", "html", "csv", "docx"):
        os.mkfifo(root / f"pipe.{kind}")
    (root / "endless.txt").symlink_to("/dev/zero")
    (root / "random.html").symlink_to("/dev/urandom")
    monkeypatch.chdir(root)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.pdf")
        texts, reasons = read(root)
    assert texts == {}
    assert len(reasons) == 7
    assert set(reasons.values()) == {"is not an ordinary file"}


@POSIX
@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["txt", "md", "csv", "jsonl", "html", "pdf", "docx"])
def test_a_file_replaced_before_it_is_read(root, kind):
    """Not even opening a pipe may wait, and no device is read."""
    for name in ("pipe", "device", "gone"):
        (root / f"{name}.{kind}").write_text("x")
    source = FileSource([root])
    for path in root.iterdir():
        path.unlink()
    os.mkfifo(root / f"pipe.{kind}")
    (root / f"device.{kind}").symlink_to("/dev/zero")
    assert list(source) == []
    reasons = {item.path: item.reason for item in source.left_out}
    assert reasons[f"root/pipe.{kind}"] == "is not an ordinary file"
    assert "No such file" in reasons[f"root/gone.{kind}"]
    assert f"root/device.{kind}" in reasons


@pytest.mark.parametrize("kind", ["txt", "csv"])
def test_a_file_that_grows_ends_where_it_ended(root, kind):
    path = root / f"a.{kind}"
    path.write_text("text\n" + "row\n" * 10)
    with open_file(path) as file, path.open("a") as growing:
        growing.write("more\n" * 100_000)
        growing.flush()
        assert file.seek(0, os.SEEK_END) == 45
        file.seek(0)
        assert file.read() == b"text\n" + b"row\n" * 10
        assert file.read(1) == b""
        file.seek(40)
        assert file.read(100) == b"\nrow\n"
        with pytest.raises(ValueError, match="seeks to byte -1"):
            file.raw.seek(-1)


def test_a_table_cut_while_it_is_read(root):
    path = root / "a.csv"
    path.write_text("text\n" + "a row of some length\n" * 100_000)
    (root / "b.txt").write_text("seen")
    documents = iter(FileSource([root]))
    assert isinstance(next(documents), Document)
    os.truncate(path, 5)
    *_, last = documents
    assert last.text == "seen"


@pytest.mark.parametrize(
    "error", [ValueError("x\ny"), RecursionError(), MemoryError(), KeyError(1)]
)
def test_whatever_a_reader_raises_is_the_reason(root, monkeypatch, error):
    def broken(*_):
        yield from read_plain(root / "b.txt", ANY)
        raise error

    (root / "a.csv").write_text("x")
    (root / "b.txt").write_text("seen")
    monkeypatch.setitem(sys.modules["vectorlong.files.source"]._READERS, "csv", broken)
    source = FileSource([root])
    assert [document.text for document in source] == ["seen", "seen"]
    (left_out,) = source.left_out
    assert left_out.path == "root/a.csv"
    assert left_out.reason.startswith("cannot be read: ")
    assert "\n" not in left_out.reason


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interruption_is_no_reason(root, monkeypatch, error):
    def interrupted(*_):
        raise error
        yield

    (root / "a.csv").write_text("x")
    monkeypatch.setitem(sys.modules["vectorlong.files.source"]._READERS, "csv", interrupted)
    with pytest.raises(error):
        list(FileSource([root]))


def test_what_a_check_raises_by_mistake_is_no_reason(root):
    def broken(document):
        raise KeyError("a bug of the check's own")

    (root / "a.txt").write_text("x")
    with pytest.raises(KeyError, match="a bug of the check's own"):
        list(FileSource([root], check=broken))


# --- folders -------------------------------------------------------------------------------------


@POSIX
@pytest.mark.parametrize(("name", "n_levels"), [("f" * 100, 60), ("f", 1_500)])
def test_folders_nested_deep(root, name, n_levels, monkeypatch):
    """The first is deeper than a path may be long, the second than Python calls may be nested."""
    (root / "z.txt").write_text("seen")
    monkeypatch.chdir(root)
    for _ in range(n_levels):
        os.mkdir(name)
        os.chdir(name)
    with open("deepest.txt", "w") as file:
        file.write("deep")
    texts, reasons = read(root)
    try:
        assert texts["root/z.txt"] == "seen"
        if n_levels == 60:
            assert set(reasons.values()) == {"cannot be opened (File name too long)"}
        else:
            assert ("root" + "/f" * 1_500 + "/deepest.txt", "deep") in texts.items()
    finally:
        os.remove("deepest.txt")  # pytest's own cleaning up does not get that far
        for _ in range(n_levels):
            os.chdir("..")
            os.rmdir(name)


@POSIX
def test_links_that_go_round(root):
    (root / "a.txt").write_text("seen")
    (root / "sub").mkdir()
    (root / "sub/up").symlink_to(root)
    (root / "x").symlink_to("y")
    (root / "y").symlink_to("x")
    texts, reasons = read(root)
    assert texts == {"root/a.txt": "seen"}
    assert "link to a folder" in reasons["root/sub/up"]
    assert "cannot be opened" in reasons["root/x"]


def test_paths_that_cannot_be(tmp_path):
    from vectorlong.errors import InputValueError

    with pytest.raises(InputValueError, match="cannot be opened"):
        FileSource([tmp_path / ("f" * 1_000)])
    with pytest.raises(InputValueError, match="cannot be opened"):
        FileSource([tmp_path / "a\0b"])
