"""The shape of an encoder, and its translation from and to ``transformers``' config.json.

Read from the checkpoint's own file, never from ``transformers``' class defaults, which differ from
the published checkpoints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from vectorlong.attention.spec import AttentionSpec
from vectorlong.errors import CheckpointError, UnsupportedArchitectureError, shown
from vectorlong.fields import checked_fields

# What plain transformers has no field for lives under this key of config.json.
EXTENSION_KEY = "vectorlong"
# Those of its fields that say what the layers see.
PATTERN_FIELDS = ("dilation", "causal", "dense_up_to")

# Far above every published encoder, and small enough that nothing absurd is built or allocated.
MOST_ROWS = 1 << 24
_MOST_WIDTH = 1 << 16
_MOST_LAYERS = 512

_Rows = Annotated[int, Field(ge=1, le=MOST_ROWS)]
_Width = Annotated[int, Field(ge=1, le=_MOST_WIDTH)]
_Count = Annotated[int, Field(ge=0, le=MOST_ROWS)]
_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_PerLayer = Annotated[list[_Rows], Field(max_length=_MOST_LAYERS)]
_Dilation = Annotated[list[_Rows | _PerLayer], Field(max_length=_MOST_LAYERS)]


@dataclass(frozen=True)
class _Extension:
    """What config.json holds under EXTENSION_KEY."""

    position_offset: _Count | None = None
    dilation: _Dilation | None = None
    causal: bool = False
    dense_up_to: _Count = 0


@dataclass(frozen=True)
class ConfigFile:
    """The fields of a config.json that matter here, as ``transformers`` names them.

    A field that is null counts as one that is not there.
    """

    vocab_size: _Rows
    hidden_size: _Width
    num_hidden_layers: Annotated[int, Field(ge=1, le=_MOST_LAYERS)]
    num_attention_heads: _Width
    intermediate_size: Annotated[int, Field(ge=1, le=16 * _MOST_WIDTH)]
    max_position_embeddings: _Rows
    model_type: str | None = None
    attention_window: _Rows | _PerLayer | None = None
    type_vocab_size: _Width | None = None
    pad_token_id: _Count | None = None
    hidden_act: str = "gelu"
    layer_norm_eps: _Share = 1e-12
    hidden_dropout_prob: _Share = 0.1
    attention_probs_dropout_prob: _Share = 0.1
    position_embedding_type: str | None = None
    is_decoder: bool = False
    add_cross_attention: bool = False
    vectorlong: _Extension = field(default_factory=_Extension)


@dataclass(frozen=True)
class EncoderConfig:
    """The shape of a Longformer encoder.

    Attributes
    ----------
    vocabulary_size, hidden_width, n_layers, n_heads, feed_forward_width
        Sizes; ``hidden_width`` is a multiple of ``n_heads``.
    n_positions
        Rows of the position table.
    position_offset
        The row of a text's first token: pad + 1 as ``transformers`` counts, or 0.
    n_token_types
        Rows of the token type table; texts use row 0.
    pad_id
        Padding token of the configuration. Packed texts have no padding; checkpoints written for
        ``transformers`` need it.
    activation
        Name of the feed-forward activation, as ``transformers`` names it.
    layer_norm_epsilon, hidden_dropout, attention_dropout
        As in the checkpoint; dropout acts in training only.
    attention
        One pattern a layer.
    """

    vocabulary_size: int
    hidden_width: int
    n_layers: int
    n_heads: int
    feed_forward_width: int
    n_positions: int
    position_offset: int
    n_token_types: int
    pad_id: int
    activation: str
    layer_norm_epsilon: float
    hidden_dropout: float
    attention_dropout: float
    attention: tuple[AttentionSpec, ...]

    def __post_init__(self) -> None:
        """Check that the numbers fit together."""
        if self.max_tokens < 1:
            raise CheckpointError(
                f"max_position_embeddings {self.n_positions} leaves no position for a text that "
                f"starts at row {self.position_offset} (pad_token_id {self.pad_id})."
            )
        if self.hidden_width % self.n_heads:
            raise CheckpointError(
                f"hidden_size {self.hidden_width} is not a multiple of num_attention_heads "
                f"{self.n_heads}; the config.json is damaged or of another architecture."
            )
        if len(self.attention) != self.n_layers:
            raise CheckpointError(
                f"attention_window lists {len(self.attention)} layers but num_hidden_layers is "
                f"{self.n_layers}; give one window, or one for each layer."
            )

    @property
    def max_tokens(self) -> int:
        """Longest input in tokens, special tokens included."""
        return self.n_positions - self.position_offset


def check_config(raw: Mapping[str, Any]) -> ConfigFile:
    """Check every field of a config.json that is used here.

    Raises
    ------
    CheckpointError
        Fields are missing, or no sizes, or beyond what any encoder has; the message lists them.
    """
    try:
        return checked_fields(ConfigFile, {k: v for k, v in raw.items() if v is not None})
    except ValueError as error:
        raise CheckpointError(
            f"config.json does not describe an encoder of the BERT family: {error}."
        ) from None


def read_longformer_config(raw: Mapping[str, Any]) -> EncoderConfig:
    """Translate a Longformer checkpoint's config.json.

    Parameters
    ----------
    raw
        The parsed file.

    Returns
    -------
    EncoderConfig
        The same facts in this library's terms.

    Raises
    ------
    UnsupportedArchitectureError
        Positions are rotary or relative, which is another model under the same name.
    CheckpointError
        Fields are missing, wrong, or do not fit together.
    OptionError
        A window is odd or below 2.
    """
    reject_other_positions(raw)
    file = check_config(raw)
    if file.attention_window is None:
        raise CheckpointError(
            "config.json lacks attention_window, the total width of the sliding window."
        )
    windows = file.attention_window
    if isinstance(windows, int):
        windows = [windows] * file.num_hidden_layers
    extension = file.vectorlong
    pad_id = 1 if file.pad_token_id is None else file.pad_token_id
    offset = pad_id + 1 if extension.position_offset is None else extension.position_offset
    specs = tuple(
        AttentionSpec(window, dilation, extension.causal, extension.dense_up_to)
        for window, dilation in zip(windows, _dilations(file, len(windows)), strict=True)
    )
    return encoder_config(file, specs, pad_id=pad_id, position_offset=offset, n_token_types=1)


def encoder_config(
    file: ConfigFile,
    attention: tuple[AttentionSpec, ...],
    *,
    pad_id: int,
    position_offset: int,
    n_token_types: int,
) -> EncoderConfig:
    """Put a file's sizes and what was made of the rest together.

    Parameters
    ----------
    file
        The sizes.
    attention, pad_id, position_offset
        As in :class:`EncoderConfig`.
    n_token_types
        Where the file does not say.

    Raises
    ------
    CheckpointError
        They do not fit together.
    """
    return EncoderConfig(
        vocabulary_size=file.vocab_size,
        hidden_width=file.hidden_size,
        n_layers=file.num_hidden_layers,
        n_heads=file.num_attention_heads,
        feed_forward_width=file.intermediate_size,
        n_positions=file.max_position_embeddings,
        position_offset=position_offset,
        n_token_types=file.type_vocab_size or n_token_types,
        pad_id=pad_id,
        activation=file.hidden_act,
        layer_norm_epsilon=file.layer_norm_eps,
        hidden_dropout=file.hidden_dropout_prob,
        attention_dropout=file.attention_probs_dropout_prob,
        attention=attention,
    )


def _dilations(file: ConfigFile, n_layers: int) -> list[int | tuple[int, ...]]:
    """Give each layer's dilation: one number, or one a head."""
    stored = file.vectorlong.dilation
    if stored is None:
        return [1] * n_layers
    dilations = [tuple(each) if isinstance(each, list) else each for each in stored]
    n_heads = file.num_attention_heads
    if len(dilations) != n_layers or any(
        isinstance(each, tuple) and len(each) != n_heads for each in dilations
    ):
        raise CheckpointError(
            f"config.json has {EXTENSION_KEY}.dilation={shown(stored)}; it is one number, "
            f"or one for each of {n_heads} heads, for each of {n_layers} layers."
        )
    return dilations


def reject_other_positions(raw: Mapping[str, Any]) -> None:
    """Refuse models whose positions are not a learned absolute table.

    Raises
    ------
    UnsupportedArchitectureError
        The configuration asks for rotary or relative positions (as Erlangshen-Longformer does
        under model_type "longformer").
    """
    position_type = raw.get("position_embedding_type") or "absolute"
    is_rotary = bool(raw.get("use_rotary") or raw.get("rotary_emb_base")) or any(
        key.startswith("rope") and raw[key] for key in raw
    )
    if position_type != "absolute" or is_rotary:
        kind = "rotary" if is_rotary else shown(position_type)
        name = shown(raw.get("model_type"))
        raise UnsupportedArchitectureError(
            f"This {name} checkpoint uses {kind} positions; only learned absolute "
            "position tables are implemented. Use a checkpoint such as "
            "allenai/longformer-base-4096, or convert a BERT or RoBERTa encoder."
        )


def pattern_fields(specs: Sequence[AttentionSpec]) -> dict[str, Any]:
    """Give what config.json holds under :data:`EXTENSION_KEY` about the layers' patterns.

    Parameters
    ----------
    specs
        One pattern a layer; all are causal or none, and dense up to the same number of tokens.

    Returns
    -------
    dict
        Some of :data:`PATTERN_FIELDS`; empty for what plain ``transformers`` computes, too.

    Examples
    --------
    >>> pattern_fields([AttentionSpec(window=8), AttentionSpec(window=8, dilation=(1, 2))])
    {'dilation': [1, [1, 2]]}
    """
    fields: dict[str, Any] = {}
    if any(spec.dilation != 1 for spec in specs):
        fields["dilation"] = [
            list(spec.dilation) if isinstance(spec.dilation, tuple) else spec.dilation
            for spec in specs
        ]
    if specs and specs[0].causal:
        fields["causal"] = True
    if specs and specs[0].dense_up_to:
        fields["dense_up_to"] = specs[0].dense_up_to
    return fields


def write_longformer_config(config: EncoderConfig) -> dict[str, Any]:
    """Translate to a config.json that plain ``transformers`` reads as a Longformer.

    ``transformers`` counts positions from pad + 1, so that is what is written; a table that starts
    elsewhere is shifted by :func:`vectorlong.encoder.checkpoint.save_checkpoint`.
    """
    specs = config.attention
    extension = pattern_fields(specs)
    raw: dict[str, Any] = {
        "architectures": ["LongformerModel"],
        "model_type": "longformer",
        "attention_window": [spec.window for spec in specs],
        "vocab_size": config.vocabulary_size,
        "hidden_size": config.hidden_width,
        "num_hidden_layers": config.n_layers,
        "num_attention_heads": config.n_heads,
        "intermediate_size": config.feed_forward_width,
        "max_position_embeddings": config.max_tokens + config.pad_id + 1,
        "type_vocab_size": config.n_token_types,
        "pad_token_id": config.pad_id,
        "hidden_act": config.activation,
        "layer_norm_eps": config.layer_norm_epsilon,
        "hidden_dropout_prob": config.hidden_dropout,
        "attention_probs_dropout_prob": config.attention_dropout,
    }
    if extension:
        raw[EXTENSION_KEY] = extension
    return raw
