"""From the bytes of rich text to characters, by the fonts that they are set in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from vectorlong.files.encodings.decoding import encoding_named
from vectorlong.files.word.symbols import symbol

_DEFAULT = "cp1252"
# Code pages that Python knows by another name, and GBK by that of its superset.
_CODE_PAGES = {
    932: "cp932",
    936: "gb18030",
    949: "cp949",
    950: "cp950",
    1361: "johab",
    10000: "mac-roman",
    10001: "shift_jis",
    10002: "big5",
    10003: "euc_kr",
    10004: "mac-arabic",
    10006: "mac-greek",
    10007: "mac-cyrillic",
    10008: "gb2312",
    10010: "mac-romanian",
    10029: "mac-latin2",
    10079: "mac-iceland",
    10081: "mac-turkish",
    10082: "mac-croatian",
    65001: "utf-8",
    -535: "utf-8",  # the same in sixteen bits
}
# By the number of a font's set of characters. Python has no code page of the Macintosh for Hebrew
# and Thai; those of Windows have the letters at the same places.
_CHARACTER_SETS = {
    0: "cp1252",
    77: "mac-roman",
    78: "shift_jis",
    79: "euc_kr",
    80: "gb2312",
    81: "big5",
    82: "johab",
    83: "cp1255",
    84: "mac-arabic",
    85: "mac-greek",
    86: "mac-turkish",
    87: "cp874",
    88: "mac-latin2",
    89: "mac-cyrillic",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    179: "cp1256",
    180: "cp1256",
    181: "cp1255",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp850",
}
_ANSI = 0
_OF_SIGNS = 2
_WITHOUT_LETTERS = ("Symbol", "Wingdings", "Webdings", "Marlett", "ZapfDingbats")
# LibreOffice says of its own that they are Japanese, and writes their bullets in this code page.
_BULLETS = ("OpenSymbol", "StarSymbol")
_MAX_NAME = 100
_FIRST_LETTER = 0xC0  # in the code pages of Windows for alphabets; signs before it are much alike
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\xad]")  # and hyphens that are optional


@dataclass
class _Font:
    """A font as the table of fonts has it."""

    encoding: str | None = None
    character_set: int | None = None
    name: str = ""

    @property
    def has_signs(self) -> bool:
        """Whether its characters are no letters."""
        # Others are called so by mistake, or are letters of a script that had no set of its own.
        return self.character_set == _OF_SIGNS and self.name.startswith(_WITHOUT_LETTERS)


@dataclass
class Fonts:
    """The fonts of a document, and how bytes in them are read.

    Attributes
    ----------
    chosen
        The encoding that the user named, which counts where a font has none of its own.
    default
        Number of the font of what names none.
    n_replaced
        How many bytes of the text stand for no character.
    doubted
        The document's code page, where letters of the text would be others in it; None if none is.
    """

    chosen: str | None = None
    default: int | None = None
    n_replaced: int = 0
    doubted: str | None = None
    _encoding: str = _DEFAULT
    _fonts: dict[int, _Font] = field(default_factory=dict)
    _last: _Font = field(default_factory=_Font)

    def set_code_page(self, number: int) -> None:
        """Take a code page for that of the document, if it is known."""
        self._encoding = _code_page(number) or self._encoding

    def begin_font(self, number: int) -> None:
        """Begin with a font of the table."""
        self._last = self._fonts[number] = _Font()

    def set_character_set(self, number: int) -> None:
        """Set that of the font that was begun."""
        self._last.character_set = number

    def set_font_code_page(self, number: int) -> None:
        """Set that of the font that was begun."""
        self._last.encoding = _code_page(number)

    def append(self, text: str) -> None:
        """Go on with the name of the font that was begun."""
        if len(self._last.name) < _MAX_NAME:
            self._last.name += text[:_MAX_NAME].replace(";", "").lstrip()

    def decode(self, content: bytes, number: int | None, is_shown: bool = True) -> str:
        """Decode bytes that are set in a font; what is no character in it is replaced."""
        font = self._font(number)
        if font is not None and font.has_signs:
            return "".join(_sign(font.name, byte) for byte in content)
        if content.isascii():
            return cleaned(content.decode("ascii"))
        encoding = self._encoding_of(font)
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            text = content.decode(encoding, "replace")
            self.n_replaced += is_shown * text.count("\N{REPLACEMENT CHARACTER}")
        if is_shown and encoding == _DEFAULT != self._encoding and self.doubted is None:
            self._doubt(content)
        return cleaned(text)

    def _doubt(self, content: bytes) -> None:
        """Notice letters whose font says that they are Western, and the document that they are not.

        Word means it; programs that know little of fonts say so of all of them.
        """
        letters = bytes(byte for byte in content if byte >= _FIRST_LETTER)
        is_of_windows = self._encoding.startswith("cp125")
        if is_of_windows and letters.decode(self._encoding, "replace") != letters.decode(_DEFAULT):
            self.doubted = self._encoding

    def sign(self, text: str, number: int | None) -> str:
        """Give what characters of Unicode show in a font: one of signs has its own."""
        font = self._font(number)
        if font is None or not font.has_signs:
            return cleaned(text)
        return "".join(
            _sign(font.name, ord(character)) if "\uf000" <= character <= "\uf0ff" else character
            for character in cleaned(text)
        )

    def _font(self, number: int | None) -> _Font | None:
        wanted = self.default if number is None else number
        return None if wanted is None else self._fonts.get(wanted)

    def _encoding_of(self, font: _Font | None) -> str:
        # UTF-8 is not among the sets of characters: who writes it has named any.
        is_default = self.chosen is not None or self._encoding == "utf-8"
        if font is not None and font.name.startswith(_BULLETS):
            return _DEFAULT
        own = None if font is None else font.encoding
        if own is None and font is not None and not (is_default and font.character_set == _ANSI):
            own = _CHARACTER_SETS.get(-1 if font.character_set is None else font.character_set)
        return own or self.chosen or self._encoding


def cleaned(text: str) -> str:
    """Leave out what shows nothing: controls, and hyphens where a word may be divided."""
    return text if text.isprintable() else _CONTROLS.sub("", text)


def _code_page(number: int) -> str | None:
    return _CODE_PAGES.get(number) or encoding_named(f"cp{number}")


def _sign(font: str, number: int) -> str:
    number &= 0xFF
    if number <= 0x20:
        return " "
    return symbol(font, f"{0xF000 + number:x}")
