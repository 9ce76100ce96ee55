"""The file of four-bit weights: every number read as it was written, every damage named."""

from pathlib import Path

import numpy as np
import pytest

from tests.encoder.e5_writer import HIDDEN, PIECES, WIDE, E5Parts
from vectorlong.encoder.e5_file import E5File, read_e5_file
from vectorlong.errors import WeightsError


def read(path: Path, content: bytes) -> E5File:
    path.write_bytes(content)
    return read_e5_file(path)


def by_hand(content: bytes) -> list[float]:
    """Weights of four bits, one at a time."""
    values = []
    for start in range(0, len(content), 18):
        scale = float(np.frombuffer(content, "<f2", 1, start)[0])
        packed = content[start + 2 : start + 18]
        values += [(byte & 15) - 8 for byte in packed] + [(byte >> 4) - 8 for byte in packed]
        values[-32:] = [value * scale for value in values[-32:]]
    return values


def test_every_number_is_read(tmp_path):
    parts = E5Parts()
    file = read(tmp_path / "file", parts.written())
    assert file.config == {
        "model_type": "bert",
        "hidden_size": HIDDEN,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": WIDE,
        "vocab_size": 13,
        "max_position_embeddings": 16,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
        "pad_token_id": 1,
    }
    assert [piece for piece, _ in file.pieces] == PIECES
    assert [score for _, score in file.pieces] == parts.scores
    assert (file.begin_id, file.end_id, file.pad_id, file.unknown_id) == (0, 2, 1, 3)
    assert file.replacements == {"\t": " ", "Ä": "ab", "\u200b": ""}
    assert len(file.weights) == len(parts.tensors) == 5 + 2 * 16
    word = file.weights["embeddings.word_embeddings.weight"]
    assert word.shape == (13, HIDDEN)
    assert word.ravel().tolist() == by_hand(parts.tensor("emb.word"))  # exactly
    up = file.weights["encoder.layer.1.intermediate.dense.weight"]
    assert up.shape == (WIDE, HIDDEN)
    assert up.ravel().tolist() == by_hand(parts.tensor("l1.fi.w"))
    bias = file.weights["encoder.layer.0.attention.output.LayerNorm.bias"]
    assert bias.tobytes() == parts.tensor("l0.aln.b")
    assert all(values.dtype == np.float32 for values in file.weights.values())


def test_a_file_cut_off_anywhere_is_refused(tmp_path):
    content = E5Parts().written()
    for length in [*range(0, 700, 7), *range(700, len(content), 401), len(content) - 1]:
        with pytest.raises(WeightsError, match=r"it ends within|do not rise"):
            read(tmp_path / "file", content[:length])


def wrong(change, **changes):
    """Parts with something wrong in them."""
    parts = E5Parts()
    for name, value in changes.items():
        setattr(parts, name, value)
    if change is not None:
        change(parts)
    return parts


def cut(name: str, n_bytes: int):
    return lambda parts: parts.change(name, content=parts.tensor(name)[:-n_bytes])


def starts_with(name: str, values: bytes):
    return lambda parts: parts.change(name, content=values + parts.tensor(name)[len(values) :])


NOT_A_NUMBER = np.array([np.nan], "<f4").tobytes()
INFINITE_SCALE = np.array([np.inf], "<f2").tobytes()
TENSORS = E5Parts().tensors


@pytest.mark.parametrize(
    ("change", "changes", "message"),
    [
        (None, {"magic": b"E5S2"}, "it begins with b'E5S2', expected b'E5S1'"),
        (None, {"version": 2}, "it is of version 2, expected 1"),
        (None, {"block": 64}, "its blocks are of 64 weights, expected 32"),
        (None, {"sizes": [0, 2, 4, 64, 13, 16, 2]}, "are none that an encoder has"),
        (None, {"sizes": [32, 2000, 4, 64, 13, 16, 2]}, "are none that an encoder has"),
        (None, {"sizes": [48, 2, 4, 64, 13, 16, 2]}, "48 and 64 are no multiples of 32"),
        (None, {"epsilon": float("nan")}, "its epsilon is nan"),
        (None, {"sizes": [32, 2, 4, 64, 10, 16, 2]}, "has 11 pieces for 10 rows"),
        (None, {"sizes": [32, 2, 4, 64, 12, 16, 2]}, "'emb.word' is of kind 1, of 416 numbers"),
        (None, {"sizes": [32, 3, 4, 64, 13, 16, 2]}, r"its directory lacks l2\.aln\.b"),
        (None, {"sizes": [32, 1, 4, 64, 13, 16, 2]}, r"its directory has l1\.aln\.b"),
        (None, {"special": [0, 2, 1, 11]}, r"special ids \[0, 2, 1, 11\] are not four of 11"),
        (None, {"special": [0, 0, 1, 3]}, r"special ids \[0, 0, 1, 3\] are not four of 11"),
        (None, {"offsets": [0, 3, 2, 12, 17, 20, 21, 22, 26, 28, 33, 39]}, "do not rise"),
        (None, {"offsets": [1, 3, 8, 12, 17, 20, 21, 22, 26, 28, 33, 39]}, "do not rise"),
        (None, {"offsets": [0, 3, 8, 12, 17, 20, 21, 22, 26, 28, 33, 38]}, "do not rise"),
        (None, {"scores": [float("inf")] * 11}, "scores of its pieces are no numbers"),
        (None, {"pieces": [b"\xff", *E5Parts().pieces[1:]]}, "can't decode byte 0xff"),
        (None, {"pieces": [*E5Parts().pieces[:-1], b"ab"]}, "a piece stands twice"),
        (None, {"replacements": [(9, " "), (9, "b")]}, "characters of its table do not rise"),
        (None, {"replacements": [(0xD800, " ")]}, "has 0xd800, which is none"),
        (None, {"replacements": [(9, "\0")]}, "has 0x0, which is none"),
        (None, {"n_replacements": 2}, "table of 2 characters does not end where it says"),
        (None, {"n_replacements": 4}, "it ends within its table of characters"),
        (None, {"n_replacements": -1}, "table of -1 characters does not end where it says"),
        (None, {"tensors": TENSORS + TENSORS[:1]}, "'emb.word' stands twice in its directory"),
        (None, {"shift": 1}, r"'emb.word' begins at byte \d+, expected \d+"),
        (None, {"shift": 64}, r"'emb.word' begins at byte \d+, expected \d+"),
        (None, {"tail": b"more"}, r"it has \d+ bytes, and its last tensor ends at \d+"),
        (cut("l1.oln.b", 4), {}, "'l1.oln.b' is of kind 0, of 32 numbers in 124 bytes"),
        (cut("l0.q.w", 18), {}, "'l0.q.w' is of kind 1, of 1024 numbers in 558 bytes"),
        (lambda parts: parts.change("emb.pos", kind=1), {}, "'emb.pos' is of kind 1"),
        (lambda parts: parts.change("emb.pos", n_elements=5), {}, "of 5 numbers in 2048 bytes"),
        (lambda parts: parts.change("l0.q.w", new_name="l0.q"), {}, r"has l0\.q, lacks l0\.q\.w"),
        (starts_with("emb.ln.w", NOT_A_NUMBER), {}, "'emb.ln.w' has values that are no numbers"),
        (starts_with("l0.k.w", INFINITE_SCALE), {}, "'l0.k.w' has values that are no numbers"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path, change, changes, message):
    with pytest.raises(WeightsError, match=message) as raised:
        read(tmp_path / "file", wrong(change, **changes).written())
    assert str(tmp_path / "file") in str(raised.value)


def test_no_damaged_byte_raises_anything_else(tmp_path):
    content = E5Parts().written()
    generator = np.random.default_rng(0)
    n_refused = 0
    for _ in range(400):
        place = int(generator.integers(0, 1200))
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(generator.integers(8))
        try:
            file = read(tmp_path / "file", bytes(damaged))
        except WeightsError:
            n_refused += 1
        else:
            assert all(np.isfinite(values).all() for values in file.weights.values())
    assert n_refused > 200
