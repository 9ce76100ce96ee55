"""What comes out of one file of each type."""

import json

import pytest

from tests.files.builders import write_docx
from vectorlong.files.formats.html import read_html
from vectorlong.files.formats.plain import read_markdown, read_plain
from vectorlong.files.records import BadRow, Columns, Content
from vectorlong.files.tables.rows import read_csv, read_jsonl
from vectorlong.files.unreadable import UnreadableError
from vectorlong.files.word.docx import read_docx

ANY = Columns()


def page(tmp_path, source, encoding="utf-8"):
    path = tmp_path / "page.html"
    path.write_bytes(source.encode(encoding))
    return next(read_html(path, ANY))


@pytest.mark.parametrize("reader", [read_plain, read_markdown])
def test_text_is_the_file_character_for_character(tmp_path, reader):
    path = tmp_path / "file"
    text = "\ttabs\r\nand\rline ends\n\n  spaces  \x0c \u2028 é 中 😀\n"
    path.write_bytes(text.encode())
    assert next(reader(path, ANY)).text == text


def test_markdown_title_is_its_first_heading(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("intro\n## second level\n#  The *title*  ##\n# another\n")
    assert next(read_markdown(path, ANY)).metadata == {"title": "The *title*"}
    path.write_text("#hashtag, no heading\n")
    assert next(read_markdown(path, ANY)).metadata == {}
    path.write_text("# C#\n")
    assert next(read_markdown(path, ANY)).metadata == {"title": "C#"}
    path.write_text("# \n\nThe text of an empty heading\n")
    assert next(read_markdown(path, ANY)).metadata == {}


def test_white_space_within_a_line_takes_no_time(tmp_path):
    """Time grew with its cube: the first of these would have taken days."""
    path = tmp_path / "a.md"
    path.write_text("# a" + " " * 200_000 + "b\n")
    assert next(read_markdown(path, ANY)).metadata["title"].endswith(" b")
    assert len(page(tmp_path, f"<pre>a{' ' * 200_000}b</pre>").text) == 200_002


# --- HTML ----------------------------------------------------------------------------------------


def test_html_drops_what_is_not_seen(tmp_path):
    content = page(
        tmp_path,
        "<html><head><title> A  title\n&amp; more</title><style>p{x:y}</style>"
        "<script>var a = '<p>no</p>';</script></head><body><!-- no --><p>Seen</p>"
        "<noscript>no</noscript><svg><title>no</title></svg><template><p>no</p></template>"
        "</body></html>",
    )
    assert content.text == "Seen"
    assert content.metadata == {"title": "A title & more"}


def test_html_blocks_lines_and_cells(tmp_path):
    content = page(
        tmp_path,
        "<h1>Head</h1>\n<p>One\n  <b>bold</b>,<i> it</i>alic.<br>Next&nbsp;line</p>\n"
        "<ul>\n <li>first</li>\n <li>second</li>\n</ul>"
        "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>"
        "<pre>  kept\n    as is</pre><div>end</div>",
    )
    assert content.text == (
        "Head\n\nOne bold, italic.\nNext\xa0line\n\nfirst\nsecond\n\na\tb\n1\t2\n\n"
        "  kept\n    as is\n\nend"
    )


def test_html_entities_and_broken_markup(tmp_path):
    content = page(tmp_path, "<p>&lt;tag&gt; &eacute; &#20013; &#x1F600; &bogus; a < b <p>open")
    assert content.text == "<tag> é 中 😀 &bogus; a < b\n\nopen"


@pytest.mark.parametrize(
    "markup", ["<![foo[bar]]>", "<![if !IE]>", "<![endif]>", "<![CDATA[x]]>", "<![", "<![ x>"]
)
def test_html_marked_sections_of_any_kind(tmp_path, markup):
    assert "seen" in page(tmp_path, f"<p>seen {markup}</p> ").text


def test_html_left_open_in_the_head_hides_nothing(tmp_path):
    source = "<head><noscript><p>x</head><body><p>Seen</p></body>"
    assert page(tmp_path, source).text == "x\n\nSeen"  # as a browser that runs no scripts


@pytest.mark.parametrize(
    ("declared", "encoding"), [("gb2312", "gb18030"), ("windows-1251", "cp1251")]
)
def test_html_declared_encoding(tmp_path, declared, encoding):
    text = "Это" if encoding == "cp1251" else "中文"
    content = page(tmp_path, f'<meta charset="{declared}"><p>{text}</p>', encoding)
    assert content.text == text
    assert content.facts["encoding"] in (declared, encoding)


# --- tables --------------------------------------------------------------------------------------


def rows_of(tmp_path, lines, columns=ANY):
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return list(read_jsonl(path, columns))


def test_jsonl_rows(tmp_path):
    row = {"_id": 7, "title": "T", "text": "two\nlines", "year": 1999, "tags": ["a"], "none": None}
    assert rows_of(tmp_path, [json.dumps(row), "", json.dumps({"text": "b", "id": ""})]) == [
        Content(
            "two\nlines",
            {"title": "T", "year": 1999, "tags": ["a"], "none": None},
            row=1,
            id="7",
        ),
        Content("b", row=3),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": "a"', "not JSON"),
        ('{"text": "a", "x": NaN}', "NaN is no JSON value"),
        ('["text"]', "a JSON list, not an object"),
        ('{"text": 5}', "its 'text' is int, not text"),
        ('{"text": null}', "its 'text' is NoneType, not text"),
        ('{"text": "a", "id": [1]}', "its 'id' is list, not a string"),
        ('{"texts": "a", "b": 1}', "no column called .*; its columns are: texts, b. .*--text-col"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_bad_jsonl_rows_do_not_stop_the_others(tmp_path, line, reason):
    good, bad, last = rows_of(tmp_path, ['{"text": "a"}', line, '{"text": "b"}'])
    assert (good.text, last.text) == ("a", "b")
    assert isinstance(bad, BadRow)
    assert bad.row == 2
    with pytest.raises(UnreadableError, match=reason):
        raise UnreadableError(bad.reason)


def test_named_columns(tmp_path):
    row = json.dumps({"abstract": "x", "text": "y", "doi": "10/1"})
    (content,) = rows_of(tmp_path, [row], Columns("abstract", "doi"))
    assert content == Content("x", {"text": "y"}, row=1, id="10/1")


def read_table(tmp_path, text, columns=ANY):
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode())
    return list(read_csv(path, columns))


def test_csv_rows_numbers_and_empty_cells(tmp_path):
    rows = read_table(
        tmp_path,
        '\ufeffID,Text,year,price,code,note\r\na1,"one, ""two""\r\nthree",1999,-3.50,007,\r\n'
        ",second,x,1e5,12,n\r\n",
    )
    assert rows == [
        Content(
            'one, "two"\r\nthree', {"year": 1999, "price": -3.5, "code": "007"}, row=1, id="a1"
        ),
        Content("second", {"year": "x", "price": "1e5", "code": 12, "note": "n"}, row=2),
    ]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_csv_delimiters(tmp_path, delimiter):
    (row,) = read_table(tmp_path, f"id{delimiter}text\n1{delimiter}a, b\n")
    assert (row.id, row.text) == ("1", "a, b")


def test_csv_long_cells(tmp_path):
    text = "word " * 100_000
    assert read_table(tmp_path, f"text\n{text}\n")[0].text == text


def test_csv_repeated_and_nameless_columns_keep_their_cells(tmp_path):
    (row,) = read_table(tmp_path, ",text,a,a\n9,t,1,2\n")
    assert row.metadata == {"column 1": 9, "a": 1, "a (4)": 2}


def test_csv_without_text_column_lists_its_columns(tmp_path):
    with pytest.raises(UnreadableError, match=r"its columns are: name, abstract. .*--text-column"):
        read_table(tmp_path, "name,abstract\n1,2\n")
    with pytest.raises(UnreadableError, match=r"its columns are: x{80}\. Name"):
        read_table(tmp_path, "x" * 1_000_000)
    with pytest.raises(UnreadableError, match="no column 'doi'; its columns are: name, text"):
        read_table(tmp_path, "name,text\n1,2\n", Columns(id="doi"))


def test_csv_rows_that_do_not_fit_the_header(tmp_path):
    rows = read_table(tmp_path, "text,a\nx,1,2\nonly text\ny,2,\n")
    assert rows == [
        BadRow(1, "3 cells under 2 column names"),
        Content("only text", row=2),
        Content("y", {"a": 2}, row=3),
    ]


# --- Word --------------------------------------------------------------------------------


def test_docx_paragraphs_and_tables(tmp_path):
    path = write_docx(tmp_path / "a.docx", ["First.", "", "中文"], [["a", "b"], ["1", "2\n3"]])
    content = next(read_docx(path, ANY))
    assert content.text == "First.\n\n中文\na\tb\n1\t2 3"
    assert content.metadata == {"title": "A Word title"}


def test_damaged_docx(tmp_path):
    path = tmp_path / "a.docx"
    path.write_bytes(b"PK\x03\x04 not a zip file")
    with pytest.raises(UnreadableError, match="is a damaged Word document"):
        next(read_docx(path, ANY))
