"""Whether a ``transformers`` Longformer is still as it was made, so that its parts say all it does.

The core calls a layer's products and normalisations and passes over everything between them. Where
somebody listens to that, has put something else in its place, or has it recorded, the core must not
run: ``transformers``' own code does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from types import FunctionType
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from transformers.activations import ACT2CLS, GELUActivation
from transformers.models.longformer.modeling_longformer import (
    LongformerAttention,
    LongformerEmbeddings,
    LongformerEncoder,
    LongformerIntermediate,
    LongformerLayer,
    LongformerModel,
    LongformerOutput,
    LongformerSelfAttention,
    LongformerSelfOutput,
)

from vectorlong.attention.modules import (
    has_plain_weights,
    is_every_module_heard,
    is_followed,
    is_heard,
)
from vectorlong.encoder.patterned_attention import PatternedSelfAttention

_LONGFORMER_CLASSES = (
    LongformerAttention,
    LongformerEmbeddings,
    LongformerEncoder,
    LongformerIntermediate,
    LongformerLayer,
    LongformerOutput,
    LongformerSelfAttention,
    LongformerSelfOutput,
)
_CALLS = ("__call__", "_call_impl", "forward")
_PACKAGES = {"torch", "transformers"}
_LOW_RANK_ADAPTERS = "peft.tuners.lora.layer"

# Those that answer each number by itself, wherever it stands. (PReLU may have a weight a token.)
_ACTIVATION_CLASSES = {
    kind[0] if isinstance(kind, tuple) else kind for kind in ACT2CLS.values()
} - {nn.PReLU}
_ACTIVATION_FUNCTIONS = (F.gelu, F.relu, F.silu, torch.relu, torch.tanh)


def _methods_of(kind: type) -> dict[str, object]:
    """Give what calling a ``kind`` runs; None for what somebody has exchanged before us."""
    is_method = FunctionType | staticmethod
    own = {name for name, value in vars(kind).items() if isinstance(value, is_method)}
    methods = {name: getattr(kind, name) for name in own - {"__init__"} | set(_CALLS)}
    return {name: method if _is_theirs(method) else None for name, method in methods.items()}


def _is_theirs(method: object) -> bool:
    code = getattr(method, "__code__", None)
    return code is not None and not _PACKAGES.isdisjoint(PurePath(code.co_filename).parts)


_METHODS: dict[type, dict[str, object]] = {kind: _methods_of(kind) for kind in _LONGFORMER_CLASSES}
_METHODS |= {
    kind: {name: getattr(kind, name) for name in _CALLS}
    for kind in (nn.Dropout, nn.LayerNorm, nn.Linear, GELUActivation)
}
_PAD_TO_WINDOW_SIZE = LongformerModel._pad_to_window_size


def needs_no_window(model: LongformerModel) -> bool:
    """Whether nobody sees of which length the texts are that reach the encoder."""
    if not is_as_made(model.encoder):
        return False
    embeddings: Any = model.embeddings
    if type(embeddings) is not LongformerEmbeddings:
        return False
    kinds = (
        (embeddings.word_embeddings, nn.Embedding),
        (embeddings.position_embeddings, nn.Embedding),
        (embeddings.token_type_embeddings, nn.Embedding),
        (embeddings.LayerNorm, nn.LayerNorm),
        (embeddings.dropout, nn.Dropout),
    )
    return (
        type(model)._pad_to_window_size is _PAD_TO_WINDOW_SIZE
        and all(type(module) is kind for module, kind in kinds)
        and not any(map(_is_heard, embeddings.modules()))
    )


def is_as_made(encoder: LongformerEncoder) -> bool:
    """Whether running the parts of an encoder's layers does what running the encoder does."""
    layers: Any = encoder.layer
    return (
        not is_followed()
        and not is_every_module_heard()
        and _are_classes_as_made()
        and not _is_heard(encoder)
        and all(map(_is_layer_as_made, layers))
        and len({layer.attention.self.num_heads for layer in layers}) == 1
    )


def dropout_of(layer: Any) -> tuple[float, float]:
    """Give the strengths of a layer's dropout now: after its products, and in attention."""
    attention = layer.attention.self
    return _strength(layer.output.dropout), attention.dropout if attention.training else 0.0


def _strength(dropout: nn.Dropout) -> float:
    return dropout.p if dropout.training else 0.0


def _are_classes_as_made() -> bool:
    """Whether nobody has exchanged a method for all modules of a class."""
    return all(
        getattr(kind, name, None) is method
        for kind, methods in _METHODS.items()
        for name, method in methods.items()
    )


def _is_heard(module: nn.Module) -> bool:
    """Whether calling a module does more than its class says."""
    return is_heard(module) or not vars(module).keys().isdisjoint(_METHODS.get(type(module), ()))


def _is_layer_as_made(layer: Any) -> bool:
    """Whether calling a layer's parts in turn does what calling the layer does."""
    n_parts = 0
    for name, module in layer.named_modules():
        is_part = name in _PARTS
        n_parts += is_part
        if (is_part and not _PARTS[name](module)) or _is_heard(module):
            return False
    # One that stands in two places is named once.
    return (
        n_parts == len(_PARTS)
        and _is_pointwise(layer.intermediate.intermediate_act_fn)
        and _strength(layer.attention.output.dropout) == _strength(layer.output.dropout)
    )


def _takes_rows(product: nn.Module) -> bool:
    """Whether a product may be called with packed rows, in pieces, instead of padded batches.

    Of others than these (a quantised product, say, whose scale is that of the whole batch) nothing
    is known.
    """
    is_adapter = type(product).__module__ == _LOW_RANK_ADAPTERS
    linear = getattr(product, "base_layer", None) if is_adapter else product
    return type(linear) is nn.Linear and has_plain_weights(linear)


def _is_pointwise(activation: object) -> bool:
    return type(activation) in _ACTIVATION_CLASSES or activation in _ACTIVATION_FUNCTIONS


def _is_exactly(*kinds: type) -> Callable[[nn.Module], bool]:
    return lambda module: type(module) in kinds


# What a layer is made of, by the names of its modules. Its activation need not be a module.
_PARTS: dict[str, Callable[[nn.Module], bool]] = {
    "": _is_exactly(LongformerLayer),
    "attention": _is_exactly(LongformerAttention),
    "attention.self": _is_exactly(LongformerSelfAttention, PatternedSelfAttention),
    "attention.self.query": _takes_rows,
    "attention.self.key": _takes_rows,
    "attention.self.value": _takes_rows,
    "attention.self.query_global": _takes_rows,
    "attention.self.key_global": _takes_rows,
    "attention.self.value_global": _takes_rows,
    "attention.output": _is_exactly(LongformerSelfOutput),
    "attention.output.dense": _takes_rows,
    "attention.output.dropout": _is_exactly(nn.Dropout),
    "attention.output.LayerNorm": _is_exactly(nn.LayerNorm),
    "intermediate": _is_exactly(LongformerIntermediate),
    "intermediate.dense": _takes_rows,
    "output": _is_exactly(LongformerOutput),
    "output.dense": _takes_rows,
    "output.dropout": _is_exactly(nn.Dropout),
    "output.LayerNorm": _is_exactly(nn.LayerNorm),
}
