from __future__ import annotations

import time
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from vectorlong.streams import bounded_groups


@given(
    st.lists(st.text(max_size=8)),
    st.integers(1, 20),
    st.one_of(st.none(), st.integers(1, 4)),
)
def test_groups_keep_every_text_in_order_and_end_at_the_first_limit(
    texts: list[str], max_characters: int, max_texts: int | None
) -> None:
    groups = list(bounded_groups(iter(texts), max_characters, max_texts))
    assert [text for group in groups for text in group] == texts
    for number, group in enumerate(groups):
        assert sum(map(len, group[:-1])) < max_characters
        assert max_texts is None or len(group) <= max_texts
        is_full = sum(map(len, group)) >= max_characters or len(group) == max_texts
        assert is_full or number == len(groups) - 1


def test_a_group_draws_no_text_of_the_next() -> None:
    drawn = []
    groups = bounded_groups((drawn.append(text) or text for text in ["ab", "c", "d"]), 3)
    assert next(groups) == drawn == ["ab", "c"]


def test_groups_of_what_is_measured_otherwise() -> None:
    assert list(bounded_groups([5, 1, 1], 2, length=lambda number: number)) == [[5], [1, 1]]


def test_a_limit_may_change_on_the_way() -> None:
    limits = iter([9, 9, 2, 9, 9, 9])
    groups = list(bounded_groups(["a", "b", "c", "d"], lambda: next(limits)))
    assert groups == [["a", "b", "c"], ["d"]]


def test_what_arrives_late_waits_for_nothing_else() -> None:
    def slow() -> Iterator[str]:
        for text in "abcdef":
            time.sleep(0.06 if text in "cf" else 0)
            yield text

    assert list(bounded_groups(slow(), 100, max_seconds=0.05)) == [["a", "b", "c"], ["d", "e", "f"]]
