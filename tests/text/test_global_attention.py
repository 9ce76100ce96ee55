from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from vectorlong.errors import InputTypeError, InputValueError, OptionError
from vectorlong.text.global_attention import check_policy, global_mask

SPECIAL = SimpleNamespace(sep_id=102, special_ids=frozenset({0, 101, 102}))
WITHOUT_SEPARATOR = SimpleNamespace(sep_id=None, special_ids=frozenset())


def mask(policy: Any, ids: list[int], special: Any = SPECIAL) -> list[int]:
    answer = global_mask(policy, np.array(ids, dtype=np.int64), special, None)
    assert answer.dtype == bool
    return answer.astype(int).tolist()


@pytest.mark.parametrize(
    ("policy", "ids", "expected"),
    [
        ("none", [101, 7, 102], [0, 0, 0]),
        ("cls", [101, 7, 102], [1, 0, 0]),
        ("separators", [101, 7, 102, 8, 102], [1, 0, 1, 0, 1]),
        ("question", [101, 7, 102, 8, 102], [1, 1, 1, 0, 0]),
        ("question", [101, 7, 8, 102], [1, 0, 0, 0]),
        ("question", [101, 7, 102, 102, 8, 102], [1, 1, 1, 0, 0, 0]),
        ("question", [101, 7, 102, 8], [1, 1, 1, 0]),
        ("question", [7], [1]),
    ],
)
def test_named_policies(policy: str, ids: list[int], expected: list[int]) -> None:
    assert mask(policy, ids) == expected


@pytest.mark.parametrize("policy", ["none", "cls", "separators", "question"])
def test_no_tokens_no_global_tokens(policy: str) -> None:
    assert mask(policy, []) == []


@pytest.mark.parametrize("policy", ["separators", "question"])
def test_without_a_separator_only_the_first_token(policy: str) -> None:
    assert mask(policy, [5, 6, 7], WITHOUT_SEPARATOR) == [1, 0, 0]


def test_a_callable_sees_ids_special_ids_and_offsets() -> None:
    seen: list[Any] = []
    ids, offsets = np.array([101, 7, 102]), np.array([[0, 0], [0, 3], [0, 0]])

    def every_special(*arguments: Any) -> np.ndarray:
        seen.extend(arguments)
        return np.isin(arguments[0], list(arguments[1]))

    answer = global_mask(every_special, ids, SPECIAL, offsets)
    assert answer.tolist() == [True, False, True]
    assert seen[0] is ids
    assert seen[1] == SPECIAL.special_ids
    assert seen[2] is offsets


def test_a_callable_may_answer_with_zeros_and_ones() -> None:
    assert mask(lambda *_: [1, 0, 1], [5, 6, 7]) == [1, 0, 1]


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        ([1, 2, 0], InputValueError, "the value 2"),
        ([1, -1, 0], InputValueError, "the value -1"),
        ([1, 0], InputValueError, r"shape \(2,\) for 3 tokens"),
        ([[True, False, True]], InputValueError, r"shape \(1, 3\)"),
        ([1.0, 0.0, 0.0], InputTypeError, "dtype float64"),
        (None, InputTypeError, "dtype object"),
    ],
)
def test_a_callables_answer_is_checked(answer: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        mask(lambda *_: answer, [5, 6, 7])


@pytest.mark.parametrize("policy", ["all", None, 3, "CLS"])
def test_unknown_policies_list_the_known_ones(policy: Any) -> None:
    with pytest.raises(OptionError, match="'none', 'cls', 'separators', 'question'"):
        check_policy(policy)
    with pytest.raises(OptionError, match="callable"):
        mask(policy, [1])
