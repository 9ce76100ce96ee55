"""What a document of an Office program says of itself."""

from __future__ import annotations

from vectorlong.files.office.names import by_full_name
from vectorlong.files.office.package import Package

_TITLE = by_full_name({"dc:title": True})


def part_named(package: Package, kind: str) -> str | None:
    """Give the part that the package itself names as of a kind; None where it names none."""
    own = package.relations("")
    return next((relation.part for relation in own.values() if relation.kind == kind), None)


def title_of(package: Package) -> str:
    """Give the title that a document's properties name; empty where they name none."""
    part = part_named(package, "core-properties")
    return "" if part is None else title_in(package, part)


def title_in(package: Package, part: str) -> str:
    """Give the title that a part names; empty where it names none, or there is no such part."""
    pieces: list[str] = []
    is_title = False

    def start(name: str, _: object) -> None:
        nonlocal is_title
        is_title = name in _TITLE

    def end(_: str) -> None:
        nonlocal is_title
        is_title = False

    def text(text: str) -> None:
        if is_title:
            pieces.append(text)

    if part in package:
        package.parse(part, start, end, text)
    return "".join(pieces).strip()
