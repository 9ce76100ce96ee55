"""Whitening as a scikit-learn transformer that an encoder takes as its last step."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from vectorlong.postprocess import Postprocess, Whitening


class Whitener(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Centre vectors, rotate them to their principal axes, and give these equal spread.

    Directions that all vectors of an encoder share say nothing about any of them; whitening takes
    them out. A fitted whitener is also a post-processing step:
    ``Longformer2Vec(..., postprocess=whitener)`` whitens every vector, and ``save`` keeps it with
    the model.

    Parameters
    ----------
    n_dimensions
        How many axes to keep, those of largest spread first; None keeps all.
    shrinkage
        How far the measured spread is drawn towards equal spread, 0 to 1; None estimates it.

    Attributes
    ----------
    mean_
        float32 [e].
    matrix_
        float32 [e, e'].
    n_features_in_
        Width e.

    See Also
    --------
    vectorlong.postprocess.Whitening : the step itself, without scikit-learn.

    Examples
    --------
    >>> vectors = np.random.default_rng(0).normal(3, (1, 2, 4), (500, 3))
    >>> whitened = Whitener(n_dimensions=2, shrinkage=0).fit_transform(vectors)
    >>> np.cov(whitened.T).round(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    kind: ClassVar[str] = Whitening.kind

    def __init__(self, n_dimensions: int | None = None, *, shrinkage: float | None = None) -> None:
        self.n_dimensions = n_dimensions
        self.shrinkage = shrinkage

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the axes from the vectors of a corpus.

        Parameters
        ----------
        X
            [n, e], n >= 2.
        y
            Ignored.

        Raises
        ------
        InputValueError
            There are fewer than two different vectors, or without shrinkage more axes are to be
            kept than they span.
        OptionError
            ``n_dimensions`` or ``shrinkage`` is out of range.
        """
        X = validate_data(self, X, dtype=[np.float64, np.float32], ensure_min_samples=2)
        step = Whitening.fit(X, self.n_dimensions, shrinkage=self.shrinkage)
        self.mean_, self.matrix_ = step.mean, step.matrix
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Whiten vectors [n, e] to [n, e'], in the dtype they have."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return (X - self.mean_) @ self.matrix_.astype(X.dtype)  # [n, e']

    @property
    def _n_features_out(self) -> int:
        return int(self.matrix_.shape[1])

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn that both float widths are kept."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    # --- as an encoder's postprocess -----------------------------------------------------------

    def _step(self) -> Whitening:
        check_is_fitted(self)
        return Whitening(self.mean_, self.matrix_)

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Whiten float32 vectors [n, e], as :class:`vectorlong.postprocess.Whitening` does."""
        return self._step()(vectors)

    def width(self, e: int) -> int:
        """Width e' that vectors of width ``e`` get."""
        return self._step().width(e)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what determines the result; that of the step saved."""
        return self._step().fingerprint

    def config(self) -> Mapping[str, Any]:
        """Give the JSON-compatible part of what an encoder saves."""
        return self._step().config()

    def state(self) -> Mapping[str, np.ndarray]:
        """Give the arrays that an encoder saves."""
        return self._step().state()

    def save(self, path: Path) -> None:
        """Write the step to a file that :func:`vectorlong.postprocess.load_postprocess` reads."""
        self._step().save(path)


# An encoder asks for a Postprocess; inheriting from it would register a second kind of file.
Postprocess.register(Whitener)
