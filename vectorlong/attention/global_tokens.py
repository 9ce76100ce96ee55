"""Global queries: each attends to every token of its text, with projections of its own.

With g global tokens the keys and values of the other tokens need not be projected. For a head with
global key projection (W_k, b_k), q . (W_k x + b_k) = (W_k^T q) . x + const, whatever x;
and sum_i a_i (W_v x_i + b_v) = W_v (sum_i a_i x_i) + b_v sum_i a_i. So the
projections are folded into the g queries and the g outputs, and two products of n x e x e become
two of n x (g h) x e: cheaper while g h < e. Past that the tokens are projected after all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vectorlong.attention.modules import is_plain
from vectorlong.attention.spec import AttentionSpec, PackedTexts

Projection = Callable[[Tensor], Tensor]


class GlobalProjections(Protocol):
    """The three projections that serve global queries only, each [*, e] -> [*, h d]."""

    @property
    def query_global(self) -> Projection:
        """Projection of the global tokens' queries."""

    @property
    def key_global(self) -> Projection:
        """Projection of every token's keys for global queries."""

    @property
    def value_global(self) -> Projection:
        """Projection of every token's values for global queries."""


def global_attention(
    hidden: Tensor,
    projections: GlobalProjections,
    n_heads: int,
    texts: PackedTexts,
    spec: AttentionSpec,
    dropout: float = 0.0,
) -> Tensor:
    """Attend from every global token to all tokens of its text.

    Source: arXiv:2004.05150, section 3.1 ("Global Attention", "Linear Projections for Global
    Attention"); the folding is described in this module's docstring.

    Parameters
    ----------
    hidden
        [t, e]: the layer's input.
    projections
        The layer's global projections. They are folded where each is a plain ``nn.Linear``;
        anything else (an adapter, a quantised layer, one with hooks) is called on the tokens.
    n_heads
        Heads h.
    texts
        How the tokens divide into texts, and which are global.
    spec
        Only ``causal`` matters here.
    dropout
        Probability of dropping an attention weight (training).

    Returns
    -------
    Tensor
        [g, h d], in the order of ``texts.packed_global_positions``.
    """
    index = torch.tensor(texts.packed_global_positions, dtype=torch.long, device=hidden.device)
    query = projections.query_global(hidden[index])  # [g, h d]
    query = query.unflatten(-1, (n_heads, -1))  # [g, h, d]
    query = query * query.shape[-1] ** -0.5
    key, value = projections.key_global, projections.value_global
    is_foldable = is_plain(key, nn.Linear) and is_plain(value, nn.Linear)
    # Up to so many globals in a text folding is cheaper.
    n_foldable = (hidden.shape[1] - 1) // n_heads if is_foldable else 0
    folded_query, shift = _fold(query, key) if n_foldable else (query, query)
    parts: list[Tensor | None] = []
    mixed, totals = [], []
    done = 0
    # Split, not sliced: the gradient of a slice is as large as the whole pack, for every text.
    for tokens, positions in zip(
        hidden.split(texts.lengths), texts.global_positions, strict=True
    ):  # [n, e]
        if not positions:
            continue
        rows = slice(done, done + len(positions))
        done = rows.stop
        visible = _visible(positions, len(tokens), hidden.device) if spec.causal else None
        if len(positions) > n_foldable:
            parts.append(_attend_projected(tokens, query[rows], key, value, visible, dropout))
            continue
        scores = folded_query[rows] @ tokens.T  # [g, h, n]
        if torch.is_grad_enabled():
            scores = scores + shift[rows]
        weights = _weights(scores, visible, dropout)
        mixed.append(weights.to(hidden.dtype) @ tokens)  # [g, h, e]
        totals.append(weights.sum(-1, keepdim=True))  # [g, h, 1]
        parts.append(None)
    unfolded = iter(_unfold(mixed, totals, value) if mixed else ())
    return torch.cat([next(unfolded) if part is None else part for part in parts])


def _visible(positions: tuple[int, ...], n_tokens: int, device: torch.device) -> Tensor:
    """Mark the keys that are not later than each global query: bool [g, n]."""
    keys = torch.arange(n_tokens, device=device)
    return keys[None, :] <= torch.tensor(positions, device=device)[:, None]


def _weights(scores: Tensor, visible: Tensor | None, dropout: float) -> Tensor:
    """Softmax of scores [g, h, n] in float32, whatever the dtype, with dropout."""
    if visible is not None:
        scores = scores.masked_fill(~visible[:, None, :], float("-inf"))
    return F.dropout(scores.softmax(-1, dtype=torch.float32), dropout, training=dropout > 0)


def _fold(query: Tensor, key: Any) -> tuple[Tensor, Tensor]:
    """Fold a linear key projection into the queries: [g, h, d] -> [g, h, e]; its bias's share.

    The bias adds the same to all scores of a query [g, h, 1], which the softmax takes out again:
    only its gradient needs it, which is zero and which distributed training waits for.
    """
    key_weight = key.weight.unflatten(0, (query.shape[1], -1))  # [h, d, e]
    folded_query = torch.bmm(query.transpose(0, 1), key_weight).transpose(0, 1)
    if key.bias is None:
        return folded_query, folded_query.new_zeros(len(query), 1, 1)
    bias = key.bias.unflatten(0, (query.shape[1], -1))  # [h, d]
    return folded_query, (query * bias).sum(-1, keepdim=True)


def _unfold(mixed: Sequence[Tensor], totals: Sequence[Tensor], value: Any) -> tuple[Tensor, ...]:
    """Apply a linear value projection to each text's weighted means [g, h, e] -> [g, h d]."""
    joined = torch.cat(list(mixed)).transpose(0, 1)  # [h, all g, e]
    value_weight = value.weight.unflatten(0, (len(joined), -1))  # [h, d, e]
    output = torch.bmm(joined, value_weight.transpose(1, 2)).transpose(0, 1)  # [all g, h, d]
    if value.bias is not None:
        # Dropped weights no longer add up to 1, so the bias takes their sum, not 1.
        bias = value.bias.unflatten(0, (len(joined), -1))  # [h, d]
        output = output + torch.cat(list(totals)).to(output.dtype) * bias
    return output.flatten(1).split([len(part) for part in mixed])


def _attend_projected(
    hidden: Tensor,
    query: Tensor,
    key: Projection,
    value: Projection,
    visible: Tensor | None,
    dropout: float,
) -> Tensor:
    """Project every token: hidden [n, e], query [g, h, d] -> [g, h d]."""
    n_heads = query.shape[1]
    keys = key(hidden).unflatten(-1, (n_heads, -1))  # [n, h, d]
    values = value(hidden).unflatten(-1, (n_heads, -1))  # [n, h, d]
    scores = torch.einsum("ghd,nhd->ghn", query, keys)
    weights = _weights(scores, visible, dropout).to(hidden.dtype)
    return torch.einsum("ghn,nhd->ghd", weights, values).flatten(1)  # [g, h d]
