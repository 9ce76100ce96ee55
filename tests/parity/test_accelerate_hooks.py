"""``accelerate`` where somebody listens: hooks fire as often, see the same, and change the same."""

import pytest
import torch
from torch.nn.modules import module as torch_module
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)

from tests.parity.changed_models import (
    DROPOUTS,
    LAYER,
    LINEARS,
    NORMS,
    OTHERS,
    assert_same_and_changed,
    changed_output,
    pair,
    run,
)
from vectorlong.encoder import fused


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


def shapes_in(values):
    if isinstance(values, torch.Tensor):
        return tuple(values.shape)
    is_many = isinstance(values, tuple | list)
    return tuple(map(shapes_in, values)) if is_many else type(values).__name__


WATCHED = [
    *NORMS,
    *DROPOUTS,
    f"{LAYER}.intermediate.dense",
    f"{LAYER}.intermediate.intermediate_act_fn",
    f"{LAYER}.attention.self.key_global",
    "encoder",
    "embeddings",
    "embeddings.word_embeddings",
]


@pytest.mark.parametrize("kind", ["register_forward_hook", "register_full_backward_hook"])
@pytest.mark.parametrize("name", WATCHED)
def test_hooks_fire_as_often_and_see_the_same_shapes(name, kind):
    seen = []
    for model in pair():
        calls = []
        getattr(model.get_submodule(name), kind)(
            lambda module, *values, calls=calls: calls.append(shapes_in(values))
        )
        run(model).pow(2).mean().backward()
        seen.append(calls)
    assert seen[0] == seen[1]
    # Torch finds no gradient of what an encoder gives, which is no tuple.
    assert len(seen[0]) == (0 if name == "encoder" and "backward" in kind else 1)


@pytest.mark.parametrize("is_for_all", [False, True])
def test_old_backward_hooks(is_for_all):
    """Full ones on all modules cannot be had: transformers scales queries in place."""
    seen = []
    for model in pair():
        calls = []
        hook = lambda module, *grads, calls=calls: calls.append(shapes_in(grads))  # noqa: E731
        if is_for_all:
            torch_module._global_is_full_backward_hook = None
            handle = torch_module.register_module_backward_hook(hook)
        else:
            handle = model.encoder.register_backward_hook(hook)
        try:
            run(model).pow(2).mean().backward()
        finally:
            handle.remove()
            torch_module._global_is_full_backward_hook = None
        seen.append(calls)
    assert seen[0] == seen[1]
    assert seen[0]


@torch.no_grad()
def test_hooks_that_are_gone_cost_nothing():
    _, accelerated = pair()
    run(accelerated)
    handle = accelerated.get_submodule(LINEARS[3]).register_forward_hook(lambda *arguments: None)
    handle.remove()
    fused._FUSED.pop(accelerated.encoder)
    run(accelerated)
    assert accelerated.encoder in fused._FUSED
