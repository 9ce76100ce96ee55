from __future__ import annotations

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
