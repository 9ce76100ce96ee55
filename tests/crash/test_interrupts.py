"""Ctrl-C, no memory, a failing disk; and the object lives on.

What was acknowledged before is there, the same object works on, and what it acknowledges from then
on is there too when the index is opened again.
"""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import crash_worker
import pytest
from corpus import make_document
from injection import MakeError, Point, interrupt, places, points_of
from survivors import (
    ENCODER,
    RELABELLED,
    Changes,
    State,
    apply,
    check_content,
    check_survivor,
    number_of,
    version_of,
)

from vectorlong.errors import VectorlongError
from vectorlong.retrieval.document_index import DocumentIndex

KIND = "ivf-sq8"
ORIGINAL: State = {f"doc-{number}": 0 for number in range(20) if number != 3}


def input_output_error(is_sqlite: bool) -> BaseException:
    if is_sqlite:
        return sqlite3.OperationalError("disk I/O error")
    return OSError(errno.EIO, "Input/output error")


ERRORS: dict[str, MakeError] = {
    "KeyboardInterrupt": lambda _: KeyboardInterrupt(),
    "MemoryError": lambda _: MemoryError(),
    "EIO": input_output_error,
}


@dataclass
class Work:
    """An index, what it has acknowledged, and what may be there besides."""

    folder: Path
    acknowledged: State
    index: DocumentIndex | None = None
    open_changes: Changes = field(default_factory=dict)
    kind: str = ""

    @property
    def opened(self) -> DocumentIndex:
        """The index, which is open."""
        assert self.index is not None
        return self.index

    def create(self) -> None:
        """Make the index."""
        self.index = DocumentIndex.create(self.folder, ENCODER, faiss=KIND)

    def open(self) -> None:
        """Open the index."""
        self.index = DocumentIndex.open(self.folder, ENCODER)

    def open_again(self) -> None:
        """Open the index; make it where there is none yet."""
        if (self.folder / "manifest.json").exists():
            self.open()
        else:
            self.create()

    def add(self, changes: Changes) -> None:
        """Add documents."""
        self.opened.add([version_of(number_of(name), changes[name] or 0) for name in changes])

    def search(self) -> None:
        """Search in all three ways."""
        for mode in ("vector", "lexical", "hybrid"):
            assert self.opened.search("marker5 version0", mode=mode)

    def check(self) -> None:
        """Hold what can be read to what was acknowledged; what is seen once has to stay."""
        self.acknowledged = check_content(
            self.opened, self.acknowledged, self.open_changes, self.kind
        )
        self.open_changes = {}

    def go_on(self, start: int) -> None:
        """Work with the same object, beginning with another action for every ``start``."""
        further: list[tuple[Callable[[], object], Changes]] = [
            (self.check, {}),
            (lambda: self.opened.add([make_document(90)]), {"doc-90": 0}),
            (lambda: self.opened.delete(["doc-1", "doc-2"]), {"doc-1": None, "doc-2": None}),
            (self.opened.compact, {}),
            (self.opened.rebuild, {}),
        ]
        start %= len(further)
        for act, changes in further[start:] + further[:start]:
            act()
            self.acknowledged = apply(self.acknowledged, changes)

    def finish(self) -> None:
        """Close the index and hold what is on the disk to what was acknowledged."""
        if self.index is not None:
            self.index.close()
        check_survivor(self.folder, self.acknowledged, self.open_changes, self.kind)


@dataclass(frozen=True)
class Action:
    """What is interrupted: how it is done, what it changes, and whether an index is open before."""

    run: Callable[[Work], object]
    changes: Changes = field(default_factory=dict)
    is_open_before: bool = True


ADDED: Changes = {"doc-50": 0, "doc-5": 1, "doc-51": 0}
RELABELLINGS: Changes = {"doc-8": RELABELLED, "doc-9": RELABELLED}
DELETED: Changes = {"doc-6": None, "doc-7": None}
ACTIONS = {
    "create": Action(Work.create, is_open_before=False),
    "open": Action(Work.open, is_open_before=False),
    "add": Action(lambda work: work.add(ADDED), ADDED),
    "relabel": Action(lambda work: work.add(RELABELLINGS), RELABELLINGS),
    "delete": Action(lambda work: work.opened.delete(DELETED), DELETED),
    "compact": Action(lambda work: work.opened.compact()),
    "rebuild": Action(lambda work: work.opened.rebuild()),
    "search": Action(Work.search),
    "close": Action(lambda work: work.opened.close()),
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed index with a saved FAISS index and a deleted document."""
    folder = tmp_path_factory.mktemp("original") / "index"
    with pytest.MonkeyPatch.context() as patch:
        for module, name, value in crash_worker.SMALL_SCALE:
            patch.setattr(module, name, value)
        with DocumentIndex.create(folder, ENCODER, faiss=KIND) as index:
            index.add([make_document(number) for number in range(20)])
            index.delete("doc-3")
            assert index.info()["faiss_in_use"] == KIND
    return folder


def prepare(name: str, original: Path, folder: Path) -> Work:
    shutil.rmtree(folder, ignore_errors=True)
    if name == "create":
        return Work(folder, {})
    shutil.copytree(original, folder)
    work = Work(folder, ORIGINAL)
    if ACTIONS[name].is_open_before:
        work.open()
    return work


def interrupt_and_go_on(work: Work, name: str, point: Point, error: str, number: int) -> None:
    """One case. As in a notebook, the error and its traceback are kept until the end."""
    action = ACTIONS[name]
    outcome = interrupt(lambda: action.run(work), point, ERRORS[error])
    if outcome is None:
        assert error != "KeyboardInterrupt", "the interrupt was swallowed"
        work.acknowledged = apply(work.acknowledged, action.changes)
    else:
        raised = () if error == "EIO" else (type(ERRORS[error](False)),)
        assert isinstance(outcome, (VectorlongError, *raised)), repr(outcome)
        work.open_changes, work.kind = action.changes, name
    if name == "close":
        work.opened.close()
    elif work.index is None:
        work.open_again()  # the lock was given back
        work.check()
    else:
        work.go_on(number)
    work.finish()


def run_all(name: str, original: Path, memory_path: Path, cases: list[tuple[Point, str]]) -> None:
    failures = []
    for number, (point, error) in enumerate(cases):
        work = prepare(name, original, memory_path / f"{number}")
        try:
            interrupt_and_go_on(work, name, point, error, number)
        except (AssertionError, VectorlongError, sqlite3.Error, OSError) as failure:
            failures.append(f"{error} {point}: {failure!r}")
        else:
            shutil.rmtree(work.folder)
        finally:
            if work.index is not None:
                work.index.close()
    assert not failures, f"{len(failures)} of {len(cases)}:\n" + "\n".join(failures)


def points_in(name: str, original: Path, folder: Path, *, lines: bool = False) -> list[Point]:
    """The points that an action passes, the second time, when what is kept for later is there."""
    for _ in range(2):
        work = prepare(name, original, folder)
        points = points_of(lambda work=work: ACTIONS[name].run(work), lines=lines)
        work.opened.close()
    return points


@pytest.mark.usefixtures("small_scale")
@pytest.mark.parametrize("name", ACTIONS)
def test_an_error_around_any_system_call(name: str, original: Path, memory_path: Path) -> None:
    """Each place once, with one error after the other."""
    points = places(points_in(name, original, memory_path / "counted"))
    cases = [(point, list(ERRORS)[number % 3]) for number, point in enumerate(points)]
    run_all(name, original, memory_path, cases)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("small_scale")
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("name", ACTIONS)
def test_every_error_around_every_system_call(
    name: str, error: str, original: Path, memory_path: Path
) -> None:
    points = points_in(name, original, memory_path / "counted")
    run_all(name, original, memory_path, [(point, error) for point in points])


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("small_scale")
@pytest.mark.parametrize("name", ACTIONS)
def test_an_interrupt_before_any_line(name: str, original: Path, memory_path: Path) -> None:
    """Ctrl-C comes between any two steps of Python's, not only around system calls."""
    points = places(points_in(name, original, memory_path / "counted", lines=True))
    run_all(name, original, memory_path, [(point, "KeyboardInterrupt") for point in points])
