"""Every place of a Word document that can hold text: it is read, or it is said that it is not."""

import re
from zipfile import ZipFile

import pytest

from tests.files.builders import (
    cell,
    paragraph,
    table,
    word_part,
    write_docx_part,
    write_word,
)
from vectorlong.files.docx import read_docx
from vectorlong.files.limits import Limits
from vectorlong.files.records import Columns, UnreadableError

ANY = Columns()


def run(text, properties=""):
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def field(kind):
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def instruction(text):
    return f"<w:r><w:instrText>{text}</w:instrText></w:r>"


def box(text):
    return f"<w:txbxContent>{paragraph(text)}</w:txbxContent>"


def drawn(content, description=""):
    return (
        f'<w:r><w:drawing><wp:inline><wp:docPr id="1" name="unseen" {description}/>'
        f"<a:graphic><a:graphicData>{content}</a:graphicData></a:graphic></wp:inline></w:drawing>"
        "</w:r>"
    )


def letters(text):
    return f"<m:r><m:t>{text}</m:t></m:r>"


def content_of(tmp_path, body, parts=None):
    return next(read_docx(write_word(tmp_path / "a.docx", body, parts), ANY))


def text_of(tmp_path, body, parts=None):
    content = content_of(tmp_path, body, parts)
    assert content.remarks == ()
    return content.text


SHAPE = f"<wps:wsp><wps:txbx>{box('needle')}</wps:txbx></wps:wsp>"
OLD_SHAPE = f"<w:pict><v:shape><v:textbox>{box('needle')}</v:textbox></v:shape></w:pict>"


@pytest.mark.parametrize(
    "body",
    [
        paragraph("needle"),
        f"<w:p><w:hyperlink>{run('needle')}</w:hyperlink></w:p>",
        f"<w:p><w:ins>{run('needle')}</w:ins></w:p>",
        f"<w:p><w:moveTo>{run('needle')}</w:moveTo></w:p>",
        f"<w:p><w:smartTag><w:smartTagPr/>{run('needle')}</w:smartTag></w:p>",
        f"<w:p><w:customXml>{run('needle')}</w:customXml></w:p>",
        f'<w:p><w:fldSimple w:instr="TITLE">{run("needle")}</w:fldSimple></w:p>',
        f"<w:p><w:dir>{run('needle')}</w:dir></w:p>",
        f"<w:p><w:sdt><w:sdtPr/><w:sdtContent>{run('needle')}</w:sdtContent></w:sdt></w:p>",
        f"<w:sdt><w:sdtContent>{paragraph('needle')}</w:sdtContent></w:sdt>",
        f"<w:customXml>{paragraph('needle')}</w:customXml>",
        table(cell("needle")),
        f"<w:tbl><w:sdt><w:sdtContent><w:tr>{cell('needle')}</w:tr></w:sdtContent></w:sdt></w:tbl>",
        table(f"<w:sdt><w:sdtContent>{cell('needle')}</w:sdtContent></w:sdt>"),
        table(f"<w:tc>{table(cell('needle'))}<w:p/></w:tc>").replace("\n", ""),
        f"<w:p><w:r>{OLD_SHAPE}</w:r></w:p>",
        f"<w:p>{drawn(SHAPE)}</w:p>",
        "<w:p><m:oMath>" + letters("needle") + "</m:oMath></w:p>",
        "<w:p><m:oMathPara><m:oMath>" + letters("needle") + "</m:oMath></m:oMathPara></w:p>",
        f"<w:p>{drawn('<a:p><a:r><a:t>needle</a:t></a:r></a:p>')}</w:p>",
        '<w:p><w:r><w:pict><v:shape><v:textpath string="needle"/></v:shape></w:pict></w:r></w:p>',
        "<w:p>" + drawn("", 'descr="needle"') + "</w:p>",
        "<w:p>" + drawn("", 'title="needle" descr="needle"') + "</w:p>",
        '<w:p><w:r><w:pict><v:rect alt="needle"/></w:pict></w:r></w:p>',
        '<w:tbl><w:tblPr><w:tblCaption w:val="needle"/></w:tblPr></w:tbl>',
        '<w:tbl><w:tblPr><w:tblDescription w:val="needle"/></w:tblPr></w:tbl>',
    ],
)
def test_places_in_the_body(tmp_path, body):
    lines = text_of(tmp_path, paragraph("before") + body + paragraph("after")).split("\n")
    assert [line for line in lines if line] == ["before", "needle", "after"]


@pytest.mark.parametrize("reference", ["footnote", "endnote"])
def test_notes(tmp_path, reference):
    marks = f'<w:r><w:{reference}Ref/></w:r><w:r><w:t xml:space="preserve"> note</w:t></w:r>'
    notes = "".join(
        f'<w:{reference} w:id="{number}"{kind}><w:p>{marks}</w:p>{paragraph("more")}'
        f"</w:{reference}>"
        for number, kind in [(0, ' w:type="separator"'), (1, ""), (2, "")]
    )
    refer = f'<w:r><w:{reference}Reference w:id="1"/></w:r>'
    body = f"<w:p>{run('word')}{refer}{run('s')}</w:p>" + paragraph("next")
    text = text_of(tmp_path, body, {f"{reference}s.xml": word_part(f"w:{reference}s", notes)})
    expected = {
        "footnote": "words\nnote\nmore\nnext",
        "endnote": "words\nnext\nnote\nmore",
    }
    assert text == expected[reference]


def test_comments_say_that_they_are(tmp_path):
    comments = word_part(
        "w:comments",
        f'<w:comment w:id="5" w:author="Jane\tRoe">{paragraph("Is it")}{paragraph("so?")}'
        "</w:comment>"
        f'<w:comment w:id="6">{paragraph("Yes")}</w:comment>'
        f'<w:comment w:id="7">{paragraph("of nothing")}</w:comment>',
    )
    refer = "".join(f'<w:r><w:commentReference w:id="{id}"/></w:r>' for id in (5, 6, 5))
    notes = word_part(
        "w:footnotes",
        f'<w:footnote w:id="1"><w:p>{run("note")}<w:r><w:commentReference w:id="6"/></w:r></w:p>'
        "</w:footnote>",
    )
    body = f"<w:p>{run('text')}{refer}</w:p>{paragraph('next')}"
    text = text_of(tmp_path, body, {"comments.xml": comments})
    assert text == "text\n[Comment by Jane Roe: Is it\nso?]\n[Comment: Yes]\nnext"
    body = f'<w:p>{run("text")}<w:r><w:footnoteReference w:id="1"/></w:r></w:p>'
    parts = {"footnotes.xml": notes, "comments.xml": comments}
    assert text_of(tmp_path, body, parts) == "text\nnote\n[Comment: Yes]"


def test_headers_and_footers_once_each(tmp_path):
    parts = {
        f"{kind}-{name}.xml": word_part("w:hdr", paragraph(text) + "<w:p/>")
        for kind in ("header", "footer")
        for name, text in [
            *[("first", f"first {kind}"), ("even", f"even {kind}"), ("default", f"usual {kind}")],
            *[("later", f"usual {kind}"), ("unused", "unused")],
        ]
    }
    sections = [
        "".join(
            f'<w:{kind}Reference w:type="{name}" r:id="{kind}-{name}.xml"/>'
            for name in names
            for kind in ("header", "footer")
        )
        for names in (("default", "first", "even"), ("later",))
    ]
    body = (
        f"<w:p><w:pPr><w:sectPr>{sections[0]}</w:sectPr></w:pPr>{run('One')}</w:p>"
        f"{paragraph('Two')}<w:sectPr>{sections[1]}</w:sectPr>"
    )
    assert text_of(tmp_path, body, parts).split("\n") == [
        *["usual header", "first header", "even header"],
        *["One", "Two"],
        *["usual footer", "first footer", "even footer"],
    ]


def test_what_stands_beside_a_cell_follows_its_row(tmp_path):
    notes = word_part("w:footnotes", f'<w:footnote w:id="1">{paragraph("note")}</w:footnote>')
    noted = f"<w:tc><w:p>{run('b')}<w:r><w:footnoteReference w:id='1'/></w:r></w:p></w:tc>"
    shaped = f"<w:tc><w:p>{run('c')}<w:r>{OLD_SHAPE}</w:r></w:p></w:tc>"
    text = text_of(tmp_path, table(cell("a") + noted, shaped + cell("d")), {"footnotes.xml": notes})
    assert text == "a\tb\nnote\nc\td\nneedle"


def test_tables_in_cells(tmp_path):
    inner = table(cell("a") + cell("b"), cell("c") + cell("d"))
    outer = table(f"<w:tc>{paragraph('x')}{inner}<w:p/></w:tc>" + cell("y"), cell("z") + cell(""))
    assert text_of(tmp_path, outer) == "x a b c d\ty\nz\t"


def test_a_table_of_one_cell_is_a_frame(tmp_path):
    inner = table(cell("a") + cell("b"))
    frame = table(f"<w:tc>{paragraph('One.')}{paragraph('Two.')}{inner}</w:tc>")
    assert text_of(tmp_path, frame) == "One.\nTwo.\na\tb"


# --- what is deleted, hidden or an instruction ---------------------------------------------------


@pytest.mark.parametrize(
    "run_of_it",
    [
        "<w:del><w:r><w:delText>no</w:delText></w:r></w:del>",
        f"<w:del>{run('no')}</w:del>",
        f"<w:moveFrom>{run('no')}</w:moveFrom>",
        f"<w:ins><w:del>{run('no')}</w:del></w:ins>",
        f"<w:del><w:r>{OLD_SHAPE.replace('needle', 'no')}</w:r></w:del>",
        "<w:r><w:instrText>no</w:instrText></w:r>",
        "<w:r><w:delInstrText>no</w:delInstrText></w:r>",
        f"<w:sdt><w:sdtPr><w:placeholder>{run('no')}</w:placeholder></w:sdtPr></w:sdt>",
        f"<w:r><w:rPr><w:rPrChange><w:rPr>{run('no')}</w:rPr></w:rPrChange></w:rPr></w:r>",
    ],
)
def test_what_is_not_read(tmp_path, run_of_it):
    assert text_of(tmp_path, f"<w:p>{run('be')}{run_of_it}{run('fore')}</w:p>") == "before"


def test_hidden_text_is_said_to_be(tmp_path):
    body = (
        f"<w:p><w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr>{run('seen')}"
        f"{run('unseen', '<w:vanish/>')}"
        + run(" too", '<w:vanish w:val="0"/>')
        + "<m:oMath>"
        + letters("x")
        + "</m:oMath></w:p>"
    )
    content = content_of(tmp_path, body)
    assert content.text == "seen toox"
    assert content.remarks == ("1 piece of hidden text is not read",)


def test_deleted_ends_of_paragraphs_and_rows(tmp_path):
    mark = "<w:pPr><w:rPr><w:del/></w:rPr></w:pPr>"
    body = f"<w:p>{mark}{run('one ')}</w:p>{paragraph('line')}{paragraph('next')}"
    assert text_of(tmp_path, body) == "one line\nnext"
    rows = f"<w:trPr><w:del/></w:trPr>{cell('')}{cell('')}", cell("a") + cell("b")
    assert text_of(tmp_path, table(*rows)) == "a\tb"


def test_a_drop_cap_belongs_to_its_word(tmp_path):
    cap = f'<w:p><w:pPr><w:framePr w:dropCap="drop"/></w:pPr>{run("O")}</w:p>'
    assert text_of(tmp_path, cap + paragraph("nce upon")) == "Once upon"


def test_fields_show_their_results(tmp_path):
    simple = field("begin") + instruction("PAGE") + field("separate") + run("7") + field("end")
    assert text_of(tmp_path, f"<w:p>{run('page ')}{simple}{run('.')}</w:p>") == "page 7."
    nested = field("begin") + instruction("IF") + simple + field("separate") + run("yes")
    body = f"<w:p>{nested}</w:p><w:p>{run('and more')}{field('end')}{run(' after')}</w:p>"
    assert text_of(tmp_path, body) == "yes\nand more after"
    entry = field("begin") + instruction("XE") + run("not shown") + field("end")
    assert text_of(tmp_path, f"<w:p>{run('a')}{entry}{run('b')}</w:p>") == "ab"
    assert text_of(tmp_path, f"<w:p>{field('end')}{field('separate')}{run('x')}</w:p>") == "x"


def test_a_field_that_never_ends_hides_nothing(tmp_path):
    body = f"<w:p>{run('one')}{field('begin')}{run('two')}</w:p>{paragraph('three')}"
    assert text_of(tmp_path, body).split() == ["one", "two", "three"]
    cells = f"<w:tc><w:p>{field('begin')}{run('a')}</w:p></w:tc>" + cell("b")
    assert set(text_of(tmp_path, table(cells)).split()) == {"a", "b"}


def test_a_choice_of_a_form(tmp_path):
    for chosen, shown in [('<w:result w:val="1"/>', "two"), ("", "one"), ("<w:result/>", "one")]:
        entries = "".join(f'<w:listEntry w:val="{word}"/>' for word in ("one", "two"))
        data = f"<w:ffData><w:ddList>{chosen}{entries}</w:ddList></w:ffData>"
        begin = f'<w:r><w:fldChar w:fldCharType="begin">{data}</w:fldChar></w:r>'
        body = f"<w:p>{run('a ')}{begin}{instruction('FORMDROPDOWN')}{field('end')}</w:p>"
        assert text_of(tmp_path, body) == f"a {shown}"


# --- characters ----------------------------------------------------------------------------------


def test_signs(tmp_path):
    signs = (
        "<w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>non</w:t><w:noBreakHyphen/><w:t>lin</w:t>"
        "<w:softHyphen/><w:t>e\u00adar</w:t><w:ptab/><w:cr/>"
        '<w:sym w:font="Symbol" w:char="F061"/><w:sym w:font="Wingdings" w:char="F0E0"/>'
        '<w:sym w:font="Webdings" w:char="F0AA"/><w:sym w:font="Arial" w:char="00E9"/>'
        '<w:sym w:font="Arial" w:char="D800"/><w:sym/><w:lastRenderedPageBreak/><w:t>z</w:t>'
    )
    tabs = '<w:pPr><w:tabs><w:tab w:val="left"/></w:tabs></w:pPr>'
    text = text_of(tmp_path, f"<w:p>{tabs}<w:r>{signs}</w:r></w:p>")
    assert text == "a\tb\nnon-linear\t\nα→\ufffdé\ufffd\ufffdz"


def test_pronunciation_follows_what_it_is_of(tmp_path):
    ruby = f"<w:rt>{run('かん')}</w:rt><w:rubyBase>{run('漢')}</w:rubyBase>"
    body = f"<w:p><w:r><w:ruby>{ruby}</w:ruby></w:r>{run('字')}</w:p>"
    assert text_of(tmp_path, body) == "漢(かん)字"


def test_markup_within_a_text_breaks_nothing(tmp_path):
    body = "<w:p><w:r><w:t>a<!-- no -->b<?no no?>c &amp; <![CDATA[<d>]]>&#233;</w:t></w:r></w:p>"
    assert text_of(tmp_path, body) == "abc & <d>é"


@pytest.mark.parametrize(
    ("equation", "text"),
    [
        ("<m:f><m:num>{a}</m:num><m:den>{b}</m:den></m:f>", "a/b"),
        ("<m:sSup><m:e>{a}</m:e><m:sup>{b}</m:sup></m:sSup>", "a^b"),
        ("<m:sSub><m:e>{a}</m:e><m:sub>{b}</m:sub></m:sSub>{c}", "a_bc"),
        ("<m:rad><m:deg/><m:e>{a}</m:e></m:rad>", "√a"),
        ("{a}<m:d><m:dPr/><m:e>{b}</m:e></m:d>", "a(b)"),
        (
            '<m:d><m:dPr><m:begChr m:val="["/><m:sepChr m:val=","/><m:endChr m:val="]"/></m:dPr>'
            "<m:e>{a}</m:e><m:e>{b}</m:e></m:d>",
            "[a,b]",
        ),
        (
            '<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub/><m:sup>{a}</m:sup>'
            "<m:e>{b}</m:e></m:nary>",
            "∑^ab",
        ),
        (
            "<m:m><m:mr><m:e>{a}</m:e><m:e>{b}</m:e></m:mr><m:mr><m:e>{c}</m:e></m:mr></m:m>",
            "a b c ",
        ),
        ("<m:func><m:fName>{a}</m:fName><m:e>{b}</m:e></m:func>", "a b"),
    ],
)
def test_equations(tmp_path, equation, text):
    filled = equation.format(a=letters("a"), b=letters("b"), c=letters("c"))
    assert text_of(tmp_path, f"<w:p><m:oMath>{filled}</m:oMath></w:p>") == text


# --- pictures, shapes and parts ------------------------------------------------------------------


def alternatives(*branches):
    first, *others = branches
    rest = "".join(f"<mc:Fallback>{branch}</mc:Fallback>" for branch in others)
    return (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps">{first}</mc:Choice>{rest}'
        "</mc:AlternateContent></w:r>"
    )


def test_alternatives_are_read_once(tmp_path):
    body = f"<w:p>{run('a')}{alternatives(drawn(SHAPE), OLD_SHAPE)}{run('b')}</w:p>"
    assert text_of(tmp_path, body) == "ab\nneedle"
    body = f"<w:p>{alternatives('<w:unknown/>', OLD_SHAPE)}</w:p>"
    assert text_of(tmp_path, body) == "\nneedle"
    inner = alternatives(drawn(SHAPE), OLD_SHAPE)
    outer = f"<wps:txbx><w:txbxContent><w:p>{inner}</w:p></w:txbxContent></wps:txbx>"
    assert text_of(tmp_path, f"<w:p>{alternatives(outer, OLD_SHAPE)}</w:p>") == "\nneedle"


def test_what_is_not_text_is_counted(tmp_path):
    picture = "<pic:pic><pic:blipFill/></pic:pic>"
    old_picture = "<w:pict><v:shape><v:imagedata/></v:shape></w:pict>"
    embedded = "<w:r><w:object><v:shape><v:imagedata/></v:shape><o:OLEObject/></w:object></w:r>"
    body = (
        f"<w:p>{drawn(picture, 'descr=' + repr('what it shows'))}"
        f"{alternatives(drawn(picture), old_picture)}"
        f'<w:r>{old_picture}</w:r>{embedded}</w:p><w:altChunk r:id="x"/>'
        '<w:p><w:r><w:drawing><c:chart r:id="missing"/></w:drawing></w:r></w:p>'
    )
    content = content_of(tmp_path, body)
    assert content.text == "\nwhat it shows\n"
    assert content.remarks == (
        "3 pictures are not read",
        "1 embedded object is not read",
        "1 inserted document is not read",
        "1 missing part is not read",
    )


def test_parts_that_are_missing_or_elsewhere(tmp_path):
    body = paragraph("seen") + '<w:sectPr><w:headerReference r:id="header.xml"/></w:sectPr>'
    path = write_word(tmp_path / "a.docx", body, {"header.xml": "<a/>", "image.xml": "<a/>"})
    with ZipFile(path) as package:
        relations = package.read("word/_rels/document.xml.rels")
    for other in (b'Target="NULL"', b'Target="https://example.org/a" TargetMode="External"'):
        changed = re.sub(rb'Target="[^"]*"', other, relations)
        write_docx_part(path, "word/_rels/document.xml.rels", changed)
        content = next(read_docx(path, ANY))
        assert (content.text, content.remarks) == ("seen", ("1 missing part is not read",))


def test_charts_and_diagrams(tmp_path):
    values = "<c:pt><c:v>{0}</c:v></c:pt>"
    chart = word_part(
        "c:chartSpace",
        "<c:title><a:p><a:r><a:t>The </a:t></a:r><a:r><a:t>title</a:t></a:r></a:p></c:title>"
        f"<c:ser><c:tx><c:strCache>{values.format('series')}</c:strCache></c:tx>"
        f"<c:cat><c:strCache>{values.format('north')}{values.format('south')}</c:strCache></c:cat>"
        f"<c:val><c:f>Sheet1</c:f><c:numCache>{values.format('17.5')}</c:numCache></c:val></c:ser>"
        f"<c:ser><c:cat><c:strCache>{values.format('north')}</c:strCache></c:cat></c:ser>",
    )
    later = word_part(
        "cx:chartSpace",
        '<cx:strDim type="cat"><cx:lvl><cx:pt idx="0">east</cx:pt></cx:lvl></cx:strDim>'
        '<cx:numDim><cx:lvl><cx:pt idx="0">3</cx:pt></cx:lvl></cx:numDim>'
        "<cx:tx><cx:txData><cx:f>A1</cx:f><cx:v>flow</cx:v></cx:txData></cx:tx>",
    )
    diagram = word_part(
        "dgm:dataModel",
        "<dgm:pt><dgm:t><a:p><a:r><a:t>step one</a:t></a:r></a:p></dgm:t></dgm:pt>"
        "<dgm:pt><dgm:t><a:p/></dgm:t></dgm:pt>",
    )
    parts = {"chart.xml": chart, "chartEx.xml": later, "diagramData.xml": diagram}
    body = (
        '<w:p><w:r><w:drawing><c:chart r:id="chart.xml"/></w:drawing></w:r></w:p>'
        '<w:p><w:r><w:drawing><cx:chart r:id="chartEx.xml"/></w:drawing></w:r></w:p>'
        '<w:p><w:r><w:drawing><dgm:relIds r:dm="diagramData.xml"/></w:drawing></w:r></w:p>'
        '<w:p><w:r><w:drawing><c:chart r:id="chart.xml"/></w:drawing></w:r></w:p>'
    )
    assert [line for line in text_of(tmp_path, body, parts).split("\n") if line] == [
        *["The title", "series", "north", "south"],
        *["east", "flow"],
        "step one",
    ]


def test_drawings_on_a_chart(tmp_path):
    drawn_on = word_part("c:userShapes", "<a:p><a:r><a:t>an arrow's words</a:t></a:r></a:p>")
    chart = word_part("c:chartSpace", "<c:userShapes/>")
    body = '<w:p><w:r><w:drawing><c:chart r:id="chart.xml"/></w:drawing></w:r></w:p>'
    path = write_word(tmp_path / "a.docx", body, {"chart.xml": chart, "drawn.xml": drawn_on})
    with ZipFile(path) as package:
        relations = package.read("word/_rels/document.xml.rels").decode()
    related = relations.replace("/chart", "/none").replace("/drawn", "/chartUserShapes")
    write_docx_part(path, "word/_rels/chart.xml.rels", related.encode())
    assert next(read_docx(path, ANY)).text == "\nan arrow's words"


def test_strict_files(tmp_path):
    """As Word saves "Strict Open XML": other namespaces throughout."""
    notes = word_part("w:footnotes", f'<w:footnote w:id="1">{paragraph("note")}</w:footnote>')
    body = f"<w:p>{run('body')}<w:r><w:footnoteReference w:id='1'/></w:r></w:p>"
    path = write_word(tmp_path / "a.docx", body, {"footnotes.xml": notes})
    with ZipFile(path) as package:
        parts = {name: package.read(name).decode() for name in package.namelist()}
    for name, part in parts.items():
        for word in ("wordprocessingml", "officeDocument"):
            part = re.sub(
                rf"http://schemas.openxmlformats.org/{word}/2006/(?!content)",
                f"http://purl.oclc.org/ooxml/{word}/",
                part,
            )
        write_docx_part(path, name, part.encode())
    assert "purl.oclc.org" in part
    assert next(read_docx(path, ANY)).text == "body\nnote"


def test_names_of_parts_have_no_case_and_any_slash(tmp_path):
    path = write_word(tmp_path / "a.docx", paragraph("seen"))
    with ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    with ZipFile(path, "w") as package:
        for name, part in parts.items():
            package.writestr(name.replace("word/document", "Word\\Document"), part)
    assert next(read_docx(path, ANY)).text == "seen"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_other_encodings_of_xml(tmp_path, encoding):
    path = write_word(tmp_path / "a.docx", "")
    body = word_part("w:document", f"<w:body>{paragraph('é中😀')}</w:body>")
    content = body.replace("UTF-8", encoding.removesuffix("-sig").upper()).encode(encoding)
    assert next(read_docx(write_docx_part(path, "word/document.xml", content), ANY)).text == "é中😀"


# --- what is no Word document, or a hostile one --------------------------------------------------


def test_other_files_of_that_name(tmp_path):
    path = write_word(tmp_path / "a.docx", "")
    write_docx_part(path, "word/document.xml", word_part("w:workbook", "").encode())
    with pytest.raises(UnreadableError, match="is no Word document"):
        next(read_docx(path, ANY))
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1_000))
    with pytest.raises(UnreadableError, match="is encrypted, or in Word's old format"):
        next(read_docx(path, ANY))
    with ZipFile(path, "w") as package:
        package.writestr("a.txt", "x")
    with pytest.raises(UnreadableError, match="is a damaged Word document"):
        next(read_docx(path, ANY))


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9, 0.99])
def test_truncated_files(tmp_path, cut):
    path = write_word(tmp_path / "a.docx", paragraph("text") * 500)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * cut)])
    with pytest.raises(UnreadableError, match="is a damaged Word document"):
        next(read_docx(path, ANY))
    body = word_part("w:document", f"<w:body>{paragraph('text')}</w:body>").encode()
    write_word(path, "")
    write_docx_part(path, "word/document.xml", body[: int(len(body) * cut)])
    with pytest.raises(UnreadableError, match="is a damaged Word document"):
        next(read_docx(path, ANY))


@pytest.mark.timeout(60)
def test_a_tag_without_an_end(tmp_path):
    """Expat before 2.6 takes time that grows with its square."""
    path = write_word(tmp_path / "a.docx", "")
    content = b"<a b='" + b"x" * 100_000_000
    write_docx_part(path, "word/document.xml", content)
    with pytest.raises(UnreadableError, match="a tag without an end"):
        next(read_docx(path, ANY))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>"),
        ("<w:p><w:r><w:txbxContent>", "</w:txbxContent></w:r></w:p>"),
        ("<w:comment>", "</w:comment>"),
    ],
)
def test_nested_too_deep(tmp_path, begin, end):
    path = write_word(tmp_path / "a.docx", begin * 20 + paragraph("seen") + end * 20)
    assert next(read_docx(path, ANY)).text.strip() == ("" if "comment" in begin else "seen")
    write_word(path, begin * 10_000 + paragraph("x") * 10_000 + end * 10_000)
    with pytest.raises(UnreadableError, match="is nested too deep"):
        next(read_docx(path, ANY))


@pytest.mark.timeout(60)
def test_repeated_signs_take_no_time(tmp_path):
    """Each of these is looked at while all before it are open."""
    for body in (
        "<w:sdt>" * 100_000 + "</w:sdt>" * 100_000,
        "<m:d>" * 100_000 + "</m:d>" * 100_000,
        f"<w:p>{field('begin') * 50_000}{run('x') * 50_000}</w:p>",
        f"<w:p>{field('separate') * 50_000}{run('x') * 50_000}</w:p>",
        "<mc:AlternateContent>" * 100_000 + "</mc:AlternateContent>" * 100_000,
        "<w:ruby><w:rt>" * 1_000 + run("x") + "</w:rt></w:ruby>" * 1_000,
        "<w:tbl>" * 100_000 + "</w:tbl>" * 100_000,
        "<w:del>" * 100_000 + "</w:del>" * 100_000,
    ):
        assert "seen" in text_of(tmp_path, body + paragraph("seen"))


def test_a_note_is_not_multiplied(tmp_path):
    notes = word_part("w:footnotes", f'<w:footnote w:id="1">{paragraph("note")}</w:footnote>')
    refer = '<w:r><w:footnoteReference w:id="1"/></w:r>' * 1_000
    assert text_of(tmp_path, f"<w:p>{refer}</w:p>", {"footnotes.xml": notes}) == "\nnote"


def test_a_merged_cell_is_multiplied_within_the_limits(tmp_path):
    rows = [cell("ten chars ", '<w:vMerge w:val="restart"/>'), *[cell("", "<w:vMerge/>")] * 1_000]
    path = write_word(tmp_path / "a.docx", table(*rows))
    with pytest.raises(UnreadableError, match="more than 5,000 characters"):
        next(read_docx(path, ANY, Limits(characters=5_000)))


@pytest.mark.parametrize(
    "body",
    [
        "<w:tc><w:p/></w:tc>" + "</w:body><w:body>" + run("x"),
        "<w:tr><w:p/></w:tr><w:trPr/><w:vMerge/><w:gridSpan/>",
        f"<w:tbl>{run('x')}<w:tr>{paragraph('x')}<w:tr/></w:tr></w:tbl>",
        "<w:p><w:p><w:rt/></w:p><w:ruby/></w:p>",
        '<m:e/><m:dPr/><m:naryPr/><m:chr/><m:t>x</m:t><w:gridBefore w:val="-1"/>',
        "<mc:Choice/><mc:Fallback/><w:comment/><w:footnoteReference/><w:headerReference/>",
        '<w:ddList><w:result w:val="9999999999"/></w:ddList><w:ddList><w:default w:val="x"/>'
        "</w:ddList>",
        "<c:chart/><dgm:relIds/><wp:docPr/><v:textpath/><w:fldChar/><w:sym w:char='x'/>",
    ],
)
def test_elements_where_they_should_not_be(tmp_path, body):
    path = write_word(tmp_path / "a.docx", f"{paragraph('seen')}{body}")
    assert next(read_docx(path, ANY)).text.startswith("seen")
