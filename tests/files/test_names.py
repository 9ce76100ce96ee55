"""Every file has a name of its own, and a name leads back to its file."""

import os
import sys
from itertools import product
from pathlib import Path

import pytest

from vectorlong.documents import Document
from vectorlong.files.names import name_of, path_of
from vectorlong.files.source import FileSource

ROOT = Path("/somewhere/root")
_PARTS = [b"a", b"\\", b"x", b"\\xff", b"\xff", b"\\x5c", "é".encode(), b"ff"]


def test_names_are_different_and_lead_back():
    raw_names = {b"".join(parts) for n in (1, 2, 3) for parts in product(_PARTS, repeat=n)}
    paths = {ROOT / os.fsdecode(raw) for raw in raw_names}
    names = {name_of(ROOT, path): path for path in paths}
    assert len(names) == len(paths)
    for name, path in names.items():
        name.encode()
        assert ROOT.parent / path_of(name) == path


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"plain.txt", "root/plain.txt"),
        (b"back\\slash.txt", "root/back\\slash.txt"),
        (b"bad\xff.txt", "root/bad\\xff.txt"),
        (b"bad\\xff.txt", "root/bad\\x5cxff.txt"),
    ],
)
def test_ordinary_names_are_as_they_are(raw, name):
    assert name_of(ROOT, ROOT / os.fsdecode(raw)) == name


@pytest.mark.skipif(sys.platform != "linux", reason="names there are text")
def test_two_files_never_share_an_id(tmp_path):
    for raw in (b"bad\xff.txt", b"bad\\xff.txt"):
        (tmp_path / os.fsdecode(raw)).write_bytes(raw.replace(b"\xff", b"byte"))
    texts = {document.id.partition("/")[2]: document.text for document in FileSource([tmp_path])}
    assert texts == {"bad\\xff.txt": "badbyte.txt", "bad\\x5cxff.txt": "bad\\xff.txt"}


@pytest.mark.skipif(sys.platform != "linux", reason="names there are text")
def test_a_file_whose_name_is_no_text_is_not_taken_for_gone(tmp_path):
    hidden = tmp_path / os.fsdecode(b".bad\xff.txt")
    hidden.write_text("hidden, and so not read")
    source = FileSource([tmp_path])
    assert list[Document](source) == []
    assert not source.accounts_for(f"{tmp_path.name}/.bad\\xff.txt")
    hidden.unlink()
    assert source.accounts_for(f"{tmp_path.name}/.bad\\xff.txt")
