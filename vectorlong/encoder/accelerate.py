"""Put this core under a ``transformers`` Longformer in one line.

The model stays what it is: the same class, parameters, state dict and outputs. Only the encoder's
``forward`` changes, to one that packs the real tokens and pads to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from weakref import ref

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers.models.longformer.modeling_longformer import (
    LongformerBaseModelOutput,
    LongformerEncoder,
    LongformerModel,
)

from vectorlong.attention.spec import PackedTexts
from vectorlong.encoder.as_made import dropout_of, is_as_made, needs_no_window
from vectorlong.encoder.fused import Workspace, fused_layers
from vectorlong.encoder.layer import LayerParts, finish_layer, run_layer
from vectorlong.encoder.packing import is_packable, pack, padding_rows, unpack
from vectorlong.encoder.pattern_choice import choose_patterns, set_patterns
from vectorlong.encoder.patterned_attention import spec_of
from vectorlong.errors import InputTypeError

ModelT = TypeVar("ModelT", bound=nn.Module)


def accelerate(
    model: ModelT,
    *,
    dilation: int | Sequence[int | Sequence[int]] | None = None,
    causal: bool = False,
    dense_up_to: int = 0,
) -> ModelT:
    """Run a ``transformers`` Longformer on this library's core.

    Parameters
    ----------
    model
        ``LongformerModel``, any of its task heads, or any module that contains one. Changed in
        place. Parameters, state dict, ``save_pretrained`` and outputs stay what they were, in
        training too. ``transformers``' own code runs as before where attention weights are asked
        for (``output_attentions=True``), where a mask leaves a hole inside a text, where torch
        traces, compiles or transforms the model, and wherever a layer is not as it was made: hooks,
        a ``forward`` or another method of its own, a part of another kind, dropout of two
        strengths. Low-rank adapters of ``peft`` run on the core.
    dilation
        Gap between attended tokens: one number, one for each layer, or for a layer one for each
        head; 1 means none. As in :class:`vectorlong.attention.spec.AttentionSpec`.
    causal
        Whether nothing later than a token is seen, neither in its window nor among the global
        tokens.
    dense_up_to
        Texts of at most this many tokens are attended densely.

    Returns
    -------
    nn.Module
        The same object.

    Raises
    ------
    InputTypeError
        There is no ``LongformerModel`` in it, its encoder's ``forward`` is not ``transformers``',
        or a pattern is asked for where a layer's self attention is not. The model is as it was.
    OptionError
        A pattern's value is out of range. The model is as it was.

    Notes
    -----
    ``transformers`` has no such patterns. They are kept in ``model.config.vectorlong``, hence in
    what ``save_pretrained`` writes and :class:`vectorlong.Longformer2Vec` reads. ``accelerate``
    does not read them: without arguments it equals ``transformers``, whatever the config says (and
    takes a pattern back that it has set before); ``accelerate(model, **model.config.vectorlong)``
    sets those of a saved model again. Where the core cannot run, ``transformers``' layers do, with
    a slower self attention of ours.

    Attention weights have ``transformers``' form, [b, h, n, x + w + 1] for the local queries, in
    which offset k of the window is the token i + dilation * k; a text attended densely makes the
    window as wide as it is long.

    Examples
    --------
    >>> from transformers import LongformerConfig, LongformerModel
    >>> config = LongformerConfig(vocab_size=10, hidden_size=8, num_hidden_layers=1,
    ...     num_attention_heads=2, intermediate_size=16, attention_window=4)
    >>> model = accelerate(LongformerModel(config).eval())
    >>> model(torch.tensor([[0, 5, 2]])).last_hidden_state.shape
    torch.Size([1, 3, 8])
    >>> accelerate(model, dilation=2, causal=True).config.vectorlong
    {'dilation': [2], 'causal': True}
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
    patterns = [choose_patterns(base, dilation, causal, dense_up_to) for base in bases]
    for base, specs in zip(bases, patterns, strict=True):
        setattr(base, "_pad_to_window_size", WindowPadding(base))  # noqa: B010
        base.encoder.__class__ = PackedLongformerEncoder
        set_patterns(base, specs)
    return model


class WindowPadding:
    """Stand in for a model's ``_pad_to_window_size``: packed texts need no padding.

    Where parts see of which length the texts are, these are padded as ``transformers`` does.

    Parameters
    ----------
    model
        Not kept alive by this, so that dropping a model frees its memory at once.
    """

    def __init__(self, model: LongformerModel) -> None:
        self._model = ref(model)

    def __reduce__(self) -> tuple[Any, ...]:
        """Belong to the copy of the model when that is copied or pickled."""
        return WindowPadding, (self._model(),)

    def __call__(
        self,
        input_ids: Tensor | None,
        attention_mask: Tensor,
        token_type_ids: Tensor,
        position_ids: Tensor | None,
        inputs_embeds: Tensor | None,
        pad_token_id: int,
    ) -> tuple[int, Tensor | None, Tensor, Tensor, Tensor | None, Tensor | None]:
        """Pad or not; the signature and the result are ``transformers``' own."""
        inputs: Any = (input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds)
        model = self._model()
        if model is None:  # a shallow copy outlived its model; its encoder pads where it has to
            return 0, *inputs
        # transformers embeds the padding of these; so the word embeddings have a gradient.
        has_gradient = inputs_embeds is not None and torch.is_grad_enabled()
        is_packed = isinstance(model.encoder, PackedLongformerEncoder)
        if is_packed and not has_gradient and needs_no_window(model):
            return 0, *inputs
        pad: Any = type(model)._pad_to_window_size
        return pad(model, *inputs, pad_token_id)


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
            Tokens of padding to take off the end of every text.
        output_attentions, output_hidden_states, return_dict
            As in ``transformers``.

        Returns
        -------
        LongformerBaseModelOutput or tuple
            ``last_hidden_state`` [b, n - padding_len, e], other padded rows included.
        """
        if output_attentions or not (is_as_made(self) and is_packable(attention_mask >= 0)):
            return self._forward_padded(
                hidden_states,
                attention_mask,
                padding_len,
                output_attentions,
                output_hidden_states,
                return_dict,
            )
        n_tokens = hidden_states.shape[1] - padding_len
        states = self._run_packed(
            hidden_states[:, :n_tokens], attention_mask[:, :n_tokens], output_hidden_states
        )
        last, all_states = states[-1], tuple(states) if output_hidden_states else None
        if not return_dict:
            return tuple(value for value in (last, all_states) if value is not None)
        return LongformerBaseModelOutput(last_hidden_state=last, hidden_states=all_states)

    def _run_packed(
        self, hidden_states: Tensor, attention_mask: Tensor, keeps_all: bool
    ) -> list[Tensor]:
        """Give the states [b, n, e] after the last layer, before them all those before it."""
        is_real = attention_mask >= 0  # [b, n]
        texts = pack(is_real, attention_mask > 0)
        layers: Any = self.layer
        packed = hidden_states[is_real]  # [t, e]
        has_dropout = any(strength for layer in layers for strength in dropout_of(layer))
        padding = padding_rows(hidden_states, is_real, has_dropout)
        states = [hidden_states]
        n_heads = layers[0].attention.self.num_heads
        parts = [_parts(layer) for layer in layers]
        fused = None if has_dropout else fused_layers(self, parts, n_heads, packed)
        workspace = Workspace(packed, n_heads) if fused else None
        for number, layer in enumerate(layers):
            if fused is not None and workspace is not None:
                fused[number].run(packed, workspace, texts, spec_of(layer.attention.self), "auto")
                fused[number].finish(padding, torch.zeros_like(padding))
            elif layer.gradient_checkpointing and layer.training:
                checkpoint: Any = layer._gradient_checkpointing_func
                packed, padding = checkpoint(_run_layer, layer, packed, padding, texts)
            else:
                packed, padding = _run_layer(layer, packed, padding, texts)
            if keeps_all:
                states.append(unpack(packed, padding, is_real))
        return states if keeps_all else [unpack(packed, padding, is_real)]

    def _forward_padded(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor,
        padding_len: int,
        output_attentions: bool,
        output_hidden_states: bool,
        return_dict: bool,
    ) -> Any:
        """Pad to the widest window, as ``transformers``' own code needs, and run that."""
        windows = self.config.attention_window  # as transformers pads
        n_padding = -hidden_states.shape[1] % max(windows)
        if n_padding:
            smallest = torch.finfo(attention_mask.dtype).min
            hidden_states = F.pad(hidden_states, (0, 0, 0, n_padding))  # [b, n rounded up, e]
            attention_mask = F.pad(attention_mask, (0, n_padding), value=smallest)
        return super().forward(
            hidden_states,
            attention_mask,
            padding_len + n_padding,
            output_attentions,
            output_hidden_states,
            return_dict,
        )


def _run_layer(
    layer: Any, packed: Tensor, padding: Tensor, texts: PackedTexts
) -> tuple[Tensor, Tensor]:
    """Run one layer over the packed rows [t, e] and the padded rows [p, e]."""
    parts = _parts(layer)
    hidden_dropout, attention_dropout = dropout_of(layer)
    packed = run_layer(
        parts,
        packed,
        texts,
        spec_of(layer.attention.self),
        layer.attention.self.num_heads,
        hidden_dropout=hidden_dropout,
        attention_dropout=attention_dropout,
    )
    if len(padding):
        padding = finish_layer(parts, padding, torch.zeros_like(padding), hidden_dropout)
    return packed, padding


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
