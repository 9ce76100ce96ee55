"""One Longformer layer as a function of its parts.

The parts are handed in, so that this library's own modules and those of a ``transformers`` model
run through the same lines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vectorlong.attention.dispatch import Case, choose_backend
from vectorlong.attention.global_tokens import Projection, global_attention
from vectorlong.attention.spec import AttentionSpec, PackedTexts

# The feed-forward's wide intermediate stays in the processor's cache in pieces of this size.
FEED_FORWARD_TOKENS = 512


@dataclass(frozen=True)
class LayerParts:
    """The callables of one layer; each maps [*, width in] -> [*, width out].

    Attributes
    ----------
    query, key, value
        Projections of local attention.
    query_global, key_global, value_global
        Projections that serve global queries only.
    attention_output, attention_norm
        After attention: projection, and normalisation of the residual sum.
    up, activation, down, norm
        The feed-forward block and the normalisation of its residual sum.
    """

    query: Projection
    key: Projection
    value: Projection
    query_global: Projection
    key_global: Projection
    value_global: Projection
    attention_output: Projection
    attention_norm: Projection
    up: Projection
    activation: Callable[[Tensor], Tensor]
    down: Projection
    norm: Projection


def run_layer(
    parts: LayerParts,
    hidden: Tensor,
    texts: PackedTexts,
    spec: AttentionSpec,
    n_heads: int,
    backend: str = "auto",
    hidden_dropout: float = 0.0,
    attention_dropout: float = 0.0,
) -> Tensor:
    """Run one layer over packed texts.

    Parameters
    ----------
    parts
        The layer's parameters.
    hidden
        [t, e].
    texts
        How the t tokens divide into texts, and which are global.
    spec
        The layer's attention pattern.
    n_heads
        Heads h.
    backend
        ``"auto"`` or the name of an attention backend.
    hidden_dropout, attention_dropout
        Probabilities; pass 0 in evaluation.

    Returns
    -------
    Tensor
        [t, e].
    """
    query, key, value = (
        projection(hidden).unflatten(-1, (n_heads, -1))  # [t, h, d]
        for projection in (parts.query, parts.key, parts.value)
    )
    # Under autocast products have another dtype than what they are of.
    case = Case(query.device, query.dtype, attention_dropout, torch.is_grad_enabled(), spec)
    chosen = choose_backend(backend, case)
    attended = chosen.local_attention(query, key, value, texts, spec, attention_dropout)
    attended = attended.flatten(1)  # [t, e]
    if texts.packed_global_positions:
        replaced = global_attention(hidden, parts, n_heads, texts, spec, attention_dropout)
        index = torch.tensor(texts.packed_global_positions, device=hidden.device)
        attended = attended.index_copy(0, index, replaced.to(attended.dtype))
    return finish_layer(parts, hidden, attended, hidden_dropout)


def finish_layer(
    parts: LayerParts, hidden: Tensor, attended: Tensor, hidden_dropout: float = 0.0
) -> Tensor:
    """Run everything after attention, token by token.

    Parameters
    ----------
    parts
        The layer's parameters.
    hidden
        [t, e]: the layer's input, for the residual sum.
    attended
        [t, e]: what attention gave each token.
    hidden_dropout
        Probability; pass 0 in evaluation.

    Returns
    -------
    Tensor
        [t, e].
    """
    is_training = hidden_dropout > 0
    attended = F.dropout(parts.attention_output(attended), hidden_dropout, is_training)
    hidden = parts.attention_norm(attended + hidden)
    pieces = [
        F.dropout(parts.down(parts.activation(parts.up(piece))), hidden_dropout, is_training)
        for piece in hidden.split(FEED_FORWARD_TOKENS)
    ]
    return parts.norm(torch.cat(pieces) + hidden)
