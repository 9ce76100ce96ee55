"""Fields of rich text: what they result in is shown, what they are computed from is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vectorlong.files.rich_text.writer import NOWHERE, State, Writer
from vectorlong.files.word.symbols import symbol

_SIGN = re.compile(r"""\s*SYMBOL\s+(\d{1,5}|0x[0-9a-fA-F]{1,4})\b(?:.*?\\f\s+"?([^"\\]+))?""", re.I)
_EQUATION = re.compile(r"\s*EQ\s(.*)", re.IGNORECASE | re.DOTALL)
# Pronunciation above a text, which follows it in parentheses as in other documents.
_RUBY = re.compile(r"\\o\s*\\a[dclr]\s*\(\s*\\s\s*\\up\s*\d+\(([^()]*)\)\s*[,;]([^()]*)\)", re.I)
_SWITCH = re.compile(r"\\\*\s+(?:jc\d+|hps\d+|\"Font:[^\"]*\")|\\[a-z]+\s?\d*", re.IGNORECASE)
_NOT_CHOSEN = 25  # in a list of at most as many


@dataclass
class _Field:
    """A field that is open.

    Attributes
    ----------
    state
        Of what it stands in, where its result goes.
    n_before
        How many texts there were before it.
    choices, chosen, usual
        Of a list to choose from, and which it is or would be.
    """

    state: State
    n_before: int
    instruction: list[str] = field(default_factory=list)
    choices: list[list[str]] = field(default_factory=list)
    chosen: int | None = None
    usual: int = 0


class Fields:
    """Meets fields and their parts.

    Parameters
    ----------
    writer
        Takes the text.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._open: list[_Field] = []

    def words(self) -> Mapping[str, Callable[[int | None], None]]:
        """Give what is to be done at a control word."""
        return {"ffres": self._set_chosen, "ffdefres": self._set_usual}

    def destinations(self) -> Mapping[str, Callable[[], None]]:
        """Give what is to be done where a group says what it is."""
        return {
            "field": self._start_field,
            "fldinst": self._start_instruction,
            "fldrslt": self._start_result,
            "formfield": self._start_form,
            "ffl": self._start_choice,
        }

    def _start_field(self) -> None:
        opened = _Field(self._writer.state, self._writer.n_written)
        self._open.append(opened)
        self._writer.at_end(self._end_field)

    def _start_instruction(self) -> None:
        self._writer.collect(self._open[-1].instruction if self._open else NOWHERE)

    def _start_result(self) -> None:
        if self._open:
            self._writer.collect(self._open[-1].state.sink)

    def _start_form(self) -> None:
        self._writer.collect(NOWHERE)

    def _start_choice(self) -> None:
        choice: list[str] = []
        self._writer.collect(choice)
        if self._open:
            self._open[-1].choices.append(choice)

    def _set_chosen(self, number: int | None) -> None:
        if self._open and number != _NOT_CHOSEN:
            self._open[-1].chosen = number

    def _set_usual(self, number: int | None) -> None:
        if self._open:
            self._open[-1].usual = number or 0

    def _end_field(self) -> None:
        """End a field; what Word shows of some is not in their result."""
        ended = self._open.pop()
        if self._writer.n_written == ended.n_before:
            self._writer.state = ended.state
            shown = _shown(ended)
            if shown:
                self._writer.write(shown)


def _shown(ended: _Field) -> str:
    if ended.choices:
        chosen = ended.usual if ended.chosen is None else ended.chosen
        return "".join(ended.choices[chosen]) if 0 <= chosen < len(ended.choices) else ""
    instruction = "".join(ended.instruction)
    if (sign := _SIGN.match(instruction)) is not None:
        return symbol((sign[2] or "").strip(), _font_code(int(sign[1], 0), sign[2]))
    if (equation := _EQUATION.match(instruction)) is not None:
        rubied = _RUBY.sub(r"\2(\1)", equation[1])
        return " ".join(_SWITCH.sub("", rubied).split())
    return ""


def _font_code(number: int, font: str | None) -> str:
    """Give a sign's number as fonts of signs have it, where it is in one."""
    is_of_signs = (font or "").strip() in ("Symbol", "Wingdings")
    return f"{0xF000 + number if is_of_signs and number <= 0xFF else number:x}"
