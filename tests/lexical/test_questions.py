"""Questions: their syntax, and that nothing which can be typed is an error of FTS5."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vectorlong.lexical.expressions import TOKENIZER, expressions
from vectorlong.lexical.question import parse_question
from vectorlong.lexical.words import indexed_words


@pytest.mark.parametrize(
    ("question", "phrases", "excluded"),
    [
        ('"force majeure"', ["force majeure"], []),
        ('a "force majeure" clause', ["force majeure"], []),
        ("“force majeure”", ["force majeure"], []),
        ("„höhere Gewalt“ im Vertrag", ["höhere Gewalt"], []),
        ("„höhere Gewalt”", ["höhere Gewalt"], []),
        ("«force majeure»", ["force majeure"], []),
        ("什么是「不可抗力」条款", ["不可抗力"], []),
        ('什么是"不可抗力"条款', ["不可抗力"], []),
        ("『不可抗力』", ["不可抗力"], []),
        ('("a b")', ["a b"], []),
        ("supply -insurance", [], ["insurance"]),
        ('supply -"force majeure" -draft', [], ["force majeure", "draft"]),
        ("-e-mail address", [], ["e-mail"]),
        # Plain text:
        ('5" pipe and 6" pipe', [], []),
        ('צה"ל', [], []),
        ('no "end', [], []),
        ('""', [], []),
        ('"?!" "..."', [], []),
        ("-", [], []),
        ("- item", [], []),
        ("--force", [], []),
        ("-5 degrees", [], []),
        ("well-known", [], []),
        ("a NEAR(b) OR c* ^d {e} AND NOT f:g", [], []),
        ("", [], []),
    ],
)
def test_what_is_in_quotes_and_what_has_a_minus(
    question: str, phrases: list[str], excluded: list[str]
) -> None:
    asked = parse_question(question)
    assert list(asked.phrases) == phrases
    assert list(asked.excluded) == excluded
    if not excluded:
        assert asked.text == question


def test_the_encoder_reads_all_but_what_is_excluded() -> None:
    asked = parse_question('who signed -draft the "final text" -"old one"')
    assert asked.text.split() == ["who", "signed", "the", '"final', 'text"']


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is the Contract?", ['"contract"', '"~contract"']),
        ("what is the", ['"what"', '"is"', '"the"', '"~what"', '"~is"', '"~the"']),
        ("合同 生效日", ['"合同"', '"生效"', '"效日"', '"同 生"*']),
        ("水", ['"水"*']),
        ("bán", ['"ban"', '"bán"']),
        ("3.10", ['"3"', '"10"', '"3.10"', '"3 10"']),
        ("?!*()", []),
        ("", []),
    ],
)
def test_questions_become_quoted_terms(question: str, expected: list[str]) -> None:
    assert list(expressions(parse_question(question), "auto").ranking) == expected


@pytest.fixture(scope="module")
def table() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.execute(
        f"CREATE VIRTUAL TABLE t USING fts5(terms, words, content='', tokenize=\"{TOKENIZER}\")"
    )
    for rowid, text in enumerate(["force majeure", "不可抗力", "e-mail 3.10"], start=1):
        indexed = indexed_words(text, "english")
        connection.execute(
            "INSERT INTO t (rowid, terms, words) VALUES (?, ?, ?)",
            (rowid, indexed.terms, indexed.words),
        )
    return connection


def found(table: sqlite3.Connection, expression: str) -> list[int]:
    rows = table.execute("SELECT rowid FROM t WHERE t MATCH ? ORDER BY rowid", (expression,))
    return [rowid for (rowid,) in rows]


@given(
    question=st.text(
        st.sampled_from("ab1é天气กำ \"'“”«»「」-*^(){}:+#~._/\0\n") | st.characters(codec="utf-8")
    )
)
def test_no_question_is_an_error_of_fts5(table: sqlite3.Connection, question: str) -> None:
    asked = expressions(parse_question(question), "auto")
    for expression in (*asked.ranking, *asked.phrases, *asked.excluded):
        found(table, expression)


@given(text=st.text(st.sampled_from("ab1é天气กำ -.(/") | st.characters(codec="utf-8"), min_size=1))
def test_a_text_is_found_by_itself_in_quotes(text: str) -> None:
    asked = parse_question(f"「{text.translate(dict.fromkeys(map(ord, '「」'), ' '))}」")
    (*phrases,) = expressions(asked, "auto").phrases
    for language in (None, "english"):
        connection = sqlite3.connect(":memory:")
        connection.execute(
            f"CREATE VIRTUAL TABLE t USING fts5(terms, words, content='', tokenize=\"{TOKENIZER}\")"
        )
        indexed = indexed_words(f"vor {text} nach", language)
        connection.execute(
            "INSERT INTO t (rowid, terms, words) VALUES (1, ?, ?)", (indexed.terms, indexed.words)
        )
        for phrase in phrases:
            assert found(connection, phrase) == [1]
