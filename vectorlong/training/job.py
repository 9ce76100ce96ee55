"""What a task hands to the trainer: model, examples in a fixed order, loss and evaluation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset


@dataclass(frozen=True)
class Draw:
    """An example as it is drawn for one step.

    Attributes
    ----------
    example
        One of the job's.
    number
        How many were drawn before it in the run: with the run's seed, what everything random about
        this example follows from, so that a resumed run goes on as if it had never stopped.
    seed
        The run's.
    """

    example: Any
    number: int
    seed: int

    def generator(self) -> np.random.Generator:
        """Return random numbers of this draw alone."""
        return np.random.default_rng((self.seed, self.number))


class Draws(Dataset[Draw]):
    """All examples of a run in order: every epoch another permutation, known from the seed.

    Parameters
    ----------
    examples
        What is drawn from.
    n_draws
        Examples of the whole run.
    seed
        The run's.
    """

    def __init__(self, examples: Sequence[Any], n_draws: int, seed: int) -> None:
        self._examples, self._n_draws, self._seed = examples, n_draws, seed
        self._order = lru_cache(maxsize=2)(self._permutation)

    def __len__(self) -> int:
        return self._n_draws

    def __getitem__(self, number: int) -> Draw:
        epoch, position = divmod(number, len(self._examples))
        return Draw(self._examples[int(self._order(epoch)[position])], number, self._seed)

    def _permutation(self, epoch: int) -> np.ndarray:
        return np.random.default_rng((self._seed, epoch)).permutation(len(self._examples))


def _model_loss(model: nn.Module, batch: dict[str, Any]) -> Tensor:
    return model(**batch).loss


@dataclass
class Job:
    """One training, ready to run.

    Attributes
    ----------
    model
        What is trained, with ``save_pretrained``.
    examples
        What is learnt from.
    collate
        Makes a batch of draws; tensors on the CPU, which may lie in further dictionaries.
    evaluate
        Gives figures of the model, which is in evaluation mode and on its device.
    metric, greater_is_better
        Which of the figures tells the best checkpoint.
    save
        Writes the trained model to a folder that exists.
    data_digest
        Of all that is learnt from and evaluated on.
    loss
        Of a batch.
    notes
        Figures that are known before training begins, for the log: of baselines, say.
    """

    model: nn.Module
    examples: Sequence[Any]
    collate: Callable[[list[Draw]], dict[str, Any]]
    evaluate: Callable[[nn.Module], dict[str, float]]
    metric: str
    greater_is_better: bool
    save: Callable[[nn.Module, Path], None]
    data_digest: str
    loss: Callable[[nn.Module, dict[str, Any]], Tensor] = _model_loss
    notes: dict[str, float] = field(default_factory=dict)


def device_of(model: nn.Module) -> torch.device:
    """Return where a model's weights are."""
    return next(model.parameters()).device


def batches(examples: list[Any], size: int) -> Iterator[list[Any]]:
    """Divide examples into lists of a size, in order."""
    for start in range(0, len(examples), size):
        yield examples[start : start + size]


def on_device(batch: dict[str, Any], model: nn.Module) -> dict[str, Any]:
    """Move a batch to where a model is, with the dictionaries in it."""
    device = device_of(model)
    return {
        name: each.to(device) if isinstance(each, Tensor) else on_device(each, model)
        for name, each in batch.items()
    }


def digest_of(parts: Iterable[bytes]) -> str:
    """Hash what is learnt from."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()
