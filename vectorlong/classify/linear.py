"""A linear classifier on whitened vectors that needs no tuning and knows how sure it is.

Ridge regression onto the classes has a closed form, and so have its leave-one-out scores: every
regularisation is judged on documents it has not learnt from, without training again. The same
scores calibrate the probabilities. docs/classification.md has what else was measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from vectorlong.classify.checks import check_none_missing
from vectorlong.errors import InputValueError, OptionError
from vectorlong.postprocess import Whitening

# How far the whitening is drawn towards plain centring (1.0); None: as little as the data allow.
_SHRINKAGES = (None, 0.1, 0.3, 1.0)
# Penalties in the units of whitened vectors, whose squares sum to about the number of documents.
_PENALTIES = tuple(float(penalty) for penalty in np.logspace(-1, 6, 15))
# Between these lie all useful temperatures, as powers of e, for scores of unit spread.
_LOG_SCALES = (-4.0, 6.0)


class VectorClassifier(ClassifierMixin, BaseEstimator):
    """Classify vectors by ridge regression on whitened vectors, with calibrated probabilities.

    Parameters
    ----------
    class_weight
        "balanced": every class counts alike, however many members it has. None: every vector
        counts alike. A dict: weight of each class.
    calibrate
        Scale the decision values so that their softmax is the probability of each class.

    Attributes
    ----------
    classes_
        The classes, sorted.
    coef_
        float64 [n_classes, e], or [1, e] for two classes: acts on vectors as they come, the
        whitening folded in.
    intercept_
        float64 [n_classes] or [1].
    mean_
        float64 [e]: the mean of the training vectors.
    shrinkage_, penalty_
        Whitening and regularisation chosen.
    n_features_in_
        Width e.

    Notes
    -----
    Decision values are linear in the vector and, for three classes or more, sum to 0. Calibrated,
    they are log-odds: ``softmax`` of them (``expit`` for two classes) is ``predict_proba``. One
    temperature is fitted for all classes (Guo et al., On Calibration of Modern Neural Networks,
    arXiv:1706.04599), so calibration never changes which class is predicted.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> vectors = rng.normal(size=(40, 3)) + np.repeat([[0, 0, 0], [3, 0, 0]], 20, axis=0)
    >>> classifier = VectorClassifier().fit(vectors, ["a"] * 20 + ["b"] * 20)
    >>> classifier.predict([[3.0, 0.0, 0.0]]).tolist()
    ['b']
    """

    def __init__(
        self,
        *,
        class_weight: str | dict[Any, float] | None = "balanced",
        calibrate: bool = True,
    ) -> None:
        self.class_weight = class_weight
        self.calibrate = calibrate

    def fit(self, X: Any, y: Any) -> Self:
        """Choose whitening and regularisation by leave-one-out, and fit.

        Parameters
        ----------
        X
            [n, e].
        y
            [n]: their classes.

        Raises
        ------
        InputValueError
            A label is missing, there is one class only, a class has one member under calibration,
            or all vectors are equal.
        OptionError
            ``class_weight`` names no classes of ``y``, or a weight is 0 or less.
        ValueError
            scikit-learn: ``X`` or ``y`` is not as described.
        """
        check_none_missing(y, "y")
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], ensure_min_samples=2)
        check_classification_targets(y)
        check_classes(y, calibrate=self.calibrate)
        self.classes_, targets = np.unique(y, return_inverse=True)
        weights = class_weights(self.class_weight, y)  # [n]
        weights = weights * (len(y) / weights.sum())
        fits = [
            fit for shrinkage in _SHRINKAGES for fit in _fit_ridges(X, targets, weights, shrinkage)
        ]
        best = min(fits, key=lambda fit: fit.log_loss)
        scale = best.scale if self.calibrate else 1.0
        # Scores sum to 1; what all classes share says nothing for any of them.
        coef = best.coef.T * scale  # [c, e]
        intercept = (best.intercept - best.intercept.mean()) * scale  # [c]
        if len(self.classes_) == 2:
            coef, intercept = coef[1:] - coef[:1], intercept[1:] - intercept[:1]  # [1, e], [1]
        self.coef_, self.intercept_ = coef, intercept
        self.mean_ = X.mean(axis=0, dtype=np.float64)
        self.shrinkage_, self.penalty_ = best.shrinkage, best.penalty
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Decision values float64 [m, n_classes]; [m] for two classes, positive for the second."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        values = X @ self.coef_.T + self.intercept_  # [m, c]
        return values[:, 0] if len(self.classes_) == 2 else values

    def predict(self, X: Any) -> np.ndarray:
        """Give the class with the highest decision value [m]."""
        values = self.decision_function(X)
        best = (values > 0).astype(int) if values.ndim == 1 else values.argmax(axis=1)
        return self.classes_[best]

    @available_if(lambda self: self.calibrate)
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class, float64 [m, n_classes]; there if ``calibrate``."""
        values = self.decision_function(X)
        if values.ndim == 1:
            values = np.stack([np.zeros_like(values), values], axis=1)  # [m, 2]
        return softmax(values, axis=1)


def check_classes(labels: np.ndarray, *, calibrate: bool) -> None:
    """Refuse labels [n] that nothing can be learnt from.

    Raises
    ------
    InputValueError
        There is one class only, or a class has one member and probabilities are to be calibrated.
    """
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) == 0:
        raise InputValueError("There is nothing to learn from; pass examples of two classes.")
    if len(classes) < 2:
        raise InputValueError(
            f"There is one class only, {classes.tolist()[0]!r}. A classifier needs two classes or "
            "more; add examples of another class."
        )
    single = classes[counts == 1].tolist()
    if single and calibrate:
        raise InputValueError(
            f"Class {single[0]!r} has one member only ({len(single)} such of {len(classes)} "
            "classes): nothing tells how sure of it to be. Add another example of it, leave it "
            "out, or pass calibrate=False."
        )


def class_weights(class_weight: Any, labels: np.ndarray) -> np.ndarray:
    """Weight of every label, float64 [n].

    Raises
    ------
    OptionError
        ``class_weight`` is not one of the choices, names other classes, or is not above 0.
    """
    try:
        weights: np.ndarray = compute_sample_weight(class_weight, labels)
        is_positive = bool((weights > 0).all())
    except (LookupError, TypeError, ValueError) as error:
        raise OptionError(
            "class_weight",
            class_weight,
            ["balanced", None],
            f"Or a dict with a weight for each of the classes {np.unique(labels).tolist()}.",
        ) from error
    if not is_positive:
        raise OptionError(
            "class_weight",
            class_weight,
            hint="Pass weights above 0; leave out examples of a class that is not to count.",
        )
    return weights


@dataclass(frozen=True)
class _Fit:
    """One regularisation: what it is, how it does on documents left out, and its solution."""

    shrinkage: float | None
    penalty: float
    log_loss: float
    scale: float  # what multiplies the scores to make them log-odds
    coef: np.ndarray  # [e, c], for vectors as they come
    intercept: np.ndarray  # [c]


def _fit_ridges(
    X: np.ndarray, targets: np.ndarray, weights: np.ndarray, shrinkage: float | None
) -> list[_Fit]:
    """Fit every penalty on vectors [n, e] whitened one way."""
    step = Whitening.fit(X, shrinkage=shrinkage)
    mean, matrix = step.mean.astype(np.float64), step.matrix.astype(np.float64)
    whitened = (X - mean) @ matrix  # [n, e]
    is_class = np.eye(targets.max() + 1)[targets]  # [n, c]
    centre, share = (np.average(a, axis=0, weights=weights) for a in (whitened, is_class))
    root = np.sqrt(weights)[:, None]  # [n, 1]
    spread, axes = np.linalg.eigh(((whitened - centre) * root).T @ ((whitened - centre) * root))
    spread = np.clip(spread, 0, None)  # [e]
    rotated = ((whitened - centre) * root) @ axes  # [n, e]
    squares = rotated**2
    projected = rotated.T @ ((is_class - share) * root)  # [e, c]
    fits = []
    for penalty in _PENALTIES:
        solution = projected / (spread + penalty)[:, None]  # [e, c]
        scores = rotated @ solution / root + share  # [n, c]
        leverage = squares @ (1 / (spread + penalty)) + weights / weights.sum()  # [n]
        left_out = is_class - (is_class - scores) / np.maximum(1 - leverage, 1e-9)[:, None]
        log_loss, scale = _fit_scale(left_out, is_class, weights)
        coef = axes @ solution  # [e, c]
        intercept = share - centre @ coef - mean @ matrix @ coef  # [c]
        fits.append(_Fit(shrinkage, penalty, log_loss, scale, matrix @ coef, intercept))
    return fits


def _fit_scale(
    scores: np.ndarray, is_class: np.ndarray, weights: np.ndarray
) -> tuple[float, float]:
    """Find the factor that makes scores [n, c] log-odds; give the log loss it leaves, and it.

    A class of n members is taken to be right in n + 1 of n + 2 cases at best (Platt, Probabilistic
    Outputs for Support Vector Machines, 1999): few examples never make quite sure.
    """
    centred = scores - scores.mean(axis=1, keepdims=True)
    unit = float(centred.std()) or 1.0
    n_classes = is_class.shape[1]
    doubt = is_class @ (1 / (is_class.sum(axis=0) + 2))  # [n]
    expected = np.where(is_class == 1, 1 - doubt[:, None], doubt[:, None] / (n_classes - 1))

    # Each row of what is expected sums to 1, so its log loss is the logarithm of the softmax's
    # divisor minus the score expected; the largest score is taken off, or exp would overflow.
    below = centred - centred.max(axis=1, keepdims=True)  # [n, c]
    wanted = (expected * below).sum(axis=1)  # [n]

    def log_loss(log_scale: float) -> float:
        factor = np.exp(log_scale) / unit
        losses = np.log(np.exp(below * factor).sum(axis=1)) - factor * wanted  # [n]
        return float(np.average(losses, weights=weights))

    found = minimize_scalar(log_loss, bounds=_LOG_SCALES, method="bounded")
    return float(found.fun), float(np.exp(found.x) / unit)
