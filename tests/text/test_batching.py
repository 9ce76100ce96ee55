from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vectorlong.errors import OptionError
from vectorlong.text.batching import plan_batches


@given(
    st.lists(st.integers(0, 50)),
    st.integers(1, 100),
    st.one_of(st.none(), st.integers(1, 5)),
)
def test_each_text_once_within_both_limits_longest_first(
    lengths: list[int], max_batch_tokens: int, batch_size: int | None
) -> None:
    batches = plan_batches(lengths, max_batch_tokens, batch_size)
    order = [index for batch in batches for index in batch]
    assert sorted(order) == list(range(len(lengths)))
    assert order == sorted(order, key=lambda index: (-lengths[index], index))
    for batch in batches:
        assert batch
        assert len(batch) == 1 or sum(lengths[index] for index in batch) <= max_batch_tokens
        assert batch_size is None or len(batch) <= batch_size


def test_batches_are_filled() -> None:
    assert plan_batches([5] * 6, 10) == [[0, 1], [2, 3], [4, 5]]
    assert plan_batches([5] * 6, 1_000, batch_size=4) == [[0, 1, 2, 3], [4, 5]]


def test_a_text_above_the_budget_is_a_batch_of_its_own() -> None:
    assert plan_batches([3, 100, 4], 10) == [[1], [2, 0]]


@pytest.mark.parametrize(
    ("arguments", "message"), [(([1], 0), "max_batch_tokens=0"), (([1], 5, 0), "batch_size=0")]
)
def test_impossible_limits_are_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        plan_batches(*arguments)
