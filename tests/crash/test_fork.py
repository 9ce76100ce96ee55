"""A writer belongs to the process that opened it; a forked one reads, and changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from corpus import make_documents
from survivors import ENCODER, check_survivor

from vectorlong.errors import IndexLockedError
from vectorlong.retrieval.document_index import DocumentIndex

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

_PROGRAM = Path(__file__).resolve().parent / "fork_worker.py"
ORIGINAL = {f"doc-{number}": 0 for number in range(6)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with DocumentIndex.create(tmp_path / "index", ENCODER) as index:
        index.add(make_documents(6))
    return tmp_path / "index"


def run(name: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, _PROGRAM, name, folder], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "name",
    [
        "child_writes",
        "child_closes",
        "child_exits",
        "child_exits_after_looks",
        "child_exits_after_use",
    ],
)
def test_a_child_changes_nothing(name: str, folder: Path) -> None:
    run(name, folder)
    expected = {**ORIGINAL, "doc-60": 0, "doc-80": 0, "doc-81": 0}
    del expected["doc-2"]
    check_survivor(folder, expected, {}, "")


def test_a_child_reads_while_the_parent_writes(folder: Path) -> None:
    run("child_reads", folder)
    expected = {**ORIGINAL, **{f"doc-{number}": 0 for number in (*range(60, 75), 80, 81)}}
    del expected["doc-2"]
    check_survivor(folder, expected, {}, "")


def test_the_parent_is_killed_while_the_child_lives(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, _PROGRAM, "parent_is_killed", folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"acknowledged\n"
        assert process.wait(60) == -9
        with DocumentIndex.open(folder, ENCODER, read_only=True) as index:
            assert sorted(index.ids()) == sorted([*ORIGINAL, "doc-60", "doc-61"])
        # The child holds no lock that it could not use.
        check_survivor(folder, {**ORIGINAL, "doc-60": 0, "doc-61": 0}, {}, "")


@pytest.mark.parametrize("name", ["parent_exits", "parent_exits_at_once"])
def test_a_daemon_opens_the_index_anew(name: str, folder: Path) -> None:
    assert run(name, folder) == "went on\n"
    check_survivor(folder, {**ORIGINAL, "doc-60": 0, "doc-61": 0}, {}, "")


def test_a_writer_of_this_process_keeps_others_out(folder: Path) -> None:
    """Two objects of one process, too; the refused one leaves the first one's lock alone."""
    with DocumentIndex.open(folder, ENCODER) as index:
        for _ in range(2):
            with pytest.raises(IndexLockedError, match=f"process {os.getpid()}"):
                DocumentIndex.open(folder, ENCODER)
        assert index.delete("doc-1") == 1
