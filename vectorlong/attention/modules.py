"""Whether a module is still the plain one it was made as, so that its weights say all it does.

Faster paths multiply by a module's weights instead of calling it; whoever listens to the call, or
has put something in its place, must not be passed over.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.modules import module as torch_module

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
    hooks), or has put a ``forward`` of the object's own over that of its class, as libraries do
    that move weights to the device when they are needed.
    """
    state = vars(module)
    return "forward" in state or bool(
        state["_forward_hooks"]
        or state["_forward_pre_hooks"]
        or state["_backward_hooks"]
        or state["_backward_pre_hooks"]
    )


def is_every_module_heard() -> bool:
    """Whether somebody has hooks on all modules there are."""
    return any(_GLOBAL_HOOKS)


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
    weights = (module.weight, module.bias)
    is_quantised = any(
        weight is not None and type(weight) not in (nn.Parameter, Tensor) for weight in weights
    )
    return not (is_quantised or is_heard(module) or is_every_module_heard())
