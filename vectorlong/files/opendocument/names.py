"""Names of the elements and attributes of OpenDocument, as ``"text:p"``.

A parser gives them with their namespace in full.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Attributes = Mapping[str, str]
_Action = TypeVar("_Action")

_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
XML_ID = "http://www.w3.org/XML/1998/namespace id"
MATHML = "http://www.w3.org/1998/Math/MathML "
_NAMESPACES = {
    **{
        name: f"{_OASIS}{name}:1.0"
        for name in ("chart", "form", "meta", "office", "presentation", "style")
    },
    **{name: f"{_OASIS}{name}:1.0" for name in ("table", "text")},
    "draw": f"{_OASIS}drawing:1.0",
    "svg": f"{_OASIS}svg-compatible:1.0",
    "loext": "urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0",
    "field": "urn:openoffice:names:experimental:ooo-ms-interop:xmlns:field:1.0",
    "officeooo": "http://openoffice.org/2009/office",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xlink": "http://www.w3.org/1999/xlink",
}

# As betas of OpenOffice.org 2 wrote; LibreOffice comes with templates that have it.
_OLD_NAMESPACES = {"svg": "http://www.w3.org/2000/svg"}


def full_name(name: str) -> str:
    """Give the name that a parser gives for a name with a prefix."""
    prefix, _, local = name.partition(":")
    return f"{_NAMESPACES[prefix]} {local}"


def by_full_name(actions: Mapping[str, _Action]) -> dict[str, _Action]:
    """Have what is to be done with an element by the names that a parser may give for it."""
    known = {}
    for name, action in actions.items():
        prefix, _, local = name.partition(":")
        known[full_name(name)] = action
        if prefix in _OLD_NAMESPACES:
            known[f"{_OLD_NAMESPACES[prefix]} {local}"] = action
    return known


def attribute(attributes: Attributes, name: str) -> str:
    """Give an attribute's value; empty where it has none."""
    return attributes.get(full_name(name), "")


def number(attributes: Attributes, name: str) -> int:
    """Give what an attribute counts; 1 where it is no number that a document can have."""
    value = attribute(attributes, name)
    return int(value) if value.isdecimal() and len(value) < 10 else 1
