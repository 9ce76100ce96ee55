"""What Word shows of fields that have no result: signs, formulas, buttons, old pronunciations."""

from __future__ import annotations

import re

from vectorlong.files.word.symbols import symbol

_SIGN = re.compile(r"""\s*SYMBOL\s+(\d{1,5}|0x[0-9a-fA-F]{1,4})\b(?:.*?\\f\s+"?([^"\\]+))?""", re.I)
_EQUATION = re.compile(r"\s*EQ\s(.*)", re.IGNORECASE | re.DOTALL)
_BUTTON = re.compile(r"\s*(?:MACRO|GOTO)BUTTON\s+\S+\s+(.*)", re.IGNORECASE | re.DOTALL)
# Pronunciation above a text, which follows it in parentheses as in other documents.
_RUBY = re.compile(r"\\o\s*\\a[dclr]\s*\(\s*\\s\s*\\up\s*\d+\(([^()]*)\)\s*[,;]([^()]*)\)", re.I)
_SWITCH = re.compile(r"\\\*\s+(?:jc\d+|hps\d+|\"Font:[^\"]*\")|\\[a-z]+\s?\d*", re.IGNORECASE)


def shown_by_instruction(instruction: str) -> str:
    r"""Give what Word shows of a field by its instruction alone; empty for most.

    Examples
    --------
    >>> shown_by_instruction(r"EQ \* jc2 \o\ad(\s\up 9(かん),漢)")
    '漢(かん)'
    >>> shown_by_instruction("MACROBUTTON NoMacro [Click here]")
    '[Click here]'
    >>> shown_by_instruction("PAGE")
    ''
    """
    if (sign := _SIGN.match(instruction)) is not None:
        return symbol((sign[2] or "").strip(), _font_code(int(sign[1], 0), sign[2]))
    if (equation := _EQUATION.match(instruction)) is not None:
        rubied = _RUBY.sub(r"\2(\1)", equation[1])
        return " ".join(_SWITCH.sub("", rubied).split())
    if (button := _BUTTON.match(instruction)) is not None:
        return " ".join(button[1].split())
    return ""


def _font_code(number: int, font: str | None) -> str:
    """Give a sign's number as fonts of signs have it, where it is in one."""
    is_of_signs = (font or "").strip() in ("Symbol", "Wingdings")
    return f"{0xF000 + number if is_of_signs and number <= 0xFF else number:x}"
