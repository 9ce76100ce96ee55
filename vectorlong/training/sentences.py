"""``sentences``: a label for each sentence of a document, which all know each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.metrics import f1_score
from torch import Tensor, nn

from vectorlong.errors import ConfigError
from vectorlong.tasks.sequential_sentences import (
    NO_LABEL,
    LongformerForSequentialSentenceClassification,
    SentenceWindow,
    sentence_tensors,
    sentence_windows,
)
from vectorlong.training.config import Config, Help, Share
from vectorlong.training.heads import Length, label_options, load, numbered, save_head
from vectorlong.training.job import Job
from vectorlong.training.records import Placed, read_records, split_off
from vectorlong.training.run import batches, digest_of, on_device


@dataclass(frozen=True)
class SentencesRecord:
    """The sentences of a document and their labels."""

    sentences: list[str]
    labels: list[str]


@dataclass(frozen=True, kw_only=True)
class DataSection:
    """Documents sentence by sentence."""

    train: Annotated[
        list[str],
        Help("JSON lines of sentences and labels, two lists of one length.", ["train.jsonl"]),
    ]
    eval: Annotated[
        list[str], Help("Likewise, to evaluate on; a share of train where there are none.")
    ] = field(default_factory=list)
    eval_share: Annotated[Share, Help("That share.")] = 0.1


@dataclass(frozen=True, kw_only=True)
class SentencesSection:
    """How documents are taken."""

    length: Length = None


@dataclass(frozen=True, kw_only=True)
class SentencesConfig(Config):
    """The file of ``vectorlong train sentences``."""

    data: DataSection
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
    records = read_records("data.train", data.train, SentencesRecord)
    if data.eval:
        held_out = read_records("data.eval", data.eval, SentencesRecord)
    else:
        records, held_out = split_off(records, data.eval_share, training.seed, "data.eval_share")
    numbers = numbered(label for each in records for label in each.record.labels)
    model, tokenizer, length = load(
        config,
        LongformerForSequentialSentenceClassification,
        config.task.length,
        **label_options(numbers),
    )

    def windows(placed: Sequence[Placed[SentencesRecord]]) -> list[_Example]:
        return [
            _Example(window, _own_labels(window, labels))
            for each in placed
            for labels in [_numbers_of(each, numbers)]
            for window in sentence_windows(each.record.sentences, tokenizer, length)
        ]

    examples, evaluated = windows(records), windows(held_out)
    pad = int(tokenizer.pad_token_id)

    def evaluate(trained: nn.Module) -> dict[str, float]:
        nats = 0.0
        expected: list[int] = []
        predicted: list[int] = []
        for group in batches(evaluated, training.batch_size):
            batch = on_device(_batch(group, pad), trained)
            labels = batch.pop("labels")
            scores = trained(**batch).logits  # [w, s, c]
            is_own = labels != NO_LABEL
            nats += F.cross_entropy(scores[is_own], labels[is_own], reduction="sum").item()
            expected += labels[is_own].tolist()
            predicted += scores[is_own].argmax(-1).tolist()
        return {
            "loss": nats / len(expected),
            "accuracy": float(np.mean(np.array(expected) == np.array(predicted))),
            "macro_f1": float(f1_score(expected, predicted, average="macro", zero_division=0)),
        }

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


def _numbers_of(placed: Placed[SentencesRecord], numbers: dict[str, int]) -> list[int]:
    record = placed.record
    if len(record.sentences) != len(record.labels) or not record.sentences:
        raise ConfigError(
            f"{placed.place}: {len(record.sentences)} sentences and {len(record.labels)} labels; "
            "there has to be a label for each sentence, and at least one."
        )
    unknown = next((label for label in record.labels if label not in numbers), None)
    if unknown is not None:
        raise ConfigError(
            f"{placed.place}: the label {unknown!r} is nowhere in data.train. Known are: "
            f"{', '.join(map(repr, numbers))}."
        )
    return [numbers[label] for label in record.labels]


def _own_labels(window: SentenceWindow, labels: Sequence[int]) -> np.ndarray:
    own = np.full(len(window.starts), NO_LABEL)
    for number in window.own:
        own[number - window.first] = labels[number]
    return own


def _batch(examples: Sequence[_Example], pad: int) -> dict[str, Tensor]:
    batch = sentence_tensors([each.window for each in examples], pad)
    labels = torch.full(batch["sentence_starts"].shape, NO_LABEL)
    for row, each in enumerate(examples):
        labels[row, : len(each.labels)] = torch.from_numpy(each.labels)
    return {**batch, "labels": labels}
