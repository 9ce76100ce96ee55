"""A text, slides and a drawing of OpenDocument with a word of its own in every place."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.files.awkward import Awkward
from tests.files.opendocument import (
    box,
    cell,
    comment,
    content_part,
    covered,
    embedded,
    note,
    paragraph,
    slide,
    styles_part,
    table,
    write_opendocument,
)

_HIDING = '<style:text-properties text:display="none"/>'
_STYLES = (
    f'<style:style style:name="T" style:family="text">{_HIDING}</style:style>'
    f'<style:style style:name="P" style:family="paragraph">{_HIDING}</style:style>'
)
_FORMS = (
    '<office:forms><form:form><form:text form:id="a" form:current-value="filled"/>'
    '<form:checkbox form:id="b" form:label="labelled"/>'
    '<form:listbox form:id="c"><form:option form:label="optional"/></form:listbox>'
    '<form:password form:id="d" form:value="unseenpassword"/></form:form></office:forms>'
)
_PICTURE = '<draw:image xlink:href="Pictures/a.png"/>'
_FORMULA = (
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><mrow><mi>formula</mi><mo>=</mo><mn>2</mn>'
    "</mrow><annotation>unseenannotation</annotation></math>"
)
_CHART = (
    f"<chart:chart><chart:title>{paragraph('charted')}</chart:title>"
    + table(
        cell("") + cell("series"),
        cell("category") + cell("unseennumber", 'office:value-type="float" office:value="1"'),
    )
    + "</chart:chart>"
)


def _index(kind: str, word: str) -> str:
    source = "<text:index-title-template>unseentemplate</text:index-title-template>"
    return (
        f"<text:{kind}><text:{kind}-source>{source}</text:{kind}-source><text:index-body>"
        f"<text:index-title>{paragraph(word)}</text:index-title></text:index-body></text:{kind}>"
    )


def _text() -> Awkward:
    """A text, as LibreOffice Writer writes them."""
    margins = "".join(
        f"<style:{kind}{which}>{paragraph(kind + (which or '-usual')[1:])}</style:{kind}{which}>"
        for kind in ("header", "footer")
        for which in ("", "-left", "-first")
    )
    masters = (
        f'<style:master-page style:name="Standard">{margins}</style:master-page>'
        '<style:master-page style:name="Unused"><style:header>'
        f"{paragraph('unseenheader')}</style:header></style:master-page>"
    )
    ruby = "<text:ruby-base>base</text:ruby-base><text:ruby-text>ruby</text:ruby-text>"
    nested = f"<table:table-cell>{table(cell('nested') + cell('x'))}</table:table-cell>"
    body = [
        _FORMS,
        f"<text:tracked-changes><text:deletion>{paragraph('unseendeleted')}</text:deletion>"
        "</text:tracked-changes>",
        "<text:h>heading</text:h>",
        paragraph(
            f"paragraph<text:tab/><text:span>spanned</text:span> <text:a>linked</text:a> {ruby}"
        ),
        paragraph("split<text:soft-page-break/>ted hyphen\u00adated one<text:line-break/>broken"),
        paragraph('<text:change-start text:change-id="1"/>inserted<text:change-end/>'),
        paragraph(
            "field <text:date>dated</text:date> <text:placeholder>prompted</text:placeholder>"
        ),
        "<text:list><text:list-header><text:p>listheader</text:p></text:list-header>"
        "<text:list-item><text:p>itemized</text:p><text:list><text:list-item><text:p>indented"
        "</text:p></text:list-item></text:list></text:list-item></text:list>",
        f"<text:section>{paragraph('sectioned')}</text:section>",
        f'<text:section text:display="none">{paragraph("unseensection")}</text:section>',
        _index("table-of-content", "contents"),
        _index("alphabetical-index", "indexed"),
        _index("bibliography", "bibliographed"),
        paragraph("annotated" + note("footnoted") + note("endnoted", "endnote")),
        paragraph("commented" + comment("remark", "Author")),
        paragraph("<text:span text:style-name='T'>unseenspan</text:span>plain"),
        paragraph("unseenparagraph", "P"),
        table(cell("merged", 'table:number-rows-spanned="2"') + cell("cell"), covered() + nested),
        paragraph("anchor" + box("boxed") + "<draw:rect><text:p>shaped</text:p></draw:rect>"),
        paragraph(f"<draw:g><svg:title>grouped</svg:title>{box('ingroup')}</draw:g>"),
        paragraph(
            f"<draw:frame>{_PICTURE}<svg:title>titled</svg:title><svg:desc>described</svg:desc></draw:frame>"
        ),
        paragraph("".join(f'<draw:control draw:control="{id}"/>' for id in "abcd")),
        paragraph("".join(embedded(f"Object {number}") for number in range(1, 6))),
    ]
    parts = {
        "styles.xml": styles_part(masters),
        "Object 1/content.xml": _FORMULA,
        "Object 2/content.xml": content_part(_CHART, kind="chart"),
        "Object 3/content.xml": content_part(table(cell("sheet") + cell("7")), kind="spreadsheet"),
        "Object 4/content.xml": content_part(paragraph("objecttext")),
    }
    found = (
        *("headerusual", "headerleft", "headerfirst", "footerusual", "footerleft", "footerfirst"),
        *("heading", "paragraph", "spanned", "linked", "base", "ruby", "splitted", "hyphenated"),
        *("broken", "inserted", "dated", "prompted", "listheader", "itemized", "indented"),
        *("sectioned", "contents", "indexed", "bibliographed", "annotated", "footnoted"),
        *("endnoted", "commented", "remark", "Author", "plain", "merged", "cell", "nested"),
        *("boxed", "shaped", "grouped", "ingroup", "titled", "described", "filled", "labelled"),
        *("optional", "formula", "charted", "series", "category", "sheet", "objecttext"),
    )
    unseen = (
        *("unseenpassword", "unseenannotation", "unseennumber", "unseentemplate", "unseenheader"),
        *("unseendeleted", "unseensection", "unseencitation", "unseeninitials", "unseenspan"),
        "unseenparagraph",
    )
    said = (
        *("1 picture is not read", "1 hidden section is not read", "1 missing part is not read"),
        *("1 piece of hidden text is not read", "1 hidden paragraph is not read"),
    )
    return Awkward("awkward.odt", _file("odt", "".join(body), parts), found, unseen, said)


def _pages(kind: str) -> Awkward:
    """Slides or a drawing, as LibreOffice Impress and Draw write them."""
    prompts = box("unseenprompt", 'presentation:class="title"')
    masters = (
        f'<style:master-page style:name="M">{box("mastered")}{prompts}<presentation:notes>'
        f"{box('unseennotes')}</presentation:notes></style:master-page>"
        f'<style:master-page style:name="N">{box("unseenmaster")}</style:master-page>'
    )
    empty = box("unseenempty", 'presentation:class="outline" presentation:placeholder="true"')
    spoken = box("spoken", 'presentation:class="notes"')
    pages = [
        '<presentation:footer-decl presentation:name="f">declared</presentation:footer-decl>',
        slide(
            box("titled", 'presentation:class="title"')
            + empty
            + f"<draw:frame>{table(cell('celled') + cell('x'))}{_PICTURE}</draw:frame>"
            + f"<draw:g><draw:custom-shape>{paragraph('shaped')}</draw:custom-shape></draw:g>"
            + f"<draw:frame>{_PICTURE}<svg:desc>described</svg:desc></draw:frame>"
            + f"<presentation:notes>{spoken}</presentation:notes>",
            'draw:master-page-name="M" presentation:use-footer-name="f"',
        ),
        slide(comment("remark", "Author") + embedded("Object 1") + embedded("Object 2")),
    ]
    parts = {
        "styles.xml": styles_part(masters),
        "Object 1/content.xml": content_part(_CHART, kind="chart"),
        "Object 2/content.xml": _FORMULA,
    }
    found = (
        *("titled", "celled", "shaped", "described", "spoken", "remark", "Author", "charted"),
        *("series", "category", "formula", "mastered", "declared"),
    )
    unseen = (
        *("unseenprompt", "unseennotes", "unseenmaster", "unseenempty", "unseennumber"),
        *("unseenannotation", "unseeninitials"),
    )
    said = ("1 picture is not read",)
    return Awkward(f"awkward.{kind}", _file(kind, "".join(pages), parts), found, unseen, said)


def _file(kind: str, body: str, parts: dict[str, str]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = write_opendocument(Path(folder) / f"a.{kind}", body, parts, _STYLES)
        return path.read_bytes()


def awkward_files() -> list[Awkward]:
    """A text, slides and a drawing."""
    return [_text(), _pages("odp"), _pages("odg")]
