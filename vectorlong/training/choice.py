"""``choice``: which of several answers to a question a document bears out.

Each answer is read with the question before the document, both global; the answer of the highest
score is chosen, and the windows of a longer document than the model are averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import LongformerForMultipleChoice

from vectorlong.errors import ConfigError, InputValueError
from vectorlong.tasks.windows import TextWindow, text_windows, window_tensors
from vectorlong.training.heads import load, mean_over_windows, save_head
from vectorlong.training.job import Job, batches, digest_of, on_device
from vectorlong.training.records import Placed, data_error, read_parts, read_records
from vectorlong.training.sections import Config, DataSection, Help, WindowSection


@dataclass(frozen=True)
class ChoiceRecord:
    """A question on a document; ``answer`` counts the options from 0."""

    document: str
    question: str
    options: list[str]
    answer: int


@dataclass(frozen=True, kw_only=True)
class ChoiceData(DataSection):
    """Questions with answers to choose from."""

    train: Annotated[
        list[str],
        Help(
            "JSON lines of document, question, options (a list) and answer (which, from 0).",
            ["train.jsonl"],
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class ChoiceConfig(Config):
    """The file of ``vectorlong train choice``."""

    data: ChoiceData
    task: WindowSection = field(default_factory=WindowSection)


@dataclass(frozen=True)
class _Example:
    """The windows of a question's options, one after the other."""

    windows: list[list[TextWindow]]
    answer: int


def prepare(config: ChoiceConfig) -> Job:
    """Read questions and model.

    Raises
    ------
    ConfigError
        An answer is none of its options, or a question leaves no room for its document.
    """
    data, training = config.data, config.training
    parts = read_parts(
        data, training.seed, lambda key, paths: read_records(key, paths, ChoiceRecord)
    )
    model, tokenizer, length = load(config, LongformerForMultipleChoice, config.task.length)

    def example(placed: Placed[ChoiceRecord]) -> _Example:
        record = placed.record
        if not 0 <= record.answer < len(record.options):
            raise ConfigError(
                f"{placed.place}: answer={record.answer}, but there are {len(record.options)} "
                "options, counted from 0."
            )
        try:
            windows = [
                text_windows(
                    tokenizer,
                    record.document,
                    length,
                    config.task.stride,
                    f"{record.question} {option}",
                )
                for option in record.options
            ]
        except InputValueError as error:
            raise data_error(placed.place, error) from None
        return _Example(windows, record.answer)

    examples = [example(each) for each in parts.learnt]
    evaluated = [example(each) for each in parts.held_out]
    pad = int(tokenizer.pad_token_id)

    def evaluate(trained: nn.Module) -> dict[str, float]:
        nats = n_right = 0.0
        for group in batches(evaluated, training.batch_size):
            for each, scores in zip(
                group, _scores(trained, on_device(_batch(group, pad), trained)), strict=True
            ):
                target = torch.tensor(each.answer, device=scores.device)
                nats += F.cross_entropy(scores, target).item()
                n_right += int(scores.argmax()) == each.answer
        return {"loss": nats / len(evaluated), "accuracy": n_right / len(evaluated)}

    def loss(trained: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        pairs = zip(_scores(trained, batch), batch["labels"], strict=True)
        return torch.stack([F.cross_entropy(scores, label) for scores, label in pairs]).mean()

    return Job(
        model=model,
        examples=examples,
        collate=lambda draws: _batch([draw.example for draw in draws], pad),
        evaluate=evaluate,
        metric="accuracy",
        greater_is_better=True,
        save=save_head(tokenizer, config.model.name),
        data_digest=digest_of(
            window.ids.tobytes() + str(each.answer).encode()
            for each in (*examples, *evaluated)
            for option in each.windows
            for window in option
        ),
        loss=loss,
    )


def _batch(examples: Sequence[_Example], pad: int) -> dict[str, Tensor]:
    options = [option for each in examples for option in each.windows]
    return {
        **window_tensors([window for option in options for window in option], pad),
        "n_windows": torch.tensor([len(option) for option in options]),
        "n_options": torch.tensor([len(each.windows) for each in examples]),
        "labels": torch.tensor([each.answer for each in examples]),
    }


def _scores(model: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, ...]:
    """Give the scores of each question's options; questions may have different numbers of them."""
    logits = model(
        # The head counts an option for each sequence in its second dimension.
        batch["input_ids"][:, None],  # [w, 1, n]
        attention_mask=batch["attention_mask"][:, None],
        global_attention_mask=batch["global_attention_mask"][:, None],
        token_type_ids=batch["token_type_ids"][:, None],
    ).logits  # [w, 1]
    scores = mean_over_windows(logits, batch["n_windows"])[:, 0]  # [options of all]
    return scores.split(batch["n_options"].tolist())
