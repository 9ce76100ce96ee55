"""scikit-learn's own checks, none of them skipped or expected to fail."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from vectorlong.classify import FaissKNeighborsClassifier, VectorClassifier, Whitener


@pytest.fixture(autouse=True)
def _array_api(monkeypatch):
    # One check skips itself without it; the array library it uses is NumPy.
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")


@parametrize_with_checks(
    [
        FaissKNeighborsClassifier(),
        FaissKNeighborsClassifier(2, weights="distance", metric="l2"),
        FaissKNeighborsClassifier(metric="inner_product", kind="flat"),
        FaissKNeighborsClassifier(kind="hnsw"),
        Whitener(),
        Whitener(n_dimensions=1, shrinkage=0.5),
        VectorClassifier(),
        VectorClassifier(class_weight=None, calibrate=False),
    ]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
