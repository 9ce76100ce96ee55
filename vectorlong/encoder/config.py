"""The shape of an encoder, and its translation from and to ``transformers``' config.json.

Read from the checkpoint's own file, never from ``transformers``' class defaults, which differ from
the published checkpoints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vectorlong.attention.spec import AttentionSpec
from vectorlong.errors import CheckpointError, UnsupportedArchitectureError

# What plain transformers has no field for lives under this key of config.json.
EXTENSION_KEY = "vectorlong"

_REQUIRED_KEYS = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "max_position_embeddings",
)


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


def require_keys(raw: Mapping[str, Any]) -> None:
    """Check that a config.json names every size, and that they are sizes.

    Raises
    ------
    CheckpointError
        Keys are missing or no whole numbers; the message lists them.
    """
    missing = [key for key in _REQUIRED_KEYS if raw.get(key) is None]
    wrong = [
        f"{key}={raw[key]!r}"
        for key in _REQUIRED_KEYS
        if key not in missing and (type(raw[key]) is not int or raw[key] < 1)
    ]
    pad_id = raw.get("pad_token_id")
    if pad_id is not None and (type(pad_id) is not int or pad_id < 0):
        wrong.append(f"pad_token_id={pad_id!r}")
    if wrong:
        raise CheckpointError(
            f"config.json has {', '.join(wrong)}; these are whole numbers, sizes of at least 1."
        )
    if missing:
        raise CheckpointError(
            f"config.json (model_type {raw.get('model_type')!r}) lacks {', '.join(missing)}; "
            "it does not describe a BERT-like encoder."
        )


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
        Keys are missing or numbers do not fit together.
    OptionError
        A window is odd or below 2.
    """
    reject_other_positions(raw)
    require_keys(raw)
    if "attention_window" not in raw:
        raise CheckpointError(
            "config.json lacks attention_window, the total width of the sliding window."
        )
    n_layers = raw["num_hidden_layers"]
    windows = raw["attention_window"]
    if type(windows) is int:
        windows = [windows] * n_layers
    if not isinstance(windows, list) or any(type(window) is not int for window in windows):
        raise CheckpointError(
            f"config.json has attention_window={windows!r}; it is one whole number, or one for "
            "each layer."
        )
    extension = raw.get(EXTENSION_KEY, {})
    if not isinstance(extension, dict):
        raise CheckpointError(f"config.json has {EXTENSION_KEY}={extension!r}, not an object.")
    dilations = extension.get("dilation", [1] * len(windows))
    pad_id = raw.get("pad_token_id")
    pad_id = 1 if pad_id is None else pad_id
    return EncoderConfig(
        vocabulary_size=raw["vocab_size"],
        hidden_width=raw["hidden_size"],
        n_layers=n_layers,
        n_heads=raw["num_attention_heads"],
        feed_forward_width=raw["intermediate_size"],
        n_positions=raw["max_position_embeddings"],
        position_offset=extension.get("position_offset", pad_id + 1),
        n_token_types=raw.get("type_vocab_size", 1),
        pad_id=pad_id,
        activation=raw.get("hidden_act", "gelu"),
        layer_norm_epsilon=raw.get("layer_norm_eps", 1e-12),
        hidden_dropout=raw.get("hidden_dropout_prob", 0.1),
        attention_dropout=raw.get("attention_probs_dropout_prob", 0.1),
        attention=tuple(
            AttentionSpec(
                window=window,
                dilation=tuple(dilation) if isinstance(dilation, list) else dilation,
                causal=extension.get("causal", False),
                dense_up_to=extension.get("dense_up_to", 0),
            )
            for window, dilation in zip(windows, dilations, strict=True)
        ),
    )


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
        kind = "rotary" if is_rotary else position_type
        raise UnsupportedArchitectureError(
            f"This {raw.get('model_type')!r} checkpoint uses {kind} positions; only learned "
            "absolute position tables are implemented. Use a checkpoint such as "
            "allenai/longformer-base-4096, or convert a BERT or RoBERTa encoder."
        )


def write_longformer_config(config: EncoderConfig) -> dict[str, Any]:
    """Translate to a config.json that plain ``transformers`` reads as a Longformer.

    ``transformers`` counts positions from pad + 1, so that is what is written; a table that starts
    elsewhere is shifted by :func:`vectorlong.encoder.checkpoint.save_checkpoint`.
    """
    specs = config.attention
    extension: dict[str, Any] = {}
    if any(spec.dilation != 1 for spec in specs):
        extension["dilation"] = [
            list(spec.dilation) if isinstance(spec.dilation, tuple) else spec.dilation
            for spec in specs
        ]
    if specs and specs[0].causal:
        extension["causal"] = True
    if specs and specs[0].dense_up_to:
        extension["dense_up_to"] = specs[0].dense_up_to
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
