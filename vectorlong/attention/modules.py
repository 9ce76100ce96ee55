"""Whether a module is still the plain one it was made as, and who follows what it computes.

Faster paths multiply by a module's weights instead of calling it; whoever listens to the call, or
has put something in its place, must not be passed over.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn.modules import module as torch_module

# An object that has one of these of its own is not called as its class says.
_CALLS = {"forward", "_call_impl", "_compiled_call_impl"}
# Torch's own dictionaries, which it changes in place.
_GLOBAL_HOOKS = (
    torch_module._global_forward_hooks,
    torch_module._global_forward_pre_hooks,
    torch_module._global_backward_hooks,
    torch_module._global_backward_pre_hooks,
)


def is_heard(module: nn.Module) -> bool:
    """Whether calling a module does more than its class says.

    That is: somebody has hooks on it (of any kind; old weight and spectral normalisation are such
    hooks), has put a ``forward`` of the object's own over that of its class, as libraries do that
    move weights to the device when they are needed, or has compiled it.
    """
    state = vars(module)
    return not state.keys().isdisjoint(_CALLS) or bool(
        state["_forward_hooks"]
        or state["_forward_pre_hooks"]
        or state["_backward_hooks"]
        or state["_backward_pre_hooks"]
    )


def is_every_module_heard() -> bool:
    """Whether somebody has hooks on all modules there are."""
    return any(_GLOBAL_HOOKS)


def is_followed() -> bool:
    """Whether torch records what is computed, or computes more along with it.

    Recordings of the core would hold for texts of the same lengths alone, and its attention has
    neither derivatives forwards nor a rule for batches of batches.
    """
    return (
        torch.jit.is_tracing()
        or torch.compiler.is_compiling()
        or torch._C._are_functorch_transforms_active()
        or forward_ad._current_level >= 0
    )


def has_plain_weights(module: nn.Module) -> bool:
    """Whether the weights of an ``nn.Linear`` or ``nn.LayerNorm`` are nothing but numbers.

    Those of quantised products, for one, are more.
    """
    weights = (module.weight, module.bias)
    return all(weight is None or type(weight) in (nn.Parameter, Tensor) for weight in weights)


def is_plain(module: object, kind: type[nn.Module]) -> bool:
    """Whether a part is exactly a ``kind``, computes with plain weights, and nobody listens.

    Parameters
    ----------
    module
        A part of a layer; it need not be a module.
    kind
        ``nn.Linear`` or ``nn.LayerNorm``.
    """
    if not isinstance(module, nn.Module) or type(module) is not kind:
        return False
    return has_plain_weights(module) and not (is_heard(module) or is_every_module_heard())
