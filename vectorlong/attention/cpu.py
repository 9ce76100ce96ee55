"""Sliding-window attention for inference on the CPU: few passes over memory, no copies of keys.

Each block of queries meets the one stretch of keys its windows cover, read in place. Only the
corners of a block's scores lie outside a window, so only they are masked. A global key inside the
stretch keeps its own column, visible to every query. Global keys outside it borrow columns: the
stretch is begun that many keys early, and the scores and weights of those columns are replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from vectorlong.attention.spec import AttentionSpec, PackedTexts

# Measured on AVX-512 machines (docs/performance.md): scores of a block then stay in cache.
_BLOCK_TOKENS = {torch.float32: 64, torch.bfloat16: 128}


def local_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    texts: PackedTexts,
    spec: AttentionSpec,
    dropout: float = 0.0,
    scale: float | None = None,
) -> Tensor:
    """Attend as :class:`vectorlong.attention.dispatch.LocalAttention` says, for inference.

    Tensors are float32 or bfloat16 on the CPU, of any strides but the last, which is 1; there are
    no gradients, no dropout, no dilation and no causal form.
    """
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    if factor != 1:
        query = query * factor
    output = torch.empty(query.shape, dtype=query.dtype)  # [t, h, d]
    for text, global_positions in texts:
        radius = spec.radius(text.stop - text.start)
        _attend_text(
            query[text].transpose(0, 1),  # [h, n, d]
            key[text].transpose(0, 1),
            value[text].transpose(0, 1),
            output[text].transpose(0, 1),
            global_positions,
            radius,
        )
    return output


def _attend_text(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    output: Tensor,
    global_positions: Sequence[int],
    radius: int,
) -> None:
    """Attend one text [h, n, d], writing into ``output`` [h, n, d]."""
    n_tokens = query.shape[1]
    block_tokens = _BLOCK_TOKENS.get(query.dtype, 64)
    for start in range(0, n_tokens, block_tokens):
        stop = min(start + block_tokens, n_tokens)
        first, last = max(start - radius, 0), min(stop + radius, n_tokens)
        outside = [p for p in global_positions if not first <= p < last]
        inside = [p for p in global_positions if first <= p < last]
        block = query[:, start:stop]  # [h, q, d]
        keys, values, n_borrowed = key[:, first:last], value[:, first:last], len(outside)
        if n_borrowed > first:  # too close to the text's start to borrow columns
            keys = torch.cat([key[:, outside], keys], dim=1)  # [h, g + k, d]
            values = torch.cat([value[:, outside], values], dim=1)
        elif n_borrowed:
            keys = key[:, first - n_borrowed : last]  # [h, g + k, d]
            values = value[:, first - n_borrowed : last]
        scores = torch.bmm(block, keys.transpose(1, 2))  # [h, q, g + k]
        _mask(scores[:, :, n_borrowed:], start - first, radius, [p - first for p in inside])
        if n_borrowed == 0 or n_borrowed > first:
            attended = torch.bmm(scores.softmax(-1), values)  # [h, q, d]
        else:
            scores[:, :, :n_borrowed] = torch.bmm(block, key[:, outside].transpose(1, 2))
            weights = scores.softmax(-1)
            borrowed = weights[:, :, :n_borrowed].clone()  # [h, q, g]
            weights[:, :, :n_borrowed] = 0
            attended = torch.baddbmm(torch.bmm(weights, values), borrowed, value[:, outside])
        output[:, start:stop] = attended


def _mask(scores: Tensor, n_before: int, radius: int, visible_columns: Sequence[int]) -> None:
    """Hide in place what lies outside the windows of a block: scores [h, q, k].

    Row i stands at column ``n_before + i``; ``visible_columns`` are visible to every row.
    """
    n_rows, n_columns = scores.shape[1], scores.shape[2]
    mask = _band(n_rows, n_columns, n_before, radius, scores.dtype)
    if mask is None:
        return
    if visible_columns:
        mask = mask.clone()
        mask[:, list(visible_columns)] = 0
    # Only the first and the last columns can lie outside some row's window.
    n_left = min(max(n_before + n_rows - 1 - radius, 0), n_columns)
    n_right = max(n_columns - max(n_before + radius + 1, n_left), 0)
    if n_left:
        scores[:, :, :n_left] += mask[:, :n_left]
    if n_right:
        scores[:, :, n_columns - n_right :] += mask[:, n_columns - n_right :]


@lru_cache(maxsize=64)
def _band(
    n_rows: int, n_columns: int, n_before: int, radius: int, dtype: torch.dtype
) -> Tensor | None:
    """Give the band as 0 and -inf [q, k]; None where every row sees every column."""
    rows = torch.arange(n_rows)[:, None] + n_before
    columns = torch.arange(n_columns)[None, :]
    hidden = (columns - rows).abs() > radius  # [q, k]
    if not hidden.any():
        return None
    return torch.zeros(n_rows, n_columns, dtype=dtype).masked_fill(hidden, float("-inf"))
