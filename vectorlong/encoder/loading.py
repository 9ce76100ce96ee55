"""From what the user wrote for ``model=`` to an encoder with its tokenizer, ready to run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from vectorlong.documents import PassageSpec
from vectorlong.encoder.checkpoint import load_encoder
from vectorlong.encoder.config import check_config, read_longformer_config
from vectorlong.encoder.embedded import embedded_folder, is_embedded
from vectorlong.encoder.hub import find_folder
from vectorlong.encoder.model import Encoder
from vectorlong.encoder.model_files import CONFIG_FILE, read_json, read_weights
from vectorlong.encoder.options import check_model
from vectorlong.encoder.profiles import find_profile
from vectorlong.encoder.settings import SETTINGS_FILE, Settings, check_files, read_settings
from vectorlong.errors import CheckpointError, UnsupportedArchitectureError, shown
from vectorlong.text.tokenizer import TextTokenizer


@dataclass(frozen=True)
class LoadedModel:
    """A checkpoint in memory.

    Attributes
    ----------
    name
        What the user wrote.
    folder
        Where its files are.
    encoder
        In evaluation mode, float32, on the CPU.
    tokenizer
        The encoder's own.
    settings
        How the checkpoint's vectors are meant to be made.
    max_tokens
        Longest input it was made for, special tokens included.
    passages
        How its documents are best cut.
    """

    name: str
    folder: Path
    encoder: Encoder
    tokenizer: TextTokenizer
    settings: Settings
    max_tokens: int
    passages: PassageSpec


def load_model(
    model: str | os.PathLike[str],
    *,
    attention: str = "auto",
    revision: str | None = None,
    local_files_only: bool = False,
    cache_dir: str | os.PathLike[str] | None = None,
) -> LoadedModel:
    """Find and read a checkpoint.

    Parameters
    ----------
    model, attention, revision, local_files_only, cache_dir
        As in ``Longformer2Vec``.

    Returns
    -------
    LoadedModel
        Everything read and checked.

    Raises
    ------
    ModelNotFoundError, CheckpointError
        As :func:`vectorlong.encoder.hub.find_folder` and
        :func:`vectorlong.encoder.checkpoint.load_encoder` raise them.
    UnsupportedArchitectureError
        The folder holds another kind of model.
    """
    name = check_model(model)
    folder = _find(name, revision, local_files_only, cache_dir)
    raw = read_json(folder / CONFIG_FILE)
    profile = find_profile(name, raw)
    extension = check_config({**profile.config_overrides, **raw}).vectorlong
    settings = read_settings(folder)
    if not is_embedded(name):  # whose cache was checked just now
        check_files(settings, folder)
    weights = read_weights(folder)
    _check_longformer(raw, weights, folder)
    config = read_longformer_config({**profile.config_overrides, **raw})
    is_own_format = extension.position_offset is not None or settings.files_sha256
    if profile.position_offset is not None and not is_own_format:
        config = replace(config, position_offset=profile.position_offset)
    tokenizer = TextTokenizer.from_folder(folder)
    max_tokens = min(config.max_tokens, profile.max_tokens or config.max_tokens)
    if not tokenizer.n_special < (settings.max_tokens or max_tokens) <= max_tokens:
        raise CheckpointError(
            f"{folder / SETTINGS_FILE} is damaged: max_tokens={settings.max_tokens}, and the model "
            f"takes {tokenizer.n_special + 1} to {max_tokens}."
        )
    return LoadedModel(
        name,
        folder,
        load_encoder(weights, config, str(folder), attention),
        tokenizer,
        settings,
        max_tokens,
        settings.passages or profile.passages,
    )


def settings_for_training(model: str | os.PathLike[str]) -> Settings:
    """Give how a model's vectors are meant to be made, for what is trained from it.

    A post-processing step is left out, since it was fitted to the model's vectors as they were.

    Raises
    ------
    ModelNotFoundError, CheckpointError
        As :func:`load_model` raises them.
    """
    name = check_model(model)
    folder = _find(name)
    profile = find_profile(name, read_json(folder / CONFIG_FILE))
    settings = read_settings(folder)
    return replace(
        settings,
        passages=settings.passages or profile.passages,
        has_postprocess=False,
        source=Path(name).name,
        files_sha256={},
    )


def _find(
    name: str,
    revision: str | None = None,
    local_files_only: bool = False,
    cache_dir: str | os.PathLike[str] | None = None,
) -> Path:
    """Find a model's folder; an embedded one is made where it is not there yet."""
    if is_embedded(name):
        return embedded_folder(name, cache_dir)
    return find_folder(
        name, revision=revision, local_files_only=local_files_only, cache_dir=cache_dir
    )


def _check_longformer(raw: Mapping[str, Any], weights: Mapping[str, Tensor], folder: Path) -> None:
    """Refuse other architectures before their weights are listed as missing."""
    is_longformer = raw.get("model_type") == "longformer"
    if is_longformer or any("query_global" in name for name in weights):
        return
    raise UnsupportedArchitectureError(
        f"{folder} holds a {shown(raw.get('model_type'))} model, not a Longformer. If it is "
        "an encoder of the BERT family, convert it first: vectorlong.convert(source, folder)."
    )
