import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, log_softmax, softmax
from sklearn.datasets import make_classification
from sklearn.linear_model import RidgeClassifier

from vectorlong.classify import FaissKNeighborsClassifier, VectorClassifier, linear
from vectorlong.errors import InputValueError, OptionError
from vectorlong.postprocess import Whitening


def sample(n=240, n_classes=3, flip=0.15, seed=0, weights=None):
    return make_classification(
        n,
        12,
        n_informative=6,
        n_redundant=2,
        n_classes=n_classes,
        n_clusters_per_class=1,
        flip_y=flip,
        weights=weights,
        random_state=seed,
    )


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("class_weight", ["balanced", None, {0: 3.0, 1: 1.0, 2: 0.5}])
def test_is_ridge_regression_on_whitened_vectors(n_classes, class_weight):
    X, y = sample(n_classes=n_classes)
    if isinstance(class_weight, dict):
        class_weight = {k: v for k, v in class_weight.items() if k < n_classes}
    ours = VectorClassifier(class_weight=class_weight).fit(X, y)
    whitened = Whitening.fit(X, shrinkage=ours.shrinkage_)(X).astype(np.float64)
    # scikit-learn's penalty counts against targets of -1 and 1 and weights that are not normed.
    weights = linear.compute_sample_weight(class_weight, y)
    theirs = RidgeClassifier(ours.penalty_ * weights.mean(), class_weight=class_weight)
    theirs.fit(whitened, y)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(whitened))
    mine, expected = ours.decision_function(X), theirs.decision_function(whitened)
    if n_classes > 2:
        mine, expected = (v - v.mean(axis=1, keepdims=True) for v in (mine, expected))
    ratios = mine / expected
    np.testing.assert_allclose(ratios[np.abs(expected) > 0.01], np.median(ratios), rtol=1e-3)


@pytest.mark.parametrize("class_weight", ["balanced", None])
def test_leave_one_out_is_what_training_without_the_vector_gives(class_weight, monkeypatch):
    X, y = sample(40)
    monkeypatch.setattr(linear, "_PENALTIES", (5.0,))
    weights = linear.compute_sample_weight(class_weight, y)
    seen = {}
    monkeypatch.setattr(
        linear, "_fit_scale", lambda scores, *_: (seen.setdefault("scores", scores).sum(), 1.0)
    )
    linear._fit_ridges(X, y, weights, 0.3)
    whitened = Whitening.fit(X, shrinkage=0.3)(X).astype(np.float64)
    for row in range(0, 40, 7):
        kept = np.arange(40) != row
        w = weights[kept, None]
        centre = (w * whitened[kept]).sum(0) / w.sum()
        share = (w * np.eye(3)[y[kept]]).sum(0) / w.sum()
        A, B = whitened[kept] - centre, np.eye(3)[y[kept]] - share
        coef = np.linalg.solve(A.T @ (w * A) + 5.0 * np.eye(12), A.T @ (w * B))
        expected = (whitened[row] - centre) @ coef + share
        np.testing.assert_allclose(seen["scores"][row], expected, atol=1e-6)


def test_probabilities_are_the_softmax_of_decision_values():
    X, y = sample()
    classifier = VectorClassifier().fit(X, y)
    values = classifier.decision_function(X)
    np.testing.assert_allclose(classifier.predict_proba(X), softmax(values, axis=1))
    np.testing.assert_allclose(values.sum(axis=1), 0, atol=1e-9)
    X, y = sample(n_classes=2)
    classifier = VectorClassifier().fit(X, y)
    expected = expit(classifier.decision_function(X))
    np.testing.assert_allclose(classifier.predict_proba(X)[:, 1], expected)


def test_probabilities_are_calibrated():
    X, y = sample(6000, n_classes=3, flip=0.4)
    classifier = VectorClassifier().fit(X[:1000], y[:1000])
    sure = classifier.predict_proba(X[1000:]).max(axis=1)
    is_right = classifier.predict(X[1000:]) == y[1000:]
    assert abs(sure.mean() - is_right.mean()) < 0.05


def test_few_separable_examples_do_not_make_sure():
    X = np.eye(4).repeat(3, axis=0)
    sure = (
        VectorClassifier().fit(X, np.repeat(list("abcd"), 3)).predict_proba(np.eye(4)).max(axis=1)
    )
    assert (sure > 0.5).all()
    assert (sure < 0.99).all()


def test_balanced_weights_find_the_rare_class():
    X, y = sample(1000, n_classes=2, flip=0.05, weights=[0.9])
    is_rare = y == 1
    balanced = VectorClassifier().fit(X, y).predict(X[is_rare]).mean()
    plain = VectorClassifier(class_weight=None).fit(X, y).predict(X[is_rare]).mean()
    assert balanced > plain + 0.1


def test_more_dimensions_than_vectors():
    rng = np.random.default_rng(0)
    y = np.repeat(["a", "b"], 15)
    X = rng.normal(size=(30, 200)) + (y == "b")[:, None] * 0.7
    classifier = VectorClassifier().fit(X, y)
    fresh = rng.normal(size=(50, 200)) + 0.7
    assert (classifier.predict(fresh) == "b").mean() > 0.9


def test_training_twice_gives_the_same():
    X, y = sample()
    first, second = (VectorClassifier().fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(first.coef_, second.coef_)


def test_without_calibration_there_are_no_probabilities():
    X, y = sample()
    classifier = VectorClassifier(calibrate=False).fit(X, y)
    assert not hasattr(classifier, "predict_proba")
    with pytest.raises(AttributeError, match="has no attribute 'predict_proba'"):
        classifier.predict_proba(X)
    np.testing.assert_array_equal(classifier.predict(X), VectorClassifier().fit(X, y).predict(X))


def test_a_class_with_one_member():
    X, y = sample(40)
    y = y.astype(str)
    y[7] = "lonely"
    with pytest.raises(InputValueError, match=r"Class 'lonely' has one member only .1 such of 4"):
        VectorClassifier().fit(X, y)
    classes = VectorClassifier(calibrate=False).fit(X, y).classes_
    assert "lonely" in classes


@pytest.mark.parametrize("estimator", [VectorClassifier(), FaissKNeighborsClassifier()])
@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
@pytest.mark.parametrize("container", [list, lambda y: np.array(y, dtype=object), pd.Series])
def test_labels_that_are_missing(estimator, missing, container):
    X, _ = sample(40)
    with pytest.raises(InputValueError, match=r"y\[1\] is .*20 of 40 labels are missing"):
        estimator.fit(X, container(["a", missing] * 20))
    assert not hasattr(estimator, "classes_")


def test_a_scale_found_is_that_of_least_log_loss():
    rng = np.random.default_rng(0)
    is_class = np.eye(5)[rng.integers(0, 5, 200)]
    scores = is_class * 0.3 + rng.normal(size=(200, 5)) * 0.2 + 1000
    weights = rng.uniform(0.5, 2, 200)
    loss, scale = linear._fit_scale(scores, is_class, weights)
    doubt = is_class @ (1 / (is_class.sum(axis=0) + 2))
    expected = np.where(is_class == 1, 1 - doubt[:, None], doubt[:, None] / 4)

    def loss_at(factor):
        likelihoods = log_softmax(scores * factor, axis=1)
        return -np.average((expected * likelihoods).sum(axis=1), weights=weights)

    assert loss == pytest.approx(loss_at(scale), rel=1e-9)
    assert loss < min(loss_at(scale * 1.01), loss_at(scale / 1.01))


def test_one_class():
    X, _ = sample(40)
    with pytest.raises(InputValueError, match=r"There is one class only, 'x'. A classifier needs"):
        VectorClassifier().fit(X, ["x"] * 40)


@pytest.mark.parametrize("class_weight", ["equal", {"other": 2.0}, [1.0, 2.0], {0: "much"}])
def test_weights_that_are_none(class_weight):
    X, y = sample(40)
    with pytest.raises(
        OptionError, match=r"class_weight=.* is not valid.*of the classes \[0, 1, 2"
    ):
        VectorClassifier(class_weight=class_weight).fit(X, y)


def test_a_weight_of_zero():
    X, y = sample(40)
    with pytest.raises(OptionError, match="Pass weights above 0"):
        VectorClassifier(class_weight={0: 0.0, 1: 1.0, 2: 1.0}).fit(X, y)
