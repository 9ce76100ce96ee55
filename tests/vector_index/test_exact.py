"""The parts of exact search, each against what NumPy or a hand computes."""

from __future__ import annotations

import numpy as np
import pytest

from vectorlong.vector_index.exact import (
    AllowedRows,
    drop,
    exact_search,
    merge,
    sample_queries,
    sampled_recall,
)

ROWS = np.random.default_rng(0).normal(size=(200, 16)).astype(np.float32)


def test_recall_is_the_share_of_true_neighbours_by_score() -> None:
    expected = np.array([[0.9, 0.8], [0.7, 0.7], [0.5, -np.inf]])
    assert sampled_recall(expected, expected, "cosine") == 1.0
    # One of equal score will do, a lower one will not, and nothing replaces what is absent.
    found = np.array([[0.9, 0.79], [0.7, 0.7], [-np.inf, -np.inf]])
    assert sampled_recall(expected, found, "cosine") == pytest.approx(3 / 5)
    assert sampled_recall(-expected, -found, "l2") == pytest.approx(3 / 5)


def test_where_nothing_is_to_be_found_nothing_is_missed() -> None:
    nothing = np.full((3, 2), -np.inf)
    assert sampled_recall(nothing, nothing, "cosine") == 1.0
    assert sampled_recall(-nothing, -nothing, "l2") == 1.0


@pytest.mark.parametrize("metric", ["l2", "inner_product"])
def test_sampled_queries_lie_beside_rows_by_turns_near_and_far(metric: str) -> None:
    queries = sample_queries(ROWS, 100, seed=3, metric=metric)
    assert queries.shape == (100, 16)
    np.testing.assert_array_equal(queries, sample_queries(ROWS, 100, seed=3, metric=metric))
    assert (queries != sample_queries(ROWS, 100, seed=4, metric=metric)).all()
    distances = np.linalg.norm(queries[:, None] - ROWS[None], axis=2)  # [q, n]
    nearest = distances.argmin(axis=1)
    shares = distances.min(axis=1) / np.linalg.norm(ROWS[nearest], axis=1)
    assert shares[0::2].mean() == pytest.approx(0.3, abs=0.05)
    assert shares[1::2].mean() == pytest.approx(0.8, abs=0.15)  # some come nearer to another row
    assert len(np.unique(nearest[0::2])) > 30


def test_sampled_queries_are_no_more_than_rows_and_of_length_1_for_cosine() -> None:
    queries = sample_queries(ROWS[:7], 100, seed=0, metric="cosine")
    assert queries.shape == (7, 16)
    np.testing.assert_allclose(np.linalg.norm(queries, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("metric", ["l2", "inner_product"])
def test_two_answers_become_one_and_absent_rows_come_last(metric: str) -> None:
    sign = 1.0 if metric == "l2" else -1.0
    scores, rows = merge(
        sign * np.array([[1.0, 3.0], [2.0, 0.0]], dtype=np.float32),
        np.array([[4, 5], [6, -1]]),
        sign * np.array([[2.0, 0.0], [0.0, 0.0]], dtype=np.float32),
        np.array([[7, -1], [-1, -1]]),
        3,
        metric,
    )
    assert rows.tolist() == [[4, 7, 5], [6, -1, -1]]
    np.testing.assert_array_equal(scores, sign * np.array([[1, 2, 3], [2, np.inf, np.inf]]))


@pytest.mark.parametrize("metric", ["l2", "inner_product"])
@pytest.mark.parametrize("n_excluded", [0, 1, 64, 65, 199, 200])
def test_the_allowed_are_found_and_no_others(metric: str, n_excluded: int) -> None:
    generator = np.random.default_rng(n_excluded)
    mask = np.ones(200, dtype=bool)
    mask[generator.permutation(200)[:n_excluded]] = False
    queries = generator.normal(size=(5, 16)).astype(np.float32)
    if metric == "l2":
        all_scores = ((queries[:, None].astype(np.float64) - ROWS[None]) ** 2).sum(axis=2)
        order = np.argsort(np.where(mask, all_scores, np.inf), axis=1)
    else:
        all_scores = queries.astype(np.float64) @ ROWS.T
        order = np.argsort(np.where(mask, -all_scores, np.inf), axis=1)
    k = 30
    n_there = min(k, 200 - n_excluded)
    scores, rows = exact_search(ROWS, queries, k, metric, AllowedRows(mask))
    assert scores.shape == rows.shape == (5, k)
    np.testing.assert_array_equal(rows[:, :n_there], order[:, :n_there])
    expected = np.take_along_axis(all_scores, order[:, :n_there], axis=1)
    np.testing.assert_allclose(scores[:, :n_there], expected, rtol=1e-4, atol=1e-4)
    assert (rows[:, n_there:] == -1).all()
    assert (scores[:, n_there:] == (np.inf if metric == "l2" else -np.inf)).all()


def test_what_is_not_allowed_is_dropped_and_the_order_kept() -> None:
    allowed = AllowedRows(np.array([True, False, True, True]))
    scores, rows = drop(
        np.array([[0.9, 0.8, 0.7, 0.6]], dtype=np.float32),
        np.array([[1, 3, 0, -1]]),
        allowed,
        3,
        "cosine",
    )
    assert rows.tolist() == [[3, 0, -1]]
    np.testing.assert_array_equal(scores, np.array([[0.8, 0.7, -np.inf]], dtype=np.float32))
