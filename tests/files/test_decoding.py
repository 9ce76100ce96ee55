"""Encodings are found or refused, never guessed into wrong characters."""

import codecs
from collections import Counter
from contextlib import suppress

import pytest

from tests.files.sentences import TEXTS, encode
from vectorlong.errors import OptionError
from vectorlong.files.encodings.decoding import (
    decode_part,
    encoding_named,
    find_encoding,
    read_text,
)
from vectorlong.files.source import FileSource
from vectorlong.files.unreadable import UnreadableError

CHINESE = "我们在这个国家的不同地方生活了很多年，也学会了用不同的方法看问题。这是大家都知道的事情。"
FRENCH = "Tous les êtres humains naissent libres et égaux en dignité, créés où l’été est."
GERMAN = "Straße für Straße größer: „Öl und Füße“ kosten 20 € – ÄRGER!"


@pytest.fixture
def write(tmp_path):
    def write_bytes(content: bytes):
        path = tmp_path / "file.txt"
        path.write_bytes(content)
        return path

    return write_bytes


@pytest.mark.parametrize(
    ("text", "written_as", "found"),
    [
        ("plain ASCII\r\nand\rline ends\n", "utf-8", "utf-8"),
        ("Ünïcode 中文 😀", "utf-8", "utf-8"),
        ("with a mark é", "utf-8-sig", "utf-8-sig"),
        ("two bytes é 中 😀", "utf-16", "utf-16"),
        ("four bytes é", "utf-32", "utf-32"),
        ("no mark, mostly ASCII é", "utf-16-le", "utf-16-le"),
        ("no mark, mostly ASCII é", "utf-16-be", "utf-16-be"),
        (CHINESE, "gb18030", "gb18030"),
        (FRENCH, "cp1252", "cp1252"),
        (GERMAN, "cp1252", "cp1252"),
        ("", "utf-8", "utf-8"),
    ],
)
def test_text_comes_back_as_written(write, text, written_as, found):
    path = write(text.encode(written_as))
    assert find_encoding(path) == found
    assert read_text(path).text == text


def test_big_endian_with_mark(write):
    path = write(codecs.BOM_UTF16_BE + "é中".encode("utf-16-be"))
    assert (read_text(path).text, read_text(path).facts) == ("é中", {"encoding": "utf-16"})


def test_only_encodings_other_than_utf_8_are_recorded(write):
    assert read_text(write("\ufeffé".encode())).facts == {}
    assert read_text(write(FRENCH.encode("cp1252"))).facts == {"encoding": "cp1252"}


@pytest.mark.parametrize(("language", "encoding"), TEXTS)
def test_every_language_in_every_encoding_of_its(write, language, encoding):
    """Never wrong letters; of whole paragraphs hardly one is refused."""
    content = encode(TEXTS[language, encoding], encoding)
    path = write(content)
    assert content.decode(find_encoding(path)) == content.decode(encoding)


def test_short_texts_are_right_or_refused(write):
    """Half a sentence is enough to tell mostly, and too little to be wrong often."""
    verdicts = Counter()
    for (_, encoding), text in TEXTS.items():
        content = encode(text[:60], encoding)
        path = write(content)
        try:
            is_right = content.decode(find_encoding(path)) == content.decode(encoding)
        except UnreadableError:
            verdicts["refused"] += 1
        else:
            verdicts["right" if is_right else "wrong"] += 1
    assert verdicts["wrong"] <= 0.01 * verdicts.total()
    assert verdicts["right"] >= 0.8 * verdicts.total()


def test_what_is_not_certain_is_refused_with_the_candidates(write):
    path = write("He paid for the hotel Ô and left it.".encode("mac_roman"))
    with pytest.raises(UnreadableError, match=r"not certain \(.*mac-roman.*; name .*--encoding"):
        find_encoding(path)
    assert read_text(path, chosen="mac-roman").text == "He paid for the hotel Ô and left it."
    with pytest.raises(UnreadableError, match=r"not certain \(mac-roman"):  # one sign is too few
        find_encoding(write("He paid for the hotel Ô and left it.".encode("cp1252")))


def test_few_letters_at_the_end_of_much_ascii(write):
    """And those of the last line, which the first 64 KiB of such lines do not have."""
    plain = b"A line of plain English words, as there are many.\n" * 100_000
    text = "“We’ll see,” said the owner of the café, “what the court’s decision is.”\n"
    path = write(plain + text.encode("cp1252"))
    assert read_text(path).text.endswith(text)
    text = "Nájomca je povinný platiť nájomné včas, a ľudia s tým však nesúhlasia.\n"
    often = "Mnohí sa pýtali, prečo rada rozhodla takto. Od budúceho roka budú nové predpisy.\n"
    assert not set("ťľšž") & set(often)
    path = write((often * 2_000 + text).encode("iso8859-2"))
    assert read_text(path).text.endswith(text)


@pytest.mark.parametrize("text", ["Ř" * 3, "中" * 100_000, "ab中" * 100_000, "é" * 100_000])
def test_lines_without_an_end(write, text):
    """Cut within a character or a line, never an error of another kind."""
    for encoding in ("gb18030", "cp1250", "cp1252"):
        content = text.encode(encoding, "ignore")
        with suppress(UnreadableError):
            find_encoding(write(content))


def test_iso_2022_jp_is_not_taken_for_ascii(write):
    text = TEXTS["Japanese", "iso2022_jp"]
    assert read_text(write(text.encode("iso2022_jp"))).text == text
    escapes = "\x1b[1mbold\x1b[0m \x1b$B no Japanese"
    assert read_text(write(escapes.encode())).text == escapes


def test_the_chosen_encoding_is_for_what_is_not_unicode(write):
    turkish = "İstanbul'da imzalandı"
    assert find_encoding(write(turkish.encode("cp1254")), "cp1254") == "cp1254"
    assert find_encoding(write(turkish.encode()), "cp1254") == "utf-8"
    assert find_encoding(write(turkish.encode("utf-16")), "cp1254") == "utf-16"
    assert read_text(write("é".encode("utf-16-le")), chosen="utf-16-le").text == "é"
    with pytest.raises(UnreadableError, match="is not cp1254, which --encoding names"):
        find_encoding(write(b"\x9d\x9e"), "cp1254")
    assert find_encoding(write(turkish.encode("cp1254")), "cp1254", "iso-8859-1") == "cp1254"


@pytest.mark.parametrize(
    ("label", "encoding"),
    [
        ("ISO-8859-9", "cp1254"),
        ("x-sjis", "cp932"),
        ("Shift_JIS", "cp932"),
        ("ks_c_5601-1987", "cp949"),
        ("gb2312", "gb18030"),
        ("latin1", "cp1252"),
        ("cp850", "cp850"),
        ("utf-16-le", "utf-16-le"),
        ("iso2022_kr", "iso2022_kr"),
        ("UTF-8", "utf-8"),
        *[(name, None) for name in ("base64", "rot13", "idna", "utf-7", "punycode", "a\0", "")],
        *[(name, None) for name in ("x-user-defined", "unicode_escape", "mbcs", "undefined", "é")],
    ],
)
def test_names_of_encodings(label, encoding):
    assert encoding_named(label) == encoding


@pytest.mark.parametrize("encoding", ["no-such", "base64", 5])
def test_an_encoding_that_is_none_is_refused_at_the_door(encoding):
    with pytest.raises(OptionError, match="Name one such as cp1254"):
        FileSource([], encoding=encoding)


def test_a_stray_zero_is_read_as_a_space_and_said(write):
    decoded = read_text(write(b"one\0two three\n"))
    assert decoded.text == "one two three\n"
    assert decoded.remarks == ("1 zero byte in it read as spaces",)
    text = f"{GERMAN}\0".encode("cp1252") + b"\n" * 200 + b"\0"
    assert read_text(write(text)).remarks == ("2 zero bytes in it read as spaces",)
    for binary in (b"\0\0text", b"text\0" * 30, b"text\0 \x02" + b"text" * 200):
        with pytest.raises(UnreadableError, match="it holds zero bytes"):
            find_encoding(write(binary))


def test_binary_is_refused(write):
    with pytest.raises(UnreadableError, match="zero bytes"):
        find_encoding(write(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00"))
    with pytest.raises(UnreadableError, match="is not text"):
        find_encoding(write(bytes(range(1, 256))))


def test_damaged_unicode_is_named_not_reinterpreted(write):
    with pytest.raises(UnreadableError, match="UTF-8 with damaged bytes, the first at byte 13"):
        find_encoding(write("ça et là é".encode() + b"\xff" + "é ü".encode()))
    with pytest.raises(UnreadableError, match="begins like UTF-16 and is damaged"):
        find_encoding(write("abc".encode("utf-16")[:-1]))


def test_damage_past_the_sample_is_found(write):
    with pytest.raises(UnreadableError, match="is not certain"):
        find_encoding(write(FRENCH.encode("cp1252") * 4_000 + b" x" * 600_000 + b"\x81"))
    with pytest.raises(UnreadableError, match="reads like gb18030, and holds bytes that are none"):
        find_encoding(write(CHINESE.encode("gb18030") * 4_000 + b"\xff"))
    with pytest.raises(UnreadableError, match="the first at byte 3,000,004"):
        find_encoding(write("é".encode() * 1_500_000 + b"abc \xff"))


def test_declared_encoding_counts_after_utf_8(write):
    russian = "Это русский текст"
    path = write(russian.encode("cp1251"))
    assert find_encoding(path, declared="windows-1251") == "cp1251"
    assert find_encoding(write(russian.encode()), declared="windows-1251") == "utf-8"
    path = write(FRENCH.encode("cp1252"))
    for no_text in ("no-such-encoding", "base64", "zlib", "bz2", "rot13", "cp850", "utf-16"):
        assert find_encoding(path, declared=no_text) == "cp1252"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_parts_in_unicode_are_that_whatever_is_declared(encoding):
    """A page of a book, a part of a message: a mark, or zeros on one side, tell more."""
    assert decode_part("<p>Größe".encode(encoding), "iso-8859-1", "cp1251") == "<p>Größe"


def test_parts_that_are_damaged_further_on():
    with pytest.raises(UnicodeError):
        decode_part("<p>".encode("utf-16") + b"x", None, None)
