"""Fields of rich text: what they result in is shown, what they are computed from is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vectorlong.files.rich_text.writer import NOWHERE, State, Writer
from vectorlong.files.word.instructions import shown_by_instruction

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
    return shown_by_instruction("".join(ended.instruction))
