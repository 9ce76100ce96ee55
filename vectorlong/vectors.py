"""Arrays of vectors: what they have to be like, and vectors of length 1."""

from __future__ import annotations

import math
from typing import TypeGuard

import numpy as np

from vectorlong.errors import InputTypeError, InputValueError

# Squared lengths below this, or above its inverse, may not have been summed exactly in float32.
_LEAST_SQUARE = 1e-30


def check_vectors(vectors: object, name: str = "vectors", width: int | None = None) -> np.ndarray:
    """Return vectors as contiguous, finite float32 [n, e].

    Parameters
    ----------
    vectors
        An array of numbers, or what NumPy makes one of.
    name
        What the caller calls them, for messages.
    width
        The e that they must have; None for any.

    Raises
    ------
    InputTypeError
        They are no array of numbers.
    InputValueError
        They do not have that shape, or hold NaN or infinity (the first place is named).

    Examples
    --------
    >>> check_vectors([[1, 2]], "vectors", 2)
    array([[1., 2.]], dtype=float32)
    """
    array = as_numbers(vectors, name)
    if array.ndim != 2 or width not in (None, array.shape[1]):
        raise InputValueError(
            f"{name} has shape {array.shape}; expected (n, {'e' if width is None else width}). "
            "For a single vector pass vector[None]."
        )
    if not is_finite(array):
        row, column = np.argwhere(~np.isfinite(array))[0]
        raise InputValueError(
            f"{name} has {array[row, column]} at [{row}, {column}], in float32. Leave out vectors "
            "that are not finite numbers."
        )
    return array


def is_array(values: object) -> TypeGuard[np.ndarray]:
    """Whether something is an array of NumPy or what becomes one, as a tensor, and no sequence."""
    return hasattr(values, "__array__")


def as_numbers(values: object, name: str) -> np.ndarray:
    """Return an array of any shape as contiguous float32.

    Raises
    ------
    InputTypeError
        Its elements are no real numbers, or its rows differ in length.
    """
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise InputTypeError(f"{name} is no array of numbers ({error}).") from error
    if array.dtype.kind not in "fiu":
        raise InputTypeError(f"{name} is no array of real numbers: its dtype is {array.dtype}.")
    if array.dtype == np.float32:
        return np.ascontiguousarray(array) if array.ndim else array
    with np.errstate(over="ignore"):
        return array.astype(np.float32, order="C")


def is_finite(array: np.ndarray) -> bool:
    """Whether no value is NaN or infinite; one pass of BLAS where their squares are in range."""
    return math.isfinite(np.vdot(array, array)) or bool(np.isfinite(array).all())


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Return a copy with rows scaled to length 1 (float32 [n, e]); rows of zeros stay zeros.

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """
    scaled = np.array(vectors, dtype=np.float32, order="C")
    if len(scaled) == 1:  # one question, in a tenth of the time
        square = float(np.vdot(scaled, scaled))
        if _LEAST_SQUARE < square < 1 / _LEAST_SQUARE:
            scaled /= math.sqrt(square)
            return scaled
    squares = np.einsum("ne,ne->n", scaled, scaled)  # [n]
    if not _LEAST_SQUARE < squares.min(initial=1.0) <= squares.max(initial=1.0) < 1 / _LEAST_SQUARE:
        # Brings their squares back into the range of float32.
        largest = np.abs(scaled).max(axis=1, keepdims=True)  # [n, 1]
        largest[largest == 0] = 1.0
        scaled /= largest
        squares = np.einsum("ne,ne->n", scaled, scaled)
    squares[squares == 0] = 1.0
    scaled /= np.sqrt(squares)[:, None]
    return scaled
