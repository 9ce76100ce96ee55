"""Weights on disk: find the files, read them, rename them, check them, write them.

A missing weight is an error that lists it, never a random tensor. Pickles are read with
``weights_only`` and no remote code is ever run.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

import torch
from pydantic import Field
from safetensors.torch import load_file, save_file
from torch import Tensor

from vectorlong.disk import is_larger_unpacked, read_mapping, replace_file
from vectorlong.encoder.config import EncoderConfig, write_longformer_config
from vectorlong.encoder.model import Encoder
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

# Ours <-> transformers', the first match of each line; used in both directions.
_RENAMES = (
    ("embeddings.word.", "embeddings.word_embeddings."),
    ("embeddings.position.", "embeddings.position_embeddings."),
    ("embeddings.token_type.", "embeddings.token_type_embeddings."),
    ("embeddings.norm.", "embeddings.LayerNorm."),
    (".query.", ".attention.self.query."),
    (".key.", ".attention.self.key."),
    (".value.", ".attention.self.value."),
    (".query_global.", ".attention.self.query_global."),
    (".key_global.", ".attention.self.key_global."),
    (".value_global.", ".attention.self.value_global."),
    (".attention_output.", ".attention.output.dense."),
    (".attention_norm.", ".attention.output.LayerNorm."),
    (".up.", ".intermediate.dense."),
    (".down.", ".output.dense."),
    (".norm.", ".output.LayerNorm."),
)
_MODEL_PREFIX = re.compile(r"^(?:module\.)?(?:(?:longformer|roberta|bert|electra|model)\.)?")
_ENCODER_KEY = re.compile(r"^(embeddings|encoder)\.")
# Buffers and tables that carry no parameter of the encoder.
_IGNORED_KEY = re.compile(r"^embeddings\.(position_ids|token_type_ids)$")


def to_transformers_name(name: str) -> str:
    """Translate one of this library's parameter names.

    Examples
    --------
    >>> to_transformers_name("layers.3.key_global.bias")
    'encoder.layer.3.attention.self.key_global.bias'
    """
    for ours, theirs in _RENAMES:
        if ours in name:
            return name.replace("layers.", "encoder.layer.").replace(ours, theirs)
    return name


def from_transformers_name(name: str) -> str:
    """Translate one of ``transformers``' parameter names, without its model prefix.

    Examples
    --------
    >>> from_transformers_name("encoder.layer.3.attention.self.key_global.bias")
    'layers.3.key_global.bias'
    """
    for ours, theirs in _RENAMES:
        if theirs in name:
            return name.replace("encoder.layer.", "layers.").replace(theirs, ours)
    return name


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
                    f"{_some(strange or absent)}."
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
    weights: dict[str, Tensor] = {}
    for path in weight_files(folder):
        weights.update(_read_file(path))
    named = {}
    for name, tensor in weights.items():
        name = _MODEL_PREFIX.sub("", name, count=1)
        # Checkpoints of the TensorFlow era call a normalisation's parameters gamma and beta.
        name = re.sub(r"LayerNorm\.gamma$", "LayerNorm.weight", name)
        name = re.sub(r"LayerNorm\.beta$", "LayerNorm.bias", name)
        if _ENCODER_KEY.match(name) and not _IGNORED_KEY.match(name):
            named[name] = tensor
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


def load_encoder(
    weights: Mapping[str, Tensor], config: EncoderConfig, source: str, attention: str = "auto"
) -> Encoder:
    """Build an encoder from weights under ``transformers``' names.

    Parameters
    ----------
    weights
        As :func:`read_weights` gives them.
    config
        The encoder's shape.
    source
        Where the weights come from, for messages.
    attention
        ``"auto"`` or the name of an attention backend.

    Returns
    -------
    Encoder
        float32, in evaluation mode, on the CPU.

    Raises
    ------
    WeightsError
        Weights are missing, superfluous or wrongly shaped; each is listed.
    """
    # Not within torch.device("meta"), which an interrupt may leave in force for all tensors after.
    encoder = Encoder(config, attention, device="meta")
    expected = {to_transformers_name(name): tensor for name, tensor in encoder.state_dict().items()}
    check_weights(
        {name: tuple(tensor.shape) for name, tensor in expected.items()},
        {name: tuple(tensor.shape) for name, tensor in weights.items()},
        source,
    )
    integers = [name for name, tensor in weights.items() if not tensor.is_floating_point()]
    if integers:
        raise WeightsError(
            f"The weights of {source} are no floating-point numbers: {_some(integers)}. Quantised "
            "checkpoints cannot be read; use the original."
        )
    state = {
        from_transformers_name(name): tensor.to(torch.float32) for name, tensor in weights.items()
    }
    encoder.load_state_dict(state, assign=True)
    encoder.requires_grad_(True)
    return encoder.eval()


def check_weights(
    expected: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]], source: str
) -> None:
    """Compare names and shapes.

    Raises
    ------
    WeightsError
        They differ; the message lists every missing, superfluous and wrongly shaped weight.
    """
    problems = [
        *_listed("missing", sorted(expected.keys() - found.keys())),
        *_listed("not of this architecture", sorted(found.keys() - expected.keys())),
        *_listed(
            "wrongly shaped",
            [
                f"{name} is {list(found[name])}, expected {list(expected[name])}"
                for name in sorted(expected.keys() & found.keys())
                if found[name] != expected[name]
            ],
        ),
    ]
    if problems:
        raise WeightsError(
            f"The weights of {source} do not fit its config.json.\n"
            + "\n".join(problems)
            + "\nA BERT or RoBERTa encoder without *_global weights has to be converted first: "
            "vectorlong.convert(source, folder)."
        )


def _listed(heading: str, names: Iterable[str]) -> list[str]:
    names = list(names)
    return [f"{heading}: {_some(names)}"] if names else []


def _some(names: Sequence[str]) -> str:
    """Write down as many of the names as one reads."""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(name[:_MOST_NAME_CHARACTERS] for name in names[:_MOST_NAMES]) + more


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:_MOST_NAME_CHARACTERS]


def save_checkpoint(
    encoder: Encoder, folder: Path, extra: Mapping[str, Any] | None = None
) -> list[str]:
    """Write config.json and model.safetensors so that plain ``transformers`` gives equal outputs.

    Each file replaces its predecessor atomically, the weights first.

    Parameters
    ----------
    encoder
        What to write.
    folder
        Made if missing.
    extra
        Further keys for config.json (special token ids, say).

    Returns
    -------
    list of str
        Names of the files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = encoder.config
    state = {
        to_transformers_name(name): tensor.detach().cpu().contiguous()
        for name, tensor in encoder.state_dict().items()
    }
    # transformers counts positions from pad + 1: shift a table that starts elsewhere.
    table = state["embeddings.position_embeddings.weight"][config.position_offset :]
    unused = table.new_zeros(config.pad_id + 1, config.hidden_width)
    state["embeddings.position_embeddings.weight"] = torch.cat([unused, table])
    raw = {**write_longformer_config(config), **(extra or {})}

    def write_weights(path: Path) -> None:
        path.touch()
        mode = path.stat().st_mode
        save_file(state, path, metadata={"format": "pt"})
        path.chmod(mode)  # safetensors lets only its owner read what it writes

    def write_config(path: Path) -> None:
        path.write_text(json.dumps(raw, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        # Only now, so that neither file is replaced where there is no room for the other.
        replace_file(folder / WEIGHTS_FILE, write_weights)

    replace_file(folder / CONFIG_FILE, write_config)
    return [CONFIG_FILE, WEIGHTS_FILE]


def weights_digest(encoder: Encoder) -> str:
    """Hash an encoder's float32 weights and shape: the same wherever and however it is stored.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    config = encoder.config
    # Where the table's unused first rows end is a matter of storage, not of the model.
    shape = replace(config, position_offset=0, n_positions=config.max_tokens, pad_id=0)
    digest = hashlib.sha256(repr(shape).encode())
    for name, tensor in sorted(encoder.state_dict().items()):
        if name == "embeddings.position.weight":
            tensor = tensor[config.position_offset :]
        digest.update(f"{name}{list(tensor.shape)}".encode())
        digest.update(tensor.float().cpu().contiguous().numpy().data)
    return digest.hexdigest()
