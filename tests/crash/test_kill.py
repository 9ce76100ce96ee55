"""Kill -9 at any instant: what was acknowledged is there, once, and what was deleted stays so."""

from __future__ import annotations

import json
import multiprocessing
import random
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path

import crash_worker
import pytest
from corpus import make_document
from fake_encoder import FakeEncoder

from vectorlong.retrieval.document_index import DocumentIndex

State = dict[str, int]  # id -> version


@pytest.fixture(scope="module")
def forks() -> ForkServerContext:
    """Processes that start quickly, because what they import was imported before the fork."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["numpy", "faiss", "vectorlong.retrieval.document_index"])
    return context


def read_journal(path: Path) -> list[dict]:
    lines = path.read_text().splitlines() if path.exists() else []
    entries = []
    for line in lines:
        try:
            entries.append(json.loads(line))
        except ValueError:  # the kill came in the middle of a line
            assert line == lines[-1]
    return entries


def possible_states(before: State, entries: list[dict]) -> tuple[State, dict, str]:
    """The acknowledged state, and the changes and kind of the action that was under way."""
    state, open_changes, kind = dict(before), {}, ""
    for entry in entries:
        if "begun" in entry:
            open_changes, kind = entry["changes"], entry["begun"]
        elif "done" in entry:
            for name, version in open_changes.items():
                if version is None:
                    state.pop(name, None)
                else:
                    state[name] = version
            open_changes, kind = {}, ""
    return state, open_changes, kind


def check_survivor(folder: Path, acknowledged: State, changes: dict, kind: str) -> State:
    """Hold the reopened index to what was promised, and return its state."""
    with DocumentIndex.open(folder, FakeEncoder(), read_only=True) as reader:
        seen_before_repair = sorted(reader.ids())
    with DocumentIndex.open(folder, FakeEncoder()) as index:
        assert index.verify() == []
        names = index.ids()
        assert sorted(names) == seen_before_repair
        assert len(set(names)) == len(names), "a document is there twice"
        state = {}
        for name in names:
            document = index.get(name)
            assert document is not None
            version = document.metadata["version"]
            assert document == make_document(int(name[4:]), version)
            state[name] = version
        for name in acknowledged.keys() | changes.keys() | state.keys():
            allowed = {acknowledged.get(name)}
            if name in changes:
                allowed.add(changes[name])
            assert state.get(name) in allowed, (name, state.get(name), allowed)
        if kind == "delete":  # one commit: all or nothing
            outcomes = {state.get(name) is None for name in changes if name in acknowledged}
            assert len(outcomes) <= 1
        _check_found(index, state)
        return state


def _check_found(index: DocumentIndex, state: State) -> None:
    words = [f"marker{name[4:]} version{version}" for name, version in state.items()]
    for name, hits in zip(state, index.search_many(words, 3, mode="lexical"), strict=True):
        assert hits[0].id == name
        assert f"version{state[name]} " in hits[0].passage.text
    passages = [_telling_passage(name, version) for name, version in state.items()]
    for name, text, hits in zip(
        state, passages, index.search_many(passages, 3, mode="vector"), strict=True
    ):
        assert (hits[0].id, hits[0].passage.text) == (name, text)
        assert hits[0].score == pytest.approx(1.0, abs=1e-5)
    if state:
        everything = index.search("the report", len(state) + 5, mode="vector")
        assert sorted(hit.id for hit in everything) == sorted(state)


def _telling_passage(name: str, version: int) -> str:
    text = make_document(int(name[4:]), version).text
    spans = FakeEncoder.spans(text, FakeEncoder().default_passages.max_tokens)
    return next(text[start:end] for start, end in spans if "Marker" in text[start:end])


def _kill_often(tmp_path: Path, forks: ForkServerContext, n_kills: int, seed: int) -> None:
    folder = tmp_path / "index"
    DocumentIndex.create(folder, FakeEncoder(), faiss="ivf-sq8").close()
    chance = random.Random(seed)
    state: State = {}
    kinds_hit = []
    for number in range(n_kills):
        journal = tmp_path / f"journal-{number}"
        process = forks.Process(
            target=crash_worker.work_until_killed, args=(str(folder), str(journal), seed + number)
        )
        process.start()
        deadline = time.monotonic() + 60
        while not read_journal(journal) and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(chance.random() ** 2 * 0.8)
        process.kill()
        process.join()
        assert process.exitcode == -9, "the worker failed before it was killed"
        acknowledged, changes, kind = possible_states(state, read_journal(journal))
        state = check_survivor(folder, acknowledged, changes, kind)
        kinds_hit.append(kind)
    assert {"add", ""} & set(kinds_hit)


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
    DocumentIndex.create(folder, FakeEncoder(), faiss="ivf-sq8").close()
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
