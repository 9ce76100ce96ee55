"""The writer's lock by itself: who has it, what it refuses, and that it is always given back."""

from __future__ import annotations

import errno
import json
import os
import threading
from pathlib import Path

import pytest

from vectorlong.errors import IndexFolderError, IndexLockedError
from vectorlong.vector_index import writer_lock
from vectorlong.vector_index.writer_lock import HOLDER_NAME, LOCK_NAME, WriterLock


def test_one_has_it_until_it_is_given_back(tmp_path: Path) -> None:
    (tmp_path / HOLDER_NAME).write_text('{"pid": 1}')  # of one that was killed
    lock = WriterLock(tmp_path)
    assert (lock.is_ours, lock.is_held) == (True, True)
    assert json.loads((tmp_path / HOLDER_NAME).read_text())["pid"] == os.getpid()
    with pytest.raises(IndexLockedError, match=rf"process {os.getpid()} on .*\(since "):
        WriterLock(tmp_path)
    lock.check()
    lock.release()
    assert (lock.is_ours, lock.is_held) == (True, False)
    assert not (tmp_path / HOLDER_NAME).exists()
    with pytest.raises(IndexFolderError, match="is closed; open it again"):
        lock.check()
    other = WriterLock(tmp_path)
    lock.release()  # again, and of no effect on who has it now
    assert other.is_held
    assert (tmp_path / HOLDER_NAME).exists()
    other.release()


def test_it_is_the_process_that_has_it_and_not_a_thread(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path)
    seen = []

    def use() -> None:
        lock.check()
        seen.append(lock.is_held)
        lock.release()
        seen.append(lock.is_held)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert seen == [True, False]
    WriterLock(tmp_path).release()


@pytest.mark.parametrize("note", [b"", b"{", b'{"pid": 5}', b"[" * 10_000])
def test_a_note_that_cannot_be_read_is_no_obstacle(tmp_path: Path, note: bytes) -> None:
    lock = WriterLock(tmp_path)
    (tmp_path / HOLDER_NAME).write_bytes(note)
    with pytest.raises(IndexLockedError, match="being written by another process"):
        WriterLock(tmp_path)
    lock.release()


def test_a_note_that_cannot_be_written_or_removed_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / HOLDER_NAME).mkdir()
    for _ in range(2):
        lock = WriterLock(tmp_path)
        lock.check()
        lock.release()
    assert (tmp_path / HOLDER_NAME).is_dir()


def test_where_no_lock_can_be_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).mkdir()
    with pytest.raises(IndexFolderError, match="Cannot take the writer's lock in "):
        WriterLock(tmp_path)


def test_what_fails_after_the_lock_was_taken_gives_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(writer_lock, "file_identity", refuse)
        with pytest.raises(IndexFolderError, match="Input/output error") as kept:
            WriterLock(tmp_path)
    WriterLock(tmp_path).release()
    assert kept.tb is not None  # and not because the lock was collected


def test_the_note_of_whoever_took_the_place_stays(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path)
    (tmp_path / LOCK_NAME).unlink()
    other = WriterLock(tmp_path)
    with pytest.raises(IndexFolderError, match="was moved, removed or replaced"):
        lock.check()
    lock.release()
    assert (tmp_path / HOLDER_NAME).exists()
    other.release()
    assert not (tmp_path / HOLDER_NAME).exists()
