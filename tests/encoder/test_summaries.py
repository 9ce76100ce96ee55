"""Summaries of windows come back as they were put, whatever a pooling keeps."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch

from vectorlong.encoder.summaries import Summaries


class Own(NamedTuple):
    total: torch.Tensor
    n: int


@pytest.mark.parametrize(
    "partial",
    [
        lambda n: torch.full((4,), float(n)),
        lambda n: (torch.full((4,), float(n)), n),
        lambda n: (n, torch.full((4,), float(n))),
        lambda n: ((torch.full((4,), float(n)), n), torch.full((2,), n), n),
        lambda n: Own(torch.full((4,), float(n)), n),
        lambda n: {"total": torch.full((4,), float(n))},
        lambda n: torch.full((n,), float(n)),
        lambda n: torch.full((4,), n, dtype=torch.float64 if n % 2 else torch.float32),
    ],
)
@pytest.mark.parametrize("n_windows", [1, 5])
def test_summaries_come_back_as_they_were_put(partial, n_windows):
    summaries = Summaries(n_windows)
    for number in [*reversed(range(n_windows)), 0]:
        summaries.put(number, partial(number))
    given = summaries.in_order()
    expected = [partial(number) for number in range(n_windows)]
    assert list(map(type, given)) == list(map(type, expected))
    torch.testing.assert_close(given, expected)


def test_tensors_of_windows_are_rows_of_one():
    """Not tensors of their own, each of which would keep its window's room from being used."""
    summaries = Summaries(3)
    for number in range(3):
        summaries.put(number, (torch.full((4,), float(number)), number))
    storages = {tensor.untyped_storage().data_ptr() for tensor, _ in summaries.in_order()}
    assert len(storages) == 1
