"""Ctrl-C at random instants, and the object lives on.

One index of 300 documents is worked on, interrupted, worked on, and now and then closed, opened and
checked as a whole.
"""

from __future__ import annotations

import random
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from corpus import make_documents
from survivors import (
    ENCODER,
    Changes,
    State,
    apply,
    check_content,
    check_survivor,
    number_of,
    version_of,
)

from vectorlong.retrieval.document_index import DocumentIndex

N_DOCUMENTS = 300
KINDS = ("add", "delete", "compact", "rebuild")
pytestmark = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="this system has no timer of microseconds"
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original") / "index"
    with DocumentIndex.create(folder, ENCODER, faiss="ivf-sq8") as index:
        index.add(make_documents(N_DOCUMENTS))
    return folder


def interrupted(act: Callable[[], object], delay_s: float) -> bool:
    """Run ``act`` with Ctrl-C after a while, and return whether that came before its end."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGALRM, interrupt)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, max(delay_s, 1e-6))
            act()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        return True
    finally:
        signal.signal(signal.SIGALRM, former)
    return False


class Notebook:
    """Somebody who works with one index and presses Ctrl-C.

    Parameters
    ----------
    folder
        Of the index.
    chance
        Decides everything.
    """

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self._folder = folder
        self._chance = chance
        self._acknowledged: State = {f"doc-{number}": 0 for number in range(N_DOCUMENTS)}
        self._open_changes: Changes = {}
        self._open_kind = ""
        self._seconds = dict.fromkeys(KINDS, 0.01)
        self._n_versions = 0
        self.index = DocumentIndex.open(folder, ENCODER)

    def _changes(self, kind: str) -> Changes:
        names = [f"doc-{number}" for number in self._chance.sample(range(N_DOCUMENTS), 4)]
        if kind == "delete":
            return dict.fromkeys(names)
        self._n_versions += 1
        return dict.fromkeys(names, self._n_versions) if kind == "add" else {}

    def _act(self, kind: str, changes: Changes) -> None:
        if kind == "add":
            self.index.add([version_of(number_of(name), changes[name] or 0) for name in changes])
        elif kind == "delete":
            self.index.delete(changes)
        else:
            getattr(self.index, kind)()

    def interrupt(self, kind: str) -> bool:
        """Begin an action, interrupt it, and see what is there; whether the interrupt came in."""
        changes = self._changes(kind)
        delay_s = self._chance.random() * 1.2 * self._seconds[kind]
        started = time.perf_counter()
        is_interrupted = interrupted(lambda: self._act(kind, changes), delay_s)
        if is_interrupted:
            self._open_changes, self._open_kind = changes, kind
            self._settle_what_is_open()
            return True
        self._seconds[kind] = time.perf_counter() - started
        self._acknowledged = apply(self._acknowledged, changes)
        return False

    def _settle_what_is_open(self) -> None:
        """Look which of the changes are there; from now on that is what was acknowledged."""
        found = {}
        for name in self._open_changes:
            document = self.index.get(name)
            found[name] = None if document is None else document.metadata["version"]
            assert found[name] in (self._acknowledged.get(name), self._open_changes[name])
        if self._open_kind == "delete":
            gone = [found[name] is None for name in found if name in self._acknowledged]
            assert len(set(gone)) <= 1, f"half of {sorted(found)} was deleted"
        self._acknowledged = apply(self._acknowledged, found)

    def go_on(self) -> None:
        """Do one thing to its end, and search."""
        changes = self._changes("add")
        self._act("add", changes)
        self._acknowledged = apply(self._acknowledged, changes)
        name = next(iter(changes))
        words = f"marker{number_of(name)} version{changes[name]}"
        for mode in ("lexical", "hybrid"):
            assert self.index.search(words, 1, mode=mode)[0].id == name

    def check(self) -> None:
        """Close the index, hold what is on the disk to what was acknowledged, and open it again."""
        check_content(self.index, self._acknowledged, {}, "")
        self.index.close()
        check_survivor(self._folder, self._acknowledged, {}, "")
        self.index = DocumentIndex.open(self._folder, ENCODER)


def interrupt_often(
    folder: Path, kinds: tuple[str, ...], n_interrupts: int, check_every: int, seed: int
) -> None:
    notebook = Notebook(folder, random.Random(seed))
    n_done, n_tried = 0, 0
    while n_done < n_interrupts:
        n_tried += 1
        assert n_tried < 20 * n_interrupts, "hardly any interrupt came before the end"
        if not notebook.interrupt(kinds[n_tried % len(kinds)]):
            continue
        n_done += 1
        if n_done % 3:  # else the next interrupt follows at once
            notebook.go_on()
        if n_done % check_every == 0:
            notebook.check()
    notebook.check()
    notebook.index.close()


@pytest.fixture
def folder(original: Path, memory_path: Path) -> Path:
    assert threading.current_thread() is threading.main_thread(), "signals come to this thread"
    return Path(shutil.copytree(original, memory_path / "index"))


# An interrupt may come in a function that runs while an object is thrown away; Python prints it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("small_scale")
def test_sixty_interrupts(folder: Path) -> None:
    interrupt_often(folder, KINDS, 60, check_every=15, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("small_scale")
@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_interrupts(folder: Path, kind: str) -> None:
    interrupt_often(folder, (kind,), 1000, check_every=20, seed=KINDS.index(kind))
