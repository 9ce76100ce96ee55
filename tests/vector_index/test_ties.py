"""Rows of equal score come in one order, however many are asked for and however they are asked."""

import numpy as np
import pytest

from vectorlong.vector_index.exact import AllowedRows, exact_search
from vectorlong.vector_index.vector_index import VectorIndex

GENERATOR = np.random.default_rng(5)
N_ROWS, DIM = 400, 24
METRICS = ["cosine", "inner_product", "l2"]


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


# Twelve rows all over the matrix are the same, and so are two hundred others.
MATRIX = unit(GENERATOR.normal(size=(N_ROWS, DIM)))
TWELVE = np.arange(3, N_ROWS, 33)[:12]
MANY = np.setdiff1d(np.arange(0, N_ROWS, 2), TWELVE)[:180]
MATRIX[MANY] = MATRIX[MANY[0]]
MATRIX[TWELVE] = MATRIX[TWELVE[0]]


def best(queries, k, metric, allowed=None):
    return exact_search(MATRIX, np.ascontiguousarray(queries), k, metric, allowed)[1]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("n_queries", [1, 3, 40])  # FAISS multiplies matrices from 20 on
def test_the_first_of_equal_rows_come_whatever_k_is(metric, n_queries):
    near_twelve = unit(MATRIX[TWELVE[:1]] + 0.01 * GENERATOR.normal(size=(n_queries, DIM)))
    for k in (1, 2, 3, 5, 11, 12):
        np.testing.assert_array_equal(
            best(near_twelve, k, metric), np.tile(TWELVE[:k], (n_queries, 1))
        )
    near_many = unit(MATRIX[MANY[:1]] + 0.01 * GENERATOR.normal(size=(n_queries, DIM)))
    for k in (1, 7, 60, 179):
        np.testing.assert_array_equal(best(near_many, k, metric), np.tile(MANY[:k], (n_queries, 1)))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("excluded", [[int(TWELVE[0])], list(range(200))])
def test_the_first_of_those_that_may_be_found(metric, excluded):
    mask = np.ones(N_ROWS, dtype=bool)
    mask[excluded] = False
    expected = TWELVE[mask[TWELVE]]
    for k in (1, 2, len(expected)):
        rows = best(MATRIX[TWELVE[:1]], k, metric, AllowedRows(mask))
        np.testing.assert_array_equal(rows, expected[None, :k])


def test_a_shorter_answer_begins_a_longer_one():
    queries = unit(GENERATOR.normal(size=(30, DIM)))
    longest = best(queries, N_ROWS, "cosine")
    for k in (1, 2, 10, 100, 399):
        np.testing.assert_array_equal(best(queries, k, "cosine"), longest[:, :k])
        np.testing.assert_array_equal(best(queries[:1], k, "cosine"), longest[:1, :k])


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", ["flat", "hnsw"])
def test_an_index_gives_equal_vectors_in_the_order_they_came(metric, kind):
    index = VectorIndex(DIM, kind=kind, metric=metric)
    ids = [f"d{number:02}" for number in range(12)]
    index.add(ids, np.repeat(MATRIX[:1], 12, axis=0))
    for k in (1, 2, 3, 12):
        assert [id for id, _ in index.search(MATRIX[0], k)] == ids[:k]
