"""What the recipes of heads share: loading, windows of documents, batches of them, labels."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from vectorlong.errors import ConfigError
from vectorlong.tasks.loading import load_head
from vectorlong.training.config import Config, Help, Positive

Length = Annotated[
    Positive | None, Help("Tokens of a window; the model's limit where not given.", 1024)
]
Stride = Annotated[int, Help("Tokens that the windows of a longer document share.")]


@dataclass(frozen=True)
class WindowTokens:
    """A window of a document, special tokens included.

    Attributes
    ----------
    ids
        int64 [n].
    is_global
        bool [n]: the first token, and those of the question.
    """

    ids: np.ndarray
    is_global: np.ndarray


def load(
    config: Config, head_class: type[Any], length: int | None, **options: Any
) -> tuple[Any, Any, int]:
    """Load a head, its tokenizer, and the length of its windows.

    Raises
    ------
    ConfigError
        The model is to be converted, which only ``mlm`` does, or does not take that length.
    """
    if config.model.convert_to_tokens is not None:
        raise ConfigError(
            "model.convert_to_tokens is for mlm: a converted model is trained further before it "
            "learns a task. To take it as it is: vectorlong convert SOURCE FOLDER, and name FOLDER."
        )
    with warnings.catch_warnings(action="ignore"):  # that the head is new, as it has to be
        model, tokenizer = load_head(head_class, config.model.name, **options)
    longest = model.config.max_position_embeddings - model.config.pad_token_id - 1
    if not 8 <= (length or longest) <= longest:
        raise ConfigError(f"task.length={length}: this model takes 8 to {longest} tokens.")
    return model, tokenizer, length or longest


def save_head(tokenizer: Any) -> Callable[[Any, Path], None]:
    """Give what writes a trained head with its tokenizer."""

    def save(model: Any, folder: Path) -> None:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)

    return save


def windows_of(
    tokenizer: Any, text: str, length: int, stride: int, question: str | None = None
) -> list[WindowTokens]:
    """Cut a document into windows, each after the question if there is one.

    Parameters
    ----------
    tokenizer
        A fast one of ``transformers``.
    text
        Of any length; every token is in a window.
    length
        Tokens of a window, special tokens included.
    stride
        Tokens of the document that neighbours share.
    question
        Stands before each window; its tokens are global.

    Raises
    ------
    ConfigError
        The question leaves no room for the document.
    """
    n_question = 0
    if question is not None:
        n_question = len(tokenizer(question, add_special_tokens=False, verbose=False).input_ids)
    n_special = tokenizer.num_special_tokens_to_add(pair=question is not None)
    room = length - n_special - n_question
    if room < 1:
        raise ConfigError(
            f"a question of {n_question} tokens leaves no room for the document in windows of "
            f"{length}; make task.length larger."
        )
    texts = (text,) if question is None else (question, text)
    encoded = tokenizer(
        *texts,
        truncation=True if question is None else "only_second",
        max_length=length,
        stride=min(stride, room - 1),
        return_overflowing_tokens=True,
        verbose=False,
    )
    windows = []
    for number, ids in enumerate(encoded["input_ids"]):
        is_global = np.zeros(len(ids), dtype=bool)
        if question is not None:
            is_global = np.array(encoded.sequence_ids(number)) == 0
        is_global[0] = True
        windows.append(WindowTokens(np.array(ids, dtype=np.int64), is_global))
    return windows


def window_batch(windows: Sequence[WindowTokens], pad: int) -> dict[str, Tensor]:
    """Lay windows side by side, each int64 [w, n]."""
    shape = (len(windows), max(len(window.ids) for window in windows))
    ids = torch.full(shape, pad)
    is_real, is_global = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long)
    for row, window in enumerate(windows):
        n = len(window.ids)
        ids[row, :n] = torch.from_numpy(window.ids)
        is_real[row, :n] = 1
        is_global[row, :n] = torch.from_numpy(window.is_global.astype(np.int64))
    return {"input_ids": ids, "attention_mask": is_real, "global_attention_mask": is_global}


def mean_over_windows(scores: Tensor, n_windows: Tensor) -> Tensor:
    """Average the scores of each document's windows: [w, c], int64 [b] -> [b, c]."""
    document = torch.repeat_interleave(n_windows)  # [w]
    total = scores.new_zeros(len(n_windows), scores.shape[1]).index_add(0, document, scores)
    return total / n_windows[:, None]


def numbered(labels: Iterable[str]) -> dict[str, int]:
    """Give labels numbers, in alphabetical order."""
    return {label: number for number, label in enumerate(sorted(set(labels)))}


def label_options(numbers: dict[str, int]) -> dict[str, Any]:
    """Give what a head's configuration says of its labels."""
    return {
        "num_labels": len(numbers),
        "id2label": {number: label for label, number in numbers.items()},
        "label2id": dict(numbers),
    }
