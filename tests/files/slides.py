"""Presentations as XML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from zipfile import ZIP_DEFLATED, ZipFile

from vectorlong.files.records import Columns
from vectorlong.files.slides.pptx import read_pptx

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DECLARED = " ".join(
    f'xmlns:{prefix}="{namespace}"'
    for prefix, namespace in {
        "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "r": _OFFICE,
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
        "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "p188": "http://schemas.microsoft.com/office/powerpoint/2018/8/main",
        "a14": "http://schemas.microsoft.com/office/drawing/2010/main",
    }.items()
)


def part(root, content):
    """A part of a presentation, as XML."""
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} {_DECLARED}>{content}</{root}>'


def lines(*texts):
    """Paragraphs."""
    return "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in texts)


def shape(content, placeholder=None, properties=""):
    """A shape with these paragraphs."""
    kind = "" if placeholder is None else f'<p:ph type="{placeholder}"/>'
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="1" name="unseen" {properties}/><p:nvPr>{kind}</p:nvPr>'
        f"</p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/>{content}</p:txBody></p:sp>"
    )


def picture(properties=""):
    """A picture."""
    return (
        f'<p:pic><p:nvPicPr><p:cNvPr id="1" name="unseen" {properties}/></p:nvPicPr>'
        '<p:blipFill><a:blip r:embed="x"/></p:blipFill><p:spPr/></p:pic>'
    )


def graphic(content, properties=""):
    """A table, chart or diagram."""
    kind = {"<a:": "table", "<c:": "chart", "<dg": "diagram"}.get(content[:3], "other")
    return (
        f'<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="1" name="unseen" {properties}/>'
        "</p:nvGraphicFramePr><a:graphic>"
        f'<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/{kind}">{content}'
        "</a:graphicData></a:graphic></p:graphicFrame>"
    )


def slide(*shapes, root="p:sld", attributes=""):
    """A slide, its notes, or a master of this root."""
    tree = f"<p:cSld><p:spTree>{''.join(shapes)}</p:spTree></p:cSld>"
    return part(root, tree).replace(f"<{root} ", f"<{root} {attributes} ", 1)


def write_pptx(
    path,
    slides: Sequence[str],
    parts: Mapping[str, str] | None = None,
    related: Mapping[str, Sequence[str]] | None = None,
):
    """A presentation of slides and other parts.

    Slides are called "slide-1.xml" and so on. A part's name begins with the kind that its
    relations have; what has one to it, with its name as id, is in ``related`` by the name of that.
    """
    named = {f"slide-{number}.xml": content for number, content in enumerate(slides, start=1)}
    ids = "".join(f'<p:sldId id="{n}" r:id="{name}"/>' for n, name in enumerate(named))
    related = {"presentation.xml": [*named, *(related or {}).get("presentation.xml", [])]} | {
        name: names for name, names in (related or {}).items() if name != "presentation.xml"
    }
    main = f'<Relationship Id="a" Type="{_OFFICE}/officeDocument" Target="ppt/presentation.xml"/>'
    presentation = part("p:presentation", f"<p:sldIdLst>{ids}</p:sldIdLst>")
    with ZipFile(path, "w", ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types"/>')
        package.writestr("_rels/.rels", _relations(main))
        for name, names in related.items():
            targets = [
                f'<Relationship Id="{target}" Type="{_OFFICE}/{re.match("[A-Za-z]+", target)[0]}" '
                f'Target="{target}"/>'
                for target in names
            ]
            package.writestr(f"ppt/_rels/{name}.rels", _relations("".join(targets)))
        for name, content in {"presentation.xml": presentation, **named, **(parts or {})}.items():
            package.writestr(f"ppt/{name}", content)
    return path


def _relations(content):
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{content}</Relationships>'


def content_of(tmp_path, slides, parts=None, related=None):
    return next(read_pptx(write_pptx(tmp_path / "a.pptx", slides, parts, related), Columns()))
