"""Folded global projections against the unfolded definition."""

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from vectorlong.attention import reference
from vectorlong.attention.global_tokens import global_attention
from vectorlong.attention.spec import AttentionSpec, PackedTexts

WIDTH, N_HEADS = 16, 2


class Wrapped(nn.Module):
    """A projection that is no plain Linear, as an adapter would be."""

    def __init__(self, inner: nn.Linear) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return self.inner(hidden)


def make_projections(bias: bool = True) -> SimpleNamespace:
    torch.manual_seed(0)
    names = ("query_global", "key_global", "value_global")
    return SimpleNamespace(**{name: nn.Linear(WIDTH, WIDTH, bias=bias) for name in names})


def unfolded(hidden, projections, texts, spec):
    index = list(texts.packed_global_positions)
    query, key, value = (
        projection(rows).unflatten(-1, (N_HEADS, -1))
        for projection, rows in (
            (projections.query_global, hidden[index]),
            (projections.key_global, hidden),
            (projections.value_global, hidden),
        )
    )
    return reference.global_attention(query, key, value, texts, spec).flatten(1)


@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=3),
    data=st.data(),
    causal=st.booleans(),
    bias=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_folded_equals_unfolded(lengths, data, causal, bias):
    positions = tuple(
        tuple(sorted(data.draw(st.sets(st.integers(0, length - 1))))) for length in lengths
    )
    texts, spec = PackedTexts(tuple(lengths), positions), AttentionSpec(window=4, causal=causal)
    if not texts.packed_global_positions:
        return
    projections = make_projections(bias)
    hidden = torch.randn(texts.n_tokens, WIDTH, generator=torch.Generator().manual_seed(2))
    actual = global_attention(hidden, projections, N_HEADS, texts, spec)
    assert (actual - unfolded(hidden, projections, texts, spec)).abs().max() <= 1e-5


@pytest.mark.parametrize("positions", [(0,), (0, 9), tuple(range(20))])
def test_gradients_reach_every_parameter(positions):
    texts, spec = PackedTexts((20,), (positions,)), AttentionSpec(window=4)
    projections = make_projections()
    hidden = torch.randn(20, WIDTH, requires_grad=True)
    parameters = [
        hidden,
        *(parameter for linear in vars(projections).values() for parameter in linear.parameters()),
    ]
    gradients = []
    for output in (
        global_attention(hidden, projections, N_HEADS, texts, spec),
        unfolded(hidden, projections, texts, spec),
    ):
        gradients.append(torch.autograd.grad(output.pow(2).sum(), parameters))
    for actual, expected in zip(*gradients, strict=True):
        assert (actual - expected).abs().max() <= 1e-4 * expected.abs().max().clamp(min=1)


def test_other_modules_than_linear_are_called():
    texts, spec = PackedTexts((12,), ((0, 5),)), AttentionSpec(window=4)
    projections = make_projections()
    hidden = torch.randn(12, WIDTH)
    expected = global_attention(hidden, projections, N_HEADS, texts, spec)
    projections.key_global = Wrapped(projections.key_global)
    projections.value_global = Wrapped(projections.value_global)
    actual = global_attention(hidden, projections, N_HEADS, texts, spec)
    assert (actual - expected).abs().max() <= 1e-6


def test_dropout_scales_the_bias_with_the_weights():
    texts, spec = PackedTexts((40,), ((0,),)), AttentionSpec(window=4)
    projections = make_projections()
    nn.init.zeros_(projections.value_global.weight)
    nn.init.ones_(projections.value_global.bias)
    hidden = torch.randn(40, WIDTH)
    torch.manual_seed(0)
    dropped = torch.stack(
        [global_attention(hidden, projections, N_HEADS, texts, spec, 0.5) for _ in range(400)]
    )
    assert (dropped != 1).any()
    assert abs(dropped.mean() - 1) < 0.05
