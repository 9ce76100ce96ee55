"""Encodings are found or refused, never guessed into wrong characters."""

import codecs

import pytest

from vectorlong.files.decoding import find_encoding, read_text
from vectorlong.files.records import UnreadableError

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
    assert read_text(path)[0] == text


def test_big_endian_with_mark(write):
    path = write(codecs.BOM_UTF16_BE + "é中".encode("utf-16-be"))
    assert read_text(path) == ("é中", {"encoding": "utf-16"})


def test_only_encodings_other_than_utf_8_are_recorded(write):
    assert read_text(write("\ufeffé".encode()))[1] == {}
    assert read_text(write(FRENCH.encode("cp1252")))[1] == {"encoding": "cp1252"}


@pytest.mark.parametrize(
    ("text", "written_as"),
    [
        ("안녕하세요. 저는 한국어로 글을 쓰고 있습니다. 오늘 날씨가 좋습니다.", "euc-kr"),
        ("これは日本語の文章です。今日は天気がいいですね。", "euc-jp"),
        ("これは日本語の文章です。今日は天気がいいですね。", "shift-jis"),
        ("這是一個繁體中文的句子，我們在學校學習很多東西。", "big5"),
        ("Это русский текст, который мы проверяем.", "koi8-r"),
        ("Это русский текст, который мы проверяем.", "cp1251"),
        ("Wszyscy ludzie rodzą się wolni i równi; zażółć gęślą jaźń", "cp1250"),
        ("Καλημέρα κόσμε, τι κάνεις;", "cp1253"),
        (FRENCH.replace("’", "'"), "mac_roman"),
        (FRENCH.replace("’", "'"), "cp850"),
    ],
)
def test_other_encodings_are_refused(write, text, written_as):
    with pytest.raises(UnreadableError, match="none of UTF-8, UTF-16, GB18030 and Windows-1252"):
        find_encoding(write(text.encode(written_as)))


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
    with pytest.raises(UnreadableError, match="none of"):
        find_encoding(write("é".encode("cp1252") + b" x" * 600_000 + b"\x81"))


def test_declared_encoding_counts_after_utf_8(write):
    russian = "Это русский текст"
    assert find_encoding(write(russian.encode("cp1251")), "windows-1251") == "windows-1251"
    assert find_encoding(write(russian.encode()), "windows-1251") == "utf-8"
    assert find_encoding(write(FRENCH.encode("cp1252")), "no-such-encoding") == "cp1252"
    for no_text in ("base64", "zlib", "bz2", "rot13"):
        assert find_encoding(write(FRENCH.encode("cp1252")), no_text) == "cp1252"
