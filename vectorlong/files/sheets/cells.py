"""What a workbook's cell holds, as text and as metadata."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any

# Beyond them a float has no digits after the point, and Excel itself shows an exponent.
_MOST_DIGITS = 15


def text_of(cell: Any) -> str:
    """Give a cell's text; numbers as Excel shows them where it is not told how, dates by ISO 8601.

    Examples
    --------
    >>> from datetime import date
    >>> [text_of(cell) for cell in ("a", 12.0, 0.1 + 0.2, True, date(2025, 6, 2))]
    ['a', '12', '0.3', 'TRUE', '2025-06-02']
    """
    if isinstance(cell, str):
        return cell
    value = value_of(cell)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return f"{value:.{_MOST_DIGITS}g}" if isinstance(value, float) else str(value)


def value_of(cell: Any) -> str | int | float | bool:
    """Give a cell's value as metadata can have it: numbers as such, dates as text.

    Examples
    --------
    >>> from datetime import timedelta
    >>> [value_of(cell) for cell in (12.0, 0.1 + 0.2, False, timedelta(hours=30))]
    [12, 0.3, False, '30:00:00']
    """
    if isinstance(cell, float):
        # Not finite is what metadata cannot hold.
        return _number(cell) if math.isfinite(cell) else str(cell)
    if isinstance(cell, timedelta):
        return _duration(cell)
    if isinstance(cell, date | time):  # a datetime is a date
        return cell.isoformat()
    return cell if isinstance(cell, bool | int) else str(cell)


def line_of(row: Sequence[Any]) -> str:
    """Give a row as a line: cells apart by tabs, none after the last that shows anything."""
    return "\t".join(one_line(text_of(cell)) for cell in row).rstrip()


def one_line(text: str) -> str:
    """Have white space of any kind as one space."""
    return " ".join(text.split())


def _number(value: float) -> int | float:
    if value.is_integer() and abs(value) < 10**_MOST_DIGITS:
        return int(value)
    return float(f"{value:.{_MOST_DIGITS}g}")


def _duration(value: timedelta) -> str:
    """Write hours, minutes and seconds, as Excel does; hours may be any number."""
    seconds = round(abs(value).total_seconds())
    sign = "-" if value < timedelta() else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
