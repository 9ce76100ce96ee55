"""Fusion, metrics, and the order of what is equally good."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.metrics import ndcg, recall, reciprocal_rank
from vectorlong.errors import OptionError
from vectorlong.retrieval.fusion import (
    FUSIONS,
    get_fusion,
    reciprocal_rank_fusion,
    score_fusion,
)


@pytest.mark.parametrize("name", FUSIONS)
def test_fusions_stay_between_0_and_1_and_reach_1(name: str) -> None:
    generator = np.random.default_rng(0)
    for _ in range(50):
        vector = generator.uniform(-1, 1, 20)
        words = generator.uniform(0, 30, 20)
        words[generator.random(20) < 0.5] = np.nan
        fused = get_fusion(name)({"vector": vector, "lexical": words})
        assert fused.min() >= 0.0
        assert fused.max() <= 1.0
    vector[3], words[3] = 2.0, 99.0
    assert get_fusion(name)({"vector": vector, "lexical": words})[3] == pytest.approx(1.0)


def test_reciprocal_ranks_by_hand() -> None:
    fused = reciprocal_rank_fusion(
        {"vector": np.array([0.9, 0.8, 0.7]), "lexical": np.array([np.nan, 2.0, 3.0])}
    )
    expected = np.array([1 / 61, 1 / 62 + 1 / 62, 1 / 63 + 1 / 61]) * 61 / 2
    np.testing.assert_allclose(fused, expected)


def test_score_fusion_by_hand() -> None:
    fused = score_fusion(
        {"vector": np.array([0.5, -0.5, 0.25]), "lexical": np.array([np.nan, 4.0, 2.0])}
    )
    np.testing.assert_allclose(fused, [0.5, 0.5, 0.5])
    np.testing.assert_allclose(score_fusion({"lexical": np.array([4.0, 2.0])}), [1.0, 0.5])
    np.testing.assert_allclose(score_fusion({"vector": np.array([-1.0, 0.0])}), [0.0, 0.0])
    np.testing.assert_allclose(score_fusion({"vector": np.array([0.2, 0.4])}), [0.5, 1.0])


def test_fusing_nothing() -> None:
    for fuse in FUSIONS.values():
        assert fuse({"vector": np.empty(0), "lexical": np.empty(0)}).shape == (0,)
        assert fuse({}).shape == (0,)
    with pytest.raises(OptionError, match="'rank', 'score'"):
        get_fusion("best")


def test_ndcg_by_hand() -> None:
    relevance = {"a": 3.0, "b": 1.0, "c": 0.0}
    assert ndcg(["a", "b"], relevance) == pytest.approx(1.0)
    assert ndcg(["c", "b", "a"], relevance) == pytest.approx(
        (1 / np.log2(3) + 3 / 2) / (3 + 1 / np.log2(3))
    )
    assert ndcg(["x", "a"], relevance, k=1) == 0.0
    assert ndcg(["a"], {}) == 0.0
    assert ndcg([], relevance) == 0.0


def test_recall_and_reciprocal_rank_by_hand() -> None:
    relevance = {"a": 1.0, "b": 2.0, "c": 0.0}
    assert recall(["a", "c", "b"], relevance, k=2) == 0.5
    assert recall(["c"], {"c": 0.0}) == 0.0
    assert reciprocal_rank(["c", "x", "b"], relevance) == pytest.approx(1 / 3)
    assert reciprocal_rank(["c", "x", "b"], relevance, k=2) == 0.0


@pytest.mark.parametrize("level", ["document", "passage"])
@pytest.mark.parametrize("mode", ["hybrid", "vector", "lexical"])
def test_equal_documents_come_in_the_order_they_were_added_whatever_k_is(index, mode, level):
    ids = [f"d{number:02}" for number in (7, 3, 11, 0, 9, 1, 8, 2, 10, 4, 6, 5)]
    index.add([("other", "wholly different words")])
    index.add([(id, "the same words in each of them") for id in ids])
    for k in range(1, len(ids) + 1):
        hits = index.search("same words", k, mode=mode, level=level)
        assert [hit.id for hit in hits] == ids[:k]
