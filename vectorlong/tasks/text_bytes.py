"""A text as the bytes of its UTF-8, and which bytes may go on with one."""

from __future__ import annotations

import torch
from torch import Tensor

#: What stands before the first byte of a text.
START = 256
N_TOKENS = 257


def encode_bytes(text: str) -> Tensor:
    """Give a text's bytes after what begins a text: int64 [n + 1].

    Examples
    --------
    >>> encode_bytes("aé").tolist()
    [256, 97, 195, 169]
    """
    return torch.tensor([START, *text.encode("utf-8")])


def may_follow(unfinished: bytes) -> Tensor:
    """Mark the bytes that go on as UTF-8 after the beginning of a character: bool [v]."""
    allowed = torch.zeros(N_TOKENS, dtype=torch.bool)
    if not unfinished:
        for first, last in ((0x00, 0x7F), (0xC2, 0xF4)):
            allowed[first : last + 1] = True
        return allowed
    first, last = 0x80, 0xBF
    if len(unfinished) == 1:  # no longer form than needed, no surrogate, nothing past the last
        first = {0xE0: 0xA0, 0xF0: 0x90}.get(unfinished[0], first)
        last = {0xED: 0x9F, 0xF4: 0x8F}.get(unfinished[0], last)
    allowed[first : last + 1] = True
    return allowed
