"""Padded batches to packed rows and back, as ``transformers`` means its masks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vectorlong.attention.spec import PackedTexts


def is_packable(is_real: Tensor) -> bool:
    """Whether there are tokens, and no masked one between real ones.

    Packing would move the neighbours of such a hole closer.

    Parameters
    ----------
    is_real
        bool [b, n].
    """
    edges = F.pad(is_real.to(torch.int8), (1, 1)).diff(dim=1)  # [b, n + 1]
    n_stretches = (edges == 1).sum(1)  # [b]
    return len(n_stretches) > 0 and int(n_stretches.max()) == 1


def pack(is_real: Tensor, is_global: Tensor) -> PackedTexts:
    """Describe the rows of a batch as packed texts; rows without a real token vanish.

    Parameters
    ----------
    is_real, is_global
        bool [b, n].
    """
    lengths, positions = [], []
    for real, global_ in zip(is_real.cpu(), is_global.cpu(), strict=True):
        if length := int(real.sum()):
            lengths.append(length)
            positions.append(tuple(global_[real].nonzero().flatten().tolist()))
    return PackedTexts(tuple(lengths), tuple(positions))


def padding_rows(hidden_states: Tensor, is_real: Tensor, has_dropout: bool) -> Tensor:
    """Give the padded rows [p, e] of [b, n, e]; in inference a single one where all are equal.

    ``transformers`` zeroes what attention gives a padded row and carries it through the rest of
    the layer. Heads read those rows (question answering takes its softmax over them), so they are
    computed here too.
    """
    rows = hidden_states[~is_real]  # [p, e]
    is_inference = not (torch.is_grad_enabled() or has_dropout)
    if is_inference and len(rows) and bool((rows == rows[:1]).all()):
        return rows[:1].clone()
    return rows


def unpack(packed: Tensor, padding: Tensor, is_real: Tensor) -> Tensor:
    """Put packed rows [t, e] and padded rows [p, e] or [1, e] back into a batch [b, n, e]."""
    output = packed.new_empty(*is_real.shape, packed.shape[-1])  # [b, n, e]
    output[is_real] = packed
    output[~is_real] = padding
    return output
