"""What the compiled kernel has to get right beyond what every backend does."""

import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vectorlong.attention import kernel, reference
from vectorlong.attention.dispatch import Case, choose_backend
from vectorlong.attention.spec import AttentionSpec, PackedTexts

CPU = torch.device("cpu")
pytestmark = pytest.mark.skipif(
    kernel.why_not(torch.bfloat16) is not None, reason=str(kernel.why_not(torch.bfloat16))
)


def random_heads(n_tokens: int, n_heads: int, width: int, dtype: torch.dtype = torch.float32):
    generator = torch.Generator().manual_seed(n_tokens)
    joined = torch.randn(3, n_heads, n_tokens, width, generator=generator).to(dtype)
    return joined.transpose(1, 2)  # [3, t, h, d]


def in_float32(heads, texts, spec):
    return reference.local_attention(*heads.float(), texts, spec)


@given(
    lengths=st.lists(st.integers(1, 400), min_size=1, max_size=3),
    window=st.sampled_from([2, 16, 46, 96, 98, 512]),
    width=st.sampled_from([8, 16, 32, 48, 64, 80, 128]),
    has_globals=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_every_head_width_and_window_in_both_dtypes(lengths, window, width, has_globals):
    positions = tuple(
        tuple(sorted({0, length // 2, length - 1})) if has_globals else () for length in lengths
    )
    texts, spec = PackedTexts(tuple(lengths), positions), AttentionSpec(window)
    heads = random_heads(texts.n_tokens, 2, width)
    expected = in_float32(heads, texts, spec)
    assert (kernel.local_attention(*heads, texts, spec) - expected).abs().max() <= 1e-5

    halves = heads.bfloat16()
    expected = in_float32(halves, texts, spec)
    actual = kernel.local_attention(*halves, texts, spec)
    assert actual.dtype == torch.bfloat16
    # Query, weights and result are each rounded to 8 bits.
    assert (actual.float() - expected).abs().max() <= 0.02 * max(1.0, float(expected.abs().max()))


def test_scores_are_float32_in_bfloat16():
    """Scores near 100 that differ by 0.25 would be one number in bfloat16."""
    texts, spec = PackedTexts((2,), ((),)), AttentionSpec(window=2)
    query = torch.full((2, 1, 32), 1.0, dtype=torch.bfloat16)
    key = torch.zeros(2, 1, 32, dtype=torch.bfloat16)
    key[:, 0, 0] = torch.tensor([100.0, 100.0])
    key[1, 0, 1] = 0.25
    value = torch.zeros(2, 1, 32, dtype=torch.bfloat16)
    value[1] = 1.0
    actual = kernel.local_attention(query, key, value, texts, spec, scale=1.0)
    expected = torch.sigmoid(torch.tensor(0.25))
    assert (actual.float() - expected).abs().max() <= 0.004


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_strides_do_not_matter_and_inputs_stay(dtype):
    texts, spec = PackedTexts((70, 30), ((0,), (0, 29))), AttentionSpec(16)
    apart = random_heads(100, 3, 32, dtype)
    expected = kernel.local_attention(*apart, texts, spec)
    joined = torch.empty(100, 3, 3, 40, dtype=dtype)  # [t, 3, h, more than d]
    joined[..., :32] = apart.permute(1, 0, 2, 3)
    before = joined.clone()
    query, key, value = joined[..., :32].unbind(1)
    assert torch.equal(kernel.local_attention(query, key, value, texts, spec), expected)
    assert torch.equal(joined.view(torch.uint8), before.view(torch.uint8))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_neither_threads_nor_neighbours_change_a_digit(dtype):
    spec = AttentionSpec(64)
    heads = random_heads(900, 4, 32, dtype)
    texts = PackedTexts((200, 500, 200), ((0,), (0, 499), ()))
    n_threads = torch.get_num_threads()
    try:
        found = []
        for count in (1, 2, 5):
            torch.set_num_threads(count)
            found.append(kernel.local_attention(*heads, texts, spec))
    finally:
        torch.set_num_threads(n_threads)
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])
    middle = slice(200, 700)
    alone = kernel.local_attention(*heads[:, middle], PackedTexts((500,), ((0, 499),)), spec)
    assert torch.equal(found[0][middle], alone)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_not_a_number_reaches_those_that_see_it_and_nobody_else(dtype):
    texts, spec = PackedTexts((300, 50), ((), ())), AttentionSpec(20)
    heads = random_heads(350, 1, 32, dtype)
    heads[1, 100] = float("nan")  # a key
    is_nan = kernel.local_attention(*heads, texts, spec).isnan().any(-1).flatten()
    assert is_nan.nonzero().flatten().tolist() == list(range(90, 111))


@pytest.mark.parametrize("magnitude", [1e-30, 1e3, 1e15])
def test_extreme_scores_neither_overflow_nor_vanish(magnitude):
    texts, spec = PackedTexts((120,), ((0,),)), AttentionSpec(16)
    query, key, value = random_heads(120, 2, 16)
    expected = reference.local_attention(query * magnitude, key, value, texts, spec)
    actual = kernel.local_attention(query * magnitude, key, value, texts, spec)
    assert (actual - expected).abs().max() <= 1e-4


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_a_tracer_is_sent_to_another_backend():
    texts, spec = PackedTexts((9,), ((),)), AttentionSpec(4)
    chosen = []

    def attend(query, key, value):
        chosen.append(choose_backend("auto", Case(CPU, spec=spec)))
        return chosen[-1].local_attention(query, key, value, texts, spec)

    with torch.no_grad():
        torch.jit.trace(attend, tuple(random_heads(9, 1, 16)), check_trace=False)
    assert {backend.name for backend in chosen} == {"cpu"}


def test_threads_that_have_run_do_not_hang_a_spawned_process():
    """The kernel shares torch's own threads; a process that used them can end."""
    code = (
        "import torch; from vectorlong.attention import kernel; "
        "from vectorlong.attention.spec import *; "
        "heads = torch.randn(3, 500, 2, 32); torch.mm(heads[0, 0], heads[0, 0].T); "
        "out = kernel.local_attention(*heads, PackedTexts((500,), ((0,),)), AttentionSpec(32)); "
        "print(out.isfinite().all().item())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120)
    assert done.stdout.strip() == b"True", done.stderr
