"""Vectors of passages come of the windows that hold them, in any order; nothing else is kept."""

from __future__ import annotations

import gc
import random
import weakref

import numpy as np
import pytest
import torch

from vectorlong.encoder.passage_vectors import PassageVectors
from vectorlong.pooling import Pooling, TokenStates, resolve_pooling
from vectorlong.text.windows import plan_windows

N_TOKENS = 1_000
WINDOWS = plan_windows(N_TOKENS, capacity=100, overlap=20)
STATES = torch.from_numpy(np.random.default_rng(3).normal(size=(N_TOKENS, 8)).astype(np.float32))


class Summary:
    """A window's sum and count, which can be watched."""

    def __init__(self, states: TokenStates) -> None:
        self.total = states.hidden.sum(0)
        self.n = len(states.hidden)


class Watched(Pooling):
    name = "watched"

    def __init__(self) -> None:
        self.alive: weakref.WeakSet[Summary] = weakref.WeakSet()

    def partial(self, states: TokenStates) -> Summary:
        summary = Summary(states)
        self.alive.add(summary)
        return summary

    def combine(self, partials):
        return sum(it.total for it in partials) / sum(it.n for it in partials)


def passages_of(length: int, overlap: int = 0) -> np.ndarray:
    starts = np.arange(0, N_TOKENS - overlap, length - overlap)
    return np.column_stack([starts, np.minimum(starts + length, N_TOKENS)])


def run_window(vectors: PassageVectors, number: int, pooling: Pooling) -> None:
    for passage, first, end in vectors.tokens_in(WINDOWS[number]):
        hidden = STATES[first:end]
        is_special = torch.zeros(len(hidden), dtype=torch.bool)
        states = TokenStates(hidden, hidden[0], is_special, vectors.position(passage, first))
        vectors.add(passage, number, pooling.partial(states), pooling)


@pytest.mark.parametrize("tokens", [passages_of(7), passages_of(64, 10), passages_of(450)])
@pytest.mark.parametrize("name", ["mean", "max", "weighted_mean", "last"])
def test_windows_may_come_in_any_order_and_again(tokens, name):
    pooling = resolve_pooling(name)
    vectors = PassageVectors(tokens, WINDOWS)
    numbers = list(range(len(WINDOWS)))
    random.Random(1).shuffle(numbers)
    for number in [*numbers[:5], *numbers[3:], numbers[0]]:
        run_window(vectors, number, pooling)
    expected = []
    for start, end in tokens:
        hidden = STATES[start:end]
        is_special = torch.zeros(len(hidden), dtype=torch.bool)
        states = TokenStates(hidden, hidden[0], is_special, 0)
        expected.append(pooling.combine([pooling.partial(states)]))
    torch.testing.assert_close(vectors.vectors(torch.zeros(8)), torch.stack(expected))


def test_summaries_of_passages_that_are_done_are_let_go():
    pooling = Watched()
    vectors = PassageVectors(passages_of(5), WINDOWS)
    for number in range(len(WINDOWS)):
        run_window(vectors, number, pooling)
        gc.collect()
        assert len(pooling.alive) <= 1, "that of a passage which goes on in the next window"
    assert not pooling.alive


def test_a_passage_without_tokens_has_the_vector_of_the_text():
    vectors = PassageVectors(np.zeros((1, 2), dtype=np.int64), plan_windows(0, 100, 20))
    torch.testing.assert_close(vectors.vectors(STATES[0]), STATES[:1])
    none = PassageVectors(np.zeros((0, 2), dtype=np.int64), WINDOWS)
    assert none.tokens_in(WINDOWS[0]) == []
    assert none.vectors(STATES[0]).shape == (0, 8)
