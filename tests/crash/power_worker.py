"""The program whose power is cut; it marks what it begins and what is acknowledged.

Run by test_power_loss.py under write_log.c: ``power_worker.py documents|vectors FOLDER MARKS``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "retrieval"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
from crash_worker import prepare_process
from survivors import ENCODER, number_of, version_of

from vectorlong.retrieval.document_index import DocumentIndex
from vectorlong.vector_index.vector_index import VectorIndex

Mark = Callable[[dict], None]
N_SAVED = 3


def stored_vectors(version: int) -> np.ndarray:
    """What the vector index holds at its save number ``version``."""
    return np.random.default_rng(7).normal(size=(60 + 20 * version, 8)).astype(np.float32)


def work_on_documents(folder: str, mark: Mark) -> None:
    """Every kind of change, once or twice."""
    mark({"begun": "create", "changes": {}})
    index = DocumentIndex.create(folder, ENCODER, faiss="ivf-sq8")
    mark({"done": "create"})

    def change(kind: str, changes: dict[str, int | None]) -> None:
        mark({"begun": kind, "changes": changes})
        if kind == "add":
            index.add([version_of(number_of(name), changes[name] or 0) for name in changes])
        elif kind == "delete":
            index.delete(changes)
        else:
            getattr(index, kind)()
        mark({"done": kind})

    change("add", {f"doc-{number}": 0 for number in range(9)})
    change("add", {"doc-1": 1, "doc-9": 0})
    change("delete", {"doc-2": None, "doc-3": None})
    change("add", {"doc-10": 0})
    change("compact", {})
    change("add", {"doc-11": 0, "doc-1": 2})
    change("rebuild", {})
    change("delete", {"doc-4": None})
    change("close", {})


def work_on_vectors(folder: str, mark: Mark) -> None:
    """One save over the other."""
    index = VectorIndex(8, "ivf-sq8")
    for version in range(N_SAVED):
        rows = stored_vectors(version)
        index.add([f"id-{number}" for number in range(len(rows))], rows)
        mark({"begun": version})
        index.save(folder)
        mark({"done": version})


def main(work: str, folder: str, marks: str) -> None:
    """Do the work named on the command line."""
    prepare_process()
    descriptor = os.open(marks, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def mark(entry: dict) -> None:
        os.write(descriptor, json.dumps(entry).encode() + b"\n")

    {"documents": work_on_documents, "vectors": work_on_vectors}[work](folder, mark)


if __name__ == "__main__":
    main(*sys.argv[1:])
