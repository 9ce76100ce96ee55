"""Whether a module is still the plain one it was made as, so that its weights say all it does.

Faster paths multiply by a module's weights instead of calling it; whoever listens to the call, or
has put something in its place, must not be passed over.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.modules import module as torch_module

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
# Torch's own dictionaries, which it changes in place.
_GLOBAL_HOOKS = tuple(getattr(torch_module, f"_global{name}") for name in _HOOKS)


def is_heard(module: nn.Module) -> bool:
    """Whether calling a module does more than its class says.

    That is: somebody has hooks on it (of any kind; old weight and spectral normalisation are such
    hooks), or has put a ``forward`` of the object's own over that of its class, as libraries do
    that move weights to the device when they are needed.
    """
    state = vars(module)
    return "forward" in state or any(state[name] for name in _HOOKS)


def is_anything_heard(module: nn.Module) -> bool:
    """Whether :func:`is_heard` holds for a module or anything inside it.

    Asked of every layer before it runs, so the walk is not torch's own, which also names what it
    finds and takes several times as long.
    """
    return is_heard(module) or any(
        inner is not None and is_anything_heard(inner)
        for inner in vars(module)["_modules"].values()
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
