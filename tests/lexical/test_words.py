"""Texts become words: which characters make them, and under which forms they are found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vectorlong.lexical import words as words_module
from vectorlong.lexical.characters import exact_words, folded, visible
from vectorlong.lexical.stems import is_english, scheme, stem_language
from vectorlong.lexical.words import compounds, indexed_words

LETTERS = (
    "aZ9é ßİıЙйёΣσς.-/&(+#\n\t'\"“天气々〇アｶﾞ한ᄒกำเດကြခ္မेंन्दीשָׁלוֹםاَلـ٢\u00ad\u200b\u200c\u2060🙂€§"
)
TEXTS = st.text(st.sampled_from(LETTERS) | st.characters(codec="utf-8"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Plain words, as they are.", "plain words as they are"),
        ("天气好", "天气 气好 好"),
        ("水", "水"),
        ("ＡＢＣ合同", "abc 合同 同"),
        ("カタカナと한국어", "カタ タカ カナ ナと と한 한국 국어 어"),
        ("ｶﾞｽ", "ガス ス"),
        ("𠀀𠀁", "𠀀𠀁 𠀁"),
        ("佐々木", "佐々 々木 木"),
        ("2023年5G网络", "2023 年 5g 网络 络"),
        ("הWhatsApp", "ה whatsapp"),
        ("гл٢٠", "гл 20"),
        ("don't", "don t"),
        ("snake_case", "snake case"),
        ("m² ½ Windows™ №5", "m 2 1 2 windows no 5 m-2 m2"),
        ("5€ 🙂 §3", "5 € 🙂 § 3"),
    ],
)
def test_words_in_order(text: str, expected: str) -> None:
    assert indexed_words(text, None).terms.split() == expected.split()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("İSTANBUL", "istanbul"),
        ("ISPARTA", "ısparta"),
        ("Straße", "STRASSE"),
        ("ΟΔΌΣ", "οδος"),
        ("Łódź", "lodz"),
        ("Æsøp", "aesop"),
        ("за́мок", "замок"),
        ("ёлка", "елка"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
        ("العـــقد", "العقد"),
        ("أحمد", "احمد"),
        ("कानूनी", "कानूनी"),
        ("फ़िल्म", "फिल्म"),
        ("हिन्दी", "हिंदी"),
        ("٢٠٢٣", "2023"),
        ("Donau\u00addampf\u200bschiff\u2060fahrt", "donaudampfschifffahrt"),
        ("ﬁne", "fine"),
    ],
)
def test_what_readers_take_for_one_is_folded_to_one(one: str, other: str) -> None:
    assert indexed_words(one, None).terms == indexed_words(other, None).terms


@pytest.mark.parametrize(
    ("one", "other"),
    [("мой", "мои"), ("їх", "іх"), ("かき", "がき"), ("दिल", "दल"), ("ক্ষমতা", "কমতা"), ("ກາ", "ກ")],
)
def test_marks_that_make_other_letters_are_kept(one: str, other: str) -> None:
    assert indexed_words(one, None).terms != indexed_words(other, None).terms


def test_codes_are_found_with_their_signs_and_hyphenated_words_without() -> None:
    text = visible("E-1234/56, v1.2.3; § 3.2(b) C++ C# .NET R&D e-mail Wi-Fi and/or end. Next")
    assert compounds(text) == [
        ("e-1234/56", True),
        ("v1.2.3", True),
        ("3.2(b)", True),
        ("c++", True),
        ("c#", True),
        (".net", True),
        ("r&d", True),
        ("email", False),
        ("wifi", False),
    ]


def test_a_hyphen_at_a_lines_end_leaves_both_the_word_and_its_parts() -> None:
    indexed = indexed_words("the docu-\n  ments of a well-\nknown firm", None)
    found = {*indexed.terms.split(), *indexed.words.split()}
    assert {"docu", "ments", "documents", "well", "known", "wellknown"} <= found


@pytest.mark.parametrize(
    ("text", "is_it"),
    [
        ("The parties agree that the terms of this agreement are binding on all of them.", True),
        ("Storage tanks", True),
        ("Invoice 2021", True),
        ("Der Vertrag wird mit der Unterschrift der Parteien wirksam", False),
        ("Le contrat est conclu pour une durée de deux ans", False),
        ("El contrato se firma por las partes", False),
        ("Müller Söhne", False),
        ("我们的合同于2023年签订", False),
        ("合同 the agreement 于2023年 between the parties 签订", True),
        ("", False),
        ("dan yang ini itu untuk", False),
    ],
)
def test_english_is_told_from_other_languages(text: str, is_it: bool) -> None:
    assert is_english(exact_words(visible(text))) is is_it


def test_a_long_text_is_english_by_its_share_of_english_words() -> None:
    indonesian = "perjanjian kerja sama antara perusahaan dan karyawan mengenai gaji pokok " * 5
    assert not is_english(exact_words(visible(indonesian)))
    both = "The agreement is made by the parties and all of them. " * 5 + indonesian
    assert is_english(exact_words(visible(both)))


def test_stems_are_of_the_language_chosen_and_stand_beside_the_words() -> None:
    assert stem_language("auto", ["the", "agreements"]) == "english"
    assert stem_language("none", ["the"]) is None
    german = indexed_words("Häuser 12 合同", "german")
    assert german.terms.split() == ["~haus", "12", "合同", "同"]
    assert german.words.split() == ["hauser", "12", "合同", "同", "häuser"]


def test_the_scheme_names_what_words_depend_on() -> None:
    assert len({scheme("none"), scheme("auto"), scheme("german")}) == 3


@given(TEXTS)
def test_terms_hold_no_space_and_nothing_of_fts5s_syntax(text: str) -> None:
    for language in (None, "english", "turkish"):
        indexed = indexed_words(text, language)
        for term in (*indexed.terms.split(" "), *indexed.words.split(" ")):
            assert not set(term) & set("\"'*^{}<>[];!?\t\n\r\0")


@given(TEXTS)
def test_folding_is_done_once_and_for_all(text: str) -> None:
    for word in exact_words(visible(text)):
        assert folded(folded(word)) == folded(word)


@given(TEXTS)
def test_case_of_the_text_changes_no_word(text: str) -> None:
    # Capitals of few letters, such as the Greek iota below, are other letters.
    if text.upper().casefold() == text.casefold():
        assert indexed_words(text.upper(), None).words == indexed_words(text, None).words


@given(st.lists(st.sampled_from(["Ein", "e-mail", "天气好", "3.10", "été", "สวัสดี"]), max_size=60))
def test_a_long_text_has_the_words_it_would_have_in_one_piece(parts: list[str]) -> None:
    text = " ".join(parts)
    whole = indexed_words(text, None)
    former = words_module._STRETCH_CHARACTERS
    words_module._STRETCH_CHARACTERS = 20
    try:
        assert indexed_words(text, None).terms.split() == whole.terms.split()
    finally:
        words_module._STRETCH_CHARACTERS = former
