"""What arrays of vectors have to be like."""

from __future__ import annotations

import numpy as np

from vectorlong.errors import InputValueError


def check_vectors(vectors: np.ndarray) -> np.ndarray:
    """Return vectors as finite float32 [n, e].

    Raises
    ------
    InputValueError
        They are not two-dimensional numbers, or hold NaN or infinity (the first place is named).
    """
    array = np.asarray(vectors)
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise InputValueError(
            f"Vectors have shape {array.shape} and dtype {array.dtype}. Pass numbers [n, e]; for a "
            "single vector, vector[None]."
        )
    with np.errstate(over="ignore"):
        array = array.astype(np.float32, copy=False)
    is_finite = np.isfinite(array)
    if not is_finite.all():
        row, column = np.argwhere(~is_finite)[0]
        raise InputValueError(
            f"vectors[{row}, {column}] is {array[row, column]} in float32. Leave out vectors that "
            "are not finite numbers."
        )
    return array
