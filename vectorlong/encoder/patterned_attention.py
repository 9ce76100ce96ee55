"""Dilated, causal and dense-when-short attention inside ``transformers``' own layers.

``accelerate`` opens these patterns, of which ``transformers`` has none. Where the core cannot run,
``transformers``' layers do, and their self attention is the one here: its modules are called as
``transformers`` calls them, and only what is between them is another pattern.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers.models.longformer.modeling_longformer import LongformerSelfAttention

from vectorlong.attention.dispatch import Case, choose_backend
from vectorlong.attention.modules import is_followed
from vectorlong.attention.spec import AttentionSpec
from vectorlong.encoder.packing import is_packable, pack


def spec_of(attention: LongformerSelfAttention) -> AttentionSpec:
    """Give the pattern of a layer's self attention; its window is what the module holds now."""
    window = 2 * attention.one_sided_attn_window_size
    if isinstance(attention, PatternedSelfAttention):
        return replace(attention.pattern, window=window)
    return AttentionSpec(window)


class PatternedSelfAttention(LongformerSelfAttention):
    """``transformers``' self attention with a pattern of ours between the same modules.

    Attributes
    ----------
    pattern
        What a layer sees, beside the window.
    """

    pattern: AttentionSpec

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        is_index_masked: Any = None,
        is_index_global_attn: Any = None,
        is_global_attn: bool = False,
        output_attentions: bool = False,
    ) -> tuple[Tensor, ...]:
        """Attend; the signature and the result are ``transformers``' own.

        Parameters
        ----------
        hidden_states
            [b, n, e].
        attention_mask
            Not read: the two masks that follow are made of it.
        is_index_masked, is_index_global_attn
            bool [b, n].
        is_global_attn
            Whether any token is global.
        output_attentions
            Whether to give weights.

        Returns
        -------
        tuple of Tensor
            [b, n, e]; the local weights [b, n, h, x + w + 1]; where there are global tokens, at
            most x of them in a text, theirs [b, h, x, n]. Offset k of the window is the token
            i + dilation * k. A text attended densely makes w as wide as it is long.
        """
        is_real = ~is_index_masked
        tokens = hidden_states.transpose(0, 1)  # [n, b, e]: as transformers calls its modules
        query, key, value = (
            self._by_head(projection(tokens)) for projection in (self.query, self.key, self.value)
        )  # [b, n, h, d]
        weights: tuple[Tensor, ...] = ()
        inputs = (query, key, value, is_real, is_index_global_attn)
        if output_attentions or is_followed() or not is_packable(is_real):
            attended, local_weights = self._attend_by_definition(*inputs)
            if output_attentions:
                weights = (self._shown(local_weights, is_real, is_index_global_attn),)
        else:
            attended = self._attend_packed(*inputs)
        if is_global_attn:
            replaced, global_weights = self._attend_globally(tokens, is_real, is_index_global_attn)
            attended = attended.index_put((is_index_global_attn,), replaced.to(attended.dtype))
            weights = (*weights, global_weights)
        return attended.flatten(2), *(weights if output_attentions else ())

    def _by_head(self, projected: Tensor) -> Tensor:
        """Divide [n, b, e] among the heads: [b, n, h, d]."""
        return projected.transpose(0, 1).unflatten(-1, (self.num_heads, -1))

    def _drop(self, weights: Tensor) -> Tensor:
        return F.dropout(weights, self.dropout, self.training)

    def _attend_packed(
        self, query: Tensor, key: Tensor, value: Tensor, is_real: Tensor, is_global: Tensor
    ) -> Tensor:
        """Attend locally by the fastest backend, [b, n, h, d], without weights to show."""
        texts = pack(is_real, is_global)
        dropout = self.dropout if self.training else 0.0
        spec = spec_of(self)
        case = Case(value.device, value.dtype, dropout, torch.is_grad_enabled(), spec)
        attend = choose_backend("auto", case).local_attention
        rows = attend(query[is_real], key[is_real], value[is_real], texts, spec, dropout)
        return torch.zeros_like(value).index_put((is_real,), rows)

    def _attend_by_definition(
        self, query: Tensor, key: Tensor, value: Tensor, is_real: Tensor, is_global: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Attend locally with an n x n mask: [b, n, h, d], and the weights [b, h, n, n]."""
        scores = torch.einsum("bihd,bjhd->bhij", query * query.shape[-1] ** -0.5, key)
        weights = self._drop(_softmax(scores, self._visible(is_real, is_global)))
        return torch.einsum("bhij,bjhd->bihd", weights, value), weights

    def _visible(self, is_real: Tensor, is_global: Tensor) -> Tensor:
        """Mark the keys that each query sees: bool [b, h, n, n]."""
        spec = spec_of(self)
        positions = torch.arange(is_real.shape[1], device=is_real.device)
        distance = positions - positions[:, None]  # [n, n] key minus query
        dilations = self._dilations(is_real)[..., None, None]  # [b, h, 1, 1]
        reach = torch.where(
            _is_dense(is_real, spec)[:, None, None, None], len(positions), spec.window // 2
        )
        visible = (distance % dilations == 0) & (distance.abs() <= dilations * reach)
        visible = visible | is_global[:, None, None]
        if spec.causal:
            visible = visible & (distance <= 0)
        return visible & is_real[:, None, None] & is_real[:, None, :, None]

    def _dilations(self, is_real: Tensor) -> Tensor:
        """Give each head's dilation in each text: [b, h]."""
        spec = spec_of(self)
        per_head = torch.tensor(spec.dilation, device=is_real.device).expand(self.num_heads)
        return torch.where(_is_dense(is_real, spec)[:, None], 1, per_head)

    def _shown(self, weights: Tensor, is_real: Tensor, is_global: Tensor) -> Tensor:
        """Write weights [b, h, n, n] as ``transformers`` does: [b, n, h, x + w + 1].

        First those of the text's global tokens, then those of the window by their offset.
        """
        spec, n_tokens = spec_of(self), is_real.shape[1]
        has_dense = bool((_is_dense(is_real, spec) & is_real.any(1)).any())
        n_longest = int((_lengths(is_real) * _is_dense(is_real, spec)).max()) if has_dense else 0
        radius = max(spec.window // 2, n_longest - 1)
        offsets = torch.arange(-radius, radius + 1, device=weights.device)  # [w + 1]
        rows = torch.arange(n_tokens, device=weights.device)[:, None]  # [n, 1]
        index = rows + self._dilations(is_real)[..., None, None] * offsets  # [b, h, n, w + 1]
        is_inside = (index >= 0) & (index < n_tokens)
        # What global queries see is told apart.
        weights = weights.masked_fill(is_global[:, None, :, None], 0)
        local = weights.masked_fill(is_global[:, None, None], 0)
        of_window = local.gather(-1, index.clamp(0, n_tokens - 1)) * is_inside
        positions, is_used = _global_positions(is_global)  # [b, x]
        index = positions[:, None, None].expand(*weights.shape[:3], -1)  # [b, h, n, x]
        of_globals = weights.gather(-1, index) * is_used[:, None, None]
        return torch.cat([of_globals, of_window], dim=-1).transpose(1, 2)

    def _attend_globally(
        self, tokens: Tensor, is_real: Tensor, is_global: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Attend from the global tokens of [n, b, e]: [all g, h, d], and weights [b, h, x, n]."""
        positions, is_used = _global_positions(is_global)  # [b, x]
        batch = torch.arange(len(positions), device=tokens.device)[:, None]
        states = tokens[positions, batch] * is_used[..., None]  # [b, x, e]
        query = self._by_head(self.query_global(states.transpose(0, 1)))  # [b, x, h, d]
        key = self._by_head(self.key_global(tokens))  # [b, n, h, d]
        value = self._by_head(self.value_global(tokens))  # [b, n, h, d]
        visible = is_used[..., None] & is_real[:, None]  # [b, x, n]
        if spec_of(self).causal:
            keys = torch.arange(len(tokens), device=tokens.device)
            visible = visible & (keys <= positions[..., None])
        scores = torch.einsum("bxhd,bnhd->bhxn", query * query.shape[-1] ** -0.5, key)
        weights = self._drop(_softmax(scores, visible[:, None]))  # [b, h, x, n]
        return torch.einsum("bhxn,bnhd->bxhd", weights, value)[is_used], weights


def _softmax(scores: Tensor, visible: Tensor) -> Tensor:
    """Softmax in float32, whatever the dtype; 0 where a query sees nothing."""
    weights = scores.masked_fill(~visible, float("-inf")).softmax(-1, dtype=torch.float32)
    return weights.masked_fill(~visible, 0).to(scores.dtype)


def _lengths(is_real: Tensor) -> Tensor:
    """Count the tokens of each text [b], its holes among them: tokens keep their distances."""
    ordinals = torch.arange(1, is_real.shape[1] + 1, device=is_real.device) * is_real
    n_before = is_real.long().argmax(1)  # 0 also where no token is real
    return ordinals.amax(1) - n_before


def _is_dense(is_real: Tensor, spec: AttentionSpec) -> Tensor:
    """Tell the texts that are attended densely because they are short: bool [b]."""
    return _lengths(is_real) <= spec.dense_up_to


def _global_positions(is_global: Tensor) -> tuple[Tensor, Tensor]:
    """Give the global tokens' positions [b, x], and which of these are used: bool [b, x]."""
    counts = is_global.sum(1, keepdim=True)
    n_most: Any = counts.max()  # an int would be a constant where torch records
    positions = (~is_global).to(torch.int8).argsort(dim=1, stable=True)[:, :n_most]
    return positions, torch.arange(n_most, device=is_global.device) < counts
