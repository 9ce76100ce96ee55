"""Acknowledged documents that are still in SQLite's write-ahead log, and the log is damaged.

SQLite passes over a log's frames from the first that does not have its checksum, in silence; so it
is the index that has to notice.
"""

from __future__ import annotations

import gc
import shutil
import sqlite3
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from corpus import make_document, make_documents
from survivors import ENCODER, State, check_content

from vectorlong.errors import IndexCorruptError, IndexFolderError
from vectorlong.retrieval.document_index import DocumentIndex

N_BEFORE, N_ADDED = 30, 10
ACKNOWLEDGED: State = {f"doc-{number}": 0 for number in range(N_BEFORE + N_ADDED)}
LOG = "ledger.sqlite-wal"
_LOG_HEADER = 32
_FRAME_HEADER = 24

_WRITER = f"""
import sys
sys.path[:0] = sys.argv[2:]
from corpus import make_document
from survivors import ENCODER
from vectorlong.retrieval import ledger_writer
from vectorlong.retrieval.document_index import DocumentIndex
ledger_writer._CHECKPOINT_WAIT_MS = 1
index = DocumentIndex.open(sys.argv[1], ENCODER)
for number in range({N_BEFORE}, {N_BEFORE + N_ADDED}):
    index.add([make_document(number)])
print("acknowledged", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that a killed writer left while a reader held its log back."""
    folder = tmp_path_factory.mktemp("killed") / "index"
    with DocumentIndex.create(folder, ENCODER) as index:
        index.add(make_documents(N_BEFORE))
    reader = sqlite3.connect(f"{(folder / 'ledger.sqlite').as_uri()}?mode=ro", uri=True)
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM documents").fetchone()
        here = Path(__file__).resolve().parent
        folders = [here, here.parent / "retrieval", here.parents[1]]
        with subprocess.Popen(
            [sys.executable, "-c", _WRITER, folder, *folders],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"acknowledged\n"
            writer.kill()
        target = folder.with_name("killed")
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns("*-shm"))
    finally:
        reader.close()
    return target


def n_frames(log: bytes) -> int:
    """Frames of a log: a header of 32 bytes, then frames of a header and a page each."""
    page_size = struct.unpack_from(">I", log, 8)[0]
    return (len(log) - _LOG_HEADER) // (_FRAME_HEADER + page_size)


def flips(log: bytes, step: int) -> Iterator[tuple[str, bytes]]:
    """The log with one bit of it turned, in its header and in every ``step``-th frame."""
    page_size = struct.unpack_from(">I", log, 8)[0]
    places = [0, 5, 9, 13, 17, 25]
    for frame in range(0, n_frames(log), step):
        start = _LOG_HEADER + frame * (_FRAME_HEADER + page_size)
        # Page number, size of the database at a commit, salt, checksum, and places in the page.
        within = [2, 7, 9, 17, 24, 24 + 100, 24 + page_size // 2, 23 + page_size]
        places += [start + within[frame % len(within)], start + within[(3 * frame + 1) % 8]]
    for place in places:
        spoiled = bytearray(log)
        spoiled[place] ^= 1 << (place % 8)
        yield f"flip at {place}", bytes(spoiled)


def cuts(log: bytes, step: int) -> Iterator[tuple[str, bytes]]:
    """The log cut: to nothing, within its header, and at and within every ``step``-th frame."""
    page_size = struct.unpack_from(">I", log, 8)[0]
    lengths = [0, 1, _LOG_HEADER - 1, _LOG_HEADER, len(log) - 1]
    for frame in range(0, n_frames(log), step):
        start = _LOG_HEADER + frame * (_FRAME_HEADER + page_size)
        lengths += [start, start + _FRAME_HEADER, start + 2000]
    for length in lengths:
        yield f"cut to {length} of {len(log)}", log[:length]


def check_all_or_refused(
    killed: Path, folder: Path, damages: Iterator[tuple[str, bytes | None]]
) -> Counter[str]:
    """Open the index with each damaged log, read-only and for writing, and count what came."""
    came = Counter[str]()
    for damage, log in damages:
        for read_only in (True, False):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(killed, folder)
            (folder / LOG).unlink()
            if log is not None:
                (folder / LOG).write_bytes(log)
            try:
                with DocumentIndex.open(folder, ENCODER, read_only=read_only) as index:
                    check_content(index, ACKNOWLEDGED, {}, "")
                    assert index.verify() == [], damage
            except IndexCorruptError as refusal:
                came["refused"] += 1
                message = str(refusal)
            else:
                came["whole"] += 1
                continue
            assert "ledger.sqlite" in message, (damage, message)
            for name in ("vectors.f32", "documents.f32"):
                assert (folder / name).read_bytes() == (killed / name).read_bytes(), damage
    return came


def test_an_undamaged_log_gives_everything(killed: Path, tmp_path: Path) -> None:
    log = (killed / LOG).read_bytes()
    assert n_frames(log) > 5 * N_ADDED
    came = check_all_or_refused(killed, tmp_path / "index", iter([("none", log)]))
    assert came == {"whole": 2}


Damages = Callable[[bytes, int], Iterator[tuple[str, bytes]]]


@pytest.mark.parametrize("damages", [flips, cuts])
def test_a_damaged_log_is_refused_or_whole(killed: Path, tmp_path: Path, damages: Damages) -> None:
    log = (killed / LOG).read_bytes()
    came = check_all_or_refused(killed, tmp_path / "index", damages(log, 8))
    assert came["refused"] > 20


@pytest.mark.slow
@pytest.mark.parametrize("damages", [flips, cuts])
def test_a_log_damaged_anywhere_is_refused_or_whole(
    killed: Path, tmp_path: Path, damages: Damages
) -> None:
    log = (killed / LOG).read_bytes()
    came = check_all_or_refused(killed, tmp_path / "index", damages(log, 1))
    assert came["refused"] > 200


def test_a_removed_log_is_refused(killed: Path, tmp_path: Path) -> None:
    came = check_all_or_refused(killed, tmp_path / "index", iter([("removed", None)]))
    assert came == {"refused": 2}


def test_an_older_ledger_is_refused(killed: Path, tmp_path: Path) -> None:
    """The ledger put back from a copy, the rest of the folder not."""
    folder = tmp_path / "index"
    shutil.copytree(killed, folder)
    with DocumentIndex.open(folder, ENCODER) as index:
        old = (folder / "ledger.sqlite").read_bytes()
        index.add(make_documents(N_BEFORE + N_ADDED + 5)[-5:])
    (folder / "ledger.sqlite").write_bytes(old)
    for read_only in (True, False):
        with pytest.raises(IndexCorruptError, match=r"ledger\.sqlite"):
            DocumentIndex.open(folder, ENCODER, read_only=read_only)


def test_a_half_made_object_that_an_interrupt_left_stamps_nothing(tmp_path: Path) -> None:
    """Its lock was given back; a traceback keeps it, and it is collected beside the next writer."""
    folder = tmp_path / "index"
    DocumentIndex.create(folder, ENCODER).close()
    left = DocumentIndex.open(folder, ENCODER)
    left.add([make_document(1)])
    left._parts[2].release()  # as the interrupted open did
    with DocumentIndex.open(folder, ENCODER) as index:
        index.add([make_document(2)])
        before = (folder / "manifest.json").read_bytes()
        with pytest.raises(IndexFolderError, match="is closed"):
            left.add([make_document(3)])
        del left
        gc.collect()
        assert (folder / "manifest.json").read_bytes() == before
        index.add([make_document(4)])
    with DocumentIndex.open(folder, ENCODER) as index:
        assert index.ids() == ["doc-1", "doc-2", "doc-4"]
        assert index.verify() == []


def test_a_stamped_manifest_beside_a_log_with_commits_is_no_obstacle(tmp_path: Path) -> None:
    """As a copy of an older manifest leaves it; then the next writer is killed at once."""
    folder, copied = tmp_path / "index", tmp_path / "copied"
    DocumentIndex.create(folder, ENCODER).close()
    stamped = (folder / "manifest.json").read_bytes()
    index = DocumentIndex.open(folder, ENCODER)
    reader = DocumentIndex.open(folder, ENCODER, read_only=True)
    with reader._reader.snapshot():  # keeps the log from being moved into the database
        index.add([make_document(1)])
        shutil.copytree(folder, copied)
    (copied / "manifest.json").write_bytes(stamped)
    second = DocumentIndex.open(copied, ENCODER)
    again = tmp_path / "again"
    shutil.copytree(copied, again)  # as a kill would leave it
    second.close()
    reader.close()
    index.close()
    with DocumentIndex.open(again, ENCODER) as survivor:
        assert survivor.ids() == ["doc-1"]
        assert survivor.verify() == []
