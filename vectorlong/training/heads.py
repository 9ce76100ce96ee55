"""What the recipes of heads share: loading, saving, and documents of several windows."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vectorlong.encoder.loading import settings_for_training
from vectorlong.encoder.settings import file_digests, write_settings
from vectorlong.errors import ConfigError
from vectorlong.tasks.loading import load_head
from vectorlong.tasks.running import window_length
from vectorlong.training.sections import Config

_LEAST_TOKENS = 8


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
    return model, tokenizer, window_tokens(model, tokenizer, length)


def window_tokens(model: Any, tokenizer: Any, length: int | None) -> int:
    """Give the tokens of a window: what task.length asks for, else as many as the model takes.

    Raises
    ------
    ConfigError
        The model does not take them, or they leave hardly any text.
    """
    longest = window_length(model, tokenizer, None)
    if not _LEAST_TOKENS <= (length or longest) <= longest:
        raise ConfigError(
            f"task.length={length}: this model takes {_LEAST_TOKENS} to {longest} tokens."
        )
    return length or longest


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
