"""A model's files as they are read: facts in JSON, weights in safetensors or pickles.

Pickles are read with ``weights_only``, and no remote code is ever run.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import torch
from pydantic import Field
from safetensors.torch import load_file
from torch import Tensor

from vectorlong.disk import is_larger_unpacked, read_mapping
from vectorlong.errors import CheckpointError, WeightsError
from vectorlong.fields import PlainName, checked_fields

Checked = TypeVar("Checked")

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
#: Files of facts are a few kilobytes; only an index of weights, which names each, is larger.
MAX_FACTS_BYTES = 1 << 20
_MAX_INDEX_BYTES = 16 << 20
# Of a list of weights in a message.
_MOST_NAMES = 100
_MOST_NAME_CHARACTERS = 300
_MODEL_PREFIX = re.compile(r"^(?:module\.)?(?:(?:longformer|roberta|bert|electra|model)\.)?")
_ENCODER_KEY = re.compile(r"^(embeddings|encoder)\.")
# BERT's names of its head for masked tokens, and what a Longformer calls the same.
_HEAD_RENAMES = (
    ("cls.predictions.transform.dense.", "lm_head.dense."),
    ("cls.predictions.transform.LayerNorm.", "lm_head.layer_norm."),
    ("cls.predictions.decoder.", "lm_head.decoder."),
    ("cls.predictions.bias", "lm_head.bias"),
)
# Buffers and tables that carry no parameter of the encoder.
_IGNORED_KEY = re.compile(r"^embeddings\.(position_ids|token_type_ids)$")


def read_json(path: Path, max_bytes: int = MAX_FACTS_BYTES) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    CheckpointError
        The file is missing, damaged, no plain file, larger than ``max_bytes``, or holds something
        else than an object.
    """
    try:
        return read_mapping(path, max_bytes)
    except FileNotFoundError:
        raise CheckpointError(
            f"{path.parent} has no {path.name}; a model folder holds config.json, the weights "
            "(model.safetensors) and the tokenizer's files."
        ) from None
    except (ValueError, OSError) as error:
        raise CheckpointError(f"{path} cannot be read as JSON: {error}.") from error


def read_fields(kind: type[Checked], path: Path, max_bytes: int = MAX_FACTS_BYTES) -> Checked:
    """Read a JSON object as what it describes, every field checked.

    Parameters
    ----------
    kind, path, max_bytes
        As in :func:`vectorlong.fields.checked_fields` and :func:`read_json`.

    Raises
    ------
    CheckpointError
        As in :func:`read_json`; or fields are not what they may be.
    """
    try:
        return checked_fields(kind, read_json(path, max_bytes))
    except ValueError as error:
        raise CheckpointError(f"{path} is damaged: {error}.") from error


@dataclass(frozen=True)
class _WeightsIndex:
    """A sharded checkpoint's index: the file of each weight."""

    weight_map: Annotated[dict[str, PlainName], Field(min_length=1)]


def weight_files(folder: Path) -> list[Path]:
    """Find the files that hold a folder's weights, safetensors first.

    Raises
    ------
    CheckpointError
        There are none, or an index is damaged, or names files that are not there or not in the
        folder.
    """
    for single, index in (
        (WEIGHTS_FILE, "model.safetensors.index.json"),
        ("pytorch_model.bin", "pytorch_model.bin.index.json"),
    ):
        if (folder / single).is_file():
            return [folder / single]
        if (folder / index).is_file():
            weight_map = read_fields(_WeightsIndex, folder / index, _MAX_INDEX_BYTES).weight_map
            names = sorted(set(weight_map.values()))
            strange = [name for name in names if not name.endswith((".safetensors", ".bin"))]
            absent = [name for name in names if not (folder / name).is_file()]
            if strange or absent:
                raise CheckpointError(
                    f"{folder / index} names files that are missing or hold no weights: "
                    f"{some_names(strange or absent)}."
                )
            return [folder / name for name in names]
    raise CheckpointError(
        f"{folder} has no weights; expected model.safetensors (or its sharded index) or "
        "pytorch_model.bin."
    )


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Read all weights of a folder, under ``transformers``' names without the model prefix.

    Parameters
    ----------
    folder
        A model folder.

    Returns
    -------
    dict[str, Tensor]
        Every tensor whose name begins with ``embeddings.`` or ``encoder.`` once its prefix is off;
        poolers and heads are left out.

    Raises
    ------
    WeightsError
        A file is damaged.
    CheckpointError
        There are no weights.
    """
    return {
        name: tensor
        for name, tensor in _read_all(folder).items()
        if _ENCODER_KEY.match(name) and not _IGNORED_KEY.match(name)
    }


def read_head_weights(folder: Path) -> dict[str, Tensor]:
    """Read what else the files of a folder hold: a pooler, and heads for tasks.

    Names are as in :func:`read_weights`; those of a BERT's head for masked tokens become those of a
    Longformer's.

    Raises
    ------
    WeightsError, CheckpointError
        As :func:`read_weights` raises them.
    """
    weights = {}
    for name, tensor in _read_all(folder).items():
        for theirs, ours in _HEAD_RENAMES:
            name = name.replace(theirs, ours)
        if not _ENCODER_KEY.match(name):
            weights[name] = tensor
    return weights


def _read_all(folder: Path) -> dict[str, Tensor]:
    """Read every tensor of a folder, without the model prefix in its name."""
    weights: dict[str, Tensor] = {}
    for path in weight_files(folder):
        weights.update(_read_file(path))
    named = {}
    for name, tensor in weights.items():
        name = _MODEL_PREFIX.sub("", name, count=1)
        # Checkpoints of the TensorFlow era call a normalisation's parameters gamma and beta.
        name = re.sub(r"LayerNorm\.gamma$", "LayerNorm.weight", name)
        named[re.sub(r"LayerNorm\.beta$", "LayerNorm.bias", name)] = tensor
    return named


def _read_file(path: Path) -> dict[str, Tensor]:
    """Read one file of weights, turning every sign of damage into one error."""
    try:
        if path.suffix == ".safetensors":
            return _checked_tensors(load_file(path), path)
        if is_larger_unpacked(path):  # torch only stores
            raise WeightsError(
                f"{path} unpacks to more bytes than the file has, and torch writes no such file. "
                "Use the checkpoint's safetensors file."
            )
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except WeightsError:
        raise
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path} is damaged, or holds more than tensors, which is never loaded because it "
            "could run code. Use the checkpoint's safetensors file."
        ) from error
    except Exception as error:  # torch's reader raises anything when a file is damaged
        raise WeightsError(
            f"{path} is damaged or incomplete ({_first_line(error)}); fetch or copy it again."
        ) from error
    if isinstance(weights, dict) and isinstance(weights.get("state_dict"), dict):
        weights = weights["state_dict"]  # as training frameworks wrap it
    if not isinstance(weights, dict):
        raise WeightsError(f"{path} does not hold named tensors; it is no file of weights.")
    return _checked_tensors(weights, path)


def _checked_tensors(weights: Mapping[Any, Any], path: Path) -> dict[str, Tensor]:
    """Make sure that names are names and that tensors have the numbers their shapes promise."""
    checked = {}
    for name, tensor in weights.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise WeightsError(f"{path} does not hold named tensors; it is no file of weights.")
        is_ordinary = tensor.layout is torch.strided and tensor.device.type == "cpu"
        is_ordinary &= not tensor.is_nested
        # A few stored numbers can be repeated to any shape.
        if not is_ordinary or tensor.untyped_storage().nbytes() < (
            tensor.numel() * tensor.element_size()
        ):
            raise WeightsError(
                f"{path} holds no ordinary numbers for {name[:_MOST_NAME_CHARACTERS]!r}. Use the "
                "checkpoint's safetensors file."
            )
        checked[name] = tensor
    return checked


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:_MOST_NAME_CHARACTERS]


def some_names(names: Sequence[str]) -> str:
    """Write down as many of the names as one reads."""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(name[:_MOST_NAME_CHARACTERS] for name in names[:_MOST_NAMES]) + more
