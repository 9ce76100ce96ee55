"""Kill -9 at any instant: what was acknowledged is there, once, and what was deleted stays so."""

from __future__ import annotations

import multiprocessing
import random
import shutil
import time
from collections import Counter
from multiprocessing.context import ForkServerContext
from pathlib import Path

import crash_worker
import pytest
from corpus import make_documents
from survivors import ENCODER, State, check_survivor, possible_states, read_journal

from vectorlong.retrieval.document_index import DocumentIndex
from vectorlong.vector_index.index_files import read_sealed, replace_sealed

KINDS = ("add", "delete", "compact", "rebuild")


@pytest.fixture(scope="module")
def forks() -> ForkServerContext:
    """Processes that start quickly, because what they import was imported before the fork."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["numpy", "faiss", "vectorlong.retrieval.document_index"])
    return context


def _await(journal: Path, kind: str) -> None:
    """Return soon after the worker has begun an action of that kind, or to open the index."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any(kind in (entry.get("begun"), *entry) for entry in read_journal(journal)):
            return
        time.sleep(0.0005)
    pytest.fail(f"the worker came to no {kind}")


def _kill_often(tmp_path: Path, forks: ForkServerContext, n_kills: int, seed: int) -> None:
    folder = tmp_path / "index"
    DocumentIndex.create(folder, ENCODER, faiss="ivf-sq8").close()
    chance = random.Random(seed)
    state: State = {}
    kinds_hit = Counter[str]()
    for number in range(n_kills):
        journal = tmp_path / f"journal-{number}"
        process = forks.Process(
            target=crash_worker.work_until_killed, args=(str(folder), str(journal), seed + number)
        )
        process.start()
        _await(journal, (*KINDS, "ready")[number % (len(KINDS) + 1)])
        time.sleep(chance.random() ** 2 * 0.02)
        process.kill()
        process.join()
        assert process.exitcode == -9, "the worker failed before it was killed"
        acknowledged, changes, kind = possible_states(state, read_journal(journal))
        state = check_survivor(folder, acknowledged, changes, kind)
        kinds_hit[kind] += 1
    assert set(KINDS) <= set(kinds_hit), f"not every kind was killed: {kinds_hit}"


def test_forty_random_kills(tmp_path: Path, forks: ForkServerContext) -> None:
    _kill_often(tmp_path, forks, n_kills=40, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [1000, 2000, 3000, 4000])
def test_two_hundred_and_forty_random_kills(
    tmp_path: Path, forks: ForkServerContext, seed: int
) -> None:
    _kill_often(tmp_path, forks, n_kills=60, seed=seed)


@pytest.mark.parametrize("first", [1, 2, 3])
def test_a_kill_before_every_flush(tmp_path: Path, forks: ForkServerContext, first: int) -> None:
    """Every third flush in turn, beginning with ``first``, until a run survives."""
    folder = tmp_path / "index"
    DocumentIndex.create(folder, ENCODER, faiss="ivf-sq8").close()
    state: State = {}
    for n_flushes in range(first, 500, 9):
        journal = tmp_path / f"journal-{n_flushes}"
        process = forks.Process(
            target=crash_worker.work_until_flush,
            args=(str(folder), str(journal), first, n_flushes),
        )
        process.start()
        process.join(120)
        entries = read_journal(journal)
        acknowledged, changes, kind = possible_states(state, entries)
        state = check_survivor(folder, acknowledged, changes, kind)
        if process.exitcode == 0:
            assert any("survived" in entry for entry in entries)
            return
        assert process.exitcode == -9
    pytest.fail("no run survived")


def _as_format_1(folder: Path) -> None:
    """Say of an index what version 1 of the manifest said, which knew no generation."""
    content = read_sealed(folder / "manifest.json")
    assert content is not None
    del content["generation"]
    replace_sealed(folder / "manifest.json", {**content, "format_version": 1})


def test_an_index_of_the_first_format_killed_in_an_add_is_written_on(
    tmp_path: Path, forks: ForkServerContext
) -> None:
    """Rows that the ledger does not account for are of the killed add, and no lost commits."""
    original, folder = tmp_path / "original", tmp_path / "index"
    with DocumentIndex.create(original, ENCODER) as index:
        index.add(make_documents(crash_worker.N_IDS // 2))
    state: State = {f"doc-{number}": 0 for number in range(crash_worker.N_IDS // 2)}
    n_tails = 0
    for n_flushes in range(2, 8):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(original, folder)
        journal = tmp_path / f"journal-{n_flushes}"
        process = forks.Process(
            target=crash_worker.work_until_flush, args=(str(folder), str(journal), 1, n_flushes)
        )
        process.start()
        process.join(120)
        assert process.exitcode == -9
        acknowledged, changes, kind = possible_states(state, read_journal(journal))
        assert kind == "add"
        _as_format_1(folder)
        with DocumentIndex.open(folder, read_only=True) as reader:
            n_rows = reader.info()["n_passages"] + reader.info()["n_deleted_passages"]
        n_tails += (folder / "vectors.f32").stat().st_size > n_rows * 4 * reader.manifest.dimension
        check_survivor(folder, acknowledged, changes, kind)
    assert n_tails
