from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers.sentence_transformer.modules import Pooling as ReferencePooling
from torch import Tensor

import vectorlong
from vectorlong import pooling as pooling_module
from vectorlong.errors import InputValueError, OptionError
from vectorlong.pooling import (
    Partial,
    Pooling,
    TokenStates,
    register_pooling,
    resolve_pooling,
)

REFERENCE = {
    "cls": "cls",
    "mean": "mean",
    "max": "max",
    "mean_sqrt_len": "mean_sqrt_len_tokens",
    "weighted_mean": "weightedmean",
    "last": "lasttoken",
}
WIDTH = 6


def states(hidden: Tensor, position: int = 0, first_token: Tensor | None = None) -> TokenStates:
    return TokenStates(
        hidden,
        hidden[0] if first_token is None else first_token,
        torch.zeros(len(hidden), dtype=torch.bool),
        position,
    )


def pool(pooling: Pooling, hidden: Tensor) -> Tensor:
    """The vector of a document of one window."""
    return pooling.combine([pooling.partial(states(hidden))])


def random_states(n_tokens: int, seed: int = 0) -> Tensor:
    return torch.randn(n_tokens, WIDTH, generator=torch.Generator().manual_seed(seed))


# --- one window: sentence-transformers -----------------------------------------------------------


@pytest.mark.parametrize("n_tokens", [1, 2, 7, 300])
@pytest.mark.parametrize("name", REFERENCE)
def test_one_window_equals_sentence_transformers(name: str, n_tokens: int) -> None:
    hidden = random_states(n_tokens)
    padded = torch.cat([hidden, torch.full((5, WIDTH), 9.0)])[None]
    mask = torch.tensor([[1] * n_tokens + [0] * 5])
    expected = ReferencePooling(WIDTH, pooling_mode=REFERENCE[name])(
        {"token_embeddings": padded, "attention_mask": mask}
    )["sentence_embedding"][0]
    torch.testing.assert_close(pool(resolve_pooling(name), hidden), expected, rtol=1e-6, atol=1e-6)


def test_a_tuple_concatenates_in_its_order() -> None:
    hidden = random_states(9)
    both = resolve_pooling(("max", "mean", "cls"))
    assert both.name == "max+mean+cls"
    assert both.width(WIDTH) == 3 * WIDTH
    parts = [pool(resolve_pooling(name), hidden) for name in ("max", "mean", "cls")]
    torch.testing.assert_close(pool(both, hidden), torch.cat(parts), rtol=0, atol=0)


def test_a_tuple_of_one_is_that_one() -> None:
    assert resolve_pooling(("mean",)) is resolve_pooling("mean")


# --- several windows -----------------------------------------------------------------------------


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=6),
    st.sampled_from([name for name in REFERENCE if name != "cls"]),
)
def test_windows_change_nothing(sizes: list[int], name: str) -> None:
    pooling = resolve_pooling(name)
    hidden = random_states(sum(sizes), seed=sum(sizes))
    partials, position = [], 0
    for size in sizes:
        partials.append(pooling.partial(states(hidden[position : position + size], position)))
        position += size
    torch.testing.assert_close(
        pooling.combine(partials), pool(pooling, hidden), rtol=1e-5, atol=1e-5
    )


def test_cls_weighs_the_windows_by_the_tokens_they_own() -> None:
    pooling = resolve_pooling("cls")
    first, second = torch.ones(WIDTH), torch.full((WIDTH,), 5.0)
    partials = [
        pooling.partial(states(random_states(3), 0, first)),
        pooling.partial(states(random_states(1), 3, second)),
    ]
    torch.testing.assert_close(pooling.combine(partials), torch.full((WIDTH,), 2.0))


def test_what_is_kept_of_a_window_does_not_hold_its_memory() -> None:
    hidden = random_states(1_000)
    for name in ("last", "max", "mean"):
        kept = resolve_pooling(name).partial(states(hidden))
        tensor = kept[0] if isinstance(kept, tuple) else kept
        assert tensor.untyped_storage().nbytes() <= 4 * WIDTH
    kept, _ = resolve_pooling("cls").partial(states(hidden))
    assert kept.untyped_storage().nbytes() <= 4 * WIDTH


# --- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REFERENCE)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_summed_in_float32(name: str, dtype: torch.dtype) -> None:
    hidden = (random_states(3_000) + 50).to(dtype)  # the sum overflows float16, drowns in bfloat16
    vector = pool(resolve_pooling(name), hidden)
    assert vector.dtype == torch.float32
    torch.testing.assert_close(
        vector, pool(resolve_pooling(name), hidden.float()), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("name", REFERENCE)
def test_pooling_is_differentiable(name: str) -> None:
    hidden = random_states(5).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: pool(resolve_pooling(name), x), (hidden,))


def test_no_tokens_are_an_error_and_never_a_vector() -> None:
    with pytest.raises(InputValueError, match=r"No tokens to pool.*\(0, 6\)"):
        TokenStates(torch.zeros(0, WIDTH), torch.zeros(WIDTH), torch.zeros(0, dtype=torch.bool), 0)


@pytest.mark.parametrize("name", [*REFERENCE, ("cls", "max")])
def test_no_windows_are_an_error(name: Any) -> None:
    with pytest.raises(InputValueError, match="No windows to pool"):
        resolve_pooling(name).combine([])


def test_which_poolings_can_pool_any_stretch() -> None:
    assert resolve_pooling("mean").pools_any_tokens
    assert not resolve_pooling("cls").pools_any_tokens
    assert not resolve_pooling(("mean", "cls")).pools_any_tokens


# --- names and plugins ---------------------------------------------------------------------------


class First(Pooling):
    """The first two values of the first window's first token, as a plugin might."""

    name = "first"

    def partial(self, states: TokenStates) -> Partial:
        return states.hidden[0, :2]

    def combine(self, partials: Sequence[Partial]) -> Tensor:
        return partials[0]

    def width(self, hidden_width: int) -> int:
        return 2


@pytest.fixture(autouse=True)
def _leave_the_registry_as_it_was() -> Iterator[None]:
    before = dict(pooling_module._REGISTERED)
    yield
    pooling_module._REGISTERED.clear()
    pooling_module._REGISTERED.update(before)


def test_a_pooling_is_itself() -> None:
    mine = First()
    assert resolve_pooling(mine) is mine
    assert resolve_pooling((mine, "mean")).width(WIDTH) == 2 + WIDTH


@pytest.mark.parametrize("spec", ["average", "", None, (), 3, ("mean", "average")])
def test_unknown_poolings_list_the_known_ones(spec: Any) -> None:
    with pytest.raises(OptionError, match="'mean', 'cls', 'max', 'mean_sqrt_len'"):
        resolve_pooling(spec)


def test_a_registered_pooling_is_found_by_name() -> None:
    mine = First()
    vectorlong.register_pooling("first", mine)
    assert resolve_pooling("first") is mine
    assert resolve_pooling(("first", "mean")).name == "first+mean"
    with pytest.raises(OptionError, match="'first'"):
        resolve_pooling("unknown")


def test_a_taken_name_needs_replace() -> None:
    register_pooling("first", First())
    other = First()
    with pytest.raises(OptionError, match="replace=True"):
        register_pooling("first", other)
    register_pooling("first", other, replace=True)
    assert resolve_pooling("first") is other


@pytest.mark.parametrize(
    ("name", "pooling", "message"),
    [
        ("second", First(), "own name .'first'."),
        ("first", First, "Pass an instance"),
        ("first", "mean", "Pass an instance"),
    ],
)
def test_impossible_registrations_are_refused(name: str, pooling: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        register_pooling(name, pooling)
    assert name not in pooling_module._REGISTERED


def test_a_name_may_not_hold_what_joins_names() -> None:
    mine = First()
    mine.name = "a+b"
    with pytest.raises(OptionError, match=r"may hold no '\+'"):
        register_pooling("a+b", mine)


def _plugin(monkeypatch: pytest.MonkeyPatch, value: str, name: str = "first") -> None:
    point = EntryPoint(name, value, pooling_module.ENTRY_POINT_GROUP)

    def entry_points(group: str) -> list[EntryPoint]:
        assert group == "vectorlong.pooling"
        return [point]

    monkeypatch.setattr(pooling_module, "entry_points", entry_points)


def test_a_plugin_is_loaded_when_it_is_first_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pooling_module, "first_plugin", First, raising=False)
    _plugin(monkeypatch, "vectorlong.pooling:first_plugin")
    assert "first" not in pooling_module._REGISTERED
    found = resolve_pooling("first")
    assert isinstance(found, First)
    assert resolve_pooling("first") is found
    with pytest.raises(OptionError, match="'first'"):
        resolve_pooling("unknown")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("nowhere_at_all:thing", "'nowhere_at_all:thing' does not load.*nowhere_at_all"),
        ("builtins:dict", "is dict, not a Pooling"),
    ],
)
def test_a_broken_plugin_is_named(
    value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _plugin(monkeypatch, value, name="broken")
    with pytest.raises(OptionError, match=message):
        resolve_pooling("broken")
    assert "broken" not in pooling_module._REGISTERED
