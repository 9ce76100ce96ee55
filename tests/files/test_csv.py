"""Tables as people have them: damaged, saved by spreadsheets, with long texts in their cells."""

import csv
import io

import pytest

from vectorlong.files.limits import Limits
from vectorlong.files.records import BadRow, Columns, Content, is_blank
from vectorlong.files.source import FileSource
from vectorlong.files.tables.rows import read_csv
from vectorlong.files.unreadable import UnreadableError

ANY = Columns()
LONG_TEXT = 'A "quoted" word, a comma; a tab\there.\n\nA second paragraph,\r\nof two lines.\n' * 40


@pytest.fixture
def read(tmp_path):
    def read_table(text, name="a.csv", columns=ANY, **options):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return list(read_csv(path, columns, **options))

    return read_table


def written(rows, **options):
    """As Python, pandas and spreadsheets write a table."""
    file = io.StringIO(newline="")
    csv.writer(file, **options).writerows(rows)
    return file.getvalue()


def texts(rows):
    return [row.text for row in rows if isinstance(row, Content)]


def bad(rows):
    return {row.row: row.reason for row in rows if isinstance(row, BadRow)}


# --- quotes that are not closed ------------------------------------------------------------------


def test_an_unclosed_quote_costs_its_row_alone(read):
    lines = [f'{number},"text {number}, and more",x' for number in range(1, 1_001)]
    lines[10] = '11,"text 11, and more,x'
    rows = read("\n".join(["id,text,year", *lines]))
    assert len(texts(rows)) == 999
    assert texts(rows)[10] == "text 12, and more"
    assert bad(rows) == {11: "line 12 opens a quote that is not closed"}
    assert rows[-1].row == 1_000


def test_an_unclosed_quote_among_rows_without_quotes(read):
    """It goes on to the end of the file."""
    lines = [f"{number},text {number}" for number in range(1, 1_001)]
    lines[10] = '11,"text 11'
    rows = read("\n".join(["id,text", *lines]))
    assert len(texts(rows)) == 999
    assert bad(rows) == {11: "line 12 opens a quote that is not closed"}


def test_unclosed_quotes_in_every_row(read):
    rows = read("id,text\n" + '1,"a\n' * 500 + '1,"closed"\n')
    assert texts(rows) == ["closed"]
    assert len(bad(rows)) == 500


def test_a_file_cut_within_quotes(read):
    rows = read('id,text\n1,"whole"\n2,"cut he')
    assert texts(rows) == ["whole"]
    assert bad(rows) == {2: "line 3 opens a quote that is not closed"}


def test_the_row_after_may_begin_a_text_of_many_lines(read):
    rows = read('id,text,x\n1,"open,1\n2,"one\ntwo\nthree",2\n3,"four",3\n')
    assert texts(rows) == ["one\ntwo\nthree", "four"]
    assert set(bad(rows)) == {1}


def test_rows_taken_for_one_are_said_where_csv_cannot_tell(read):
    """A quote too few and one too many later on: by all rules that is one cell."""
    lines = [f"{number},text {number}" for number in range(1, 101)]
    lines[10] += '"'
    lines[10] = lines[10].replace("text", '"text')
    lines[10] = lines[10][:-1]
    lines[60] += '"'
    first, *rows = read("\n".join(["id,text", *lines]))[10:]
    assert first.remarks == (
        "lines 12 to 62 are one row, though each looks like one: a quote may not be closed where "
        "it should be",
    )
    assert len(rows) == 39


@pytest.mark.parametrize("options", [{}, {"delimiter": ";"}, {"quoting": csv.QUOTE_ALL}])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_texts_of_many_lines_are_never_broken(read, options, line_end):
    text = LONG_TEXT * 20
    table = [["id", "text", "note"], *[[str(number), text, 'a "b"'] for number in range(50)]]
    rows = read(written(table, lineterminator=line_end, **options))
    assert texts(rows) == [text] * 50
    assert all(row.remarks == () and row.metadata == {"note": 'a "b"'} for row in rows)


@pytest.mark.parametrize(
    "text", ["a,b\nc,d\n", "x = [1, 2]\nprint(x, x)\n", "Roses are red,\nviolets are blue,\n"]
)
def test_texts_whose_lines_look_like_rows_are_read_whole(read, text):
    rows = read(written([["id", "text"], ["1", text * 30], ["2", "x"]]))
    assert texts(rows) == [text * 30, "x"]


def test_quotes_within_a_text_that_are_not_doubled(read):
    rows = read('id,text\n1,"He said "yes" to me"\n2,5" pipe\n3,"a" b\n4,"two\nlines "x" y"\n5,z\n')
    assert texts(rows)[:3] == ['He said yes" to me"', '5" pipe', "a b"]
    assert texts(rows)[-1] == "z"
    assert len(rows) <= 6


def test_a_row_too_long_costs_itself_alone(read):
    long = f'id,text\n1,"{"x" * 900}"\n2,"{"x" * 3_000}"\n3,{"x" * 3_000}\n4,last\n'
    rows = read(long, limits=Limits(characters=1_000))
    assert texts(rows) == ["x" * 900, "last"]
    reason = "holds more than 1,000 characters of text; to allow more: --limit characters=2000"
    assert bad(rows) == {2: f"line 3 {reason}", 3: f"line 4 {reason}"}


def test_a_header_that_does_not_end(read):
    with pytest.raises(UnreadableError, match="its header line is not CSV"):
        read('id,"text\n1,a\n')


def test_the_report_names_the_line(tmp_path):
    (tmp_path / "a.csv").write_text('text,x\n"open,1\nseen,2\n')
    source = FileSource([tmp_path])
    assert [document.text for document in source] == ["seen"]
    assert source.left_out[0].reason == "row 1: line 2 opens a quote that is not closed"


# --- what spreadsheets write ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    ["sep=;\n", "SEP=;\r\n", '"sep=;"\n', "\ufeffsep=;\n"],
    ids=["plain", "caps", "quoted", "mark"],
)
def test_a_line_that_names_the_delimiter(read, line):
    (row,) = read(f"{line}id;text, or so;text\n1;a;b, c\n")
    assert (row.id, row.text, row.metadata) == ("1", "b, c", {"text, or so": "a"})


def test_a_delimiter_that_only_its_line_tells(read):
    (row,) = read("sep=^\nid^text\n1^b, c\n")
    assert (row.id, row.text) == ("1", "b, c")


def test_commas_within_quotes_of_the_header_do_not_count(read):
    (row,) = read('"Name, first, last";"text"\nx;"a, b"\n')
    assert (row.text, row.metadata) == ("a, b", {"Name, first, last": "x"})


def test_a_table_of_one_column_has_no_delimiter(read):
    assert texts(read('text\nHello, world\n"a; b"\n')) == ["Hello, world", "a; b"]


def test_blanks_before_quotes(read):
    rows = read('id, "text", year\n1, "a, b", 7\n2, "two\nlines", 8\n')
    assert texts(rows) == ["a, b", "two\nlines"]
    assert rows[0].metadata == {"year": 7}
    (row,) = read("id,text\n1,  two blanks before\n")
    assert row.text == "  two blanks before"


def test_marks_of_order_at_the_beginning_and_in_names(read):
    (row,) = read("\ufeff\ufefftext,\ufeffid\na,1\n")
    assert (row.text, row.id) == ("a", "1")


def test_lines_that_end_as_on_old_macs(read):
    assert texts(read('id,text\r1,"a\rb"\r2,c\r')) == ["a\rb", "c"]


def test_doubled_quotes(read):
    assert texts(read('text,x\n"""all"" of ""it""",1\n"""",2\n')) == ['"all" of "it"', '"']


def test_tabs(read):
    rows = read('id\ttext\tnote\n1\t"She said, yes\tx\n2\t"quoted"\ty\n3\ta "b"\tz\n', "a.tsv")
    assert texts(rows) == ['"She said, yes', "quoted", 'a "b"']
    assert bad(rows) == {}


# --- cells that show nothing ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    ["", " ", "\u200b", "\ufeff", "\u00ad", "\u2060\u200d", "\u3000", "\u3164", "\u2800", "\x07"],
)
def test_cells_that_show_nothing_are_empty(tmp_path, cell):
    assert is_blank(cell)
    (tmp_path / "a.csv").write_text(f"text,note\nseen,{cell}\n{cell},x\n", encoding="utf-8")
    source = FileSource([tmp_path])
    (document,) = source
    assert "note" not in document.metadata
    assert source.left_out[0].reason == "row 2: holds no text"


@pytest.mark.parametrize("text", ["a", "。", "👩\u200d👧", "\u0301", "-", "\u200ba"])
def test_whatever_shows_is_text(text):
    assert not is_blank(text)


def test_zero_bytes_are_said_once(read):
    rows = read(b"id,text\n1,a" + b"b" * 200 + b"\n2,b\0c\n3,d\0\n4,e\n")
    assert texts(rows)[1:] == ["b c", "d ", "e"]
    assert [row.remarks for row in rows[1:]] == [
        ("zero bytes in it read as spaces, the first in line 3",),
        (),
        (),
    ]
