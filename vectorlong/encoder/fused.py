"""The inference path on the CPU: the same layer, arranged for the processor.

Query, key and value are one product with the scale of the scores folded in; weights are packed
once into the layout oneDNN multiplies fastest, where that is measured to win on this machine; GELU
is part of the product before it; everything after attention runs in pieces of tokens that stay in
cache. Same numbers, other order.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers.activations import GELUActivation

from vectorlong.attention.dispatch import Case, choose_backend
from vectorlong.attention.global_tokens import global_attention
from vectorlong.attention.modules import is_plain
from vectorlong.attention.spec import AttentionSpec, PackedTexts
from vectorlong.encoder.layer import LayerParts

# Tokens in a piece: its feed-forward activations then stay in the processor's cache.
_PIECE_TOKENS = 256
_LINEARS = ("query", "key", "value", "attention_output", "up", "down")
# Weights of more numbers than this are sampled to see whether they have changed.
_MOST_READ = 1 << 14
_NORMS = ("attention_norm", "norm")
_DTYPES = (torch.float32, torch.bfloat16)


class PackedLinear:
    """One product x W^T + b, with packed weights where they win.

    Parameters
    ----------
    weight, bias
        [out, in] and [out].
    has_gelu
        Whether the exact GELU follows.
    """

    def __init__(self, weight: Tensor, bias: Tensor, has_gelu: bool = False) -> None:
        self._bias = bias
        self._has_gelu = has_gelu
        self._is_packed = is_packing_faster(weight.dtype)
        self._weight = _pack(weight) if self._is_packed else weight

    def __call__(self, x: Tensor) -> Tensor:
        """Multiply [t, in] to [t, out]."""
        if self._is_packed:
            attribute, algorithm = ("gelu", "none") if self._has_gelu else ("none", "")
            return _linear_pointwise(x, self._weight, self._bias, attribute, [], algorithm)
        product = F.linear(x, self._weight, self._bias)
        return F.gelu(product) if self._has_gelu else product


def _pack(weight: Tensor) -> Tensor:
    """Reorder a weight into oneDNN's own layout."""
    return torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), _PIECE_TOKENS)


def _linear_pointwise(*arguments: Any) -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(*arguments)


@cache
def is_packing_faster(dtype: torch.dtype) -> bool:
    """Measure once a process whether packed products win here; False where there are none.

    The operators are private to torch (they serve its compiler), so their absence or any change
    in them means the plain path.
    """
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(_PIECE_TOKENS, 768, generator=generator).to(dtype)
    weight = torch.randn(768, 768, generator=generator).to(dtype)
    bias = torch.zeros(768, dtype=dtype)
    try:
        packed = _pack(weight)
        product = _linear_pointwise(x, packed, bias, "none", [], "")
        tolerance = 1e-3 if dtype == torch.float32 else 1.0
        if (product - F.linear(x, weight, bias)).abs().max() > tolerance:
            return False
    except (AttributeError, RuntimeError, NotImplementedError):
        return False
    plain_s = _fastest_s(lambda: F.linear(x, weight, bias))
    return _fastest_s(lambda: _linear_pointwise(x, packed, bias, "none", [], "")) < plain_s


def _fastest_s(function: Callable[[], object]) -> float:
    """Time the fastest of some runs, in seconds."""
    times = []
    for _ in range(7):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


@dataclass(frozen=True)
class FusedLayer:
    """One layer's weights, arranged for inference.

    Attributes
    ----------
    parts
        The layer's own modules, for the normalisations and the global projections.
    query_key_value
        e -> 3e, the query part multiplied by 1 / sqrt(d).
    attention_output, up, down
        The other products.
    activation
        What follows ``up``; None where it is part of it.
    """

    parts: LayerParts
    query_key_value: PackedLinear
    attention_output: PackedLinear
    up: PackedLinear
    down: PackedLinear
    activation: Callable[[Tensor], Tensor] | None

    def run(
        self,
        hidden: Tensor,
        workspace: Workspace,
        texts: PackedTexts,
        spec: AttentionSpec,
        backend: str,
    ) -> None:
        """Run the layer over packed texts, replacing ``hidden`` [t, e] in place."""
        joined = workspace.query_key_value  # [3, h, t, d]
        start = 0
        for piece in hidden.split(_PIECE_TOKENS):
            stop = start + len(piece)
            projected = self.query_key_value(piece).view(len(piece), 3, joined.shape[1], -1)
            joined[:, :, start:stop] = projected.permute(1, 2, 0, 3)
            start = stop
        query, key, value = joined.transpose(1, 2)  # [t, h, d]
        case = Case(hidden.device, hidden.dtype, spec=spec)
        attended = choose_backend(backend, case).local_attention(
            query, key, value, texts, spec, scale=1.0
        )
        attended = attended.flatten(1)  # [t, e]
        if texts.packed_global_positions:
            index = torch.tensor(texts.packed_global_positions)
            attended[index] = global_attention(hidden, self.parts, joined.shape[1], texts, spec)
        self.finish(hidden, attended)

    def run_first_tokens(
        self, hidden: Tensor, texts: PackedTexts, spec: AttentionSpec, n_heads: int
    ) -> Tensor:
        """Compute only the texts' first tokens, all global: [t, e] -> [b, e]."""
        first = PackedTexts(texts.lengths, ((0,),) * len(texts.lengths))
        attended = global_attention(hidden, self.parts, n_heads, first, spec)  # [b, e]
        rows = hidden[list(texts.starts)]
        self.finish(rows, attended)
        return rows

    def finish(self, hidden: Tensor, attended: Tensor) -> None:
        """Run everything after attention [t, e], replacing ``hidden`` [t, e] in place."""
        for piece, context in zip(
            hidden.split(_PIECE_TOKENS), attended.split(_PIECE_TOKENS), strict=True
        ):
            middle = self.parts.attention_norm(self.attention_output(context).add_(piece))
            wide = self.up(middle)  # [piece, feed-forward width]
            if self.activation is not None:
                wide = self.activation(wide)
            piece.copy_(self.parts.norm(self.down(wide).add_(middle)))


class Workspace:
    """Buffers that all layers of one forward pass share, so that each page is touched once.

    Parameters
    ----------
    hidden
        [t, e]: what is about to run.
    n_heads
        Heads h.
    """

    def __init__(self, hidden: Tensor, n_heads: int) -> None:
        n_tokens, width = hidden.shape
        self.query_key_value = hidden.new_empty(3, n_heads, n_tokens, width // n_heads)


def _fuse(parts: LayerParts, n_heads: int) -> FusedLayer:
    """Arrange one layer's weights."""
    linears = {name: getattr(parts, name) for name in _LINEARS}
    scale = (linears["query"].out_features // n_heads) ** -0.5
    weight = torch.cat(
        [linears["query"].weight * scale, linears["key"].weight, linears["value"].weight]
    )  # [3e, e]
    bias = torch.cat([linears["query"].bias * scale, linears["key"].bias, linears["value"].bias])
    has_gelu = _is_exact_gelu(parts.activation)
    return FusedLayer(
        parts,
        PackedLinear(weight, bias),
        PackedLinear(linears["attention_output"].weight, linears["attention_output"].bias),
        PackedLinear(linears["up"].weight, linears["up"].bias, has_gelu),
        PackedLinear(linears["down"].weight, linears["down"].bias),
        None if has_gelu else parts.activation,
    )


def _is_exact_gelu(activation: object) -> bool:
    if isinstance(activation, GELUActivation):
        return activation.act is F.gelu
    return activation is F.gelu


@dataclass
class _CacheEntry:
    key: tuple[tuple[LayerParts, ...], tuple[tuple[float, ...], ...]]
    layers: list[FusedLayer]


# Kept apart from the modules, so that copying, pickling and saving them never meet packed weights.
_FUSED: WeakKeyDictionary[nn.Module, _CacheEntry] = WeakKeyDictionary()


def fused_layers(
    owner: nn.Module, layers: Sequence[LayerParts], n_heads: int, hidden: Tensor
) -> list[FusedLayer] | None:
    """Give an encoder's layers arranged for inference, packing them when they have changed.

    Parameters
    ----------
    owner
        The encoder; packed weights are kept as long as it lives.
    layers
        Its layers' parts.
    n_heads
        Heads h.
    hidden
        [t, e]: what is about to run.

    Returns
    -------
    list of FusedLayer or None
        None where this path does not apply: in training, under gradients, off the CPU, in other
        dtypes than float32 and bfloat16, and where a part is not the plain module it replaces (an
        adapter, a quantised layer, a module with hooks).
    """
    if owner.training or torch.is_grad_enabled() or torch.is_autocast_enabled("cpu"):
        _FUSED.pop(owner, None)
        return None
    if hidden.device.type != "cpu" or hidden.dtype not in _DTYPES:
        return None
    if not all(_is_plain(parts) for parts in layers):
        return None
    states = tuple(_state_of(getattr(parts, name)) for parts in layers for name in _LINEARS)
    key = (tuple(layers), states)
    entry = _FUSED.get(owner)
    if entry is None or entry.key != key:
        entry = _CacheEntry(key, [_fuse(parts, n_heads) for parts in layers])
        _FUSED[owner] = entry
    return entry.layers


def _state_of(linear: nn.Linear) -> tuple[float, ...]:
    """Give what changes when a product's weights do.

    Writing through ``.data`` or a NumPy view leaves no trace on a tensor, so a sample of the
    values is part of it: an update of a whole row or column shows, and any of a bias.
    """
    tensors = (linear.weight, linear.bias)
    versions = (0 if tensor.is_inference() else tensor._version for tensor in tensors)
    pointers = (tensor.data_ptr() for tensor in tensors)
    samples = (float(_sample(tensor.detach()).sum()) for tensor in tensors)
    return (*versions, *pointers, *samples)


def _sample(weight: Tensor) -> Tensor:
    """Give values of every row and every column; all of a small weight."""
    # One less than the shorter side runs along the longer rows' diagonals.
    step = 1 if weight.numel() <= _MOST_READ else max(min(weight.shape) - 1, 1)
    return weight.flatten()[::step]


def _is_plain(parts: LayerParts) -> bool:
    """Whether every part is exactly the module this path replaces."""
    modules = [getattr(parts, name) for name in (*_LINEARS, *_NORMS)]
    kinds = [nn.Linear] * len(_LINEARS) + [nn.LayerNorm] * len(_NORMS)
    return all(
        is_plain(module, kind) and module.bias is not None
        for module, kind in zip(modules, kinds, strict=True)
    )
