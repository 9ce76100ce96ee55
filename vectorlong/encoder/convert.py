"""BERT-like encoders become Longformers.

The recipe of the Longformer paper (arXiv:2004.05150, section 5): repeat the position table up to
the new length, copy the query, key and value projections into the global ones, set the window.
Texts no longer than the source could take are attended densely, so that they keep exactly the
source's vectors.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vectorlong.attention.spec import AttentionSpec
from vectorlong.documents import PassageSpec
from vectorlong.encoder.checkpoint import (
    CONFIG_FILE,
    load_encoder,
    read_json,
    read_weights,
    save_checkpoint,
)
from vectorlong.encoder.config import EncoderConfig, reject_other_positions, require_keys
from vectorlong.encoder.hub import find_folder
from vectorlong.encoder.settings import Settings, file_digests, write_settings
from vectorlong.errors import CheckpointError, OptionError, UnsupportedArchitectureError
from vectorlong.text.tokenizer import TextTokenizer

# Row of the position table that a text's first token takes, as a function of the padding id.
_POSITION_OFFSETS = {
    "bert": lambda pad_id: 0,
    "electra": lambda pad_id: 0,
    "roberta": lambda pad_id: pad_id + 1,
    "xlm-roberta": lambda pad_id: pad_id + 1,
    "camembert": lambda pad_id: pad_id + 1,
}
# sentence-transformers' names of poolings, in its current and its earlier configuration files.
_POOLING_NAMES = {
    "cls": "cls",
    "max": "max",
    "mean": "mean",
    "mean_sqrt_len_tokens": "mean_sqrt_len",
    "weightedmean": "weighted_mean",
    "lasttoken": "last",
}
_LEGACY_POOLING_KEYS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len",
    "pooling_mode_weightedmean_tokens": "weighted_mean",
    "pooling_mode_lasttoken": "last",
}


def convert(
    source: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    max_tokens: int = 4096,
    window: int = 512,
    dense_up_to: int | None = None,
    passages: PassageSpec | None = None,
    revision: str | None = None,
    local_files_only: bool = False,
    cache_dir: str | os.PathLike[str] | None = None,
) -> Path:
    """Convert a BERT, RoBERTa or XLM-R encoder, or a sentence-transformers folder, to a Longformer.

    Parameters
    ----------
    source
        A folder or a hub id.
    folder
        Where to write the result; it must not exist, or be empty.
    max_tokens
        Longest input of the result, special tokens included. At least the source's own.
    window
        Total width of the sliding window, even. Source models trained on short texts do better
        with narrow windows.
    dense_up_to
        Texts of at most this many tokens are attended densely. The source's own limit where not
        given, so that those texts keep the source's vectors; 0 for the window everywhere.
    passages
        How documents are to be cut into passages by default.
    revision, local_files_only, cache_dir
        For a hub id, as in ``Longformer2Vec``.

    Returns
    -------
    Path
        ``folder``, which now loads with ``Longformer2Vec(folder)`` and, since it is an ordinary
        Longformer checkpoint, with ``transformers``.

    Raises
    ------
    UnsupportedArchitectureError
        The source is not BERT-like, is a decoder, or has rotary or relative positions.
    CheckpointError
        The source is incomplete, is a Longformer already, or ``folder`` exists already.
    OptionError
        A number is out of range.

    Examples
    --------
    >>> convert("bert-base-uncased", "bert-long", window=128)  # doctest: +SKIP
    PosixPath('bert-long')
    """
    destination = Path(folder)
    if destination.exists() and not (destination.is_dir() and not any(destination.iterdir())):
        raise CheckpointError(f"{destination} exists already; choose a new folder.")
    source_folder = find_folder(
        source, revision=revision, local_files_only=local_files_only, cache_dir=cache_dir
    )
    settings, source_folder = _read_sentence_transformers(source_folder)
    raw = read_json(source_folder / CONFIG_FILE)
    weights = read_weights(source_folder)
    source_config = _read_source_config(raw, weights)
    config = _lengthen(source_config, max_tokens, window, dense_up_to)
    encoder = load_encoder(_convert_weights(weights, source_config, config), config, str(source))
    tokenizer = TextTokenizer.from_folder(source_folder)
    destination.parent.mkdir(parents=True, exist_ok=True)
    # Built beside and moved in one step: an interruption leaves nothing that looks like a model.
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".converting-") as temporary:
        built = Path(temporary) / "model"
        save_checkpoint(encoder, built, extra=tokenizer.config_ids())
        tokenizer.save(built, max_tokens=max_tokens)
        settings = replace(settings, passages=passages, source=Path(source).name)
        write_settings(replace(settings, files_sha256=file_digests(built)), built)
        os.replace(built, destination)
    return destination


def _read_source_config(raw: Mapping[str, Any], weights: Mapping[str, Tensor]) -> EncoderConfig:
    """Translate a BERT-like config.json; its attention is dense."""
    kind = raw.get("model_type")
    if kind == "longformer" or any("query_global" in name for name in weights):
        raise CheckpointError(
            "The source is a Longformer already; load it with Longformer2Vec(folder)."
        )
    if kind not in _POSITION_OFFSETS:
        raise UnsupportedArchitectureError(
            f"A model of type {kind!r} cannot be converted. Types that can: "
            f"{', '.join(sorted(_POSITION_OFFSETS))}."
        )
    if raw.get("is_decoder") or raw.get("add_cross_attention"):
        raise UnsupportedArchitectureError(f"This {kind} is a decoder; only encoders convert.")
    reject_other_positions(raw)
    require_keys(raw)
    pad_id = raw.get("pad_token_id")
    if pad_id is None:
        pad_id = 0 if kind in ("bert", "electra") else 1
    offset = _POSITION_OFFSETS[kind](pad_id)
    n_tokens = raw["max_position_embeddings"] - offset
    spec = AttentionSpec(window=max(2, 2 * (n_tokens - 1)))
    return EncoderConfig(
        vocabulary_size=raw["vocab_size"],
        hidden_width=raw["hidden_size"],
        n_layers=raw["num_hidden_layers"],
        n_heads=raw["num_attention_heads"],
        feed_forward_width=raw["intermediate_size"],
        n_positions=raw["max_position_embeddings"],
        position_offset=offset,
        n_token_types=raw.get("type_vocab_size", 2),
        pad_id=pad_id,
        activation=raw.get("hidden_act", "gelu"),
        layer_norm_epsilon=raw.get("layer_norm_eps", 1e-12),
        hidden_dropout=raw.get("hidden_dropout_prob", 0.1),
        attention_dropout=raw.get("attention_probs_dropout_prob", 0.1),
        attention=(spec,) * raw["num_hidden_layers"],
    )


def _lengthen(
    source: EncoderConfig, max_tokens: int, window: int, dense_up_to: int | None
) -> EncoderConfig:
    """Give the shape of the result."""
    if max_tokens < source.max_tokens:
        raise OptionError(
            "max_tokens", max_tokens, hint=f"The source takes {source.max_tokens} already."
        )
    dense_up_to = source.max_tokens if dense_up_to is None else dense_up_to
    spec = AttentionSpec(window=window, dense_up_to=dense_up_to)
    return replace(
        source,
        n_positions=max_tokens + source.position_offset,
        attention=(spec,) * source.n_layers,
    )


def _convert_weights(
    weights: Mapping[str, Tensor], source: EncoderConfig, config: EncoderConfig
) -> dict[str, Tensor]:
    """Lengthen the position table and copy the projections into the global ones."""
    converted = dict(weights)
    for name, tensor in weights.items():
        for projection in ("query", "key", "value"):
            if f".attention.self.{projection}." in name:
                converted[name.replace(projection, f"{projection}_global")] = tensor.clone()
    table = "embeddings.position_embeddings.weight"
    if table in weights:
        unused, used = weights[table].split([source.position_offset, source.max_tokens])
        copies = -(-config.max_tokens // source.max_tokens)
        repeated = used.repeat(copies, 1)[: config.max_tokens]  # [max tokens, e]
        converted[table] = torch.cat([unused, repeated])
    return converted


def _read_sentence_transformers(folder: Path) -> tuple[Settings, Path]:
    """Read what a sentence-transformers folder adds, and find the encoder's own folder in it."""
    modules_file = folder / "modules.json"
    if not modules_file.is_file():
        return Settings(), folder
    encoder_folder, settings = folder, Settings()
    for module in _read_modules(modules_file):
        kind = module["type"].rsplit(".", 1)[-1]
        if kind == "Transformer":
            encoder_folder = folder / module["path"]
        elif kind == "Pooling":
            pooling = _read_pooling(read_json(folder / module["path"] / CONFIG_FILE))
            settings = replace(settings, pooling=pooling)
        elif kind != "Normalize":  # unit length is the caller's choice: normalize=True
            raise UnsupportedArchitectureError(
                f"The sentence-transformers module {kind!r} in {modules_file} has no counterpart "
                "here; models of Transformer, Pooling and Normalize convert."
            )
    extra_file = folder / "config_sentence_transformers.json"
    if extra_file.is_file():
        extra = read_json(extra_file)
        prompts = extra.get("prompts") or {}
        if not isinstance(prompts, dict):
            raise CheckpointError(f"{extra_file} holds prompts={prompts!r}, not an object.")
        name = extra.get("default_prompt_name")
        settings = replace(settings, prompts=prompts, default_prompt_name=name)
    return settings, encoder_folder


def _read_modules(path: Path) -> list[dict[str, str]]:
    """Read the list of a sentence-transformers model's modules."""
    try:
        modules = json.loads(path.read_text(encoding="utf-8"))
        return [{"type": str(module["type"]), "path": str(module["path"])} for module in modules]
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise CheckpointError(
            f"{path} is damaged ({type(error).__name__}: {error}); it lists modules, each with a "
            "type and a path."
        ) from error


def _read_pooling(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Translate sentence-transformers' pooling configuration, current or earlier."""
    modes = raw.get("pooling_mode")
    if modes is None:
        names = [ours for key, ours in _LEGACY_POOLING_KEYS.items() if raw.get(key)]
    else:
        modes = [modes] if isinstance(modes, str) else modes
        unknown = [mode for mode in modes if mode not in _POOLING_NAMES]
        if unknown:
            raise OptionError("pooling_mode", unknown[0], _POOLING_NAMES)
        names = [_POOLING_NAMES[mode] for mode in modes]
    return tuple(names) or ("mean",)
