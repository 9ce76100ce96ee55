import pickle

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from vectorlong.classify import FaissKNeighborsClassifier
from vectorlong.errors import InputValueError, OptionError

KINDS = ("auto", "flat", "hnsw", "ivf", "ivf-sq8", "ivfpq", "IVF4,Flat")


def blobs(n=600, width=16, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 4, n)
    return rng.normal(size=(n, width)) + rng.normal(size=(4, width))[y] * 1.5, y.astype(str)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize(("metric", "name"), [("cosine", "cosine"), ("l2", "euclidean")])
def test_equals_scikit_learn(metric, name, weights):
    X, y = blobs()
    ours = FaissKNeighborsClassifier(7, metric=metric, weights=weights).fit(X[:500], y[:500])
    theirs = KNeighborsClassifier(7, metric=name, weights=weights, algorithm="brute")
    theirs.fit(X[:500], y[:500])
    distances, rows = ours.kneighbors(X[500:])
    expected_distances, expected_rows = theirs.kneighbors(X[500:])
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_allclose(distances, expected_distances, atol=1e-6)
    shares, expected = (c.predict_proba(X[500:]) for c in (ours, theirs))
    np.testing.assert_allclose(shares, expected, atol=1e-5)
    np.testing.assert_array_equal(ours.predict(X[500:]), theirs.predict(X[500:]))


def test_inner_product_takes_the_largest():
    X, y = blobs()
    classifier = FaissKNeighborsClassifier(3, metric="inner_product").fit(X, y)
    distances, rows = classifier.kneighbors(X[:20])
    expected = np.sort(-X[:20] @ X.T, axis=1)[:, :3]
    np.testing.assert_allclose(distances, expected, rtol=1e-5)
    np.testing.assert_array_equal(rows[:, 0], (X[:20] @ X.T).argmax(axis=1))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_finds_what_exact_search_finds(kind):
    X, y = blobs(3000)
    exact = FaissKNeighborsClassifier(10, kind="flat", metric="l2").fit(X, y)
    other = FaissKNeighborsClassifier(10, kind=kind, metric="l2").fit(X, y)
    expected, found = (c.kneighbors(X[:100], return_distance=False) for c in (exact, other))
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(expected, found, strict=True)])
    assert recall >= 0.9
    assert (exact.predict(X[:100]) == other.predict(X[:100])).mean() >= 0.95


def test_neighbours_do_not_depend_on_the_batch():
    X, y = blobs()
    classifier = FaissKNeighborsClassifier().fit(X, y)
    together = classifier.kneighbors(X[:50])
    alone = [classifier.kneighbors(X[i : i + 1]) for i in range(50)]
    np.testing.assert_array_equal(together[0], np.concatenate([a[0] for a in alone]))
    np.testing.assert_array_equal(together[1], np.concatenate([a[1] for a in alone]))


def test_identical_vectors_count_alone_under_distance_weights():
    X = np.array([[1.0, 0.0], [2.0, 0.0], [0.9, 0.1], [0.8, 0.1]])
    classifier = FaissKNeighborsClassifier(4, weights="distance").fit(X, ["a", "a", "b", "b"])
    assert classifier.predict_proba([[3.0, 0.0]]).tolist() == [[1.0, 0.0]]


def test_zero_vectors_are_like_nothing():
    X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    classifier = FaissKNeighborsClassifier(4).fit(X, list("abcd"))
    distances, rows = classifier.kneighbors([[2.0, 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(distances, [[0, 1, 1, 2], [1, 1, 1, 1]], atol=1e-7)
    assert rows.tolist() == [[1, 0, 2, 3], [0, 1, 2, 3]]


@pytest.mark.parametrize("kind", ["flat", "ivf-sq8", "hnsw"])
def test_survives_pickling(kind):
    X, y = blobs()
    classifier = FaissKNeighborsClassifier(kind=kind).fit(X, y)
    copied = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(copied.kneighbors(X)[1], classifier.kneighbors(X)[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_neighbors": 0}, "n_neighbors=0 is not valid. Pass a whole number of at least 1"),
        ({"n_neighbors": 2.5}, "n_neighbors=2.5 is not valid. Pass a whole number"),
        ({"weights": "near"}, "weights='near' is not valid. Valid values: 'uniform', 'distance'"),
        ({"metric": "manhattan"}, "metric='manhattan' is not valid.*'cosine'"),
        ({"kind": "tree"}, "kind='tree' is not valid.*'auto', 'flat'"),
        ({"weights": "distance", "metric": "inner_product"}, "no distance to invert"),
    ],
)
def test_bad_options(options, message):
    X, y = blobs(50)
    with pytest.raises(OptionError, match=message):
        FaissKNeighborsClassifier(**options).fit(X, y)


def test_more_neighbours_than_vectors():
    X, y = blobs(4)
    classifier = FaissKNeighborsClassifier(5).fit(X, y)
    with pytest.raises(InputValueError, match=r"n_neighbors = 5, n_samples_fit = 4. Ask for fewer"):
        classifier.predict(X)


def test_a_kind_that_needs_more_vectors():
    X, y = blobs(10)
    with pytest.raises(InputValueError, match="kind='IVF64,Flat' cannot be built over 10 vectors"):
        FaissKNeighborsClassifier(kind="IVF64,Flat").fit(X, y)
