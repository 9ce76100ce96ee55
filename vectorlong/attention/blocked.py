"""Sliding-window attention in blocks of queries on ``scaled_dot_product_attention``.

Each block of consecutive queries attends to just the stretch of keys its windows cover, behind
the text's global keys, in one softmax. Runs on every device and is differentiable. Texts are
walked one by one, so there is no padding to the window, to a block, or to the longest text.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from vectorlong.attention.spec import AttentionSpec, PackedTexts

# Smaller blocks waste fewer scores outside the windows, larger ones need fewer calls.
BLOCK_TOKENS = 128


def local_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    texts: PackedTexts,
    spec: AttentionSpec,
    dropout: float = 0.0,
    scale: float | None = None,
) -> Tensor:
    """Attend as :class:`vectorlong.attention.dispatch.LocalAttention` says: all of it."""
    # Split, not sliced: the gradient of a slice is as large as the whole pack, for every text.
    queries, keys, values = (tensor.split(texts.lengths) for tensor in (query, key, value))
    return torch.cat(
        [
            _attend_text(*tensors, spec, dropout, scale)
            for tensors in zip(queries, keys, values, texts.global_positions, strict=True)
        ]
    )


def _attend_text(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    global_positions: Sequence[int],
    spec: AttentionSpec,
    dropout: float,
    scale: float | None,
) -> Tensor:
    """Attend one text [n, h, d], each group of heads with its own dilation."""
    n_tokens, n_heads, _ = query.shape
    attend = partial(
        _attend_blocks,
        global_positions=global_positions,
        radius=spec.radius(n_tokens),
        causal=spec.causal,
        dropout=dropout,
        scale=scale,
    )
    groups = spec.heads_by_dilation(n_heads, n_tokens)
    if len(groups) == 1 and groups[0][0] == 1:
        return attend(query, key, value, key, value, torch.arange(n_tokens))
    output = torch.empty_like(query)  # [n, h, d]
    for dilation, heads in groups:
        # A dilated window is an ordinary window on each interleaved subsequence of the tokens.
        for first in range(min(dilation, n_tokens)):
            output[first::dilation, heads] = attend(
                query[first::dilation, heads],
                key[first::dilation, heads],
                value[first::dilation, heads],
                key[:, heads],
                value[:, heads],
                torch.arange(first, n_tokens, dilation),
            )
    return output


def _attend_blocks(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    text_key: Tensor,
    text_value: Tensor,
    positions: Tensor,
    *,
    global_positions: Sequence[int],
    radius: int,
    causal: bool,
    dropout: float,
    scale: float | None,
) -> Tensor:
    """Undilated windows over a subsequence [m, h, d] whose tokens stand at ``positions`` [m]."""
    n_tokens = query.shape[0]
    sees_all_before = radius >= n_tokens - 1
    is_whole_text = n_tokens == text_key.shape[0]
    if sees_all_before and is_whole_text:  # every global key is inside the window already
        return _attend(query, key, value, None, causal, dropout, scale)
    global_index = torch.tensor(global_positions, dtype=torch.long)
    global_key = text_key[global_index.to(key.device)]  # [g, h, d]
    global_value = text_value[global_index.to(key.device)]  # [g, h, d]
    is_global = torch.isin(positions, global_index)  # [m]
    block_tokens = n_tokens if sees_all_before else BLOCK_TOKENS
    parts = []
    for start in range(0, n_tokens, block_tokens):
        stop = min(start + block_tokens, n_tokens)
        key_start, key_stop = max(start - radius, 0), min(stop + radius, n_tokens)
        rows = torch.arange(start, stop)[:, None]
        columns = torch.arange(key_start, key_stop)[None, :]
        visible = ((columns - rows).abs() <= radius) & ~is_global[key_start:key_stop]
        global_visible = torch.ones(stop - start, len(global_index), dtype=torch.bool)
        if causal:
            visible &= columns <= rows
            global_visible = global_index[None, :] <= positions[start:stop, None]  # [m, g]
        parts.append(
            _attend(
                query[start:stop],
                torch.cat([global_key, key[key_start:key_stop]]),
                torch.cat([global_value, value[key_start:key_stop]]),
                torch.cat([global_visible, visible], dim=1).to(query.device),
                False,
                dropout,
                scale,
            )
        )
    return torch.cat(parts)


def _attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    visible: Tensor | None,
    causal: bool,
    dropout: float,
    scale: float | None,
) -> Tensor:
    """One block: [q, h, d] against [k, h, d] under a mask bool [q, k]; gives [q, h, d]."""
    queries, keys, values = (
        tensor.transpose(0, 1)[None] for tensor in (query, key, value)
    )  # [1, h, *, d]
    mask = None if visible is None else visible[None, None]  # [1, 1, q, k]
    attended = F.scaled_dot_product_attention(
        queries, keys, values, mask, dropout_p=dropout, is_causal=causal, scale=scale
    )  # [1, h, q, d]
    if not dropout and attended.requires_grad:
        attended = _DifferentiableTwice.apply(attended, queries, keys, values, mask, causal, scale)
    return attended.squeeze(0).transpose(0, 1)  # [q, h, d]


class _DifferentiableTwice(torch.autograd.Function):
    """Attention already computed, whose gradient has a gradient, too.

    Torch's fast attention has none. Where one is asked for (``create_graph``), the gradient is
    that of torch's plain attention instead; otherwise it passes on to the fast one.
    """

    @staticmethod
    def forward(
        attended: Tensor,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        visible: Tensor | None,
        causal: bool,
        scale: float | None,
    ) -> Tensor:
        """Give what was computed [1, h, q, d]."""
        return attended.view_as(attended)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Keep what the gradient's gradient depends on; the fast attention keeps it anyway."""
        _, query, key, value, visible, ctx.causal, ctx.scale = inputs
        ctx.save_for_backward(query, key, value, visible)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Give the gradients of every input of ``forward``."""
        (gradient,) = gradients
        if not torch.is_grad_enabled():  # no graph of this is wanted
            return gradient, *[None] * 6
        query, key, value, visible = ctx.saved_tensors
        with sdpa_kernel(SDPBackend.MATH):
            attended = F.scaled_dot_product_attention(
                query, key, value, visible, is_causal=ctx.causal, scale=ctx.scale
            )
        inputs = [tensor for tensor in (query, key, value) if tensor.requires_grad]
        found = iter(torch.autograd.grad(attended, inputs, gradient, create_graph=True))
        of_inputs = [next(found) if each.requires_grad else None for each in (query, key, value)]
        return None, *of_inputs, None, None, None
