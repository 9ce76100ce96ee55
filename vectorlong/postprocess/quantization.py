"""Vectors in fewer bits."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from vectorlong.errors import InputValueError, OptionError
from vectorlong.vectors import check_vectors

Precision = Literal["float32", "float16", "int8", "uint8", "binary", "ubinary"]

_N_BINS = 255


def quantize(
    vectors: np.ndarray, precision: Precision, *, ranges: np.ndarray | None = None
) -> np.ndarray:
    """Store vectors in fewer bits; the same values as sentence-transformers' quantize_embeddings.

    Parameters
    ----------
    vectors
        [n, e], any float dtype.
    precision
        ``"float32"``; ``"float16"``; ``"int8"`` and ``"uint8"``: 256 steps of each dimension's
        range; ``"binary"`` (int8) and ``"ubinary"`` (uint8): one bit a dimension, eight a byte.
    ranges
        [2, e]: smallest and largest value of each dimension, for int8 and uint8. None takes them
        from ``vectors``: then a vector's code depends on the vectors beside it, so pass the ranges
        of a corpus wherever vectors of several calls are compared.

    Returns
    -------
    numpy.ndarray
        [n, e], or [n, ceil(e / 8)] for the binary precisions.

    Raises
    ------
    OptionError
        The precision is unknown.
    InputValueError
        The vectors or ranges are not as described, a value does not fit into float16, or ranges
        are to be taken from fewer than two vectors.

    Examples
    --------
    >>> quantize(np.array([[0.5, -1.0, 2.0]]), "ubinary").tolist()
    [[160]]
    """
    if precision not in get_args(Precision):
        raise OptionError("precision", precision, get_args(Precision))
    vectors = check_vectors(vectors)
    if precision == "float32":
        return vectors.copy()
    if precision == "float16":
        largest = float(np.abs(vectors).max(initial=0))
        if largest > float(np.finfo(np.float16).max):
            raise InputValueError(
                f"The value {largest:g} does not fit into float16. Normalise the vectors first."
            )
        return vectors.astype(np.float16)
    if precision in ("int8", "uint8"):
        return _quantize_to_bins(vectors, precision, ranges)
    packed = np.packbits(vectors > 0, axis=1)  # [n, ceil(e / 8)]
    return packed if precision == "ubinary" else (packed ^ 0x80).view(np.int8)


def _quantize_to_bins(vectors: np.ndarray, precision: str, ranges: np.ndarray | None) -> np.ndarray:
    """Return the number of the bin that each value [n, e] falls into."""
    if ranges is None:
        if len(vectors) < 2:
            raise InputValueError(
                f"{precision} needs ranges: {len(vectors)} vectors do not show them. Pass "
                "ranges=np.stack([corpus.min(0), corpus.max(0)])."
            )
        ranges = np.stack([vectors.min(axis=0), vectors.max(axis=0)])  # [2, e]
    ranges = check_vectors(ranges)
    if ranges.shape != (2, vectors.shape[1]) or (ranges[0] > ranges[1]).any():
        raise InputValueError(
            f"ranges has shape {ranges.shape} for vectors {vectors.shape}. Pass [2, e]: the "
            "smallest and the largest value of each dimension."
        )
    steps = (ranges[1] - ranges[0]) / _N_BINS  # [e]
    bins = np.floor((vectors - ranges[0]) / np.where(steps == 0, 1, steps))  # [n, e]
    codes = np.clip(bins, 0, _N_BINS).astype(np.uint8)
    return codes if precision == "uint8" else (codes ^ 0x80).view(np.int8)
