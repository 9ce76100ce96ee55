"""Folders: which documents come out, under which ids, and what is said of the rest."""

import json
import os
import sys
from pathlib import PurePath

import pytest

from tests.files import opendocument
from tests.files.builders import write_docx, write_pdf
from tests.files.epub import write_epub
from tests.files.opendocument import write_opendocument
from tests.files.sheets import rows, sheet, write_xlsx
from tests.files.slides import lines, shape, slide, write_pptx
from vectorlong.documents import Document
from vectorlong.errors import InputValueError
from vectorlong.files.file_position import find_position
from vectorlong.files.file_types import FILE_TYPES, PLAIN_TYPES, type_of
from vectorlong.files.records import Columns, Content, LeftOut, Remark
from vectorlong.files.source import FileSource


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def write(root, name, content="text"):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def ids(*paths, **options):
    return [document.id for document in FileSource(list(paths), **options)]


def test_ids_begin_with_the_folder_and_keep_their_order(root):
    for name in ("b.txt", "a.md", "sub/deep/c.HTML", "sub/d.txt"):
        write(root, name)
    expected = ["root/a.md", "root/b.txt", "root/sub/d.txt", "root/sub/deep/c.HTML"]
    assert ids(root) == expected
    assert ids(root) == expected


def test_a_file_has_the_same_id_alone_and_in_its_folder(root, monkeypatch):
    path = write(root, "a.txt")
    assert ids(path) == ids(root) == ids(path, root) == ["root/a.txt"]
    monkeypatch.chdir(root)
    assert ids(type(path)(".")) == ids(type(path)("a.txt")) == ["root/a.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_to_a_file_has_the_same_id_alone_and_in_its_folder(root, tmp_path):
    (root / "link.txt").symlink_to(write(tmp_path, "outside/o.txt"))
    assert ids(root / "link.txt") == ids(root) == ["root/link.txt"]


def test_two_folders_of_one_name_are_refused(tmp_path):
    for parent in ("x", "y"):
        write(tmp_path, f"{parent}/docs/a.txt")
    with pytest.raises(InputValueError, match="both called 'docs'"):
        FileSource([tmp_path / "x/docs", tmp_path / "y/docs"])
    assert ids(tmp_path) == [f"{tmp_path.name}/{parent}/docs/a.txt" for parent in ("x", "y")]


def test_missing_paths_are_named(root):
    with pytest.raises(InputValueError, match=r"no file or folder .*nowhere"):
        FileSource([root / "nowhere"])


def test_hidden_files_locks_and_the_excluded_folder_are_passed_over(root):
    for name in (".git/a.txt", ".hidden.txt", "~$word.docx", "index/b.txt", "seen.txt"):
        write(root, name)
    source = FileSource([root], exclude=root / "index")
    assert [document.id for document in source] == ["root/seen.txt"]
    assert source.left_out == []


def test_metadata(root):
    write(root, "a.md", "# Title\n")
    write(root, "b.csv", "text,file,year\nx,own,1999\n")
    first, second = FileSource([root])
    assert first.metadata == {"title": "Title", "file": {"path": "root/a.md", "type": "md"}}
    assert second.id == "root/b.csv#1"
    assert second.metadata == {
        "year": 1999,
        "file": {"path": "root/b.csv", "type": "csv", "row": 1, "column": "own"},
    }


def test_whatever_cannot_be_read_is_listed_and_the_rest_is_read(root):
    write(root, "empty.txt", " \n")
    write(root, "image.png")
    write(root, "LICENSE")
    write(root, "no_text.csv", "a,b\n1,2\n")
    write(root, "rows.jsonl", '{"text": "good"}\nbad\n{"text": " "}\n{"text": "\\ud800"}\n')
    (root / "binary.txt").write_bytes(b"\x00\x01\x02\x00\x00")
    (root / "damaged.pdf").write_bytes(b"%PDF-1.4")
    source = FileSource([root])
    assert [document.id for document in source] == ["root/rows.jsonl#1"]
    reasons = {item.path.removeprefix("root/"): item.reason for item in source.left_out}
    assert reasons["empty.txt"] == "holds no text"
    assert reasons["image.png"] == (
        "files of type .png are not read; text in pictures needs recognition first"
    )
    assert reasons["LICENSE"] == "files without an extension are not read"
    assert "its columns are: a, b" in reasons["no_text.csv"]
    assert reasons["rows.jsonl"].startswith("3 rows, the first of them row 2: not JSON")
    assert "zero bytes" in reasons["binary.txt"]
    assert "damaged PDF" in reasons["damaged.pdf"]
    assert source.n_files == source.n_files_read == 5


def test_lone_surrogates_in_a_row_are_refused_with_their_reason(root):
    write(root, "a.jsonl", '{"text": "ok", "note": ["\\udc80"]}\n{"text": "ok", "id": "\\ud800"}')
    source = FileSource([root])
    assert list(source) == []
    assert "2 rows, the first of them row 1: holds lone surrogates" in source.left_out[0].reason


def test_an_id_belongs_to_its_first_row(root):
    write(root, "a.jsonl", '{"id": "x", "text": "first"}\n{"id": "x", "text": "second"}\n')
    write(root, "b.csv", "id,text\nx,third\ny,fourth\n")
    source = FileSource([root])
    assert [(document.id, document.text) for document in source] == [
        ("x", "first"),
        ("y", "fourth"),
    ]
    assert [item.reason for item in source.left_out] == [
        "row 2: its id 'x' is that of root/a.jsonl, row 1; see --id-column",
        "row 1: its id 'x' is that of root/a.jsonl, row 1; see --id-column",
    ]


def test_an_id_that_names_another_document_is_refused(root):
    write(root, "a.txt")
    rows = [{"text": "x", "id": name} for name in ("root/a.txt", "root/b.jsonl#3", "free")]
    write(
        root, "b.jsonl", "\n".join(map(json.dumps, [*rows, {"text": "y", "id": "root/b.jsonl#4"}]))
    )
    source = FileSource([root])
    assert [document.id for document in source] == ["root/a.txt", "free", "root/b.jsonl#4"]
    (left_out,) = source.left_out
    assert left_out.reason.startswith(
        "2 rows, the first of them row 1: its id 'root/a.txt' is the name of a document"
    )


def test_reading_again_starts_anew(root):
    write(root, "a.txt")
    write(root, "b.txt", "")
    source = FileSource([root])
    assert list(source) == list(source)
    assert source.left_out == [LeftOut("root/b.txt", "holds no text")]


def test_columns_are_passed_on(root):
    write(root, "a.csv", "key,body,abstract\nk,b,a\n")
    (document,) = FileSource([root], Columns("abstract", "key"))
    assert (document.id, document.text) == ("k", "a")


def test_other_encodings_are_noted(root):
    (root / "a.txt").write_bytes("où est l’été déjà passé".encode("cp1252"))
    source = FileSource([root])
    (document,) = source
    assert source.other_encodings == {"root/a.txt": "cp1252"}
    assert document.metadata["file"]["encoding"] == "cp1252"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other links and names")
def test_links_pipes_and_names_that_are_no_text(root, tmp_path):
    write(tmp_path, "outside/o.txt")
    (root / "loop").symlink_to(root)
    (root / "link.txt").symlink_to(tmp_path / "outside/o.txt")
    (root / "dangling.txt").symlink_to(tmp_path / "nowhere")
    os.mkfifo(root / "pipe.txt")
    with open(os.fsencode(root) + b"/caf\xe9.txt", "w") as file:
        file.write("text")
    source = FileSource([root])
    assert [document.id for document in source] == ["root/caf\\xe9.txt", "root/link.txt"]
    reasons = {item.path: item.reason for item in source.left_out}
    assert "link to a folder" in reasons["root/loop"]
    assert "cannot be opened" in reasons["root/dangling.txt"]
    assert reasons["root/pipe.txt"] == "is not an ordinary file"


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not stop root"
)
def test_files_and_folders_without_permission_are_listed(root):
    write(root, "a.txt").chmod(0)
    write(root, "sub/b.txt").parent.chmod(0)
    source = FileSource([root])
    try:
        assert list(source) == []
    finally:
        (root / "sub").chmod(0o700)
    assert {item.path for item in source.left_out} == {"root/a.txt", "root/sub"}


def test_a_file_that_vanishes_is_listed(root):
    path = write(root, "a.txt")
    source = FileSource([root])
    path.unlink()
    assert list(source) == []
    assert "cannot be read (No such file" in source.left_out[0].reason


def write_one_of_each(root):
    for kind in PLAIN_TYPES:
        write(root, f"a.{kind}", "Needle\r\n")
    for kind in ("html", "htm", "xhtml", "xml"):
        write(root, f"a.{kind}", "<p>Needle</p>")
    for kind in ("jsonl", "ndjson", "json"):
        write(root, f"a.{kind}", json.dumps({"text": "Needle"}))
    write(root, "a.csv", "text\nNeedle\n")
    write(root, "a.tsv", "text\tx\nNeedle\t1\n")
    write(root, "a.eml", "From: a@x.org\n\nNeedle\n")
    write(root, "a.rtf", r"{\rtf1 Needle\par}")
    write_pdf(root / "a.pdf", [["Needle"]])
    for kind in ("docx", "docm", "dotx", "dotm"):
        write_docx(root / f"a.{kind}", ["Needle"])
    needle = {"S": sheet(rows(["text"], ["Needle"]))}
    for kind in ("xlsx", "xlsm", "xltx", "xltm", "xlsb", "xls", "ods"):  # told by what they hold
        write_xlsx(root / f"a.{kind}", needle)
    for kind in ("pptx", "pptm", "ppsx", "ppsm", "potx", "potm"):
        write_pptx(root / f"a.{kind}", [slide(shape(lines("Needle")))])
    write_epub(root / "a.epub", ["<p>Needle</p>"])
    for kind in ("odt", "ott"):
        write_opendocument(root / f"a.{kind}", "<text:p>Needle</text:p>")
    for kind in ("odp", "otp", "odg"):
        write_opendocument(root / f"a.{kind}", opendocument.slide(opendocument.box("Needle")))


def test_a_file_that_changes_while_it_is_read_is_listed(root, monkeypatch):
    write(root, "a.txt")
    write(root, "b.txt")
    monkeypatch.setattr("vectorlong.files.encodings.decoding.find_encoding", lambda *_: "ascii")
    write(root, "a.txt", "é")
    source = FileSource([root])
    assert [document.id for document in source] == ["root/b.txt"]
    assert source.left_out == [LeftOut("root/a.txt", "was changed while it was read")]


def test_links_in_a_circle_are_listed(root):
    write(root, "a.txt")
    (root / "loop.txt").symlink_to("loop.txt")
    source = FileSource([root])
    assert [document.id for document in source] == ["root/a.txt"]
    (left_out,) = source.left_out
    assert left_out.path == "root/loop.txt"
    assert "cannot be opened" in left_out.reason


@pytest.mark.parametrize("kind", ["docx", "pdf", "xlsx", "odt", "epub", "rtf", "html"])
def test_empty_files_are_called_that(root, kind):
    write(root, f"a.{kind}", "")
    source = FileSource([root])
    assert list(source) == []
    assert source.left_out == [LeftOut(f"root/a.{kind}", "is empty")]


def test_tables_without_rows_are_listed(root):
    write(root, "a.jsonl", "\n")
    write(root, "b.csv", "id,text\n")
    source = FileSource([root])
    assert list(source) == []
    assert source.left_out == [
        LeftOut(f"root/{name}", "holds no rows") for name in ("a.jsonl", "b.csv")
    ]


def test_what_fails_the_check_is_listed(root):
    def check(document):
        if "bad" in document.text:
            raise InputValueError("is bad")

    write(root, "a.txt", "bad")
    write(
        root, "b.jsonl", '{"text": "good"}\n{"text": "bad", "id": "x"}\n{"text": "x", "id": "x"}\n'
    )
    source = FileSource([root], check=check)
    assert [document.id for document in source] == ["root/b.jsonl#1", "x"]
    assert source.left_out == [
        LeftOut("root/a.txt", "is bad"),
        LeftOut("root/b.jsonl", "row 2: is bad"),
    ]


def test_remarks_on_files_that_are_read(root, monkeypatch):
    def partly(path, *_):
        yield Content(path.read_text(), remarks=("2 pictures are not read", "x" * 5_000))

    monkeypatch.setitem(sys.modules["vectorlong.files.source"]._READERS, "txt", partly)
    write(root, "a.txt")
    write(root, "b.txt", "")
    source = FileSource([root])
    for _ in range(2):  # each reading has its own
        assert [document.id for document in source] == ["root/a.txt"]
        assert source.remarks == [
            Remark("root/a.txt", "2 pictures are not read"),
            Remark("root/a.txt", "x" * 2_000 + "..."),
        ]
    (left_out,) = source.left_out
    assert left_out.path == "root/b.txt"
    assert left_out.reason.startswith("holds no text; 2 pictures are not read; xxx")
    assert source.accounts_for("root/a.txt")
    assert not source.accounts_for("root/b.txt")


def test_every_type_is_read(root):
    write_one_of_each(root)
    documents = list(FileSource([root]))
    assert {document.text.strip() for document in documents} == {"Needle"}
    kinds = {document.metadata["file"]["type"] for document in documents}
    assert kinds == {type_of(PurePath(f"a.{kind}")) for kind in FILE_TYPES}
    assert len(documents) == len(FILE_TYPES)


# --- places --------------------------------------------------------------------------------------


SHEETS = [{"name": "A", "start": 0, "row": 5}, {"name": "B", "start": 3, "row": 8}]


@pytest.mark.parametrize(
    ("document", "needle", "place"),
    [
        (Document("a", "x\r\ny\rz\nneedle", {"file": {"type": "txt"}}), "needle", "line 4"),
        (Document("a", "x\n\n  needle", {"file": {"type": "md"}}), "\n\n  needle", "line 3"),
        (Document("a", "x\nneedle", {"file": {"type": "html"}}), "needle", "line 2 of its text"),
        (Document("a", "needle", {"file": {"type": "csv", "row": 7}}), "needle", "row 7"),
        (
            Document("a", "x\nneedle", {"file": {"type": "jsonl", "row": 7}}),
            "needle",
            "row 7, line 2 of its text",
        ),
        (
            Document("a", "one\ntwo\nx\nneedle", {"file": {"type": "pdf", "page_starts": [0, 8]}}),
            "needle",
            "page 2, line 2",
        ),
        (
            Document("a", "one\ntwo\nx\nneedle", {"file": {"slide_starts": [0, 8]}}),
            "needle",
            "slide 2, line 2",
        ),
        (
            Document("a", "x\nneedle", {"file": {"type": "epub", "chapter_starts": [0]}}),
            "needle",
            "chapter 1, line 2",
        ),
        (
            Document("a", "x\nneedle", {"file": {"type": "xlsx", "sheet": "Prices", "row": 7}}),
            "needle",
            "sheet Prices, row 7, line 2 of its text",
        ),
        (Document("a", "x\n\ny\nneedle", {"file": {"sheets": SHEETS}}), "needle", "sheet B, row 9"),
        (Document("a", "x\n\ny\nneedle", {"file": {"sheets": SHEETS}}), "y", "sheet B, row 8"),
        (Document("a", "x\nneedle", {"file": {"sheets": SHEETS}}), "needle", "sheet A, row 6"),
        (Document("a", "x\nneedle", {"file": {"sheets": [7]}}), "needle", "line 2"),
        (Document("a", "x\nneedle"), "needle", "line 2"),
        (Document("a", "x\nneedle", {"file": "own metadata"}), "needle", "line 2"),
        (Document("a", "x\nneedle", {"file": {"page_starts": 5}}), "needle", "line 2"),
        (Document("a", "x\nneedle", {"file": {"page_starts": ["a"]}}), "needle", "line 2"),
        (Document("a", "x\nneedle", {"file": {"page_starts": [10**30]}}), "needle", "line 2"),
        (Document("a", "x\nneedle", {"file": {"page_starts": [-1]}}), "needle", "line 2"),
        (Document("a", "x\nneedle", {"file": {"row": {"a": "\x1b"}}}), "needle", "line 2"),
    ],
)
def test_places(document, needle, place):
    start = document.text.index(needle)
    assert str(find_position(document.text, document.metadata, start)) == place


def test_page_at_its_first_and_last_character():
    metadata = {"file": {"type": "pdf", "page_starts": [0, 4, 4, 9]}}
    text = "one\n" + "four\n" + "last"
    assert [find_position(text, metadata, start).page for start in (0, 2, 4, 7, 9, 12)] == [
        1,
        1,
        3,
        3,
        4,
        4,
    ]


# --- what an earlier reading had -----------------------------------------------------------------


def accounted(source, *paths):
    assert not any(map(source.accounts_for, paths)), "before all is read nothing is known"
    list(source)
    return [path for path in paths if source.accounts_for(path)]


def test_files_that_are_gone_are_told_from_those_elsewhere(root):
    write(root, "a.txt")
    write(root, ".hidden.txt")
    write(root, "empty.txt", "")
    write(root, "picture.png")
    gone = ["root/gone.txt", "root/sub/gone.txt"]
    kept = ["root/.hidden.txt", "root/empty.txt", "root/picture.png", "other/a.txt", "rooted/a.txt"]
    assert accounted(FileSource([root]), *gone, "root/a.txt", *kept) == [*gone, "root/a.txt"]


def test_of_a_file_alone_only_its_rows_are_known(root):
    table = write(root, "t.csv", "text\nrow\n")
    paths = ("root/gone.txt", "root/t.csv", "root/t.csv/gone.txt")
    assert accounted(FileSource([table]), *paths) == ["root/t.csv"]


def test_rows_of_a_table_with_a_bad_row_are_not_known(root):
    table = write(root, "t.csv", 'text\nrow\n""\n')
    assert accounted(FileSource([root, table]), "root/t.csv") == []


def test_nothing_is_known_below_a_folder_that_cannot_be_read(root, monkeypatch):
    write(root, "a.txt")
    write(root, "closed/b.txt")
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    paths = ("root/closed/gone.txt", "root/closed.txt")
    assert accounted(FileSource([root]), *paths) == ["root/closed.txt"]


def test_a_file_that_is_read_under_another_name_is_not_gone(root):
    write(root, "sub/a.txt")
    assert accounted(FileSource([root, root / "sub"]), "sub/a.txt", "sub/b.txt") == ["sub/b.txt"]
