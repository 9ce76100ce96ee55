"""Filters on metadata, held to the same condition written in Python."""

from __future__ import annotations

import enum
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_encoder import FakeEncoder

from vectorlong.documents import Document
from vectorlong.errors import FilterError
from vectorlong.retrieval.document_index import DocumentIndex
from vectorlong.retrieval.filters import compile_filter

RECORDS: dict[str, dict] = {
    "a": {"year": 2019, "tags": ["x", "y"], "author": {"name": "Lu"}, "open": True},
    "b": {"year": 2020.5, "tags": [], "author": {"name": "Ito"}, "open": False},
    "c": {"year": "2020", "tags": ["y"], "author.name": "Lu", "open": 1},
    "d": {"year": None, "v1.0": "dotted", "size": 7},
    "e": {"titel": "Größe", "nested": {"year": 2019}, "list": [1, "two", None, [3]]},
    "f": {},
    "g": {"$odd": 1, "year": -3, "author": "Lu", "line\nend": 5, "a\tb": {"c\x01": 6}, "größe": 9},
}


def _nested(depth: int, width: int) -> dict:
    where: dict = {"year": 2019}
    for _ in range(depth):
        where = {"$or": [{"year": 1}] * (width - 1) + [{"$and": [where]}]}
    return where


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> DocumentIndex:
    made = DocumentIndex.create(tmp_path_factory.mktemp("filters") / "index", FakeEncoder())
    made.add([Document(name, f"The text of {name}.", data) for name, data in RECORDS.items()])
    return made


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, "abcdefg"),
        ({"year": 2019}, "a"),
        ({"year": {"$eq": 2020.5}}, "b"),
        ({"year": "2020"}, "c"),
        ({"year": None}, "d"),
        ({"year": {"$ne": 2019}}, "bcdefg"),
        ({"open": True}, "a"),
        ({"open": False}, "b"),
        ({"open": 1}, "c"),
        ({"tags": "y"}, "ac"),
        ({"tags": {"$in": ["x", "z"]}}, "a"),
        ({"tags": {"$nin": ["y"]}}, "bdefg"),
        ({"year": {"$in": [2019, "2020", None, 5.5]}}, "acd"),
        ({"open": {"$in": [True, 1]}}, "ac"),
        ({"year": {"$in": []}}, ""),
        ({"year": {"$nin": []}}, "abcdefg"),
        ({"year": {"$gt": 2019}}, "b"),
        ({"year": {"$gte": 2019, "$lt": 2020}}, "a"),
        ({"year": {"$lt": 0}}, "g"),
        ({"year": {"$lte": "2020"}}, "c"),
        ({"year": {"$exists": True}}, "abcdg"),
        ({"year": {"$exists": False}}, "ef"),
        ({"author.name": "Lu"}, "ac"),
        ({"author": "Lu"}, "g"),
        ({"author.name": {"$exists": True}}, "abc"),
        ({"v1.0": "dotted"}, "d"),
        ({"titel": "Größe"}, "e"),
        ({"nested.year": {"$gte": 2000}}, "e"),
        ({"nested": 2019}, ""),
        ({"list": 1}, "e"),
        ({"list": None}, "e"),
        ({"list": 3}, ""),
        ({"year": 2019, "open": True}, "a"),
        ({"$and": [{"tags": "y"}, {"year": 2019}]}, "a"),
        ({"$or": [{"year": 2019}, {"size": 7}]}, "ad"),
        ({"$not": {"tags": "y"}}, "bdefg"),
        ({"$not": {"$or": [{"year": {"$exists": True}}, {"titel": {"$exists": True}}]}}, "f"),
        ({"$or": [{"$and": [{"open": True}, {"year": 2019}]}, {"year": None}]}, "ad"),
        ({"line\nend": 5}, "g"),
        ({"größe": 9}, "g"),
        ({"a\tb.c\x01": {"$gt": 5}}, "g"),
        ({"x' OR 1=1 --": "y"}, ""),
        ({"year": "x' OR '1'='1"}, ""),
    ],
)
def test_filters_choose_the_right_documents(
    index: DocumentIndex, where: dict, expected: str
) -> None:
    for mode in ("vector", "lexical", "hybrid"):
        hits = index.search("the text of", 100, mode=mode, where=where)
        assert sorted(hit.id for hit in hits) == sorted(expected), mode


def test_true_and_one_are_not_the_same_remembered_filter(index: DocumentIndex) -> None:
    for _ in range(2):
        assert [hit.id for hit in index.search("text", where={"open": True})] == ["a"]
        assert [hit.id for hit in index.search("text", where={"open": 1})] == ["c"]
        assert index.search("text", where={"year": {"$in": [1.0]}}) == []


def test_a_remembered_filter_forgets_with_the_generation(tmp_path: Path) -> None:
    with DocumentIndex.create(tmp_path / "index", FakeEncoder()) as index:
        index.add([Document("a", "Text.", {"x": 1})])
        assert len(index.search("text", where={"x": 1})) == 1
        index.add([Document("b", "Text.", {"x": 1}), Document("a", "Text.", {"x": 2})])
        assert [hit.id for hit in index.search("text", where={"x": 1})] == ["b"]


def test_long_lists_are_taken(index: DocumentIndex) -> None:
    where = {"year": {"$in": [*range(300_000, 700_000), *[None, True] * 2000, 2019]}}
    assert [hit.id for hit in index.search("text", where=where)] == ["a", "d"]


@pytest.mark.parametrize(
    ("where", "match"),
    [
        ([], "must be a mapping"),
        ("x", "must be a mapping"),
        ({"x": {"$like": "y"}}, r"Unknown operator '\$like' on 'x'.*\$eq, \$ne, \$in.*\$and"),
        ({"$nor": []}, r"Unknown operator '\$nor'.*\$and, \$or, \$not"),
        ({"x": {}}, "condition on 'x' is empty"),
        ({"x": {"plain": 1}}, "Unknown operator 'plain'"),
        ({"x": {1: 2}}, "Unknown operator 1"),
        ({"x": [1]}, r"\$eq on 'x' takes a string or a number"),
        ({"x": {"$in": "abc"}}, r"\$in on 'x' takes a list"),
        ({"x": {"$in": [[1]]}}, r"\$in on 'x' takes a string or a number"),
        ({"x": {"$gt": True}}, r"\$gt on 'x' takes a string or a number"),
        ({"x": {"$gt": None}}, r"\$gt on 'x'"),
        ({"x": {"$gt": float("nan")}}, "needs a finite number"),
        ({"x": 2**63}, "beyond 64-bit integers"),
        ({"x": "\ud800"}, "not valid Unicode"),
        ({"\ud800": "x"}, "lone surrogate"),
        ({"x": {"$in": ["a\x00b"]}}, "must not hold a NUL"),
        ({"$or": [{"x": number} for number in range(3000)]}, r"too many conditions.*One \$in"),
        ({"$or": [{"x": 1}] * 20_000}, "too many conditions"),
        (_nested(15, 3), "nested too deep"),
        ({"x": {"$exists": 1}}, r"\$exists on 'x' takes True or False"),
        ({"$and": []}, "at least one"),
        ({"$or": {"x": 1}}, "takes a list of filters"),
        ({"$not": [1]}, "must be a mapping"),
        ({'a"b': 1}, "cannot be asked for"),
        ({"a\\b": 1}, "cannot be asked for"),
        ({"a\x00b": 1}, "cannot be asked for"),
        ({"": 1}, "cannot be asked for"),
        ({7: 1}, "Field names must be strings"),
    ],
)
def test_malformed_filters_are_refused(index: DocumentIndex, where: object, match: str) -> None:
    with pytest.raises(FilterError, match=match):
        index.search("text", where=where)


def test_deep_nesting_is_refused_and_moderate_nesting_works(index: DocumentIndex) -> None:
    where: dict = {"year": 2019}
    for _ in range(30):
        where = {"$not": {"$not": where}} if _ % 2 else {"$and": [where]}
        if _ < 14:
            assert [hit.id for hit in index.search("text", where=where)] == ["a"]
    with pytest.raises(FilterError, match="nested more than 32 deep"):
        index.search("text", where=where)


def test_the_deepest_filter_that_is_taken() -> None:
    where: dict = {"year": 2019}
    for _ in range(31):
        where = {"$not": where}
    assert compile_filter(where)[1] == ['$."year"', 2019, '$."year"']
    with pytest.raises(FilterError, match="nested more than 32 deep"):
        compile_filter({"$not": where})


def test_integers_up_to_both_ends_of_64_bits_are_taken(tmp_path: Path) -> None:
    ends = {"greatest": 2**63 - 1, "least": -(2**63)}
    with DocumentIndex.create(tmp_path / "index", FakeEncoder()) as index:
        index.add([Document(name, "Text.", {"x": value}) for name, value in ends.items()])
        for name, value in ends.items():
            assert index.ids({"x": value}) == [name]
    for value in (2**63, -(2**63) - 1):
        with pytest.raises(FilterError, match="beyond 64-bit integers"):
            compile_filter({"x": value})


def test_values_never_become_sql() -> None:
    poison = "'); DROP TABLE documents; --"
    condition, parameters = compile_filter({poison: {"$in": [poison]}, "x": poison})
    assert "DROP" not in condition
    assert condition.count("?") == len(parameters)
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE documents (metadata TEXT)")
    connection.execute(f"SELECT 1 FROM documents WHERE {condition}", parameters)


class Year(enum.IntEnum):
    FIRST = 2023


class Kind(str, enum.Enum):  # noqa: UP042 - which differs from StrEnum in what it prints
    LEASE = "lease"


class Slow(float):
    """A subclass, as numpy.float64 is one."""


@pytest.mark.timeout(30)
def test_members_of_enumerations_count_by_their_value() -> None:
    assert compile_filter({"year": Year.FIRST}) == compile_filter({"year": 2023})
    assert compile_filter({"year": {"$in": [Year.FIRST]}}) == compile_filter(
        {"year": {"$in": [2023]}}
    )
    assert compile_filter({"kind": Kind.LEASE}) == compile_filter({"kind": "lease"})
    assert compile_filter({"kind": {"$nin": [Kind.LEASE]}}) == compile_filter(
        {"kind": {"$nin": ["lease"]}}
    )
    assert compile_filter({"rent": {"$gt": Slow(1.5)}}) == compile_filter({"rent": {"$gt": 1.5}})
    for value in (Year.FIRST, Kind.LEASE, Slow(1.5)):
        (bound,) = {
            type(part) for part in compile_filter({"field": value})[1] if part != '$."field"'
        }
        assert bound in (int, str, float)


def nested(depth: int, kind: str) -> object:
    value: object = "deep"
    for _ in range(depth):
        value = [value] if kind == "list" else {"a": value}
    return value


@pytest.mark.parametrize("kind", ["list", "mapping"])
@pytest.mark.parametrize(
    "where",
    [
        lambda deep: deep,
        lambda deep: {"field": deep},
        lambda deep: {"field": {"$in": [deep]}},
        lambda deep: {"field": {"$in": deep}},
        lambda deep: {"field": {"$gt": deep}},
        lambda deep: {"$and": [deep]},
        lambda deep: {"$and": deep},
        lambda deep: {"$not": deep},
        lambda deep: {"field": {"$exists": deep}},
    ],
)
def test_filters_nested_without_end_are_refused(where: Callable, kind: str) -> None:
    with pytest.raises(FilterError) as caught:
        compile_filter(where(nested(50_000, kind)))
    assert len(str(caught.value)) < 1000


def test_a_number_too_long_to_write_is_refused() -> None:
    with pytest.raises(FilterError, match="too large to show> on 'year' is beyond 64-bit"):
        compile_filter({"year": 10**5000})
