"""``tokens``: a label for each word, as for names: in windows, each word from the middle of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import LongformerForTokenClassification

from vectorlong.errors import ConfigError
from vectorlong.tasks.windows import TextWindow, window_tensors
from vectorlong.text.windows import plan_windows
from vectorlong.training.heads import load, save_head
from vectorlong.training.job import Job, batches, digest_of, on_device
from vectorlong.training.labels import Labels, label_figures
from vectorlong.training.masking import IGNORED
from vectorlong.training.records import Placed, read_parts, read_records
from vectorlong.training.sections import Config, DataSection, Help, WindowSection

_OUTSIDE = "O"


@dataclass(frozen=True)
class TokensRecord:
    """The words of a document and their labels."""

    tokens: list[str]
    labels: list[str]


@dataclass(frozen=True, kw_only=True)
class TokensData(DataSection):
    """Documents word by word."""

    train: Annotated[
        list[str],
        Help("JSON lines of tokens and labels, two lists of one length.", ["train.jsonl"]),
    ]


@dataclass(frozen=True, kw_only=True)
class TokensConfig(Config):
    """The file of ``vectorlong train tokens``."""

    data: TokensData
    task: WindowSection = field(default_factory=WindowSection)


@dataclass(frozen=True)
class _Example:
    """A window; ``labels`` int64 [n] are -100 but at the first token of each of its own words."""

    window: TextWindow
    labels: np.ndarray


def prepare(config: TokensConfig) -> Job:
    """Read words, labels and model.

    Raises
    ------
    ConfigError
        A document has more words than labels, or a label that is never learnt from.
    """
    data, training = config.data, config.training
    parts = read_parts(
        data, training.seed, lambda key, paths: read_records(key, paths, TokensRecord)
    )
    labels = Labels(label for each in parts.given for label in each.record.labels)
    model, tokenizer, length = load(
        config, LongformerForTokenClassification, config.task.length, **labels.head_options()
    )

    def windows(placed: Placed[TokensRecord]) -> list[_Example]:
        return _windows(placed, labels, tokenizer, length, config.task.stride)

    examples = [window for each in parts.learnt for window in windows(each)]
    evaluated = [windows(each) for each in parts.held_out]
    pad = int(tokenizer.pad_token_id)

    def evaluate(trained: nn.Module) -> dict[str, float]:
        nats = 0.0
        expected: list[list[str]] = []
        predicted: list[list[str]] = []
        for document in evaluated:
            expected.append([])
            predicted.append([])
            for group in batches(document, training.batch_size):
                batch = on_device(_batch(group, pad), trained)
                targets = batch.pop("labels")  # [w, n]
                scores = trained(**batch).logits  # [w, n, c]
                is_own = targets != IGNORED
                nats += F.cross_entropy(scores[is_own], targets[is_own], reduction="sum").item()
                expected[-1] += [labels.names[n] for n in targets[is_own].tolist()]
                predicted[-1] += [labels.names[n] for n in scores[is_own].argmax(-1).tolist()]
        return {"loss": nats / sum(map(len, expected)), **tag_figures(expected, predicted)}

    return Job(
        model=model,
        examples=examples,
        collate=lambda draws: _batch([draw.example for draw in draws], pad),
        evaluate=evaluate,
        metric="macro_f1",
        greater_is_better=True,
        save=save_head(tokenizer, config.model.name),
        data_digest=digest_of(
            each.window.ids.tobytes() + each.labels.tobytes()
            for each in (*examples, *(window for document in evaluated for window in document))
        ),
    )


def tag_figures(expected: list[list[str]], predicted: list[list[str]]) -> dict[str, float]:
    """Give accuracy and macro F1 of words, and F1 of whole names where labels are B-, I- and O.

    A name counts when its first word, its last and its kind are right.

    Examples
    --------
    >>> tag_figures([["B-PER", "I-PER", "O"]], [["B-PER", "O", "O"]])["span_f1"]
    0.0
    """
    one = [label for document in expected for label in document]
    other = [label for document in predicted for label in document]
    figures = label_figures(one, other)
    if all(label == _OUTSIDE or label[:2] in ("B-", "I-") for label in one):
        true, found = _spans(expected), _spans(predicted)
        total = len(true) + len(found)
        figures["span_f1"] = 2 * len(true & found) / total if total else 1.0
    return figures


def _spans(documents: list[list[str]]) -> set[tuple[int, int, int, str]]:
    """Find names: runs of one kind, of which each ``B-`` begins another."""
    spans = set()
    for number, labels in enumerate(documents):
        start, kind = 0, ""
        for position, label in enumerate([*labels, _OUTSIDE]):
            if kind and (label == _OUTSIDE or label[:2] == "B-" or label[2:] != kind):
                spans.add((number, start, position, kind))
                kind = ""
            if label != _OUTSIDE and not kind:
                start, kind = position, label[2:]
    return spans


def _windows(
    placed: Placed[TokensRecord],
    labels: Labels,
    tokenizer: Any,
    length: int,
    stride: int,
) -> list[_Example]:
    """Cut a document into windows; each word is learnt where it has most context."""
    record = placed.record
    numbers = labels.numbers_of("tokens", record.tokens, record.labels, placed.place)
    encoded = tokenizer(
        record.tokens, is_split_into_words=True, add_special_tokens=False, verbose=False
    )
    ids = np.array(encoded["input_ids"], dtype=np.int64)
    words = np.array(encoded.word_ids())
    is_first = np.diff(words, prepend=-1) != 0
    missing = sorted(set(range(len(record.tokens))) - set(words.tolist()))
    if missing:
        raise ConfigError(
            f"{placed.place}: token {missing[0]} ({record.tokens[missing[0]]!r}) is nothing to the "
            "model's tokenizer. Leave it out, with its label."
        )
    targets = np.where(is_first, numbers[words], IGNORED)
    special = (int(tokenizer.cls_token_id), int(tokenizer.sep_token_id))
    examples = []
    for window in plan_windows(len(ids), length - 2, min(stride, length - 3)):
        own = np.full(window.end - window.start, IGNORED)
        mine = slice(window.own_start - window.start, window.own_end - window.start)
        own[mine] = targets[window.own_start : window.own_end]
        inputs = np.concatenate([special[:1], ids[window.start : window.end], special[1:]])
        is_text = np.ones(len(inputs), dtype=bool)
        is_text[[0, -1]] = False
        is_global = np.zeros(len(inputs), dtype=bool)
        is_global[0] = True
        offsets = np.zeros((len(inputs), 2), dtype=np.int64)
        examples.append(
            _Example(
                TextWindow(inputs, is_global, is_text, offsets, np.zeros_like(inputs)),
                np.concatenate([[IGNORED], own, [IGNORED]]),
            )
        )
    return examples


def _batch(examples: Sequence[_Example], pad: int) -> dict[str, Tensor]:
    batch = window_tensors([each.window for each in examples], pad)
    labels = torch.full(batch["input_ids"].shape, IGNORED)
    for row, each in enumerate(examples):
        labels[row, : len(each.labels)] = torch.from_numpy(each.labels)
    return {**batch, "labels": labels}
