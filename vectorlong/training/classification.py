"""``classify``: one label for a document; of a longer one than the model, its windows' mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from sklearn.metrics import f1_score
from torch import Tensor, nn
from transformers import LongformerForSequenceClassification

from vectorlong.documents import Document
from vectorlong.errors import ConfigError
from vectorlong.tasks.windows import TextWindow, text_windows, window_tensors
from vectorlong.training.config import Config, Help, Share
from vectorlong.training.heads import (
    Length,
    Stride,
    label_options,
    load,
    mean_over_windows,
    numbered,
    save_head,
)
from vectorlong.training.job import Job
from vectorlong.training.records import Placed, read_texts, split_off
from vectorlong.training.run import batches, digest_of, on_device


@dataclass(frozen=True, kw_only=True)
class DataSection:
    """Texts with labels."""

    train: Annotated[list[str], Help("Tables: .csv, .tsv, .jsonl or .json.", ["train.csv"])]
    eval: Annotated[
        list[str], Help("Likewise, to evaluate on; a share of train where there are none.")
    ] = field(default_factory=list)
    eval_share: Annotated[Share, Help("That share.")] = 0.1
    text: Annotated[str | None, Help("Column that is the text.", "body")] = None
    label: Annotated[str, Help("Column that is the label.")] = "label"


@dataclass(frozen=True, kw_only=True)
class ClassificationSection:
    """How documents are taken."""

    length: Length = None
    stride: Stride = 64


@dataclass(frozen=True, kw_only=True)
class ClassificationConfig(Config):
    """The file of ``vectorlong train classify``."""

    data: DataSection
    task: ClassificationSection = field(default_factory=ClassificationSection)


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
    texts = read_texts("data.train", data.train, data.text)
    if data.eval:
        held_out = read_texts("data.eval", data.eval, data.text)
    else:
        texts, held_out = split_off(texts, data.eval_share, training.seed, "data.eval_share")
    numbers = numbered(_label(text, data.label) for text in texts)
    if len(numbers) < 2:
        raise ConfigError(
            f"data.label={data.label!r}: every text to learn from has the label "
            f"{next(iter(numbers))!r}; at least two are needed."
        )
    model, tokenizer, length = load(
        config,
        LongformerForSequenceClassification,
        config.task.length,
        problem_type="single_label_classification",
        **label_options(numbers),
    )

    def example(text: Placed[Document]) -> _Example:
        label = _label(text, data.label)
        if label not in numbers:
            raise ConfigError(
                f"{text.place}: the label {label!r} is of no text to learn from. Known are: "
                f"{', '.join(map(repr, numbers))}."
            )
        windows = text_windows(tokenizer, text.record.text, length, config.task.stride)
        return _Example(windows, numbers[label])

    examples, evaluated = [example(text) for text in texts], [example(text) for text in held_out]
    pad = int(tokenizer.pad_token_id)

    def evaluate(trained: nn.Module) -> dict[str, float]:
        predicted: list[int] = []
        nats = 0.0
        for group in batches(evaluated, training.batch_size):
            batch = on_device(_batch(group, pad), trained)
            scores = _scores(trained, batch)
            nats += F.cross_entropy(scores, batch["labels"], reduction="sum").item()
            predicted += scores.argmax(-1).tolist()
        return {"loss": nats / len(evaluated), **label_figures(evaluated, predicted)}

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


def label_figures(examples: Sequence[Any], predicted: Sequence[int]) -> dict[str, float]:
    """Give accuracy, and F1 averaged over the labels that occur."""
    expected = [each.label for each in examples]
    n_right = sum(one == other for one, other in zip(expected, predicted, strict=True))
    return {
        "accuracy": n_right / len(expected),
        "macro_f1": float(f1_score(expected, predicted, average="macro", zero_division=0)),
    }


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
    inputs = {
        name: batch[name] for name in ("input_ids", "attention_mask", "global_attention_mask")
    }
    return mean_over_windows(model(**inputs).logits, batch["n_windows"])
