"""Nearest-neighbour classification on FAISS, as a scikit-learn classifier."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import normalize
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from vectorlong.checks import check_count
from vectorlong.classify.checks import check_none_missing
from vectorlong.errors import InputValueError, OptionError
from vectorlong.vector_index.faiss_kinds import Kind, check_kind, check_metric, choose_kind
from vectorlong.vector_index.row_index import RowIndex, search_rows

WEIGHTS = ("uniform", "distance")
# Vectors compared at once when distances are taken again exactly.
_CHUNK_QUERIES = 256


class FaissKNeighborsClassifier(ClassifierMixin, BaseEstimator):
    """Classify a vector as most of its nearest neighbours are.

    Parameters
    ----------
    n_neighbors
        How many neighbours vote.
    weights
        "uniform": every neighbour counts alike. "distance": by the inverse of its distance; where
        neighbours lie at distance 0, only these count.
    metric
        "cosine" (distance 1 - cosine), "l2" (Euclidean distance) or "inner_product" (distance is
        minus the inner product; for ``weights="uniform"`` only).
    kind
        "auto" (exact up to 50,000 vectors, then compressed and re-ranked), "flat" (exact), any
        other kind of :class:`vectorlong.VectorIndex`, or any ``index_factory`` string of FAISS.

    Attributes
    ----------
    classes_
        The classes, sorted.
    n_features_in_
        Width e of the vectors.
    n_samples_fit_
        How many vectors there are to be near to.

    Notes
    -----
    FAISS proposes neighbours in float32; their distances are then taken in float64, so that they do
    not depend on which other vectors are asked about at the same time.

    Examples
    --------
    >>> vectors = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])
    >>> classifier = FaissKNeighborsClassifier(2).fit(vectors, ["x", "x", "y", "y"])
    >>> classifier.predict([[0.8, 0.3]]).tolist()
    ['x']
    """

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        weights: str = "uniform",
        metric: str = "cosine",
        kind: str = "auto",
    ) -> None:
        self.n_neighbors = n_neighbors
        self.weights = weights
        self.metric = metric
        self.kind = kind

    def fit(self, X: Any, y: Any) -> Self:
        """Keep the vectors and build the index.

        Parameters
        ----------
        X
            [n, e].
        y
            [n]: their classes.

        Raises
        ------
        OptionError
            An option has a value outside its choices.
        InputValueError
            A label is missing, or the kind needs more vectors to be trained on.
        ValueError
            scikit-learn: ``X`` or ``y`` is not as described, or holds NaN.
        """
        metric = check_metric(self.metric)
        if self.weights not in WEIGHTS:
            raise OptionError("weights", self.weights, WEIGHTS)
        if self.weights == "distance" and metric == "inner_product":
            raise OptionError(
                "weights", self.weights, ["uniform"], "An inner product is no distance to invert."
            )
        check_count("n_neighbors", self.n_neighbors)
        check_none_missing(y, "y")
        X, y = validate_data(self, X, y, dtype=np.float32, order="C")
        check_classification_targets(y)
        n_samples, dim = X.shape
        kind = choose_kind(check_kind(self.kind, dim, metric), n_samples)
        self.classes_, self._y = np.unique(y, return_inverse=True)
        self._vectors = normalize(X) if metric == "cosine" else X
        self._metric = metric
        self._row_index = None if kind.factory is None else self._build(kind)
        self.n_samples_fit_ = n_samples
        return self

    def kneighbors(
        self, X: Any, n_neighbors: int | None = None, return_distance: bool = True
    ) -> tuple[np.ndarray, np.ndarray] | np.ndarray:
        """Find the nearest of the vectors fitted.

        Parameters
        ----------
        X
            [m, e].
        n_neighbors
            How many; ``n_neighbors`` of the classifier where not given.
        return_distance
            Give the distances too.

        Returns
        -------
        tuple or numpy.ndarray
            Distances float64 [m, k], nearest first, and rows int64 [m, k] of the vectors fitted; or
            the rows alone.

        Raises
        ------
        OptionError
            ``n_neighbors`` is below 1.
        InputValueError
            There are fewer vectors than neighbours asked for.
        """
        check_is_fitted(self)
        k = check_count("n_neighbors", self.n_neighbors if n_neighbors is None else n_neighbors)
        if k > self.n_samples_fit_:
            raise InputValueError(
                f"Expected n_neighbors <= n_samples_fit, but n_neighbors = {k}, n_samples_fit = "
                f"{self.n_samples_fit_}. Ask for fewer neighbours, or fit more vectors."
            )
        X = validate_data(self, X, dtype=np.float32, order="C", reset=False)
        queries = normalize(X) if self._metric == "cosine" else X
        _, rows = search_rows(self._vectors, self._row_index, queries, k, self._metric)  # [m, k]
        distances = self._distances(queries, rows)
        # The rows break ties, so that equal distances give the same order every time.
        order = np.lexsort((rows, distances), axis=1)
        distances = np.take_along_axis(distances, order, axis=1)
        rows = np.take_along_axis(rows, order, axis=1)
        return (distances, rows) if return_distance else rows

    def predict_proba(self, X: Any) -> np.ndarray:
        """Share of the neighbours' votes that each class has, float64 [m, n_classes]."""
        distances, rows = self.kneighbors(X)
        votes = np.ones_like(distances)  # [m, k]
        if self.weights == "distance":
            is_same = distances == 0
            with np.errstate(divide="ignore"):
                votes = np.where(is_same.any(axis=1, keepdims=True), is_same, 1 / distances)
        n_queries = len(rows)
        shares = np.zeros((n_queries, len(self.classes_)))  # [m, n_classes]
        np.add.at(shares, (np.arange(n_queries)[:, None], self._y[rows]), votes)
        return shares / shares.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """Give the class with most votes [m]; among equals the first in ``classes_``."""
        shares = self.predict_proba(X)
        return self.classes_[shares.argmax(axis=1)]

    def _build(self, kind: Kind) -> RowIndex:
        """Train a FAISS index on the vectors fitted and put them into it."""
        try:
            return RowIndex.build(self._vectors, kind, self._metric)
        except RuntimeError as error:
            raise InputValueError(
                f"kind={self.kind!r} cannot be built over {len(self._vectors)} vectors "
                f"(n_samples={len(self._vectors)}): {error} Fit more vectors, or use kind='flat'."
            ) from error

    def _distances(self, queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Distances float64 [m, k] of queries [m, e] to their neighbours."""
        distances = np.empty(rows.shape)
        for start in range(0, len(rows), _CHUNK_QUERIES):
            part = slice(start, start + _CHUNK_QUERIES)
            asked = queries[part, None].astype(np.float64)  # [c, 1, e]
            found = self._vectors[rows[part]].astype(np.float64)  # [c, k, e]
            if self._metric == "inner_product":
                distances[part] = -(asked * found).sum(axis=2)
                continue
            squared = ((asked - found) ** 2).sum(axis=2)  # [c, k]
            if self._metric == "cosine":
                # For vectors of length 1 this is 1 - cosine, without the cancellation that would
                # make identical vectors differ. A zero vector has cosine 0 to all.
                n_zeros = (~asked.any(axis=2)).astype(int) + ~found.any(axis=2)
                distances[part] = (squared + n_zeros) / 2
            else:
                distances[part] = np.sqrt(squared)
        return distances
