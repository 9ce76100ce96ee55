"""``charlm``: language modelling byte by byte, in stages of growing length (arXiv:2004.05150, 4.2).

Each stage doubles the length of what is read at once, and the windows of every layer. An example is
as long as the last stage reads; earlier stages read it in pieces, so that all stages see as many
bytes a step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from vectorlong.errors import ConfigError, OptionError
from vectorlong.tasks.character_language_model import (
    NO_LABEL,
    CharacterConfig,
    LongformerForCharacterLanguageModeling,
)
from vectorlong.tasks.text_bytes import encode_bytes
from vectorlong.training.job import Draw, Job, batches, digest_of, on_device
from vectorlong.training.records import read_parts, read_texts
from vectorlong.training.sections import (
    Help,
    Positive,
    Rate,
    RunConfig,
    Share,
    TextDataSection,
    TrainingSection,
)

_PerLayer = list[Positive | list[Positive]]


@dataclass(frozen=True, kw_only=True)
class CharacterModelSection:
    """The shape of the model."""

    width: Annotated[Positive, Help("Numbers of a byte's state.")] = 256
    layers: Annotated[Positive, Help("Layers.")] = 6
    heads: Annotated[Positive, Help("Heads of each.")] = 4
    windows: Annotated[
        list[Positive],
        Help(
            "Total width of each layer's window, even, in the last stage; half of it is seen, all\n"
            "before a byte. It grows upwards."
        ),
    ] = field(default_factory=lambda: [64, 64, 128, 128, 256, 256])
    dilations: Annotated[
        _PerLayer,
        Help("Gap between the bytes that each layer sees; or for a layer one for each head."),
    ] = field(default_factory=lambda: [1, 1, 1, 1, [1, 1, 2, 2], [1, 1, 2, 3]])
    dropout: Annotated[Share, Help("After products, while it is trained.")] = 0.1


@dataclass(frozen=True, kw_only=True)
class CharacterSection:
    """What is read at once."""

    length: Annotated[Positive, Help("Bytes of an example, in the last stage.")] = 2048
    stages: Annotated[
        Annotated[int, Field(ge=1, le=8)],
        Help("Stages of as many steps; each doubles length and windows."),
    ] = 3
    scored: Annotated[
        Positive, Help("Bytes scored of each overlapping example that is evaluated on.")
    ] = 512


@dataclass(frozen=True, kw_only=True)
class CharacterTrainingSection(TrainingSection):
    """How long and how fast a model is trained that begins with nothing."""

    learning_rate: Annotated[Rate, Help("Highest learning rate.")] = 5e-4
    batch_size: Annotated[Positive, Help("Examples in one forward pass.")] = 16


@dataclass(frozen=True, kw_only=True)
class CharacterLanguageModelConfig(RunConfig):
    """The file of ``vectorlong train charlm``."""

    data: TextDataSection
    model: CharacterModelSection = field(default_factory=CharacterModelSection)
    task: CharacterSection = field(default_factory=CharacterSection)
    training: CharacterTrainingSection = field(default_factory=CharacterTrainingSection)


def prepare(config: CharacterLanguageModelConfig) -> Job:
    """Read texts and make a model.

    Raises
    ------
    ConfigError
        The shape or the lengths are impossible, or there is too little text.
    """
    data, task, training = config.data, config.task, config.training
    parts = read_parts(data, training.seed, lambda key, paths: read_texts(key, paths, data.text))
    shortest = task.length >> (task.stages - 1)
    if shortest < 8 or task.length % (1 << (task.stages - 1)):
        raise ConfigError(
            f"task.length={task.length} cannot be halved {task.stages - 1} times to 8 or more "
            "(task.stages)."
        )
    if task.scored > task.length:
        raise ConfigError(f"task.scored={task.scored} is more than task.length={task.length}.")
    contents = [_bytes_of(each.record.text) for each in parts.learnt]
    evaluated = [_bytes_of(each.record.text) for each in parts.held_out]
    # The last piece of a text ends with it, so that every byte is in one.
    examples = [piece for content in contents for piece in _pieces(content, task.length)]
    n_steps = training.n_steps(len(examples))

    def collate(draws: list[Draw]) -> dict[str, Tensor]:
        step = draws[0].number // training.examples_a_step
        stage = min(step * task.stages // n_steps, task.stages - 1)
        n_parts = 1 << (task.stages - 1 - stage)
        parts = [part for draw in draws for part in _pieces(draw.example, task.length // n_parts)]
        return {**_batch(parts), "window_divisor": torch.tensor(n_parts)}

    return Job(
        model=_model(config),
        examples=examples,
        collate=collate,
        evaluate=partial(
            evaluate_bytes,
            texts=evaluated,
            length=task.length,
            scored=task.scored,
            batch_size=training.batch_size,
        ),
        metric="loss",
        greater_is_better=False,
        save=_save,
        data_digest=digest_of(content.tobytes() for content in (*contents, *evaluated)),
        loss=_loss,
    )


def evaluate_bytes(
    model: nn.Module, texts: Sequence[np.ndarray], length: int, scored: int, batch_size: int
) -> dict[str, float]:
    """Score every byte of texts, each after as much of its text as is read at once.

    Examples overlap, and of each but a text's first only the last bytes are scored, as the paper
    evaluates.

    Parameters
    ----------
    model
        In evaluation mode.
    texts
        int64 [n] each: what begins a text, and its bytes.
    length
        Bytes read at once.
    scored
        Of these, the last ones that are scored.
    batch_size
        Examples in one forward pass.

    Returns
    -------
    dict of str to float
        ``loss`` in nats a byte, ``bits_per_byte``, and ``bits_per_character``: all bits over the
        characters that the bytes are.
    """
    examples = [piece for text in texts for piece in _overlapping(text, length, scored)]
    nats = n_bytes = 0.0
    for group in batches(examples, batch_size):
        batch = on_device(_batch([ids for ids, _ in group]), model)
        labels = batch.pop("labels")
        for row, (_, n_before) in enumerate(group):
            labels[row, :n_before] = NO_LABEL
        logits = model(**batch).logits[:, :-1].float()  # [b, n - 1, v]
        targets = labels[:, 1:]
        is_scored = targets != NO_LABEL
        nats += F.cross_entropy(logits[is_scored], targets[is_scored], reduction="sum").item()
        n_bytes += int(is_scored.sum())
    # Bytes that go on with a character begin with the bits 10.
    n_characters = sum(int((text[1:] & 0xC0 != 0x80).sum()) for text in texts)
    bits = nats / math.log(2)
    return {
        "loss": nats / n_bytes,
        "bits_per_byte": bits / n_bytes,
        "bits_per_character": bits / n_characters,
    }


def _overlapping(text: np.ndarray, length: int, scored: int) -> list[tuple[np.ndarray, int]]:
    """Give examples, and how many ids of each only stand before what is scored."""
    found = [(text[: length + 1], 1)]
    done = length + 1
    while done < len(text):
        end = min(done + scored, len(text))
        start = end - length - 1
        found.append((text[start:end], done - start))
        done = end
    return found


def _pieces(content: np.ndarray, length: int) -> list[np.ndarray]:
    """Cut ids so that all but the first id of a piece are told, and every id is told once."""
    return [
        content[start : start + length + 1] for start in range(0, max(len(content) - 1, 1), length)
    ]


def _bytes_of(text: str) -> np.ndarray:
    return encode_bytes(text).numpy()


def _batch(parts: Sequence[np.ndarray]) -> dict[str, Tensor]:
    shape = (len(parts), max(len(part) for part in parts))
    ids, labels = torch.zeros(shape, dtype=torch.long), torch.full(shape, NO_LABEL)
    is_real = torch.zeros(shape, dtype=torch.long)
    for row, part in enumerate(parts):
        values = torch.from_numpy(part)
        ids[row, : len(part)] = labels[row, : len(part)] = values
        is_real[row, : len(part)] = 1
    return {"input_ids": ids, "attention_mask": is_real, "labels": labels}


def _loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "labels")}
    return model(**inputs, window_divisor=int(batch["window_divisor"])).loss


def _model(config: CharacterLanguageModelConfig) -> LongformerForCharacterLanguageModeling:
    section = config.model
    try:
        shape = CharacterConfig(
            hidden_size=section.width,
            num_hidden_layers=section.layers,
            num_attention_heads=section.heads,
            intermediate_size=4 * section.width,
            attention_window=section.windows,
            attention_dilation=section.dilations,
            hidden_dropout_prob=section.dropout,
        )
    except OptionError as error:
        raise ConfigError(f"model: {error}") from None
    return LongformerForCharacterLanguageModeling(shape)


def _save(model: Any, folder: Path) -> None:
    model.save_pretrained(folder)
