"""Put this core under a ``transformers`` Longformer in one line.

The model stays what it is: the same class, parameters, state dict and outputs. Only the encoder's
``forward`` changes, to one that packs the real tokens and pads to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers.models.longformer.modeling_longformer import (
    LongformerAttention,
    LongformerBaseModelOutput,
    LongformerEncoder,
    LongformerIntermediate,
    LongformerLayer,
    LongformerModel,
    LongformerOutput,
    LongformerSelfAttention,
    LongformerSelfOutput,
)

from vectorlong.attention.modules import is_every_module_heard, is_heard
from vectorlong.attention.spec import AttentionSpec, PackedTexts
from vectorlong.encoder.fused import Workspace, fused_layers
from vectorlong.encoder.layer import LayerParts, finish_layer, run_layer
from vectorlong.errors import InputTypeError

_PRODUCTS_AND_NORMS = sorted(LayerParts.__dataclass_fields__.keys() - {"activation"})

ModelT = TypeVar("ModelT", bound=nn.Module)


def accelerate(model: ModelT) -> ModelT:
    """Run a ``transformers`` Longformer on this library's core.

    Parameters
    ----------
    model
        ``LongformerModel``, any of its task heads, or any module that contains one. Changed in
        place. Parameters, state dict, ``save_pretrained`` and outputs stay what they were, in
        training too. ``transformers``' own code runs as before where attention weights are asked
        for (``output_attentions=True``), where a mask leaves a hole inside a text, where anything
        in a layer has hooks or a ``forward`` of its own or drops out apart, and where a part was
        replaced by one that is not built around an ``nn.Linear``, as adapters are. An adapter is
        called with the rows [t, e] of the real tokens.

    Returns
    -------
    nn.Module
        The same object.

    Raises
    ------
    InputTypeError
        There is no ``LongformerModel`` in it, or its encoder's ``forward`` is not
        ``transformers``'.

    Examples
    --------
    >>> from transformers import LongformerConfig, LongformerModel
    >>> config = LongformerConfig(vocab_size=10, hidden_size=8, num_hidden_layers=1,
    ...     num_attention_heads=2, intermediate_size=16, attention_window=4)
    >>> model = accelerate(LongformerModel(config).eval())
    >>> model(torch.tensor([[0, 5, 2]])).last_hidden_state.shape
    torch.Size([1, 3, 8])
    """
    bases = [module for module in model.modules() if isinstance(module, LongformerModel)]
    if not bases:
        raise InputTypeError(
            f"accelerate takes a transformers Longformer, got {type(model).__name__}. Pass "
            "LongformerModel or one of its task heads; convert other encoders with "
            "vectorlong.convert(source, folder)."
        )
    for base in bases:
        is_known = type(base.encoder) in (LongformerEncoder, PackedLongformerEncoder)
        if not is_known or "forward" in vars(base.encoder):
            raise InputTypeError(
                f"The encoder of this {type(base).__name__} has a forward other than transformers' "
                f"({type(base.encoder).__name__}), which would be lost. Call accelerate first and "
                "what changes it (dispatch_model, say) afterwards."
            )
    for base in bases:
        setattr(base, "_pad_to_window_size", _leave_unpadded)  # noqa: B010
        base.encoder.__class__ = PackedLongformerEncoder
    return model


def _leave_unpadded(
    input_ids: Tensor | None,
    attention_mask: Tensor,
    token_type_ids: Tensor,
    position_ids: Tensor | None,
    inputs_embeds: Tensor | None,
    pad_token_id: int,
) -> tuple[int, Tensor | None, Tensor, Tensor, Tensor | None, Tensor | None]:
    """Stand in for ``LongformerModel._pad_to_window_size``: packed texts need no padding."""
    return 0, input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds


class PackedLongformerEncoder(LongformerEncoder):
    """``transformers``' encoder with a forward that packs the real tokens of a batch."""

    def forward(
        self,
        hidden_states: Any,
        attention_mask: Any = None,
        padding_len: Any = 0,
        output_attentions: Any = False,
        output_hidden_states: Any = False,
        return_dict: Any = True,
    ) -> Any:
        """Encode a batch; the signature and the result are ``transformers``' own.

        Parameters
        ----------
        hidden_states
            [b, n, e]: the embeddings.
        attention_mask
            [b, n]: below 0 masked, 0 local, above 0 global.
        padding_len
            Padding at the end of every text; 0 here.
        output_attentions, output_hidden_states, return_dict
            As in ``transformers``.

        Returns
        -------
        LongformerBaseModelOutput or tuple
            ``last_hidden_state`` [b, n, e], padded rows included.
        """
        is_real = attention_mask >= 0  # [b, n]
        if output_attentions or _has_hole(is_real) or not self._is_as_made():
            return self._forward_padded(
                hidden_states, attention_mask, output_attentions, output_hidden_states, return_dict
            )
        texts = _pack(is_real, attention_mask > 0)
        packed = hidden_states[is_real]  # [t, e]
        padding = _padding_rows(hidden_states, is_real)
        states = [hidden_states]
        layers: Any = self.layer
        n_heads = layers[0].attention.self.num_heads
        parts = [_parts(layer) for layer in layers]
        fused = fused_layers(self, parts, n_heads, packed) if len(packed) else None
        workspace = Workspace(packed, n_heads) if fused else None
        for number, layer in enumerate(layers):
            if fused is not None and workspace is not None:
                fused[number].run(packed, workspace, texts, _spec(layer), "auto")
                fused[number].finish(padding, torch.zeros_like(padding))
            elif self.gradient_checkpointing and self.training:
                checkpoint: Any = self._gradient_checkpointing_func
                packed, padding = checkpoint(_run_transformers_layer, layer, packed, padding, texts)
            else:
                packed, padding = _run_transformers_layer(layer, packed, padding, texts)
            if output_hidden_states:
                states.append(_unpack(packed, padding, is_real))
        last = states[-1] if output_hidden_states else _unpack(packed, padding, is_real)
        all_states = tuple(states) if output_hidden_states else None
        if not return_dict:
            return tuple(value for value in (last, all_states) if value is not None)
        return LongformerBaseModelOutput(last_hidden_state=last, hidden_states=all_states)

    def _is_as_made(self) -> bool:
        """Whether running the layers' parts does what running the layers does."""
        layers: Any = self.layer
        return not is_every_module_heard() and all(_is_as_made(layer) for layer in layers)

    def _forward_padded(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor,
        output_attentions: bool,
        output_hidden_states: bool,
        return_dict: bool,
    ) -> Any:
        """Pad to the widest window, as ``transformers``' own code needs, and run that."""
        layers: Any = self.layer
        window = max(2 * layer.attention.self.one_sided_attn_window_size for layer in layers)
        n_padding = -hidden_states.shape[1] % window
        return super().forward(
            F.pad(hidden_states, (0, 0, 0, n_padding)),  # [b, n rounded up, e]
            F.pad(attention_mask, (0, n_padding), value=torch.finfo(attention_mask.dtype).min),
            n_padding,
            output_attentions,
            output_hidden_states,
            return_dict,
        )


def _is_as_made(layer: Any) -> bool:
    """Whether calling a layer's parts in turn does what calling the layer does."""
    if type(layer) is not LongformerLayer or type(layer.attention) is not LongformerAttention:
        return False
    attention, output = layer.attention, layer.output
    kinds = (
        (attention.self, LongformerSelfAttention),
        (attention.output, LongformerSelfOutput),
        (layer.intermediate, LongformerIntermediate),
        (output, LongformerOutput),
    )
    if any(type(module) is not kind for module, kind in kinds):
        return False
    dropouts = (attention.output.dropout, output.dropout)
    if any(type(dropout) is not nn.Dropout or dropout.p != dropouts[0].p for dropout in dropouts):
        return False
    # What drops out here is told by the layer's own mode.
    if any(module.training != layer.training for module in (attention.self, *dropouts)):
        return False
    if any(map(is_heard, layer.modules())):
        return False
    parts = _parts(layer)
    return all(_takes_rows(getattr(parts, name)) for name in _PRODUCTS_AND_NORMS)


def _takes_rows(part: nn.Module) -> bool:
    """Whether a part of a layer may be called with packed rows instead of padded batches.

    One built around a Linear is an adapter; of others (a quantised product, say, whose scale is
    that of the whole batch) nothing is known.
    """
    return isinstance(part, nn.Linear | nn.LayerNorm) or any(
        isinstance(module, nn.Linear) for module in part.modules()
    )


def _has_hole(is_real: Tensor) -> bool:
    """Whether a masked token lies between real ones: packing would move its neighbours closer."""
    edges = F.pad(is_real.to(torch.int8), (1, 1)).diff(dim=1)  # [b, n + 1]
    return bool(((edges == 1).sum(1) > 1).any())


def _pack(is_real: Tensor, is_global: Tensor) -> PackedTexts:
    """Describe the rows of a batch as packed texts; rows without a real token vanish."""
    lengths, positions = [], []
    for real, global_ in zip(is_real.cpu(), is_global.cpu(), strict=True):
        if length := int(real.sum()):
            lengths.append(length)
            positions.append(tuple(global_[real].nonzero().flatten().tolist()))
    return PackedTexts(tuple(lengths), tuple(positions))


def _padding_rows(hidden_states: Tensor, is_real: Tensor) -> Tensor:
    """Give the padded rows [p, e]; in inference a single one where all are equal.

    ``transformers`` zeroes what attention gives a padded row and carries it through the rest of
    the layer. Heads read those rows (question answering takes its softmax over them), so they are
    computed here too.
    """
    rows = hidden_states[~is_real]  # [p, e]
    if not torch.is_grad_enabled() and len(rows) and bool((rows == rows[:1]).all()):
        return rows[:1].clone()
    return rows


def _unpack(packed: Tensor, padding: Tensor, is_real: Tensor) -> Tensor:
    """Put packed rows [t, e] and padded rows [p, e] or [1, e] back into a batch [b, n, e]."""
    output = packed.new_empty(*is_real.shape, packed.shape[-1])  # [b, n, e]
    output[is_real] = packed
    output[~is_real] = padding
    return output


def _run_transformers_layer(
    layer: Any, packed: Tensor, padding: Tensor, texts: PackedTexts
) -> tuple[Tensor, Tensor]:
    """Run one layer over the packed rows [t, e] and the padded rows [p, e]."""
    attention = layer.attention.self
    parts = _parts(layer)
    hidden_dropout = layer.output.dropout.p if layer.training else 0.0
    attention_dropout = attention.dropout if layer.training else 0.0
    if len(packed):
        packed = run_layer(
            parts,
            packed,
            texts,
            _spec(layer),
            attention.num_heads,
            hidden_dropout=hidden_dropout,
            attention_dropout=attention_dropout,
        )
    if len(padding):
        padding = finish_layer(parts, padding, torch.zeros_like(padding), hidden_dropout)
    return packed, padding


def _spec(layer: Any) -> AttentionSpec:
    """Give a layer's attention pattern."""
    return AttentionSpec(window=2 * layer.attention.self.one_sided_attn_window_size)


def _parts(layer: Any) -> LayerParts:
    """Give a layer's callables. Collected anew each time, so that adapters put in later count."""
    attention, intermediate, output = layer.attention, layer.intermediate, layer.output
    activation: Callable[[Tensor], Tensor] = intermediate.intermediate_act_fn
    return LayerParts(
        query=attention.self.query,
        key=attention.self.key,
        value=attention.self.value,
        query_global=attention.self.query_global,
        key_global=attention.self.key_global,
        value_global=attention.self.value_global,
        attention_output=attention.output.dense,
        attention_norm=attention.output.LayerNorm,
        up=intermediate.dense,
        activation=activation,
        down=output.dense,
        norm=output.LayerNorm,
    )
