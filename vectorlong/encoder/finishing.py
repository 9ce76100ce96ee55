"""From pooled vectors to those that the caller gets: post-processed, cut, scaled, on the CPU."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vectorlong.errors import InputValueError
from vectorlong.postprocess import Postprocess
from vectorlong.vectors import unit_rows


def finish_vectors(
    vectors: Sequence[Tensor] | Tensor,
    width: int,
    *,
    postprocess: Postprocess | None,
    truncate_dim: int | None,
    normalize: bool,
    first: int,
) -> np.ndarray:
    """Make float32 [n, e'] of vectors [e] and apply the steps after pooling, in this order.

    Parameters
    ----------
    vectors
        On any device, in any float dtype; stacked already, [n, e], or not.
    width
        e, for where there are no vectors.
    postprocess, truncate_dim, normalize
        As in ``Longformer2Vec`` and its ``encode``.
    first
        Place of the first vector among the inputs, for messages.

    Raises
    ------
    InputValueError
        A vector is not finite; it is not handed on.
    """
    if len(vectors):
        together = vectors if isinstance(vectors, Tensor) else torch.stack(list(vectors))
        stacked = together.float().cpu().numpy()  # [n, e]
    else:
        stacked = np.zeros((0, width), dtype=np.float32)
    is_bad = ~np.isfinite(stacked).all(axis=1)
    if is_bad.any():
        raise InputValueError(
            f"The vector of inputs[{first + int(is_bad.argmax())}] is not finite. Half precision "
            "may have overflowed (use dtype='float32'), or the weights are damaged."
        )
    if postprocess is not None:
        stacked = postprocess(stacked)
    if truncate_dim is not None:
        stacked = stacked[:, :truncate_dim]
    if normalize:
        stacked = unit_rows(stacked)
    return np.ascontiguousarray(stacked, dtype=np.float32)
