"""Ctrl-C at every line of a change to a `VectorIndex`: ids and vectors still belong together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from injection import interrupt, points_of

from vectorlong.vector_index.vector_index import VectorIndex

DIM = 8
ROWS = np.random.default_rng(3).normal(size=(1300, DIM)).astype(np.float32)
NEW = np.random.default_rng(4).normal(size=(6, DIM)).astype(np.float32)


def make(kind: str, n_rows: int) -> VectorIndex:
    index = VectorIndex(DIM, kind)
    index.add([f"id-{number}" for number in range(n_rows)], ROWS[:n_rows])
    index.build()
    return index


def add(index: VectorIndex) -> None:
    index.add(["new-0", "new-1", "new-0"], NEW[:3])


def replace(index: VectorIndex) -> None:
    index.add(["id-5", "new-2", "id-6"], NEW[3:])


def remove(index: VectorIndex) -> None:
    index.remove(["id-1", "id-2", "unknown"])


def remove_many(index: VectorIndex) -> None:
    index.remove([f"id-{number}" for number in range(0, 40, 2)])


def compact(index: VectorIndex) -> None:
    index.compact()


def search(index: VectorIndex) -> None:
    index.search_many(ROWS[:3], 4)


# What the vector of an id may be: as it was, or as the change would have made it.
VECTORS = {f"id-{number}": [row] for number, row in enumerate(ROWS)}
VECTORS.update({"new-0": [NEW[2]], "new-1": [NEW[1]], "new-2": [NEW[4]], "later": [NEW[0]]})
VECTORS["id-5"].append(NEW[3])
VECTORS["id-6"].append(NEW[5])


def check(index: VectorIndex) -> None:
    names = index.ids
    assert len(index) == len(names) == len(set(names))
    assert all(name in index for name in names)
    for name in [*names[:12], *names[-4:]]:
        nearest = [index.search(row, 1)[0] for row in VECTORS[name]]
        assert any(
            found == name and score == pytest.approx(1.0, abs=1e-5) for found, score in nearest
        ), name


@pytest.mark.parametrize("change", [add, replace, remove, remove_many, compact, search])
@pytest.mark.parametrize(("kind", "n_rows"), [("flat", 60), ("hnsw", 1010)])
def test_an_interrupted_change_leaves_ids_with_their_vectors(
    kind: str, n_rows: int, change: Callable[[VectorIndex], None], tmp_path: Path
) -> None:
    def prepared() -> VectorIndex:
        index = make(kind, n_rows)
        if change in (compact, search):
            index.remove(["id-7", "id-8"])
        return index

    points = points_of(partial(change, prepared()), lines=True)
    assert len(points) > 5
    if kind == "hnsw":  # which takes its time to build
        points = points[:: max(1, len(points) // 12)]
    expected = prepared()
    change(expected)
    for point in points:
        index = prepared()
        before = index.ids
        error = interrupt(partial(change, index), point, lambda _: KeyboardInterrupt())
        assert isinstance(error, KeyboardInterrupt)
        if change in (compact, search):
            assert index.ids == before, str(point)
        assert index.add(["later"], NEW[:1]) == 1
        assert index.search(NEW[0], 1)[0][0] == "later"
        check(index)
        assert index.remove(["later"]) == 1
        assert "later" not in index
        change(index)
        assert set(index.ids) == set(expected.ids), str(point)
        check(index)
    index.save(tmp_path / "saved")
    assert VectorIndex.load(tmp_path / "saved").ids == index.ids
