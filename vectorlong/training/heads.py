"""What the recipes of heads share: loading, windows of documents, batches of them, labels."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import torch
from torch import Tensor

from vectorlong.encoder.loading import settings_for_training
from vectorlong.encoder.settings import file_digests, write_settings
from vectorlong.errors import ConfigError
from vectorlong.tasks.loading import load_head
from vectorlong.training.config import Config, Help, Positive

Length = Annotated[
    Positive | None, Help("Tokens of a window; the model's limit where not given.", 1024)
]
Stride = Annotated[int, Help("Tokens that the windows of a longer document share.")]


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


def save_head(tokenizer: Any, model_name: str) -> Callable[[Any, Path], None]:
    """Give what writes a trained head with its tokenizer.

    ``Longformer2Vec`` makes its encoder's vectors as those of the model that it was begun from.
    """
    settings = settings_for_training(model_name)

    def save(model: Any, folder: Path) -> None:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        digests = file_digests(folder, (path.name for path in folder.iterdir()))
        write_settings(replace(settings, files_sha256=digests), folder)

    return save


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
