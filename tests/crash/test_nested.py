"""A change from within a change: from a signal's handler, or from the documents that are added."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from corpus import make_document, make_documents
from fake_encoder import FakeEncoder

from vectorlong.documents import Document
from vectorlong.errors import IndexFolderError, IndexLockedError
from vectorlong.retrieval.document_index import DocumentIndex
from vectorlong.vector_index.vector_index import VectorIndex

HERE = Path(__file__).resolve().parent
needs_timer = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer's signal")


@needs_timer
@pytest.mark.parametrize("outer", ["add", "compact", "delete", "rebuild"])
def test_a_handler_cannot_change_an_index_in_the_middle_of_a_change(
    tmp_path: Path, outer: str
) -> None:
    numbers = iter(range(1000, 100_000))
    outcomes: list[str] = []
    added: set[str] = set()
    index = DocumentIndex.create(tmp_path / "index", FakeEncoder())
    index.add(make_documents(30))

    def handler(number: int, frame: object) -> None:
        document = make_document(next(numbers))
        try:
            index.add([document])
            added.add(document.id)
            outcomes.append("added")
        except IndexLockedError as error:
            outcomes.append(str(error))

    former = signal.signal(signal.SIGALRM, handler)
    try:
        for round in range(60):
            document = make_document(100 + round)
            signal.setitimer(signal.ITIMER_REAL, 0.0003 + round * 0.0004)
            if outer == "add":
                index.add([document])
                added.add(document.id)
            elif outer == "delete":
                index.delete([f"doc-{round % 30}"])
                index.add([make_document(round % 30)])
            elif outer == "compact":
                index.compact()
            else:
                index.rebuild()
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, former)
    assert outcomes
    assert all(told == "added" or "by this very thread" in told for told in outcomes)
    index.close()
    with DocumentIndex.open(tmp_path / "index", FakeEncoder()) as index:
        assert index.verify() == []
        assert set(index.ids()) == added | {f"doc-{number}" for number in range(30)}


@needs_timer
def test_a_handler_cannot_close_an_index_in_the_middle_of_a_change(tmp_path: Path) -> None:
    index = DocumentIndex.create(tmp_path / "index", FakeEncoder())
    refused = []

    def handler(number: int, frame: object) -> None:
        try:
            index.close()
        except IndexLockedError:
            refused.append(number)

    former = signal.signal(signal.SIGALRM, handler)
    acknowledged = []
    try:
        for number in range(40):
            signal.setitimer(signal.ITIMER_REAL, 0.0002 + number * 0.0003)
            try:
                index.add([make_document(number)])
                acknowledged.append(f"doc-{number}")
            except IndexFolderError:  # closed between two steps
                index.close()
                index = DocumentIndex.open(tmp_path / "index", FakeEncoder())
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, former)
    index.close()
    with DocumentIndex.open(tmp_path / "index", FakeEncoder()) as index:
        assert index.verify() == []
        assert set(acknowledged) <= set(index.ids())


def test_the_documents_that_are_added_may_change_the_index(tmp_path: Path) -> None:
    with DocumentIndex.create(tmp_path / "index", FakeEncoder()) as index:
        index.add(make_documents(20))

        def documents() -> Iterator[Document]:
            for number in range(20):
                found = index.get(f"doc-{number}")
                assert found is not None
                assert index.delete([found.id]) == 1
                assert index.search("river", 1)
                index.add([make_document(500 + number)])
                yield Document(f"new-{number}", found.text)

        assert index.add(documents()).added == 20
        assert index.verify() == []
        names = {f"new-{number}" for number in range(20)}
        assert set(index.ids()) == names | {f"doc-{500 + number}" for number in range(20)}


@needs_timer
def test_a_handler_cannot_change_a_vector_index_in_the_middle_of_a_change() -> None:
    rows = np.random.default_rng(0).normal(size=(3000, 16)).astype(np.float32)
    extra = np.random.default_rng(1).normal(size=(2000, 16)).astype(np.float32)
    index = VectorIndex(16, "hnsw")
    kept: dict[str, np.ndarray] = {}
    outcomes, places = set(), itertools.count()

    def handler(number: int, frame: object) -> None:
        place = next(places)
        if place >= len(extra):
            return
        try:
            index.add([f"extra-{place}"], extra[place : place + 1])
            kept[f"extra-{place}"] = extra[place]
            outcomes.add("added")
        except IndexLockedError:
            outcomes.add("refused")

    former = signal.signal(signal.SIGALRM, handler)
    try:
        for start in range(0, 3000, 50):
            names = [f"id-{number}" for number in range(start, start + 50)]
            signal.setitimer(signal.ITIMER_REAL, 1e-5 + start * 2e-7, 2e-4)
            index.add(names, rows[start : start + 50])
            kept.update(zip(names, rows[start : start + 50], strict=True))
            if start % 500 == 0:
                index.build()
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
    assert set(index.ids) == set(kept)
    assert outcomes
    for name, row in list(kept.items())[::37]:
        assert index.search(row, 1)[0][0] == name


def test_an_index_left_open_beside_a_writing_thread_ends_quietly(tmp_path: Path) -> None:
    program = f"""if True:
        import sys, threading, time
        sys.path[:0] = {[str(HERE.parent / "retrieval")]!r}
        from corpus import make_document
        from fake_encoder import FakeEncoder
        from vectorlong.retrieval.document_index import DocumentIndex
        index = DocumentIndex.create(sys.argv[1], FakeEncoder())
        def work():
            for number in range(100_000):
                index.add([make_document(number)])
        threading.Thread(target=work, daemon=True).start()
        time.sleep(float(sys.argv[2]))
    """
    for number in range(6):
        folder = tmp_path / f"index-{number}"
        done = subprocess.run(
            [sys.executable, "-c", program, folder, str(0.05 + number * 0.037)],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0
        assert "_exitfunc" not in done.stderr
        assert "very thread" not in done.stderr
        with DocumentIndex.open(folder, FakeEncoder()) as index:
            assert index.verify() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_forked_in_the_middle_of_a_change_closes_and_ends(tmp_path: Path) -> None:
    index = DocumentIndex.create(tmp_path / "index", FakeEncoder())
    index.add(make_documents(3))
    assert index._writer is not None
    with index._writer.folder.alone():  # as another thread would be
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            code = 8
            try:
                index.close()
                index._closing()
                code = 7
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    index.add(make_documents(6))
    index.close()
