"""A presentation with a word of its own in every place that can hold text."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.files.awkward import Awkward
from tests.files.slides import graphic, lines, part, picture, shape, slide, write_pptx

_CELLS = "".join(f"<a:tc><a:txBody>{lines(text)}</a:txBody></a:tc>" for text in ("oak", "ash"))
_MATH = "<m:oMath><m:r><m:t>birch</m:t></m:r></m:oMath>"
_SHAPES = (
    shape(lines("elm"), "ctrTitle"),
    shape(lines("7"), "sldNum"),
    shape('<a:p><a:fld type="datetime1"><a:t>yew</a:t></a:fld></a:p>', "dt"),
    shape("<a:p><a:r><a:t>fir</a:t></a:r><a:br/><a:r><a:t>box</a:t></a:r></a:p>"),
    f"<p:grpSp><p:grpSpPr/>{shape(lines('larch'))}{picture('descr=' + chr(34) + 'maple' + chr(34))}"
    "</p:grpSp>",
    "<p:cxnSp><p:nvCxnSpPr><p:cNvPr id='1' name='unseen' title='rowan'/></p:nvCxnSpPr><p:spPr/>"
    "</p:cxnSp>",
    graphic(f"<a:tbl><a:tr>{_CELLS}</a:tr></a:tbl>", 'descr="beech"'),
    graphic('<c:chart r:id="chart-1.xml"/>'),
    graphic('<dgm:relIds r:dm="diagramData-1.xml"/>'),
    "<mc:AlternateContent><mc:Choice Requires='a14'>"
    + shape(f"<a:p><a14:m>{_MATH}</a14:m></a:p>")
    + f"</mc:Choice><mc:Fallback>{picture()}</mc:Fallback></mc:AlternateContent>",
    graphic(f'<p:oleObj r:id="x" progId="unseen">{picture()}</p:oleObj>'),
    shape(lines("invisible"), properties='hidden="1"'),
)
_AUTHOR = '<p:cmAuthor id="0" name="Jane Roe" initials="unseen"/>'
_PARTS = {
    "chart-1.xml": part("c:chartSpace", f"<c:chart><c:title>{lines('cedar')}</c:title></c:chart>"),
    "diagramData-1.xml": part("dgm:dataModel", f"<dgm:pt><dgm:t>{lines('pine')}</dgm:t></dgm:pt>"),
    "notesSlide-1.xml": slide(
        shape("", "sldImg"),
        shape(lines("willow"), "body"),
        shape(lines("1"), "sldNum"),
        root="p:notes",
    ),
    "comments-1.xml": part(
        "p:cmLst", '<p:cm authorId="0"><p:pos x="1" y="1"/><p:text>poplar</p:text></p:cm>'
    ),
    "comments-2.xml": part(
        "p188:cmLst",
        '<p188:cm authorId="{A}"><p188:replyLst><p188:reply authorId="{A}"><p188:txBody>'
        f"{lines('hazel')}</p188:txBody></p188:reply></p188:replyLst><p188:txBody>"
        f"{lines('alder')}</p188:txBody></p188:cm>",
    ),
    "commentAuthors.xml": part("p:cmAuthorLst", _AUTHOR),
    "authors.xml": part("p188:authorLst", '<p188:author id="{A}" name="John Doe"/>'),
    "slideLayout-1.xml": slide(
        shape(lines("unseen prompt"), "title"), shape(lines("linden")), root="p:sldLayout"
    ),
    "slideMaster-1.xml": slide(shape(lines("acacia")), picture(), root="p:sldMaster"),
}
_RELATED = {
    "presentation.xml": ["commentAuthors.xml", "authors.xml"],
    "slide-1.xml": [
        *("chart-1.xml", "diagramData-1.xml", "notesSlide-1.xml", "comments-1.xml"),
        *("comments-2.xml", "slideLayout-1.xml"),
    ],
    "slide-2.xml": ["slideLayout-1.xml"],
    "slideLayout-1.xml": ["slideMaster-1.xml"],
}
FOUND = (
    *("elm", "yew", "fir", "box", "larch", "maple", "rowan", "beech", "oak", "ash", "cedar"),
    *("pine", "birch", "willow", "poplar", "hazel", "alder", "linden", "acacia", "juniper"),
)


def awkward_files() -> list[Awkward]:
    """Give it."""
    with tempfile.TemporaryDirectory() as folder:
        second = slide(shape(lines("juniper")), attributes='show="0"')
        path = write_pptx(Path(folder, "a.pptx"), [slide(*_SHAPES), second], _PARTS, _RELATED)
        content = path.read_bytes()
    return [
        Awkward(
            "slides.pptx",
            content,
            FOUND,
            ("unseen", "invisible", "prompt"),
            ("1 picture is not read", "1 embedded object is not read", "1 hidden object"),
        )
    ]
