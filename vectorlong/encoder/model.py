"""The encoder as a module: token ids of packed texts in, hidden states out.

No padding anywhere: several texts lie end to end and each is told by its length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers.activations import ACT2FN

from vectorlong.attention.spec import AttentionSpec, PackedTexts
from vectorlong.encoder.config import EncoderConfig
from vectorlong.encoder.fused import FusedLayer, Workspace, fused_layers
from vectorlong.encoder.layer import LayerParts, run_layer
from vectorlong.errors import InputValueError, OptionError


class Embeddings(nn.Module):
    """Sum of the word, position and token type vectors, normalised.

    Parameters
    ----------
    config
        The encoder's shape.
    device
        Where the parameters are made.
    """

    def __init__(self, config: EncoderConfig, device: str | None = None) -> None:
        super().__init__()
        width = config.hidden_width
        self.position_offset = config.position_offset
        self.hidden_dropout = config.hidden_dropout
        self.word = nn.Embedding(config.vocabulary_size, width, device=device)
        self.position = nn.Embedding(config.n_positions, width, device=device)
        self.token_type = nn.Embedding(config.n_token_types, width, device=device)
        self.norm = nn.LayerNorm(width, eps=config.layer_norm_epsilon, device=device)

    def forward(
        self, token_ids: Tensor, texts: PackedTexts, token_type_ids: Tensor | None = None
    ) -> Tensor:
        """Embed packed tokens: int64 [t] -> [t, e]."""
        positions = torch.cat(
            [torch.arange(length, device=token_ids.device) for length in texts.lengths]
        )  # [t]
        positions = positions + self.position_offset
        types = (
            self.token_type.weight[0] if token_type_ids is None else self.token_type(token_type_ids)
        )
        hidden = self.norm(self.word(token_ids) + self.position(positions) + types)
        return F.dropout(hidden, self.hidden_dropout, self.training)


class Layer(nn.Module):
    """The parameters of one layer.

    Parameters
    ----------
    config
        The encoder's shape.
    spec
        This layer's attention pattern.
    device
        Where the parameters are made.
    """

    def __init__(
        self, config: EncoderConfig, spec: AttentionSpec, device: str | None = None
    ) -> None:
        super().__init__()
        width, epsilon = config.hidden_width, config.layer_norm_epsilon
        self.spec = spec
        self.query = nn.Linear(width, width, device=device)
        self.key = nn.Linear(width, width, device=device)
        self.value = nn.Linear(width, width, device=device)
        self.query_global = nn.Linear(width, width, device=device)
        self.key_global = nn.Linear(width, width, device=device)
        self.value_global = nn.Linear(width, width, device=device)
        self.attention_output = nn.Linear(width, width, device=device)
        self.attention_norm = nn.LayerNorm(width, eps=epsilon, device=device)
        self.up = nn.Linear(width, config.feed_forward_width, device=device)
        self.activation = ACT2FN[config.activation]
        self.down = nn.Linear(config.feed_forward_width, width, device=device)
        self.norm = nn.LayerNorm(width, eps=epsilon, device=device)

    def parts(self) -> LayerParts:
        """Give the callables :func:`vectorlong.encoder.layer.run_layer` takes."""
        return LayerParts(**{name: getattr(self, name) for name in LayerParts.__dataclass_fields__})


class Encoder(nn.Module):
    """A Longformer encoder over packed texts.

    Parameters
    ----------
    config
        Its shape.
    attention
        ``"auto"`` or the name of an attention backend.
    device
        Where the parameters are made; "meta" for none yet, where weights are read from a file.

    Examples
    --------
    >>> from vectorlong.attention.spec import AttentionSpec
    >>> config = EncoderConfig(
    ...     vocabulary_size=10, hidden_width=8, n_layers=1, n_heads=2, feed_forward_width=16,
    ...     n_positions=12, position_offset=2, n_token_types=1, pad_id=1, activation="gelu",
    ...     layer_norm_epsilon=1e-5, hidden_dropout=0.0, attention_dropout=0.0,
    ...     attention=(AttentionSpec(window=4),))
    >>> texts = PackedTexts((3, 2), ((0,), (0,)))
    >>> Encoder(config)(torch.tensor([0, 5, 2, 0, 2]), texts).shape
    torch.Size([5, 8])
    """

    def __init__(
        self, config: EncoderConfig, attention: str = "auto", device: str | None = None
    ) -> None:
        super().__init__()
        if config.activation not in ACT2FN:
            raise OptionError("hidden_act", config.activation, sorted(ACT2FN))
        self.config = config
        self.attention = attention
        # Training then keeps only the layers' inputs, and runs each once more for gradients.
        self.checkpoints_layers = False
        self.embeddings = Embeddings(config, device)
        self.layers = nn.ModuleList(Layer(config, spec, device) for spec in config.attention)

    def forward(
        self,
        token_ids: Tensor,
        texts: PackedTexts,
        token_type_ids: Tensor | None = None,
        first_tokens_only: bool = False,
    ) -> Tensor:
        """Encode packed texts.

        Parameters
        ----------
        token_ids
            int64 [t], special tokens included.
        texts
            How the t tokens divide into texts, and which are global.
        token_type_ids
            int64 [t]; all 0 where not given.
        first_tokens_only
            Give the states of the texts' first tokens alone; where those are global, the last
            layer then computes nothing else.

        Returns
        -------
        Tensor
            [t, e]: the last layer's hidden states; or [b, e].

        Raises
        ------
        InputValueError
            The ids do not add up to the lengths, or a text is longer than the position table.
        """
        self._check(token_ids, texts.lengths)
        hidden = self.embeddings(token_ids, texts, token_type_ids)  # [t, e]
        layers: Any = self.layers
        parts = [layer.parts() for layer in layers]
        fused = fused_layers(self, parts, self.config.n_heads, hidden)
        if fused is not None:
            return self._run_fused(fused, hidden, texts, first_tokens_only)
        for layer in layers:
            if self.checkpoints_layers and torch.is_grad_enabled():
                hidden = checkpoint(self._run, layer, hidden, texts, use_reentrant=False)
            else:
                hidden = self._run(layer, hidden, texts)
        return hidden[list(texts.starts)] if first_tokens_only else hidden

    def _run_fused(
        self, layers: list[FusedLayer], hidden: Tensor, texts: PackedTexts, first_tokens_only: bool
    ) -> Tensor:
        """Run the layers arranged for inference: [t, e] -> [t, e] or [b, e]."""
        is_short = first_tokens_only and all(
            positions[:1] == (0,) for positions in texts.global_positions
        )
        workspace = Workspace(hidden, self.config.n_heads)
        full = layers[:-1] if is_short else layers
        for layer, spec in zip(full, self.config.attention, strict=False):
            layer.run(hidden, workspace, texts, spec, self.attention)
        if is_short:
            last = self.config.attention[-1]
            return layers[-1].run_first_tokens(hidden, texts, last, self.config.n_heads)
        return hidden[list(texts.starts)] if first_tokens_only else hidden

    def _run(self, layer: Any, hidden: Tensor, texts: PackedTexts) -> Tensor:
        return run_layer(
            layer.parts(),
            hidden,
            texts,
            layer.spec,
            self.config.n_heads,
            self.attention,
            self.config.hidden_dropout if self.training else 0.0,
            self.config.attention_dropout if self.training else 0.0,
        )

    def _check(self, token_ids: Tensor, lengths: Sequence[int]) -> None:
        """Refuse what an embedding table would answer with an obscure index error."""
        if token_ids.shape != (sum(lengths),):
            raise InputValueError(
                f"token_ids has shape {tuple(token_ids.shape)} but the texts' lengths add up to "
                f"{sum(lengths)}; pass one flat tensor of all tokens."
            )
        longest = max(lengths, default=0)
        if longest > self.config.max_tokens:
            raise InputValueError(
                f"A text has {longest} tokens but the model takes {self.config.max_tokens}; "
                "split it into windows (Longformer2Vec does) or convert to a longer table."
            )
