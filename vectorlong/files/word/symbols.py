"""Signs that Word takes from a font of symbols, as Unicode has them."""

from __future__ import annotations

# Adobe's encoding of the font Symbol, from 0x20 on and from 0xA1 on; blank where there is no sign.
_SYMBOL = (
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ["
    "∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼",
    "ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐"
    "⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪ 〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭",
)
# What Word itself puts there: for "-->", ":-)", boxes to be ticked, the usual bullets.
_WINGDINGS = {
    0x4A: "☺",
    0x4B: "😐",
    0x4C: "☹",
    0x6C: "●",
    0x6E: "■",
    0x6F: "□",
    0x71: "❑",
    0x76: "❖",
    0xA7: "▪",
    0xA8: "◻",
    0xD8: "➢",
    0xDF: "←",
    0xE0: "→",
    0xE1: "↑",
    0xE2: "↓",
    0xE8: "➔",
    0xEF: "⇦",
    0xF0: "⇨",
    0xF3: "⬄",
    0xFB: "✗",
    0xFC: "✓",
    0xFD: "☒",
    0xFE: "☑",
}
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"  # which, unlike a letter, parts words


def symbol(font: str, code: str) -> str:
    """Give a sign by its font and its number there, in hexadecimal.

    Examples
    --------
    >>> symbol("Symbol", "F061"), symbol("Wingdings", "F0FC"), symbol("Arial", "00E9")
    ('α', '✓', 'é')
    """
    try:
        number = int(code, 16)
    except ValueError:
        return _UNKNOWN
    if 0xF000 <= number <= 0xF0FF:
        number -= 0xF000
    elif not font.startswith(("Symbol", "Wingdings")):
        is_character = number < 0x110000 and not 0xD800 <= number < 0xE000
        return chr(number) if is_character and number >= 0x20 else _UNKNOWN
    if font == "Symbol":
        first, signs = (0x20, _SYMBOL[0]) if number < 0xA1 else (0xA1, _SYMBOL[1])
        return signs[number - first] if 0 <= number - first < len(signs) else _UNKNOWN
    return _WINGDINGS.get(number, _UNKNOWN) if font == "Wingdings" else _UNKNOWN
