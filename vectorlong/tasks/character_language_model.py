"""Language modelling byte by byte with dilated causal windows (arXiv:2004.05150, section 4).

Windows grow from layer to layer, and some heads of the upper layers look further back in steps
(dilation). Positions are rotary (arXiv:2104.09864), which are relative as the paper's are: those,
Transformer-XL's sinusoidal ones, add a bias to every score, which the fast attentions do not take.
The vocabulary is bytes, so that no text of any language is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from numbers import Real
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from vectorlong.attention.dispatch import Case, choose_backend
from vectorlong.attention.spec import AttentionSpec, PackedTexts
from vectorlong.checks import check_count
from vectorlong.errors import InputValueError, OptionError
from vectorlong.tasks.byte_sampling import drawn, write_on
from vectorlong.tasks.checks import check_labels
from vectorlong.tasks.running import predicting
from vectorlong.tasks.text_bytes import N_TOKENS, START
from vectorlong.text.check import check_text

NO_LABEL = -100


class CharacterConfig(PretrainedConfig):
    """The shape of a model.

    Parameters
    ----------
    hidden_size, num_hidden_layers, num_attention_heads, intermediate_size
        As in ``transformers``.
    attention_window
        Total width of each layer's window, even, as everywhere here; a byte sees half of it, all
        before itself. One number, or one for each layer.
    attention_dilation
        Of each layer: one number, or one for each head.
    hidden_dropout_prob, attention_probs_dropout_prob
        While it is trained.
    tie_word_embeddings
        Whether bytes are scored by the table that they are read by.
    """

    model_type = "vectorlong_characters"

    def __init__(
        self,
        hidden_size: int = 256,
        num_hidden_layers: int = 6,
        num_attention_heads: int = 4,
        intermediate_size: int = 1024,
        attention_window: int | Sequence[int] = 128,
        attention_dilation: Sequence[int | Sequence[int]] | int = 1,
        hidden_dropout_prob: float = 0.1,
        attention_probs_dropout_prob: float = 0.0,
        layer_norm_eps: float = 1e-5,
        tie_word_embeddings: bool = True,
        **others: Any,
    ) -> None:
        super().__init__(**others)
        self.tie_word_embeddings = tie_word_embeddings
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.attention_window = _for_each(attention_window, num_hidden_layers, "attention_window")
        self.attention_dilation = _for_each(
            attention_dilation, num_hidden_layers, "attention_dilation"
        )
        self.hidden_dropout_prob = hidden_dropout_prob
        self.attention_probs_dropout_prob = attention_probs_dropout_prob
        self.layer_norm_eps = layer_norm_eps
        self.vocab_size = N_TOKENS
        if hidden_size % (2 * num_attention_heads):
            raise OptionError(
                "hidden_size",
                hidden_size,
                hint=f"Rotary positions need an even width of each of {num_attention_heads} heads.",
            )
        self.specs()

    def specs(self, window_divisor: int = 1) -> list[AttentionSpec]:
        """Give each layer's pattern, with narrower windows for a stage of training.

        Raises
        ------
        OptionError
            A window or a dilation is out of range.
        """
        check_count("window_divisor", window_divisor)
        specs = []
        for window, dilation in zip(self.attention_window, self.attention_dilation, strict=True):
            steps = tuple(dilation) if isinstance(dilation, list | tuple) else dilation
            width = window if window_divisor == 1 else max(2, window // window_divisor // 2 * 2)
            spec = AttentionSpec(window=width, dilation=steps, causal=True)
            spec.heads_by_dilation(self.num_attention_heads, width + 2)
            specs.append(spec)
        return specs


def _for_each(value: Any, n_layers: int, name: str) -> list[Any]:
    values = list(value) if isinstance(value, list | tuple) else [value] * n_layers
    if len(values) != n_layers:
        raise OptionError(
            name, value, hint=f"Give one value, or one for each of {n_layers} layers."
        )
    return values


@dataclass
class CharacterOutput(ModelOutput):
    """What the model gives.

    Attributes
    ----------
    loss
        Nats a byte; 0 where no byte is asked for.
    logits
        [b, n, 257]: of each byte's successor.
    """

    loss: Tensor | None = None
    logits: Tensor | None = None


class CharacterLayer(nn.Module):
    """Attention and feed-forward, each after a normalisation of its own and added to its input."""

    def __init__(self, config: CharacterConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.n_heads = config.num_attention_heads
        self.attention_dropout = config.attention_probs_dropout_prob
        self.attention_norm = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.attention_output = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.up = nn.Linear(width, config.intermediate_size)
        self.down = nn.Linear(config.intermediate_size, width)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(
        self, hidden: Tensor, angles: Tensor, texts: PackedTexts, spec: AttentionSpec
    ) -> Tensor:
        """Run over packed texts: [t, e] -> [t, e]."""
        query, key, value = self.projected(hidden, angles)
        dropout = self.attention_dropout if self.training else 0.0
        case = Case(hidden.device, hidden.dtype, dropout, torch.is_grad_enabled(), spec)
        attend = choose_backend("auto", case).local_attention
        return self.finished(hidden, attend(query, key, value, texts, spec, dropout))

    def projected(self, hidden: Tensor, angles: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Give queries and keys, turned to their positions, and values: each [t, h, d]."""
        normed = self.attention_norm(hidden)
        query, key, value = (
            projection(normed).unflatten(-1, (self.n_heads, -1))
            for projection in (self.query, self.key, self.value)
        )
        return _turned(query, angles), _turned(key, angles), value

    def finished(self, hidden: Tensor, attended: Tensor) -> Tensor:
        """Add what attention gave [t, h, d], and the feed-forward: [t, e]."""
        hidden = hidden + self.dropout(self.attention_output(attended.flatten(1)))
        return hidden + self.dropout(self.down(F.gelu(self.up(self.norm(hidden)))))


class LongformerForCharacterLanguageModeling(PreTrainedModel):
    """Tells each byte of a text from those before it.

    Parameters
    ----------
    config
        Its shape.

    Examples
    --------
    >>> config = CharacterConfig(hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
    ...     intermediate_size=32, attention_window=[4, 8], attention_dilation=[1, [1, 2]])
    >>> model = LongformerForCharacterLanguageModeling(config).eval()
    >>> from vectorlong.tasks.text_bytes import encode_bytes
    >>> ids = encode_bytes("Grüße")
    >>> model(ids[None], labels=ids[None]).logits.shape
    torch.Size([1, 8, 257])
    >>> len(model.generate("Once", 5, seed=0))
    5
    """

    config_class = CharacterConfig
    base_model_prefix = "characters"
    _tied_weights_keys = {"head.weight": "embedding.weight"}  # noqa: RUF012

    def __init__(self, config: CharacterConfig) -> None:
        super().__init__(config)
        self.embedding = nn.Embedding(N_TOKENS, config.hidden_size)
        self.layers = nn.ModuleList(CharacterLayer(config) for _ in range(config.num_hidden_layers))
        self.norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.head = nn.Linear(config.hidden_size, N_TOKENS, bias=False)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """Give the table of bytes."""
        return self.embedding

    def get_output_embeddings(self) -> nn.Module:
        """Give the same table, as it scores bytes."""
        return self.head

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        window_divisor: int = 1,
        return_dict: bool | None = None,
    ) -> CharacterOutput | tuple[Any, ...]:
        """Score the successor of every byte.

        Parameters
        ----------
        input_ids
            int64 [b, n]: bytes, after :data:`START` where a text begins.
        attention_mask
            [b, n]: 0 for padding, which stands at the end.
        labels
            int64 [b, n]: the same bytes, of which each is told from those before it; -100 where
            none is asked for.
        window_divisor
            Windows are narrower by this, as in the early stages of training.
        return_dict
            As in ``transformers``.

        Raises
        ------
        InputValueError
            An id is no byte, a shape is not [b, n], or padding stands before a byte.
        OptionError
            ``window_divisor`` is no whole number from 1 on.
        """
        if input_ids.numel() and not 0 <= int(input_ids.min()) <= int(input_ids.max()) <= START:
            raise InputValueError(
                f"input_ids are bytes (0 to 255) and {START}, which begins a text."
            )
        lengths = _lengths(input_ids, attention_mask)
        is_real = torch.arange(input_ids.shape[1], device=input_ids.device) < lengths[:, None]
        texts = PackedTexts.without_globals([length for length in lengths.tolist() if length])
        hidden = self.embedding(input_ids[is_real])  # [t, e]
        angles = self.angles(torch.arange(input_ids.shape[1]))  # [n, d / 2]
        angles = angles.expand(len(input_ids), -1, -1)[is_real]  # [t, d / 2]
        config: Any = self.config
        for layer, spec in zip(self.layers, config.specs(window_divisor), strict=True):
            if texts.lengths:
                hidden = layer(hidden, angles, texts, spec)
        packed = self.head(self.norm(hidden))  # [t, v]
        logits = packed.new_zeros(*input_ids.shape, N_TOKENS)  # [b, n, v]
        logits[is_real] = packed
        loss = None
        if labels is not None:
            check_labels(labels, N_TOKENS, ignored=NO_LABEL)
            targets = labels.masked_fill(~is_real, NO_LABEL)[:, 1:]
            nats = F.cross_entropy(
                logits[:, :-1].flatten(0, 1),
                targets.flatten(),
                ignore_index=NO_LABEL,
                reduction="sum",
            )
            loss = nats / (targets != NO_LABEL).sum().clamp(min=1)
        output = CharacterOutput(loss=loss, logits=logits)
        is_dict = config.return_dict if return_dict is None else return_dict
        return output if is_dict else output.to_tuple()

    def angles(self, positions: Tensor) -> Tensor:
        """Give how far each position turns each pair of numbers: float32 [t, d / 2]."""
        config: Any = self.config
        n_pairs = config.hidden_size // config.num_attention_heads // 2
        # In float32, those of neighbours would be blurred in texts of millions of bytes. On the
        # CPU, because not every device has float64.
        exponents = torch.arange(n_pairs, dtype=torch.float64) / n_pairs
        angles = positions[:, None] * 10_000.0 ** -exponents[None, :]
        return angles.remainder(2 * math.pi).float().to(self.device)

    def generate(
        self,
        prompt: str,
        n_characters: int,
        temperature: float = 1.0,
        top_p: float = 1.0,
        seed: int | None = None,
    ) -> str:
        """Write on.

        Each byte costs the windows, not the text before it. Only bytes that go on as UTF-8 are
        drawn, so that what comes is text.

        Parameters
        ----------
        prompt
            What stands before; may be empty.
        n_characters
            Wanted.
        temperature
            0 for the likeliest byte each time.
        top_p
            Draw among the likeliest bytes that together have this probability.
        seed
            For the same text again.

        Returns
        -------
        str
            ``n_characters`` characters, without the prompt.

        Raises
        ------
        InputTypeError, InputValueError, OptionError
            The prompt is no string or holds a lone surrogate, or a number is out of range.
        """
        prompt = check_text(prompt, "prompt")
        check_count("n_characters", n_characters, least=0)
        if not _is_number(temperature) or not 0 <= temperature < math.inf:
            raise OptionError("temperature", temperature, hint="Pass 0 (the likeliest) or more.")
        if not _is_number(top_p) or not 0 < top_p <= 1:
            raise OptionError("top_p", top_p, hint="Pass more than 0, at most 1.")
        generator = torch.Generator()
        if seed is None:
            generator.seed()
        else:
            generator.manual_seed(seed)
        draw = partial(drawn, temperature=temperature, top_p=top_p, generator=generator)
        with predicting(self):
            return write_on(self, prompt, n_characters, draw)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _turned(vectors: Tensor, angles: Tensor) -> Tensor:
    """Turn pairs of numbers of [t, h, d] by angles [t, d / 2]."""
    cosine, sine = angles.cos()[:, None].to(vectors.dtype), angles.sin()[:, None].to(vectors.dtype)
    one, other = vectors.chunk(2, dim=-1)  # [t, h, d / 2]
    return torch.cat([one * cosine - other * sine, one * sine + other * cosine], dim=-1)


def _lengths(input_ids: Tensor, attention_mask: Tensor | None) -> Tensor:
    """Give how many bytes each row has: int64 [b]."""
    if input_ids.dim() != 2:
        raise InputValueError(f"input_ids has the shape {tuple(input_ids.shape)}, not (texts, n).")
    n_tokens = input_ids.shape[1]
    if attention_mask is not None and attention_mask.shape != input_ids.shape:
        raise InputValueError(
            f"attention_mask has the shape {tuple(attention_mask.shape)}, "
            f"input_ids {tuple(input_ids.shape)}."
        )
    if attention_mask is None:
        return torch.full((len(input_ids),), n_tokens, device=input_ids.device)
    is_real = attention_mask != 0
    lengths = is_real.sum(1)
    if bool((is_real != (torch.arange(n_tokens, device=is_real.device) < lengths[:, None])).any()):
        raise InputValueError("attention_mask has padding before a byte; it stands at the end.")
    return lengths
