"""Writes on byte by byte: each costs the windows of the model, not the text before it."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from vectorlong.attention.spec import PackedTexts
from vectorlong.tasks.text_bytes import encode_bytes, may_follow


def write_on(model: Any, prompt: str, n_characters: int, draw: Callable[[Tensor], int]) -> str:
    """Write characters after a prompt, byte by byte; only bytes that go on as UTF-8 are drawn.

    Parameters
    ----------
    model
        In evaluation mode.
    prompt
        What stands before.
    n_characters
        Wanted.
    draw
        Chooses a byte by scores, float32 [v].
    """
    cache = _Cache(model)
    scores = cache.read(encode_bytes(prompt))
    decoder = codecs.getincrementaldecoder("utf-8")()
    written: list[str] = []
    unfinished = b""
    while len(written) < n_characters:
        byte = draw(scores.masked_fill(~may_follow(unfinished), float("-inf")))
        character = decoder.decode(bytes([byte]))
        unfinished = b"" if character else unfinished + bytes([byte])
        written += character
        scores = cache.read(torch.tensor([byte]))
    return "".join(written)


def drawn(scores: Tensor, temperature: float, top_p: float, generator: torch.Generator) -> int:
    """Choose a byte by its score: the likeliest, or one of those that share ``top_p``."""
    if temperature == 0:
        return int(scores.argmax())
    # The highest is taken off first: near 0, what it is divided by takes all others out of range.
    scores = scores.double() - scores.max()
    chances, order = (scores / temperature).softmax(-1).sort(descending=True, stable=True)
    # The first is always kept, and each whose predecessors do not reach the share yet.
    chances = chances.masked_fill(chances.cumsum(-1) - chances >= top_p, 0.0)
    return int(order[torch.multinomial(chances, 1, generator=generator)])


class _Cache:
    """Keys and values of the last bytes, as far back as any later one sees."""

    def __init__(self, model: Any) -> None:
        self._model: Any = model
        config: Any = model.config
        self._specs = config.specs()
        self._groups = [
            spec.heads_by_dilation(config.num_attention_heads, 1 << 40) for spec in self._specs
        ]
        self._reach = [
            spec.window // 2 * max(dilation for dilation, _ in groups)
            for spec, groups in zip(self._specs, self._groups, strict=True)
        ]
        self._keys: list[Tensor] = []
        self._values: list[Tensor] = []
        self._n_read = 0

    def read(self, ids: Tensor) -> Tensor:
        """Read bytes, and score what may follow the last: float32 [v], on the CPU."""
        if not self._keys:
            hidden = self._begin(ids)
        else:
            for id_ in ids:
                hidden = self._go_on(id_)
        model = self._model
        return model.head(model.norm(hidden)).float().cpu()

    def _begin(self, ids: Tensor) -> Tensor:
        """Read the first bytes [n] all at once: [e] of the last."""
        model = self._model
        texts = PackedTexts.without_globals([len(ids)])
        hidden = model.embedding(ids.to(model.device))  # [n, e]
        angles = model.angles(torch.arange(len(ids)))
        for number, layer in enumerate(model.layers):
            _, key, value = layer.projected(hidden, angles)
            self._keys.append(key[-self._reach[number] :])
            self._values.append(value[-self._reach[number] :])
            hidden = layer(hidden, angles, texts, self._specs[number])
        self._n_read = len(ids)
        return hidden[-1]

    def _go_on(self, id_: Tensor) -> Tensor:
        """Read one more byte: [e]."""
        model = self._model
        hidden = model.embedding(id_.to(model.device))[None]  # [1, e]
        angles = model.angles(torch.tensor([self._n_read]))
        for number, layer in enumerate(model.layers):
            query, key, value = layer.projected(hidden, angles)
            keys = torch.cat([self._keys[number], key])  # [m, h, d]
            values = torch.cat([self._values[number], value])
            attended = torch.empty_like(query)  # [1, h, d]
            for dilation, heads in self._groups[number]:
                last = len(keys) - 1
                first = max(last - dilation * (self._specs[number].window // 2), last % dilation)
                seen = slice(first, None, dilation)
                scores = torch.einsum("hd,mhd->hm", query[0, heads], keys[seen, heads])
                weights = (scores.float() * query.shape[-1] ** -0.5).softmax(-1).to(values.dtype)
                attended[0, heads] = torch.einsum("hm,mhd->hd", weights, values[seen, heads])
            self._keys[number] = keys[-self._reach[number] :]
            self._values[number] = values[-self._reach[number] :]
            hidden = layer.finished(hidden, attended)
        self._n_read += 1
        return hidden[0]
