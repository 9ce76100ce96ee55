from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path

import pytest

from vectorlong import disk


def refuse(*_: object) -> None:
    raise OSError("No space left on device")


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    for content in (b"old", b"new"):
        disk.replace_bytes(path, content)
        assert path.read_bytes() == content
        assert disk.file_sha256(path) == hashlib.sha256(content).hexdigest()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["flush_to_disk", "os.replace"])
def test_a_refusal_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "facts.json"
    disk.replace_bytes(path, b"old")
    monkeypatch.setattr(f"vectorlong.disk.{step}", refuse)
    with pytest.raises(OSError, match="No space left"):
        disk.replace_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_who_replace_a_file_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"

    def write_while_another_does(temporary: Path) -> None:
        temporary.write_bytes(b"first")
        disk.replace_bytes(path, b"second")
        assert disk.is_unfinished(temporary.name)

    disk.replace_file(path, write_while_another_does)
    assert path.read_bytes() == b"first"


def test_a_name_may_be_as_long_as_the_system_takes(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    disk.replace_bytes(path, b"content")
    assert path.read_bytes() == b"content"


def test_what_kills_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in (f".{'0' * 32}.new", ".hidden", "notes.new"):
        (tmp_path / name).write_bytes(b"half")
    disk.remove_unfinished(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".hidden", "notes.new"}


@pytest.mark.skipif(os.name == "nt", reason="folders are not flushed there")
def test_a_folder_that_cannot_be_flushed_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = [errno.EINVAL, errno.EIO]

    def flush(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(codes[0], "refused")

    monkeypatch.setattr(disk, "flush_to_disk", flush)
    disk.replace_bytes(tmp_path / "facts.json", b"new")
    assert (tmp_path / "facts.json").read_bytes() == b"new"
    codes.pop(0)
    with pytest.raises(OSError, match="refused"):
        disk.replace_bytes(tmp_path / "facts.json", b"newer")
