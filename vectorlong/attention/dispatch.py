"""Which backend computes local attention, and why the others cannot.

``attention="auto"`` takes the first backend in :data:`BACKENDS` that has nothing against the case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from vectorlong.attention import blocked, reference
from vectorlong.attention.spec import AttentionSpec, PackedTexts
from vectorlong.errors import OptionError


class LocalAttention(Protocol):
    """What every backend implements; see :func:`vectorlong.attention.blocked.local_attention`."""

    def __call__(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        texts: PackedTexts,
        spec: AttentionSpec,
        dropout: float = 0.0,
    ) -> Tensor:
        """Attend [t, h, d] to [t, h, d] and return [t, h, d]."""


@dataclass(frozen=True)
class Backend:
    """One way to compute local attention.

    Attributes
    ----------
    name
        What users write for ``attention=``.
    local_attention
        The function.
    why_not
        Called with the device and the attention dropout; gives the reason it cannot run there, or
        None where it can.
    """

    name: str
    local_attention: LocalAttention
    why_not: Callable[[torch.device, float], str | None]


def _nothing(device: torch.device, dropout: float) -> str | None:
    return None


def _reference_why_not(device: torch.device, dropout: float) -> str | None:
    return "the reference has no attention dropout" if dropout else None


BACKENDS: tuple[Backend, ...] = (
    Backend("blocked", blocked.local_attention, _nothing),
    Backend("reference", reference.local_attention, _reference_why_not),
)
CHOICES = ("auto", *(backend.name for backend in BACKENDS))


def choose_backend(name: str, device: torch.device, dropout: float = 0.0) -> Backend:
    """Find the backend for ``name`` on this device.

    Parameters
    ----------
    name
        ``"auto"`` or a backend's name.
    device
        Where the tensors are.
    dropout
        The attention dropout that will be asked for.

    Returns
    -------
    Backend
        The backend to call.

    Raises
    ------
    OptionError
        No such backend, or it cannot run here; the message gives its reason.

    Examples
    --------
    >>> choose_backend("auto", torch.device("cpu")).name
    'blocked'
    """
    if name not in CHOICES:
        raise OptionError("attention", name, CHOICES)
    for backend in BACKENDS:
        reason = backend.why_not(device, dropout)
        if name == backend.name and reason:
            raise OptionError("attention", name, hint=f"On {device}: {reason}. Use 'auto'.")
        if name in ("auto", backend.name) and not reason:
            return backend
    raise OptionError("attention", name, CHOICES, f"No backend can run on {device}.")


def explain_backends(device: torch.device, dropout: float = 0.0) -> dict[str, str]:
    """Say of every backend "available" or the reason it cannot run on this device."""
    return {backend.name: backend.why_not(device, dropout) or "available" for backend in BACKENDS}
