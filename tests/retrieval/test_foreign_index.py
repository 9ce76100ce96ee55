"""Indexes that somebody else made: nothing in them runs or is followed; only our errors come."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus import make_document, make_documents
from fake_encoder import FakeEncoder

from vectorlong.errors import IndexCorruptError, IndexFolderError, VectorlongError
from vectorlong.retrieval.document_index import DocumentIndex
from vectorlong.retrieval.integrity import find_damage
from vectorlong.vector_index import growth
from vectorlong.vector_index.index_files import read_sealed, replace_sealed
from vectorlong.vector_index.vector_index import VectorIndex

N_DOCUMENTS = 12


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with a saved FAISS index and a deleted document, closed."""
    folder = tmp_path_factory.mktemp("foreign") / "original"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(growth, "MIN_ROWS", 50)
        with DocumentIndex.create(folder, FakeEncoder(), faiss="ivf-sq8") as index:
            index.add(make_documents(N_DOCUMENTS))
            index.delete(["doc-3"])
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    target = tmp_path / "index"
    shutil.copytree(original, target)
    return target


def change_ledger(folder: Path, *statements: str) -> None:
    """Change the ledger as whoever made it could, so that no digest gives it away."""
    connection = sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()
    rewrite(folder / "manifest.json", files={})


def rewrite(path: Path, **fields: Any) -> None:
    """Give a sealed file other fields and the seal that fits."""
    content = read_sealed(path)
    assert content is not None
    replace_sealed(path, {**content, **fields})


def use_everything(folder: Path) -> list[str]:
    """Do all there is to do with an index; return the refusals, none of which is not ours."""
    refusals: list[str] = []

    def attempt(action: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return action(*arguments, **options)
        except VectorlongError as error:
            refusals.append(str(error))

    find_damage(folder)
    for read_only in (True, False):
        index = attempt(DocumentIndex.open, folder, FakeEncoder(), read_only=read_only)
        if index is None:
            continue
        for mode in ("vector", "lexical", "hybrid"):
            for level in ("document", "passage"):
                attempt(index.search, "marker2 river copper", 5, mode=mode, level=level)
        attempt(index.search, "river", 5, where={"parity": "odd"})
        attempt(index.ids)
        attempt(index.get, "doc-2")
        attempt(index.info)
        attempt(index.vectors, "passage")
        attempt(index.vectors, "document")
        attempt(index.recall)
        attempt(index.verify)
        if not read_only:
            attempt(index.delete, ["doc-2"])
            attempt(index.add, [make_document(1, 7), make_document(70)])
            attempt(index.compact)
            attempt(index.rebuild)
        attempt(index.close)
    return refusals


# --- what stands in the ledger ----------------------------------------------------------------

TRIGGER = (
    "CREATE TRIGGER gone AFTER INSERT ON documents BEGIN DELETE FROM documents WHERE id <> "
    "NEW.id; END"
)


@pytest.mark.parametrize(
    "statement",
    [
        TRIGGER,
        "CREATE VIEW everything AS SELECT * FROM documents",
        "CREATE TABLE more (one)",
        "CREATE INDEX slow ON documents (length(metadata))",
        "CREATE VIRTUAL TABLE more USING fts5(words)",
        "ALTER TABLE documents ADD COLUMN more TEXT AS (hex(metadata))",
        "DROP TABLE tombstones",
        "PRAGMA application_id = 7",
    ],
)
@pytest.mark.parametrize("read_only", [True, False])
def test_a_ledger_that_was_altered_is_refused(
    folder: Path, statement: str, read_only: bool
) -> None:
    change_ledger(folder, statement)
    with pytest.raises(IndexCorruptError, match=r"ledger\.sqlite' is damaged: it"):
        DocumentIndex.open(folder, FakeEncoder(), read_only=read_only)
    assert any("ledger.sqlite" in finding for finding in find_damage(folder))


def test_a_ledger_without_a_log_of_its_own_is_given_one(folder: Path) -> None:
    """Of one in another mode, readers would not see one generation while it is written."""
    change_ledger(folder, "PRAGMA journal_mode = DELETE")
    ledger = folder / "ledger.sqlite"
    assert ledger.read_bytes()[18:20] == b"\x01\x01"  # sqlite.org/fileformat2.html, section 1.3
    with DocumentIndex.open(folder, FakeEncoder()) as index:
        index.add([make_document(70)])
    assert ledger.read_bytes()[18:20] == b"\x02\x02"


def test_a_document_that_ends_behind_the_last_row_is_damage(folder: Path) -> None:
    change_ledger(
        folder,
        "UPDATE documents SET first_row = first_row + 1 "
        "WHERE first_row = (SELECT max(first_row) FROM documents)",
    )
    with pytest.raises(IndexCorruptError, match="rows lie outside the file"):
        DocumentIndex.open(folder, FakeEncoder(), read_only=True)


def test_vectors_are_checked_although_the_settings_cannot_be_read(folder: Path) -> None:
    change_ledger(folder, "UPDATE settings SET value = '{' WHERE name = 'index'")
    findings = find_damage(folder)
    assert any("settings cannot be read" in finding for finding in findings)
    assert not any("f32" in finding for finding in findings)


def test_a_row_that_an_index_of_sqlites_lacks_is_found(folder: Path) -> None:
    ledger = folder / "ledger.sqlite"
    connection = sqlite3.connect(ledger)
    page_size = connection.execute("PRAGMA page_size").fetchone()[0]
    (page,) = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_documents_1'"
    ).fetchone()
    connection.close()
    content = bytearray(ledger.read_bytes())
    place = content.index(b"doc-7", (page - 1) * page_size, page * page_size)
    content[place : place + 5] = b"doc-x"
    ledger.write_bytes(content)
    rewrite(folder / "manifest.json", files={})
    assert any("missing from index" in finding for finding in find_damage(folder))


def test_a_trigger_is_named(folder: Path) -> None:
    change_ledger(folder, TRIGGER)
    with pytest.raises(IndexCorruptError, match="did not make, trigger gone"):
        DocumentIndex.open(folder, FakeEncoder())


def test_a_trigger_that_comes_while_the_index_is_open_is_refused_at_the_next_opening(
    folder: Path,
) -> None:
    with DocumentIndex.open(folder, FakeEncoder()):
        pass
    change_ledger(folder, TRIGGER)
    assert use_everything(folder)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM lexical_documents_1_data WHERE id > 10",
        "DELETE FROM lexical_documents_1_docsize WHERE id = 2",
        "DELETE FROM lexical_passages_1_docsize WHERE id > 3000000",
        "DELETE FROM lexical_passages_1_data WHERE id > 10",
        "UPDATE lexical_documents_1_docsize SET sz = x'01' WHERE id = 2",
        "INSERT INTO lexical_documents_1 (rowid, words) VALUES (77, 'copper copper')",
        "INSERT INTO lexical_documents_1 (lexical_documents_1) VALUES ('delete-all')",
        "INSERT INTO lexical_passages_1 (rowid, words) VALUES (9000000000000, 'copper river')",
    ],
)
def test_a_broken_lexical_index_is_found_and_made_anew(folder: Path, statement: str) -> None:
    change_ledger(folder, statement)
    assert any("lexical_" in finding for finding in find_damage(folder)), statement
    assert all("rebuild() makes it anew" in finding for finding in find_damage(folder))
    use_everything(folder)
    with DocumentIndex.open(folder, FakeEncoder()) as index:
        index.rebuild()
        assert index.verify() == []
        assert index.search("marker5 version0", 1, mode="lexical")[0].id == "doc-5"


HOSTILE = ["-1", "0", "7", str(2**40), str(2**62), "'text'", "x'ff00'", "1.5", "''", "'{'"]
COLUMNS = [
    ("state", "generation"),
    ("state", "epoch"),
    ("settings", "value"),
    *(
        ("documents", column)
        for column in (
            "key",
            "id",
            "content_digest",
            "record_digest",
            "n_tokens",
            "document_row",
            "first_row",
            "n_passages",
            "metadata",
        )
    ),
    ("texts", "key"),
    ("texts", "spans"),
    ("texts", "text"),
    *(("segments", column) for column in ("file", "first_row", "n_rows", "checksum")),
    *(("tombstones", column) for column in ("generation", "document_row", "first_row")),
    ("tombstones", "n_passages"),
]


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=lambda name: name)
def test_whatever_stands_in_a_column_only_our_errors_come(
    original: Path, tmp_path: Path, table: str, column: str
) -> None:
    target = tmp_path / "index"
    for value in HOSTILE:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(original, target)
        try:
            change_ledger(
                target,
                f"UPDATE {table} SET {column} = {value} WHERE rowid = (SELECT max(rowid) FROM "
                f"{table})"
                if table not in ("segments", "settings")
                else f"UPDATE {table} SET {column} = {value}",
            )
        except sqlite3.Error:  # a type that SQLite itself holds
            continue
        use_everything(target)


@pytest.mark.parametrize(
    "spans",
    [
        np.array([[0, 10**9]]),
        np.array([[-5, 3]]),
        np.empty((0, 2)),
        np.array([[2**62, 2**62]]),
    ],
)
def test_spans_outside_the_text_are_damage(folder: Path, spans: np.ndarray) -> None:
    hexadecimal = spans.astype("<i8").tobytes().hex()
    change_ledger(folder, f"UPDATE texts SET spans = x'{hexadecimal}'")
    assert any("checksum" in refusal for refusal in use_everything(folder))


# --- the files beside it ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"dimension": 2**62},
        {"dimension": -3},
        {"dimension": "48"},
        {"dimension": True},
        {"passages": {"max_tokens": 0, "overlap": 0, "method": "late"}},
        {"passages": 5},
        {"passages": {"max_tokens": 12, "overlap": 0, "method": "early"}},
        {"generation": -1},
        {"generation": "many"},
        {"files": {"ledger.sqlite": {"size": "large", "mtime_ns": 0, "digest": ""}}},
        {"files": {"ledger.sqlite": 5}},
        {"files": []},
        {"fingerprint": None},
        {"lexical": "perhaps"},
        {"format_version": None},
        {"format_version": "2"},
    ],
)
def test_a_manifest_with_a_right_seal_and_wrong_fields_is_made_anew(
    folder: Path, fields: dict
) -> None:
    rewrite(folder / "manifest.json", **fields)
    assert any("manifest.json" in finding for finding in find_damage(folder))
    with DocumentIndex.open(folder, FakeEncoder()) as index:
        assert len(index) == N_DOCUMENTS - 1
        assert index.verify() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"file": "../vectors.f32"},
        {"file": "/etc/passwd"},
        {"file": "rows-0-1.faiss/../../vectors.f32"},
        {"epoch": "0"},
        {"index": None},
        {"index": {"metric": "cosine", "training": {"kind": "ivf-sq8"}}},
        {"stamp": {}},
        {"digest": 5},
    ],
)
def test_a_snapshot_with_a_right_seal_and_wrong_fields_is_made_anew(
    folder: Path, fields: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "MIN_ROWS", 50)
    rewrite(folder / "faiss" / "snapshot.json", **fields)
    with DocumentIndex.open(folder, FakeEncoder(), read_only=True) as index:
        assert index.info()["faiss_in_use"] == "flat"
        assert index.search("marker5 version0", 1)[0].id == "doc-5"
    with DocumentIndex.open(folder, FakeEncoder()) as index:
        assert index.info()["faiss_in_use"] == "ivf-sq8"
        assert index.verify() == []


def test_a_folder_in_place_of_the_faiss_file_is_named(folder: Path) -> None:
    (path,) = (folder / "faiss").glob("*.faiss")
    path.unlink()
    path.mkdir()
    assert [finding for finding in find_damage(folder) if "is no plain file" in finding]
    with DocumentIndex.open(folder, FakeEncoder(), read_only=True) as index:
        assert index.info()["faiss_in_use"] == "flat"
        assert index.search("marker5 version0", 1)[0].id == "doc-5"


def test_a_damaged_faiss_file_with_the_right_digest_is_made_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vectorlong.disk import file_sha256
    from vectorlong.vector_index.index_files import file_stamp

    monkeypatch.setattr(growth, "MIN_ROWS", 50)
    (path,) = (folder / "faiss").glob("*.faiss")
    path.write_bytes(path.read_bytes()[:60])
    rewrite(folder / "faiss" / "snapshot.json", digest=file_sha256(path), stamp=file_stamp(path))
    with DocumentIndex.open(folder, FakeEncoder()) as index:
        assert index.info()["faiss_in_use"] == "ivf-sq8"
        assert index.search("marker5 version0", 1)[0].id == "doc-5"


# --- links, pipes, devices --------------------------------------------------------------------

FILES = ("vectors.f32", "documents.f32", "ledger.sqlite", "manifest.json", "writer.lock")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
@pytest.mark.parametrize("name", [*FILES, "writer.json", "ledger.sqlite-wal", "vectors-7.f32"])
def test_a_writer_follows_no_link(folder: Path, tmp_path: Path, name: str) -> None:
    theirs = tmp_path / "theirs"
    path = folder / name
    if path.exists():
        path.rename(theirs)
    else:
        theirs.write_bytes(b"precious" * 100)
    path.symlink_to(theirs)
    before = theirs.read_bytes()
    with pytest.raises(IndexFolderError, match=f"{name}' is no plain file"):
        DocumentIndex.open(folder, FakeEncoder())
    assert theirs.read_bytes() == before
    assert path.is_symlink()


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_in_place_of_the_faiss_folder_leads_to_nothing_that_is_deleted(
    folder: Path, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    names = ("letter.txt", "rows-0-99.faiss", ".0123456789abcdef0123456789abcdef.new")
    for name in names:
        (theirs / name).write_text("precious")
    shutil.rmtree(folder / "faiss")
    (folder / "faiss").symlink_to(theirs)
    with pytest.raises(IndexFolderError, match="faiss' is no plain folder"):
        DocumentIndex.open(folder, FakeEncoder())
    with DocumentIndex.open(folder, FakeEncoder(), read_only=True) as index:
        assert index.search("marker5 version0", 1)[0].id == "doc-5"
    assert sorted(path.name for path in theirs.iterdir()) == sorted(names)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_what_is_not_ours_in_the_faiss_folder_stays(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "MIN_ROWS", 50)
    theirs = tmp_path / "theirs.faiss"
    theirs.write_text("precious")
    (folder / "faiss" / "notes.txt").write_text("mine")
    (folder / "faiss" / "rows-5-5.faiss").symlink_to(theirs)
    with DocumentIndex.open(folder, FakeEncoder()) as index:
        index.rebuild()
    assert (folder / "faiss" / "notes.txt").read_text() == "mine"
    assert theirs.read_text() == "precious"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_reader_follows_links_to_plain_files_as_caches_are_made_of_them(
    folder: Path, tmp_path: Path
) -> None:
    blobs = tmp_path / "blobs"
    blobs.mkdir()
    for number, path in enumerate(sorted(folder.rglob("*"))):
        if path.is_file():
            path.rename(blobs / str(number))
            path.symlink_to(blobs / str(number))
    with DocumentIndex.open(folder, FakeEncoder(), read_only=True) as index:
        assert index.search("marker5 version0", 1)[0].id == "doc-5"
        assert index.verify() == []


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("name", ["vectors.f32", "writer.lock", "faiss"])
def test_a_link_to_nowhere_is_refused(
    folder: Path, tmp_path: Path, name: str, read_only: bool
) -> None:
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "nowhere")
    with pytest.raises(IndexFolderError, match=f"{name}' is no plain .*restore the index"):
        DocumentIndex.open(folder, FakeEncoder(), read_only=read_only)


def test_what_goes_while_an_index_is_opened_is_no_obstacle(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the note of a writer that closes at this moment."""
    note = folder / "writer.json"
    note.write_text("{}")
    original = os.stat

    def stat(path: Any, *arguments: Any, **options: Any) -> os.stat_result:
        if str(path) == str(note):
            note.unlink(missing_ok=True)
        return original(path, *arguments, **options)

    monkeypatch.setattr(os, "stat", stat)
    with DocumentIndex.open(folder, FakeEncoder(), read_only=True) as index:
        assert len(index) == N_DOCUMENTS - 1
    assert not note.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("name", [*FILES, "writer.json"])
@pytest.mark.timeout(60)
def test_a_pipe_is_refused_and_not_waited_for(folder: Path, name: str, read_only: bool) -> None:
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    with pytest.raises(IndexFolderError, match=name):
        DocumentIndex.open(folder, FakeEncoder(), read_only=read_only)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
@pytest.mark.parametrize("name", FILES)
@pytest.mark.timeout(60)
def test_an_endless_device_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to("/dev/zero")
    with pytest.raises(IndexFolderError, match=name):
        DocumentIndex.open(folder, FakeEncoder(), read_only=True)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_create_does_not_write_through_what_looks_like_a_killed_creation(tmp_path: Path) -> None:
    folder, theirs = tmp_path / "index", tmp_path / "theirs"
    folder.mkdir()
    theirs.write_bytes(b"")
    (folder / "vectors.f32").symlink_to(theirs)
    with pytest.raises(IndexFolderError, match="is not empty"):
        DocumentIndex.create(folder, FakeEncoder())
    assert theirs.read_bytes() == b""


# --- a saved VectorIndex ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vectors") / "saved"
    index = VectorIndex(8, "hnsw")
    rows = np.random.default_rng(0).normal(size=(1200, 8)).astype(np.float32)
    index.add([f"id-{number}" for number in range(1200)], rows)
    index.build()
    index.save(folder)
    return folder


@pytest.mark.parametrize(
    "fields",
    [
        {"dim": 2**61},
        {"dim": 0},
        {"dim": "8"},
        {"n_rows": -1},
        {"n_rows": 2**61},
        {"n_rows": 7},
        {"metric": "manhattan"},
        {"kind": 5},
        {"files": {}},
        {"files": {"ids": {"name": "/etc/passwd", "digest": "", "stamp": {}}}},
        {"files": 5},
        {"index": {"metric": "cosine", "training": {}}},
        {"format_version": None},
    ],
)
def test_a_saved_vector_index_with_wrong_fields_is_refused(
    saved: Path, tmp_path: Path, fields: dict
) -> None:
    target = tmp_path / "saved"
    shutil.copytree(saved, target)
    rewrite(target / "vector_index.json", **fields)
    with pytest.raises(IndexCorruptError, match="is damaged"):
        VectorIndex.load(target)


@pytest.mark.parametrize(
    "ids", ['["id-0"]', "5", "[" * 100_000, '{"a": 1}', str(["id-0"] * 1200).replace("'", '"')]
)
def test_saved_ids_that_are_none_are_refused(saved: Path, tmp_path: Path, ids: str) -> None:
    from vectorlong.disk import file_sha256
    from vectorlong.vector_index.index_files import file_stamp

    target = tmp_path / "saved"
    shutil.copytree(saved, target)
    (path,) = target.glob("ids-*")
    path.write_text(ids)
    content = read_sealed(target / "vector_index.json")
    assert content is not None
    content["files"]["ids"].update(digest=file_sha256(path), stamp=file_stamp(path))
    replace_sealed(target / "vector_index.json", content)
    with pytest.raises(IndexCorruptError, match=r"ids-.*is damaged"):
        VectorIndex.load(target)
