"""Paragraphs and runs of a Word document, and the signs and fields in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from vectorlong.files.office.names import Attributes, attribute, number
from vectorlong.files.office.writer import Writer
from vectorlong.files.word.instructions import shown_by_instruction
from vectorlong.files.word.symbols import symbol

_SIGNS = {
    **dict.fromkeys(["w:tab", "w:ptab"], "\t"),
    **dict.fromkeys(["w:br", "w:cr"], "\n"),
    "w:noBreakHyphen": "-",
}


class Runs:
    """Meets the elements of paragraphs.

    Parameters
    ----------
    writer
        Takes the text.
    label
        Counts a paragraph by its style, list and level, and gives its number as it is shown.
    """

    def __init__(
        self, writer: Writer, label: Callable[[str | None, str | None, int | None], str]
    ) -> None:
        self._writer = writer
        self._label = label
        self._properties = ""  # of what they are, where they are open
        self._style: str | None = None  # of the paragraph, and so on
        self._list: str | None = None
        self._level: int | None = None
        self._is_numbered = False  # or known to be not
        self._choices: list[str] = []  # of a list to choose from, and which it is
        self._choice = 0

    def starts(self) -> Mapping[str, Callable[[Attributes], None]]:
        """Give what is to be done where an element begins."""
        return {
            "w:p": self._start_paragraph,
            "w:pPr": partial(self._start_properties, "paragraph"),
            "w:trPr": partial(self._start_properties, "row"),
            "w:framePr": self._set_frame,
            "w:pStyle": self._set_style,
            "w:numId": self._set_list,
            "w:ilvl": self._set_level,
            **dict.fromkeys(["w:del", "w:moveFrom"], self._start_deleted),
            **dict.fromkeys(["w:r", "m:r"], self._start_run),
            "w:vanish": self._hide,
            **dict.fromkeys(["w:t", "a:t"], self._start_text),
            **{name: partial(self._write_sign, sign) for name, sign in _SIGNS.items()},
            "w:sym": self._write_symbol,
            "w:rt": self._start_ruby,
            "w:fldChar": self._meet_field,
            "w:instrText": self._start_instruction,
            "w:ddList": self._start_choices,
            **dict.fromkeys(["w:default", "w:result"], self._set_choice),
            "w:listEntry": self._add_choice,
        }

    def ends(self) -> Mapping[str, Callable[[], None]]:
        """Give what is to be done where an element ends."""
        return {
            "w:p": self._end_paragraph,
            **dict.fromkeys(["w:pPr", "w:trPr"], self._end_properties),
            **dict.fromkeys(["w:t", "a:t", "w:instrText"], self._end_text),
            "w:rt": self._end_ruby,
            "w:ruby": self._end_rubied,
            "w:ddList": self._end_choices,
        }

    def _start_paragraph(self, _: Attributes) -> None:
        if self._writer.flow.pieces and not self._writer.flow.goes_on:
            self._writer.flow.end_line()
        # A paragraph that goes on with another is not counted.
        self._is_numbered = self._writer.flow.goes_on
        self._style = self._list = self._level = None
        self._writer.flow.goes_on = False

    def _end_paragraph(self) -> None:
        if not self._writer.flow.goes_on:
            self._writer.count_characters(1)
            self._writer.flow.end_line()

    def _start_properties(self, of: str, _: Attributes) -> None:
        self._properties = of

    def _end_properties(self) -> None:
        if self._properties == "paragraph" and not self._is_numbered:
            self._is_numbered = True
            label = self._label(self._style, self._list, self._level)
            if label:
                self._writer.flow.is_hidden = False
                self._writer.write(label)
        self._properties = ""

    def _set_style(self, attributes: Attributes) -> None:
        self._style = attribute(attributes, "w:val")

    def _set_list(self, attributes: Attributes) -> None:
        self._list = attribute(attributes, "w:val")

    def _set_level(self, attributes: Attributes) -> None:
        self._level = number(attributes)

    def _set_frame(self, attributes: Attributes) -> None:
        # The first letter, where it is as high as some lines, has a paragraph of its own.
        if attribute(attributes, "w:dropCap") in ("drop", "margin"):
            self._writer.flow.goes_on = True

    def _start_deleted(self, attributes: Attributes) -> None:
        """Pass over what was deleted; in properties it is the end of a paragraph, or a row."""
        if self._properties == "paragraph":
            self._writer.flow.goes_on = True
        elif self._properties == "row" and self._writer.flow.row is not None:
            self._writer.flow.row.is_deleted = True
        else:
            self._writer.skip(attributes)

    def _start_run(self, _: Attributes) -> None:
        self._writer.flow.is_hidden = False

    def _hide(self, attributes: Attributes) -> None:
        if not self._properties:  # else it is the mark that ends a paragraph
            value = attribute(attributes, "w:val")
            self._writer.flow.is_hidden = value not in ("0", "false", "off")

    def _start_text(self, attributes: Attributes) -> None:
        if self._writer.flow.is_hidden:
            self._writer.count("piece of hidden text", attributes)
            self._writer.skip(attributes)
        else:
            self._writer.takes = self._writer.write

    def _end_text(self) -> None:
        self._writer.takes = None

    def _write_sign(self, sign: str, _: Attributes) -> None:
        self._writer.write(sign)

    def _write_symbol(self, attributes: Attributes) -> None:
        font, code = attribute(attributes, "w:font"), attribute(attributes, "w:char")
        self._writer.write(symbol(font or "", code or ""))

    def _start_ruby(self, _: Attributes) -> None:
        self._writer.flow.ruby_starts.append(len(self._writer.flow.pieces))

    def _end_ruby(self) -> None:
        flow = self._writer.flow
        if flow.ruby_starts:
            start = flow.ruby_starts.pop()
            flow.ruby = "".join(flow.pieces[start:])
            del flow.pieces[start:]

    def _end_rubied(self) -> None:
        if self._writer.flow.ruby:
            self._writer.write(f"({self._writer.flow.ruby})")
            self._writer.flow.ruby = ""

    def _meet_field(self, attributes: Attributes) -> None:
        instruction = self._writer.flow.fields.meet(attribute(attributes, "w:fldCharType"))
        shown = shown_by_instruction(instruction)
        if shown:
            self._writer.write(shown)

    def _start_instruction(self, _: Attributes) -> None:
        self._writer.takes = self._instruct

    def _instruct(self, text: str) -> None:
        self._writer.count_characters(len(text))
        self._writer.flow.fields.instruct(text)

    def _start_choices(self, _: Attributes) -> None:
        self._choices, self._choice = [], 0

    def _set_choice(self, attributes: Attributes) -> None:
        self._choice = number(attributes)

    def _add_choice(self, attributes: Attributes) -> None:
        self._choices.append(attribute(attributes, "w:val") or "")

    def _end_choices(self) -> None:
        """Write what was chosen; it stands where other fields have what is not shown."""
        shown = self._choices[self._choice : self._choice + 1]
        self._writer.count_characters(sum(map(len, shown)))
        self._writer.flow.pieces.extend(shown)
