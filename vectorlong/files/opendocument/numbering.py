"""Numbers of headings and items of OpenDocument, which programs count when they show them.

Whoever looks for "Section 7.3" looks for these numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from vectorlong.files.number_formats import formatted
from vectorlong.files.opendocument.names import XML_ID, Attributes, attribute
from vectorlong.files.opendocument.writer import Flow, Writer

_OUTLINE = "\N{NULL}outline"  # no list's name
_MOST_LEVELS = 10
_PLACE = re.compile(r"%(\d{1,2})%")
_LATIN = "abcdefghijklmnopqrstuvwxyz"
# As Word names them; what is not here is written in digits.
_FORMATS = {
    "i": "lowerRoman",
    "I": "upperRoman",
    "一, 二, 三, ...": "chineseCounting",
    "１, ２, ３, ...": "decimalFullWidth",
    "①, ②, ③, ...": "decimalEnclosedCircle",
    "甲, 乙, 丙, ...": "ideographTraditional",
    "子, 丑, 寅, ...": "ideographZodiac",
    "1st": "ordinal",
    "가, 나, 다, ...": "ganada",
}


@dataclass
class Level:
    """How one level of a list is numbered."""

    format: str
    prefix: str
    suffix: str
    start: int
    n_shown: int
    pattern: str
    is_in_step: bool
    ends: str = " "


@dataclass
class _Counts:
    """What a list has come to, by level."""

    style: str
    by_level: dict[int, int] = field(default_factory=dict)


@dataclass
class _List:
    """A list that is open.

    Attributes
    ----------
    flow
        What it stands in: lists in a box within an item are others.
    is_due
        Whether the next paragraph has the item's number.
    start
        The item's own number, where it says one.
    """

    flow: Flow
    counts: _Counts
    style: str
    level: int
    is_due: bool = False
    start: int | None = None


class Numbering:
    """Meets lists and their styles, and counts.

    Parameters
    ----------
    writer
        Takes the text.
    styles
        Levels of lists by the names of their styles; those that are met are added.
    """

    def __init__(self, writer: Writer, styles: Mapping[str, Mapping[int, Level]]) -> None:
        self.styles = {name: dict(levels) for name, levels in styles.items()}
        self._writer = writer
        self._style: dict[int, Level] | None = None  # that is open
        self._level: Level | None = None  # that was met last
        self._open: list[_List] = []
        self._last: dict[str, _Counts] = {}  # by style
        self._by_id: dict[str, _Counts] = {}
        self._outline = _Counts(_OUTLINE)

    def starts(self) -> Mapping[str, Callable[[Attributes], None]]:
        """Give what is to be done where an element begins."""
        return {
            "text:list-style": self._start_style,
            "text:outline-style": partial(self._start_style_named, _OUTLINE),
            "text:list-level-style-number": self._meet_level,
            "text:outline-level-style": self._meet_level,
            "style:list-level-label-alignment": self._meet_alignment,
            "text:list": self._start_list,
            "text:list-item": self._start_item,
            "text:list-header": self._start_header,
        }

    def ends(self) -> Mapping[str, Callable[[], None]]:
        """Give what is to be done where an element ends."""
        return {
            **dict.fromkeys(["text:list-style", "text:outline-style"], self._end_style),
            "text:list": self._end_list,
        }

    def label(self, attributes: Attributes, *, is_heading: bool) -> str:
        """Count a paragraph that begins, and give what is shown before it."""
        if self._open and self._open[-1].flow is self._writer.flow:
            item = self._open[-1]
            if not item.is_due:
                return ""
            item.is_due = False
            return self._count(item.counts, item.style, item.level, item.start)
        if not is_heading or attribute(attributes, "text:is-list-header") == "true":
            return ""
        level = _whole(attribute(attributes, "text:outline-level")) or 1
        start = _whole(attribute(attributes, "text:start-value"))
        if attribute(attributes, "text:restart-numbering") != "true":
            start = None
        return self._count(self._outline, _OUTLINE, level, start)

    # --- styles ----------------------------------------------------------------------------------

    def _start_style(self, attributes: Attributes) -> None:
        self._start_style_named(attribute(attributes, "style:name"), attributes)

    def _start_style_named(self, name: str, _: Attributes) -> None:
        self._style = self.styles[name] = {}

    def _end_style(self) -> None:
        self._style = None

    def _meet_level(self, attributes: Attributes) -> None:
        level = _whole(attribute(attributes, "text:level"))
        if self._style is None or level is None or not 0 < level <= _MOST_LEVELS:
            return
        start = _whole(attribute(attributes, "text:start-value"))
        self._level = self._style[level] = Level(
            attribute(attributes, "style:num-format"),
            attribute(attributes, "style:num-prefix"),
            attribute(attributes, "style:num-suffix"),
            1 if start is None else start,
            _whole(attribute(attributes, "text:display-levels")) or 1,
            attribute(attributes, "loext:num-list-format"),
            attribute(attributes, "style:num-letter-sync") == "true",
        )

    def _meet_alignment(self, attributes: Attributes) -> None:
        if attribute(attributes, "text:label-followed-by") == "nothing" and self._level is not None:
            self._level.ends = ""

    # --- lists -----------------------------------------------------------------------------------

    def _start_list(self, attributes: Attributes) -> None:
        outer = self._open[-1] if self._open else None
        if outer is not None and outer.flow is not self._writer.flow:
            outer = None
        style = attribute(attributes, "text:style-name") or ("" if outer is None else outer.style)
        goes_on = attribute(attributes, "text:continue-numbering") == "true"
        continued = self._by_id.get(attribute(attributes, "text:continue-list"))
        if outer is None:
            counts = continued or (self._last.get(style) if goes_on else None) or _Counts(style)
            level = 1
        else:
            counts, level = outer.counts, outer.level + 1
            if continued is None and not goes_on:
                _forget(counts, level)
        style = style or counts.style
        self._last[style] = counts
        id = attributes.get(XML_ID)
        if id:
            self._by_id[id] = counts
        self._open.append(_List(self._writer.flow, counts, style, level))

    def _end_list(self) -> None:
        self._open.pop()

    def _start_item(self, attributes: Attributes) -> None:
        if self._open:
            self._open[-1].is_due = True
            self._open[-1].start = _whole(attribute(attributes, "text:start-value"))

    def _start_header(self, _: Attributes) -> None:
        if self._open:
            self._open[-1].is_due = False

    # --- counting --------------------------------------------------------------------------------

    def _count(self, counts: _Counts, style: str, level: int, start: int | None) -> str:
        levels = self.styles.get(style, {})
        own = levels.get(level)
        if own is None:
            return ""
        if start is not None:
            counts.by_level[level] = start
        elif level in counts.by_level:
            counts.by_level[level] += 1
        else:
            counts.by_level[level] = own.start
        _forget(counts, level + 1)

        def shown(place: int) -> str:
            above = levels.get(place)
            if above is None or not above.format:
                return ""
            return _formatted(counts.by_level.get(place, above.start), above)

        if not own.format:
            return ""
        if own.pattern:
            text = _PLACE.sub(lambda match: shown(int(match[1])), own.pattern)
        else:
            places = range(max(1, level - own.n_shown + 1), level + 1)
            text = ".".join(filter(None, map(shown, places)))
            text = f"{own.prefix}{text}{own.suffix}"
        return f"{text}{own.ends}" if text.strip() else ""


def _forget(counts: _Counts, level: int) -> None:
    """Have levels from this one on begin again."""
    for below in [below for below in counts.by_level if below >= level]:
        del counts.by_level[below]


def _formatted(number: int, level: Level) -> str:
    kind = level.format
    if kind in ("a", "A") and number > 0:
        letters = formatted(number, "lowerLetter") if level.is_in_step else _letters(number)
        return letters if kind == "a" else letters.upper()
    return formatted(number, _FORMATS.get(kind, ""))


def _letters(number: int) -> str:
    """After z comes aa, and then ab."""
    text = ""
    while number > 0:
        number, place = divmod(number - 1, len(_LATIN))
        text = _LATIN[place] + text
    return text


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 8 else None
