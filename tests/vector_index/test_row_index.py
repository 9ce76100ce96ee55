"""A FAISS index over rows by itself: which rows it covers, and whose file it takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vectorlong.vector_index.exact import AllowedRows, exact_search
from vectorlong.vector_index.faiss_kinds import KINDS
from vectorlong.vector_index.row_index import RowIndex, search_rows

ROWS = np.random.default_rng(0).normal(size=(3000, 16)).astype(np.float32)
QUERIES = np.random.default_rng(1).normal(size=(20, 16)).astype(np.float32)


@pytest.fixture(scope="module", params=["hnsw", "ivf-sq8"])
def built(request: pytest.FixtureRequest) -> RowIndex:
    return RowIndex.build(ROWS[:2000], KINDS[request.param], "l2")


def test_it_covers_every_row_and_says_how_it_came_about(built: RowIndex) -> None:
    training = built.training
    assert built.n_rows == training.n_rows == 2000
    assert training.sampled_recall >= 0.98
    has_lists = training.kind == "ivf-sq8"
    assert (training.n_lists > 0) == (training.n_trained > 0) == has_lists
    assert (training.candidates > 1) == has_lists  # the graph holds the rows themselves
    assert 0 < training.seconds < 600


def test_a_longer_copy_leaves_the_one_it_was_made_of(built: RowIndex) -> None:
    longer = built.extended(ROWS)
    assert (built.n_rows, longer.n_rows) == (2000, 3000)
    scores, rows = longer.search(ROWS, ROWS[2500:2510], 1, None)
    assert rows[:, 0].tolist() == list(range(2500, 2510))
    np.testing.assert_allclose(scores, 0, atol=1e-4)
    assert built.search(ROWS[:2000], ROWS[2500:2501], 1, None)[1][0, 0] < 2000


@pytest.mark.parametrize("n_excluded", [0, 10, 2400])
def test_rows_behind_the_covered_ones_are_searched_too(
    built: RowIndex, monkeypatch: pytest.MonkeyPatch, n_excluded: int
) -> None:
    monkeypatch.setattr("vectorlong.vector_index.row_index._EXACT_SUBSET", 100)
    mask = np.ones(3000, dtype=bool)
    mask[np.random.default_rng(2).permutation(3000)[:n_excluded]] = False
    allowed = AllowedRows(mask) if n_excluded else None
    scores, rows = search_rows(ROWS, built, QUERIES, 10, "l2", allowed)
    expected_scores, expected_rows = exact_search(ROWS, QUERIES, 10, "l2", allowed)
    assert mask[rows].all()
    assert (rows >= 2000).any()
    assert np.mean(rows == expected_rows) >= 0.9
    np.testing.assert_allclose(scores[:, 0], expected_scores[:, 0], rtol=0.2)


@pytest.mark.parametrize("mapped", [True, False])
def test_a_file_of_other_vectors_is_refused(built: RowIndex, tmp_path: Path, mapped: bool) -> None:
    built.save(tmp_path / "rows.faiss")
    loaded = RowIndex.load(tmp_path / "rows.faiss", built.description, 16, mapped=mapped)
    assert loaded.n_rows == 2000
    for ours, theirs in zip(
        loaded.search(ROWS[:2000], QUERIES, 5, None),
        built.search(ROWS[:2000], QUERIES, 5, None),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(ValueError, match="of vectors 16 wide, not 17"):
        RowIndex.load(tmp_path / "rows.faiss", built.description, 17, mapped=mapped)
