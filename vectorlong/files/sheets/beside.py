"""What a workbook holds beside its cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: A row's number and a line that belongs to it; None where it belongs to the whole sheet.
Line = tuple[int | None, str]


@dataclass(frozen=True)
class Beside:
    """What a workbook holds beside its cells.

    Attributes
    ----------
    title
        That its properties name; may be empty.
    lines
        By the sheet's name, in order.
    remarks
        What was met and not read.
    """

    title: str = ""
    lines: Mapping[str, list[Line]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
