"""``classify``: one label for a document; of a longer one than the model, its windows' mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import LongformerForSequenceClassification

from vectorlong.documents import Document
from vectorlong.errors import ConfigError
from vectorlong.tasks.windows import TextWindow, text_windows, window_tensors
from vectorlong.training.heads import load, mean_over_windows, save_head
from vectorlong.training.job import Job, batches, digest_of, on_device
from vectorlong.training.labels import Labels, label_figures
from vectorlong.training.records import Placed, read_parts, read_texts
from vectorlong.training.sections import Config, DataSection, Help, WindowSection


@dataclass(frozen=True, kw_only=True)
class ClassificationData(DataSection):
    """Texts with labels."""

    train: Annotated[list[str], Help("Tables: .csv, .tsv, .jsonl or .json.", ["train.csv"])]
    text: Annotated[str | None, Help("Column that is the text.", "body")] = None
    label: Annotated[str, Help("Column that is the label.")] = "label"


@dataclass(frozen=True, kw_only=True)
class ClassificationConfig(Config):
    """The file of ``vectorlong train classify``."""

    data: ClassificationData
    task: WindowSection = field(default_factory=WindowSection)


@dataclass(frozen=True)
class _Example:
    windows: list[TextWindow]
    label: int


def prepare(config: ClassificationConfig) -> Job:
    """Read texts, labels and model.

    Raises
    ------
    ConfigError
        A text has no label, or one that is evaluated on is never learnt from.
    """
    data, training = config.data, config.training

    def label_of(text: Placed[Document]) -> str:
        return _label(text, data.label)

    parts = read_parts(
        data, training.seed, lambda key, paths: read_texts(key, paths, data.text), label_of
    )
    labels = Labels(map(label_of, parts.given))
    if len(labels.names) < 2:
        raise ConfigError(
            f"data.label={data.label!r}: every text of data.train has the label "
            f"{labels.names[0]!r}; at least two are needed."
        )
    model, tokenizer, length = load(
        config,
        LongformerForSequenceClassification,
        config.task.length,
        problem_type="single_label_classification",
        **labels.head_options(),
    )

    def example(text: Placed[Document]) -> _Example:
        number = labels.number(label_of(text), text.place)
        windows = text_windows(tokenizer, text.record.text, length, config.task.stride)
        return _Example(windows, number)

    examples = [example(text) for text in parts.learnt]
    evaluated = [example(text) for text in parts.held_out]
    pad = int(tokenizer.pad_token_id)

    def evaluate(trained: nn.Module) -> dict[str, float]:
        predicted: list[int] = []
        nats = 0.0
        for group in batches(evaluated, training.batch_size):
            batch = on_device(_batch(group, pad), trained)
            scores = _scores(trained, batch)
            nats += F.cross_entropy(scores, batch["labels"], reduction="sum").item()
            predicted += scores.argmax(-1).tolist()
        expected = [each.label for each in evaluated]
        return {"loss": nats / len(evaluated), **label_figures(expected, predicted)}

    return Job(
        model=model,
        examples=examples,
        collate=lambda draws: _batch([draw.example for draw in draws], pad),
        evaluate=evaluate,
        metric="macro_f1",
        greater_is_better=True,
        save=save_head(tokenizer, config.model.name),
        data_digest=digest_of(
            window.ids.tobytes() + str(each.label).encode()
            for each in (*examples, *evaluated)
            for window in each.windows
        ),
        loss=lambda trained, batch: F.cross_entropy(_scores(trained, batch), batch["labels"]),
    )


def _label(text: Placed[Document], column: str) -> str:
    value = text.record.metadata.get(column)
    if value is None or value == "" or isinstance(value, list | dict):
        known = ", ".join(sorted(text.record.metadata.keys() - {"file"})) or "none"
        raise ConfigError(
            f"{text.place}: there is no label in column {column!r} (data.label). Other columns: "
            f"{known}."
        )
    return str(value)


def _batch(examples: Sequence[_Example], pad: int) -> dict[str, Tensor]:
    windows = [window for each in examples for window in each.windows]
    return {
        **window_tensors(windows, pad),
        "n_windows": torch.tensor([len(each.windows) for each in examples]),
        "labels": torch.tensor([each.label for each in examples]),
    }


def _scores(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Give each document's scores [b, c]."""
    inputs = {name: each for name, each in batch.items() if name not in ("n_windows", "labels")}
    return mean_over_windows(model(**inputs).logits, batch["n_windows"])
