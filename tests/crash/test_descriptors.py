"""File descriptors: an index that can open no more files, and files that it has let go of."""

from __future__ import annotations

import contextlib
import gc
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus import make_documents
from survivors import ENCODER

from vectorlong.errors import IndexFolderError
from vectorlong.retrieval.document_index import DocumentIndex
from vectorlong.retrieval.loaded_rows import LatestRows
from vectorlong.retrieval.writable_folder import WritableFolder

_OPEN = Path("/proc/self/fd")

pytestmark = pytest.mark.skipif(not _OPEN.is_dir(), reason="this system does not tell what is open")


@pytest.fixture
def index(tmp_path: Path, small_scale: None) -> Iterator[DocumentIndex]:
    with DocumentIndex.create(tmp_path / "index", ENCODER, faiss="ivf-sq8") as index:
        index.add(make_documents(40))
        assert list(index.folder.glob("faiss/*.faiss"))
        yield index


@contextlib.contextmanager
def room_for(n_files: int) -> Iterator[None]:
    """Let this process open so many files and no more."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(path.name) for path in _OPEN.iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 20, limits[1]))
    held: list[int] = []
    try:
        with contextlib.suppress(OSError):
            while True:
                held.append(os.open(os.devnull, os.O_RDONLY))
        for _ in range(n_files):
            os.close(held.pop())
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for descriptor in held:
            os.close(descriptor)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_process_that_can_open_no_more_files_calls_no_index_damaged(
    index: DocumentIndex, read_only: bool
) -> None:
    with contextlib.ExitStack() as opened:
        if read_only:
            index.close()
            index = opened.enter_context(DocumentIndex.open(index.folder, read_only=True))
        came: list[list[str] | IndexFolderError] = []
        for n_files in range(12):
            with room_for(n_files):
                try:
                    came.append(index.verify())
                except IndexFolderError as error:
                    came.append(error)
    refusals = [answer for answer in came if answer != []]
    assert all(type(refusal) is IndexFolderError for refusal in refusals), refusals
    assert all("as many files open as it may" in str(refusal) for refusal in refusals), refusals
    assert 1 < len(refusals) < len(came)


def _open_files(folder: Path) -> list[str]:
    """Where this process's descriptors lead that lead into a folder."""
    links = []
    for path in _OPEN.iterdir():
        with contextlib.suppress(FileNotFoundError):  # that of the folder being listed
            links.append(os.readlink(path))
    return [link for link in links if link.startswith(str(folder.resolve()))]


def test_compaction_leaves_no_removed_file_open(index: DocumentIndex) -> None:
    """Closed at once, and not whenever what refers to them happens to go."""
    with warnings.catch_warnings(record=True) as forgotten:
        warnings.simplefilter("always", ResourceWarning)
        for number in range(3):
            index.delete(f"doc-{number}")
            index.compact()
            index.search("the report", 1)  # takes the new files in the place of the old ones
        gc.collect()
    removed = [link for link in _open_files(index.folder) if link.endswith(" (deleted)")]
    assert removed == []
    assert [str(warning.message) for warning in forgotten if "f32" in str(warning.message)] == []
    vector_files = [link for link in _open_files(index.folder) if link.endswith("-3.f32")]
    assert len(vector_files) >= 2


@pytest.mark.parametrize("read_only", [False, True])
def test_a_closed_index_has_no_file_open(index: DocumentIndex, read_only: bool) -> None:
    if read_only:
        index.close()
        index = DocumentIndex.open(index.folder, ENCODER, read_only=True)
    index.search("the report", 1)
    mapped = [link for link in _open_files(index.folder) if link.endswith(("f32", "faiss"))]
    assert set(_open_files(index.folder)) > set(mapped)
    index.close()
    assert set(_open_files(index.folder)) <= set(mapped)  # what is in memory until it is forgotten


@pytest.mark.parametrize("read_only", [False, True])
def test_a_forgotten_index_has_no_file_open(
    tmp_path: Path, small_scale: None, read_only: bool
) -> None:
    folder = tmp_path / "index"
    DocumentIndex.create(folder, ENCODER).close()
    forgotten = DocumentIndex.open(folder, ENCODER, read_only=read_only)
    assert _open_files(folder)
    del forgotten
    gc.collect()
    assert _open_files(folder) == []


@pytest.mark.parametrize(
    ("where", "what"), [(LatestRows, "current"), (WritableFolder, "clear_leftovers")]
)
def test_an_opening_that_is_refused_leaves_no_file_open(
    index: DocumentIndex, monkeypatch: pytest.MonkeyPatch, where: type, what: str
) -> None:
    index.close()
    folder = index.folder
    already = _open_files(folder)

    def refuse(*_: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(where, what, refuse)
    with pytest.raises(IndexFolderError, match="no") as kept:
        DocumentIndex.open(folder, ENCODER)
    links = [link for link in _open_files(folder) if link not in already]
    assert [link for link in links if not link.endswith(("f32", "faiss"))] == []
    assert kept.tb is not None  # and not because everything was collected
