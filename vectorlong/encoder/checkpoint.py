"""An encoder and its weights on disk: rename them, check them, write them.

A missing weight is an error that lists it, never a random tensor.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from vectorlong.disk import replace_file
from vectorlong.encoder.config import EncoderConfig, write_longformer_config
from vectorlong.encoder.model import Encoder
from vectorlong.encoder.model_files import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    some_names,
)
from vectorlong.errors import WeightsError

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
            f"The weights of {source} are no floating-point numbers: {some_names(integers)}. "
            "Quantised checkpoints cannot be read; use the original."
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
    return [f"{heading}: {some_names(names)}"] if names else []


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

    Raises
    ------
    OSError
        The system refuses, as where the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = transformers_state(encoder)
    raw = {**write_longformer_config(encoder.config), **(extra or {})}

    def write_weights(path: Path) -> None:
        path.touch()
        mode = path.stat().st_mode
        try:
            save_file(state, path, metadata={"format": "pt"})
        except SafetensorError as error:  # its name for what the system refuses
            raise OSError(f"{folder / WEIGHTS_FILE} cannot be written: {error}") from error
        path.chmod(mode)  # safetensors lets only its owner read what it writes

    def write_config(path: Path) -> None:
        path.write_text(json.dumps(raw, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        # Only now, so that neither file is replaced where there is no room for the other.
        replace_file(folder / WEIGHTS_FILE, write_weights)

    replace_file(folder / CONFIG_FILE, write_config)
    return [CONFIG_FILE, WEIGHTS_FILE]


def transformers_state(encoder: Encoder) -> dict[str, Tensor]:
    """Give an encoder's weights under ``transformers``' names, positions where it counts them.

    Returns
    -------
    dict[str, Tensor]
        On the CPU.
    """
    config = encoder.config
    state = {
        to_transformers_name(name): tensor.detach().cpu().contiguous()
        for name, tensor in encoder.state_dict().items()
    }
    # transformers counts positions from pad + 1: shift a table that starts elsewhere.
    table = state["embeddings.position_embeddings.weight"][config.position_offset :]
    unused = table.new_zeros(config.pad_id + 1, config.hidden_width)
    state["embeddings.position_embeddings.weight"] = torch.cat([unused, table])
    return state


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
