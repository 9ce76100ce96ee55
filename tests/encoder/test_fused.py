"""The inference path gives the numbers of the plain one, and never stale or foreign ones."""

import subprocess
import sys
from unittest import mock

import pytest
import torch
from torch import nn
from transformers import LongformerModel

from tests.models import load, longformer_config, randomize, write_longformer
from vectorlong.attention import kernel
from vectorlong.attention.spec import PackedTexts
from vectorlong.encoder import fused
from vectorlong.encoder.accelerate import accelerate
from vectorlong.encoder.fused import PackedLinear, fused_layers

IDS = torch.randint(3, 1000, (700,), generator=torch.Generator().manual_seed(0))
TEXTS = PackedTexts((600, 100), ((0, 300), (0,)))


@pytest.fixture
def encoder(tmp_path):
    write_longformer(tmp_path)
    return load(tmp_path)


def is_fused(module) -> bool:
    return module in fused._FUSED


@pytest.mark.parametrize("has_kernel", [True, False])
@pytest.mark.parametrize("is_packed", [True, False])
@pytest.mark.parametrize("activation", ["gelu", "relu", "gelu_new"])
def test_equals_the_plain_path(tmp_path, monkeypatch, has_kernel, is_packed, activation):
    if not has_kernel:
        monkeypatch.setattr(kernel, "_KERNEL", None)
    write_longformer(tmp_path, hidden_act=activation)
    encoder = load(tmp_path)
    plain = encoder(IDS, TEXTS).detach()
    assert not is_fused(encoder)
    with mock.patch.object(fused, "is_packing_faster", return_value=is_packed), torch.no_grad():
        assert (encoder(IDS, TEXTS) - plain).abs().max() <= 1e-5
    assert is_fused(encoder)


@torch.no_grad()
def test_first_tokens_alone(encoder):
    hidden = encoder(IDS, TEXTS)
    first = encoder(IDS, TEXTS, first_tokens_only=True)
    assert (first - hidden[[0, 600]]).abs().max() <= 1e-5
    local = PackedTexts((600, 100), ((5,), ()))
    first = encoder(IDS, local, first_tokens_only=True)
    assert (first - encoder(IDS, local)[[0, 600]]).abs().max() <= 1e-5
    with torch.enable_grad():
        first = encoder(IDS, TEXTS, first_tokens_only=True)
    assert (first - hidden[[0, 600]]).abs().max() <= 1e-5


def test_changed_weights_are_packed_again(encoder):
    with torch.no_grad():
        before = encoder(IDS, TEXTS)
    optimizer = torch.optim.SGD(encoder.parameters(), lr=0.01)
    encoder(IDS, TEXTS).pow(3).mean().backward()
    optimizer.step()
    expected = encoder(IDS, TEXTS).detach()
    with torch.no_grad():
        after = encoder(IDS, TEXTS)
    assert (after - expected).abs().max() <= 1e-5
    assert (after - before).abs().max() > 1e-3


def test_weights_changed_in_evaluation_are_noticed(encoder):
    with torch.no_grad():
        before = encoder(IDS, TEXTS)
        encoder.layers[0].up.weight.mul_(1.5)
        after = encoder(IDS, TEXTS)
    assert (after - before).abs().max() > 1e-3
    assert (after - encoder(IDS, TEXTS)).abs().max() <= 1e-5


def test_weights_changed_through_data_in_training_are_noticed(encoder):
    """``.data`` leaves no trace on a tensor, but training drops what was packed."""
    with torch.no_grad():
        before = encoder(IDS, TEXTS)
    encoder.train()
    encoder(IDS, TEXTS)
    for parameter in encoder.parameters():
        parameter.data.mul_(1.1)
    encoder.eval()
    with torch.no_grad():
        after = encoder(IDS, TEXTS)
    assert (after - before).abs().max() > 1e-3


@pytest.mark.parametrize("shape", [(32, 32), (384, 384), (1536, 384), (384, 1536), (1, 20000)])
def test_any_row_column_or_bias_changed_through_data_is_noticed(shape):
    n_out, n_in = shape
    linear = nn.Linear(n_in, n_out)
    for change in (
        lambda data: data[0].add_(1),
        lambda data: data[-1].add_(1),
        lambda data: data[:, 0].add_(1),
        lambda data: data[:, -1].add_(1),
        lambda data: data[n_out // 2].add_(1),
        lambda data: data[:, n_in // 2].add_(1),
    ):
        before = fused._state_of(linear)
        change(linear.weight.data)
        assert fused._state_of(linear) != before
    before = fused._state_of(linear)
    linear.bias.data[-1] += 1
    assert fused._state_of(linear) != before


@torch.no_grad()
def test_weights_changed_through_data_in_evaluation_are_noticed(encoder):
    before = encoder(IDS, TEXTS)
    for layer in encoder.layers:
        layer.down.weight.data *= 1.2
    after = encoder(IDS, TEXTS)
    with torch.enable_grad():
        expected = encoder(IDS, TEXTS)
    assert (after - before).abs().max() > 1e-3
    assert (after - expected).abs().max() <= 1e-5


@torch.no_grad()
def test_an_accelerated_model_runs_fused_in_evaluation():
    model = accelerate(randomize(LongformerModel(longformer_config())).eval())
    model(IDS[None])
    assert is_fused(model.encoder)
    model.train()
    model(IDS[None])
    assert not is_fused(model.encoder)


@torch.no_grad()
def test_adapters_and_hooks_are_honoured():
    model = accelerate(randomize(LongformerModel(longformer_config())).eval())
    plain = model(IDS[None]).last_hidden_state
    attention = model.encoder.layer[0].attention.self
    handle = attention.value.register_forward_hook(lambda module, inputs, output: output * 2)
    hooked = model(IDS[None]).last_hidden_state
    assert (hooked - plain).abs().max() > 1e-2
    handle.remove()
    assert torch.equal(model(IDS[None]).last_hidden_state, plain)
    seen = []
    handle = model.encoder.layer[1].register_forward_hook(lambda *arguments: seen.append(1))
    assert (model(IDS[None]).last_hidden_state - plain).abs().max() <= 1e-5
    assert seen
    handle.remove()

    class Adapter(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, hidden):
            return self.inner(hidden) * 2

    attention.value = Adapter(attention.value)
    assert (model(IDS[None]).last_hidden_state - hooked).abs().max() <= 1e-5


def test_missing_operators_mean_the_plain_path(monkeypatch):
    def missing(*arguments):
        raise AttributeError("no such operator")

    fused.is_packing_faster.cache_clear()
    monkeypatch.setattr(fused, "_pack", missing)
    assert not fused.is_packing_faster(torch.float32)
    weight, bias, x = torch.randn(5, 3), torch.randn(5), torch.randn(7, 3)
    expected = nn.functional.gelu(x @ weight.T + bias)
    assert torch.allclose(PackedLinear(weight, bias, has_gelu=True)(x), expected, atol=1e-6)
    fused.is_packing_faster.cache_clear()


def test_wrong_operators_mean_the_plain_path(monkeypatch):
    fused.is_packing_faster.cache_clear()
    monkeypatch.setattr(fused, "_linear_pointwise", lambda x, *rest: x + 1)
    assert not fused.is_packing_faster(torch.float32)
    fused.is_packing_faster.cache_clear()


@torch.no_grad()
def test_bfloat16_stays_close(encoder):
    expected = encoder(IDS, TEXTS)
    actual = encoder.to(torch.bfloat16)(IDS, TEXTS)
    assert is_fused(encoder)
    assert torch.cosine_similarity(actual.float(), expected, dim=1).min() >= 0.99


def test_other_cases_are_left_to_the_plain_path(encoder):
    hidden = torch.zeros(3, 32)
    parts = [layer.parts() for layer in encoder.layers]
    assert fused_layers(encoder, parts, 4, hidden) is None  # gradients
    with torch.no_grad():
        assert fused_layers(encoder, parts, 4, hidden) is not None
        assert fused_layers(encoder, parts, 4, hidden.double()) is None
        assert fused_layers(encoder, parts, 4, hidden.to("meta")) is None
        with torch.autocast("cpu", torch.bfloat16):
            assert fused_layers(encoder, parts, 4, hidden) is None


_ANY_NUMBER_OF_ROWS = """
import re
import vectorlong
import torch
from vectorlong.encoder.fused import PackedLinear

def resident_mb():
    status = open("/proc/self/status").read()
    return int(re.search(r"VmRSS:\\s*(\\d+)", status)[1]) / 1000

with torch.inference_mode():
    linear = PackedLinear(torch.randn(768, 768), torch.randn(768))
    rows = torch.randn(700, 768)
    linear(rows)
    before = resident_mb()
    for n_rows in range(1, 700):
        linear(rows[:n_rows])
print(resident_mb() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_numbers_of_rows_leave_no_memory_behind():
    """oneDNN keeps something for each that it has met; batches of short texts have any."""
    result = subprocess.run(
        [sys.executable, "-c", _ANY_NUMBER_OF_ROWS], capture_output=True, text=True, check=True
    )
    assert float(result.stdout) < 300  # with all of them kept, 800
