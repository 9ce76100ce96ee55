"""Every place of a Word document that can hold text: it is read, or it is said that it is not."""

import pytest

from tests.files.builders import cell, paragraph, table, word_part
from tests.files.word import (
    OLD_SHAPE,
    SHAPE,
    content_of,
    drawn,
    field,
    instruction,
    letters,
    run,
    text_of,
)


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
        ("<m:sSup><m:e>{a}</m:e><m:sup>{long}</m:sup></m:sSup>{b}", "a^long b"),
        ("{a}<m:box><m:e>{long}</m:e></m:box>{b}{c}", "a long bc"),
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
    filled = equation.format_map({word: letters(word) for word in ("a", "b", "c", "long")})
    assert text_of(tmp_path, f"<w:p><m:oMath>{filled}</m:oMath></w:p>") == text
