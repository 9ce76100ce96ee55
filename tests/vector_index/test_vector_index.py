"""`VectorIndex` with bad input, from several threads, and against the paper trail it keeps."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from vectorlong.errors import (
    IndexFolderError,
    IndexLockedError,
    InputTypeError,
    InputValueError,
    OptionError,
)
from vectorlong.vector_index import saved_vectors
from vectorlong.vector_index.faiss_kinds import KINDS
from vectorlong.vector_index.vector_index import VectorIndex

IDS = [f"id-{number}" for number in range(50)]
VECTORS = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)


@pytest.fixture
def index() -> VectorIndex:
    made = VectorIndex(8)
    made.add(IDS, VECTORS)
    return made


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((0,), "dim=0 is not valid"),
        ((8, "magic"), "kind='magic'.*'ivf-sq8'.*FAISS says"),
        ((8, "IVF{lists},Flat"), "braces"),
        ((8, "IDMap,Flat"), "IDMap are not taken"),
        ((8, "NSG32,Flat"), "takes no vectors once it is built"),
        ((8, "auto", "angle"), "metric='angle'.*'inner_product', 'l2'"),
        ((8, "hnsw-rabitq", "inner_product"), "cosine and l2 only"),
    ],
)
def test_impossible_indexes_are_refused(arguments: tuple, match: str) -> None:
    with pytest.raises(OptionError, match=match):
        VectorIndex(*arguments)


def test_the_message_lists_every_kind() -> None:
    with pytest.raises(OptionError) as caught:
        VectorIndex(8, "magic")
    assert all(repr(name) in str(caught.value) for name in ["auto", *KINDS])


@pytest.mark.parametrize(
    ("ids", "vectors", "error", "match"),
    [
        (["a"], VECTORS[:2], InputValueError, "1 ids do not go with 2 vectors"),
        ([1], VECTORS[:1], InputTypeError, "Ids must be strings, not int 1"),
        ([""], VECTORS[:1], InputValueError, "must not be empty"),
        (["a"], VECTORS[:1] * np.nan, InputValueError, "not finite numbers"),
        (["a"], VECTORS[:1] + np.inf, InputValueError, "not finite numbers"),
        (["a"], VECTORS[:1, :7], InputValueError, r"shape \(1, 7\); expected \(n, 8\)"),
        (["a"], VECTORS[0], InputValueError, r"shape \(8,\)"),
        (["a"], [["x"] * 8], InputTypeError, "no array of real numbers"),
    ],
)
def test_bad_vectors_leave_the_index_as_it_was(
    index: VectorIndex, ids: list, vectors: object, error: type[Exception], match: str
) -> None:
    before = index.search(VECTORS[0], 50)
    with pytest.raises(error, match=match):
        index.add(["new", *ids], np.concatenate([VECTORS[:1], vectors])) if (
            isinstance(vectors, np.ndarray) and vectors.shape[1:] == (8,)
        ) and len(ids) == len(vectors) else index.add(ids, vectors)
    assert index.search(VECTORS[0], 50) == before
    assert "new" not in index


def test_of_duplicates_in_one_call_the_later_wins(index: VectorIndex) -> None:
    assert index.add(["a", "b", "a"], VECTORS[:3] * -1) == 2
    assert len(index) == 52
    assert index.search(-VECTORS[2], 1)[0] == ("a", pytest.approx(1.0))
    assert [name for name, _ in index.search(-VECTORS[0], 60)].count("a") == 1


def test_huge_finite_vectors_are_taken() -> None:
    index = VectorIndex(2, metric="inner_product")
    assert index.add(["a", "b"], np.full((2, 2), 3e38, dtype=np.float32)) == 2


@pytest.mark.parametrize("length", [1e-38, 1e-25, 1e-16, 1e16, 1e25, 3e38])
def test_the_cosine_is_that_of_the_direction_whatever_the_length(length: float) -> None:
    index = VectorIndex(2)
    index.add(["right", "up", "zero"], np.array([[length, 0], [0, 1], [0, 0]]))
    found = index.search(np.array([-length, length]), 3)
    assert found == [
        ("up", pytest.approx(0.5**0.5)),
        ("zero", 0.0),
        ("right", pytest.approx(-(0.5**0.5))),
    ]


@pytest.mark.parametrize("metric", ["l2", "inner_product"])
@pytest.mark.parametrize("sign", [1, -1])
def test_scores_beyond_float32_are_refused_and_never_a_wrong_id(metric: str, sign: int) -> None:
    index = VectorIndex(2, metric=metric)
    index.add(["a", "b", "c"], np.array([[1e30, 0], [0, 1e30], [0, 1]]))
    with pytest.raises(InputValueError, match=r"beyond float32.*Scale them down"):
        index.search(np.array([sign * 1e30, 0.0]), 3)
    index.remove(["a", "b"])
    assert index.search(np.array([0.0, 1.0]), 3) == [("c", 0.0 if metric == "l2" else 1.0)]


def test_zero_vectors_have_cosine_zero(index: VectorIndex) -> None:
    index.add(["zero"], np.zeros((1, 8)))
    assert dict(index.search(VECTORS[0], 51))["zero"] == 0.0
    assert {score for _, score in index.search(np.zeros(8), 51)} == {0.0}


@pytest.mark.parametrize(
    ("query", "k", "error", "match"),
    [
        (VECTORS[0], -1, OptionError, "k=-1 is not valid"),
        (VECTORS[0], 2.0, OptionError, "Pass a whole number of at least 0"),
        (VECTORS[0, :5], 1, InputValueError, r"shape \(1, 5\); expected"),
        (VECTORS, 1, InputValueError, "search_many takes several"),
        (VECTORS[0] * np.nan, 1, InputValueError, "not finite numbers"),
        ("question", 1, InputTypeError, "no array of real numbers"),
    ],
)
def test_impossible_queries_are_refused(
    index: VectorIndex, query: np.ndarray, k: object, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        index.search(query, k)


def test_k_of_zero_and_beyond(index: VectorIndex) -> None:
    assert index.search(VECTORS[0], 0) == []
    assert len(index.search(VECTORS[0], 1000)) == 50
    assert index.search_many(np.empty((0, 8)), 3) == []
    assert VectorIndex(8).search(VECTORS[0]) == []
    assert index.search(VECTORS[0], 5, among=[]) == []
    assert index.search(VECTORS[0], 5, among=["id-3"])[0][0] == "id-3"


def test_of_nothing_there_is_nothing(index: VectorIndex) -> None:
    assert index.add([], np.empty((0, 8))) == 0
    assert index.ids == IDS
    assert index.remove([]) == 0
    empty = VectorIndex(8)
    assert empty.recall() == 1.0
    assert empty.build() is None
    assert empty.vector("id-0") is None


def test_ids_to_choose_among_are_checked(index: VectorIndex) -> None:
    with pytest.raises(InputTypeError, match="Ids must be strings, not int 3"):
        index.search(VECTORS[0], among=["id-1", 3])


def test_removal_of_everything(index: VectorIndex) -> None:
    assert index.remove(IDS) == 50
    assert index.remove(IDS) == 0
    assert (len(index), index.ids, index.search(VECTORS[0])) == (0, [], [])
    assert index.add(["back"], VECTORS[:1]) == 1
    assert index.search(VECTORS[0])[0][0] == "back"


def test_memory_of_removed_vectors_is_given_back(index: VectorIndex) -> None:
    index.remove(IDS[:5])
    assert len(index._state.matrix) == 50
    index.remove(IDS[5:6])  # more than a tenth now
    assert len(index._state.matrix) == 44
    assert index.ids == IDS[6:]
    assert index.search(VECTORS[9], 1)[0][0] == "id-9"


def test_too_few_to_train_a_kind_on_are_searched_exactly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows = np.random.default_rng(1).normal(size=(1200, 8)).astype(np.float32)
    index = VectorIndex(8, "IVF2000,Flat")
    index.add([f"id-{number}" for number in range(1200)], rows)
    assert index.build() is None
    assert "IVF2000,Flat cannot be trained on 1200 rows" in caplog.text
    assert index.search(rows[4], 1) == [("id-4", pytest.approx(1.0))]


def test_what_was_removed_is_not_trained_on() -> None:
    rows = np.random.default_rng(1).normal(size=(3000, 8)).astype(np.float32)
    index = VectorIndex(8, "hnsw")
    index.add([f"id-{number}" for number in range(3000)], rows)
    index.remove([f"id-{number}" for number in range(0, 3000, 3)])
    training = index.build()
    assert training is not None
    assert training.n_rows == len(index) == 2000
    assert index.search(rows[4], 1)[0][0] == "id-4"


def test_save_refuses_a_folder_of_something_else(index: VectorIndex, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(IndexFolderError, match="holds something else"):
        index.save(tmp_path)
    with pytest.raises(IndexFolderError, match="holds no saved VectorIndex"):
        VectorIndex.load(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def _refuse(*_: object) -> str:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_what_a_killed_save_left_is_no_obstacle_and_goes(
    index: VectorIndex, tmp_path: Path
) -> None:
    left = [tmp_path / f".{'0' * 32}.new", tmp_path / "vectors.draft"]
    for path in left:
        path.write_bytes(b"half")
    with pytest.MonkeyPatch.context() as patch:  # a full disk: there may be no room beside it
        patch.setattr(saved_vectors, "file_sha256", _refuse)
        with pytest.raises(IndexFolderError, match="the disk is full"):
            index.save(tmp_path)
    assert not left[0].exists()
    index.save(tmp_path)
    assert not any(path.exists() for path in left)


def test_save_removes_nothing_of_others(index: VectorIndex, tmp_path: Path) -> None:
    (tmp_path / "vectors.npy").write_bytes(b"theirs")
    with pytest.raises(IndexFolderError, match="holds something else"):
        index.save(tmp_path)
    index.save(tmp_path / "index")
    (tmp_path / "index" / "ids.txt").write_bytes(b"theirs")
    index.remove(index.ids[:1])
    index.save(tmp_path / "index")
    names = sorted(path.name.split("-")[0] for path in (tmp_path / "index").iterdir())
    assert names == ["ids", "ids.txt", "vector_index.json", "vectors", "writer.lock"]
    assert (tmp_path / "vectors.npy").read_bytes() == b"theirs"


def test_threads_see_whole_states() -> None:
    """One thread removes and adds a pair of ids together; others must see both or neither."""
    index = VectorIndex(8)
    index.add(IDS, VECTORS)
    stop = threading.Event()
    failures: list[object] = []

    def search() -> None:
        while not stop.is_set():
            names = [name for name, _ in index.search(VECTORS[0], 60)]
            pair = {"one", "two"} & set(names)
            if None in names or len(set(names)) != len(names) or len(pair) not in (0, 2):
                failures.append(names)
            found = index.search(VECTORS[0], 5, among=["id-0", "id-49", "one"])
            if found[0][0] != "id-0":
                failures.append(found)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(300):
        index.add(["one", "two"], VECTORS[:2] * -1)
        index.remove(["one", "two"])
        index.compact()
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_searches_though_the_parent_has() -> None:
    """In a process of its own, because how many threads FAISS has is settled when it is loaded."""
    program = """if True:
        import os, signal
        import numpy as np
        from vectorlong import VectorIndex
        rows = np.random.default_rng(0).normal(size=(4000, 64)).astype(np.float32)
        index = VectorIndex(64, "ivf")
        index.add([str(number) for number in range(len(rows))], rows)
        expected = index.search_many(rows[:100], 3)
        child = os.fork()
        if child == 0:
            signal.alarm(60)  # ends a child that waits for ever
            found = index.search_many(rows[:100], 3)
            index.add(["new"], rows[:1])
            index.compact()
            same = [[name for name, _ in hits] for hits in found]
            os._exit(7 if same == [[name for name, _ in hits] for hits in expected] else 8)
        status = os.waitpid(child, 0)[1]
        assert index.search_many(rows[:100], 3) == expected
        print(os.waitstatus_to_exitcode(status))
    """
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.stdout.split() == ["7"], done.stderr


def test_two_who_save_at_once_never_mix_their_files(tmp_path: Path) -> None:
    """Each has ids and vectors of its own; what loads is wholly the one's or wholly the other's."""
    made = []
    for who in range(3):
        index = VectorIndex(8)
        rows = np.full((200, 8), float(who + 1), dtype=np.float32)
        rows[:, 0] = np.arange(200)
        index.add([f"{who}-{number}" for number in range(200)], rows)
        made.append(index)
    errors: list[BaseException] = []
    stop = threading.Event()

    def save(index: VectorIndex) -> None:
        while not stop.is_set():
            try:
                index.save(tmp_path / "saved")
            except IndexLockedError:
                pass
            except BaseException as error:
                errors.append(error)
                return

    made[0].save(tmp_path / "saved")
    threads = [threading.Thread(target=save, args=(index,)) for index in made]
    for thread in threads:
        thread.start()
    try:
        for _ in range(25):
            loaded = VectorIndex.load(tmp_path / "saved")
            (who,) = {name[0] for name in loaded.ids}
            expected = made[int(who)]
            for number in (0, 77, 199):
                query = np.full(8, float(int(who) + 1), dtype=np.float32)
                query[0] = number
                assert loaded.search(query, 1) == expected.search(query, 1)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert errors == []


def test_arrays_hold_what_tuples_hold(index: VectorIndex) -> None:
    index.remove(["id-3", "id-4"])
    expected = index.search_many(VECTORS[:5], 7)
    scores, ids = index.search_arrays(VECTORS[:5], 7)
    assert (scores.dtype, scores.shape, ids.dtype, ids.shape) == (
        np.float32,
        (5, 7),
        object,
        (5, 7),
    )
    for row, neighbours in enumerate(expected):
        assert list(zip(ids[row], scores[row].tolist(), strict=True)) == neighbours


def test_arrays_are_as_wide_as_there_are_vectors(index: VectorIndex) -> None:
    scores, ids = index.search_arrays(VECTORS[:2], 10, among=["id-1", "id-2", "unknown"])
    assert scores.shape == ids.shape == (2, 2)
    assert sorted(ids[0]) == ["id-1", "id-2"]
    assert index.search_arrays(VECTORS[:2], 0)[1].shape == (2, 0)
    assert index.search_arrays(np.zeros((0, 8)), 3)[0].shape == (0, 3)


def test_a_vector_is_read_back(index: VectorIndex) -> None:
    vector = index.vector("id-5")
    np.testing.assert_allclose(vector, VECTORS[5] / np.linalg.norm(VECTORS[5]), rtol=1e-6)
    vector[:] = 0
    assert index.vector("id-5").any()
    assert index.vector("unknown") is None
    plain = VectorIndex(8, metric="l2")
    plain.add(IDS, VECTORS)
    np.testing.assert_array_equal(plain.vector("id-5"), VECTORS[5])
