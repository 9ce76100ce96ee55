"""BERT-like encoders become Longformers.

The recipe of the Longformer paper (arXiv:2004.05150, section 5): repeat the position table up to
the new length, copy the query, key and value projections into the global ones, set the window.
Texts no longer than the source could take are attended densely, so that they keep exactly the
source's vectors.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from vectorlong.attention.spec import AttentionSpec
from vectorlong.checks import check_count
from vectorlong.disk import parse_json, read_small
from vectorlong.documents import PassageSpec
from vectorlong.encoder.checkpoint import check_weights, load_encoder, save_checkpoint
from vectorlong.encoder.config import (
    EncoderConfig,
    check_config,
    encoder_config,
    reject_other_positions,
)
from vectorlong.encoder.hub import find_folder
from vectorlong.encoder.model_files import (
    CONFIG_FILE,
    MAX_FACTS_BYTES,
    read_fields,
    read_json,
    read_weights,
)
from vectorlong.encoder.profiles import find_profile
from vectorlong.encoder.settings import Settings, file_digests, write_settings
from vectorlong.errors import CheckpointError, OptionError, UnsupportedArchitectureError, shown
from vectorlong.fields import PlainName, checked_fields
from vectorlong.text.tokenizer import TextTokenizer

# Row of the position table that a text's first token takes, as a function of the padding id.
_POSITION_OFFSETS = {
    "bert": lambda pad_id: 0,
    "electra": lambda pad_id: 0,
    "roberta": lambda pad_id: pad_id + 1,
    "xlm-roberta": lambda pad_id: pad_id + 1,
    "camembert": lambda pad_id: pad_id + 1,
}
# More than any text has, and less than what a config.json may say.
_MOST_TOKENS = 1 << 22
_POSITION_TABLE = "embeddings.position_embeddings.weight"
# sentence-transformers' names of poolings, in its current and its earlier configuration files.
_POOLING_NAMES = {
    "cls": "cls",
    "max": "max",
    "mean": "mean",
    "mean_sqrt_len_tokens": "mean_sqrt_len",
    "weightedmean": "weighted_mean",
    "lasttoken": "last",
}
_LEGACY_POOLING_FIELDS = {
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
        Longformer checkpoint, with ``transformers``. Of a sentence-transformers model it keeps the
        pooling, the prompts and whether vectors get length 1 (a Normalize module).

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
    _check_free(destination)
    source_folder = find_folder(
        source, revision=revision, local_files_only=local_files_only, cache_dir=cache_dir
    )
    return convert_source(
        read_source(source_folder, str(source)),
        destination,
        max_tokens=max_tokens,
        window=window,
        dense_up_to=dense_up_to,
        passages=passages,
    )


@dataclass(frozen=True)
class Source:
    """An encoder of the BERT family in memory, to be converted.

    Attributes
    ----------
    name
        Where it comes from, for people.
    config
        Its shape; attention is dense.
    weights
        Under ``transformers``' names, without the model prefix.
    tokenizer
        Its own.
    settings
        How its vectors are meant to be made.
    """

    name: str
    config: EncoderConfig
    weights: Mapping[str, Tensor]
    tokenizer: TextTokenizer
    settings: Settings


def read_source(folder: Path, name: str) -> Source:
    """Read a folder of a BERT-like encoder, or of sentence-transformers.

    Raises
    ------
    UnsupportedArchitectureError, CheckpointError
        As :func:`convert` raises them.
    """
    settings, encoder_folder = _read_sentence_transformers(folder)
    raw = read_json(encoder_folder / CONFIG_FILE)
    profile = find_profile(name)
    if profile.prompts and not settings.prompts:
        settings = replace(
            settings, prompts=profile.prompts, default_prompt_name=profile.default_prompt_name
        )
    weights = read_weights(encoder_folder)
    config = source_config(raw, weights)
    return Source(name, config, weights, TextTokenizer.from_folder(encoder_folder), settings)


def convert_source(
    source: Source,
    destination: Path,
    *,
    max_tokens: int,
    window: int,
    dense_up_to: int | None = None,
    passages: PassageSpec | None = None,
) -> Path:
    """Convert what was read; everything else is as in :func:`convert`."""
    _check_free(destination)
    _check_position_table(source.weights, source.config, source.name)
    config = _lengthen(source.config, max_tokens, window, dense_up_to)
    converted = _convert_weights(source.weights, source.config, config)
    encoder = load_encoder(converted, config, source.name)
    destination.parent.mkdir(parents=True, exist_ok=True)
    # Built beside and moved in one step: an interruption leaves nothing that looks like a model.
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".converting-") as temporary:
        built = Path(temporary) / "model"
        names = save_checkpoint(encoder, built, extra=source.tokenizer.config_ids())
        names += source.tokenizer.save(built, max_tokens=max_tokens)
        settings = replace(source.settings, passages=passages, source=Path(source.name).name)
        write_settings(replace(settings, files_sha256=file_digests(built, names)), built)
        os.replace(built, destination)
    return destination


def _check_free(destination: Path) -> None:
    if destination.exists() and not (destination.is_dir() and not any(destination.iterdir())):
        raise CheckpointError(f"{destination} exists already; choose a new folder.")


def source_config(raw: Mapping[str, Any], weights: Mapping[str, Tensor]) -> EncoderConfig:
    """Translate a BERT-like config.json; its attention is dense.

    Raises
    ------
    UnsupportedArchitectureError, CheckpointError
        As :func:`convert` raises them.
    """
    kind = raw.get("model_type")
    if kind == "longformer" or any("query_global" in name for name in weights):
        raise CheckpointError(
            "The source is a Longformer already; load it with Longformer2Vec(folder)."
        )
    if not isinstance(kind, str) or kind not in _POSITION_OFFSETS:
        raise UnsupportedArchitectureError(
            f"A model of type {shown(kind)} cannot be converted. Types that can: "
            f"{', '.join(sorted(_POSITION_OFFSETS))}."
        )
    reject_other_positions(raw)
    file = check_config(raw)
    if file.is_decoder or file.add_cross_attention:
        raise UnsupportedArchitectureError(f"This {kind} is a decoder; only encoders convert.")
    pad_id = file.pad_token_id
    if pad_id is None:
        pad_id = 0 if kind in ("bert", "electra") else 1
    offset = _POSITION_OFFSETS[kind](pad_id)
    n_tokens = file.max_position_embeddings - offset
    spec = AttentionSpec(window=max(2, 2 * (n_tokens - 1)))
    specs = (spec,) * file.num_hidden_layers
    return encoder_config(file, specs, pad_id=pad_id, position_offset=offset, n_token_types=2)


def _check_position_table(
    weights: Mapping[str, Tensor], config: EncoderConfig, source: str
) -> None:
    """Refuse a table that is not as long as config.json says, before it is lengthened."""
    if _POSITION_TABLE in weights:
        check_weights(
            {_POSITION_TABLE: (config.n_positions, config.hidden_width)},
            {_POSITION_TABLE: tuple(weights[_POSITION_TABLE].shape)},
            source,
        )


def _lengthen(
    source: EncoderConfig, max_tokens: int, window: int, dense_up_to: int | None
) -> EncoderConfig:
    """Give the shape of the result."""
    n_tokens = check_count("max_tokens", max_tokens)
    if not source.max_tokens <= n_tokens <= _MOST_TOKENS:
        hint = (
            f"The source takes {source.max_tokens} already; pass that or more, to {_MOST_TOKENS}."
        )
        raise OptionError("max_tokens", max_tokens, hint=hint)
    width = check_count("window", window)
    if width > 2 * _MOST_TOKENS:
        hint = f"Pass an even number of at least 2, to {2 * _MOST_TOKENS}."
        raise OptionError("window", window, hint=hint)
    dense = source.max_tokens
    if dense_up_to is not None:
        dense = check_count("dense_up_to", dense_up_to, least=0)
    if dense > _MOST_TOKENS:
        raise OptionError("dense_up_to", dense_up_to, hint=f"Pass 0 to {_MOST_TOKENS}.")
    spec = AttentionSpec(window=width, dense_up_to=dense)
    return replace(
        source,
        n_positions=n_tokens + source.position_offset,
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
    if _POSITION_TABLE in weights:
        table = weights[_POSITION_TABLE]
        unused, used = table.split([source.position_offset, source.max_tokens])
        copies = -(-config.max_tokens // source.max_tokens)
        repeated = used.repeat(copies, 1)[: config.max_tokens]  # [max tokens, e]
        converted[_POSITION_TABLE] = torch.cat([unused, repeated])
    return converted


def _read_sentence_transformers(folder: Path) -> tuple[Settings, Path]:
    """Read what a sentence-transformers folder adds, and find the encoder's own folder in it."""
    modules_file = folder / "modules.json"
    if not modules_file.is_file():
        return Settings(), folder
    encoder_folder, settings = folder, Settings()
    for module in _read_modules(modules_file):
        kind = module.type.rsplit(".", 1)[-1]
        if kind == "Transformer":
            encoder_folder = folder / module.path
        elif kind == "Pooling":
            pooling = _read_pooling(folder / module.path / CONFIG_FILE)
            settings = replace(settings, pooling=pooling)
        elif kind == "Normalize":
            settings = replace(settings, normalize=True)
        else:
            raise UnsupportedArchitectureError(
                f"The sentence-transformers module {shown(kind)} in {modules_file} has no "
                "counterpart here; models of Transformer, Pooling and Normalize convert."
            )
    extra_file = folder / "config_sentence_transformers.json"
    if extra_file.is_file():
        extra = read_fields(_Prompts, extra_file)
        settings = replace(
            settings, prompts=extra.prompts or {}, default_prompt_name=extra.default_prompt_name
        )
    return settings, encoder_folder


@dataclass(frozen=True)
class _Module:
    """An entry of sentence-transformers' modules.json; its folder, or "" for the model's own."""

    type: Annotated[str, Field(max_length=1000)]
    path: PlainName | Literal[""]


@dataclass(frozen=True)
class _Prompts:
    """The fields of config_sentence_transformers.json that matter here."""

    prompts: dict[str, str] | None = None
    default_prompt_name: str | None = None


@dataclass(frozen=True)
class _PoolingFile:
    """The fields of a pooling's config.json: the current one, and those of earlier versions."""

    pooling_mode: str | list[str] | None = None
    pooling_mode_cls_token: bool = False
    pooling_mode_max_tokens: bool = False
    pooling_mode_mean_tokens: bool = False
    pooling_mode_mean_sqrt_len_tokens: bool = False
    pooling_mode_weightedmean_tokens: bool = False
    pooling_mode_lasttoken: bool = False


def _read_modules(path: Path) -> list[_Module]:
    """Read the list of a sentence-transformers model's modules."""
    try:
        modules = parse_json(read_small(path, MAX_FACTS_BYTES), "it")
        if not isinstance(modules, list) or not all(isinstance(each, dict) for each in modules):
            raise ValueError("it holds something else")
        return [checked_fields(_Module, module) for module in modules]
    except (ValueError, OSError) as error:
        raise CheckpointError(
            f"{path} is damaged ({error}); it lists modules, each with a type and a path."
        ) from error


def _read_pooling(path: Path) -> tuple[str, ...]:
    """Translate sentence-transformers' pooling configuration, current or earlier."""
    file = read_fields(_PoolingFile, path)
    modes = file.pooling_mode
    if modes is None:
        names = [ours for field, ours in _LEGACY_POOLING_FIELDS.items() if getattr(file, field)]
    else:
        modes = [modes] if isinstance(modes, str) else modes
        unknown = [mode for mode in modes if mode not in _POOLING_NAMES]
        if unknown:
            raise OptionError("pooling_mode", unknown[0], _POOLING_NAMES)
        names = [_POOLING_NAMES[mode] for mode in modes]
    return tuple(names) or ("mean",)
