"""A folder or file replaced under an open writer is noticed; what lies there now is left alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from corpus import make_document, make_documents
from survivors import ENCODER, RELABELLED, State, check_survivor, version_of

from vectorlong.errors import IndexFolderError, VectorlongError
from vectorlong.retrieval.document_index import DocumentIndex

ORIGINAL: State = {f"doc-{number}": 0 for number in range(6)}
_NOT_CONTENT = ("ledger.sqlite-shm", "writer.lock", "writer.json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with DocumentIndex.create(tmp_path / "index", ENCODER) as index:
        index.add(make_documents(6))
    return tmp_path / "index"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another index, larger, of the same encoder."""
    with DocumentIndex.create(tmp_path / "other", ENCODER) as index:
        index.add([make_document(number, 1) for number in range(30)])
    return tmp_path / "other"


def contents(folder: Path) -> dict[str, bytes]:
    """The files below a folder; of SQLite's write-ahead log only one that holds something."""
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in _NOT_CONTENT
    }
    return {name: content for name, content in found.items() if content or "-wal" not in name}


def put_a_copy(folder: Path, other: Path) -> None:
    shutil.rmtree(folder)
    shutil.copytree(other, folder)


def put_another(folder: Path, other: Path) -> None:
    folder.rename(folder.with_name("aside"))
    other.rename(folder)


def put_the_same_again(folder: Path, other: Path) -> None:
    shutil.copytree(folder, folder.with_name("aside"), ignore=shutil.ignore_patterns("*-shm"))
    shutil.rmtree(folder)
    folder.with_name("aside").rename(folder)


def remove(folder: Path, other: Path) -> None:
    shutil.rmtree(folder)


def rename_away(folder: Path, other: Path) -> None:
    folder.rename(folder.with_name("aside"))


def replace_vectors(folder: Path, other: Path) -> None:
    os.replace(other / "vectors.f32", folder / "vectors.f32")


def replace_documents(folder: Path, other: Path) -> None:
    os.replace(other / "documents.f32", folder / "documents.f32")


def remove_vectors(folder: Path, other: Path) -> None:
    (folder / "vectors.f32").unlink()


def replace_ledger(folder: Path, other: Path) -> None:
    os.replace(other / "ledger.sqlite", folder / "ledger.sqlite")


def remove_ledger(folder: Path, other: Path) -> None:
    (folder / "ledger.sqlite").unlink()


def remove_lock(folder: Path, other: Path) -> None:
    (folder / "writer.lock").unlink()


def replace_lock(folder: Path, other: Path) -> None:
    os.replace(other / "writer.lock", folder / "writer.lock")


REPLACEMENTS: list[Callable[[Path, Path], None]] = [
    put_a_copy,
    put_another,
    put_the_same_again,
    remove,
    rename_away,
    replace_vectors,
    replace_documents,
    remove_vectors,
    replace_ledger,
    remove_ledger,
    remove_lock,
    replace_lock,
]
ACTIONS: dict[str, Callable[[DocumentIndex], object]] = {
    "add": lambda index: index.add([make_document(50)]),
    "update": lambda index: index.add([make_document(1, 1)]),
    "relabel": lambda index: index.add([version_of(1, RELABELLED)]),
    "delete": lambda index: index.delete("doc-1"),
    "compact": lambda index: index.compact(),
    "rebuild": lambda index: index.rebuild(),
}


@pytest.mark.parametrize("has_written", [True, False])
@pytest.mark.parametrize("name", ACTIONS)
@pytest.mark.parametrize("replace", REPLACEMENTS, ids=lambda replace: replace.__name__)
def test_nothing_is_written_to_what_was_put_there(
    replace: Callable[[Path, Path], None], name: str, has_written: bool, folder: Path, other: Path
) -> None:
    index = DocumentIndex.open(folder, ENCODER)
    if has_written:
        index.add([make_document(40)])
    aside = folder.with_name("aside")
    replace(folder, other)
    before, before_aside = contents(folder), contents(aside)
    with pytest.raises(IndexFolderError, match="moved, removed or replaced"):
        ACTIONS[name](index)
    assert contents(folder) == before
    try:
        assert index.search("marker2 version0", 1, mode="lexical")[0].id == "doc-2"
    except VectorlongError as refusal:
        assert str(folder) in str(refusal)  # noqa: PT017 - either is right
    index.close()
    assert contents(folder) == before
    assert contents(aside) == before_aside
    index.close()


@pytest.mark.parametrize("has_written", [True, False])
@pytest.mark.parametrize("replace", REPLACEMENTS, ids=lambda replace: replace.__name__)
def test_closing_leaves_what_was_put_there(
    replace: Callable[[Path, Path], None], has_written: bool, folder: Path, other: Path
) -> None:
    index = DocumentIndex.open(folder, ENCODER)
    if has_written:
        index.add([make_document(40)])
    replace(folder, other)
    before = contents(folder)
    index.close()
    assert contents(folder) == before


def test_the_lock_is_given_back(folder: Path, other: Path) -> None:
    """Of the folder that was moved away, too; both can be written afterwards."""
    index = DocumentIndex.open(folder, ENCODER)
    index.add([make_document(40)])
    put_another(folder, other)
    with DocumentIndex.open(folder, ENCODER) as newcomer:
        newcomer.add([make_document(41)])
        with pytest.raises(IndexFolderError, match="moved, removed or replaced"):
            index.add([make_document(42)])
        index.close()
        newcomer.add([make_document(43)])
        with pytest.raises(IndexFolderError, match="is being written by"):
            DocumentIndex.open(folder, ENCODER)
    versions = {f"doc-{number}": 1 for number in range(30)}
    check_survivor(folder, {**versions, "doc-41": 0, "doc-43": 0}, {}, "")
    check_survivor(folder.with_name("aside"), {**ORIGINAL, "doc-40": 0}, {}, "")


def test_a_lock_taken_by_somebody_else(folder: Path, other: Path) -> None:
    index = DocumentIndex.open(folder, ENCODER)
    index.add([make_document(40)])
    remove_lock(folder, other)
    with DocumentIndex.open(folder, ENCODER) as newcomer:
        newcomer.add([make_document(41)])
        with pytest.raises(IndexFolderError, match="moved, removed or replaced"):
            index.delete("doc-1")
        index.close()
        with pytest.raises(IndexFolderError, match="is being written by"):
            DocumentIndex.open(folder, ENCODER)
        newcomer.compact()
        newcomer.add([make_document(42)])
    check_survivor(folder, {**ORIGINAL, "doc-40": 0, "doc-41": 0, "doc-42": 0}, {}, "")


def test_an_index_works_on_where_it_was_put_back(folder: Path, other: Path) -> None:
    index = DocumentIndex.open(folder, ENCODER)
    index.add([make_document(40)])
    rename_away(folder, other)
    with pytest.raises(IndexFolderError, match="moved, removed or replaced"):
        index.add([make_document(41)])
    folder.with_name("aside").rename(folder)
    index.add([make_document(42)])
    index.compact()
    index.close()
    check_survivor(folder, {**ORIGINAL, "doc-40": 0, "doc-42": 0}, {}, "")


@pytest.mark.parametrize("has_read", [True, False])
@pytest.mark.parametrize("replace", [put_another, put_the_same_again, replace_ledger, remove])
def test_a_reader_says_that_it_was_replaced_and_mixes_nothing(
    folder: Path, other: Path, replace: Callable[[Path, Path], None], has_read: bool
) -> None:
    index = DocumentIndex.open(folder, ENCODER, read_only=True)
    if has_read:
        assert len(index) == 6
    replace(folder, other)
    for look in (lambda: index.search("the report"), index.ids, lambda: index.get("doc-1")):
        with pytest.raises(IndexFolderError, match="moved, removed or replaced"):
            look()
    index.close()
