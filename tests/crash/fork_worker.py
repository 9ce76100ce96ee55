"""Programs that fork with an index open for writing; test_fork.py runs them.

``fork_worker.py NAME FOLDER``: the function of that name. It fails, and with it the program, where
a promise is broken.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "retrieval"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from corpus import make_document
from survivors import ENCODER, version_of

from vectorlong.errors import IndexFolderError
from vectorlong.retrieval.document_index import DocumentIndex

_DIGESTS = """
import hashlib, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*")):
    if path.is_file() and not path.name.endswith("-shm"):
        print(path.name, path.stat().st_ino, hashlib.sha256(path.read_bytes()).hexdigest())
"""


def contents(folder: Path) -> set[str]:
    """Name, inode and digest of every file below a folder but SQLite's shared memory.

    Another process reads them: if this one opened and closed the ledger, the system would take away
    the locks that its connections have on it.
    """
    done = subprocess.run(
        [sys.executable, "-c", _DIGESTS, folder], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines())


def assert_same(folder: Path, before: set[str]) -> None:
    """The folder holds what it held."""
    changed = contents(folder) ^ before
    assert not changed, f"the child changed {sorted(changed)}"


def _leave(code: int) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def in_child(work: Callable[[], object], ending: Callable[[int], NoReturn] = _leave) -> None:
    """Fork, let the child do ``work`` and end as told, and fail unless it went well."""
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # ends a child that waits for ever
        try:
            work()
        except BaseException:
            traceback.print_exc()
            _leave(1)
        ending(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, "the child failed"


def assert_refused(act: Callable[[], object]) -> None:
    """Whatever changes the index is refused by name here."""
    try:
        act()
    except IndexFolderError as error:
        message = str(error)
    else:
        raise AssertionError("a forked process wrote")
    assert "fork" in message, message


def assert_all_refused(index: DocumentIndex) -> None:
    """No kind of change is allowed."""
    assert_refused(lambda: index.add([make_document(70)]))
    assert_refused(lambda: index.add([version_of(1, 5)]))
    assert_refused(lambda: index.delete("doc-1"))
    assert_refused(index.compact)
    assert_refused(index.rebuild)


def assert_goes_on(index: DocumentIndex) -> None:
    """The process that opened the index works on, and closes it."""
    assert index.add([make_document(80)]).added == 1
    assert index.delete("doc-2") == 1
    index.compact()
    assert index.add([make_document(81)]).added == 1
    assert index.verify() == []
    index.close()


# --- programs -------------------------------------------------------------------------------------


def child_writes(folder: Path) -> None:
    """The child's changes are refused and leave no trace."""
    index = DocumentIndex.open(folder, ENCODER)
    index.add([make_document(60)])
    before = contents(folder)
    in_child(lambda: assert_all_refused(index))
    assert_same(folder, before)
    assert_goes_on(index)


def child_closes(folder: Path) -> None:
    """The child closes what it inherited; neither files nor lock notice."""
    index = DocumentIndex.open(folder, ENCODER)
    index.add([make_document(60)])
    before = contents(folder)
    in_child(index.close)
    assert_same(folder, before)
    in_child(lambda: _expect_locked(folder))
    assert_goes_on(index)


def child_exits(folder: Path) -> None:
    """The child ends as an interpreter does, running everything registered for that."""
    index = DocumentIndex.open(folder, ENCODER)
    index.add([make_document(60)])
    before = contents(folder)
    in_child(lambda: None, sys.exit)
    assert_same(folder, before)
    in_child(lambda: _expect_locked(folder))
    assert_goes_on(index)


def child_exits_after_use(folder: Path) -> None:
    """The same, where the child has read and tried to write before, and drops the object."""
    index = DocumentIndex.open(folder, ENCODER)
    index.add([make_document(60)])
    before = contents(folder)

    def use() -> None:
        nonlocal index
        assert index.get("doc-60") == make_document(60)
        assert_all_refused(index)
        del index

    in_child(use, sys.exit)
    assert_same(folder, before)
    assert_goes_on(index)


def child_exits_after_looks(folder: Path) -> None:
    """The same, where the parent has looked at the ledger's file in every way that there is."""
    with DocumentIndex.open(folder, ENCODER) as index:
        with DocumentIndex.open(folder, ENCODER, read_only=True) as reader:
            assert reader.verify() == []
        assert index.verify() == []
        index.add([make_document(60)])
        assert index.verify() == []
        with DocumentIndex.open(folder, ENCODER, read_only=True) as reader:
            assert reader.verify() == []
        before = contents(folder)
        in_child(lambda: None, sys.exit)
        assert_same(folder, before)
        in_child(lambda: DocumentIndex.open(folder, ENCODER, read_only=True).close(), sys.exit)
        assert_same(folder, before)
        assert_goes_on(index)


def _expect_locked(folder: Path) -> None:
    """Nobody else may write, whatever the object of the parent would say."""
    try:
        DocumentIndex.open(folder, ENCODER).close()
    except IndexFolderError as error:
        message = str(error)
    else:
        raise AssertionError("a second writer got in")
    assert "is being written by process" in message, message


def child_reads(folder: Path) -> None:
    """The child reads through the inherited object, also while the parent goes on writing."""
    index = DocumentIndex.open(folder, ENCODER)
    index.search("marker1")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(60)
            os.close(writing)
            _read_until_told(index, reading)
        except BaseException:
            traceback.print_exc()
            _leave(1)
        _leave(0)
    os.close(reading)
    for number in range(60, 75):
        index.add([make_document(number)])
        if number % 5 == 0:
            index.compact()
    os.close(writing)  # tells the child
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, "the child failed"
    assert_goes_on(index)


def _read_until_told(index: DocumentIndex, told: int) -> None:
    n_before = 0
    os.set_blocking(told, False)
    is_told = False
    while not is_told:
        with contextlib.suppress(BlockingIOError):
            is_told = os.read(told, 1) == b""
        assert index.get("doc-1") == make_document(1)
        assert index.search("marker1 version0", mode="lexical")[0].id == "doc-1"
        assert index.search(make_document(1).text, 1, mode="vector")[0].id == "doc-1"
        n_now = len(index)
        assert n_now >= n_before
        n_before = n_now
    assert index.get("doc-74") == make_document(74)


def parent_is_killed(folder: Path) -> None:
    """The parent writes on after the fork and is killed; the child lives until its input ends."""
    index = DocumentIndex.open(folder, ENCODER)
    index.add([make_document(60)])
    if os.fork() == 0:
        signal.alarm(60)
        assert index.get("doc-60") == make_document(60)
        os.read(0, 1)  # the end of the input is given when the test has seen enough
        _leave(0)
    index.add([make_document(61)])
    print("acknowledged", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def parent_exits(folder: Path) -> None:
    """The process becomes a daemon with the index open."""
    _become_daemon(folder, lambda: sys.exit(0))


def parent_exits_at_once(folder: Path) -> None:
    """The same by the usual way of daemons, without the interpreter's own ending."""
    _become_daemon(folder, lambda: _leave(0))


def _become_daemon(folder: Path, ending: Callable[[], object]) -> None:
    index = DocumentIndex.open(folder, ENCODER)
    index.add([make_document(60)])
    parent = os.getpid()
    if os.fork() != 0:
        ending()
    signal.alarm(60)
    try:
        while os.getppid() == parent:
            time.sleep(0.01)
        assert_all_refused(index)
        with DocumentIndex.open(folder, ENCODER) as own:
            _expect_locked(folder)
            assert own.add([make_document(61)]).added == 1
            own.compact()
            assert_all_refused(index)
        index.close()
        print("went on", flush=True)
    except BaseException:
        traceback.print_exc()
        _leave(1)
    sys.exit(0)


@contextlib.contextmanager
def beside(*works: Callable[[int], object]) -> Iterator[None]:
    """Threads that do each of these works again and again, and are told how often they did."""
    is_over = threading.Event()
    failures: list[BaseException] = []

    def repeat(work: Callable[[int], object]) -> None:
        number = 0
        try:
            while not is_over.is_set():
                work(number)
                number += 1
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=repeat, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join(60)
    assert failures == []


def _fork_often(index: DocumentIndex, n_forks: int) -> None:
    """Children that read what they inherited and end in one way or the other."""

    def read() -> None:
        signal.alarm(10)
        assert index.search("marker1 version0", 3, mode="lexical")[0].id == "doc-1"
        assert index.get("doc-1") == make_document(1)

    for number in range(n_forks):
        time.sleep(0.002 * (number % 5))
        if number % 10 == 0:
            process = multiprocessing.get_context("fork").Process(target=read)
            process.start()
            process.join()
            assert process.exitcode == 0, "the child failed"
        else:
            in_child(read, sys.exit if number % 5 == 0 else _leave)


def forks_beside_searching_threads(folder: Path) -> None:
    """No child waits for ever for a lock that a searching thread held."""
    with DocumentIndex.open(folder, ENCODER) as index:

        def search(number: int) -> None:
            where = {"parity": "odd"} if number % 4 == 1 else None
            mode = "hybrid" if number % 2 else "lexical"
            assert index.search("marker1 version0 report", 5, mode=mode, where=where)
            assert index.get(f"doc-{number % 6}") == make_document(number % 6)

        with beside(search, search, search, search):
            _fork_often(index, 20)
        assert_goes_on(index)


def forks_beside_a_writing_thread(folder: Path) -> None:
    """Nor for one of a writing thread; and no child sees half a change."""
    with DocumentIndex.open(folder, ENCODER) as index:

        def change(number: int) -> None:
            index.add([version_of(3, number), version_of(4, number)])
            if number % 20 == 10:
                index.compact()

        with beside(change, lambda _: index.verify()):
            _fork_often(index, 20)
        index.add([make_document(3), make_document(4)])
        assert_goes_on(index)


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
