"""``qa``: where in a document the answer to a question stands, or that it does not."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import LongformerForQuestionAnswering

from vectorlong.errors import ConfigError, InputValueError
from vectorlong.tasks.answer_figures import agreement
from vectorlong.tasks.question_answering import (
    QuestionAnswerer,
    answer_tokens,
    check_answer,
)
from vectorlong.tasks.windows import TextWindow, text_windows, window_tensors
from vectorlong.training.heads import load, save_head
from vectorlong.training.job import Job, batches, digest_of, on_device
from vectorlong.training.records import Placed, data_error, read_parts, read_records
from vectorlong.training.sections import (
    Config,
    DataSection,
    Help,
    NotNegative,
    Positive,
    WindowSection,
)


@dataclass(frozen=True)
class AnswerRecord:
    """An answer that somebody gave: its text, and the character where it begins."""

    text: str
    answer_start: int


@dataclass(frozen=True)
class QuestionRecord:
    """A question on a document, with no answers where the document has none."""

    question: str
    context: str
    answers: list[AnswerRecord] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class QuestionAnsweringData(DataSection):
    """Questions with their documents and answers."""

    train: Annotated[
        list[str],
        Help(
            "JSON as SQuAD has it, or JSON lines of question, context and answers (a list of text\n"
            "and answer_start; empty where there is none).",
            ["train.json"],
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class QuestionAnsweringSection(WindowSection):
    """How documents are read, and answers given."""

    stride: Annotated[NotNegative, Help("Tokens that the windows of a longer document share.")] = (
        128
    )
    max_answer_tokens: Annotated[Positive, Help("Longest answer that is given.")] = 30


@dataclass(frozen=True, kw_only=True)
class QuestionAnsweringConfig(Config):
    """The file of ``vectorlong train qa``."""

    data: QuestionAnsweringData
    task: QuestionAnsweringSection = field(default_factory=QuestionAnsweringSection)


@dataclass(frozen=True)
class _Example:
    """A window, and the first and last token of the answer; both 0 where it is not in it."""

    window: TextWindow
    start: int
    end: int


def prepare(config: QuestionAnsweringConfig) -> Job:
    """Read questions, documents and model.

    Raises
    ------
    ConfigError
        An answer is not where it is said to be, or a question leaves no room for its document.
    """
    data, task, training = config.data, config.task, config.training
    parts = read_parts(data, training.seed, _read)
    for each in parts.held_out:
        _check(each)
    model, tokenizer, length = load(config, LongformerForQuestionAnswering, task.length)
    examples, evaluated = (
        [window for each in part for window in _windows(each, tokenizer, length, task.stride)]
        for part in (parts.learnt, parts.held_out)
    )
    have_all_answers = all(each.record.answers for each in parts.held_out)
    pad = int(tokenizer.pad_token_id)

    def evaluate(trained: Any) -> dict[str, float]:
        answerer = QuestionAnswerer(
            (trained, tokenizer), length, task.stride, task.max_answer_tokens
        )
        pairs = [(each.record.question, each.record.context) for each in parts.held_out]
        exact = f1 = nats = 0.0
        for each, found in zip(parts.held_out, answerer.ask_many(pairs), strict=True):
            expected = [answer.text for answer in each.record.answers]
            answer = found.answer
            # Where every document has an answer, the likeliest is asked for.
            if answer is None and have_all_answers:
                answer = found.best[0] if found.best else None
            one, other = agreement("" if answer is None else answer.text, expected)
            exact, f1 = exact + one, f1 + other
        for group in batches(evaluated, training.batch_size):
            nats += float(_loss(trained, on_device(_batch(group, pad), trained))) * len(group)
        n = len(parts.held_out)
        return {"loss": nats / len(evaluated), "exact": exact / n, "f1": f1 / n}

    return Job(
        model=model,
        examples=examples,
        collate=lambda draws: _batch([draw.example for draw in draws], pad),
        evaluate=evaluate,
        metric="f1",
        greater_is_better=True,
        save=save_head(tokenizer, config.model.name),
        data_digest=digest_of(
            each.window.ids.tobytes() + f"{each.start} {each.end}".encode()
            for each in (*examples, *evaluated)
        ),
        loss=_loss,
    )


def _read(key: str, paths: Sequence[str]) -> list[Placed[QuestionRecord]]:
    """Read SQuAD's files, and JSON lines."""
    records = []
    others = []
    for path in paths:
        content = _squad(path)
        if content is None:
            others.append(path)
            continue
        for article in content:
            for paragraph in article.get("paragraphs", []):
                for entry in paragraph.get("qas", []):
                    place = f"{path}, question {entry.get('id')!r}"
                    try:
                        answers = [] if entry.get("is_impossible") else entry["answers"]
                        record = QuestionRecord(
                            entry["question"],
                            paragraph["context"],
                            [AnswerRecord(each["text"], each["answer_start"]) for each in answers],
                        )
                    except (KeyError, TypeError) as error:
                        raise ConfigError(f"{key}: {place}: it lacks {error}.") from None
                    records.append(Placed(record, place))
    if others:
        records += read_records(key, others, QuestionRecord)
    return records


def _squad(path: str) -> list[Any] | None:
    """Give what SQuAD's files hold under ``data``; None for another file."""
    opener = gzip.open if path.endswith(".gz") else open
    try:
        with opener(path, "rt", encoding="utf-8-sig") as file:
            content = json.load(file)
    except (OSError, ValueError, EOFError):
        return None  # whoever reads it next says why
    data = content.get("data") if isinstance(content, dict) else None
    return data if isinstance(data, list) else None


def _check(placed: Placed[QuestionRecord]) -> None:
    for answer in placed.record.answers:
        try:
            check_answer(placed.record.context, answer.text, answer.answer_start)
        except InputValueError as error:
            raise data_error(placed.place, error) from None


def _windows(
    placed: Placed[QuestionRecord], tokenizer: Any, length: int, stride: int
) -> list[_Example]:
    """Cut a document into windows, with the first of its answers in each that holds it."""
    _check(placed)
    record = placed.record
    start = end = 0
    if record.answers:
        start = record.answers[0].answer_start
        end = start + len(record.answers[0].text)
    try:
        windows = text_windows(tokenizer, record.context, length, stride, record.question)
    except InputValueError as error:
        raise data_error(placed.place, error) from None
    return [_Example(window, *answer_tokens(window, start, end)) for window in windows]


def _batch(examples: Sequence[_Example], pad: int) -> dict[str, Tensor]:
    return {
        **window_tensors([each.window for each in examples], pad),
        "start_positions": torch.tensor([each.start for each in examples]),
        "end_positions": torch.tensor([each.end for each in examples]),
    }


def _loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Give the mean loss of starts and ends, among the real tokens of each window."""
    batch = dict(batch)
    starts, ends = batch.pop("start_positions"), batch.pop("end_positions")  # [w]
    found = model(**batch)
    is_padding = batch["attention_mask"] == 0  # [w, n]
    losses = [
        F.cross_entropy(logits.float().masked_fill(is_padding, float("-inf")), positions)
        for logits, positions in ((found.start_logits, starts), (found.end_logits, ends))
    ]
    return (losses[0] + losses[1]) / 2
