"""Every place of an OpenDocument text that can hold text is read, where it stands."""

import re

import pytest

from tests.files.opendocument import (
    ANY,
    box,
    cell,
    comment,
    content_of,
    covered,
    note,
    paragraph,
    shape,
    styles_part,
    table,
    text_of,
    write_opendocument,
)
from vectorlong.files.limits import Limits
from vectorlong.files.opendocument.document import read_opendocument
from vectorlong.files.unreadable import UnreadableError

# --- places of a text ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        paragraph("needle"),
        "<text:h>needle</text:h>",
        paragraph("<text:span>nee</text:span>dle"),
        paragraph('<text:a xlink:href="https://unseen.org">needle</text:a>'),
        "<text:list><text:list-item><text:p>needle</text:p></text:list-item></text:list>",
        "<text:list><text:list-header><text:p>needle</text:p></text:list-header></text:list>",
        f"<text:numbered-paragraph>{paragraph('needle')}</text:numbered-paragraph>",
        f'<text:section text:name="unseen">{paragraph("needle")}</text:section>',
        f'<text:section text:display="condition">{paragraph("needle")}</text:section>',
        "<text:table-of-content><text:table-of-content-source><text:index-title-template>unseen"
        f"</text:index-title-template></text:table-of-content-source><text:index-body>"
        f"{paragraph('needle')}</text:index-body></text:table-of-content>",
        paragraph('<text:user-defined text:name="unseen">needle</text:user-defined>'),
        paragraph('<text:hidden-text text:is-hidden="false">needle</text:hidden-text>'),
        paragraph("<text:drop-down><text:label/>needle</text:drop-down>"),
        paragraph("<text:meta>needle</text:meta>"),
        paragraph("<loext:content-control>needle</loext:content-control>"),
        table(cell("needle")),
        f"<table:table>{'<table:table-header-rows><table:table-row>'}{cell('needle')}"
        "</table:table-row></table:table-header-rows></table:table>",
        table(f"<table:table-cell>{table(cell('needle'))}</table:table-cell>"),
        "<table:table><table:title>needle</table:title></table:table>",
        box("needle"),
        paragraph(box("needle")),
        *(
            paragraph(shape(kind, paragraph("needle")))
            for kind in ("custom-shape", "rect", "ellipse", "line", "connector", "caption", "path")
        ),
        paragraph(shape("g", shape("g", box("needle")))),
        paragraph("<draw:a>" + box("needle") + "</draw:a>"),
        paragraph(shape("frame", "<draw:text-box/><svg:title>needle</svg:title>")),
        paragraph(shape("frame", "<draw:text-box/><svg:desc>needle</svg:desc>")),
        paragraph(shape("g", "<svg:title>needle</svg:title>")),
        paragraph("<text:ruby><text:ruby-base>needle</text:ruby-base></text:ruby>"),
    ],
)
def test_places_in_the_body(tmp_path, body):
    lines = text_of(tmp_path, paragraph("before") + body + paragraph("after")).split("\n")
    assert [line for line in lines if line] == ["before", "needle", "after"]


def test_white_space_is_one_space_and_signs_are_theirs(tmp_path):
    body = paragraph(
        " \n a\t  b <text:span> c</text:span><text:s/>d<text:s text:c='2'/> e<text:tab/>f"
        "<text:line-break/>g <text:soft-page-break/> h\u00adi \n"
    )
    assert text_of(tmp_path, body) == "a b c d   e\tf\ng hi"


def test_notes_and_comments_follow_their_paragraph(tmp_path):
    body = paragraph(
        f"one{note('footnote')} two{note('endnote', 'endnote')}"
        f"{comment('Is it', 'Jane  Roe')}{comment('so?')} three"
    )
    assert text_of(tmp_path, body + paragraph("next")).split("\n") == [
        *["one two three", "footnote", "[Comment by Jane Roe: Is it]", "[Comment: so?]", "next"],
        "endnote",
    ]


def test_pronunciation_follows_what_it_is_of(tmp_path):
    parts = "<text:ruby-base>漢</text:ruby-base><text:ruby-text>{}</text:ruby-text>"
    ruby = f"<text:ruby>{parts}</text:ruby>字"
    assert text_of(tmp_path, paragraph(ruby.format("かん"))) == "漢(かん)字"
    assert text_of(tmp_path, paragraph(ruby.format(" "))) == "漢字"


def test_numbers_that_are_saved_stand_before_their_text(tmp_path):
    body = "<text:h><text:number>2.1</text:number>Heading</text:h><text:list><text:list-item>"
    body += f"<text:number>a)</text:number>{paragraph('item')}</text:list-item></text:list>"
    assert text_of(tmp_path, body) == "2.1 Heading\na) item"


def numbered(level, more, of="list-level-style-number"):
    return f'<text:{of} text:level="{level}" {more}/>'


def items(*contents, more="", of="item"):
    inner = "".join(f"<text:list-{of}>{content}</text:list-{of}>" for content in contents)
    return f'<text:list text:style-name="L" {more}>{inner}</text:list>'


LEVELS = "".join(
    [
        numbered(1, 'style:num-format="1" style:num-suffix="."'),
        numbered(2, 'style:num-format="a" style:num-prefix="(" style:num-suffix=")"'),
        numbered(3, 'style:num-format="I" text:display-levels="3" text:start-value="4"'),
    ]
)
LISTS = f'<text:list-style style:name="L">{LEVELS}</text:list-style>'


def test_items_are_counted(tmp_path):
    third = items(paragraph("d"), paragraph("e"))
    second = items(paragraph("b") + paragraph("more"), paragraph("c") + third)
    body = [
        items(paragraph("a") + second, paragraph("f") + items(paragraph("g")), more='xml:id="x"'),
        items("<text:list><text:list-item><text:p>h</text:p></text:list-item></text:list>"),
        items(paragraph("i"), of="header"),
        items(paragraph("j"), more='text:continue-list="x"'),
        items(paragraph("k"), more='text:continue-numbering="true"'),
        items(paragraph("l" + box("boxed") + note(items(paragraph("m"))))),
    ]
    text = text_of(tmp_path, "".join(body), automatic=LISTS)
    assert text.split("\n") == [
        *["1. a", "(a) b", "more", "(b) c", "1.b.IV d", "1.b.V e", "2. f", "(a) g"],
        *["(a) h", "i", "3. j", "4. k", "1. l", "boxed", "1. m"],
    ]
    start = '<text:list text:style-name="L"><text:list-item text:start-value="28">'
    body = f"{start}<text:list><text:list-item text:start-value='28'><text:p>n</text:p>"
    body += "</text:list-item></text:list></text:list-item></text:list>"
    assert text_of(tmp_path, body, automatic=LISTS) == "(ab) n"


def test_lists_in_an_item_begin_again_unless_they_go_on(tmp_path):
    def inner(text, more=""):
        return f"<text:list {more}><text:list-item>{paragraph(text)}</text:list-item></text:list>"

    on = 'text:continue-numbering="true"'
    body = items(paragraph("a") + inner("b") + inner("c") + paragraph("d") + inner("e", on))
    text = text_of(tmp_path, body, automatic=LISTS)
    assert text.split("\n") == ["1. a", "(a) b", "(a) c", "d", "(b) e"]


def test_headings_are_counted(tmp_path):
    levels = numbered(1, 'style:num-format="1"', "outline-level-style")
    levels += numbered(
        2,
        'style:num-format="1" text:display-levels="2" loext:num-list-format="§%1%-%2%:"',
        "outline-level-style",
    )
    parts = {"styles.xml": styles_part("", f"<text:outline-style>{levels}</text:outline-style>")}
    headings = [(1, "", "a"), (2, "", "b"), (3, "", "c"), (2, "", "d")]
    headings += [(1, 'text:is-list-header="true"', "e"), (1, "", "f"), (2, "", "g")]
    headings += [(1, 'text:restart-numbering="true" text:start-value="9"', "h")]
    body = "".join(
        f'<text:h text:outline-level="{level}" {more}>{text}</text:h>'
        for level, more, text in headings
    )
    assert text_of(tmp_path, body + paragraph("i"), parts).split("\n") == [
        *["1 a", "§1-1: b", "c", "§1-2: d", "e", "2 f", "§2-1: g", "9 h", "i"],
    ]


def test_numbers_that_are_saved_count_for_those_that_are_counted(tmp_path):
    saved = paragraph("<text:number>7)</text:number>a") + paragraph("b")
    assert text_of(tmp_path, items(saved), automatic=LISTS) == "7) a\nb"


def test_tracked_changes_are_as_if_accepted(tmp_path):
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><office:change-info>"
        f"<dc:creator>no</dc:creator></office:change-info>{paragraph('deleted')}"
        "</text:deletion></text:changed-region></text:tracked-changes>"
        + paragraph(
            'be<text:change text:change-id="a"/>fore <text:change-start text:change-id="b"/>added'
            '<text:change-end text:change-id="b"/>'
        )
    )
    assert text_of(tmp_path, body) == "before added"


# --- tables --------------------------------------------------------------------------------------


def test_a_row_is_a_line_and_a_merged_cell_is_in_every_row(tmp_path):
    body = table(
        cell("down", 'table:number-rows-spanned="3"') + cell("b") + cell("c"),
        covered() + cell("wide", 'table:number-columns-spanned="2"') + covered(),
        covered() + cell("") + cell("d"),
        cell("e") + cell("f") + cell("g"),
    )
    assert text_of(tmp_path, body) == "down\tb\tc\ndown\twide\ndown\t\td\ne\tf\tg"


def test_tables_in_cells_and_of_one_column(tmp_path):
    inner = table(cell("a") + cell("b"), cell("c") + cell("d"))
    mixed = f"<table:table-cell>{paragraph('x')}{inner}</table:table-cell>" + cell("y")
    assert text_of(tmp_path, table(mixed, cell("z") + cell(""))) == "x a b c d\ty\nz\t"
    alone = f"<table:table-cell>{paragraph('One.')}{paragraph('Two.')}{inner}</table:table-cell>"
    assert text_of(tmp_path, table(alone)) == "One.\nTwo.\na\tb\nc\td"


def test_what_stands_beside_a_cell_follows_its_row(tmp_path):
    body = table(cell("a" + note("note")) + cell("b" + box("boxed")), cell("c") + cell("d"))
    assert text_of(tmp_path, body) == "a\tb\nnote\nboxed\nc\td"


def test_repeated_cells_and_rows_are_no_bomb(tmp_path):
    million = 'table:number-columns-repeated="1000000"'
    body = table(
        cell("a") + f"<table:table-cell {million}/>" + cell("b"),
        cell("c", 'table:number-columns-repeated="3"') + f"<table:table-cell {million}/>",
        covered(million) + cell("d"),
    )
    rows = f'<table:table-row table:number-rows-repeated="{10**9 - 1}">{{}}</table:table-row>'
    body += f"<table:table>{rows.format(cell('e'))}{rows.format(cell(''))}</table:table>"
    lines = text_of(tmp_path, body).split("\n")
    assert re.fullmatch("a\t{2,101}b", lines[0])
    assert lines[1:3] == ["c\tc\tc", "d"]
    assert lines[3:] == ["e"] * 100 + [""]
    filled = table(cell("ten chars ", million))
    path = write_opendocument(tmp_path / "a.odt", filled * 20)
    with pytest.raises(UnreadableError, match="more than 5,000 characters"):
        next(read_opendocument(path, ANY, Limits(characters=5_000)))


def test_a_covered_cell_with_text_is_said(tmp_path):
    hidden = f"<table:covered-table-cell>{paragraph('unseen')}</table:covered-table-cell>"
    content = content_of(tmp_path, table(cell("a", 'table:number-columns-spanned="2"') + hidden))
    assert (content.text, content.remarks) == ("a", ("1 covered cell is not read",))
