"""One contract, every kind: neighbours and scores against NumPy, before and after a save."""

from __future__ import annotations

import numpy as np
import pytest

from vectorlong.vector_index import growth, row_index
from vectorlong.vector_index.faiss_kinds import KINDS
from vectorlong.vector_index.vector_index import VectorIndex

DIM, N_ROWS, N_QUERIES, K = 32, 3000, 40, 10
KIND_NAMES = ["auto", *KINDS, "PCA16,Flat", "IVF32,SQfp16", "SQ8"]
METRICS = ["cosine", "inner_product", "l2"]
CASES = [
    (kind, metric)
    for kind in KIND_NAMES
    for metric in METRICS
    if (kind, metric) != ("hnsw-rabitq", "inner_product")
]


def clustered(n_rows: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(60, DIM))
    rows = centres[generator.integers(0, 60, n_rows)]
    return (rows + 0.6 * generator.normal(size=(n_rows, DIM))).astype(np.float32)


VECTORS = clustered(N_ROWS, 1)
QUERIES = clustered(N_QUERIES, 2)
IDS = [f"id-{number}" for number in range(N_ROWS)]


def brute_scores(vectors: np.ndarray, queries: np.ndarray, metric: str) -> np.ndarray:
    vectors, queries = vectors.astype(np.float64), queries.astype(np.float64)
    if metric == "l2":
        return ((queries[:, None] - vectors[None]) ** 2).sum(axis=2)  # [q, n]
    if metric == "cosine":
        vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        queries = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    return queries @ vectors.T


def brute_rows(scores: np.ndarray, metric: str, k: int) -> np.ndarray:
    return np.argsort(scores if metric == "l2" else -scores, axis=1, kind="stable")[:, :k]


@pytest.fixture(scope="module")
def built() -> dict[tuple[str, str], VectorIndex]:
    return {}


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def index(request: pytest.FixtureRequest, built: dict) -> VectorIndex:
    if request.param not in built:
        kind, metric = request.param
        made = VectorIndex(DIM, kind, metric)
        made.add(IDS[:2000], VECTORS[:2000])
        made.add(IDS[2000:], VECTORS[2000:])
        made.build()
        built[request.param] = made
    return built[request.param]


def recall_of(found: list, expected: np.ndarray) -> float:
    hits = [
        len({name for name, _ in answer} & {IDS[row] for row in rows})
        for answer, rows in zip(found, expected, strict=True)
    ]
    return sum(hits) / expected.size


def assert_scores_are_exact(found: list, index: VectorIndex) -> None:
    scores = brute_scores(VECTORS, QUERIES, index.metric)
    for number, answer in enumerate(found):
        rows = [int(name.removeprefix("id-")) for name, _ in answer]
        np.testing.assert_allclose(
            [score for _, score in answer], scores[number, rows], rtol=2e-4, atol=2e-4
        )
        ordered = sorted((score for _, score in answer), reverse=index.metric != "l2")
        assert [score for _, score in answer] == ordered


def test_neighbours_and_scores_match_brute_force(index: VectorIndex) -> None:
    expected = brute_rows(brute_scores(VECTORS, QUERIES, index.metric), index.metric, K)
    found = index.search_many(QUERIES, K)
    assert_scores_are_exact(found, index)
    if index.training is None:
        assert [[name for name, _ in answer] for answer in found] == [
            [IDS[row] for row in rows] for rows in expected
        ]
    else:
        assert recall_of(found, expected) >= 0.95


def test_one_query_gets_the_answer_of_the_batch(index: VectorIndex) -> None:
    batch = index.search_many(QUERIES[:5], K)
    for query, answer in zip(QUERIES[:5], batch, strict=True):
        alone = index.search(query, K)
        assert [name for name, _ in alone] == [name for name, _ in answer]
        np.testing.assert_allclose(
            [score for _, score in alone], [score for _, score in answer], rtol=1e-4, atol=1e-4
        )


def test_saved_index_gives_the_same_answers(index: VectorIndex, tmp_path) -> None:
    index.save(tmp_path / "saved")
    loaded = VectorIndex.load(tmp_path / "saved")
    assert (loaded.kind, loaded.metric, loaded.dim) == (index.kind, index.metric, index.dim)
    assert loaded.training == index.training
    assert loaded.search_many(QUERIES, K) == index.search_many(QUERIES, K)
    assert loaded.add(["new"], VECTORS[:1]) == 1
    assert len(loaded) == N_ROWS + 1


@pytest.mark.parametrize("n_allowed", [3, 300, 2000])
def test_filter_gives_exactly_the_allowed(
    index: VectorIndex, n_allowed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_index, "_EXACT_SUBSET", 100)  # so that FAISS's selectors are used
    chosen = np.random.default_rng(5).permutation(N_ROWS)[:n_allowed]
    scores = brute_scores(VECTORS, QUERIES, index.metric)
    barred = np.setdiff1d(np.arange(N_ROWS), chosen)
    scores[:, barred] = np.inf if index.metric == "l2" else -np.inf
    expected = brute_rows(scores, index.metric, min(K, n_allowed))
    found = index.search_many(QUERIES, K, among=[IDS[row] for row in chosen] + ["unknown"])
    assert all(len(answer) == min(K, n_allowed) for answer in found)
    assert_scores_are_exact(found, index)
    allowed_ids = {IDS[row] for row in chosen}
    assert all(name in allowed_ids for answer in found for name, _ in answer)
    assert recall_of(found, expected) >= (1.0 if n_allowed == 3 else 0.95)


@pytest.mark.parametrize(("kind", "metric"), CASES)
def test_removed_and_replaced_vectors(kind: str, metric: str) -> None:
    index = VectorIndex(DIM, kind, metric)
    index.add(IDS, VECTORS)
    index.build()
    gone = set(IDS[::3])
    assert index.remove([*gone, "unknown"]) == len(gone)
    kept = [row for row in range(N_ROWS) if IDS[row] not in gone]
    scores = brute_scores(VECTORS, QUERIES, metric)
    scores[:, ::3] = np.inf if metric == "l2" else -np.inf
    expected = brute_rows(scores, metric, K)
    for _ in ("as tombstones", "compacted"):
        found = index.search_many(QUERIES, K)
        assert len(index) == len(kept)
        assert not gone & {name for answer in found for name, _ in answer}
        assert all(len(answer) == K for answer in found)
        assert recall_of(found, expected) >= 0.95
        index.compact()
    assert index.add([IDS[1]], -VECTORS[1:2]) == 0
    ((name, score),) = index.search(-VECTORS[1], 1, among=[IDS[1], IDS[0]])
    assert name == IDS[1]
    own_score = brute_scores(-VECTORS[1:2], -VECTORS[1:2], metric)[0, 0]
    assert score == pytest.approx(own_score, rel=2e-4, abs=2e-4)
    if metric != "inner_product":  # by which a longer vector may come before the very same
        assert index.search(-VECTORS[1], 1)[0][0] == IDS[1]
    assert index.search(VECTORS[1], 1)[0][0] != IDS[1]


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_few_vectors_are_searched_exactly_by_every_kind(kind: str) -> None:
    index = VectorIndex(DIM, kind)
    assert index.search(QUERIES[0], 3) == []
    index.add(IDS[:5], VECTORS[:5])
    expected = brute_rows(brute_scores(VECTORS[:5], QUERIES, "cosine"), "cosine", 5)
    found = index.search_many(QUERIES, 100)
    assert [[name for name, _ in answer] for answer in found] == [
        [IDS[row] for row in rows] for rows in expected
    ]
    assert index.training is None


@pytest.mark.parametrize("kind", ["hnsw", "ivf-sq8", "rabitq"])
def test_vectors_added_after_training_are_found(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "_MAX_TAIL_ROWS", 400)
    index = VectorIndex(DIM, kind)
    index.add(IDS[:2000], VECTORS[:2000])
    index.build()
    for start in range(2000, N_ROWS, 250):  # a tail searched exactly, then taken in
        index.add(IDS[start : start + 250], VECTORS[start : start + 250])
        for row in (0, start, start + 249):
            assert index.search(VECTORS[row], 1)[0][0] == IDS[row]
    assert index.training is not None
    assert index.training.n_rows == 2000
    assert index.recall() >= 0.95


def test_training_says_what_it_was_trained_on() -> None:
    index = VectorIndex(DIM, "ivf-sq8")
    index.add(IDS, VECTORS)
    training = index.build()
    assert training is not None
    assert (training.kind, training.n_rows, training.n_trained) == ("ivf-sq8", N_ROWS, N_ROWS)
    assert training.n_lists > 1
    assert training.width >= 1
    assert training.sampled_recall >= 0.98
