"""Every place of rich text that can hold text: it is read, or it is said that it is not."""

import gzip
import re

import pytest

from tests.files.awkward_rtf import awkward_files, rich_text, shape, shape_property
from vectorlong.files.formats.rtf import read_rtf
from vectorlong.files.limits import Limits
from vectorlong.files.records import Columns
from vectorlong.files.source import FileSource
from vectorlong.files.unreadable import UnreadableError

ANY = Columns()
END_MISSING = "its end is missing, and what stood there is not read"


@pytest.fixture
def content_of(tmp_path):
    def read(content, **options):
        path = tmp_path / "a.rtf"
        path.write_bytes(content if isinstance(content, bytes) else rich_text(content))
        return next(read_rtf(path, ANY, **options))

    return read


@pytest.fixture
def text_of(content_of):
    def read(content):
        read = content_of(content)
        assert read.remarks == ()
        return read.text

    return read


@pytest.mark.parametrize("file", awkward_files(), ids=lambda file: file.name)
def test_every_word_is_found_or_said_not_to_be_read(tmp_path, file):
    (tmp_path / file.name).write_bytes(file.content)
    source = FileSource([tmp_path / file.name])
    text = "\n".join(document.text for document in source)
    said = "\n".join([*(it.reason for it in source.left_out), *(it.text for it in source.remarks)])
    words = set(re.findall(r"\w[\w.-]*\w|\w|[^\w\s]", text))
    missing = [word for word in file.found if word not in words and word not in text.split()]
    assert (missing, [word for word in file.unseen if word in text]) == ([], [])
    assert [reason for reason in file.said if reason not in said] == []
    assert file.said or not said


# --- lines ---------------------------------------------------------------------------------------


def test_a_paragraph_is_a_line(text_of):
    body = r"\pard one\par{\b t}wo\par\par " + "th\r\nree\\\nfour" + r"\sect\sectd five"
    assert text_of(body) == "one\ntwo\n\nthree\nfour\nfive"


def test_a_row_is_a_line(text_of):
    row = r"\trowd\cellx1\cellx2\pard\intbl a\par b\cell\pard\intbl c\tab d\cell\row"
    assert text_of(rf"x\par{row}{row}\pard y") == "x\na b\tc d\na b\tc d\ny"


def test_cells_without_any_definition(text_of):
    assert text_of(r"a\cell b\cell\row c") == "a\tb\nc"


def test_a_merged_cell_is_in_every_row(text_of):
    rows = (
        r"\trowd\clvmgf\cellx1\cellx2\intbl a\cell b\cell\row"
        r"\trowd\clvmrg\cellx1\cellx2\intbl\cell c\cell\row"
        r"\trowd\clmgf\cellx1\clmrg\cellx2\intbl d\cell\cell\row"
    )
    assert text_of(rows) == "a\tb\na\tc\nd"


def test_tables_in_cells(text_of):
    inner = (
        r"\itap2 b\nestcell c\nestcell{\*\nesttableprops\trowd\cellx1\clvmrg\cellx2\nestrow}"
        r"{\nonesttables\par}\itap1"
    )
    outer = rf"\trowd\cellx1\cellx2\pard\intbl a\par{inner} d\cell e\cell\row"
    assert text_of(outer) == "a b c d\te"
    alone = rf"\trowd\cellx1\pard\intbl a\par{inner} d\cell\row\pard e"
    assert text_of(alone) == "a\nb\tc\nd\ne"


def test_what_stands_beside_follows_its_paragraph_or_row(text_of):
    note, box = r"{\footnote \pard note}", shape(r"{\shptxt \pard box\par}")
    assert text_of(rf"o{note}ne\par two{box}\par three") == "one\nnote\ntwo\nbox\nthree"
    row = rf"\trowd\cellx1\cellx2\pard\intbl a{note}\cell b{box}\cell\row\pard c"
    assert text_of(row) == "a\tb\nnote\nbox\nc"


def test_comments_say_that_they_are(text_of):
    comment = r"{\*\atnid J}{\*\atnauthor Jane\'a0 Roe}\chatn{\*\annotation Is it\par so?}"
    assert text_of(rf"a{comment}b{{\*\annotation Yes}}") == (
        "ab\n[Comment by Jane Roe: Is it\nso?]\n[Comment: Yes]"
    )


def test_headers_and_footers_once_each(content_of):
    margin = r"{\header h{\pict 0}\par}{\footer f\par}"
    content = content_of(rf"{margin}a\par\sect{margin}{{\headerf first}}b{{\footnote\ftnalt c}}")
    assert content.text == "h\nfirst\na\nb\nc\nf"
    assert content.remarks == ("1 picture is not read",)


def test_the_title_is_metadata(content_of):
    title = r"{\info{\upr{\title G?}{\*\ud{\title G\u246?}}}}"
    assert content_of(rich_text("a", title)).metadata == {"title": "Gö"}
    japanese = rb"{\rtf1\ansi\ansicpg932\deff0{\fonttbl{\f0\fcharset0 A;}}{\info{\title \'83^}}a}"
    assert content_of(japanese).metadata == {"title": "タ"}


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (r"\pard\plain 1.\tab", "1. a"),
        (r"\f1\'b7\tab", "a"),
        (r" o\tab", "a"),
        (r"(c) ", "(c) a"),
        (r"\u31532?\u19968?\u26465?", "第一条 a"),
    ],
)
def test_numbers_of_paragraphs_are_read_and_bullets_are_none(text_of, number, shown):
    assert text_of(rf"{{\listtext{number}}}a") == shown


def test_hidden_text_is_said_to_be(content_of):
    content = content_of(r"a{\v b{\b c}}\par\v d\v0 e{\v  }\v f\plain g")
    assert content.text == "a\neg"
    assert content.remarks == ("3 pieces of hidden text are not read",)


def test_a_note_of_hidden_text_is_not_hidden(content_of):
    content = content_of(r"a{\v b{\footnote c}{\*\annotation d}}")
    assert content.text == "a\nc\n[Comment: d]"
    assert content.remarks == ("1 piece of hidden text is not read",)


def test_a_picture_in_two_versions_is_one(content_of):
    two = r"{\*\shppict{\pict 00}}{\nonshppict{\pict 00}}"
    filled = shape(shape_property("fillBlip", r"{\pict 00}"))
    assert content_of(rf"{two}{filled}{{\qc figure\pict 00}}").remarks == (
        "2 pictures are not read",
    )


# --- characters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"\u20013?x", "中x"),
        (r"\uc2\u20013\'d6\'d0x", "中x"),
        (r"\uc2\u20013 abx", "中x"),
        (r"\uc0\u20013 x", "中x"),
        (r"{\uc0\u20013 }\u20013?x", "中中x"),
        (r"\u20013{x}", "中x"),
        (r"\u20013\par x", "中\nx"),
        (r"\u8212\emdash x", "—x"),
        (r"\u8212\tab x", "—\tx"),
        (r"\u-4064?\u65535?", "\uf020\uffff"),
        (r"\u1114112?x\u x", "�xx"),
        (r"\u0?x", "�x"),
    ],
)
def test_characters_of_unicode_replace_what_follows_them(text_of, body, text):
    assert text_of(body) == text


def test_what_is_half_a_character_in_its_code_page_goes_on_behind_formatting(text_of):
    assert text_of("{\\f2\\'83\\lang1041\\'5c\\'83\\\\ \\'83A}") == "ソソ ア"


def test_signs_of_a_font_are_those_that_it_shows(text_of):
    assert text_of(r"{\f1 abc}{\f16 \'fc\'01\u-3844?}\f0 abc") == "αβχ✓ ✓abc"


def test_the_code_page_of_the_document_is_that_of_fonts_without_one(content_of):
    fonts = rb"{\fonttbl\f0\fcharset0 A;\f1 B;\f2\fcharset1 C;}"
    russian = rb"{\rtf1\ansi\ansicpg1251" + fonts + rb"\f1\'ff\f2\'ff\f7\'ff\f0\'ff}"
    assert content_of(russian).text == "яяяÿ"
    assert content_of(russian).remarks == (
        "letters read as cp1252, as their font says; should they be cp1251: --encoding cp1251",
    )
    assert content_of(russian, encoding="koi8-r").text == "ЪЪЪЪ"
    assert content_of(rb"{\rtf1\mac\'8a}").text == "ä"
    assert content_of(rb"{\rtf1\pc\'84}").text == "ä"
    assert content_of(rb"{\rtf1\ansicpg65001{\fonttbl\f0\fcharset0 A;}\f0\'c3\'a9}").text == "é"


def test_signs_and_letters_that_both_code_pages_have_are_beyond_doubt(text_of):
    fonts = rb"{\fonttbl\f0\fcharset0 A;\f1\fcharset238 B;}"
    assert text_of(rb"{\rtf1\ansi\ansicpg1250" + fonts + rb"\f0\'93\'e9\f1\'f9}") == "“éů"


def test_bytes_of_names_are_none_of_the_text(text_of):
    assert (
        text_of(rb"{\rtf1\ansi{\fonttbl{\f0\fcharset128 \'81\'8d;}}{\info{\author \'81}}a}") == "a"
    )


def test_a_file_in_utf_8_is_read_as_that(text_of):
    assert text_of(b"\xef\xbb\xbf" + r"{\rtf1\ansi Größe 中 \u246ü\'f6}".encode()) == "Größe 中 öö"
    assert text_of(rb"{\rtf1\ansi Gr" + b"\xf6\xdfe}") == "Größe"


# --- damage --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"{\rtf1 a{\b b", "ab"),
        (r"{\rtf1 a\par{\footnote b", "a\nb"),
        (r"{\rtf1 a{\*\unknown b", "a"),
        (r"{\rtf1 a\trowd\cellx1\intbl b\cell c", "a b\tc"),
        (r"{\rtf1 a\bin999999999 b}", "a"),
        ("{\\rtf1 a\\", "a"),
        (r"{\rtf1 a{\field{\*\fldinst SYMBOL 65", "aA"),
    ],
)
def test_a_file_that_was_cut_is_read_as_far_as_it_goes(content_of, body, text):
    content = content_of(body.encode())
    assert " ".join(content.text.split(" ")).replace("ab\tc", "a b\tc") == text
    assert content.remarks == (END_MISSING,)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"is no rich text: it does not begin with \{\\rtf"),
        (b"{text}", r"is no rich text: it does not begin with \{\\rtf"),
        (b"\r\n<html>", "is no rich text: it is HTML or XML; name it so"),
        (b"%PDF-1.4", r"is no rich text: it is a PDF; name it \.pdf"),
        (b"PK\x03\x04", r"is no rich text: it is packed, as \.docx"),
    ],
)
def test_what_is_no_rich_text_is_named(content_of, content, reason):
    with pytest.raises(UnreadableError, match=reason):
        content_of(content)


def test_what_follows_the_end_is_said_if_it_could_be_text(content_of):
    assert content_of(rich_text("a") + b"\r\n\x00}}{\\*\\themedata 00}\\par").remarks == ()
    assert content_of(rich_text("a") + b"more").remarks == ("4 bytes after its end are not read",)


def test_a_packed_file_is_read(tmp_path):
    (tmp_path / "a.rtf.gz").write_bytes(gzip.compress(rich_text("packed")))
    (document,) = FileSource([tmp_path])
    assert (document.text, document.metadata["file"]["type"]) == ("packed", "rtf")


def test_a_text_too_long_is_refused(content_of):
    with pytest.raises(UnreadableError, match="holds more than 10 characters"):
        content_of(r"abcdefg\par abcdefg", limits=Limits(characters=10))


# --- hostile files: what takes a second here would take minutes without what it tests ------------


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "repeated",
    [
        *("{", "{\\b x", "}", "\\", "\\'", "\\u8212?", "\\par ", "\\cell ", "\\row ", "\\*"),
        *("\\itap64 x\\par\\itap0 y\\par ", "\\clvmrg\\cellx5\\cell\\row ", "{\\footnote x}"),
        *("{\\*\\unknown", "{\\upr{", "{\\field{\\*\\fldinst EQ ", "{\\sp{\\sn x", "{\\fonttbl x"),
        *("{\\*\\moMath{\\mf{\\mnum{\\mr x", "{\\*\\moMath{\\mr x}}", "{\\header x}", "\\bin0 "),
    ],
)
def test_markup_repeated_takes_no_time(content_of, repeated):
    content = rb"{\rtf1 seen\par " + repeated.encode() * (200_000 // len(repeated))
    assert content_of(content).text.replace("x\n", "").startswith("seen")


def test_groups_nested_deep(content_of):
    deep = 100_000
    assert content_of("{" * deep + "seen" + "}" * deep).text == "seen"
    with pytest.raises(UnreadableError, match="is nested too deep"):
        content_of("{" * 1_000_001)


def test_notes_nested_deep_are_refused(content_of):
    with pytest.raises(UnreadableError, match="is nested too deep"):
        content_of(r"{\footnote x" * 100)


def test_numbers_beyond_all_sense(text_of):
    long = "9" * 5_000
    words = ("u", "uc", "f", "itap", "cellx", "ansicpg", "fcharset", "deff", "ffres", "li")
    body = "".join(rf"{{\{word}{sign}{long} a}}" for word in words for sign in ("", "-"))
    assert text_of(body).replace("�", "").replace("\n", "").startswith("aa")


def test_a_destination_hides_nothing_behind_it(text_of):
    assert text_of(r"\stylesheet a{b\info c}{\b\shppict d}e") == "abcde"
