"""``accelerate`` where somebody has put in hooks, adapters or other parts: still the same."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.nn.utils import parametrizations, prune
from transformers import LongformerModel
from transformers.models.longformer.modeling_longformer import LongformerEncoder

from tests.models import longformer_config, randomize
from vectorlong.encoder import fused
from vectorlong.encoder.accelerate import accelerate
from vectorlong.errors import InputTypeError

IDS = torch.randint(3, 1000, (2, 70), generator=torch.Generator().manual_seed(0))
MASK = torch.ones_like(IDS)
MASK[1, 50:] = 0
GLOBAL = torch.zeros_like(IDS).index_fill_(1, torch.tensor([0, 30]), 1)
LAYER = "encoder.layer.1"
LINEARS = [
    *(
        f"{LAYER}.attention.self.{name}{suffix}"
        for name in ("query", "key", "value")
        for suffix in ("", "_global")
    ),
    f"{LAYER}.attention.output.dense",
    f"{LAYER}.intermediate.dense",
    f"{LAYER}.output.dense",
]
NORMS = [f"{LAYER}.attention.output.LayerNorm", f"{LAYER}.output.LayerNorm"]
DROPOUTS = [f"{LAYER}.attention.output.dropout", f"{LAYER}.output.dropout"]
OTHERS = [
    LAYER,
    f"{LAYER}.attention",
    f"{LAYER}.attention.self",
    f"{LAYER}.attention.output",
    f"{LAYER}.intermediate",
    f"{LAYER}.output",
    "encoder",
]


def pair():
    model = randomize(LongformerModel(longformer_config())).eval()
    return model, accelerate(copy.deepcopy(model))


def run(model):
    masked = {"attention_mask": MASK, "global_attention_mask": GLOBAL}
    return model(IDS, **masked).last_hidden_state


def assert_same_and_changed(model, accelerated, change, least=1e-3):
    """``change`` moves transformers' output, and ours to the same."""
    with torch.no_grad():
        plain = run(model)
        assert (run(accelerated) - plain).abs().max() <= 1e-5  # whatever is cached, is now
        change(model)
        change(accelerated)
        expected = run(model)
        assert (expected - plain).abs().max() >= least
        assert (run(accelerated) - expected).abs().max() <= 1e-5


def changed_output(output):
    """Another output of the same form; rows are told apart by where they stand in the batch."""
    if isinstance(output, tuple):
        return (changed_output(output[0]), *output[1:])
    if not isinstance(output, torch.Tensor):
        output.last_hidden_state = changed_output(output.last_hidden_state)
        return output
    index = torch.arange(output.shape[1]).view(1, -1, *[1] * (output.dim() - 2))
    return output * (1 + 0.1 * (index % 3))


@pytest.mark.parametrize("name", [*LINEARS, *NORMS, *DROPOUTS, *OTHERS])
def test_forward_hooks(name):
    model, accelerated = pair()
    assert_same_and_changed(
        model,
        accelerated,
        lambda each: each.get_submodule(name).register_forward_hook(
            lambda module, inputs, output: changed_output(output)
        ),
    )


@pytest.mark.parametrize("name", [*LINEARS, *NORMS, *DROPOUTS, *OTHERS])
def test_forward_pre_hooks(name):
    model, accelerated = pair()
    assert_same_and_changed(
        model,
        accelerated,
        lambda each: each.get_submodule(name).register_forward_pre_hook(
            lambda module, inputs: (inputs[0] * 1.1, *inputs[1:])
        ),
        least=0 if name in DROPOUTS else 1e-6,
    )


# Not the queries: transformers scales those in place, which torch refuses under such hooks.
@pytest.mark.parametrize("name", [LINEARS[2], LINEARS[3], LINEARS[5], NORMS[0]])
@pytest.mark.parametrize("kind", ["register_full_backward_hook", "register_full_backward_pre_hook"])
def test_backward_hooks(name, kind):
    gradients, calls = [], []
    for model in pair():
        n_calls = []
        getattr(model.get_submodule(name), kind)(lambda *arguments, seen=n_calls: seen.append(1))
        run(model).pow(2).mean().backward()
        gradients.append(model.embeddings.word_embeddings.weight.grad)
        calls.append(len(n_calls))
    assert calls == [1, 1]
    assert (gradients[0] - gradients[1]).abs().max() <= 1e-4 * gradients[0].abs().max()


@pytest.mark.parametrize("is_before", [False, True])
def test_hooks_on_all_modules_there_are(is_before):
    model, accelerated = pair()
    seen = []
    register = register_module_forward_pre_hook if is_before else register_module_forward_hook
    with torch.no_grad():
        run(accelerated)
        handle = register(lambda module, *arguments: seen.append(type(module).__name__))
        try:
            run(model)
            expected = sorted(seen)
            seen.clear()
            found = run(accelerated)
        finally:
            handle.remove()
        ours = [name.replace("PackedLongformer", "Longformer") for name in seen]
        assert sorted(ours) == expected
        assert (found - run(model)).abs().max() <= 1e-5


@pytest.mark.parametrize("name", [*LINEARS, *NORMS, *OTHERS])
def test_an_object_with_a_forward_of_its_own(name):
    """As accelerate's ``dispatch_model`` gives it to every module it moves."""

    def change(model):
        module = model.get_submodule(name)
        original = module.forward
        module.forward = lambda *inputs, **named: changed_output(original(*inputs, **named))

    assert_same_and_changed(*pair(), change)


class Adapter(nn.Module):
    """What low-rank adapters are: the original and something beside it."""

    def __init__(self, base):
        super().__init__()
        self.base = base
        self.down = nn.Linear(base.in_features, 2, bias=False)
        self.up = nn.Linear(2, base.out_features, bias=False)
        generator = torch.Generator().manual_seed(0)
        for weight in (self.down.weight, self.up.weight):
            weight.data = torch.randn(weight.shape, generator=generator) * 0.3

    def forward(self, hidden):
        return self.base(hidden) + self.up(self.down(hidden))


class PositionDependent(nn.Module):
    """A part that looks at the whole batch."""

    def __init__(self, base):
        super().__init__()
        self.weight, self.bias = base.weight, base.bias

    def forward(self, hidden):
        return changed_output(nn.functional.linear(hidden, self.weight, self.bias))


def replace_by(kind, name):
    def change(model):
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, kind(model.get_submodule(name)))

    return change


@pytest.mark.parametrize("kind", [Adapter, PositionDependent])
@pytest.mark.parametrize("name", LINEARS)
def test_parts_that_were_replaced(name, kind):
    assert_same_and_changed(*pair(), replace_by(kind, name))


@torch.no_grad()
def test_an_adapter_still_runs_on_the_core():
    shapes = []

    class Watching(Adapter):
        def forward(self, hidden):
            shapes.append(tuple(hidden.shape))
            return super().forward(hidden)

    _, accelerated = pair()
    replace_by(Watching, LINEARS[0])(accelerated)
    run(accelerated)
    assert shapes == [(int(MASK.sum()), 32)]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda linear: parametrizations.weight_norm(linear), id="weight norm"),
        pytest.param(lambda linear: nn.utils.weight_norm(linear), id="weight norm by a hook"),
        pytest.param(lambda linear: prune.l1_unstructured(linear, "weight", 0.3), id="pruning"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*weight_norm.*is deprecated")
@pytest.mark.parametrize("name", LINEARS)
def test_weights_that_are_computed(name, change):
    def put(model):
        linear = model.get_submodule(name)
        change(linear)
        with torch.no_grad():  # what the weight is computed from changes, the weight is stale
            for parameter in linear.parameters():
                parameter.mul_(1.3)

    assert_same_and_changed(*pair(), put)


@pytest.mark.filterwarnings("ignore:.*quantiz.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*ao.*")
def test_quantised_products():
    def quantise(model):
        torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, inplace=True)

    assert_same_and_changed(*pair(), quantise)


class Tagged(torch.Tensor):
    """A weight that is more than its numbers, as quantised ones are."""


@torch.no_grad()
@pytest.mark.parametrize("name", [LINEARS[0], LINEARS[3]])
def test_weights_that_are_more_than_numbers_are_left_to_their_module(name):
    model, accelerated = pair()
    linear = accelerated.get_submodule(name)
    linear.weight = nn.Parameter(linear.weight.data.as_subclass(Tagged), requires_grad=False)
    assert type(linear.weight) is not nn.Parameter
    assert (run(accelerated) - run(model)).abs().max() <= 1e-5
    is_local = name == LINEARS[0]
    assert (accelerated.encoder in fused._FUSED) == (not is_local)


@pytest.mark.parametrize("name", [*OTHERS[:-1], *DROPOUTS])
def test_classes_that_were_exchanged(name):
    kind = type(pair()[0].get_submodule(name))

    class Other(kind):
        def forward(self, *inputs, **named):
            return changed_output(super().forward(*inputs, **named))

    def change(model):
        model.get_submodule(name).__class__ = Other

    assert_same_and_changed(*pair(), change)


@pytest.mark.parametrize("is_training", [False, True])
def test_a_dropout_that_is_on_alone_or_of_another_strength(is_training):
    outputs = []
    for model in pair():
        model.train(is_training)
        first, second = (model.get_submodule(name) for name in DROPOUTS)
        first.p, second.p = (0.0, 0.4)
        if not is_training:
            second.train()
        torch.manual_seed(0)
        with torch.no_grad():
            outputs.append(run(model))
            assert (outputs[-1] - run(model)).abs().max() > 1e-3
    assert (outputs[0] - outputs[1]).abs().max() <= 1e-5


@torch.no_grad()
def test_hooks_that_are_gone_cost_nothing():
    _, accelerated = pair()
    run(accelerated)
    handle = accelerated.get_submodule(LINEARS[3]).register_forward_hook(lambda *arguments: None)
    handle.remove()
    fused._FUSED.pop(accelerated.encoder)
    run(accelerated)
    assert accelerated.encoder in fused._FUSED


def test_an_encoder_with_another_forward_is_refused_and_left_as_it_was():
    model, _ = pair()
    original = model.encoder.forward
    model.encoder.forward = lambda *inputs, **named: original(*inputs, **named)
    with pytest.raises(InputTypeError, match="Call accelerate first"):
        accelerate(model)
    assert run(model).isfinite().all()

    class Other(LongformerEncoder):
        pass

    model, _ = pair()
    model.encoder.__class__ = Other
    with pytest.raises(InputTypeError, match=r"forward other than transformers' \(Other\)"):
        accelerate(nn.ModuleList([pair()[0], model]))
    assert type(model.encoder) is Other
