"""Objects, pages and what is hidden in OpenDocument files."""

import pytest

from tests.files.opendocument import (
    box,
    cell,
    comment,
    content_of,
    content_part,
    embedded,
    paragraph,
    part,
    shape,
    slide,
    styles_part,
    table,
    text_of,
    write_opendocument,
)
from vectorlong.files.file_position import find_position
from vectorlong.files.source import FileSource

HIDING = '<style:text-properties text:display="none"/>'


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
        '<presentation:footer-decl presentation:name="e"/>'
        '<presentation:footer-decl presentation:name="h">our footer</presentation:footer-decl>'
        '<presentation:date-time-decl presentation:name="d">in May</presentation:date-time-decl>'
    )
    more = (
        'draw:master-page-name="M" presentation:use-footer-name="f" '
        'presentation:use-date-time-name="d"'
    )
    others = "".join(slide("", f'presentation:use-footer-name="{name}"') for name in "eh")
    body = declared + slide(box("one"), more) + slide(box("two"), more) + others
    content = content_of(tmp_path, body, {"styles.xml": styles_part(masters)}, kind="odp")
    assert content.text.split("\n") == ["one", "two", "confidential", "our footer", "in May"]
    assert content.remarks == ("1 picture is not read",)


def test_pages_of_drawings(tmp_path):
    body = slide(box("one") + shape("g", box("two"))) + slide(shape("path", paragraph("three")))
    path = write_opendocument(tmp_path / "a.odg", body)
    (document,) = FileSource([path])
    assert document.text == "one\ntwo\nthree"
    assert document.metadata["file"]["page_starts"] == [0, 8]
