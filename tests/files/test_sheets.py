"""Workbooks: what is in their sheets and beside them, and that a hit names its sheet and row."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from zipfile import ZIP_STORED, ZipFile

import pytest

from tests.files.awkward_sheets import awkward_files
from tests.files.builders import write_docx, write_docx_part
from tests.files.sheets import (
    ODS_SHEETS,
    anchor,
    odf_part,
    part,
    picture,
    rows,
    shape,
    sheet,
    write_ods,
    write_xls,
    write_xlsb,
    write_xlsx,
)
from vectorlong.files.file_position import find_position
from vectorlong.files.limits import Limits
from vectorlong.files.records import BadRow, Columns, Content
from vectorlong.files.sheets.workbook import read_sheets
from vectorlong.files.source import FileSource
from vectorlong.files.unreadable import UnreadableError

ANY = Columns()


@pytest.fixture
def read(tmp_path):
    def read_workbook(sheets, *arguments, columns=ANY, limits=None, **options):
        path = write_xlsx(tmp_path / "a.xlsx", sheets, *arguments, **options)
        return list(read_sheets(path, columns, limits or Limits()))

    return read_workbook


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def places(content):
    """What a hit in each line that shows anything would name."""
    metadata, start, named = {"file": content.facts}, 0, {}
    for line in content.text.split("\n"):
        if line:
            offsets = range(start, start + len(line))
            (named[line],) = {str(find_position(content.text, metadata, n)) for n in offsets}
        start += len(line) + 1
    return named


# --- sheets that are text ------------------------------------------------------------------------


def test_a_workbook_is_one_document_whose_rows_are_lines(read):
    prices = rows(["item", "price"], ["nut", 5], ["long  bolt\nwith a\thead", 12.5, None, "x", ""])
    (content,) = read({"Prices": sheet(prices), "Empty": sheet({}), "Notes": sheet({3: ["one"]})})
    assert content.text == (
        "Prices\nitem\tprice\nnut\t5\nlong bolt with a head\t12.5\t\tx\nNotes\none"
    )
    assert (content.row, content.id, content.remarks) == (None, None, ())
    assert places(content) == {
        "Prices": "sheet Prices, row 1",
        "item\tprice": "sheet Prices, row 1",
        "nut\t5": "sheet Prices, row 2",
        "long bolt with a head\t12.5\t\tx": "sheet Prices, row 3",
        "Notes": "sheet Notes, row 3",
        "one": "sheet Notes, row 3",
    }


def test_values_are_written_as_they_are_meant(read):
    cells = rows(
        [7, 7.0, -0.5, 1e15, 0.1 + 0.2, 123456789012],
        [date(2025, 6, 2), datetime(2025, 6, 2, 7, 8, 9), time(1, 2, 3), True, False],
        ['< s="2"><v>0.19</v>', '< t="str"><f>A1&amp;"x"</f><v>7x</v>', "<><f>A1+B1</f><v>14</v>"],
        ['< t="e"><v>#REF!</v>', "after"],
    )
    (content,) = read({"S": sheet(cells)})
    assert content.text.split("\n")[1:] == [
        "7\t7\t-0.5\t1e+15\t0.3\t123456789012",
        "2025-06-02\t2025-06-02T07:08:09\t01:02:03\tTRUE\tFALSE",
        "0.19\t7x\t14",
        "\tafter",
    ]
    assert content.remarks == ("1 cell of an error such as #REF! is not read",)


def test_every_row_is_found_whatever_gaps_there_are(read):
    """Up to three empty rows are empty lines; more are not in the text."""
    numbers = [2, 3, 5, 9, 14, 15, 1_000, 1_001, 1_048_576]
    cells = {number: [f"row {number}"] for number in numbers}
    (content,) = read({"A": sheet(cells), "B": sheet(cells)})
    assert content.text.split("\nB\n")[0] == (
        "A\nrow 2\nrow 3\n\nrow 5\n\n\n\nrow 9\nrow 14\nrow 15\nrow 1000\nrow 1001\nrow 1048576"
    )
    for name in "AB":
        for number in numbers:
            start = content.text.index(f"row {number}\n" if number < 1e6 else f"row {number}")
            start += (content.text.index("\nB\n") + 3) * (name == "B")
            found = find_position(content.text, {"file": content.facts}, start)
            assert str(found) == f"sheet {name}, row {number}"


def test_hidden_sheets_rows_and_columns_are_text(read):
    row = '<row r="1" hidden="1"><c r="B1" t="inlineStr"><is><t>needle</t></is></c></row>'
    columns = '<cols><col min="2" max="2" hidden="1"/></cols>'
    sheets = {"A": sheet(row, before=columns), "B": sheet(row), "C": sheet(row)}
    (content,) = read(sheets, states={"B": "hidden", "C": "veryHidden"})
    assert content.text == "A\nneedle\nB\nneedle\nC\nneedle"


def test_merged_cells_are_there_once(read):
    merged = '<mergeCells count="1"><mergeCell ref="A1:C2"/></mergeCells>'
    (content,) = read({"A": sheet(rows(["wide", None, None], [None, None, None], ["x"]), merged)})
    assert content.text == "A\nwide\n\nx"


def test_shared_strings_lose_their_fonts_and_no_blanks(read):
    runs = '<r><t xml:space="preserve">two </t></r><r><t>parts</t></r>'
    strings = part("sst", f"<si>{runs}</si><si><t>caf&#233;</t></si>")
    cells = rows(["< t='s'><v>0</v>", "< t='s'><v>1</v>"])
    (content,) = read(
        {"A": sheet(cells)}, {"sharedStrings.xml": strings}, {"workbook.xml": ["sharedStrings.xml"]}
    )
    assert content.text == "A\ntwo parts\tcafé"


def test_the_title_is_that_of_the_properties(read):
    assert read({"A": sheet(rows(["x"]))}, title="List of prices")[0].metadata == {
        "title": "List of prices"
    }


def test_sheets_without_cells_are_no_text(root):
    write_xlsx(root / "a.xlsx", {"A": sheet({}), "B": sheet({1: [" ", "\n"]})})
    source = FileSource([root])
    assert list(source) == []
    assert source.left_out[0].reason == "holds no text"


# --- sheets that are tables ----------------------------------------------------------------------


TABLE = rows(
    ["id", "Text", "year", "when", "final", "note", None],
    ["a", "first\r\ntext ", 1999, date(2025, 6, 2), True, None],
    [7, 12.0, 2.5, None, None, " "],
    [None, None, None],
    [None, None, 3],
)


def test_a_table_is_a_document_a_row(read):
    first, second, last = read({"S": sheet(TABLE)})
    metadata = {"year": 1999, "when": "2025-06-02", "final": True}
    assert first == Content("first\ntext ", metadata, {"sheet": "S"}, 2, "a")
    assert second == Content("12", {"year": 2.5}, {"sheet": "S"}, 3, "7")
    assert last == Content("", {"year": 3}, {"sheet": "S"}, 5)


def test_rows_are_counted_as_excel_counts_them(read):
    cells = {4: ["text"], 6: ["one"], 900: ["two"]}
    assert [content.row for content in read({"S": sheet(cells)})] == [6, 900]


def test_tables_stand_beside_sheets_that_are_none(root):
    table = rows(["text"], ["one"], ["two"])
    sheets = {"A b": sheet(table), "Prices": sheet(rows(["nut", 5])), "C#1": sheet(table)}
    write_xlsx(root / "book.xlsx", sheets)
    source = FileSource([root])
    documents = {document.id: document for document in source}
    assert {id: document.text for id, document in documents.items()} == {
        "root/book.xlsx#A b!2": "one",
        "root/book.xlsx#A b!3": "two",
        "root/book.xlsx#C#1!2": "one",
        "root/book.xlsx#C#1!3": "two",
        "root/book.xlsx": "Prices\nnut\t5",
    }
    row = documents["root/book.xlsx#A b!3"]
    assert row.metadata["file"] == {
        "path": "root/book.xlsx",
        "type": "xlsx",
        "sheet": "A b",
        "row": 3,
    }
    assert str(find_position(row.text, row.metadata, 0)) == "sheet A b, row 3"
    assert source.left_out == []


def test_what_is_beside_a_table_is_text_of_the_workbook(read):
    row, rest = read(
        {"S": sheet(rows(["text"], ["one"]))},
        {"comments-1.xml": comments(("A2", 0, "needle"))},
        {"sheet-1.xml": ["comments-1.xml"]},
    )
    assert row.text == "one"
    assert rest.text == "S\n[Comment by Jane Roe: needle]"
    assert places(rest)["[Comment by Jane Roe: needle]"] == "sheet S, row 2"


def test_the_columns_that_the_user_names(read):
    sheets = {
        "A": sheet(rows(["key", "abstract", "text"], ["k", "one", "two"])),
        "B": sheet(rows(["text"], ["three"])),
    }
    row, rest = read(sheets, columns=Columns("abstract", "key"))
    assert (row.text, row.id, row.metadata) == ("one", "k", {"text": "two"})
    assert rest.text == "B\ntext\nthree"
    with pytest.raises(UnreadableError) as error:
        read(sheets, columns=Columns("body"))
    assert str(error.value) == "has no column 'body'; its columns are: key, abstract, text"
    with pytest.raises(UnreadableError, match="has no column 'number'; its columns are: key, abs"):
        read(sheets, columns=Columns("abstract", "number"))


def test_an_id_belongs_to_its_first_row_of_any_sheet(root):
    table = rows(["id", "text"], ["x", "one"], ["root/b.xlsx#T!2", "two"])
    write_xlsx(root / "b.xlsx", {"S": sheet(table), "T": sheet(table)})
    source = FileSource([root])
    assert [document.id for document in source] == ["x"]
    (left_out,) = source.left_out
    assert left_out.reason == (
        "3 rows, the first of them sheet S, row 3: its id 'root/b.xlsx#T!2' is the name of a "
        "document; see --id-column"
    )
    table = rows(["id", "text"], ["x", "one"])
    write_xlsx(root / "b.xlsx", {"S": sheet(table), "T": sheet(table)})
    assert len(list(source)) == 1
    assert source.left_out[0].reason == (
        "sheet T, row 2: its id 'x' is that of root/b.xlsx, sheet S, row 2; see --id-column"
    )


def test_rows_that_hold_no_text_or_too_much_cost_themselves_alone(root):
    table = rows(["text", "a"], [None, 5], ["x" * 200], ["ok"])
    write_xlsx(root / "a.xlsx", {"S": sheet(table)})
    source = FileSource([root], limits=Limits(characters=100))
    assert [document.text for document in source] == ["ok"]
    (left_out,) = source.left_out
    assert left_out.reason == "2 rows, the first of them sheet S, row 2: holds no text"
    path = write_xlsx(root / "a.xlsx", {"S": sheet(table)})
    bad = [part for part in read_sheets(path, ANY, Limits(characters=100)) if type(part) is BadRow]
    reason = "holds more than 100 characters of text; to allow more: --limit characters=200"
    assert bad == [BadRow(3, reason, "S")]


def test_a_table_without_rows_is_listed(root):
    write_xlsx(root / "a.xlsx", {"S": sheet(rows(["id", "text"]))})
    source = FileSource([root])
    assert list(source) == []
    assert source.left_out[0].reason == "holds no rows"


# --- what is beside the cells --------------------------------------------------------------------


def comments(*named):
    """Comments on cells, by their author's number."""
    authors = "<authors><author>Jane Roe</author><author>tc={1}</author></authors>"
    listed = "".join(
        f'<comment ref="{name}" authorId="{author}"><text><t>{text}</t></text></comment>'
        for name, author, text in named
    )
    return part("comments", f"{authors}<commentList>{listed}</commentList>")


@pytest.mark.parametrize("awkward", awkward_files(), ids=lambda it: it.name)
def test_every_place_that_holds_text_is_read(root, awkward):
    (root / awkward.name).write_bytes(awkward.content)
    source = FileSource([root])
    text = "\n".join(document.text for document in source)
    assert [word for word in awkward.found if word not in text] == []
    assert [word for word in awkward.unseen if word in text] == []
    assert sorted(remark.text for remark in source.remarks) == sorted(awkward.said)


def test_what_is_beside_the_cells_has_a_row(tmp_path):
    awkward, *_ = awkward_files()
    path = tmp_path / awkward.name
    path.write_bytes(awkward.content)
    (content,) = read_sheets(path, ANY)
    named = places(content)
    assert named["[Comment by John Doe: alder]"] == "sheet acacia, row 2"
    assert named["pine"] == "sheet acacia, row 3"
    assert named["fir: larch"] == "sheet acacia, row 2"
    assert named["beech"] == "sheet acacia, row 1"
    assert named["juniper"] == "sheet rowan, row 1048576"


def test_old_copies_of_threaded_comments_are_read_where_these_are_missing(read):
    (content,) = read(
        {"S": sheet(rows(["x"]))},
        {"comments-1.xml": comments(("A1", 1, "needle"), ("A1", 99, "two"), ("no", "x", "three"))},
        {"sheet-1.xml": ["comments-1.xml"]},
    )
    assert content.text == "S\nx\n[Comment by tc={1}: needle]\n[Comment: two]\n[Comment: three]"


def test_names_with_prefixes_and_of_the_strict_standard(tmp_path):
    awkward, *_ = awkward_files()
    path = tmp_path / awkward.name
    path.write_bytes(awkward.content)
    (expected,) = read_sheets(path, ANY)
    with ZipFile(path) as package:
        parts = {name: package.read(name).decode() for name in package.namelist()}
    of_excel = re.compile(r"<(/?)(?!\?|xdr:|a:|c:|mc:|t:|dgm:)(?=\w)")
    for name in ("sheet-1.xml", "workbook.xml", "sharedStrings.xml", "comments-1.xml"):
        prefixed = of_excel.sub(r"<\1x:", parts[f"xl/{name}"]).replace("xmlns=", "xmlns:x=")
        write_docx_part(path, f"xl/{name}", prefixed.encode())
    assert next(read_sheets(path, ANY)) == expected
    strict = {
        "officeDocument/2006/": "officeDocument/",
        "spreadsheetml/2006/": "spreadsheetml/",
        **{f"drawingml/2006/{kind}": f"drawingml/{kind}" for kind in ("main", "spreads", "chart")},
        "drawingml/2006/diagram": "drawingml/diagram",
    }
    with ZipFile(path, "w") as package:
        for name, content in parts.items():
            for old, new in strict.items():
                old = f"http://schemas.openxmlformats.org/{old}"
                content = content.replace(old, f"http://purl.oclc.org/ooxml/{new}")
            package.writestr(name, content)
    assert next(read_sheets(path, ANY)) == expected


def test_a_part_beside_the_cells_that_cannot_be_unpacked_costs_itself(tmp_path):
    path = write_xlsx(
        tmp_path / "a.xlsx",
        {"S": sheet(rows(["x"]))},
        {"drawing-1.xml": "needle " * 9},
        {"sheet-1.xml": ["drawing-1.xml"]},
    )
    write_docx_part(path, "xl/drawing-1.xml", b"needle", ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"needle", b"needed"))
    (content,) = read_sheets(path, ANY)
    assert (content.text, content.remarks) == ("S\nx", ("1 damaged part is not read",))


def test_margins_and_prompts_after_many_rows(read):
    """Cells are not looked at one by one, but for those near their end."""
    cells = rows(*([f"text {number}", number, "<><f>A1</f>"] for number in range(20_000)))
    after = "<headerFooter><oddHeader>&amp;Cneedle</oddHeader></headerFooter>"
    for before in ("", "<!-- 中 --> "):
        (content,) = read({"S": sheet(cells, after, before)})
        assert content.text.endswith("text 19999\t19999\nneedle")
        assert content.remarks == ("20,000 cells of a formula without its result are not read",)


def test_a_sheet_in_utf_16_is_read_whole(tmp_path):
    after = "<headerFooter><oddHeader>&amp;Cneedle</oddHeader></headerFooter>"
    path = write_xlsx(tmp_path / "a.xlsx", {"S": sheet({}, after)})
    content = sheet({}, after).replace("UTF-8", "UTF-16").encode("utf-16")
    write_docx_part(path, "xl/sheet-1.xml", content)
    assert next(read_sheets(path, ANY)).text == "S\nneedle"


def test_a_sheet_of_a_chart_has_its_words(read):
    chart = part("c:chartSpace", "<a:p><a:r><a:t>needle</a:t></a:r></a:p>")
    drawn = part("xdr:wsDr", anchor('<c:chart r:id="chart-1.xml"/>', row=0))
    (content,) = read(
        {"Chart": part("chartsheet", '<drawing r:id="drawing-1.xml"/>')},
        {"drawing-1.xml": drawn, "chart-1.xml": chart},
        {"sheet-1.xml": ["drawing-1.xml"], "drawing-1.xml": ["chart-1.xml"]},
    )
    assert content.text == "Chart\nneedle"


def test_parts_beside_the_cells_that_are_damaged_or_missing_cost_themselves(read):
    drawn = part("xdr:wsDr", anchor(shape("seen") + '<c:chart r:id="nowhere"/>', row=0))
    (content,) = read(
        {"S": sheet(rows(["x"]))},
        {"drawing-1.xml": drawn, "comments-1.xml": comments(("A1", 0, "seen"))[:-20]},
        {"sheet-1.xml": ["drawing-1.xml", "comments-1.xml", "comments-2.xml"]},
    )
    assert content.text == "S\nx\n[Comment by Jane Roe: seen]\nseen"
    assert content.remarks == ("1 damaged part is not read", "2 missing parts are not read")


def test_what_is_not_read_of_tables_is_said_once(root):
    table = rows(["text"], ["one"], ["two"])
    drawn = part("xdr:wsDr", anchor(picture(), row=0))
    related = {"sheet-1.xml": ["drawing-1.xml"]}
    write_xlsx(root / "a.xlsx", {"S": sheet(table)}, {"drawing-1.xml": drawn}, related)
    source = FileSource([root])
    assert [document.text for document in source] == ["one", "two"]
    assert [remark.text for remark in source.remarks] == ["1 picture is not read"]


# --- the other formats ---------------------------------------------------------------------------


CELLS = "Prices\nitem\tprice\nlong bolt of steel\t12.5\t2025-06-02\n\t25\tTRUE"
HIDDEN = "Hidden\njuniper"


def test_the_old_format_of_excel(tmp_path):
    row, rest = read_sheets(write_xls(tmp_path / "a.xls"), ANY)
    assert row == Content("first text", {"year": 1999}, {"sheet": "Texts"}, 2)
    assert rest.text == f"{CELLS}\ncafé 中文\n{HIDDEN}"
    assert places(rest)["\t25\tTRUE"] == "sheet Prices, row 4"
    assert places(rest)["café 中文"] == "sheet Prices, row 10"
    assert (rest.metadata, rest.remarks) == ({}, ())


def test_the_format_of_libre_office(tmp_path):
    path = write_ods(tmp_path / "a.ods")
    row, rest = read_sheets(path, ANY)
    assert row.text == "first text"
    assert (row.metadata, row.row) == ({"year": 1999}, 2)
    assert row.remarks == ("1 picture is not read", "1 embedded object is not read")
    beside = "[Comment by Jane Roe: ask the maple]\nbirch\nwillow\ncedar"
    assert rest.text == f"{CELLS}\ncafé 中文\n{beside}\n{HIDDEN}"
    assert rest.metadata == {"title": "A title"}
    named = places(rest)
    assert named["[Comment by Jane Roe: ask the maple]"] == "sheet Prices, row 3"
    assert named["café 中文"] == named["birch"] == named["cedar"] == "sheet Prices, row 10"
    assert named["juniper"] == "sheet Hidden, row 1"


def test_cells_as_they_were_before_changes_are_not_read(tmp_path):
    before = "<table:tracked-changes><office:annotation><text:p>unseen</text:p>"
    changes = f"{before}</office:annotation></table:tracked-changes>"
    *_, rest = read_sheets(write_ods(tmp_path / "a.ods", changes + ODS_SHEETS), ANY)
    assert "unseen" not in rest.text


def test_the_binary_format_of_excel(tmp_path):
    sheets = {"Prices": {2: ["item", "price"], 7: ["nut", 5.5]}, "T": {1: ["text"], 2: ["one"]}}
    path = write_xlsb(tmp_path / "a.xlsb", sheets)
    row, rest = read_sheets(path, ANY)
    assert row == Content("one", {}, {"sheet": "T"}, 2)
    assert rest.text == "Prices\nitem\tprice\nnut\t5.5"
    assert places(rest)["nut\t5.5"] == "sheet Prices, row 7"
    write_docx_part(path, "xl/comments1.bin", b"x")
    assert next(read_sheets(path, ANY)).remarks == ("its comments are not read",)


# --- what is no workbook, or damaged -------------------------------------------------------------


def reason(path):
    with pytest.raises(UnreadableError) as error:
        list(read_sheets(path, ANY))
    return str(error.value)


def test_a_workbook_with_a_password(tmp_path):
    encrypted = "is encrypted; save it without its password"
    path = write_xls(tmp_path / "a.xls")
    content = path.read_bytes()
    beginning = content.index(bytes.fromhex("0908100000060500"))
    path.write_bytes(content[: beginning + 20] + b"\x2f\0" + content[beginning + 22 :])
    assert reason(path) == encrypted
    name = "EncryptedPackage".encode("utf-16-le")
    path.write_bytes(content.replace("Workbook".encode("utf-16-le") + bytes(16), name))
    assert reason(path) == encrypted
    path = write_ods(tmp_path / "a.ods", "", "<manifest:encryption-data/>")
    assert reason(path) == encrypted
    manifest = "META-INF/manifest.xml"
    with ZipFile(path) as package:
        listed = package.read(manifest).replace(b"content.xml", b"encrypted-package")
    with ZipFile(path, "w") as package:
        package.writestr(manifest, listed)
        package.writestr("encrypted-package", "x")
    assert reason(path) == encrypted


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no workbook"),
        (b"\x09\0\x04\0\x02\0\x10\0", "is no workbook"),
        (b"<html><table><tr><td>a</table>", "is no workbook but a page or XML; rename it to .html"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><Workbook/>", "is no workbook but a page or XML"),
        (b"a\tb\n1\t2\n", "is no workbook but text; rename it to .csv"),
        ("a\tb\n".encode("utf-16"), "is no workbook but text; rename it to .csv"),
        (b"PK\3\4" + bytes(30), "is a damaged workbook (File is not a zip file)"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "is no workbook"),
    ],
)
def test_what_is_no_workbook_is_named_with_what_it_is(tmp_path, content, said):
    (tmp_path / "a.xls").write_bytes(content)
    assert reason(tmp_path / "a.xls").startswith(said)


def test_other_documents_are_no_workbooks(tmp_path):
    assert reason(write_docx(tmp_path / "a.xlsx", ["x"])) == "is no workbook"
    path = write_ods(tmp_path / "a.ods")
    write_docx_part(path, "content.xml", odf_part("office:text", "").encode())
    assert reason(path) == "is no workbook"


@pytest.mark.parametrize("write", [write_xls, write_ods])
def test_a_workbook_cut_anywhere_is_read_or_named(root, write):
    content = write(root / "0.xls").read_bytes()
    lengths = range(1, len(content), len(content) // 40)
    for length in lengths:
        (root / f"{length}.xls").write_bytes(content[:length])
    source = FileSource([root])
    read = {document.metadata["file"]["path"] for document in source}
    assert len(read | {item.path for item in source.left_out}) == len(lengths) + 1
    assert not any("reader failed" in item.reason for item in source.left_out)


def test_a_damaged_sheet_costs_itself_alone(root):
    broken = '<row r="1"><c r="A1" t="s"><v>9</v></c></row>'
    sheets = {"A": sheet(rows(["one"])), "B": sheet(broken), "C": sheet(rows(["two"]))}
    write_xlsx(root / "a.xlsx", sheets)
    source = FileSource([root])
    (document,) = source
    assert document.text == "A\none\nC\ntwo"
    (left_out,) = source.left_out
    assert left_out.reason.startswith("its sheet 'B' is damaged (")
    assert not source.accounts_for("root/a.xlsx")


@pytest.mark.timeout(120)
def test_cells_too_far_apart_and_failed_assertions_are_named_and_the_next_is_read(root):
    """The first ends the process that reads: Rust has no other answer to a lack of memory."""
    far = '<c r="XFD1048576"><v>1</v></c>'
    near = '<c r="A1"><v>1</v></c>'
    write_xlsx(root / "a.xlsx", {"S": sheet(f"<row>{near}</row><row>{far}</row>")})
    further = '<c r="A99999999999"><v>1</v></c>'
    write_xlsx(root / "b.xlsx", {"S": sheet(f"<row>{further}</row>")})
    wide = '<c r="ZZZZZZZ1"><v>1</v></c>'
    write_xlsx(root / "d.xlsx", {"S": sheet(f"<row>{further}{wide}</row>")})
    write_xlsx(root / "c.xlsx", {"S": sheet({1_048_576: ["seen"], 1: ["x"]})})
    source = FileSource([root], limits=Limits(memory_mb=300))
    assert [document.text for document in source] == ["S\nx\nseen"]
    reasons = {item.path: item.reason for item in source.left_out}
    assert reasons["root/a.xlsx"].endswith(
        "needs more than 300 MB of memory to be read; to allow more: --limit memory_mb=600"
    )
    assert reasons["root/b.xlsx"] == (
        "is a damaged workbook (a cell beyond the last that there can be)"
    )
    assert reasons["root/d.xlsx"] == "is a damaged workbook (capacity overflow)"


@pytest.mark.timeout(120)
def test_strings_and_sheets_that_unpack_to_too_much_are_named(root):
    cells = "<row>" + '<c r="A1"><v>1</v></c>' * 90_000 + "</row>"
    write_xlsx(root / "a.xlsx", {"S": sheet(cells)})
    strings = "<si><t>" + "x" * 150_000_000 + "</t></si>"
    parts = {"sharedStrings.xml": part("sst", strings)}
    write_xlsx(
        root / "b.xlsx", {"S": sheet(rows(["x"]))}, parts, {"workbook.xml": ["sharedStrings.xml"]}
    )
    write_xlsx(root / "c.xlsx", {"S": sheet(rows(["seen"]))})
    source = FileSource([root], limits=Limits(memory_mb=150, unpacked_mb=1))
    assert [document.text for document in source] == ["S\nseen"]
    reasons = {item.path: item.reason for item in source.left_out}
    assert reasons["root/a.xlsx"].startswith("holds more than 1 MB, unpacked")
    assert reasons["root/b.xlsx"].endswith("to allow more: --limit memory_mb=300")


def test_without_the_extra_workbooks_are_named_before_any_is_read(root, monkeypatch):
    for name in ("a.xlsx", "b.ODS", "c.pdf"):
        (root / name).write_bytes(b"x")
    missing = {"sheets": "no calamine", "pdf": None}
    monkeypatch.setattr("vectorlong.files.source.why_missing", missing.get)
    source = FileSource([root])
    assert source.missing_extras() == {"no calamine": ["root/a.xlsx", "root/b.ODS"]}
