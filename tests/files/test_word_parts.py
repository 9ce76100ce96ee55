"""Pictures and parts of Word documents, and what is damaged or made to do harm."""

import re
from zipfile import ZipFile

import pytest

from tests.files.builders import cell, paragraph, table, word_part, write_docx_part, write_word
from tests.files.word import (
    ANY,
    OLD_SHAPE,
    SHAPE,
    content_of,
    drawn,
    field,
    run,
    text_of,
)
from vectorlong.files.limits import Limits
from vectorlong.files.unreadable import UnreadableError
from vectorlong.files.word.docx import read_docx

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
