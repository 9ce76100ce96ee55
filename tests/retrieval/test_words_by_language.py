"""Which texts have English stems, and how words of other languages are indexed."""

from __future__ import annotations

import pytest

from vectorlong.lexical.characters import exact_words, visible
from vectorlong.lexical.stems import is_english
from vectorlong.lexical.words import indexed_words

ENGLISH_TITLE = "Doctor Who and the Daleks in the Seven Keys to Doomsday"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"He played the part in {ENGLISH_TITLE}, which was made for the stage.", True),
        ("The price of the Škoda is 10 € or 11 $", True),
        (
            f"Trevor Martin desempeñó el papel de la obra de teatro {ENGLISH_TITLE}, que se vio "
            "en la década de 1970, y una de las obras de la que más se habló en el país.",
            False,
        ),
        ("Бронкос победил, и Лига NFL наградила команду Denver за игру", False),
        ("เดนเวอร์ Broncos ชนะ", False),
        ("Welche Maschine war im Titel?", False),
    ],
)
def test_only_english_texts_are_taken_for_english(text: str, *, expected: bool) -> None:
    assert is_english(exact_words(visible(text))) is expected


@pytest.mark.parametrize("language", [None, "english", "french"])
def test_a_word_with_marks_counts_once_in_what_is_mostly_ranked_by(language: str | None) -> None:
    indexed = indexed_words("été", language)
    assert len(indexed.terms.split()) == 1
    assert "été" in indexed.words.split()


def test_vowels_of_thai_and_lao_belong_to_their_consonant() -> None:
    assert indexed_words("เกาะ ເກາະ", None).terms == "เกาะ ເກາະ"
