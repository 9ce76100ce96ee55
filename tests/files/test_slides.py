"""Every place of a presentation that can hold text: it is read, or it is said that it is not."""

import pytest

from tests.files.awkward_slides import FOUND, awkward_files
from tests.files.builders import write_docx, write_docx_part
from tests.files.slides import content_of, graphic, lines, part, picture, shape, slide, write_pptx
from vectorlong.files.file_position import find_position
from vectorlong.files.limits import Limits
from vectorlong.files.records import Columns
from vectorlong.files.slides.pptx import read_pptx
from vectorlong.files.unreadable import UnreadableError

ANY = Columns()


def read(path, limits=None):
    return next(read_pptx(path, ANY, limits or Limits()))


def test_every_place_once_in_its_order(tmp_path):
    (awkward,) = awkward_files()
    path = tmp_path / awkward.name
    path.write_bytes(awkward.content)
    content = read(path)
    assert content.text.split("\n") == [
        *("elm", "yew", "fir", "box", "larch", "maple", "rowan", "oak\tash", "beech", "cedar"),
        *("pine", "birch", "willow", "[Comment by Jane Roe: poplar]"),
        *("[Comment by John Doe: alder]", "[Comment by John Doe: hazel]", "linden", "acacia"),
        *("", "juniper"),
    ]
    assert all(content.text.count(word) == 1 for word in FOUND)
    assert content.remarks == (
        "1 picture is not read",
        "1 embedded object is not read",
        "1 hidden object is not read",
    )


def test_a_place_names_its_slide(tmp_path):
    content = content_of(
        tmp_path, [slide(shape(lines("a", "b"))), slide(), slide(shape(lines("c", "d")))]
    )
    assert content.text == "a\nb\n\n\n\nc\nd"
    assert content.facts == {"slide_starts": [0, 5, 7]}
    place = find_position(content.text, {"file": content.facts}, content.text.index("d"))
    assert str(place) == "slide 3, line 2"


def test_slides_come_in_the_order_of_the_presentation(tmp_path):
    path = write_pptx(tmp_path / "a.pptx", [slide(shape(lines(text))) for text in "abc"])
    reordered = part(
        "p:presentation",
        '<p:sldIdLst><p:sldId r:id="slide-3.xml"/><p:sldId r:id="slide-1.xml"/></p:sldIdLst>',
    )
    write_docx_part(path, "ppt/presentation.xml", reordered.encode())
    assert read(path).text == "c\n\na"


def test_a_strict_file_is_read_alike(tmp_path):
    old, new = "http://schemas.openxmlformats.org", "http://purl.oclc.org/ooxml"
    names = {
        f"{old}/presentationml/2006/main": f"{new}/presentationml/main",
        f"{old}/drawingml/2006/main": f"{new}/drawingml/main",
        f"{old}/officeDocument/2006/relationships": f"{new}/officeDocument/relationships",
    }
    path = write_pptx(tmp_path / "a.pptx", [slide(shape(lines("a")))])
    strict = (
        slide(shape(lines("a"), "title")),
        part("p:presentation", '<p:sldIdLst><p:sldId r:id="slide-1.xml"/></p:sldIdLst>'),
    )
    for name, content in zip(("slide-1.xml", "presentation.xml"), strict, strict=True):
        for before, after in names.items():
            content = content.replace(before, after)
        write_docx_part(path, f"ppt/{name}", content.encode())
    assert read(path).text == "a"


def test_a_cell_of_several_paragraphs_is_in_one_line(tmp_path):
    cells = f"<a:tc><a:txBody>{lines('a', 'b')}</a:txBody></a:tc><a:tc/>"
    table = f"<a:tbl><a:tr>{cells}</a:tr><a:tr>{cells}</a:tr></a:tbl>"
    assert content_of(tmp_path, [slide(graphic(table))]).text.split("\n") == ["a b\t", "a b\t"]


def test_what_hides_a_group_hides_what_is_in_it(tmp_path):
    group = (
        '<p:grpSp><p:nvGrpSpPr><p:cNvPr id="1" name="x" hidden="true"/></p:nvGrpSpPr>'
        f"{shape(lines('unseen'))}{picture()}</p:grpSp>"
    )
    content = content_of(tmp_path, [slide(group, shape(lines("a")))])
    assert (content.text, content.remarks) == ("a", ("1 hidden object is not read",))


def test_missing_parts_are_said(tmp_path):
    shapes = shape(lines("a")), graphic('<c:chart r:id="nowhere"/>')
    content = content_of(
        tmp_path,
        [slide(*shapes)],
        related={"slide-1.xml": ["notesSlide-1.xml"], "presentation.xml": ["authors.xml"]},
    )
    assert (content.text, content.remarks) == ("a", ("3 missing parts are not read",))


def test_a_title_among_the_properties(tmp_path):
    path = write_pptx(tmp_path / "a.pptx", [slide(shape(lines("a")))])
    kind = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
    main = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="a" Type="{main}" Target="ppt/presentation.xml"/>'
        f'<Relationship Id="b" Type="{kind}" Target="core.xml"/></Relationships>'
    )
    core = '<c xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A title</dc:title></c>'
    write_docx_part(path, "_rels/.rels", relations.encode())
    write_docx_part(path, "core.xml", core.encode())
    assert read(path).metadata == {"title": "A title"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on", "is encrypted, or in PowerPoint's old"),
        (b"no archive", "is a damaged presentation"),
        (b"", "is a damaged presentation"),
    ],
)
def test_what_is_no_presentation_is_named(tmp_path, content, reason):
    path = tmp_path / "a.pptx"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=reason):
        read(path)


def test_damaged_ones_are_named(tmp_path):
    path = write_pptx(tmp_path / "a.pptx", [slide(shape(lines("a" * 1000)))])
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableError, match="is a damaged presentation"):
        read(path)
    with pytest.raises(UnreadableError, match="is no presentation"):
        read(write_docx(path, ["a document of Word"]))
    write_pptx(path, ["<p:sld"])
    with pytest.raises(UnreadableError, match="is a damaged presentation"):
        read(path)


def test_limits(tmp_path):
    path = write_pptx(tmp_path / "a.pptx", [slide(shape(lines("a" * 60))) for _ in range(2)])
    with pytest.raises(UnreadableError, match="more than 100 characters"):
        read(path, Limits(characters=100))
    path = write_pptx(tmp_path / "a.pptx", [slide("<a:p/>" * 400_000)])
    with pytest.raises(UnreadableError, match="more than 1 MB, unpacked"):
        read(path, Limits(unpacked_mb=1))
    cells = "<a:tc>" * 100_000
    path = write_pptx(tmp_path / "a.pptx", [slide(f"<a:tbl><a:tr>{cells}")])
    with pytest.raises(UnreadableError, match="nested too deep"):
        read(path)
