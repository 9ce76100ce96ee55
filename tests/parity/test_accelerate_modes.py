"""``accelerate`` in every mode torch has: recorded, transformed, twice differentiated, copied."""

import copy
import gc
import weakref

import pytest
import torch
from torch.func import functional_call, grad, jvp, vmap
from torch.utils.checkpoint import checkpoint
from transformers import LongformerForMaskedLM

from tests.parity.changed_models import GLOBAL, IDS, MASK, pair, run
from tests.parity.test_accelerate import batch_for
from tests.parity.test_accelerate import pair as pair_of_heads

MASKS = {"attention_mask": MASK, "global_attention_mask": GLOBAL}


def embedded(model):
    return model.embeddings.word_embeddings(IDS).detach()


def gradients(model):
    found = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    return {name: gradient.clone() for name, gradient in found.items()}


def assert_equal_gradients(expected, actual):
    assert expected.keys() == actual.keys()
    largest = max(gradient.abs().max() for gradient in expected.values())
    for name, gradient in expected.items():
        assert (gradient - actual[name]).abs().max() <= 1e-5 * largest, name


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("mode", [torch.no_grad, torch.enable_grad])
def test_traced_models_serve_texts_of_other_lengths(mode):
    ids, mask = IDS.roll(3, 1), MASK.clone()
    mask[0, 60:] = 0
    model, accelerated = pair()
    with mode():
        inputs = (IDS, MASK, GLOBAL)
        traced = torch.jit.trace(accelerated, inputs, strict=False, check_trace=False)
        actual = traced(ids, mask, GLOBAL)["last_hidden_state"]
        expected = model(ids, mask, GLOBAL).last_hidden_state
    assert (expected - actual).abs().max() <= 1e-5
    if expected.requires_grad:
        expected.pow(2).mean().backward()
        actual.pow(2).mean().backward()
        assert_equal_gradients(gradients(model), gradients(accelerated))


def gradient_by_function(model):
    def loss(parameters):
        return functional_call(model, parameters, (IDS,), MASKS)[0].pow(2).mean()

    return torch.cat(
        [each.flatten() for each in grad(loss)(dict(model.named_parameters())).values()]
    )


def ensemble(model):
    stacked = {
        name: torch.stack([p.detach(), 1.1 * p.detach()]) for name, p in model.named_parameters()
    }
    return vmap(lambda parameters: functional_call(model, parameters, (IDS,))[0])(stacked)


def derivative_forwards(model):
    start = embedded(model)
    direction = torch.randn(start.shape, generator=torch.Generator().manual_seed(0))
    return jvp(lambda each: model(inputs_embeds=each, **MASKS)[0], (start,), (direction,))[1]


def gradient_penalty(model):
    start = embedded(model).requires_grad_()
    loss = model(inputs_embeds=start, **MASKS)[0].pow(2).sum()
    (gradient,) = torch.autograd.grad(loss, start, create_graph=True)
    gradient.pow(2).mean().backward()
    return torch.cat(
        [gradient.flatten(), model.encoder.layer[0].attention.self.key.weight.grad.flatten()]
    )


def gradient_of_frozen(model):
    model.requires_grad_(False)
    start = embedded(model).requires_grad_()
    model(inputs_embeds=start, **MASKS)[0].pow(2).mean().backward()
    return start.grad


def training_after_inference_mode(model):
    with torch.inference_mode():
        run(model)
    run(model.train()).pow(2).mean().backward()
    return model.encoder.layer[0].attention.self.key.weight.grad


def other_parameters(model):
    with torch.no_grad():
        run(model)
        scaled = {name: 1.1 * p for name, p in model.named_parameters()}
        return torch.stack([functional_call(model, scaled, (IDS,), MASKS)[0], run(model)])


@pytest.mark.parametrize(
    "use",
    [
        gradient_by_function,
        ensemble,
        derivative_forwards,
        gradient_penalty,
        gradient_of_frozen,
        training_after_inference_mode,
        other_parameters,
    ],
)
def test_uses_of_autograd(use):
    expected, actual = (use(model) for model in pair())
    assert expected.abs().max() > 0
    assert (expected - actual).abs().max() <= 1e-5 * max(1, expected.abs().max())


def test_padding_of_given_embeddings_is_embedded_as_transformers_does_it():
    """So the word embeddings have a gradient, if only of 0, which distributed training awaits."""
    found = []
    for model in pair():
        model(inputs_embeds=embedded(model), **MASKS)[0].pow(2).mean().backward()
        found.append(gradients(model))
    assert "embeddings.word_embeddings.weight" in found[0]
    assert_equal_gradients(*found)


def test_a_batch_without_tokens_gives_every_parameter_a_gradient_as_before():
    found = []
    for model in pair():
        model(IDS, 0 * MASK, GLOBAL)[0].pow(2).mean().backward()
        found.append(gradients(model))
    assert_equal_gradients(*found)
    for model in pair():
        with pytest.raises(RuntimeError, match="reshape"):
            model(IDS[:0], MASK[:0])


@pytest.mark.parametrize("is_reentrant", [True, False])
@pytest.mark.parametrize("layers", [[0, 1, 2], [0, 2]])
@pytest.mark.parametrize("has_dropout", [False, True])
def test_gradient_checkpointing_gives_the_same_gradients(is_reentrant, layers, has_dropout):
    strength = 0.2 if has_dropout else 0.0
    _, accelerated = pair_of_heads(LongformerForMaskedLM, hidden_dropout_prob=strength)
    # transformers hooks into the embeddings of checkpointed models: they are padded then.
    accelerated.longformer.embeddings.dropout.p = 0.0
    inputs, found, n_runs = batch_for(LongformerForMaskedLM), [], []
    for is_checkpointing in (False, True):
        if is_checkpointing:
            accelerated.activation_checkpointing_enable({"use_reentrant": is_reentrant})
            for number, layer in enumerate(accelerated.longformer.encoder.layer):
                layer.gradient_checkpointing = number in layers
                inner = layer._gradient_checkpointing_func
                layer._gradient_checkpointing_func = lambda *args, inner=inner: (
                    n_runs.append(1) or inner(*args)
                )
        torch.manual_seed(0)
        accelerated.train().zero_grad()
        accelerated(**inputs).loss.backward()
        found.append(gradients(accelerated))
    assert len(n_runs) == len(layers)
    assert_equal_gradients(*found)


@pytest.mark.parametrize("is_reentrant", [True, False])
def test_a_checkpoint_around_the_model(is_reentrant):
    found = []
    for model in pair():
        start = embedded(model).requires_grad_()
        forward = lambda each, model=model: model(inputs_embeds=each, **MASKS)[0]  # noqa: E731
        checkpoint(forward, start, use_reentrant=is_reentrant).pow(2).mean().backward()
        found.append(gradients(model) | {"input": start.grad})
    assert_equal_gradients(*found)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.enable_grad])
@pytest.mark.parametrize("is_training", [False, True])
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.bfloat16, 0.06), (torch.float16, 0.008), (torch.float64, 1e-5)]
)
def test_other_dtypes_and_autocast(dtype, tolerance, is_training, mode):
    model, accelerated = pair()
    with mode(), torch.autocast("cpu", dtype, enabled=dtype != torch.float64):
        expected, actual = run(model.train(is_training)), run(accelerated.train(is_training))
        assert actual.dtype == expected.dtype
        assert (expected - actual).abs().max() <= tolerance
    with mode():
        expected, actual = run(model.to(dtype)), run(accelerated.to(dtype))
        assert actual.dtype == expected.dtype == dtype
        assert (expected - actual).abs().max() <= tolerance
        back = run(accelerated.float())
        assert (back - run(model.float())).abs().max() <= 1e-5


def replicated(model):
    """As ``DataParallel`` copies a model to a device: parameters become plain tensors."""
    modules = list(model.modules())
    copies = {module: module._replicate_for_data_parallel() for module in modules}
    for module, replica in copies.items():
        for name, child in module._modules.items():
            setattr(replica, name, copies[child])
        for name, parameter in module._parameters.items():
            replica._parameters.pop(name, None)
            setattr(replica, name, parameter.clone())
    return copies[model]


@pytest.mark.parametrize("is_heard", [False, True])
def test_replicas_and_shallow_copies(is_heard):
    model, accelerated = pair()
    if is_heard:
        accelerated.encoder.layer[0].register_forward_hook(lambda *arguments: None)
    expected = run(model)
    for other in (replicated(accelerated), copy.copy(accelerated)):
        assert (run(other) - expected).abs().max() <= 1e-5
    survivor = copy.copy(accelerated)
    del accelerated, other
    gc.collect()
    assert (run(survivor) - expected).abs().max() <= 1e-5


def test_a_model_that_is_let_go_frees_its_memory_at_once():
    _, accelerated = pair()
    run(accelerated)
    reference = weakref.ref(accelerated)
    gc.disable()
    try:
        del accelerated
        assert reference() is None
    finally:
        gc.enable()


def test_a_model_without_weights_refuses_as_before_and_runs_once_it_has_some():
    model, accelerated = pair()
    empty = copy.deepcopy(accelerated).to("meta")
    for each in (copy.deepcopy(model).to("meta"), empty):
        with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
            each(IDS.to("meta"))
    filled = empty.to_empty(device="cpu")
    filled.load_state_dict(model.state_dict())
    with torch.device("cpu"):  # which is a mode of torch's, too
        assert (run(filled) - run(model)).abs().max() <= 1e-5
