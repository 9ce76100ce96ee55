"""Characters, paragraphs and tables of rich text, and the fonts that bytes are set in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from vectorlong.files.rich_text.flow import Definition
from vectorlong.files.rich_text.writer import MAX_TABLES, Writer

# Words that stand for a character. What divides pages or columns divides lines here.
SIGNS = {
    "tab": "\t",
    **dict.fromkeys(["line", "lbr", "page", "column"], "\n"),
    "emdash": "—",
    "endash": "–",
    "emspace": "\N{EM SPACE}",
    "enspace": "\N{EN SPACE}",
    "qmspace": "\N{FOUR-PER-EM SPACE}",
    "bullet": "•",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "zwj": "\N{ZERO WIDTH JOINER}",
    "zwnj": "\N{ZERO WIDTH NON-JOINER}",
    "ltrmark": "\N{LEFT-TO-RIGHT MARK}",
    "rtlmark": "\N{RIGHT-TO-LEFT MARK}",
    # Of no width: where a line may end, and where it may not.
    **dict.fromkeys(["zwbo", "zwnbo"], ""),
}
# The same of one sign after the backslash. An optional hyphen is nothing: words are whole.
SYMBOLS = {b"~": "\N{NO-BREAK SPACE}", b"_": "-", b"-": "", b"\t": "\t"}
_CODE_PAGES = {"ansi": 1252, "mac": 10000, "pc": 437, "pca": 850}
_LAST_CODE = 0x10FFFF
_BULLET = "o"  # in a font without serifs, of the second level in Word's lists


class Paragraphs:
    """Meets what paragraphs and tables are made of.

    Parameters
    ----------
    writer
        Takes the text.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def words(self) -> Mapping[str, Callable[[int | None], None]]:
        """Give what is to be done at a control word."""
        return {
            **{name: partial(self._set_code_page, page) for name, page in _CODE_PAGES.items()},
            "ansicpg": partial(self._set_code_page, None),
            "deff": self._set_default_font,
            "f": self._set_font,
            "fcharset": self._set_character_set,
            "cpg": self._set_font_code_page,
            "uc": self._set_fallbacks,
            "u": self._write_unicode,
            "plain": self._reset_characters,
            "v": self._hide,
            **dict.fromkeys(["deleted", "mvf"], self._delete),
            "par": self._end_paragraph,
            "sect": self._end_section,
            "pard": self._reset_paragraph,
            "dropcapli": self._set_drop_cap,
            "intbl": self._enter_table,
            "itap": self._set_depth,
            "trowd": self._begin_definition,
            "clvmrg": self._merge_with_above,
            "clmrg": self._merge_with_before,
            "cellx": self._end_column,
            "cell": self._end_cell,
            "nestcell": self._end_inner_cell,
            "row": self._end_row,
            "nestrow": self._end_inner_row,
        }

    def destinations(self) -> Mapping[str, Callable[[], None]]:
        """Give what is to be done where a group says what it is."""
        return {
            "fonttbl": self._start_fonts,
            "nesttableprops": self._start_inner_row,
            **dict.fromkeys(["listtext", "pntext"], self._start_number),
        }

    def _set_code_page(self, page: int | None, number: int | None) -> None:
        self._writer.flush()
        self._writer.fonts.set_code_page((number or 0) if page is None else page)

    def _set_default_font(self, number: int | None) -> None:
        self._writer.flush()
        self._writer.fonts.default = number

    def _start_fonts(self) -> None:
        self._writer.collect(self._writer.fonts)

    def _set_font(self, number: int | None) -> None:
        writer = self._writer
        writer.flush()
        if writer.state.sink is writer.fonts:
            writer.fonts.begin_font(number or 0)
        elif number != writer.state.font:
            writer.state = writer.state._replace(font=number)

    def _set_character_set(self, number: int | None) -> None:
        self._writer.fonts.set_character_set(number or 0)

    def _set_font_code_page(self, number: int | None) -> None:
        self._writer.fonts.set_font_code_page(number or 0)

    def _set_fallbacks(self, number: int | None) -> None:
        self._writer.state = self._writer.state._replace(n_fallbacks=max(0, number or 0))

    def _write_unicode(self, number: int | None) -> None:
        if number is None:
            return
        code = number + 0x10000 if number < 0 else number
        is_character = 0 < code <= _LAST_CODE
        self._writer.add_units(chr(code) if is_character else "\N{REPLACEMENT CHARACTER}")
        self._writer.n_to_skip = self._writer.state.n_fallbacks

    def _reset_characters(self, _: int | None) -> None:
        self._writer.flush()
        state = self._writer.state
        if state.font is not None or state.is_hidden or state.is_deleted:
            self._writer.state = state._replace(font=None, is_hidden=False, is_deleted=False)

    def _hide(self, number: int | None) -> None:
        self._writer.flush()
        self._writer.state = self._writer.state._replace(is_hidden=number != 0)

    def _delete(self, number: int | None) -> None:
        self._writer.flush()
        self._writer.state = self._writer.state._replace(is_deleted=number != 0)

    def _start_number(self) -> None:
        """Read a paragraph's number as it was last shown; signs that count nothing are none."""
        outer = self._writer.state
        number: list[str] = []
        self._writer.collect(number)

        def end() -> None:
            shown = "".join(number).strip()
            if shown != _BULLET and any(map(str.isalnum, shown)):
                self._writer.state = outer
                self._writer.write(f"{shown} ")

        self._writer.at_end(end)

    def _end_paragraph(self, _: int | None) -> None:
        self._writer.end_line()

    def _end_section(self, _: int | None) -> None:
        self._writer.flush()
        if self._writer.flow.pieces:
            self._writer.end_line()

    def _reset_paragraph(self, _: int | None) -> None:
        state = self._writer.state
        if state.depth or state.goes_on:
            self._writer.state = state._replace(depth=0, goes_on=False)

    def _set_drop_cap(self, number: int | None) -> None:
        # The first letter, where it is as high as some lines, has a paragraph of its own.
        self._writer.state = self._writer.state._replace(goes_on=bool(number))

    def _enter_table(self, _: int | None) -> None:
        if not self._writer.state.depth:
            self._writer.state = self._writer.state._replace(depth=1)

    def _set_depth(self, number: int | None) -> None:
        depth = min(max(0, number or 0), MAX_TABLES)
        self._writer.state = self._writer.state._replace(depth=depth)

    def _begin_definition(self, _: int | None) -> None:
        self._writer.flow.definition = Definition()

    def _merge_with_above(self, _: int | None) -> None:
        self._writer.flow.definition.goes_on_above = True

    def _merge_with_before(self, _: int | None) -> None:
        self._writer.flow.definition.goes_on_before = True

    def _end_column(self, number: int | None) -> None:
        self._writer.flow.definition.end_column(number or 0)

    def _end_cell(self, _: int | None) -> None:
        self._end_cell_of(1)

    def _end_inner_cell(self, _: int | None) -> None:
        self._end_cell_of(max(2, self._writer.state.depth))

    def _end_row(self, _: int | None) -> None:
        self._end_row_of(1)

    def _end_inner_row(self, _: int | None) -> None:
        self._end_row_of(max(2, self._writer.flow.n_tables))

    def _end_cell_of(self, depth: int) -> None:
        self._writer.flush()
        if self._writer.state.sink is None:
            self._writer.count_characters(1)
            self._writer.flow.end_cell(depth)

    def _end_row_of(self, depth: int) -> None:
        self._writer.flush()
        if self._writer.state.sink is None or depth > 1:
            self._writer.count_characters(self._writer.flow.end_row(depth))

    def _start_inner_row(self) -> None:
        """Begin what defines a row of a table in a cell: the outer row has its own definition."""
        outer = self._writer.flow.definition

        def end() -> None:
            self._writer.flow.definition = outer

        self._writer.at_end(end)
