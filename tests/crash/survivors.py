"""What an index must still hold after a kill, an interrupt or a power cut.

An index is worked on by actions that are noted before and after (see `crash_worker`). What was
noted as done is acknowledged; of the one action under way every change may be there or not.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from corpus import make_document
from fake_encoder import FakeEncoder

from vectorlong.documents import Document
from vectorlong.retrieval.document_index import DocumentIndex

State = dict[str, int]  # id -> version
Changes = dict[str, int | None]  # id -> new version, None where deleted

ENCODER = FakeEncoder()


# Such a version has the text of the version this much lower, and only its metadata is another.
RELABELLED = 1_000_000


def version_of(number: int, version: int) -> Document:
    """Document ``number`` in one of its versions."""
    document = make_document(number, version % RELABELLED)
    return Document(document.id, document.text, {**document.metadata, "version": version})


def number_of(name: str) -> int:
    """The number in an id: 7 for "doc-7"."""
    return int(name.removeprefix("doc-"))


def apply(state: State, changes: Changes) -> State:
    """The state after changes."""
    changed = {**state, **changes}
    return {name: version for name, version in changed.items() if version is not None}


def read_journal(path: Path) -> list[dict]:
    """The lines of a journal that were written whole."""
    lines = path.read_text().splitlines() if path.exists() else []
    entries = []
    for line in lines:
        try:
            entries.append(json.loads(line))
        except ValueError:  # the kill came in the middle of a line
            assert line == lines[-1]
    return entries


def possible_states(before: State, entries: list[dict]) -> tuple[State, Changes, str]:
    """The acknowledged state, and the changes and kind of the action that was under way."""
    state, open_changes, kind = dict(before), {}, ""
    for entry in entries:
        if "begun" in entry:
            open_changes, kind = entry["changes"], entry["begun"]
        elif "done" in entry:
            state = apply(state, open_changes)
            open_changes, kind = {}, ""
    return state, open_changes, kind


def check_survivor(folder: Path, acknowledged: State, changes: Changes, kind: str) -> State:
    """Hold the reopened index to what was promised, and return its state."""
    with DocumentIndex.open(folder, ENCODER, read_only=True) as reader:
        seen_before_repair = sorted(reader.ids())
    with DocumentIndex.open(folder, ENCODER) as index:
        assert index.verify() == []
        assert sorted(index.ids()) == seen_before_repair
        return check_content(index, acknowledged, changes, kind)


def check_content(index: DocumentIndex, acknowledged: State, changes: Changes, kind: str) -> State:
    """Hold an open index to what was promised, and return its state."""
    names = index.ids()
    assert len(set(names)) == len(names), "a document is there twice"
    state = {}
    for name in names:
        document = index.get(name)
        assert document is not None
        version = document.metadata["version"]
        assert document == version_of(number_of(name), version)
        state[name] = version
    for name in acknowledged.keys() | changes.keys() | state.keys():
        allowed = {acknowledged.get(name)}
        if name in changes:
            allowed.add(changes[name])
        assert state.get(name) in allowed, (name, state.get(name), allowed)
    if kind == "delete":  # one commit: all or nothing
        outcomes = {state.get(name) is None for name in changes if name in acknowledged}
        assert len(outcomes) <= 1, f"half of {sorted(changes)} was deleted"
    _check_found(index, state)
    return state


def _check_found(index: DocumentIndex, state: State) -> None:
    words = [
        f"marker{number_of(name)} version{version % RELABELLED}" for name, version in state.items()
    ]
    for name, hits in zip(state, index.search_many(words, 3, mode="lexical"), strict=True):
        assert hits[0].id == name
        assert f"version{state[name] % RELABELLED} " in hits[0].passage.text
    passages = [_telling_passage(name, version) for name, version in state.items()]
    n_missed = 0
    for name, text, hits in zip(
        state, passages, index.search_many(passages, 3, mode="vector"), strict=True
    ):
        if (hits[0].id, hits[0].passage.text) == (name, text):
            assert hits[0].score == pytest.approx(1.0, abs=1e-5)
        else:
            n_missed += 1
    assert n_missed <= len(state) // 50  # an approximate index may miss a few among many
    if state:
        everything = index.search("the report", len(state) + 5, mode="vector")
        assert sorted(hit.id for hit in everything) == sorted(state)


def _telling_passage(name: str, version: int) -> str:
    text = version_of(number_of(name), version).text
    spans = FakeEncoder.spans(text, ENCODER.default_passages.max_tokens)
    return next(text[start:end] for start, end in spans if "Marker" in text[start:end])
