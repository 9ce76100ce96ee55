"""``sentences``: a label for each sentence of a document, which all know each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vectorlong.tasks.sentence_windows import SentenceWindow, sentence_tensors, sentence_windows
from vectorlong.tasks.sequential_sentences import (
    NO_LABEL,
    LongformerForSequentialSentenceClassification,
)
from vectorlong.training.heads import load, save_head
from vectorlong.training.job import Job, batches, digest_of, on_device
from vectorlong.training.labels import Labels, label_figures
from vectorlong.training.records import Placed, read_parts, read_records
from vectorlong.training.sections import Config, DataSection, Help, WindowTokens


@dataclass(frozen=True)
class SentencesRecord:
    """The sentences of a document and their labels."""

    sentences: list[str]
    labels: list[str]


@dataclass(frozen=True, kw_only=True)
class SentencesData(DataSection):
    """Documents sentence by sentence."""

    train: Annotated[
        list[str],
        Help("JSON lines of sentences and labels, two lists of one length.", ["train.jsonl"]),
    ]


@dataclass(frozen=True, kw_only=True)
class SentencesSection:
    """How documents are taken."""

    length: WindowTokens = None


@dataclass(frozen=True, kw_only=True)
class SentencesConfig(Config):
    """The file of ``vectorlong train sentences``."""

    data: SentencesData
    task: SentencesSection = field(default_factory=SentencesSection)


@dataclass(frozen=True)
class _Example:
    """A window; ``labels`` int64 [s] are -100 but for its own sentences."""

    window: SentenceWindow
    labels: np.ndarray


def prepare(config: SentencesConfig) -> Job:
    """Read sentences, labels and model.

    Raises
    ------
    ConfigError
        A document has more sentences than labels, or a label that is never learnt from.
    """
    data, training = config.data, config.training
    parts = read_parts(
        data, training.seed, lambda key, paths: read_records(key, paths, SentencesRecord)
    )
    labels = Labels(label for each in parts.given for label in each.record.labels)
    model, tokenizer, length = load(
        config,
        LongformerForSequentialSentenceClassification,
        config.task.length,
        **labels.head_options(),
    )

    def windows(placed: Placed[SentencesRecord]) -> list[_Example]:
        sentences = placed.record.sentences
        numbers = labels.numbers_of("sentences", sentences, placed.record.labels, placed.place)
        return [
            _Example(window, _own_labels(window, numbers))
            for window in sentence_windows(sentences, tokenizer, length)
        ]

    examples = [window for each in parts.learnt for window in windows(each)]
    evaluated = [window for each in parts.held_out for window in windows(each)]
    pad = int(tokenizer.pad_token_id)

    def evaluate(trained: nn.Module) -> dict[str, float]:
        nats = 0.0
        expected: list[int] = []
        predicted: list[int] = []
        for group in batches(evaluated, training.batch_size):
            batch = on_device(_batch(group, pad), trained)
            targets = batch.pop("labels")  # [w, s]
            scores = trained(**batch).logits  # [w, s, c]
            is_own = targets != NO_LABEL
            nats += F.cross_entropy(scores[is_own], targets[is_own], reduction="sum").item()
            expected += targets[is_own].tolist()
            predicted += scores[is_own].argmax(-1).tolist()
        return {"loss": nats / len(expected), **label_figures(expected, predicted)}

    return Job(
        model=model,
        examples=examples,
        collate=lambda draws: _batch([draw.example for draw in draws], pad),
        evaluate=evaluate,
        metric="macro_f1",
        greater_is_better=True,
        save=save_head(tokenizer, config.model.name),
        data_digest=digest_of(
            each.window.ids.tobytes() + each.labels.tobytes() for each in (*examples, *evaluated)
        ),
    )


def _own_labels(window: SentenceWindow, numbers: np.ndarray) -> np.ndarray:
    own = np.full(len(window.starts), NO_LABEL)
    for number in window.own:
        own[number - window.first] = numbers[number]
    return own


def _batch(examples: Sequence[_Example], pad: int) -> dict[str, Tensor]:
    batch = sentence_tensors([each.window for each in examples], pad)
    labels = torch.full(batch["sentence_starts"].shape, NO_LABEL)
    for row, each in enumerate(examples):
        labels[row, : len(each.labels)] = torch.from_numpy(each.labels)
    return {**batch, "labels": labels}
