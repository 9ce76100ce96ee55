"""Sliding-window attention for GPUs on torch's FlexAttention: one kernel over a whole pack.

The pattern is a predicate over (head, query, key); FlexAttention skips the tiles it leaves empty.
The kernel is compiled on the first call. Held to the reference on the CPU, where the predicate
runs uncompiled; not yet measured on a GPU, so ``attention="auto"`` does not choose it.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

from vectorlong.attention.spec import AttentionSpec, PackedTexts


def local_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    texts: PackedTexts,
    spec: AttentionSpec,
    dropout: float = 0.0,
    scale: float | None = None,
) -> Tensor:
    """Attend as :class:`vectorlong.attention.dispatch.LocalAttention` says, without dropout."""
    mask = _block_mask(texts, spec, query.shape[1], query.device)
    kernel = _compiled() if query.is_cuda else flex_attention
    attended = kernel(
        query.transpose(0, 1)[None],  # [1, h, t, d]
        key.transpose(0, 1)[None],
        value.transpose(0, 1)[None],
        block_mask=mask,
        scale=scale,
    )  # [1, h, t, d]
    return attended[0].transpose(0, 1)  # [t, h, d]


@cache
def _compiled() -> Any:
    """Compile once a process; shapes vary from pack to pack."""
    return torch.compile(flex_attention, dynamic=True)


@lru_cache(maxsize=16)
def _block_mask(
    texts: PackedTexts, spec: AttentionSpec, n_heads: int, device: torch.device
) -> BlockMask:
    """Build the pattern of a pack; layers with the same pattern share it."""
    lengths = torch.tensor(texts.lengths, device=device)
    text_of = torch.repeat_interleave(torch.arange(len(lengths), device=device), lengths)  # [t]
    is_global = torch.zeros(texts.n_tokens, dtype=torch.bool, device=device)  # [t]
    is_global[list(texts.packed_global_positions)] = True
    radii = torch.tensor([spec.radius(length) for length in texts.lengths], device=device)
    dilations = torch.ones(len(lengths), n_heads, dtype=torch.long)  # [b, h]
    for row, length in enumerate(texts.lengths):
        for dilation, heads in spec.heads_by_dilation(n_heads, length):
            dilations[row, heads] = dilation
    dilations = dilations.to(device)
    is_causal = spec.causal

    def sees(batch: Tensor, head: Tensor, row: Tensor, column: Tensor) -> Tensor:
        text = text_of[row]
        distance = column - row
        dilation = dilations[text, head]
        in_window = (distance.abs() <= dilation * radii[text]) & (distance % dilation == 0)
        visible = (text == text_of[column]) & (in_window | is_global[column])
        return visible & (distance <= 0) if is_causal else visible

    n_tokens = texts.n_tokens
    return create_block_mask(sees, None, n_heads, n_tokens, n_tokens, device=str(device))
