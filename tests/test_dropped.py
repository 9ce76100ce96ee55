from __future__ import annotations

import threading
import warnings

import pytest

from vectorlong.dropped_tokens import said_once, warn_of_dropped


def test_it_is_counted_and_silent_where_nothing_was_cut() -> None:
    with pytest.warns(UserWarning, match="2 of 3 texts were cut: 12 tokens were dropped"):
        warn_of_dropped([5, 0, 7])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_dropped([0, 0])
        warn_of_dropped([])
        with said_once():
            warn_of_dropped([0])


def test_many_calls_say_it_once_also_one_in_another() -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with said_once():
            for count in (1, 0, 2):
                warn_of_dropped([count])
            with said_once():
                warn_of_dropped([4])
    assert [str(one.message).split(".")[0] for one in said] == [
        "3 of 4 texts were cut: 7 tokens were dropped"
    ]


def test_after_a_failure_it_is_said_as_ever() -> None:
    with pytest.raises(KeyError), said_once():
        raise KeyError
    with pytest.warns(UserWarning, match="1 of 1 texts were cut"):
        warn_of_dropped([1])


def test_threads_say_their_own() -> None:
    has_begun, may_end = threading.Event(), threading.Event()

    def gather() -> None:
        with said_once():
            warn_of_dropped([1])
            has_begun.set()
            may_end.wait()

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        thread = threading.Thread(target=gather)
        thread.start()
        has_begun.wait()
        warn_of_dropped([10])
        assert len(said) == 1
        may_end.set()
        thread.join()
    assert [str(one.message)[:46] for one in said] == [
        "1 of 1 texts were cut: 10 tokens were dropped.",
        "1 of 1 texts were cut: 1 tokens were dropped. ",
    ]
