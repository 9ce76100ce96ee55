"""Names of the elements and attributes of documents of Office programs.

Here they are ``"w:t"``, as they are in the standard (ECMA-376); a parser gives them with their
namespace in full, of which most have two: transitional files and strict ones differ in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Attributes = Mapping[str, str]
_Action = TypeVar("_Action")

_OOXML = ("http://schemas.openxmlformats.org/", "http://purl.oclc.org/ooxml/")
_NAMESPACES = {
    "w": [f"{_OOXML[0]}wordprocessingml/2006/main", f"{_OOXML[1]}wordprocessingml/main"],
    "p": [f"{_OOXML[0]}presentationml/2006/main", f"{_OOXML[1]}presentationml/main"],
    "x": [f"{_OOXML[0]}spreadsheetml/2006/main", f"{_OOXML[1]}spreadsheetml/main"],
    "x14": ["http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"],
    "xltc": ["http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"],
    "p188": ["http://schemas.microsoft.com/office/powerpoint/2018/8/main"],
    "m": [f"{_OOXML[0]}officeDocument/2006/math", f"{_OOXML[1]}officeDocument/math"],
    "r": [
        f"{_OOXML[0]}officeDocument/2006/relationships",
        f"{_OOXML[1]}officeDocument/relationships",
    ],
    **{
        prefix: [f"{_OOXML[0]}drawingml/2006/{name}", f"{_OOXML[1]}drawingml/{name}"]
        for prefix, name in {
            "a": "main",
            "wp": "wordprocessingDrawing",
            "xdr": "spreadsheetDrawing",
            "pic": "picture",
            "c": "chart",
            "dgm": "diagram",
        }.items()
    },
    **{
        prefix: [f"http://schemas.microsoft.com/office/word/2010/wordprocessing{name}"]
        for prefix, name in {"wps": "Shape", "wpg": "Group", "wpc": "Canvas"}.items()
    },
    "cx": ["http://schemas.microsoft.com/office/drawing/2014/chartex"],
    "mc": [f"{_OOXML[0]}markup-compatibility/2006"],
    "v": ["urn:schemas-microsoft-com:vml"],
    "dc": ["http://purl.org/dc/elements/1.1/"],
    "rel": [f"{_OOXML[0]}package/2006/relationships"],
}


def full_names(name: str) -> list[str]:
    """Give the names that a parser may give for a name with a prefix."""
    prefix, _, local = name.partition(":")
    return [f"{namespace} {local}" for namespace in _NAMESPACES[prefix]]


def by_full_name(actions: Mapping[str, _Action]) -> dict[str, _Action]:
    """Have what is to be done with an element by the names that a parser may give for it."""
    return {full: action for name, action in actions.items() for full in full_names(name)}


def attribute(attributes: Attributes, name: str) -> str | None:
    """Give an attribute's value; None where it has none."""
    return next((attributes[full] for full in full_names(name) if full in attributes), None)


def number(attributes: Attributes) -> int:
    """Give what ``w:val`` counts; 0 where it is no number that a document can have."""
    value = attribute(attributes, "w:val") or ""
    return int(value) if value.isdecimal() and len(value) < 10 else 0
