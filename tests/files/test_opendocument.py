"""Every place of an OpenDocument file that can hold text: it is read, or said not to be."""

import re
from zipfile import ZipFile

import pytest

from tests.files.awkward_opendocument import awkward_files
from tests.files.opendocument import (
    box,
    cell,
    comment,
    content_part,
    covered,
    embedded,
    note,
    paragraph,
    part,
    slide,
    styles_part,
    table,
    write_opendocument,
)
from vectorlong.files.file_position import find_position
from vectorlong.files.limits import Limits
from vectorlong.files.opendocument.document import read_opendocument
from vectorlong.files.records import Columns
from vectorlong.files.source import FileSource
from vectorlong.files.unreadable import UnreadableError

ANY = Columns()
HIDING = '<style:text-properties text:display="none"/>'


def content_of(tmp_path, body, parts=None, automatic="", kind="odt"):
    path = write_opendocument(tmp_path / f"a.{kind}", body, parts, automatic)
    return next(read_opendocument(path, ANY))


def text_of(tmp_path, body, parts=None, automatic="", kind="odt"):
    content = content_of(tmp_path, body, parts, automatic, kind)
    assert content.remarks == ()
    return content.text


def shape(kind, content):
    return f"<draw:{kind}>{content}</draw:{kind}>"


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


# --- what is hidden, a picture or an object ------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (paragraph('<text:span text:style-name="T">unseen</text:span>'), "piece of hidden text"),
        (paragraph('<text:span text:style-name="C">unseen</text:span>'), "piece of hidden text"),
        (
            paragraph('<text:hidden-text text:is-hidden="true">unseen</text:hidden-text>'),
            "piece of hidden text",
        ),
        (paragraph("unseen", "P"), "hidden paragraph"),
        (
            paragraph('unseen<text:hidden-paragraph text:is-hidden="true"/>' + box("unseen")),
            "hidden paragraph",
        ),
        (
            f'<text:section text:display="none">{paragraph("unseen")}</text:section>',
            "hidden section",
        ),
        (
            '<text:section text:display="condition" text:is-hidden="true">'
            f"{paragraph('unseen')}</text:section>",
            "hidden section",
        ),
    ],
)
def test_what_is_hidden_is_said(tmp_path, body, what):
    styles = "".join(
        f'<style:style style:name="{name}" style:family="{family}" {parent}>{hides}</style:style>'
        for name, family, parent, hides in [
            ("T", "text", "", HIDING),
            ("C", "text", 'style:parent-style-name="Parent"', ""),
            ("P", "paragraph", "", HIDING),
            ("T", "paragraph", "", ""),
            ("S", "text", 'style:parent-style-name="Parent"', HIDING.replace("none", "true")),
        ]
    )
    common = f'<style:style style:name="Parent" style:family="text">{HIDING}</style:style>'
    seen = paragraph('seen <text:span text:style-name="S">too</text:span>', "T")
    parts = {"styles.xml": styles_part("", common)}
    content = content_of(tmp_path, body + seen, parts, styles)
    assert content.text.strip() == "seen too"
    assert content.remarks == (f"1 {what} is not read",)


@pytest.mark.parametrize(
    "run",
    [
        "<text:script>no</text:script>",
        '<text:variable-set text:display="none">no</text:variable-set>',
        '<loext:content-control loext:showing-place-holder="true">no</loext:content-control>',
        '<text:toc-mark text:string-value="no"/>',
        '<text:bookmark text:name="no"/>',
    ],
)
def test_what_is_not_shown_is_not_read(tmp_path, run):
    assert text_of(tmp_path, paragraph(f"be{run}fore")) == "before"


def test_pictures_and_foreign_objects_are_counted(tmp_path):
    picture = '<draw:image xlink:href="Pictures/a.png"/>'
    body = paragraph(
        f"<draw:frame>{picture}<svg:desc>what it shows</svg:desc></draw:frame>"
        f"<draw:frame>{picture}{picture}</draw:frame>"
        f'<draw:frame><draw:object-ole xlink:href="./Object 9"/>{picture}</draw:frame>'
        f'<draw:frame><draw:object xlink:href="./Object 8"/>{picture}</draw:frame>'
        f"<draw:frame><draw:plugin/></draw:frame>"
    )
    content = content_of(tmp_path, body)
    assert content.text == "\nwhat it shows"
    assert content.remarks == (
        "2 pictures are not read",
        "2 embedded objects are not read",
        "1 missing part is not read",
    )


def mathml(content):
    return (
        '<?xml version="1.0"?><math xmlns="http://www.w3.org/1998/Math/MathML"><semantics>'
        f'{content}<annotation encoding="StarMath 5.0">unseen</annotation></semantics></math>'
    )


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<mrow><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></mrow>", "E=mc^2"),
        ("<mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow></mfrac>", "a/b+1"),
        ("<msqrt><mi>a</mi></msqrt>", "√a"),
        ("<msub><mi>x</mi><mn>1</mn></msub><mo>\u2062</mo><mi>y</mi>", "x_1y"),
        ("<munderover><mo>∑</mo><mi>a</mi><mi>b</mi></munderover>", "∑_a^b"),
        ("<msup><mi>a</mi><mrow/></msup><mi>b</mi>", "ab"),
        ("<mtext>loss</mtext><mi>rate</mi>", "loss rate"),
        ("<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable>", "1 2"),
    ],
)
def test_formulas(tmp_path, formula, text):
    in_line = embedded("Object 1", 'text:anchor-type="as-char"')
    parts = {"Object 1/content.xml": mathml(formula)}
    assert text_of(tmp_path, paragraph(f"so {in_line} is"), parts) == f"so {text} is"
    assert text_of(tmp_path, paragraph("so" + embedded("Object 1")), parts) == f"so\n{text}"
    inner = mathml(formula).partition("?>")[2]
    body = paragraph(f"so <draw:frame><draw:object>{inner}</draw:object></draw:frame>")
    assert text_of(tmp_path, body) == f"so\n{text}"


def test_charts_have_words_and_no_numbers(tmp_path):
    number = (
        '<table:table-cell office:value-type="float"><text:p>unseen</text:p></table:table-cell>'
    )
    chart = (
        f"<chart:chart><chart:title>{paragraph('The title')}</chart:title><chart:plot-area>"
        f"<chart:axis><chart:title>{paragraph('axis')}</chart:title></chart:axis>"
        "</chart:plot-area>"
        + table(cell("") + cell("series"), cell("north") + number, cell("north") + number)
        + "</chart:chart>"
    )
    parts = {"Object 1/content.xml": content_part(chart, kind="chart")}
    body = paragraph("see" + embedded("Object 1") + embedded("Object 1")) + paragraph("next")
    assert text_of(tmp_path, body, parts).split("\n") == [
        *["see", "The title", "axis", "series", "north", "next"],
    ]


def test_embedded_texts_and_sheets(tmp_path):
    sheet = table(cell("1.5") + cell("b"), cell("c") + cell("d"))
    deeper = paragraph("deep" + embedded("Object 4"))
    parts = {
        "Object 1/content.xml": content_part(paragraph("one" + embedded("Object 3"))),
        "Object 2/content.xml": content_part(sheet, kind="spreadsheet"),
        "Object 1/Object 3/content.xml": content_part(deeper),
        "Object 4/content.xml": content_part(paragraph("root" + embedded("Object 1"))),
    }
    body = paragraph("see" + embedded("Object 1") + embedded("Object 2"))
    assert text_of(tmp_path, body, parts) == "see\none\ndeep\nroot\n1.5\tb\nc\td"


def test_objects_in_objects_come_to_an_end(tmp_path):
    parts = {
        f"Object {n}/content.xml": content_part(paragraph(f"o{n}" + embedded(f"Object {n + 1}")))
        for n in range(1, 5_000)
    }
    content = content_of(tmp_path, paragraph("see" + embedded("Object 1")), parts)
    assert content.text.split("\n")[:3] == ["see", "o1", "o2"]
    assert content.remarks == ("1 missing part is not read",)


@pytest.mark.parametrize(
    ("chosen", "shown"), [("1", "two"), ("7", ""), ("x", "one"), (None, "one")]
)
def test_a_choice_of_a_form_from_word(tmp_path, chosen, shown):
    values = [("Dropdown_ListEntry", "one"), ("Dropdown_ListEntry", "two")]
    values += [("Dropdown_Selected", chosen)] if chosen else []
    params = "".join(
        f'<field:param field:name="{name}" field:value="{value}"/>' for name, value in values
    )
    body = paragraph(f"so <field:fieldmark>{params}</field:fieldmark>.")
    assert text_of(tmp_path, body) == f"so {shown}."


def test_forms(tmp_path):
    forms = (
        "<office:forms><form:form>"
        '<form:text form:id="a" form:current-value="Jane" form:value="no"/>'
        '<form:checkbox xml:id="b" form:label="I agree" form:value="no"/>'
        '<form:listbox form:id="c"><form:option form:label="north"/></form:listbox>'
        '<form:password form:id="d" form:value="unseen"/><form:hidden form:value="unseen"/>'
        '<form:grid form:id="e"><form:column form:label="Name"><form:text/></form:column>'
        '<form:column form:label="Year"><form:text/></form:column></form:grid>'
        '<form:button form:id="f" form:label="nowhere"/></form:form></office:forms>'
    )
    controls = "".join(f'<draw:control draw:control="{id}"/>' for id in "abcde")
    text = text_of(tmp_path, forms + paragraph("Form" + controls))
    assert text.split("\n") == ["Form", "Jane", "I agree", "north", "Name", "Year"]


# --- headers, footers and titles -----------------------------------------------------------------


def master(name, content, more=""):
    return f'<style:master-page style:name="{name}" {more}>{content}</style:master-page>'


def test_headers_and_footers_once_each(tmp_path):
    margins = "".join(
        f"<style:{kind}{which} {more}>{paragraph(f'{text} {kind}')}</style:{kind}{which}>"
        for kind in ("header", "footer")
        for which, text, more in [
            ("", "usual", ""),
            ("-left", "left", ""),
            ("-first", "first", ""),
            ("-left", "unseen", 'style:display="false"'),
        ]
    )
    other = f"<style:header>{paragraph('other header')}</style:header>"
    usual = f"<style:header>{paragraph('usual header')}</style:header>"
    masters = (
        master("Standard", margins, 'style:next-style-name="Next"')
        + master("Next", usual)
        + master("Landscape", other)
        + master("Unused", f"<style:header>{paragraph('unseen')}</style:header>")
    )
    common = (
        '<style:style style:name="H" style:family="paragraph" '
        'style:master-page-name="Landscape"/><style:style style:name="U" '
        'style:family="paragraph" style:master-page-name="Unused"/>'
    )
    automatic = (
        '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="H"/>'
    )
    parts = {"styles.xml": styles_part(masters, common)}
    body = paragraph("One") + paragraph("Two", "P1")
    assert text_of(tmp_path, body, parts, automatic).split("\n") == [
        *["usual header", "left header", "first header", "other header"],
        *["One", "Two"],
        *["usual footer", "left footer", "first footer"],
    ]
    begun = text_of(tmp_path, paragraph("Two", "P1"), parts, automatic)
    assert begun == "other header\nTwo", "what comes first may begin other pages"


def test_styles_of_headers_are_their_own(tmp_path):
    """Two parts have automatic styles of the same names."""
    hiding = f'<style:style style:name="P1" style:family="paragraph">{HIDING}</style:style>'
    header = f"<style:header>{paragraph('unseen', 'P1')}</style:header>"
    parts = {"styles.xml": styles_part(master("Standard", header), automatic=hiding)}
    content = content_of(tmp_path, paragraph("seen", "P1"), parts)
    assert (content.text, content.remarks) == ("seen", ("1 hidden paragraph is not read",))


def test_the_title_is_known(tmp_path):
    meta = part("office:document-meta", "<office:meta><dc:title>A title</dc:title></office:meta>")
    content = content_of(tmp_path, paragraph("text"), {"meta.xml": meta})
    assert content.metadata == {"title": "A title"}


# --- slides and drawings -------------------------------------------------------------------------


def notes(text):
    return (
        "<presentation:notes><draw:page-thumbnail/>"
        + box(text, 'presentation:class="notes"')
        + "</presentation:notes>"
    )


def test_slides_with_notes_and_comments(tmp_path):
    pages = [
        slide(
            comment("so?", "Jane").replace("office:annotation", "officeooo:annotation")
            + box("title", 'presentation:class="title"')
            + box("unseen", 'presentation:class="outline" presentation:placeholder="true"')
            + box("unseen", 'presentation:class="page-number"')
            + shape("frame", table(cell("a") + cell("b")))
            + notes("spoken")
        ),
        slide(""),
        slide(
            box("last")
            + shape("custom-shape", paragraph("page <text:page-number>3</text:page-number>"))
        ),
    ]
    content = content_of(tmp_path, "".join(pages), kind="odp")
    assert content.text == "title\na\tb\nspoken\n[Comment by Jane: so?]\nlast\npage"
    assert content.facts == {"slide_starts": [0, 40, 40]}
    metadata = {"file": {"type": "odp", **content.facts}}
    assert str(find_position(content.text, metadata, content.text.index("last"))) == (
        "slide 3, line 1"
    )


def test_an_empty_slide_at_the_end_has_a_place(tmp_path):
    content = content_of(tmp_path, slide(box("one")) + slide(""), kind="odp")
    assert (content.text, content.facts) == ("one", {"slide_starts": [0, 3]})


def test_what_masters_show_comes_once_at_the_end(tmp_path):
    drawn = (
        box("confidential")
        + box("unseen", 'presentation:class="title"')
        + shape("frame", '<draw:image xlink:href="a.png"/>')
        + f"<presentation:notes>{box('unseen')}</presentation:notes>"
    )
    masters = master("M", drawn) + master("Unused", box("unseen"))
    declared = (
        '<presentation:footer-decl presentation:name="f">our footer</presentation:footer-decl>'
        '<presentation:footer-decl presentation:name="g">unseen</presentation:footer-decl>'
        '<presentation:date-time-decl presentation:name="d">in May</presentation:date-time-decl>'
    )
    more = (
        'draw:master-page-name="M" presentation:use-footer-name="f" '
        'presentation:use-date-time-name="d"'
    )
    body = declared + slide(box("one"), more) + slide(box("two"), more)
    content = content_of(tmp_path, body, {"styles.xml": styles_part(masters)}, kind="odp")
    assert content.text.split("\n") == ["one", "two", "confidential", "our footer", "in May"]
    assert content.remarks == ("1 picture is not read",)


def test_pages_of_drawings(tmp_path):
    body = slide(box("one") + shape("g", box("two"))) + slide(shape("path", paragraph("three")))
    path = write_opendocument(tmp_path / "a.odg", body)
    (document,) = FileSource([path])
    assert document.text == "one\ntwo\nthree"
    assert document.metadata["file"]["page_starts"] == [0, 8]


# --- what is no document, or a hostile one -------------------------------------------------------


def test_other_files_of_that_name(tmp_path):
    path = tmp_path / "a.odt"
    for content in (b"", b"<?xml", b"PK\x03\x04" + bytes(100)):
        path.write_bytes(content)
        with pytest.raises(UnreadableError, match="is a damaged OpenDocument file"):
            next(read_opendocument(path, ANY))
    with ZipFile(path, "w") as package:
        package.writestr("styles.xml", styles_part(""))
    with pytest.raises(UnreadableError, match=r"is no OpenDocument file: it has no content\.xml"):
        next(read_opendocument(path, ANY))
    with ZipFile(path, "w") as package:
        package.writestr("content.xml", "<a/>")
    with pytest.raises(UnreadableError, match="is no OpenDocument file of text, slides"):
        next(read_opendocument(path, ANY))


def manifest(*encrypted, before=""):
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{name}"><manifest:encryption-data/>'
        "</manifest:file-entry>"
        for name in encrypted
    )
    return f'<?xml version="1.0"?>{before}<manifest:manifest>{entries}</manifest:manifest>'


@pytest.mark.parametrize("name", ["content.xml", "encrypted-package"])
def test_encrypted_files_are_named(tmp_path, name):
    before = '<!DOCTYPE manifest:manifest PUBLIC "-//OpenOffice.org//DTD Manifest" "Manifest.dtd">'
    parts = {"META-INF/manifest.xml": manifest("Basic/a.xml", name, before=before)}
    path = write_opendocument(tmp_path / "a.odt", paragraph("x"), parts)
    with pytest.raises(UnreadableError, match="is encrypted; save it without its password"):
        next(read_opendocument(path, ANY))
    parts = {"META-INF/manifest.xml": manifest("Basic/a.xml", before=before)}
    assert text_of(tmp_path, paragraph("macros may be"), parts) == "macros may be"


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.99])
def test_truncated_files(tmp_path, cut):
    path = write_opendocument(tmp_path / "a.odt", paragraph("text") * 500)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * cut)])
    with pytest.raises(UnreadableError, match="is a damaged OpenDocument file"):
        next(read_opendocument(path, ANY))
    body = content_part(paragraph("text") * 500).encode()
    with ZipFile(path, "w") as package:
        package.writestr("content.xml", body[: int(len(body) * cut)])
    with pytest.raises(UnreadableError, match="is a damaged OpenDocument file"):
        next(read_opendocument(path, ANY))


def test_what_parts_unpack_to_is_limited(tmp_path):
    path = write_opendocument(tmp_path / "a.odt", " " * 3_000_000)
    with pytest.raises(UnreadableError, match="holds more than 2 MB, unpacked"):
        next(read_opendocument(path, ANY, Limits(unpacked_mb=2)))
    path = write_opendocument(
        tmp_path / "a.odt", paragraph("x"), {"Pictures/a.png": bytes(3_000_000)}
    )
    assert next(read_opendocument(path, ANY, Limits(unpacked_mb=2))).text == "x"


def test_entities_are_not_multiplied(tmp_path):
    declared = '<!DOCTYPE a [<!ENTITY e "x">]>'
    with ZipFile(tmp_path / "a.odt", "w") as package:
        package.writestr(
            "content.xml", content_part("").replace("<office", f"{declared}<office", 1)
        )
    with pytest.raises(UnreadableError, match="it declares a document type"):
        next(read_opendocument(tmp_path / "a.odt", ANY))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (
            "<table:table><table:table-row><table:table-cell>",
            "</table:table-cell></table:table-row></table:table>",
        ),
        ("<text:p><draw:frame><draw:text-box>", "</draw:text-box></draw:frame></text:p>"),
        ("<text:p><office:annotation>", "</office:annotation></text:p>"),
    ],
)
def test_nested_too_deep(tmp_path, begin, end):
    text = text_of(tmp_path, begin * 20 + paragraph("seen") + end * 20)
    assert "seen" in text
    path = write_opendocument(tmp_path / "a.odt", begin * 10_000 + end * 10_000)
    with pytest.raises(UnreadableError, match="is nested too deep"):
        next(read_opendocument(path, ANY))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "body",
    [
        f"<text:{name}>" * 100_000 + f"</text:{name}>" * 100_000
        for name in ("span", "section", "p", "list", "ruby-text", "tracked-changes", "a")
    ]
    + [
        "<table:table>" * 100_000 + "</table:table>" * 100_000,
        "<draw:g>" * 100_000 + "</draw:g>" * 100_000,
        "<math:mfrac>" * 100_000 + "</math:mfrac>" * 100_000,
        "<text:p>" + "<text:ruby-text>" * 50_000 + "x" + "</text:ruby-text>" * 50_000 + "</text:p>",
        "<text:p>" + "x<text:s/>" * 200_000 + "</text:p>",
    ],
    ids=range(12),
)
def test_repeated_elements_take_no_time(tmp_path, body):
    assert "seen" in text_of(tmp_path, body + paragraph("seen"))


@pytest.mark.timeout(60)
def test_long_lineages_of_styles_take_no_time(tmp_path):
    styles = "".join(
        f'<style:style style:name="s{n}" style:family="paragraph" '
        f'style:parent-style-name="s{(n + 1) % 20_000}"/>'
        for n in range(20_000)
    )
    body = "".join(paragraph("x", f"s{n}") for n in range(20_000))
    assert text_of(tmp_path, body, automatic=styles) == "\n".join(["x"] * 20_000)


@pytest.mark.parametrize(
    "body",
    [
        "<table:table-cell/><table:table-row/><table:covered-table-cell/>",
        "<table:table><table:table-cell><office:chart/></table:table-cell></table:table>",
        "<text:ruby-text>x</text:ruby-text><text:note/><office:annotation/><text:s/>",
        "<style:master-page><style:master-page/></style:master-page><style:header/>",
        "<draw:page><draw:page/></draw:page><presentation:notes/>",
        "<draw:image/><draw:object/><draw:object-ole/><draw:control/>",
        "<svg:title><svg:desc>x</svg:desc>y</svg:title><dc:creator>z</dc:creator>",
        "<math:mi>x</math:mi><math:mfrac/><text:number>1</text:number>",
        "<form:option/><form:column/><form:text/><office:forms/>",
        f"<text:p>x{paragraph('y')}z</text:p>",
        '<text:p><text:s text:c="99999999999"/><text:s text:c="x"/></text:p>',
    ],
)
def test_elements_where_they_should_not_be(tmp_path, body):
    text = content_of(tmp_path, paragraph("seen") + body + paragraph("too")).text
    assert text.startswith("seen")
    assert text.endswith("too")


@pytest.mark.parametrize("awkward", awkward_files(), ids=lambda awkward: awkward.name)
def test_every_place_is_read_or_said(tmp_path, awkward):
    path = tmp_path / awkward.name
    path.write_bytes(awkward.content)
    content = next(read_opendocument(path, ANY))
    assert not set(awkward.found) - set(re.findall(r"\w+", content.text))
    assert not [word for word in awkward.unseen if word in content.text]
    assert not [said for said in awkward.said if said not in "; ".join(content.remarks)]
