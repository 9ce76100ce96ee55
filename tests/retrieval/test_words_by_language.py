"""Which texts and questions have English stems, and which words of a question count together."""

from __future__ import annotations

import pytest

from vectorlong.lexical.characters import exact_words, visible
from vectorlong.lexical.expressions import expressions
from vectorlong.lexical.question import parse_question
from vectorlong.lexical.stems import AUTO_LANGUAGE, is_english
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


def test_questions_in_another_language_have_no_english_stems() -> None:
    asked = expressions(parse_question("¿Quién actuó en el teatro?"), AUTO_LANGUAGE).ranking
    assert asked
    assert not any("~" in term for term in asked)


@pytest.mark.parametrize("language", [None, "english", "french"])
def test_a_word_with_marks_counts_once_in_what_is_mostly_ranked_by(language: str | None) -> None:
    indexed = indexed_words("été", language)
    assert len(indexed.terms.split()) == 1
    assert "été" in indexed.words.split()


@pytest.mark.parametrize(
    ("question", "language", "expected"),
    [
        ("thủ đô của Việt Nam", "none", True),
        ("la capital de la isla", "none", False),
        ("la capital de la isla", "spanish", True),
        ("capital de España", "none", True),
    ],
)
def test_words_that_stand_together_count_in_names_where_they_make_words_and_beside_stems(
    question: str, language: str, *, expected: bool
) -> None:
    asked = expressions(parse_question(question), language).ranking
    assert any(" " in term for term in asked) is expected


def test_vowels_of_thai_and_lao_belong_to_their_consonant() -> None:
    assert indexed_words("เกาะ ເກາະ", None).terms == "เกาะ ເກາະ"
