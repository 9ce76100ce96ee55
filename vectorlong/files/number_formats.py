"""Numbers as documents write them: letters, Roman, Chinese and more (ECMA-376, 17.18.59)."""

from __future__ import annotations

from collections.abc import Callable

_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_MOST_ROMAN = 32_767
_ORDINALS = {1: "st", 2: "nd", 3: "rd"}
_IDEOGRAPHS = "〇一二三四五六七八九"
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
_KOREAN = "가나다라마바사아자차카타파하"
_CYRILLIC = "абвгдежзиклмнопрстуфхцчшщэюя"
_CIRCLED = "⓪①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_FULL_WIDTH = 0xFF10


def formatted(number: int, kind: str) -> str:
    """Give a number as a kind of numbering writes it; kinds that few know are decimal.

    Examples
    --------
    >>> formatted(14, "upperRoman"), formatted(28, "lowerLetter"), formatted(14, "chineseCounting")
    ('XIV', 'bb', '十四')
    """
    return _FORMATS.get(kind, str)(number)


def _letters(alphabet: str) -> Callable[[int], str]:
    """After the last letter comes the first one doubled, as Word counts."""

    def letter(number: int) -> str:
        if not 0 < number <= _MOST_ROMAN:
            return str(number)
        times, place = divmod(number - 1, len(alphabet))
        return alphabet[place] * (times + 1)

    return letter


def _roman(number: int) -> str:
    if not 0 < number <= _MOST_ROMAN:
        return str(number)
    text = ""
    for value, letters in _ROMAN:
        text += letters * (number // value)
        number %= value
    return text


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else _ORDINALS.get(number % 10, "th")
    return f"{number}{ending}"


def _digits(number: int) -> str:
    return "".join(_IDEOGRAPHS[int(digit)] for digit in str(number))


def _counted(number: int) -> str:
    """Count with units, as 一百零五; 十二 without the one before it."""
    if not 0 < number < 10_000:
        return _digits(number)
    text, is_gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            text += ("零" if is_gap and text else "") + _IDEOGRAPHS[digit] + name
            is_gap = False
        else:
            is_gap = bool(text)
    return text.removeprefix("一") if text.startswith("一十") else text


def _cyclic(signs: str) -> Callable[[int], str]:
    def sign(number: int) -> str:
        return signs[(number - 1) % len(signs)] if number > 0 else str(number)

    return sign


def _circled(number: int) -> str:
    return _CIRCLED[number] if number < len(_CIRCLED) else str(number)


def _full_width(number: int) -> str:
    return "".join(chr(_FULL_WIDTH + int(digit)) for digit in str(number))


_LATIN = "abcdefghijklmnopqrstuvwxyz"
_FORMATS: dict[str, Callable[[int], str]] = {
    "none": lambda _: "",
    "decimalZero": lambda number: f"{number:02}",
    "lowerLetter": _letters(_LATIN),
    "upperLetter": _letters(_LATIN.upper()),
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "ordinal": _ordinal,
    "russianLower": _letters(_CYRILLIC),
    "russianUpper": _letters(_CYRILLIC.upper()),
    "numberInDash": lambda number: f"- {number} -",
    **dict.fromkeys(["decimalFullWidth", "decimalFullWidth2"], _full_width),
    **dict.fromkeys(["decimalEnclosedCircle", "decimalEnclosedCircleChinese"], _circled),
    **dict.fromkeys(["ideographDigital", "japaneseDigitalTenThousand", "koreanDigital2"], _digits),
    **dict.fromkeys(
        [
            *("chineseCounting", "chineseCountingThousand", "taiwaneseCounting"),
            *("taiwaneseCountingThousand", "japaneseCounting", "ideographTraditionalCounting"),
        ],
        _counted,
    ),
    "ideographTraditional": _cyclic(_STEMS),
    "ideographZodiac": _cyclic(_BRANCHES),
    "ganada": _letters(_KOREAN),
}
