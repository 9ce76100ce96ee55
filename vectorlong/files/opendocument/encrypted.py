"""Telling OpenDocument files that have a password."""

from __future__ import annotations

from collections.abc import Mapping

from vectorlong.files.office.package import Package
from vectorlong.files.unreadable import UnreadableError

_MANIFEST = "META-INF/manifest.xml"
#: All parts in one.
ENCRYPTED_WHOLE = "encrypted-package"


def refuse_encrypted(package: Package) -> None:
    """Refuse a document that is encrypted; parts such as macros may be.

    Raises
    ------
    UnreadableError
        It is.
    """
    encrypted: set[str] = set()
    part = ""

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal part
        if name == "file-entry":
            part = attributes.get("full-path", "")
        elif name == "encryption-data":
            encrypted.add(part)

    if _MANIFEST in package:
        package.parse_loosely(_MANIFEST, start)
    if not encrypted.isdisjoint(("content.xml", ENCRYPTED_WHOLE)):
        raise UnreadableError("is encrypted; save it without its password")
