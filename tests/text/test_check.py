from __future__ import annotations

import enum

import numpy as np
import pandas as pd
import pytest
import torch

from vectorlong.errors import InputTypeError, InputValueError
from vectorlong.text.check import check_texts


@pytest.mark.parametrize(
    "inputs",
    [
        ["a", "", "中文 😀"],
        ("a", "", "中文 😀"),
        np.array(["a", "", "中文 😀"]),
        np.array(["a", "", "中文 😀"], dtype=object),
        pd.Series(["a", "", "中文 😀"], index=[7, 5, 3]),
        (text for text in ["a", "", "中文 😀"]),
    ],
)
def test_every_ordered_collection_of_texts_is_taken(inputs: object) -> None:
    texts = check_texts(inputs)
    assert texts == ["a", "", "中文 😀"]
    assert all(type(text) is str for text in texts)


def test_empty_collections_give_no_texts() -> None:
    assert check_texts([]) == []
    assert check_texts(np.array([], dtype=object)) == []


def test_one_text_is_a_list_of_one_and_not_of_its_characters() -> None:
    assert check_texts("abc") == ["abc"]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (None, r"inputs\[1\] is None, not a text\. Leave missing texts out, or pass ''"),
        (float("nan"), r"inputs\[1\] is nan \(float\).*Leave missing"),
        (pd.NA, r"inputs\[1\] is <NA> \(NAType\).*Leave missing"),
        (np.float32("nan"), r"inputs\[1\] is .*nan.*Leave missing"),
        (pd.NaT, r"inputs\[1\] is NaT \(NaTType\).*Leave missing"),
        (3, r"inputs\[1\] is 3 \(int\).*str\(item\)"),
        (b"raw", r"inputs\[1\] is b'raw' \(bytes\).*item\.decode\('utf-8'\)"),
        (["a", "b"], r"inputs\[1\] is \['a', 'b'\] \(list\).*flat list"),
        ({"text": "a"}, r"inputs\[1\] is \{'text': 'a'\} \(dict\)"),
    ],
)
def test_what_is_no_text_is_named_with_its_place_and_a_way_out(item: object, message: str) -> None:
    with pytest.raises(InputTypeError, match=message):
        check_texts(["fine", item])


def test_long_values_are_shortened_in_messages() -> None:
    with pytest.raises(InputTypeError, match=r"inputs\[0\]") as caught:
        check_texts([["x" * 10_000] * 1_000])
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (None, "inputs is None.*Pass a text"),
        (3.5, r"inputs is 3\.5 \(float\)"),
        (b"raw", r"data\.decode"),
        ({"a": "b"}, r"list\(inputs\.values\(\)\)"),
        ({"a", "b"}, "no order"),
        (np.array([["a"], ["b"]]), r"shape \(2, 1\)"),
        (np.array("a"), r"shape \(\)"),
        (pd.DataFrame({"text": ["a"]}), r"inputs\['text'\]"),
        (torch.zeros(2), r"inputs\[0\] is tensor"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(inputs: object, message: str) -> None:
    with pytest.raises(InputTypeError, match=message):
        check_texts(inputs)


def test_lone_surrogates_are_found() -> None:
    with pytest.raises(
        InputValueError, match=r"docs\[1\] has a lone surrogate '\\ud83d' at character 3"
    ) as caught:
        check_texts(["good 😀", "abc\ud83d"], name="docs")
    assert "surrogatepass" in str(caught.value)


def test_the_way_out_of_lone_surrogates_works() -> None:
    mended = "abc\ud83d".encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert check_texts([mended]) == ["abc\ufffd"]


class Colour(str, enum.Enum):  # noqa: UP042 - whose str() is not its value
    RED = "rot"


class Loud(str):
    def __str__(self) -> str:
        return "LOUD"


@pytest.mark.parametrize(("text", "expected"), [(Colour.RED, "rot"), (Loud("still"), "still")])
def test_a_text_of_another_class_is_its_characters(text: str, expected: str) -> None:
    for found in (check_texts(text)[0], check_texts([text])[0]):
        assert found == expected
        assert type(found) is str


@pytest.mark.parametrize("kind", [list, tuple])
def test_however_deep_lists_lie_in_each_other(kind: type) -> None:
    deep: object = "text"
    for _ in range(5_000):
        deep = kind([deep])
    with pytest.raises(InputTypeError, match="Pass a flat list of texts") as caught:
        check_texts(["one", deep])
    assert len(str(caught.value)) < 300
    with pytest.raises(InputTypeError, match=r"inputs\[0\]"):
        check_texts(deep)


@pytest.mark.parametrize(
    "value",
    [10**5_000, 1 << 100_000, {"a": "b" * 100_000}, b"x" * 100_000],
    ids=["decimal", "binary", "mapping", "bytes"],
)
def test_large_values_are_shown_short(value: object) -> None:
    with pytest.raises(InputTypeError, match=r"inputs\[0\] is") as caught:
        check_texts([value])
    assert len(str(caught.value)) < 300
