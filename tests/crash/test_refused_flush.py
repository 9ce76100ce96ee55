"""A disk that refuses a flush: what was not acknowledged does no harm, whenever it comes back.

SQLite's commit that could not be flushed may stand in the write-ahead log all the same, and counts
at the next opening after a crash. Nothing that it refers to may have been cut off or overwritten.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from corpus import make_document, make_documents
from fake_encoder import FakeEncoder
from preload import compiled

from vectorlong.retrieval.document_index import DocumentIndex

WORKER = Path(__file__).resolve().parent / "refused_flush_worker.py"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled("refuse_flush.c", tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("refused") / "index"
    with DocumentIndex.create(folder, FakeEncoder()) as index:
        index.add(make_documents(8))
        index.delete(["doc-7"])
    return folder


@pytest.mark.parametrize("then", ["killed", "goes on", "mended"])
@pytest.mark.parametrize("change", ["add", "delete", "compact", "rebuild"])
@pytest.mark.parametrize(
    "of",
    [
        "ledger.sqlite",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("vectors", "documents", "index")),
    ],
)
def test_a_refused_flush_loses_and_damages_nothing(
    library: Path, original: Path, tmp_path: Path, of: str, change: str, then: str
) -> None:
    for number in (1, 2, 3):
        folder = tmp_path / f"index-{number}"
        shutil.copytree(original, folder)
        (tmp_path / "count").unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, WORKER, folder, change, str(number), then],
            env={
                **os.environ,
                "LD_PRELOAD": str(library),
                "REFUSE_FLUSH_OF": of,
                "REFUSE_FLUSH_COUNT": str(tmp_path / "count"),
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == -9, done.stderr
        acknowledged = done.stdout.split()
        assert then != "mended" or "later" in acknowledged
        with DocumentIndex.open(folder, FakeEncoder()) as index:
            assert index.verify() == []
            names = set(index.ids())
            expected = {*(f"doc-{kept}" for kept in (0, 2, 3, 4, 5, 6)), "doc-40"}
            assert expected <= names <= expected | {"doc-1", "doc-50", "doc-60"}
            for word, name in (("add", "doc-50"), ("later", "doc-60")):
                assert word not in acknowledged or name in names
            assert ("doc-1" in names) if change != "delete" else True
            assert "delete" not in acknowledged or "doc-1" not in names
            for name in names:
                assert index.get(name) == make_document(int(name[4:]))
                words = f"marker{name[4:]} version0"
                assert index.search(words, 1, mode="lexical")[0].id == name
            index.add([make_document(70)])
        shutil.rmtree(folder)
