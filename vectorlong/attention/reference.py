"""The dense oracle: Longformer attention written as its definition, with an n x n mask.

Slow and obviously right; every backend is held to it. Not for use on real texts.
"""

from __future__ import annotations

import torch
from torch import Tensor

from vectorlong.attention.spec import AttentionSpec, PackedTexts


def visible_keys(spec: AttentionSpec, n_tokens: int, n_heads: int, globals_: Tensor) -> Tensor:
    """Which keys each local query of one text sees.

    Parameters
    ----------
    spec
        The layer's pattern.
    n_tokens
        Length n of the text.
    n_heads
        Heads h.
    globals_
        bool [n]: the text's global tokens.

    Returns
    -------
    Tensor
        bool [h, n, n]: query, key.
    """
    positions = torch.arange(n_tokens, device=globals_.device)
    distance = positions[None, :] - positions[:, None]  # [n, n] key minus query
    visible = torch.zeros(
        n_heads, n_tokens, n_tokens, dtype=torch.bool, device=globals_.device
    )  # [h, n, n]
    for dilation, heads in spec.heads_by_dilation(n_heads, n_tokens):
        in_window = (distance.abs() <= dilation * spec.radius(n_tokens)) & (
            distance % dilation == 0
        )  # [n, n]
        visible[heads] = in_window | globals_[None, :]
    if spec.causal:
        visible &= distance <= 0
    return visible


def _softmax_attention(
    query: Tensor, key: Tensor, value: Tensor, visible: Tensor, scale: float | None = None
) -> Tensor:
    """Masked softmax attention of one text: [h, q, d], [h, n, d], [h, n, d], bool [h, q, n]."""
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    scores = (query.float() @ key.float().transpose(-1, -2)) * factor  # [h, q, n]
    weights = scores.masked_fill(~visible, float("-inf")).softmax(-1)
    return (weights @ value.float()).to(value.dtype)  # [h, q, d]


def local_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    texts: PackedTexts,
    spec: AttentionSpec,
    dropout: float = 0.0,
    scale: float | None = None,
) -> Tensor:
    """Attend as :class:`vectorlong.attention.dispatch.LocalAttention` says, without dropout.

    Raises
    ------
    ValueError
        ``dropout`` is not 0.
    """
    if dropout:
        raise ValueError(f"the reference has no attention dropout, got {dropout}; use 'blocked'.")
    parts = []
    for text, global_positions in texts:
        n_tokens = text.stop - text.start
        is_global = torch.zeros(n_tokens, dtype=torch.bool, device=query.device)
        is_global[list(global_positions)] = True
        visible = visible_keys(spec, n_tokens, query.shape[1], is_global)  # [h, n, n]
        queries, keys, values = (
            tensor[text].transpose(0, 1)
            for tensor in (query, key, value)  # [h, n, d]
        )
        attended = _softmax_attention(queries, keys, values, visible, scale)  # [h, n, d]
        parts.append(attended.transpose(0, 1))  # [n, h, d]
    return torch.cat(parts)


def global_attention(
    query: Tensor, key: Tensor, value: Tensor, texts: PackedTexts, spec: AttentionSpec
) -> Tensor:
    """Attention of the global queries over all tokens of their text, unfolded.

    Parameters
    ----------
    query
        [g, h, d]: the global projections' queries, in the order of
        ``texts.packed_global_positions``.
    key, value
        [t, h, d]: the global projections of every token.
    texts
        How the tokens divide into texts.
    spec
        Only ``causal`` matters here.

    Returns
    -------
    Tensor
        [g, h, d].
    """
    parts, done = [query[:0]], 0
    for text, positions in texts:
        if not positions:
            continue
        n_tokens = text.stop - text.start
        rows = query[done : done + len(positions)].transpose(0, 1)  # [h, g, d]
        done += len(positions)
        visible = torch.ones(1, len(positions), n_tokens, dtype=torch.bool, device=query.device)
        if spec.causal:
            key_positions = torch.arange(n_tokens, device=query.device)
            query_positions = torch.tensor(positions, device=query.device)
            visible = (key_positions[None, :] <= query_positions[:, None])[None]  # [1, g, n]
        keys, values = key[text].transpose(0, 1), value[text].transpose(0, 1)  # [h, n, d]
        parts.append(_softmax_attention(rows, keys, values, visible).transpose(0, 1))  # [g, h, d]
    return torch.cat(parts)
