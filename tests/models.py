"""Tiny random models the tests build, so that no test needs a network."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import LongformerConfig, LongformerModel, PreTrainedModel

from tests.text.builders import write_byte_bpe
from vectorlong.encoder.checkpoint import load_encoder
from vectorlong.encoder.config import read_longformer_config
from vectorlong.encoder.model import Encoder
from vectorlong.encoder.model_files import read_json, read_weights


def longformer_config(**changes: object) -> LongformerConfig:
    values: dict[str, object] = {
        "vocab_size": 1000,
        "hidden_size": 32,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 4100,
        "attention_window": [16, 8, 32],
        "pad_token_id": 1,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "sep_token_id": 2,
        "type_vocab_size": 1,
        "layer_norm_eps": 1e-5,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    }
    return LongformerConfig(**{**values, **changes})


def randomize(model: PreTrainedModel, seed: int = 0, scale: float = 0.3) -> PreTrainedModel:
    """Weights of a trained model's size or more, so that attention is far from uniform."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            is_norm = "LayerNorm.weight" in name
            width = parameter.shape[-1] if parameter.dim() > 1 else 1
            parameter.copy_(1 + 0.1 * noise if is_norm else noise * scale * min(1, 4 / width**0.5))
    return model


def write_longformer(folder: Path, seed: int = 0, **changes: object) -> LongformerModel:
    """A complete checkpoint folder with a byte-level BPE tokenizer; gives the model."""
    write_byte_bpe(folder)
    model = randomize(LongformerModel(longformer_config(**changes)).eval(), seed)
    model.save_pretrained(folder)
    return model


def load(folder: Path) -> Encoder:
    config = read_longformer_config(read_json(folder / "config.json"))
    return load_encoder(read_weights(folder), config, str(folder))
