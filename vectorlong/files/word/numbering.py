"""Numbers that Word puts before paragraphs: of clauses, headings, items of lists (ECMA-376, 17.9).

A document says only which list and level a paragraph belongs to, by itself or by its style; Word
counts when it shows it. Whoever looks for "Section 7.3" or 第十二条 looks for these numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from vectorlong.files.number_formats import formatted
from vectorlong.files.office.names import Attributes, attribute, by_full_name, number
from vectorlong.files.office.package import Package

_PLACE = re.compile(r"%([1-9])")
_N_LEVELS = 9
# More than any list of people has; what a damaged file names beyond it is not counted on.
_MOST_STYLES_ABOVE = 20


@dataclass(frozen=True)
class _Level:
    """How one level of a list is numbered.

    Attributes
    ----------
    style
        Whose paragraphs are of this level, whatever the style says.
    restarts_after
        The level, from 1, whose numbers make this one begin again; 0 for none, None for any above.
    """

    start: int = 0
    format: str = "decimal"
    text: str = ""
    ends: str = " "
    is_legal: bool = False
    style: str = ""
    restarts_after: int | None = None


@dataclass
class _List:
    """A list as a paragraph names it: the one that it is counted with, and what it does otherwise.

    Attributes
    ----------
    starts
        Where levels begin again when this list is first met.
    """

    counted_as: str = ""
    levels: dict[int, _Level] = field(default_factory=dict)
    starts: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Style:
    """What a style of paragraphs says of their numbers."""

    based_on: str = ""
    list: str | None = None
    level: int | None = None


class Numbering:
    """Counts the numbered paragraphs of a document.

    Parameters
    ----------
    package
        The document.
    numbering, styles
        The parts that tell of them; None where it has none.
    """

    def __init__(self, package: Package, numbering: str | None, styles: str | None) -> None:
        definitions = _Definitions()
        for part in (styles, numbering):
            if part is not None and part in package:
                package.parse(part, definitions.start, definitions.end)
        self._definitions = definitions
        self._counts: dict[str, dict[int, int]] = {}
        self._begun: set[tuple[str, int]] = set()

    def label(self, style: str | None, list: str | None, level: int | None) -> str:
        """Count a paragraph, and give what Word shows before it.

        Parameters
        ----------
        style
            The paragraph's style; None for the usual one.
        list, level
            The list and level that it names itself; None where that is left to its style.
        """
        name, of_style = self._definitions.of_style(style)
        name = list if list is not None else name
        level = level if level is not None else of_style
        found = self._definitions.find(name)
        if found is None or not 0 <= level < _N_LEVELS:
            return ""
        own, levels = found
        assert name is not None
        counts = self._counts.setdefault(own.counted_as, {})
        if level in own.starts and (name, level) not in self._begun:
            self._begun.add((name, level))
            counts[level] = own.starts[level]
        elif level in counts:
            counts[level] += 1
        else:
            counts[level] = levels.get(level, _Level()).start
        for above in range(level):
            counts.setdefault(above, levels.get(above, _Level()).start)
        for below in [below for below in counts if below > level]:
            after = levels.get(below, _Level()).restarts_after
            if after is None or 0 <= level < after:
                del counts[below]
        return _shown(levels, level, counts)


def _shown(levels: dict[int, _Level], level: int, counts: dict[int, int]) -> str:
    """Give a number as its level writes it; signs of items that are not counted are none."""
    own = levels.get(level, _Level())
    if own.format == "bullet":
        return ""

    def count(match: re.Match[str]) -> str:
        place = int(match[1]) - 1
        kind = "decimal" if own.is_legal else levels.get(place, _Level()).format
        return formatted(counts.get(place, 0), kind)

    text = _PLACE.sub(count, own.text)
    return f"{text}{own.ends}" if text.strip() else ""


class _Definitions:
    """Collects lists and styles; `start` and `end` are a parser's handlers."""

    def __init__(self) -> None:
        self._abstract: dict[str, dict[int, _Level]] = {}
        self._links: dict[str, str] = {}  # lists that are those of a style
        self._lists: dict[str, _List] = {}
        self._styles: dict[str, _Style] = {}
        self._usual = ""
        self._style: str | None = None
        self._abstract_name: str | None = None
        self._list: _List | None = None
        self._level: int | None = None
        self._starts = by_full_name(
            {
                "w:style": self._start_style,
                "w:basedOn": self._set_base,
                "w:numId": self._set_list,
                "w:ilvl": self._set_level,
                "w:abstractNum": self._start_abstract,
                "w:numStyleLink": self._link,
                "w:num": self._start_list,
                "w:abstractNumId": self._set_abstract,
                "w:lvlOverride": self._start_override,
                "w:startOverride": self._override_start,
                "w:lvl": self._start_level,
                "w:start": self._set_start,
                "w:numFmt": self._set_format,
                "w:lvlText": self._set_text,
                "w:suff": self._set_end,
                "w:pStyle": self._set_level_style,
                "w:isLgl": self._set_legal,
                "w:lvlRestart": self._set_restart,
            }
        )
        self._ends = by_full_name(
            {
                "w:style": self._end_style,
                "w:abstractNum": self._end_abstract,
                "w:num": self._end_list,
                "w:lvl": self._end_level,
            }
        )

    def start(self, name: str, attributes: Attributes) -> None:
        """Meet an element."""
        action = self._starts.get(name)
        if action is not None:
            action(attributes)

    def end(self, name: str) -> None:
        """Leave it."""
        action = self._ends.get(name)
        if action is not None:
            action()

    # --- what was found --------------------------------------------------------------------------

    def of_style(self, name: str | None) -> tuple[str | None, int]:
        """Give the list and level that a style's paragraphs belong to."""
        level: int | None = None
        name = self._usual if name is None else name
        for _ in range(_MOST_STYLES_ABOVE):
            style = self._styles.get(name)
            if style is None:
                break
            level = style.level if level is None else level
            if style.list is not None:
                return style.list, self._level_of_style(name, style.list, level or 0)
            name = style.based_on
        return None, 0

    def _level_of_style(self, name: str, list: str, level: int) -> int:
        own = self._lists.get(list)
        levels = {} if own is None else {**self._abstract.get(own.counted_as, {}), **own.levels}
        return next((place for place, it in levels.items() if it.style == name), level)

    def find(self, name: str | None) -> tuple[_List, dict[int, _Level]] | None:
        """Give a list, and its levels; None where there is no such list."""
        own = self._lists.get(name or "")
        if own is None:
            return None
        counted_as = own.counted_as
        if counted_as in self._links:
            other = self._lists.get(self.of_style(self._links[counted_as])[0] or "")
            counted_as = counted_as if other is None else other.counted_as
        levels = self._abstract.get(counted_as, {})
        return replace(own, counted_as=counted_as), {**levels, **own.levels}

    # --- styles ----------------------------------------------------------------------------------

    def _start_style(self, attributes: Attributes) -> None:
        self._style = attribute(attributes, "w:styleId") or ""
        self._styles[self._style] = _Style()
        kind, usual = attribute(attributes, "w:type"), attribute(attributes, "w:default")
        if kind == "paragraph" and usual in ("1", "true", "on"):
            self._usual = self._style

    def _end_style(self) -> None:
        self._style = None

    def _set_base(self, attributes: Attributes) -> None:
        if self._style is not None:
            value = attribute(attributes, "w:val") or ""
            self._styles[self._style] = replace(self._styles[self._style], based_on=value)

    def _set_list(self, attributes: Attributes) -> None:
        if self._style is not None:
            value = attribute(attributes, "w:val")
            self._styles[self._style] = replace(self._styles[self._style], list=value)

    def _set_level(self, attributes: Attributes) -> None:
        if self._style is not None:
            value = number(attributes)
            self._styles[self._style] = replace(self._styles[self._style], level=value)

    # --- lists -----------------------------------------------------------------------------------

    def _start_abstract(self, attributes: Attributes) -> None:
        self._abstract_name = attribute(attributes, "w:abstractNumId") or ""
        self._abstract[self._abstract_name] = {}

    def _end_abstract(self) -> None:
        self._abstract_name = None

    def _link(self, attributes: Attributes) -> None:
        if self._abstract_name is not None:
            self._links[self._abstract_name] = attribute(attributes, "w:val") or ""

    def _start_list(self, attributes: Attributes) -> None:
        self._list = _List()
        self._lists[attribute(attributes, "w:numId") or ""] = self._list

    def _end_list(self) -> None:
        self._list = None

    def _set_abstract(self, attributes: Attributes) -> None:
        if self._list is not None:
            self._list.counted_as = attribute(attributes, "w:val") or ""

    def _start_override(self, attributes: Attributes) -> None:
        self._level = _level_of(attributes)

    def _override_start(self, attributes: Attributes) -> None:
        if self._list is not None and self._level is not None:
            self._list.starts[self._level] = number(attributes)

    # --- levels ----------------------------------------------------------------------------------

    @property
    def _levels(self) -> dict[int, _Level]:
        if self._list is not None:
            return self._list.levels
        return self._abstract.get(self._abstract_name or "", {})

    def _start_level(self, attributes: Attributes) -> None:
        self._level = _level_of(attributes)
        self._levels[self._level] = _Level()

    def _end_level(self) -> None:
        self._level = None

    def _change(self, **changed: int | str | bool) -> None:
        if self._level in self._levels:
            self._levels[self._level] = replace(self._levels[self._level], **changed)  # type: ignore[arg-type]

    def _set_start(self, attributes: Attributes) -> None:
        self._change(start=number(attributes))

    def _set_format(self, attributes: Attributes) -> None:
        self._change(format=attribute(attributes, "w:val") or "decimal")

    def _set_text(self, attributes: Attributes) -> None:
        self._change(text=attribute(attributes, "w:val") or "")

    def _set_end(self, attributes: Attributes) -> None:
        self._change(ends="" if attribute(attributes, "w:val") == "nothing" else " ")

    def _set_level_style(self, attributes: Attributes) -> None:
        self._change(style=attribute(attributes, "w:val") or "")

    def _set_legal(self, attributes: Attributes) -> None:
        self._change(is_legal=attribute(attributes, "w:val") not in ("0", "false", "off"))

    def _set_restart(self, attributes: Attributes) -> None:
        self._change(restarts_after=number(attributes))


def _level_of(attributes: Attributes) -> int:
    value = attribute(attributes, "w:ilvl") or ""
    return int(value) if value in map(str, range(_N_LEVELS)) else 0
