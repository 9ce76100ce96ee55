"""Sliding-window attention for inference by this library's own kernel, compiled at installation.

The kernel (``window_kernel.c``) serves x86-64 processors with AVX-512. Without a compiler at
installation, on another processor, or with ``VECTORLONG_KERNEL=off`` in the environment when the
library is loaded, ``cpu`` does the same by torch's products.
"""

from __future__ import annotations

import importlib
import os
from array import array
from itertools import accumulate
from types import ModuleType

import torch
import torch.nn.functional as F
from torch import Tensor

from vectorlong.attention.spec import AttentionSpec, PackedTexts

# Head widths are multiples of what one vector of the processor holds.
_WIDTH_STEP = {torch.float32: 16, torch.bfloat16: 32}


def _load() -> ModuleType | None:
    try:
        return importlib.import_module("vectorlong.attention.window_kernel")
    except ImportError:
        return None


_KERNEL = _load()
_IS_SWITCHED_OFF = os.environ.get("VECTORLONG_KERNEL") == "off"


def why_not(dtype: torch.dtype) -> str | None:
    """Give the reason the kernel cannot run here in ``dtype``, or None where it can."""
    if _IS_SWITCHED_OFF:
        return "it is switched off (VECTORLONG_KERNEL=off)"
    if _KERNEL is None:
        return "vectorlong was installed without its compiled kernel (no C compiler was found)"
    if dtype not in _WIDTH_STEP:
        return f"it has no {dtype}"
    if not _KERNEL.is_supported(dtype == torch.bfloat16):
        return f"this processor has not the AVX-512 instructions it needs for {dtype}"
    if torch.compiler.is_compiling() or torch.jit.is_tracing():
        return "torch cannot trace into it"
    return None


def local_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    texts: PackedTexts,
    spec: AttentionSpec,
    dropout: float = 0.0,
    scale: float | None = None,
) -> Tensor:
    """Attend as :class:`vectorlong.attention.dispatch.LocalAttention` says, for inference.

    Tensors are float32 or bfloat16 on the CPU, of any strides but the last, which is 1; there are
    no gradients, no dropout, no dilation and no causal form. In bfloat16 the sums of both products,
    the scores and the softmax are float32; weights are rounded to bfloat16 before they meet their
    values.

    Raises
    ------
    MemoryError
        There is no memory for the scores of a block.
    """
    assert _KERNEL is not None, "the dispatch asks why_not first"
    _, n_heads, width = query.shape
    factor = width**-0.5 if scale is None else scale
    n_missing = -width % _WIDTH_STEP[query.dtype]
    if n_missing:
        query, key, value = (F.pad(part, (0, n_missing)) for part in (query, key, value))
    output = torch.empty(query.shape, dtype=query.dtype)  # [t, h, d]
    starts, lengths, radii, global_ends, global_positions = (
        array("q", numbers)
        for numbers in (
            texts.starts,
            texts.lengths,
            [spec.radius(length) for length in texts.lengths],
            accumulate(map(len, texts.global_positions)),
            [position for positions in texts.global_positions for position in positions],
        )
    )
    if query.dtype == torch.bfloat16 and factor != 1:
        query, factor = query * factor, 1.0
    _KERNEL.attend(
        *(_address_and_strides(part) for part in (query, key, value, output)),
        n_heads,
        query.shape[-1],
        len(texts.lengths),
        *(
            numbers.buffer_info()[0]
            for numbers in (starts, lengths, radii, global_ends, global_positions)
        ),
        factor,
        query.dtype == torch.bfloat16,
        torch.get_num_threads(),
    )
    return output[..., :width]


def _address_and_strides(part: Tensor) -> tuple[int, int, int]:
    """Give where [t, h, d] lies, and the bytes from head to head and from token to token."""
    n_bytes = part.element_size()
    return part.data_ptr(), part.stride(1) * n_bytes, part.stride(0) * n_bytes
