from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vectorlong.errors import OptionError
from vectorlong.text.windows import Window, plan_windows


@st.composite
def sizes(draw: st.DrawFn) -> tuple[int, int, int]:
    capacity = draw(st.integers(1, 40))
    return draw(st.integers(0, 400)), capacity, draw(st.integers(0, capacity - 1))


def context(window: Window, token: int, n_tokens: int) -> float:
    """Distance to the nearer edge of the window that is not an end of the text."""
    left = np.inf if window.start == 0 else token - window.start
    right = np.inf if window.end == n_tokens else window.end - 1 - token
    return min(left, right)


@given(sizes())
def test_each_token_is_owned_once_by_the_window_with_most_context(sizes: tuple) -> None:
    n_tokens, capacity, overlap = sizes
    windows = plan_windows(n_tokens, capacity, overlap)
    owned = [range(window.own_start, window.own_end) for window in windows]
    assert [token for part in owned for token in part] == list(range(n_tokens))
    for window, part in zip(windows, owned, strict=True):
        assert 0 <= window.start <= window.own_start
        assert window.own_end <= window.end <= n_tokens
        for token in part:
            seen = [w for w in windows if w.start <= token < w.end]
            best = max(context(other, token, n_tokens) for other in seen)
            assert context(window, token, n_tokens) == best


@given(sizes())
def test_windows_are_equal_evenly_spaced_few_and_short(sizes: tuple) -> None:
    n_tokens, capacity, overlap = sizes
    windows = plan_windows(n_tokens, capacity, overlap)
    if n_tokens <= capacity:
        assert windows == [Window(0, n_tokens, 0, n_tokens)]
        return
    lengths = {window.end - window.start for window in windows}
    assert len(lengths) == 1
    length = lengths.pop()
    assert length <= capacity
    assert all(window.own_end > window.own_start for window in windows)
    steps = np.diff([window.start for window in windows])
    assert steps.max() - steps.min() <= 1
    assert steps.max() <= length - overlap
    # One window fewer could not cover the text with this overlap.
    n_fewer = len(windows) - 1
    assert n_fewer * capacity - (n_fewer - 1) * overlap < n_tokens
    # Nor could windows a token shorter.
    assert len(windows) * (length - 1) - n_fewer * overlap < n_tokens


def test_an_empty_text_has_one_empty_window() -> None:
    assert plan_windows(0, 8, 2) == [Window(0, 0, 0, 0)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, 4, 0), "n_tokens=-1"),
        ((5, 0, 0), "capacity=0"),
        ((5, 4, 4), r"overlap=4 is not valid.*Pass 0 to 3"),
        ((5, 4, -1), "overlap=-1"),
    ],
)
def test_impossible_sizes_are_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        plan_windows(*arguments)
