from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import load as deserialize
from safetensors.numpy import save as serialize
from sentence_transformers.util.quantization import quantize_embeddings
from sklearn.covariance import OAS

from vectorlong.errors import (
    CheckpointError,
    FormatVersionError,
    InputTypeError,
    InputValueError,
    OptionError,
)
from vectorlong.postprocess import (
    Chain,
    Normalize,
    Postprocess,
    Truncate,
    Whitening,
    load_postprocess,
    quantize,
)


def corpus(n: int, e: int, seed: int = 0) -> np.ndarray:
    """Vectors as encoders give them: off centre, and spread unequally along tilted axes."""
    generator = np.random.default_rng(seed)
    tilt = generator.normal(size=(e, e)) * np.geomspace(3, 0.1, e)
    return (generator.normal(size=(n, e)) @ tilt + generator.normal(size=e) * 5).astype(np.float32)


MAKERS: dict[str, Callable[[], Postprocess]] = {
    "normalize": Normalize,
    "truncate": lambda: Truncate(3),
    "whitening": lambda: Whitening.fit(corpus(50, 8), n_dimensions=5),
    "chain": lambda: Chain([Whitening.fit(corpus(50, 8)), Truncate(4), Normalize()]),
    "nested": lambda: Chain(
        [Chain([Whitening.fit(corpus(50, 8))]), Whitening.fit(corpus(60, 8, 1))]
    ),
}


@pytest.fixture(params=MAKERS)
def step(request: pytest.FixtureRequest) -> Postprocess:
    """Each kind of step in turn, taking vectors of width 8."""
    return MAKERS[request.param]()


# --- what holds of every step --------------------------------------------------------------------


def test_each_vector_by_itself_in_float32_and_the_input_is_left_alone(step: Postprocess) -> None:
    vectors = corpus(7, 8, seed=3)
    before = vectors.copy()
    together = step(vectors)
    assert together.dtype == np.float32
    assert together.shape == (7, step.width(8))
    alone = np.concatenate([step(vectors[i : i + 1]) for i in range(7)])
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(vectors, before)
    np.testing.assert_allclose(step(vectors.astype(np.float64)), together, rtol=1e-6, atol=1e-6)


def test_no_vectors_give_no_vectors(step: Postprocess) -> None:
    assert step(np.zeros((0, 8), dtype=np.float32)).shape == (0, step.width(8))


def test_save_and_load(step: Postprocess, tmp_path: Path) -> None:
    step.save(tmp_path / "step")
    again = load_postprocess(tmp_path / "step")
    assert type(again) is type(step)
    assert again.fingerprint == step.fingerprint
    assert again.width(8) == step.width(8)
    vectors = corpus(5, 8, seed=4)
    np.testing.assert_array_equal(again(vectors), step(vectors))


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.full((2, 8), np.nan), r"vectors has nan at \[0, 0\]"),
        (np.array([[0.0] * 8, [0.0] * 7 + [np.inf]]), r"vectors has inf at \[1, 7\]"),
        (np.full((1, 8), 1e300), r"vectors has inf at \[0, 0\], in float32"),
        (np.zeros(8), r"shape \(8,\).*vector\[None\]"),
        (np.array([["a"] * 8]), "dtype is <U1"),
        (np.zeros((1, 8), dtype=complex), "dtype is complex128"),
    ],
)
def test_impossible_vectors_are_refused(
    vectors: np.ndarray, message: str, step: Postprocess
) -> None:
    with pytest.raises((InputTypeError, InputValueError), match=message):
        step(vectors)


def test_fingerprints_tell_steps_apart() -> None:
    steps = [make() for make in MAKERS.values()]
    steps += [Truncate(4), Whitening.fit(corpus(51, 8), n_dimensions=5)]
    steps += [
        Chain([Truncate(3)]),
        Chain([Truncate(3), Normalize()]),
        Chain([Normalize(), Truncate(3)]),
    ]
    assert len({step.fingerprint for step in steps}) == len(steps)
    assert all(make().fingerprint == make().fingerprint for make in MAKERS.values())


# --- files ---------------------------------------------------------------------------------------


def test_saving_replaces_in_one_move_and_leaves_nothing_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "step"
    Truncate(3).save(path)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        Truncate(4).save(path)
    monkeypatch.undo()
    assert load_postprocess(path).width(8) == 3
    assert os.listdir(tmp_path) == ["step"]
    Truncate(4).save(path)
    assert load_postprocess(path).width(8) == 4
    assert os.listdir(tmp_path) == ["step"]


def test_every_changed_byte_is_noticed(tmp_path: Path) -> None:
    step = Chain([Whitening.fit(corpus(20, 3)), Truncate(2)])
    path = tmp_path / "step"
    step.save(path)
    content = path.read_bytes()
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 0x10
        path.write_bytes(damaged)
        try:
            loaded = load_postprocess(path)
        except (CheckpointError, FormatVersionError):
            continue
        # White space of the header may change without a meaning.
        assert loaded.fingerprint == step.fingerprint


@pytest.mark.parametrize("kept", [0, 7, 40, -1])
def test_a_cut_file_is_noticed(kept: int, tmp_path: Path) -> None:
    path = tmp_path / "step"
    Whitening.fit(corpus(20, 3)).save(path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match="step' is damaged or unreadable"):
        load_postprocess(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="nothing' does not exist"):
        load_postprocess(tmp_path / "nothing")


def test_another_safetensors_file(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(serialize({"a": np.zeros(2)}))
    with pytest.raises(CheckpointError, match="is not a saved post-processing step"):
        load_postprocess(tmp_path / "weights")


def _with_header(path: Path, **changed: str) -> None:
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    import json

    header = json.loads(content[8 : 8 + length])["__metadata__"]
    path.write_bytes(serialize(deserialize(content), metadata={**header, **changed}))


def test_a_newer_format_is_named(tmp_path: Path) -> None:
    path = tmp_path / "step"
    Normalize().save(path)
    _with_header(path, format_version="2")
    with pytest.raises(FormatVersionError, match=r"format version 2; .* reads up to 1"):
        load_postprocess(path)


def test_an_unknown_kind_is_named(tmp_path: Path) -> None:
    path = tmp_path / "step"
    Normalize().save(path)
    _with_header(path, kind="magic")
    with pytest.raises(CheckpointError, match="kind 'magic'; known here: chain, normalize"):
        load_postprocess(path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"format_version": "9" * 5000}, "is not a saved post-processing step"),
        ({"format_version": "²"}, "is not a saved post-processing step"),
        ({"config": "[" * 100_000}, "is damaged.*nested more than"),
        ({"config": "[1]"}, "is damaged.*holds a list"),
        ({"config": '{"n_dimensions": 1, "n_dimensions": 2}'}, "is damaged.*stands twice"),
        ({"config": '{"n_dimensions": Infinity}'}, "is damaged.*n_dimensions=inf"),
        ({"config": '{"n_dimensions": true}'}, "is damaged.*n_dimensions=True"),
        ({"config": '{"n_dimensions": "3"}'}, "is damaged.*n_dimensions='3'"),
        ({"config": "{}"}, "is damaged.*KeyError"),
        ({"kind": "chain", "config": '{"steps": [5]}'}, "is damaged.*TypeError"),
        ({"kind": "chain", "config": '{"steps": [{"kind": [], "config": 5}]}'}, "of kind \\[\\]"),
        ({"kind": "x" * 10_000}, r"of kind 'xxx.*\.\.\..*xxx'"),
        ({"kind": "whitening"}, "is damaged.*KeyError"),
    ],
)
def test_a_header_that_is_hostile(tmp_path: Path, changed: dict[str, str], message: str) -> None:
    path = tmp_path / "step"
    Truncate(3).save(path)
    _with_header(path, **changed)
    with pytest.raises(CheckpointError, match=message) as caught:
        load_postprocess(path)
    assert len(str(caught.value)) < 3000


def test_a_step_of_somebody_else_that_cannot_be_restored(tmp_path: Path) -> None:
    class Fragile(Postprocess, kind="fragile-for-test"):
        def _apply(self, vectors: np.ndarray) -> np.ndarray:
            return vectors

        def width(self, e: int) -> int:
            return e

        @classmethod
        def restore(cls, config: object, state: object) -> Fragile:
            raise ZeroDivisionError("by nothing")

    Fragile().save(tmp_path / "step")
    with pytest.raises(CheckpointError, match=r"is damaged.*by nothing"):
        load_postprocess(tmp_path / "step")


def test_numbers_that_numpy_does_not_have(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    path = tmp_path / "step"
    save_file({"mean": torch.zeros(2, dtype=torch.bfloat16)}, path, {"format_version": "1"})
    with pytest.raises(CheckpointError, match="is damaged"):
        load_postprocess(path)


@pytest.mark.timeout(60)
@pytest.mark.skipif(os.name == "nt", reason="no pipes and devices in folders there")
def test_a_step_that_is_no_plain_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    for name in ("pipe", "device", ""):
        with pytest.raises(CheckpointError, match="is no plain file"):
            load_postprocess(tmp_path / name)


def test_any_byte_of_a_step_may_be_wrong(tmp_path: Path) -> None:
    path = tmp_path / "step"
    Chain([Whitening.fit(corpus(9, 3)), Truncate(2)]).save(path)
    original = path.read_bytes()
    for place in range(len(original)):
        damaged = bytearray(original)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        with pytest.raises((CheckpointError, FormatVersionError), match="step'"):
            load_postprocess(path)


@pytest.mark.parametrize("n_dimensions", [0, -1, True, 2.0, "2", None])
def test_dimensions_are_counted(n_dimensions: object) -> None:
    with pytest.raises(OptionError, match=f"n_dimensions={n_dimensions!r}"):
        Truncate(n_dimensions)  # type: ignore[arg-type]
    assert Truncate(np.int64(2)).config() == {"n_dimensions": 2}


def test_a_subclass_saves_and_loads_by_its_kind(tmp_path: Path) -> None:
    class Negate(Postprocess, kind="negate-for-test"):
        def _apply(self, vectors: np.ndarray) -> np.ndarray:
            return -vectors

        def width(self, e: int) -> int:
            return e

        @classmethod
        def restore(cls, config: object, state: object) -> Negate:
            return cls()

    Chain([Negate(), Normalize()]).save(tmp_path / "step")
    loaded = load_postprocess(tmp_path / "step")
    np.testing.assert_allclose(loaded(np.array([[3.0, 4.0]])), [[-0.6, -0.8]], rtol=1e-6)


def test_a_taken_kind_is_refused() -> None:
    with pytest.raises(OptionError, match=r"kind='truncate'.*taken by .*steps\.Truncate"):

        class Mine(Truncate, kind="truncate"):
            pass


# --- the steps -----------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 5), st.integers(1, 9)),
        elements=st.floats(-(2.0**120), 2.0**120, width=32),
    )
)
def test_normalised_vectors_have_length_one_or_zero(vectors: np.ndarray) -> None:
    result = Normalize()(vectors)
    lengths = np.linalg.norm(result.astype(np.float64), axis=1)
    np.testing.assert_allclose(lengths, vectors.any(axis=1).astype(float), atol=1e-6)
    for before, after in zip(vectors.astype(np.float64), result, strict=True):
        if before.any():
            np.testing.assert_allclose(after, before / np.linalg.norm(before), atol=1e-6)


def test_truncation_keeps_the_first_dimensions() -> None:
    vectors = corpus(4, 8)
    np.testing.assert_array_equal(Truncate(3)(vectors), vectors[:, :3])
    np.testing.assert_array_equal(Truncate(8)(vectors), vectors)
    with pytest.raises(InputValueError, match="width 8 cannot be truncated to 9"):
        Truncate(9)(vectors)
    with pytest.raises(OptionError, match="n_dimensions=0"):
        Truncate(0)


def test_whitening_without_shrinkage_makes_the_covariance_the_identity() -> None:
    vectors = corpus(5_000, 16)
    white = Whitening.fit(vectors, shrinkage=0.0)(vectors).astype(np.float64)
    np.testing.assert_allclose(white.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(np.cov(white.T, bias=True), np.eye(16), atol=1e-3)


def test_whitening_takes_pieces_of_a_large_corpus() -> None:
    vectors = corpus(20_000, 4)  # more than one piece
    white = Whitening.fit(vectors, shrinkage=0.0)(vectors).astype(np.float64)
    np.testing.assert_allclose(np.cov(white.T, bias=True), np.eye(4), atol=1e-3)


@pytest.mark.parametrize(("n", "e"), [(3, 16), (10, 16), (40, 16), (2_000, 16), (30, 2)])
def test_shrinkage_is_that_of_scikit_learn(n: int, e: int) -> None:
    vectors = corpus(n, e)
    covariance = OAS().fit(vectors.astype(np.float64)).covariance_
    matrix = Whitening.fit(vectors).matrix.astype(np.float64)
    np.testing.assert_allclose(matrix.T @ covariance @ matrix, np.eye(e), atol=1e-3)


def test_fewer_vectors_than_dimensions_do_not_blow_up() -> None:
    vectors = corpus(20, 64)
    white = Whitening.fit(vectors)
    new = white(corpus(100, 64)[50:])
    assert np.isfinite(new).all()
    fitted = np.linalg.norm(white(vectors), axis=1).mean()
    assert np.linalg.norm(new, axis=1).mean() < 10 * fitted


def test_the_axes_of_largest_spread_come_first() -> None:
    vectors = corpus(500, 8)
    full, part = Whitening.fit(vectors), Whitening.fit(vectors, n_dimensions=3)
    assert part.width(8) == 3
    np.testing.assert_allclose(part(vectors), full(vectors)[:, :3], rtol=1e-5, atol=1e-5)
    centred = vectors - vectors.mean(axis=0)
    axes = full.matrix / np.linalg.norm(full.matrix, axis=0)
    spread = (centred @ axes).var(axis=0)
    assert (np.diff(spread) <= spread[:-1] * 1e-4).all()


def test_more_axes_than_the_data_span_need_shrinkage() -> None:
    vectors = corpus(5, 8)
    with pytest.raises(
        InputValueError, match=r"5 vectors span 4 dimensions; 8 cannot.*n_dimensions=4"
    ):
        Whitening.fit(vectors, shrinkage=0.0)
    white = Whitening.fit(vectors, n_dimensions=4, shrinkage=0.0)(vectors).astype(np.float64)
    np.testing.assert_allclose(np.cov(white.T, bias=True), np.eye(4), atol=1e-3)


@pytest.mark.parametrize("vectors", [np.ones((1, 4)), np.ones((9, 4)), np.zeros((0, 4))])
def test_vectors_without_spread_cannot_be_whitened(vectors: np.ndarray) -> None:
    with pytest.raises(InputValueError, match="at least two different vectors"):
        Whitening.fit(vectors)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_dimensions": 0}, "n_dimensions=0 is not valid. Pass 1 to 8"),
        ({"n_dimensions": 9}, "n_dimensions=9"),
        ({"shrinkage": -0.1}, "shrinkage=-0.1"),
        ({"shrinkage": 1.5}, "shrinkage=1.5"),
    ],
)
def test_impossible_options_of_whitening(options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Whitening.fit(corpus(30, 8), **options)


def test_whitening_of_another_width_is_refused() -> None:
    white = Whitening.fit(corpus(30, 8))
    with pytest.raises(InputValueError, match="fitted on vectors of width 8, not 9"):
        white(corpus(3, 9))
    with pytest.raises(InputValueError, match="mean of width 3 does not fit"):
        Whitening(np.zeros(3), np.eye(4))


def test_a_chain_applies_its_steps_in_order() -> None:
    vectors = corpus(6, 8)
    expected = Normalize()(vectors[:, :3])
    np.testing.assert_array_equal(Chain([Truncate(3), Normalize()])(vectors), expected)
    with pytest.raises(InputValueError, match="cannot be truncated to 4"):
        Chain([Truncate(3), Truncate(4)]).width(8)


@pytest.mark.parametrize("steps", [[], [Normalize], ["normalize"]])
def test_chains_of_no_steps_are_refused(steps: list) -> None:
    with pytest.raises(OptionError, match="one or more Postprocess steps"):
        Chain(steps)


# --- quantisation --------------------------------------------------------------------------------


@pytest.mark.parametrize("e", [8, 16, 13])
@pytest.mark.parametrize("precision", ["float32", "int8", "uint8", "binary", "ubinary"])
def test_quantised_values_are_those_of_sentence_transformers(precision: str, e: int) -> None:
    vectors = corpus(200, e)
    vectors[:, 0] = 1.5  # a dimension without a range
    ours = quantize(vectors, precision)
    theirs = quantize_embeddings(vectors, precision)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("precision", ["int8", "uint8"])
def test_ranges_of_a_corpus_are_taken(precision: str) -> None:
    vectors, other = corpus(200, 8), corpus(5, 8, seed=1)
    ranges = np.stack([vectors.min(axis=0), vectors.max(axis=0)])
    ours = quantize(other, precision, ranges=ranges)
    np.testing.assert_array_equal(ours, quantize_embeddings(other, precision, ranges=ranges))
    np.testing.assert_array_equal(ours[:1], quantize(other[:1], precision, ranges=ranges))


def test_float16_and_what_does_not_fit_it() -> None:
    vectors = corpus(3, 8)
    assert quantize(vectors, "float16").dtype == np.float16
    with pytest.raises(InputValueError, match="70000 does not fit into float16"):
        quantize(np.array([[7e4]]), "float16")


def test_quantising_copies() -> None:
    vectors = corpus(3, 8)
    quantize(vectors, "float32")[:] = 0
    assert vectors.any()


def test_one_vector_shows_no_ranges() -> None:
    with pytest.raises(InputValueError, match="int8 needs ranges: 1 vectors"):
        quantize(corpus(1, 8), "int8")


@pytest.mark.parametrize(
    "ranges", [np.zeros((2, 7)), np.zeros((3, 8)), np.stack([np.ones(8), np.zeros(8)])]
)
def test_impossible_ranges_are_refused(ranges: np.ndarray) -> None:
    with pytest.raises(InputValueError, match="smallest and the largest"):
        quantize(corpus(3, 8), "uint8", ranges=ranges)


def test_unknown_precisions_list_the_known_ones() -> None:
    with pytest.raises(OptionError, match="'float32', 'float16', 'int8'"):
        quantize(corpus(3, 8), "int4")


def test_vectors_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(InputValueError, match="has nan"):
        quantize(np.array([[np.nan]]), "binary")
