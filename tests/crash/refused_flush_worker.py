"""The process whose flushes are refused: tries a change, perhaps more, and kills itself."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "retrieval"))

from corpus import make_document
from fake_encoder import FakeEncoder

from vectorlong.errors import VectorlongError
from vectorlong.retrieval.document_index import DocumentIndex

CHANGES = {
    "add": lambda index: index.add([make_document(50)]),
    "delete": lambda index: index.delete(["doc-1"]),
    "compact": lambda index: index.compact(),
    "rebuild": lambda index: index.rebuild(),
}


def work(folder: str, change: str, number: str, then: str) -> None:
    """Print a line for every change that was acknowledged, and die."""
    count = Path(os.environ["REFUSE_FLUSH_COUNT"])
    index = DocumentIndex.open(folder, FakeEncoder())
    reader = DocumentIndex.open(folder, FakeEncoder(), read_only=True)
    reader.search("river", 1)  # keeps the log from being emptied whenever the writer closes
    index.add([make_document(40)])
    count.write_text(number)
    try:
        CHANGES[change](index)
        print(change, flush=True)
    except VectorlongError:
        pass
    if then == "mended":
        count.unlink()
    if then != "killed":
        try:
            index.add([make_document(60)])
            print("later", flush=True)
        except VectorlongError:
            pass
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    work(*sys.argv[1:])
