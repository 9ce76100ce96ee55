"""Dilated, causal and dense-when-short attention as callers of ``accelerate`` choose it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from transformers.models.longformer.modeling_longformer import (
    LongformerModel,
    LongformerSelfAttention,
)

from vectorlong.attention.spec import AttentionSpec
from vectorlong.checks import check_count
from vectorlong.encoder.config import (
    EXTENSION_KEY,
    MOST_ROWS,
    PATTERN_FIELDS,
    pattern_fields,
)
from vectorlong.encoder.patterned_attention import PatternedSelfAttention
from vectorlong.errors import InputTypeError, OptionError


def choose_patterns(
    model: LongformerModel, dilation: Any, causal: Any, dense_up_to: Any
) -> list[AttentionSpec]:
    """Check what was chosen against a model: one pattern a layer.

    Raises
    ------
    OptionError
        A value is out of range, or there are not as many as there are layers or heads.
    InputTypeError
        A layer's self attention is not ``transformers``' own.
    """
    if not isinstance(causal, bool):
        raise OptionError("causal", causal, (True, False))
    n_dense = check_count("dense_up_to", dense_up_to, least=0)
    if n_dense > MOST_ROWS:
        raise OptionError("dense_up_to", dense_up_to, hint=f"Pass at most {MOST_ROWS}.")
    attentions = _self_attentions(model)
    dilations = _choose_dilations(dilation, len(attentions), model.config.num_attention_heads)
    # The window is what each layer holds when it runs.
    windows = [2 * getattr(each, "one_sided_attn_window_size", 1) for each in attentions]
    specs = [
        AttentionSpec(window, each, causal, n_dense)
        for window, each in zip(windows, dilations, strict=True)
    ]
    for number, attention in enumerate(attentions):
        is_known = type(attention) in (LongformerSelfAttention, PatternedSelfAttention)
        if pattern_fields(specs) and (not is_known or "forward" in vars(attention)):
            raise InputTypeError(
                f"The self attention of layer {number} has a forward other than transformers' "
                f"({type(attention).__name__}), which a pattern would replace. Call accelerate "
                "first and what changes it afterwards."
            )
    return specs


def set_patterns(model: LongformerModel, specs: Sequence[AttentionSpec]) -> None:
    """Give each layer of a model its pattern, and keep the choice in the model's config.

    Where no layer has or had one, nothing is changed.
    """
    fields = pattern_fields(specs)
    attentions = _self_attentions(model)
    patterned: list[Any] = [each for each in attentions if type(each) is PatternedSelfAttention]
    if not fields and not patterned:
        return
    for attention in patterned:
        del attention.pattern
        attention.__class__ = LongformerSelfAttention
    if fields:
        for attention, spec in zip(attentions, specs, strict=True):
            attention.pattern = spec
            attention.__class__ = PatternedSelfAttention
    kept = getattr(model.config, EXTENSION_KEY, None)
    others = kept if isinstance(kept, Mapping) else {}
    fields = {name: others[name] for name in others if name not in PATTERN_FIELDS} | fields
    if fields:
        setattr(model.config, EXTENSION_KEY, fields)
    elif kept is not None:
        delattr(model.config, EXTENSION_KEY)


def _self_attentions(model: LongformerModel) -> list[Any]:
    """Give each layer's self attention; None where there is none."""
    layers: Any = model.encoder.layer
    return [getattr(getattr(layer, "attention", None), "self", None) for layer in layers]


def _choose_dilations(dilation: Any, n_layers: int, n_heads: int) -> list[int | tuple[int, ...]]:
    """Give each layer's dilation: one number, or one a head."""
    if dilation is None:
        return [1] * n_layers
    per_layer = dilation if isinstance(dilation, list | tuple) else [dilation] * n_layers
    found = [_dilation_of_layer(each, n_heads) for each in per_layer]
    if len(found) != n_layers or None in found:
        raise OptionError(
            "dilation",
            dilation,
            hint=(
                f"Pass a whole number of at least 1 (none), a list of {n_layers}, one for each "
                f"layer, or in that list for a layer a list of {n_heads}, one for each head."
            ),
        )
    return [each for each in found if each is not None]


def _dilation_of_layer(dilation: Any, n_heads: int) -> int | tuple[int, ...] | None:
    """Give a layer's dilation as plain numbers; None where it is none."""
    is_per_head = isinstance(dilation, list | tuple)
    values = dilation if is_per_head else [dilation]
    if is_per_head and len(values) != n_heads:
        return None
    for value in values:
        is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not is_whole or not 1 <= value <= MOST_ROWS:
            return None
    return tuple(int(value) for value in values) if is_per_head else int(dilation)
