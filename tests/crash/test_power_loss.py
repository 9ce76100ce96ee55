"""The power goes: writes that were not flushed are lost, torn or reordered, and nothing else is.

A program works under `write_log.c`, which notes every change of its files, SQLite's and FAISS's
too. From the log `lossy_disk.Disk` makes the folders that a power cut may leave at any moment, and
each is opened and held to what had been acknowledged by then.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import power_worker
import pytest
from lossy_disk import Disk, Record, fates, read_log
from preload import compiled
from survivors import ENCODER, check_survivor, possible_states

from vectorlong.errors import VectorlongError
from vectorlong.retrieval.document_index import DocumentIndex
from vectorlong.vector_index.vector_index import VectorIndex

INDEX = "folder/made/with/it"  # each of these names has to last, too
_HERE = Path(__file__).resolve().parent
# Sees what is left in the folder, and the marks written until then.
Check = Callable[[Path, list[dict]], object]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`write_log.c`, compiled."""
    return compiled("write_log.c", tmp_path_factory.mktemp("library"))


def log_of(work: str, library: Path, folder: Path) -> tuple[Path, list[Record]]:
    """Let the worker work below a folder, and return it with the log of what was done there."""
    root = folder / "watched"
    root.mkdir(parents=True)
    marks = folder / "marks"
    done = subprocess.run(
        [sys.executable, _HERE / "power_worker.py", work, root / INDEX, marks],
        env={
            **os.environ,
            "LD_PRELOAD": str(library),
            "WRITE_LOG_FOLDER": str(root),
            "WRITE_LOG_FILE": str(folder / "log"),
            "WRITE_LOG_MARKS": str(marks),
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return root, read_log(folder / "log")


@pytest.fixture(scope="module")
def documents_log(library: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list]:
    return log_of("documents", library, tmp_path_factory.mktemp("documents"))


@pytest.fixture(scope="module")
def vectors_log(library: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list]:
    return log_of("vectors", library, tmp_path_factory.mktemp("vectors"))


def moments(root: Path, log: list[Record]) -> Iterator[tuple[int, Disk]]:
    """The disk just before each flush, when most can be lost, and after each acknowledgement."""
    disk = Disk(str(root))
    for number, record in enumerate(log):
        if record.kind == "S":
            yield number, disk
        disk.take(record)
        if record.kind == "A" and "done" in disk.marks[-1]:
            yield number, disk


def lay_out(files: dict[str, bytes | None], root: Path, target: Path) -> None:
    """Put what survived below ``target`` instead of ``root``."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for path, content in files.items():
        place = target / Path(path).relative_to(root)
        if content is None:
            place.mkdir()
        else:
            place.write_bytes(content)


def cut_power(
    root: Path, log: list[Record], target: Path, check: Check, n_ways: int, seed: int
) -> int:
    """Check what is left at every moment in ``n_ways`` ways; return how many folders differed."""
    chance = random.Random(seed)
    seen, failures = set(), []
    for number, disk in moments(root, log):
        # Of the ways, the first six are always the same ones.
        ways = list(itertools.islice(fates(disk, chance), max(n_ways, 6)))
        for way, fate in ways if n_ways >= 6 else chance.sample(ways, min(n_ways, len(ways))):
            files = disk.after_a_cut(fate)
            state = (hash(frozenset(files.items())), len(disk.marks))
            if state in seen:
                continue
            seen.add(state)
            lay_out(files, root, target)
            try:
                check(target / INDEX, disk.marks)
            except (AssertionError, VectorlongError, OSError) as failure:
                failures.append(f"record {number}, {way}, {disk.marks[-1:]}: {failure!r}")
    assert not failures, f"{len(failures)} of {len(seen)}:\n" + "\n".join(failures)
    return len(seen)


def check_documents(folder: Path, marks: list[dict]) -> None:
    acknowledged, changes, kind = possible_states({}, marks)
    if not any(mark.get("done") == "create" for mark in marks):
        try:
            DocumentIndex.open(folder, ENCODER).close()
        except VectorlongError:  # nothing was promised, and it does not pretend to be an index
            return
    check_survivor(folder, acknowledged, changes, kind)


def check_vectors(folder: Path, marks: list[dict]) -> None:
    begun = [mark["begun"] for mark in marks if "begun" in mark]
    done = [mark["done"] for mark in marks if "done" in mark]
    try:
        index = VectorIndex.load(folder)
    except VectorlongError:
        assert not done, "a saved index does not load"
        return
    versions = {len(power_worker.stored_vectors(version)): version for version in begun}
    version = versions[len(index)]
    assert not done or version >= done[-1]
    rows = power_worker.stored_vectors(version)
    for number in (0, len(rows) // 2, len(rows) - 1):
        (nearest,) = index.search(rows[number], 1)
        assert nearest[0] == f"id-{number}"
        assert nearest[1] == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("log", ["documents_log", "vectors_log"])
def test_the_log_is_complete(log: str, request: pytest.FixtureRequest) -> None:
    """With nothing lost, the model has every file as it is; so the log misses nothing."""
    root, records = request.getfixturevalue(log)
    disk = Disk(str(root))
    for record in records:
        disk.take(record)
    files = disk.after_a_cut(lambda *_: True)
    assert {root / path for path in files} == set(root.rglob("*"))
    for path, content in files.items():
        assert content is None or Path(path).read_bytes() == content, path


@pytest.mark.usefixtures("small_scale")
def test_power_loss_leaves_what_was_acknowledged(
    documents_log: tuple[Path, list], tmp_path: Path
) -> None:
    n_checked = cut_power(*documents_log, tmp_path / "left", check_documents, 1, seed=1)
    assert n_checked > 50


@pytest.mark.usefixtures("small_scale")
def test_power_loss_while_saving_over_an_older_save(
    vectors_log: tuple[Path, list], tmp_path: Path
) -> None:
    n_checked = cut_power(*vectors_log, tmp_path / "left", check_vectors, 8, seed=1)
    assert n_checked > 50


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("small_scale")
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_power_loss_in_many_ways(
    documents_log: tuple[Path, list],
    vectors_log: tuple[Path, list],
    tmp_path: Path,
    seed: int,
) -> None:
    assert cut_power(*documents_log, tmp_path / "left", check_documents, 24, seed) > 1000
    assert cut_power(*vectors_log, tmp_path / "left", check_vectors, 100, seed) > 100
