"""``vectorlong read`` prints what would be indexed, to the byte."""

import json

import pytest

from tests.files.builders import write_docx
from tests.files.sheets import rows, sheet, write_xlsx
from vectorlong import DocumentIndex


@pytest.fixture
def docs(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    "text", ["a\r\nb\tc\x0c\n\n", "no line end", "\x1b[1mnot steered\x1b[0m", "中文 😀\u2028\r"]
)
def test_the_text_is_written_as_it_is(docs, run, text):
    (docs / "a.txt").write_bytes(text.encode())
    result = run("read", docs / "a.txt")
    assert result.stdout_bytes == text.encode()
    assert result.stderr == ""


def test_offsets_of_an_index_are_those_of_what_is_read(docs, tmp_path, encoders, run, run_json):
    (docs / "a.html").write_bytes("<p>Größe<p>where is the purple needle".encode("cp1252"))
    write_docx(docs / "b.docx", ["First.", "A purple needle."], [["a", "b"]])
    run_json("index", docs, "--into", tmp_path / "index", "--encoding", "cp1252")
    with DocumentIndex.open(tmp_path / "index", read_only=True) as index:
        for name in ("a.html", "b.docx"):
            result = run("read", docs / name, "--encoding", "cp1252")
            assert result.stdout_bytes == index.get(f"docs/{name}").text.encode()


def test_what_was_left_out_is_said(docs, run, run_json):
    path = docs / "a.html"
    path.write_text("<title>T</title><p>seen<p hidden>not seen")
    result = run("read", path)
    assert result.stdout == "seen"
    assert "hidden text is not read" in result.stderr
    answer = run_json("read", path)
    assert answer["documents"] == [
        {
            "id": "docs/a.html",
            "metadata": {"title": "T", "file": {"path": "docs/a.html", "type": "html"}},
            "text": "seen",
        }
    ]
    assert answer["remarks"][0]["path"] == "docs/a.html"
    assert answer["left_out"] == []


def test_rows_of_a_table(docs, run, run_json):
    path = docs / "a.csv"
    path.write_text('id,text,year\n,one,1\nx,"two\nlines",2\n3,\n,"open,4\n')
    result = run("read", path)
    assert result.stdout == "==> docs/a.csv#1 <==\none\n==> x <==\ntwo\nlines\n"
    assert "2 rows, the first of them row 3: holds no text" in result.stderr
    assert run("read", path, "--row", "2").stdout == "two\nlines"
    assert run_json("read", path, "--row", "2")["documents"][0]["metadata"]["year"] == 2
    result = run("read", path, "--row", "4", code=1)
    assert result.stdout == ""
    assert "Left out (1):" in result.stderr
    assert "row 4: line 6 opens a quote that is not closed" in result.stderr
    assert "has no row 4 that is a document" in result.stderr
    result = run("read", path, "--row", "3", code=1)
    assert "row 3: holds no text" in result.stderr
    assert "quote" not in result.stderr
    assert "has no row 9 that is a document" in run("read", path, "--row", "9", code=1).stderr
    assert run("read", path, "--text-column", "year", "--row", "1").stdout == "1"


def test_a_row_of_sheets_is_that_of_each(docs, run):
    table = rows(["text"], ["one"], ["two"])
    other = sheet({1: ["text"], 3: ["x"]})
    sheets = {"A": sheet(table), "Notes": sheet(rows(["nut"])), "B": other}
    path = write_xlsx(docs / "book.xlsx", sheets)
    assert run("read", path, "--row", "3").stdout == (
        "==> docs/book.xlsx#A!3 <==\ntwo\n==> docs/book.xlsx#B!3 <==\nx\n"
    )
    assert run("read", path, "--row", "2").stdout == "==> docs/book.xlsx#A!2 <==\none\n"
    assert run("read", path).stdout.endswith("#B!3 <==\nx\nNotes\nnut")
    assert "has no row 9" in run("read", path, "--row", "9", code=1).stderr


def test_a_row_after_the_damage_is_not_there_for_a_reason(docs, run):
    (docs / "a.json").write_text('[{"text": "sound"}, {"text": 5}, {"text": "bro')
    result = run("read", docs / "a.json", "--row", "7", code=1)
    assert "2 rows, the first of them row 2: its 'text' is int, not text" in result.stderr
    (docs / "a.json").write_text('"no table"')
    result = run("read", docs / "a.json", "--row", "1", code=1)
    assert "a JSON str, not an object with named columns" in result.stderr
    (docs / "a.txt").write_text("text")
    assert "has no row 1" in run("read", docs / "a.txt", "--row", "1", code=1).stderr


def test_what_cannot_be_read(docs, run):
    (docs / "a.png").write_bytes(b"x")
    (docs / "b.txt").write_text(" ")
    for name, reason in (("a.png", "files of type .png"), ("b.txt", "holds no text")):
        result = run("read", docs / name, code=1)
        assert result.stdout == ""
        assert reason in result.stderr
    assert "is a folder; name a file" in run("read", docs, code=1).stderr
    assert "no file or folder" in run("read", docs / "gone.txt", code=1).stderr
    run("read", docs / "b.txt", "--row", "0", code=2)
    result = run("read", docs / "b.txt", "--encoding", "base64", code=1)
    assert "Name one such as" in result.stderr


def test_legacy_encodings(docs, run):
    text = "İstanbul'da imzalanan sözleşmeye göre kiracı, kirayı zamanında ödemekle yükümlüdür."
    (docs / "a.txt").write_bytes(text.encode("cp1254"))
    result = run("read", docs / "a.txt")
    assert result.stdout == text
    assert "Read as cp1254, not UTF-8: docs/a.txt" in result.stderr
    (docs / "a.txt").write_bytes(b"Just one \xd4 here.")
    result = run("read", docs / "a.txt", code=1)
    assert "name it with --encoding" in result.stderr
    assert run("read", docs / "a.txt", "--encoding", "macintosh").stdout == "Just one ‘ here."


def test_a_terminal_is_not_steered():
    from vectorlong.cli.output import without_controls

    assert without_controls("a\tb\r\nc\x1b[1m\x9bd\re\x07") == "a\tb\r\nc\\x1b[1m\\x9bd\\re\\x07"


def test_json_is_json(docs, run):
    (docs / "a.jsonl").write_text(json.dumps({"text": "a", "tags": ["x"]}) + "\n{}\n")
    answer = json.loads(run("read", docs / "a.jsonl", "--json").stdout)
    assert answer["documents"][0]["metadata"]["tags"] == ["x"]
    assert len(answer["left_out"]) == 1
