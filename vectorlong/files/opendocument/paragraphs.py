"""Paragraphs of OpenDocument, the signs and fields in them, and the notes and comments on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from vectorlong.files.comment_lines import comment_lines
from vectorlong.files.opendocument.names import Attributes, attribute, number
from vectorlong.files.opendocument.numbering import Numbering
from vectorlong.files.opendocument.styles import Styles
from vectorlong.files.opendocument.writer import Writer

_MAX_SPACES = 100
_COMMENTS = ("office:annotation", "officeooo:annotation")


class Paragraphs:
    """Meets the elements of paragraphs.

    Parameters
    ----------
    writer
        Takes the text.
    styles
        What they hide.
    numbering
        What is shown before them.

    Attributes
    ----------
    endnotes
        Lines of those that were met.
    used_styles
        Of paragraphs; a dictionary for its order.
    """

    def __init__(self, writer: Writer, styles: Styles, numbering: Numbering) -> None:
        self.endnotes: list[str] = []
        self.used_styles: dict[str, None] = {}
        self._writer = writer
        self._styles = styles
        self._numbering = numbering
        self._notes: list[str] = []  # kinds of those that are open
        self._number = ""  # of the paragraph to come
        self._label = ""  # of the one that began last
        self._choices: list[str] = []  # of a list to choose from, and which it is
        self._choice = ""

    def starts(self) -> Mapping[str, Callable[[Attributes], None]]:
        """Give what is to be done where an element begins."""
        return {
            "text:p": partial(self._start_paragraph, False),
            "text:h": partial(self._start_paragraph, True),
            "text:s": self._write_spaces,
            "text:tab": partial(self._write_sign, "\t"),
            "text:line-break": partial(self._write_sign, "\n"),
            "text:number": self._writer.capture,
            "text:span": self._start_span,
            "text:ruby-text": self._start_ruby,
            "text:section": self._start_section,
            "text:hidden-text": self._start_hidden_text,
            "text:hidden-paragraph": self._hide_paragraph,
            "text:variable-set": self._start_variable,
            "loext:content-control": self._start_control,
            "field:fieldmark": self._start_choices,
            "field:param": self._meet_choice,
            "text:note": self._start_note,
            **dict.fromkeys(_COMMENTS, self._start_comment),
            "dc:creator": self._writer.capture,
        }

    def ends(self) -> Mapping[str, Callable[[], None]]:
        """Give what is to be done where an element ends."""
        return {
            **dict.fromkeys(["text:p", "text:h"], self._writer.end_paragraph),
            "text:number": self._end_number,
            "text:ruby-text": self._end_ruby,
            "field:fieldmark": self._end_choices,
            "text:note": self._end_note,
            **dict.fromkeys(_COMMENTS, self._end_comment),
            "dc:creator": self._end_creator,
        }

    def _start_paragraph(self, is_heading: bool, attributes: Attributes) -> None:
        style = attribute(attributes, "text:style-name")
        if self._writer.flow.outer is None:
            self.used_styles[style] = None
        is_hidden = self._styles.is_hidden("paragraph", style)
        self._writer.start_paragraph(is_hidden=is_hidden)
        label = "" if is_hidden else self._numbering.label(attributes, is_heading=is_heading)
        self._label = self._number or label
        self._number = ""
        if self._label:
            self._writer.write(self._label)
            self._writer.flow.is_after_space = True

    def _write_sign(self, sign: str, _: Attributes) -> None:
        if self._writer.flow.n_paragraphs:
            self._writer.write(sign)

    def _write_spaces(self, attributes: Attributes) -> None:
        n_spaces = min(number(attributes, "text:c"), _MAX_SPACES)
        self._write_sign(" " * n_spaces, attributes)

    def _end_number(self) -> None:
        """Put a number that was saved with a heading or item before its text."""
        text = self._writer.end_capture()
        flow = self._writer.flow
        if text and flow.n_paragraphs:
            if flow.pieces == [self._label]:  # counted, too
                flow.pieces.clear()
            self._writer.write(f"{text} ")
        elif text:
            self._number = f"{text} "

    def _start_span(self, attributes: Attributes) -> None:
        if self._styles.is_hidden("text", attribute(attributes, "text:style-name")):
            self._hide("piece of hidden text", attributes)

    def _start_section(self, attributes: Attributes) -> None:
        is_hidden = attribute(attributes, "text:is-hidden") == "true"
        if is_hidden or attribute(attributes, "text:display") == "none":
            self._hide("hidden section", attributes)

    def _start_hidden_text(self, attributes: Attributes) -> None:
        if attribute(attributes, "text:is-hidden") == "true":
            self._hide("piece of hidden text", attributes)

    def _hide_paragraph(self, attributes: Attributes) -> None:
        self._writer.flow.is_hidden |= attribute(attributes, "text:is-hidden") == "true"

    def _start_variable(self, attributes: Attributes) -> None:
        if attribute(attributes, "text:display") == "none":
            self._writer.skip(attributes)

    def _start_control(self, attributes: Attributes) -> None:
        """Pass over what only says what to write there."""
        if attribute(attributes, "loext:showing-place-holder") == "true":
            self._writer.skip(attributes)

    def _start_choices(self, _: Attributes) -> None:
        self._choices, self._choice = [], "0"

    def _meet_choice(self, attributes: Attributes) -> None:
        value = attribute(attributes, "field:value")
        match attribute(attributes, "field:name"):
            case "Dropdown_ListEntry":
                self._choices.append(value)
            case "Dropdown_Selected":
                self._choice = value

    def _end_choices(self) -> None:
        """Write what was chosen in a form that comes from Word."""
        is_number = self._choice.isdecimal() and len(self._choice) < 10
        place = int(self._choice) if is_number else 0
        self._write_sign("".join(self._choices[place : place + 1]), {})

    def _hide(self, what: str, attributes: Attributes) -> None:
        self._writer.count(what)
        self._writer.skip(attributes)

    def _start_ruby(self, _: Attributes) -> None:
        self._writer.flow.rubies.append(len(self._writer.flow.pieces))

    def _end_ruby(self) -> None:
        flow = self._writer.flow
        start = flow.rubies.pop() if flow.rubies else 0
        if start and not flow.rubies:  # within another it is that one's
            text = "".join(flow.pieces[start:]).strip()
            del flow.pieces[start:]
            if text:
                self._writer.write(f"({text})")

    # --- notes and comments ----------------------------------------------------------------------

    def _start_note(self, attributes: Attributes) -> None:
        self._notes.append(attribute(attributes, "text:note-class"))
        self._writer.open_flow()

    def _end_note(self) -> None:
        lines = list(filter(str.strip, self._writer.close_flow().end()))
        if self._notes.pop() == "endnote":
            self.endnotes.extend(lines)
        else:
            self._writer.flow.beside.extend(lines)

    def _start_comment(self, _: Attributes) -> None:
        self._writer.open_flow()

    def _end_creator(self) -> None:
        self._writer.flow.author = self._writer.end_capture()

    def _end_comment(self) -> None:
        comment = self._writer.close_flow()
        lines = comment_lines(comment.author, list(filter(str.strip, comment.end())))
        self._writer.count_characters(len(lines[0]) if lines else 0)
        self._writer.flow.beside.extend(lines)
