"""Which backend computes local attention, and why the others cannot.

``attention="auto"`` takes the first backend in :data:`BACKENDS` that has nothing against the case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from vectorlong.attention import blocked, cpu, flex, kernel, reference
from vectorlong.attention.spec import AttentionSpec, PackedTexts
from vectorlong.errors import OptionError


@dataclass(frozen=True)
class Case:
    """What a backend is asked to do.

    Attributes
    ----------
    device, dtype
        Of the tensors.
    dropout
        Attention dropout.
    needs_gradients
        Whether the result will be differentiated.
    spec
        The layer's pattern; None before any is known.
    """

    device: torch.device
    dtype: torch.dtype = torch.float32
    dropout: float = 0.0
    needs_gradients: bool = False
    spec: AttentionSpec | None = None


class LocalAttention(Protocol):
    """What every backend implements, as far as it says that it can serve a case."""

    def __call__(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        texts: PackedTexts,
        spec: AttentionSpec,
        dropout: float = 0.0,
        scale: float | None = None,
    ) -> Tensor:
        """Attend from every query to [its window without the globals | all globals], one softmax.

        The rows of global tokens are computed as if they were local; the caller replaces them by
        :func:`vectorlong.attention.global_tokens.global_attention`. Source: arXiv:2004.05150,
        section 3.1.

        Parameters
        ----------
        query, key, value
            [t, h, d], one dtype and device.
        texts
            How the t tokens divide into texts.
        spec
            The layer's pattern.
        dropout
            Probability of dropping an attention weight (training).
        scale
            Factor of the scores; 1 / sqrt(d) where not given.

        Returns
        -------
        Tensor
            [t, h, d].

        Examples
        --------
        >>> attend = choose_backend("auto", Case(torch.device("cpu"))).local_attention
        >>> query = torch.zeros(3, 1, 2)
        >>> value = torch.tensor([[[0.0, 1.0]], [[1.0, 1.0]], [[2.0, 1.0]]])
        >>> texts = PackedTexts.without_globals([3])
        >>> attend(query, query, value, texts, AttentionSpec(window=2))[:, 0, 0]
        tensor([0.5000, 1.0000, 1.5000])
        """


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
        Gives the reason it cannot serve a case, or None where it can.
    """

    name: str
    local_attention: LocalAttention
    why_not: Callable[[Case], str | None]


def _cpu_why_not(case: Case) -> str | None:
    if case.device.type != "cpu":
        return "it runs on the CPU only"
    if case.dtype not in (torch.float32, torch.bfloat16):
        return f"it has no {case.dtype}"
    if case.dropout or case.needs_gradients:
        return "it is for inference: no gradients, no dropout"
    if case.spec and (case.spec.causal or case.spec.dilation != 1):
        return "it has neither dilated nor causal windows"
    return None


def _kernel_why_not(case: Case) -> str | None:
    return _cpu_why_not(case) or kernel.why_not(case.dtype)


def _blocked_why_not(case: Case) -> str | None:
    return None


def _flex_why_not(case: Case) -> str | None:
    if case.device.type != "cuda":
        return "its kernel is compiled for GPUs"
    return "it has no attention dropout" if case.dropout else None


def _reference_why_not(case: Case) -> str | None:
    return "the reference has no attention dropout" if case.dropout else None


BACKENDS: tuple[Backend, ...] = (
    Backend("kernel", kernel.local_attention, _kernel_why_not),
    Backend("cpu", cpu.local_attention, _cpu_why_not),
    Backend("blocked", blocked.local_attention, _blocked_why_not),
    Backend("flex", flex.local_attention, _flex_why_not),
    Backend("reference", reference.local_attention, _reference_why_not),
)
CHOICES = ("auto", *(backend.name for backend in BACKENDS))


def choose_backend(name: str, case: Case) -> Backend:
    """Find the backend for ``name``.

    Parameters
    ----------
    name
        ``"auto"`` or a backend's name.
    case
        What it will be asked to do.

    Returns
    -------
    Backend
        The backend to call.

    Raises
    ------
    OptionError
        No such backend, or it cannot serve this case; the message gives its reason.

    Examples
    --------
    >>> choose_backend("cpu", Case(torch.device("cpu"))).name
    'cpu'
    >>> choose_backend("auto", Case(torch.device("cpu"), needs_gradients=True)).name
    'blocked'
    """
    if name not in CHOICES:
        raise OptionError("attention", name, CHOICES)
    for backend in BACKENDS:
        reason = backend.why_not(case)
        if name == backend.name and reason:
            raise OptionError("attention", name, hint=f"On {case.device}: {reason}. Use 'auto'.")
        if name in ("auto", backend.name) and not reason:
            return backend
    raise OptionError("attention", name, CHOICES, f"No backend can run on {case.device}.")


def explain_backends(case: Case) -> dict[str, str]:
    """Say of every backend "available" or the reason it cannot serve this case."""
    return {backend.name: backend.why_not(case) or "available" for backend in BACKENDS}
