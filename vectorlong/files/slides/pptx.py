"""Presentations of PowerPoint, every text that somebody wrote in them, slide by slide.

docs/files.md tells what of a presentation is read, where it goes, and what is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path

from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.office.drawing import Drawings
from vectorlong.files.office.names import Attributes, attribute, by_full_name
from vectorlong.files.office.package import Package, Relation, check_packed
from vectorlong.files.office.properties import part_named, title_of
from vectorlong.files.opening import open_file
from vectorlong.files.records import Columns, Content
from vectorlong.files.slides.comments import Authors, Comments
from vectorlong.files.slides.slide_text import NUMBERS, SlideText
from vectorlong.files.unread import unread_remarks
from vectorlong.files.unreadable import UnreadableError, damage

_ROOT = by_full_name({"p:presentation": True})
_SLIDE = by_full_name({"p:sldId": True})
_BETWEEN_SLIDES = "\n\n"
# On notes pages the date is that of printing.
_NOT_OF_NOTES = NUMBERS | {"dt"}


def read_pptx(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content]:
    """Read slides in the order in which they are shown, each with its notes and comments."""
    with open_file(path) as file, damage("presentation"):
        check_packed(file, "PowerPoint", ".pptx")
        package = Package(file, limits, "presentation")
        presentation = _Presentation(package, limits)
        slides = ["\n".join(lines) for lines in presentation.slides()]
        title = title_of(package)
    starts = accumulate((len(slide) + len(_BETWEEN_SLIDES) for slide in slides[:-1]), initial=0)
    yield Content(
        _BETWEEN_SLIDES.join(slides),
        {"title": title} if title else {},
        {"slide_starts": list(starts)} if slides else {},
        remarks=unread_remarks(presentation.unread),
    )


class _Presentation:
    """The parts that make up a presentation.

    Attributes
    ----------
    unread
        How many pictures and so on were met.
    """

    def __init__(self, package: Package, limits: Limits) -> None:
        self.unread: Counter[str] = Counter()
        self._package = package
        self._limits = limits
        self._drawings = Drawings(package, limits)
        self._n_characters = 0
        self._masters: set[str] = set()  # that were read

    def slides(self) -> Iterator[list[str]]:
        """Give the lines of each slide."""
        name = part_named(self._package, "officeDocument") or "ppt/presentation.xml"
        related = self._package.relations(name)
        ids: list[str] = []
        is_presentation = False

        def start(name: str, attributes: Attributes) -> None:
            nonlocal is_presentation
            is_presentation = is_presentation or name in _ROOT
            if name in _SLIDE:
                ids.append(attribute(attributes, "r:id") or "")

        self._package.parse(name, start)
        if not is_presentation:
            raise UnreadableError("is no presentation")
        authors = Authors()
        for relation in related.values():
            if relation.kind in ("commentAuthors", "authors"):
                self._parse(relation.part, authors)
        for id in ids:
            part = related[id].part if id in related else None
            lines = self._slide(part, authors.names)
            # Each part has kept to the limit by itself.
            self._n_characters += sum(map(len, lines))
            self._limits.check_characters(self._n_characters)
            yield lines

    def _slide(self, part: str | None, authors: Mapping[str, str]) -> list[str]:
        """Give the lines of a slide, its notes, its comments, and what is written on its master."""
        lines = self._lines(part, NUMBERS)
        related = [] if part is None else list(self._package.relations(part).values())
        for relation in _of_kind(related, "notesSlide"):
            lines += self._lines(relation.part, _NOT_OF_NOTES)
        for relation in _of_kind(related, "comments"):
            comments = Comments(self._limits, authors)
            self._parse(relation.part, comments)
            lines += comments.lines()
        for layout in _of_kind(related, "slideLayout"):
            lines += self._master(layout.part)
            if layout.part is not None:
                above = self._package.relations(layout.part).values()
                for master in _of_kind(above, "slideMaster"):
                    lines += self._master(master.part)
        return lines

    def _master(self, part: str | None) -> list[str]:
        """Give what is written on a master or layout, with the first slide that shows it."""
        if part is None or part in self._masters or part not in self._package:
            return []
        self._masters.add(part)
        return self._lines(part, None)

    def _lines(self, part: str | None, without: Collection[str] | None) -> list[str]:
        related = {} if part is None else self._package.relations(part)

        def read_drawing(id: str) -> list[str] | None:
            return self._drawings.lines(related[id].part if id in related else None)

        text = SlideText(self._limits, read_drawing, without)
        self._parse(part, text)
        if without is not None:  # a logo is no picture that somebody misses
            self.unread.update(text.unread)
        return text.lines()

    def _parse(self, part: str | None, handlers: SlideText | Comments | Authors) -> None:
        """Read a part; one that is missing holds nothing, which is noted."""
        if part is None or part not in self._package:
            self.unread["missing part"] += 1
        elif isinstance(handlers, Authors):
            self._package.parse(part, handlers.start)
        else:
            self._package.parse(part, handlers.start, handlers.end, handlers.text)


def _of_kind(related: Iterable[Relation], kind: str) -> list[Relation]:
    return [relation for relation in related if relation.kind == kind]
