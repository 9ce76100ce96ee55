from __future__ import annotations

import errno
import hashlib
import os
import stat
import zipfile
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


@pytest.mark.skipif(os.name == "nt", reason="folders are not flushed there")
def test_a_folder_that_may_not_be_listed_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_file = os.open

    def refuse_folders(path: Path, *arguments: int) -> int:
        if path == tmp_path:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return open_file(path, *arguments)

    monkeypatch.setattr(disk.os, "open", refuse_folders)
    disk.replace_bytes(tmp_path / "facts.json", b"new")
    assert (tmp_path / "facts.json").read_bytes() == b"new"


def test_a_small_file_is_read_whole_and_a_link_to_one_too(tmp_path: Path) -> None:
    path = tmp_path / "facts"
    for content in (b"", b"x" * 100, bytes(range(10)) * 9):
        path.write_bytes(content)
        assert disk.read_small(path, 100) == content
    (tmp_path / "link").symlink_to(path)
    assert disk.read_small(tmp_path / "link", 100) == content


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "facts"
    path.write_bytes(b"x" * 101)
    with pytest.raises(ValueError, match="facts is larger than the 100 bytes"):
        disk.read_small(path, 100)
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a terabyte of nothing
    with pytest.raises(ValueError, match="is larger than the 1,000 bytes"):
        disk.read_small(path, 1000)


def test_what_is_missing_is_said_by_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="facts"):
        disk.read_small(tmp_path / "facts", 100)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["pipe", "folder", "endless device", "loop"])
@pytest.mark.skipif(os.name == "nt", reason="no pipes and devices in folders there")
def test_what_is_no_plain_file_is_refused_without_waiting(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "facts"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "endless device" else path)
    expected = "is no plain file" if kind != "loop" else "symbolic links"
    with pytest.raises((ValueError, OSError), match=expected):
        disk.read_small(path, 100)


@pytest.mark.timeout(60)
@pytest.mark.skipif(os.name == "nt", reason="no pipes in folders there")
def test_a_pipe_put_there_while_opening_does_not_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "facts"
    path.write_bytes(b"plain")
    plain = os.stat(path)
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr("vectorlong.disk.os.stat", lambda _: plain)
    with pytest.raises(ValueError, match="is no plain file"):
        disk.read_small(path, 100)


def test_a_mapping_is_read(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text('{"name": "å", "sizes": [1, {"a": null}], "more": {}}', encoding="utf-8")
    expected = {"name": "å", "sizes": [1, {"a": None}], "more": {}}
    assert disk.read_mapping(path, 1000) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "facts is no JSON in UTF-8"),
        (b"{", "facts is no JSON in UTF-8"),
        (b'{"a": "\xff"}', "facts is no JSON in UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "facts is no JSON in UTF-8"),
        (b'{"a": ' + b"9" * 5000 + b"}", "facts is no JSON in UTF-8"),
        (b"[1]", "facts holds a list, not an object"),
        (b"null", "facts holds a NoneType, not an object"),
        (b'{"a": 1, "b": 2, "b": 2}', "the name 'b' stands twice"),
        (b'{"c": {"a": 1, "a": 2}}', "the name 'a' stands twice"),
        (b"[" * 1_000_000, "nested more than 32 levels deep"),
        (b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}", "nested more than 32 levels deep"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "nested more than 32 levels deep"),
    ],
)
def test_what_is_no_mapping_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        disk.parse_mapping(content, "facts")


def test_the_deepest_mapping_is_taken() -> None:
    content = b'{"a":' + b"[" * 31 + b"]" * 31 + b"}"
    assert list(disk.parse_mapping(content, "facts")) == ["a"]


def test_archives_that_say_they_are_larger(tmp_path: Path) -> None:
    path = tmp_path / "archive"
    path.write_bytes(b"no archive")
    assert not disk.is_larger_unpacked(path)
    for method, expected in ((zipfile.ZIP_STORED, False), (zipfile.ZIP_DEFLATED, True)):
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.writestr("zeros", bytes(100_000))
        assert disk.is_larger_unpacked(path) == expected
    path.write_bytes(path.read_bytes()[:-30])
    assert not disk.is_larger_unpacked(path)
