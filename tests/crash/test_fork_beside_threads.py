"""A fork comes between the calls and the changes of other threads, and waits for none for ever."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from corpus import make_documents
from survivors import ENCODER, check_survivor
from test_fork import ORIGINAL, run

from vectorlong.errors import IndexLockedError
from vectorlong.retrieval import connections
from vectorlong.retrieval.connections import LedgerConnection, connect
from vectorlong.retrieval.document_index import DocumentIndex

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with DocumentIndex.create(tmp_path / "index", ENCODER) as index:
        index.add(make_documents(6))
    return tmp_path / "index"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was slept so far by those who wait for each other."""
    pauses: list[float] = []
    sleep = time.sleep

    def note(seconds: float) -> None:
        if seconds == connections._PAUSE_S:
            pauses.append(seconds)
        sleep(seconds)

    monkeypatch.setattr(connections.time, "sleep", note)
    return pauses


@pytest.mark.parametrize(
    "name", ["forks_beside_searching_threads", "forks_beside_a_writing_thread"]
)
def test_no_child_waits_for_ever(name: str, folder: Path) -> None:
    run(name, folder)
    expected = {**ORIGINAL, "doc-80": 0, "doc-81": 0}
    del expected["doc-2"]
    check_survivor(folder, expected, {}, "")


def exit_code_of(work: Callable[[], int]) -> int:
    """What ``work`` returns in a forked process."""
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        code = 99
        try:
            code = work()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def held_call(folder: Path) -> Iterator[tuple[LedgerConnection, threading.Event]]:
    """A connection of which another thread is inside a call, and what ends that."""
    connection = connect(folder / "ledger.sqlite", read_only=True)
    is_inside, may_end = threading.Event(), threading.Event()

    def pause() -> int:
        is_inside.set()
        return may_end.wait(60)

    connection.create_function("pause", 0, pause)
    thread = threading.Thread(target=connection.one, args=("SELECT pause()",))
    thread.start()
    is_inside.wait(60)
    yield connection, may_end
    may_end.set()
    thread.join()
    connection.close()


def _is_refused(folder: Path) -> int:
    try:
        connect(folder / "ledger.sqlite", read_only=True)
    except IndexLockedError as error:
        return 7 if f"forked from process {os.getppid()} in the middle" in str(error) else 8
    return 9


def test_a_fork_waits_for_a_call(
    folder: Path,
    held_call: tuple[LedgerConnection, threading.Event],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "_FORK_WAIT_S", 60.0)
    connection, may_end = held_call

    def end_after_a_while() -> None:
        while not connections._forking:
            time.sleep(0.001)
        time.sleep(0.05)
        may_end.set()

    thread = threading.Thread(target=end_after_a_while)
    thread.start()
    assert exit_code_of(lambda: 10 + connection.is_called) == 10
    thread.join()


def test_a_fork_waits_for_no_call_for_ever_and_the_child_is_refused(
    folder: Path,
    held_call: tuple[LedgerConnection, threading.Event],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "_FORK_WAIT_S", 0.05)
    assert exit_code_of(lambda: _is_refused(folder)) == 7
    assert _is_refused(folder) == 9, "the parent is none that was forked"


def test_a_fork_waits_for_the_end_of_a_change_and_no_part_of_it_waits_for_the_fork(
    folder: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    monkeypatch.setattr(connections, "_FORK_WAIT_S", 60.0)
    connection = connect(folder / "ledger.sqlite", read_only=False)
    has_begun = threading.Event()

    def change() -> None:
        connection.execute("BEGIN IMMEDIATE")
        has_begun.set()
        while not connections._forking:
            time.sleep(0.001)
        for _ in range(3):
            connection.execute("UPDATE state SET generation = generation + 0")
        connection.execute("COMMIT")

    thread = threading.Thread(target=change)
    thread.start()
    has_begun.wait(60)
    assert exit_code_of(lambda: _is_refused(folder)) == 9
    thread.join()
    assert pauses
    connection.close()


def test_a_look_at_an_index_is_no_obstacle_and_ends_with_the_fork(
    folder: Path, pauses: list[float]
) -> None:
    """A thread that is between two calls is not waited for, however long it looks."""
    connection = connect(folder / "ledger.sqlite", read_only=True)

    def begin() -> None:
        connection.execute("BEGIN")
        connection.one("SELECT generation FROM state")

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join()
    assert exit_code_of(lambda: _is_refused(folder)) == 9
    assert not pauses
    assert connection.in_transaction
    connection.close()


def test_a_thread_that_forks_does_not_wait_for_itself(folder: Path, pauses: list[float]) -> None:
    """As a signal's handler or a finalizer may do, in the middle of a call and of a change."""
    connection = connect(folder / "ledger.sqlite", read_only=False)
    connection.create_function("forked", 0, lambda: exit_code_of(lambda: _is_refused(folder)))
    connection.execute("BEGIN IMMEDIATE")
    assert connection.one("SELECT forked()") == (7,)
    assert exit_code_of(lambda: _is_refused(folder)) == 7
    connection.execute("COMMIT")
    assert exit_code_of(lambda: _is_refused(folder)) == 9
    assert not pauses
    connection.close()


@pytest.mark.parametrize(
    ("is_own", "seconds", "waits"), [(False, 0.05, True), (False, -1.0, False), (True, 60.0, False)]
)
def test_a_call_waits_for_the_fork_of_another_thread_and_not_for_ever(
    folder: Path, pauses: list[float], is_own: bool, seconds: float, waits: bool
) -> None:
    """Also where the end of the fork was never told, because an interrupt came."""
    connection = connect(folder / "ledger.sqlite", read_only=True)
    thread = threading.get_ident() + (not is_own)
    connections._forking[thread] = time.monotonic() + seconds
    try:
        assert connection.one("SELECT epoch FROM state") == (0,)
    finally:
        del connections._forking[thread]
    assert bool(pauses) == waits
    connection.close()
