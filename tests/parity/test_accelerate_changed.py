"""``accelerate`` where somebody has put in adapters, other parts or methods: still the same."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune
from transformers.activations import GELUActivation
from transformers.models.longformer.modeling_longformer import (
    LongformerEncoder,
    LongformerLayer,
    LongformerOutput,
    LongformerSelfAttention,
)

from tests.parity.changed_models import (
    DROPOUTS,
    LAYER,
    LINEARS,
    MASK,
    NORMS,
    OTHERS,
    assert_same_and_changed,
    changed_output,
    pair,
    replace_by,
    run,
)
from vectorlong.encoder import fused
from vectorlong.encoder.accelerate import accelerate
from vectorlong.errors import InputTypeError


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
        self.base_layer = base
        self.down = nn.Linear(base.in_features, 2, bias=False)
        self.up = nn.Linear(2, base.out_features, bias=False)
        generator = torch.Generator().manual_seed(0)
        for weight in (self.down.weight, self.up.weight):
            weight.data = torch.randn(weight.shape, generator=generator) * 0.3

    def forward(self, hidden):
        return self.base_layer(hidden) + self.up(self.down(hidden))


class PositionDependent(nn.Module):
    """A part that looks at the whole batch, although there is a Linear in it."""

    def __init__(self, base):
        super().__init__()
        self.base = base

    def forward(self, hidden):
        return changed_output(self.base(hidden))


class PositionDependentLinear(nn.Linear):
    """Another, which is a Linear."""

    def __init__(self, base):
        super().__init__(base.in_features, base.out_features)
        self.load_state_dict(base.state_dict())

    def forward(self, hidden):
        return changed_output(super().forward(hidden))


@pytest.mark.parametrize("kind", [Adapter, PositionDependent, PositionDependentLinear])
@pytest.mark.parametrize("name", LINEARS)
def test_parts_that_were_replaced(name, kind):
    assert_same_and_changed(*pair(), replace_by(kind, name))


@torch.no_grad()
def test_only_low_rank_adapters_of_peft_are_known_to_take_rows():
    shapes = []

    class Watching(Adapter):
        def forward(self, hidden):
            shapes.append(tuple(hidden.shape))
            return super().forward(hidden)

    for module, shape in (
        ("peft.tuners.lora.layer", (int(MASK.sum()), 32)),
        ("somewhere", (96, 2, 32)),
    ):
        Watching.__module__ = module
        model, accelerated = pair()
        replace_by(Watching, LINEARS[0])(accelerated)
        replace_by(Adapter, LINEARS[0])(model)
        shapes.clear()
        assert (run(accelerated) - run(model)).abs().max() <= 1e-5
        assert shapes == [shape]


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
    assert accelerated.encoder not in fused._FUSED


@pytest.mark.parametrize("name", [*OTHERS[:-1], *DROPOUTS])
def test_classes_that_were_exchanged(name):
    kind = type(pair()[0].get_submodule(name))

    class Other(kind):
        def forward(self, *inputs, **named):
            return changed_output(super().forward(*inputs, **named))

    def change(model):
        model.get_submodule(name).__class__ = Other

    assert_same_and_changed(*pair(), change)


class Mixing(nn.Module):
    """An activation that looks at the whole text."""

    def forward(self, hidden):
        return nn.functional.gelu(hidden) - hidden.mean(1, keepdim=True)


def put_activation(activation):
    def change(model):
        del model.get_submodule(f"{LAYER}.intermediate").intermediate_act_fn
        model.get_submodule(f"{LAYER}.intermediate").intermediate_act_fn = activation

    return change


@pytest.mark.parametrize("activation", [Mixing(), Mixing().forward, nn.ReLU(), torch.tanh])
def test_other_activations(activation):
    assert_same_and_changed(*pair(), put_activation(activation))


def fresh_layer(model):
    torch.manual_seed(0)
    model.encoder.layer[1] = LongformerLayer(model.config, 1).eval()


def fresh_encoder(model):
    torch.manual_seed(0)
    model.encoder = LongformerEncoder(model.config).eval()


def one_narrow_layer(model):
    model.encoder.layer = model.encoder.layer[1:2]


def no_layer(model):
    model.encoder.layer = nn.ModuleList()


def other_heads(model):
    attention = model.get_submodule(f"{LAYER}.attention.self")
    attention.num_heads, attention.head_dim = 2, 16


def one_module_in_two_places(model):
    attention = model.get_submodule(f"{LAYER}.attention.self")
    attention.value = attention.query


def centred_embeddings(model):
    class Centred(nn.Module):
        def __init__(self, base):
            super().__init__()
            self.base = base

        def forward(self, **inputs):
            embedded = self.base(**inputs)
            return embedded - embedded.mean((0, 1), keepdim=True)

    model.embeddings = Centred(model.embeddings)


@pytest.mark.parametrize(
    "change",
    [
        fresh_layer,
        fresh_encoder,
        one_narrow_layer,
        no_layer,
        other_heads,
        one_module_in_two_places,
        centred_embeddings,
    ],
)
def test_whole_stretches_that_were_exchanged(change):
    assert_same_and_changed(*pair(), change)


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        (LongformerSelfAttention, "forward"),
        (LongformerSelfAttention, "_sliding_chunks_query_key_matmul"),
        (LongformerSelfAttention, "_pad_and_diagonalize"),  # a static method
        (LongformerLayer, "__call__"),
        (LongformerOutput, "forward"),
        (GELUActivation, "forward"),
        (nn.Linear, "forward"),
        (nn.LayerNorm, "_call_impl"),
        (nn.Dropout, "forward"),
    ],
)
def test_methods_exchanged_for_a_whole_class(monkeypatch, kind, method):
    model, accelerated = pair()
    original = getattr(kind, method)
    other = lambda *inputs, **named: changed_output(original(*inputs, **named))  # noqa: E731
    is_static = isinstance(vars(kind).get(method), staticmethod)
    with torch.no_grad():
        plain = run(accelerated)
        monkeypatch.setattr(kind, method, staticmethod(other) if is_static else other, False)
        expected = run(model)
        assert (expected - plain).abs().max() >= 1e-3
        assert (run(accelerated) - expected).abs().max() <= 1e-5


@pytest.mark.parametrize("method", ["_sliding_chunks_query_key_matmul", "_call_impl"])
def test_methods_exchanged_for_one_object(method):
    def change(model):
        attention = model.get_submodule(f"{LAYER}.attention.self")
        original = getattr(attention, method)
        setattr(attention, method, lambda *inputs, **named: changed_output(original(*inputs)))

    def forward_with_names_alone(model):
        attention = model.get_submodule(f"{LAYER}.attention.self")
        original = attention._call_impl
        attention._call_impl = lambda *inputs, **named: changed_output(original(*inputs, **named))

    is_call = method == "_call_impl"
    assert_same_and_changed(*pair(), forward_with_names_alone if is_call else change)


def test_parts_that_were_compiled():
    torch.compiler.reset()
    model, accelerated = pair()
    calls = []

    def backend(graph, inputs):
        calls.append(1)
        return graph.forward

    accelerated.get_submodule(f"{LAYER}.output").compile(backend=backend)
    with torch.no_grad():
        assert (run(accelerated) - run(model)).abs().max() <= 1e-5
    assert calls == [1]


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
