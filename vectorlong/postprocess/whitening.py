"""Whitening: directions that all vectors share say nothing about any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from vectorlong.errors import InputValueError, OptionError
from vectorlong.postprocess.step import Postprocess
from vectorlong.vectors import check_vectors

_CHUNK_VECTORS = 8_192


class Whitening(Postprocess, kind="whitening"):
    """Centre vectors, rotate them to their principal axes and scale these to equal spread.

    Parameters
    ----------
    mean
        float32 [e].
    matrix
        float32 [e, e']: the rotation, each column scaled.

    Raises
    ------
    InputValueError
        The two do not fit each other, or hold NaN or infinity.

    References
    ----------
    Su et al., Whitening Sentence Representations for Better Semantics and Faster Retrieval,
    arXiv:2103.15316. Shrinkage: Chen et al., Shrinkage Algorithms for MMSE Covariance Estimation,
    IEEE Trans. Signal Processing 58 (2010), equation 23.
    """

    def __init__(self, mean: np.ndarray, matrix: np.ndarray) -> None:
        self.matrix = check_vectors(matrix)
        self.mean = check_vectors(np.atleast_2d(mean))[0]
        if len(self.mean) != len(self.matrix):
            raise InputValueError(
                f"A mean of width {len(self.mean)} does not fit a matrix {self.matrix.shape}."
            )

    @classmethod
    def fit(
        cls,
        vectors: np.ndarray,
        n_dimensions: int | None = None,
        *,
        shrinkage: float | None = None,
    ) -> Self:
        """Learn the transformation from a corpus.

        Parameters
        ----------
        vectors
            [n, e], n >= 2.
        n_dimensions
            How many axes to keep, those of largest spread first; None for all.
        shrinkage
            How far the covariance is drawn towards that of a sphere, from 0 (not at all) to 1;
            None estimates it (oracle approximating shrinkage): near 0 where n is much larger
            than e, and what keeps the axes without data from being blown up where it is not.

        Returns
        -------
        Whitening
            The fitted step.

        Raises
        ------
        InputValueError
            There are fewer than two different vectors, or without shrinkage more axes are to be
            kept than the vectors span.
        OptionError
            ``n_dimensions`` or ``shrinkage`` is out of range.
        """
        vectors = check_vectors(vectors)
        n_vectors, e = vectors.shape
        kept = e if n_dimensions is None else n_dimensions
        if not isinstance(kept, int | np.integer) or not 1 <= kept <= e:
            raise OptionError("n_dimensions", n_dimensions, hint=f"Pass 1 to {e}.")
        is_number = isinstance(shrinkage, int | float | np.number)
        if shrinkage is not None and not (is_number and 0 <= shrinkage <= 1):
            raise OptionError("shrinkage", shrinkage, hint="Pass 0 to 1, or None to estimate it.")
        mean = vectors.sum(axis=0, dtype=np.float64) / max(n_vectors, 1)  # [e]
        variances, axes = np.linalg.eigh(_covariance(vectors, mean))  # [e], [e, e]
        variances, axes = np.clip(variances[::-1], 0, None), axes[:, ::-1]
        noise = variances[0] * e * np.finfo(np.float64).eps
        rank = int((variances > noise).sum())
        if n_vectors < 2 or rank == 0:
            raise InputValueError(
                f"Whitening needs at least two different vectors; {n_vectors} were passed, "
                "without any spread. Pass the vectors of a corpus."
            )
        amount = _estimate_shrinkage(variances, n_vectors) if shrinkage is None else shrinkage
        if amount == 0 and rank < kept:
            raise InputValueError(
                f"{n_vectors} vectors span {rank} dimensions; {kept} cannot be whitened without "
                f"shrinkage. Pass n_dimensions={rank} or less, more vectors, or shrinkage=None."
            )
        scales = ((1 - amount) * variances + amount * variances.mean())[:kept] ** -0.5  # [e']
        # An axis has no direction of its own; fix it, so that equal data give equal vectors.
        largest = np.abs(axes).argmax(axis=0)
        axes = axes * np.sign(axes[largest, np.arange(e)])
        return cls(mean, axes[:, :kept] * scales)

    def _apply(self, vectors: np.ndarray) -> np.ndarray:
        self.width(vectors.shape[1])
        return (vectors - self.mean) @ self.matrix  # [n, e']

    def width(self, e: int) -> int:
        """Return the width that vectors of width ``e`` get."""
        if e != len(self.mean):
            raise InputValueError(
                f"This whitening was fitted on vectors of width {len(self.mean)}, not {e}. Fit one "
                "on vectors of the encoder it is used with."
            )
        return int(self.matrix.shape[1])

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays that have to be saved."""
        return {"mean": self.mean, "matrix": self.matrix}

    @classmethod
    def restore(cls, config: Mapping[str, Any], state: Mapping[str, np.ndarray]) -> Self:
        """Make the step again from what was saved."""
        return cls(state["mean"], state["matrix"])


def _covariance(vectors: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Sum up the covariance [e, e] in float64, a piece of the vectors [n, e] at a time."""
    total = np.zeros((vectors.shape[1],) * 2)
    for start in range(0, len(vectors), _CHUNK_VECTORS):
        centred = vectors[start : start + _CHUNK_VECTORS] - mean
        total += centred.T @ centred
    return total / max(len(vectors), 1)


def _estimate_shrinkage(variances: np.ndarray, n_vectors: int) -> float:
    """Estimate how far to trust variances [e] measured on so many vectors (see Whitening)."""
    mean_square = (variances**2).mean()
    square_mean = variances.mean() ** 2
    spread = mean_square - square_mean
    if spread <= 0:
        return 1.0
    # Without the paper's factor of 2 / e, which hardly counts for wide vectors (as scikit-learn).
    e = len(variances)
    return float(min(1.0, (mean_square + e * square_mean) / ((n_vectors + 1) * spread)))
