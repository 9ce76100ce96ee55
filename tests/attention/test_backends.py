"""Every backend against the dense reference: outputs and gradients."""

from dataclasses import replace
from unittest import mock

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vectorlong.attention import blocked, cpu, flex, kernel, reference
from vectorlong.attention.dispatch import BACKENDS, Case, choose_backend, explain_backends
from vectorlong.attention.spec import AttentionSpec, PackedTexts
from vectorlong.errors import OptionError

TOLERANCE = 1e-5
# The reference is what the others are held to; flex runs uncompiled here and has tests of its own.
HELD_TO_IT = [backend for backend in BACKENDS if backend.name not in ("reference", "flex")]
DIFFERENTIABLE = [
    backend
    for backend in HELD_TO_IT
    if backend.why_not(Case(torch.device("cpu"), needs_gradients=True)) is None
]
KERNEL_REASON = kernel.why_not(torch.bfloat16)
needs_kernel = pytest.mark.skipif(KERNEL_REASON is not None, reason=str(KERNEL_REASON))
FAST_BACKENDS = [
    pytest.param(backend, marks=[needs_kernel] if backend.name == "kernel" else [])
    for backend in HELD_TO_IT
]


def random_heads(n_tokens: int, n_heads: int, width: int, seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(n_tokens, n_heads, width, generator=generator) for _ in range(3)]


@st.composite
def cases(draw: st.DrawFn) -> tuple[PackedTexts, AttentionSpec, int, int]:
    n_heads = draw(st.integers(1, 4))
    lengths = draw(st.lists(st.integers(1, 70), min_size=1, max_size=4))
    positions = tuple(
        tuple(sorted(draw(st.sets(st.integers(0, length - 1), max_size=length))))
        if draw(st.booleans())
        else ()
        for length in lengths
    )
    dilation = draw(
        st.one_of(
            st.integers(1, 5),
            st.tuples(*[st.integers(1, 5)] * n_heads),
        )
    )
    spec = AttentionSpec(
        window=2 * draw(st.integers(1, 20)),
        dilation=dilation,
        causal=draw(st.booleans()),
        dense_up_to=draw(st.sampled_from([0, 0, 10, 40])),
    )
    return PackedTexts(tuple(lengths), positions), spec, n_heads, draw(st.integers(0, 1000))


@pytest.mark.parametrize("backend", FAST_BACKENDS)
@given(case=cases(), block_tokens=st.sampled_from([1, 3, 16, 128]))
@settings(max_examples=150, deadline=None)
def test_backend_equals_reference_on_random_shapes(backend, case, block_tokens):
    texts, spec, n_heads, seed = case
    if backend.why_not(Case(torch.device("cpu"), spec=spec)):
        spec = replace(spec, dilation=1, causal=False)
    query, key, value = random_heads(texts.n_tokens, n_heads, 8, seed)
    with (
        mock.patch.object(blocked, "BLOCK_TOKENS", block_tokens),
        mock.patch.dict(cpu._BLOCK_TOKENS, {torch.float32: block_tokens}),
    ):
        actual = backend.local_attention(query, key, value, texts, spec)
    expected = reference.local_attention(query, key, value, texts, spec)
    assert actual.shape == expected.shape
    assert (actual - expected).abs().max() <= TOLERANCE


@given(case=cases())
@settings(max_examples=40, deadline=None)
def test_flex_patterns_equal_the_reference(case):
    """On the CPU the predicate runs uncompiled: the pattern is tested, the GPU kernel is not."""
    texts, spec, n_heads, seed = case
    query, key, value = random_heads(texts.n_tokens, n_heads, 16, seed)
    actual = flex.local_attention(query, key, value, texts, spec)
    expected = reference.local_attention(query, key, value, texts, spec)
    assert (actual - expected).abs().max() <= TOLERANCE


@pytest.mark.parametrize("backend", DIFFERENTIABLE, ids=lambda backend: backend.name)
@pytest.mark.parametrize(
    ("lengths", "positions", "spec"),
    [
        ((1,), ((),), AttentionSpec(window=4)),
        ((1, 7, 40), ((0,), (), (0, 39)), AttentionSpec(window=8)),
        ((33,), (tuple(range(33)),), AttentionSpec(window=4)),
        ((300, 17), ((0, 150, 299), (16,)), AttentionSpec(window=16)),
        ((41,), ((3,),), AttentionSpec(window=6, dilation=3)),
        ((41, 5), ((3, 40), ()), AttentionSpec(window=6, dilation=(1, 7))),
        ((50,), ((0, 30),), AttentionSpec(window=10, causal=True)),
        ((50, 20), ((0,), (0,)), AttentionSpec(window=10, dense_up_to=20)),
    ],
)
@pytest.mark.parametrize("n_times", [1, 2, 3])
def test_gradients_equal_the_reference(backend, lengths, positions, spec, n_times):
    """Those of gradients, too."""
    texts = PackedTexts(lengths, positions)
    inputs = [tensor.requires_grad_() for tensor in random_heads(texts.n_tokens, 2, 8)]
    weights = torch.randn(texts.n_tokens, 2, 8, generator=torch.Generator().manual_seed(1))
    gradients = []
    for function in (backend.local_attention, reference.local_attention):
        outputs = [function(*inputs, texts, spec) * weights]
        for time in range(1, n_times + 1):
            total = sum(output.pow(time).sum() for output in outputs)
            outputs = torch.autograd.grad(total, inputs, create_graph=time < n_times)
        gradients.append(outputs)
    for actual, expected in zip(*gradients, strict=True):
        assert (actual - expected).abs().max() <= 1e-4 * expected.abs().max().clamp(min=1)


@pytest.mark.parametrize(
    ("backend", "dtype"),
    [
        (blocked, torch.float16),
        (blocked, torch.bfloat16),
        (cpu, torch.bfloat16),
        pytest.param(kernel, torch.bfloat16, marks=needs_kernel),
    ],
)
def test_half_precision_stays_finite_and_close(backend, dtype):
    texts = PackedTexts((100, 3), ((0, 99), ()))
    query, key, value = random_heads(103, 2, 8)
    expected = reference.local_attention(query, key, value, texts, AttentionSpec(window=10))
    halves = [tensor.to(dtype) for tensor in (query, key, value)]
    actual = backend.local_attention(*halves, texts, AttentionSpec(window=10))
    assert actual.dtype == dtype
    assert (actual.float() - expected).abs().max() <= 0.05


def test_large_scores_do_not_overflow_in_float16():
    texts = PackedTexts((60,), ((0,),))
    query, key, value = (150 * tensor for tensor in random_heads(60, 1, 8))
    halves = [tensor.half() for tensor in (query, key, value)]
    actual = blocked.local_attention(*halves, texts, AttentionSpec(window=6))
    assert actual.isfinite().all()


@pytest.mark.parametrize("backend", FAST_BACKENDS)
def test_a_given_scale_replaces_the_usual_one(backend):
    texts, spec = PackedTexts((40,), ((0, 30),)), AttentionSpec(window=8)
    query, key, value = random_heads(40, 2, 8)
    expected = reference.local_attention(query, key, value, texts, spec)
    for scale in (1.0, 0.5):
        scaled = query * 8**-0.5 / scale
        actual = backend.local_attention(scaled, key, value, texts, spec, scale=scale)
        assert (actual - expected).abs().max() <= TOLERANCE


def test_a_text_is_not_changed_by_its_neighbours():
    spec = AttentionSpec(window=8)
    query, key, value = random_heads(90, 2, 8)
    together = blocked.local_attention(
        query, key, value, PackedTexts((20, 40, 30), ((0,), (), (5,))), spec
    )
    middle = slice(20, 60)
    alone = blocked.local_attention(
        query[middle], key[middle], value[middle], PackedTexts((40,), ((),)), spec
    )
    assert torch.equal(together[middle], alone)


def test_dropout_drops_weights_and_keeps_their_mean():
    texts = PackedTexts((64,), ((0,),))
    query, key, _ = random_heads(64, 1, 8)
    value = torch.ones(64, 1, 8)
    torch.manual_seed(0)
    dropped = torch.stack(
        [
            blocked.local_attention(query, key, value, texts, AttentionSpec(window=16), dropout=0.3)
            for _ in range(200)
        ]
    )
    assert (dropped != 1).any()
    assert abs(dropped.mean() - 1) < 0.01


@pytest.mark.parametrize("window", [0, 3, -2, 511])
def test_odd_or_empty_windows_are_refused(window):
    with pytest.raises(OptionError, match=f"window={window}"):
        AttentionSpec(window=window)


def test_wrong_dilations_are_refused():
    with pytest.raises(OptionError, match="at least 1"):
        AttentionSpec(window=4, dilation=0)
    with pytest.raises(OptionError, match="one for each of 3 heads"):
        AttentionSpec(window=4, dilation=(1, 2)).heads_by_dilation(3, 10)


@pytest.mark.parametrize(
    ("lengths", "positions", "message"),
    [
        ((3,), ((3,),), "inside the text"),
        ((3,), ((1, 1),), "distinct"),
        ((0,), ((),), "at least 1"),
        ((3, 2), ((),), "one list"),
    ],
)
def test_impossible_packs_are_refused(lengths, positions, message):
    with pytest.raises(ValueError, match=message):
        PackedTexts(lengths, positions)


def test_unknown_backend_lists_the_choices():
    with pytest.raises(
        OptionError, match="'auto', 'kernel', 'cpu', 'blocked', 'flex', 'reference'"
    ):
        choose_backend("flash", Case(torch.device("cpu")))


@pytest.mark.parametrize(
    ("name", "case", "reason"),
    [
        ("reference", Case(torch.device("cpu"), dropout=0.1), "no attention dropout"),
        ("cpu", Case(torch.device("cpu"), dropout=0.1), "for inference"),
        ("cpu", Case(torch.device("cpu"), needs_gradients=True), "for inference"),
        ("cpu", Case(torch.device("meta")), "CPU only"),
        ("flex", Case(torch.device("cpu")), "for GPUs"),
        ("cpu", Case(torch.device("cpu"), torch.float16), "no torch.float16"),
        ("cpu", Case(torch.device("cpu"), spec=AttentionSpec(4, causal=True)), "causal"),
        ("cpu", Case(torch.device("cpu"), spec=AttentionSpec(4, dilation=2)), "dilated"),
    ],
)
def test_a_backend_says_why_it_cannot_run(name, case, reason):
    with pytest.raises(OptionError, match=reason):
        choose_backend(name, case)
    assert reason in explain_backends(case)[name]
    assert explain_backends(case)["blocked"] == "available"
    assert choose_backend("auto", case).name in {"kernel", "cpu", "blocked"} - {name}


def test_the_reference_refuses_dropout():
    query, key, value = random_heads(3, 1, 2)
    with pytest.raises(ValueError, match=r"dropout, got 0\.5"):
        reference.local_attention(
            query, key, value, PackedTexts((3,), ((),)), AttentionSpec(window=2), dropout=0.5
        )
