"""Whether a text reads like its language: letters of its alphabet, signs where signs stand.

Bytes in one encoding nearly always decode in others, too, into letters and signs that no text of
the language has: ``Ý`` for the Turkish ``İ``, ``ª`` for ``Ş``. Counting these tells encodings apart
that statistics of letters hold for equally likely.
"""

from __future__ import annotations

import re

# The letters beside ASCII by the language's code: its own, and those of words it commonly borrows.
# A language that is not here may have any letter of its script.
_LETTERS = {
    "en": "éèêëïöüäçñáíóà",
    "fr": "àâäæçéèêëîïôöœùûüáíóúòñ",
    "de": "äöüßéàèêç",
    "es": "áéíñóúüàèïòç",
    "ca": "àçèéíïòóúü",
    "gl": "áéíñóúüï",
    "pt": "áâãàçéêíóôõúüòè",
    "it": "àèéìíîòóùúç",
    "sv": "åäöéàüæø",
    "fi": "åäöšž",
    "da": "æøåéäöüôê",
    "no": "æøåéòôóäöüèê",
    "nl": "áéíóúëïöüèêàäçâôî",
    "af": "áéèêëíîïóôúûýäöü",
    "is": "áéíóúýþæöð",
    "fo": "áðíóúýæø",
    "pl": "ąćęłńóśźżéüö",
    "cs": "áčďéěíňóřšťúůýžöüôäľ",
    "sk": "áäčďéíĺľňóôŕšťúýžöüěřů",
    "hu": "áéíóöőúüűä",
    "hr": "čćđšž",
    "sl": "čšžćđ",
    "bs": "čćđšž",
    "ro": "ăâîșțşţé",
    "tr": "âçğıİîöşüû",
    "az": "çəğıİöşü",
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūžōŗ",
    "et": "äõöüšž",
    "eo": "ĉĝĥĵŝŭ",
    "cy": "âêîôûŵŷáéíóúäëïöüàèìòùẁẃẅỳýÿ",
    "ga": "áéíóú",
    "mt": "ċġħżàèìòù",
    "br": "âêîôûùñüéè",
    "sq": "çë",
    "eu": "ñçüáéíóú",
    "id": "é",
    "ms": "é",
    "tl": "ñáéíóú",
    "sw": "",
    "gd": "àèìòùáéó",
    "fy": "âêîôûúëïöüé",
    "lb": "äëéöüêâî",
    "vi": "ăâđêôơưàáảãạèéẻẽẹìíỉĩịòóỏõọùúủũụỳýỷỹỵ",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "bg": "абвгдежзийклмнопрстуфхцчшщъьюяыэѝ",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюяыэъё",
    "be": "абвгдеёжзійклмнопрстуўфхцчшыьэюяищъ",
    "sr": "абвгдђежзијклљмнњопрстћуфхцчџш",
    "mk": "абвгдѓежзѕијклљмнњопрстќуфхцчџшѐѝ",
}
_LATIN, _GREEK, _CYRILLIC, _HEBREW, _ARABIC, _THAI = range(6)
_RANGES = (
    ("A", "ɏ", _LATIN),
    ("Ḁ", "ỿ", _LATIN),
    ("Ͱ", "Ͽ", _GREEK),
    ("ἀ", "῿", _GREEK),
    ("Ѐ", "ԯ", _CYRILLIC),
    ("\u0590", "\u05ff", _HEBREW),
    ("\u0600", "\u06ff", _ARABIC),
    ("\u0e00", "\u0e7f", _THAI),
)
_SCRIPTS = {
    **dict.fromkeys(_LETTERS, _LATIN),
    **dict.fromkeys(("ru", "bg", "uk", "be", "sr", "mk", "kk", "ky", "tg", "mn"), _CYRILLIC),
    "el": _GREEK,
    "he": _HEBREW,
    **dict.fromkeys(("ar", "fa", "ur"), _ARABIC),
    "th": _THAI,
}
_OF_MARKS = (_HEBREW, _ARABIC, _THAI)  # scripts whose vowels are marks, and no letters to Python
_COMMON_SIGNS = frozenset("\xa0«»‹›„“”‘’‚–—…·•°§©®™€£¥¢¿¡№\xad×½¼¾²³ºª‐‑−±\u200c\u200d\u200e\u200f")
_WITHIN_WORDS = frozenset("’‘·\xad–—‐‑…\u200c\u200d")
_BEFORE_NO_WORD = frozenset("©®±²³½¼¾×¢¥§")
_AFTER_NO_WORD = frozenset("±½¼¾¢¥§©„‚¿¡№")
_ABBREVIATED = "nNrRaAoO0123456789."  # before º and ª: nº, Dª, 1ª
# Words of one letter in some language; initials have a full stop.
_WORDS = frozenset("àáâãåæèéêìíîòóôõöøœùúûýįőĮŐÀÁÂÃÅÆÈÉÊÌÍÎÒÓÔÕÖØŒÙÚÛÝ")
_ENGLISH_WORDS = frozenset("àÀ")
_EAST_ASIAN = ("zh", "ja", "ko")
_UNPAIRED_OPENING, _UNPAIRED_CLOSING = re.compile(r"«(?=\w)"), re.compile(r"(?<=\w)»")


def count_strange(text: str, language: str | None) -> tuple[int, int]:
    """Count characters that the language does not have, or not there, and all beyond ASCII.

    Parameters
    ----------
    text
        Decoded, by an encoding that may be wrong.
    language
        Code of the language that the text would be in; None if unknown.
    """
    letters = _LETTERS.get(language or "")
    words = _ENGLISH_WORDS if language == "en" else _WORDS
    alphabet = None if letters is None else frozenset(letters + letters.upper())
    script = _SCRIPTS.get(language or "")
    n_strange = n_high = n_joined = n_ideographs = n_alone = n_foreign = 0
    before = " "
    for character, after in zip(text, text[1:] + " ", strict=False):
        if character > "\x7f":
            n_high += 1
            if _is_ideographic(character):
                n_ideographs += 1
                n_joined += _is_ascii_letter(before) or _is_ascii_letter(after)
            else:
                n_strange += not (
                    language in _EAST_ASIAN and _is_east_asian_sign(character)
                ) and _is_strange(before, character, after, alphabet, script, words)
                if _script(character) not in (None, _LATIN):
                    n_foreign += 1
                    n_alone += before < "\x80" and after < "\x80"
        before = character
    # Letters that are not Latin stand in runs; one by one in a Latin text they are Latin ones.
    if 2 * n_joined > n_ideographs:
        n_strange += n_joined
    if 2 * n_alone > n_foreign:
        n_strange += n_alone
    return n_strange + _unpaired(text), n_high


def _is_ideographic(character: str) -> bool:
    return character >= "\u2e80" and not "\uff61" <= character <= "\uff9f"


def _is_east_asian_sign(character: str) -> bool:
    """Whether encodings of East Asia have it: nearly all but controls and private ones."""
    return not "\x80" <= character < "\xa0" and not "\ue000" <= character <= "\uf8ff"


def _is_ascii_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _unpaired(text: str) -> int:
    """Count quotation marks at words that are no pairs."""
    n_strange = max(0, text.count("‚") - text.count("‘"))
    if "”" not in text and "„" not in text:
        n_strange += text.count("“")
    if "«" not in text:
        n_strange += len(_UNPAIRED_CLOSING.findall(text))
    elif "»" not in text:
        n_strange += len(_UNPAIRED_OPENING.findall(text))
    return n_strange


def _is_strange(
    before: str,
    character: str,
    after: str,
    alphabet: frozenset[str] | None,
    script: int | None,
    words: frozenset[str],
) -> bool:
    """Whether a character beyond ASCII, and no ideograph, does not belong there."""
    own = _script(character)
    if own is None:
        return _is_strange_sign(before, character, after)
    if "\u0300" <= character <= "\u036f":  # of Vietnamese in Windows-1258
        return script != _LATIN
    if script is not None and own != script:
        return True
    if alphabet is not None and character not in alphabet:
        return True
    if own == _LATIN and not before.isalnum() and not after.isalnum() and after != ".":
        return character not in words
    beside = _script(before)
    if beside is not None and beside != own:
        return True
    return character.isupper() and before.islower()


def _is_strange_sign(before: str, sign: str, after: str) -> bool:
    """Whether a sign, which is no letter of a script above, does not stand there."""
    if "\u0300" <= sign <= "\u036f":
        return not before.isalpha()
    if sign not in _COMMON_SIGNS:
        return True
    if sign == "…" and before == " " == after:  # à, in code pages of DOS
        return True
    if sign in "ºª":
        return before not in _ABBREVIATED
    if sign in _BEFORE_NO_WORD and after.islower():
        return True
    if sign in _AFTER_NO_WORD and before.isalpha():
        return True
    is_within = before.isalpha() and after.isalpha()
    return is_within and sign not in _WITHIN_WORDS and sign != "\xa0"


def _script(character: str) -> int | None:
    """Find the script of a letter, or of a mark of scripts that write vowels so."""
    if character in "ºª":
        return None
    for first, last, script in _RANGES:
        if first <= character <= last:
            is_letter = character.isalpha() or script in _OF_MARKS
            return script if is_letter else None
    return None
