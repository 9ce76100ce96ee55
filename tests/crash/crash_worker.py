"""The process that gets killed: works on an index at random and writes down what it did.

The journal has one line before and one after every action. A line that was written survives the
kill, because the kill takes the process and not the operating system.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "retrieval"))

from corpus import make_document
from fake_encoder import FakeEncoder

from vectorlong import disk
from vectorlong.retrieval import document_index, writer
from vectorlong.vector_index import growth, vector_file

N_IDS = 40


def _note(journal: Path, line: dict) -> None:
    with journal.open("a") as file:
        file.write(json.dumps(line) + "\n")


# With these every mechanism takes part although the index is small.
SMALL_SCALE: list[tuple[ModuleType, str, float]] = [
    (growth, "MIN_ROWS", 50),
    (growth, "_MAX_TAIL_ROWS", 20),
    (growth, "_MAX_GROWTH", 1.3),
    (writer, "_COMMIT_EVERY_S", 0.0),  # every document is a commit of its own
]


def prepare_process() -> None:
    """Make this process work at the small scale."""
    for module, name, value in SMALL_SCALE:
        assert hasattr(module, name)
        setattr(module, name, value)


def act(index: document_index.DocumentIndex, journal: Path, chance: random.Random) -> None:
    """One random action, noted before and after."""
    kind = chance.choices(["add", "delete", "compact", "rebuild"], [6, 3, 1, 1])[0]
    changes: dict[str, int | None] = {}
    if kind == "add":
        for number in chance.sample(range(N_IDS), chance.randint(1, 6)):
            changes[f"doc-{number}"] = chance.randrange(1_000)
    elif kind == "delete":
        for number in chance.sample(range(N_IDS), chance.randint(1, 3)):
            changes[f"doc-{number}"] = None
    _note(journal, {"begun": kind, "changes": changes})
    if kind == "add":
        index.add([make_document(int(name[4:]), version or 0) for name, version in changes.items()])
    elif kind == "delete":
        index.delete(changes)
    elif kind == "compact":
        index.compact()
    else:
        index.rebuild()
    _note(journal, {"done": kind})


def work_until_killed(folder: str, journal: str, seed: int) -> None:
    """Act at random for ever."""
    prepare_process()
    chance = random.Random(seed)
    _note(Path(journal), {"ready": os.getpid()})
    index = document_index.DocumentIndex.open(folder, FakeEncoder())
    while True:
        act(index, Path(journal), chance)


def work_until_flush(folder: str, journal: str, seed: int, n_flushes: int) -> None:
    """Run ten actions, and die just before flush number ``n_flushes`` of a file or folder."""
    prepare_process()
    flush, counted = disk.flush_to_disk, [0]

    def count(descriptor: int) -> None:
        counted[0] += 1
        if counted[0] == n_flushes:
            os.kill(os.getpid(), signal.SIGKILL)
        flush(descriptor)

    disk.flush_to_disk = count
    vector_file.flush_to_disk = count
    chance = random.Random(seed)
    with document_index.DocumentIndex.open(folder, FakeEncoder()) as index:
        for _ in range(10):
            act(index, Path(journal), chance)
    _note(Path(journal), {"survived": counted[0]})
