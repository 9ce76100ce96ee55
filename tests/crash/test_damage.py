"""A flipped byte or a cut end is noticed and named; a refusal leaves everything as it was."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus import make_document, make_documents
from fake_encoder import FakeEncoder

from vectorlong import disk
from vectorlong.errors import FormatVersionError, IndexCorruptError, IndexFolderError
from vectorlong.retrieval import integrity
from vectorlong.retrieval.document_index import DocumentIndex
from vectorlong.retrieval.integrity import find_damage
from vectorlong.retrieval.ledger_reader import LedgerReader
from vectorlong.retrieval.loaded_rows import LatestRows, LoadedRows
from vectorlong.retrieval.snapshot import Snapshot
from vectorlong.retrieval.writable_folder import WritableFolder
from vectorlong.vector_index import growth, index_files, vector_file
from vectorlong.vector_index.index_files import read_sealed, replace_sealed
from vectorlong.vector_index.vector_index import VectorIndex

QUESTIONS = [f"marker{number} version0 river copper" for number in range(12)]
NOT_CONTENT = ("writer.lock", "writer.json", "ledger.sqlite-wal", "ledger.sqlite-shm")
TRUTH = ("ledger.sqlite", "vectors.f32", "documents.f32")


def answers(index: DocumentIndex) -> list:
    return [
        [
            [(hit.id, hit.passage.text, round(hit.score, 5)) for hit in found]
            for found in index.search_many(QUESTIONS, 5, mode=mode)
        ]
        for mode in ("vector", "lexical", "hybrid")
    ]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list]]:
    """An index with a saved FAISS index and deleted documents, closed, and its answers."""
    folder = tmp_path_factory.mktemp("original") / "index"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(growth, "MIN_ROWS", 50)
        with DocumentIndex.create(folder, FakeEncoder(), faiss="ivf-sq8") as index:
            index.add(make_documents(60))
            index.delete([f"doc-{number}" for number in range(40, 50)])
            assert index.info()["faiss_in_use"] == "ivf-sq8"
            expected = answers(index)
        yield folder, expected


def content_files(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.name not in NOT_CONTENT
    )


def damaged_copies(original: Path, name: str, target: Path) -> Iterator[str]:
    """The index at ``target`` again and again, with another damage to the file ``name``."""
    content = (original / name).read_bytes()
    generator = np.random.default_rng(len(content))
    flips = {0, 1, len(content) // 2, len(content) - 1}
    flips |= set(generator.integers(0, len(content), 12).tolist())
    for place in sorted(flips):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(original, target)
        spoiled = bytearray(content)
        spoiled[place] ^= 1 << int(generator.integers(0, 8))
        (target / name).write_bytes(spoiled)
        yield f"flip at {place}"
    for length in sorted({0, 1, len(content) // 2, len(content) - 1}):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(original, target)
        (target / name).write_bytes(content[:length])
        yield f"cut to {length}"
    shutil.rmtree(target)
    shutil.copytree(original, target)
    (target / name).unlink()
    yield "removed"


def test_every_kind_of_file_is_there(original: tuple[Path, list]) -> None:
    names = content_files(original[0])
    assert {"manifest.json", *TRUTH, "faiss/snapshot.json"} <= set(names)
    assert any(name.endswith(".faiss") for name in names)


@pytest.mark.parametrize("name", TRUTH)
def test_damaged_truth_is_refused_by_name(
    original: tuple[Path, list], tmp_path: Path, name: str
) -> None:
    target = tmp_path / "index"
    for _ in damaged_copies(original[0], name, target):
        for read_only in (True, False):
            with pytest.raises(IndexCorruptError, match=name):
                DocumentIndex.open(target, FakeEncoder(), read_only=read_only)


def test_damaged_derived_files_are_named_and_made_anew(
    original: tuple[Path, list], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "MIN_ROWS", 50)
    folder, expected = original
    derived_files = [name for name in content_files(folder) if name not in TRUTH]
    target = tmp_path / "index"
    for name in derived_files:
        for damage in damaged_copies(folder, name, target):
            is_absent_snapshot = damage == "removed" and name == "faiss/snapshot.json"
            with DocumentIndex.open(target, FakeEncoder(), read_only=True) as index:
                assert answers(index) == expected, (name, damage)
                findings = index.verify()
                assert is_absent_snapshot or any(name in finding for finding in findings), damage
            with DocumentIndex.open(target, FakeEncoder()) as index:
                assert answers(index) == expected, (name, damage)
                assert index.verify() == [], (name, damage)
                assert index.info()["faiss_in_use"] == "ivf-sq8"


@pytest.mark.parametrize("is_stamped", [True, False])
def test_all_damage_is_found_whatever_the_ledger_still_tells(
    original: tuple[Path, list], tmp_path: Path, is_stamped: bool
) -> None:
    target = tmp_path / "index"
    for damage in damaged_copies(original[0], "ledger.sqlite", target):
        if not is_stamped:
            content = read_sealed(target / "manifest.json")
            assert content is not None
            replace_sealed(target / "manifest.json", {**content, "files": {}})
        assert not is_stamped or any("ledger.sqlite" in found for found in find_damage(target))
        (target / "documents.f32").unlink()
        spoiled = bytearray((target / "vectors.f32").read_bytes())
        spoiled[40] ^= 1
        (target / "vectors.f32").write_bytes(spoiled)
        findings = find_damage(target)
        for name in ("vectors.f32", "documents.f32"):
            assert any(name in finding for finding in findings), (damage, findings)


@pytest.mark.parametrize("name", ["vectors.f32", "documents.f32"])
def test_whole_files_are_not_called_damaged(
    original: tuple[Path, list], tmp_path: Path, name: str
) -> None:
    target = tmp_path / "index"
    for damage in damaged_copies(original[0], name, target):
        findings = find_damage(target)
        assert findings, damage
        assert all(name in finding for finding in findings), damage
    (target / "ledger.sqlite").unlink()
    (other,) = {"vectors.f32", "documents.f32"} - {name}
    assert any(f"{other}' cannot be checked" in finding for finding in find_damage(target))


def test_what_a_damaged_ledger_says_of_other_files_is_doubted(
    original: tuple[Path, list], tmp_path: Path
) -> None:
    import sqlite3

    target = tmp_path / "index"
    shutil.copytree(original[0], target)
    content = bytearray((target / "vectors.f32").read_bytes())
    content[100] ^= 1
    (target / "vectors.f32").write_bytes(content)
    (finding,) = find_damage(target)
    n_rows = len(content) // (4 * FakeEncoder().get_embedding_dimension())
    assert f"vectors.f32' is damaged: rows 0 to {n_rows - 1} do not have" in finding
    with contextlib.closing(sqlite3.connect(target / "ledger.sqlite")) as connection:
        connection.execute("PRAGMA user_version = 1")  # the file alone is another
        connection.execute("VACUUM")
    of_the_ledger, doubted = find_damage(target)
    assert of_the_ledger.endswith("ledger.sqlite' does not have its recorded digest")
    assert doubted == f"{finding} (So says the ledger, which is damaged itself.)"


def test_a_spoiled_page_of_a_ledger_without_a_digest_is_found_on_opening(
    original: tuple[Path, list], tmp_path: Path
) -> None:
    import sqlite3

    target = tmp_path / "index"
    shutil.copytree(original[0], target)
    with contextlib.closing(sqlite3.connect(target / "ledger.sqlite")) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'texts'"  # not read on opening
        ).fetchone()
        (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    manifest = read_sealed(target / "manifest.json")
    assert manifest is not None
    replace_sealed(target / "manifest.json", {**manifest, "files": {}})
    DocumentIndex.open(target, FakeEncoder(), read_only=True).close()
    content = bytearray((target / "ledger.sqlite").read_bytes())
    content[(page - 1) * page_size : page * page_size] = bytes(page_size)
    (target / "ledger.sqlite").write_bytes(content)
    for read_only in (True, False):
        with pytest.raises(IndexCorruptError, match=r"ledger\.sqlite' is damaged"):
            DocumentIndex.open(target, FakeEncoder(), read_only=read_only)
    findings = find_damage(target)
    assert len(set(findings)) == len(findings), "one page spoils many records"


def test_large_files_are_read_where_their_size_or_time_of_change_differs(
    original: tuple[Path, list], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_files, "ALWAYS_CHECKED_BYTES", -1)
    target = tmp_path / "index"
    for name in ("vectors.f32", "documents.f32"):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(original[0], target)
        time_ns = (target / name).stat().st_mtime_ns
        content = bytearray((target / name).read_bytes())
        content[40] ^= 1
        (target / name).write_bytes(content)
        os.utime(target / name, ns=(time_ns, time_ns))
        DocumentIndex.open(target, FakeEncoder(), read_only=True).close()
        assert any(name in finding for finding in find_damage(target))
        os.utime(target / name, ns=(time_ns, time_ns + 1))
        with pytest.raises(IndexCorruptError, match=name):
            DocumentIndex.open(target, FakeEncoder(), read_only=True)


def test_what_may_have_been_acknowledged_is_not_cut_off(
    original: tuple[Path, list], tmp_path: Path
) -> None:
    """Without the manifest nobody knows whether it was."""
    target = tmp_path / "index"
    shutil.copytree(original[0], target)
    (target / "manifest.json").unlink()
    path = target / "vectors.f32"
    n_bytes = path.stat().st_size
    path.write_bytes(path.read_bytes() + bytes(200))
    with pytest.raises(
        IndexCorruptError, match=rf"vectors\.f32' has 200 bytes .* cut the file to {n_bytes} bytes"
    ):
        DocumentIndex.open(target, FakeEncoder())
    assert path.stat().st_size == n_bytes + 200
    with DocumentIndex.open(target, FakeEncoder(), read_only=True) as index:
        assert answers(index) == original[1]
    os.truncate(path, n_bytes)
    with DocumentIndex.open(target, FakeEncoder()) as index:
        assert answers(index) == original[1]
        assert index.verify() == []


def test_a_compaction_while_an_index_is_checked_is_no_damage(
    original: tuple[Path, list], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "index"
    shutil.copytree(original[0], target)
    check = integrity._check_vector_files
    with DocumentIndex.open(target, FakeEncoder()) as index:
        compactions = iter([index.compact])

        def compacting_before(*arguments: Any) -> None:
            next(compactions, lambda: None)()
            check(*arguments)

        monkeypatch.setattr(integrity, "_check_vector_files", compacting_before)
        with DocumentIndex.open(target, FakeEncoder(), read_only=True) as reader:
            assert next(compactions, None) is None
            assert answers(reader) == answers(index)


def test_a_compaction_while_rows_are_loaded_is_no_damage_and_a_missing_file_is(
    original: tuple[Path, list], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "index"
    shutil.copytree(original[0], target)
    load = LatestRows.of
    with (
        DocumentIndex.open(target, FakeEncoder()) as index,
        DocumentIndex.open(target, FakeEncoder(), read_only=True) as reader,
    ):
        index.add([make_document(100)])
        compactions = iter([index.compact])

        def compacting_before(rows: LatestRows, snapshot: Snapshot) -> LoadedRows | None:
            if rows is reader._latest:
                next(compactions, lambda: None)()
            return load(rows, snapshot)

        monkeypatch.setattr(LatestRows, "of", compacting_before)
        assert reader.search("marker100", 1)[0].id == "doc-100"
        assert next(compactions, None) is None
        index.compact()
        (target / "vectors-2.f32").unlink()
        with pytest.raises(IndexCorruptError, match=r"vectors-2\.f32' is missing"):
            reader.search("marker100", 1)


@pytest.mark.parametrize("name", ["vectors.f32", "documents.f32", "ledger.sqlite"])
def test_damage_while_open_is_named_by_verify(
    original: tuple[Path, list], tmp_path: Path, name: str
) -> None:
    target = tmp_path / "index"
    shutil.copytree(original[0], target)
    with DocumentIndex.open(target, FakeEncoder(), read_only=True) as index:
        content = bytearray((target / name).read_bytes())
        content[len(content) // 2] ^= 4
        (target / name).write_bytes(content)
        assert any(name in finding for finding in index.verify())
        if name != "ledger.sqlite":
            with pytest.raises(IndexCorruptError, match=name):
                DocumentIndex.open(target, FakeEncoder())


def test_damaged_rows_are_not_copied_by_compaction(
    original: tuple[Path, list], tmp_path: Path
) -> None:
    target = tmp_path / "index"
    shutil.copytree(original[0], target)
    with DocumentIndex.open(target, FakeEncoder()) as index:
        before = {name: (target / name).stat().st_size for name in TRUTH}
        content = bytearray((target / "vectors.f32").read_bytes())
        content[100] ^= 1
        (target / "vectors.f32").write_bytes(content)
        for action in (index.compact, index.rebuild):
            with pytest.raises(IndexCorruptError, match=r"vectors\.f32"):
                action()
        assert {name: (target / name).stat().st_size for name in TRUTH} == before


def test_a_tampered_record_is_never_shown(original: tuple[Path, list], tmp_path: Path) -> None:
    """A change that SQLite itself cannot notice, in a ledger of which no digest is recorded."""
    import sqlite3

    target = tmp_path / "index"
    shutil.copytree(original[0], target)
    with sqlite3.connect(target / "ledger.sqlite") as connection:
        connection.execute(
            "UPDATE texts SET text = replace(text, 'report', 'REPORT') WHERE key = "
            "(SELECT key FROM documents WHERE id = 'doc-3')"
        )
    connection.close()
    content = read_sealed(target / "manifest.json")
    assert content is not None
    replace_sealed(target / "manifest.json", {**content, "files": {}})
    with DocumentIndex.open(target, FakeEncoder(), read_only=True) as index:
        with pytest.raises(IndexCorruptError, match=r"ledger\.sqlite.*'doc-3'"):
            index.search("marker3 version0", 1)
        assert any("doc-3" in finding for finding in index.verify())


def test_a_newer_format_is_refused_and_left_alone(
    original: tuple[Path, list], tmp_path: Path
) -> None:
    import sqlite3

    target = tmp_path / "index"
    shutil.copytree(original[0], target)
    content = read_sealed(target / "manifest.json")
    assert content is not None
    replace_sealed(target / "manifest.json", {**content, "format_version": 4, "new": True})
    before = {name: (target / name).read_bytes() for name in content_files(target)}
    for read_only in (True, False):
        with pytest.raises(FormatVersionError, match=r"format version 4.*reads up to 3"):
            DocumentIndex.open(target, FakeEncoder(), read_only=read_only)
    assert {name: (target / name).read_bytes() for name in content_files(target)} == before
    (target / "manifest.json").unlink()
    with sqlite3.connect(target / "ledger.sqlite") as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()
    with pytest.raises(FormatVersionError, match=r"format version 7.*reads up to 2"):
        DocumentIndex.open(target, FakeEncoder())


# --- refusals of the system -----------------------------------------------------------------------


def _refuse(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("refusing", ["flush of vectors", "replacing a file"])
@pytest.mark.parametrize("action", ["add", "compact"])
def test_a_full_disk_loses_nothing(
    original: tuple[Path, list],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refusing: str,
    action: str,
) -> None:
    target = tmp_path / "index"
    shutil.copytree(original[0], target)
    with DocumentIndex.open(target, FakeEncoder()) as index:
        with monkeypatch.context() as patch:
            if refusing == "flush of vectors":
                patch.setattr(vector_file, "flush_to_disk", _refuse)
            else:
                patch.setattr(disk.os, "replace", _refuse)
            work: dict[str, Callable[[], object]] = {
                "add": lambda: index.add([make_document(100)]),
                "compact": index.compact,
            }
            with pytest.raises(IndexFolderError, match="the disk is full"):
                work[action]()
            assert answers(index) == original[1]
        assert index.verify() == []
        assert index.add([make_document(100)]).added == 1
        index.compact()
        assert index.search("marker100", 1)[0].id == "doc-100"
        assert index.verify() == []


_LIMITED = """
import resource, sys
sys.path.insert(0, sys.argv[2])
from corpus import make_document
from fake_encoder import FakeEncoder
from vectorlong.errors import IndexFolderError
from vectorlong.retrieval.document_index import DocumentIndex
index = DocumentIndex.open(sys.argv[1], FakeEncoder())
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
n_added = 0
try:
    for number in range(1000, 3000):
        index.add([make_document(number)])
        n_added += 1
except IndexFolderError as error:
    print(n_added, error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
index.close()
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no file size limits here")
@pytest.mark.parametrize("extra_bytes", [3_000, 30_000])
def test_a_real_limit_on_file_sizes_loses_nothing(
    original: tuple[Path, list], tmp_path: Path, extra_bytes: int
) -> None:
    target = tmp_path / "index"
    shutil.copytree(original[0], target)
    limit = max((target / name).stat().st_size for name in TRUTH) + extra_bytes
    done = subprocess.run(
        [
            *(sys.executable, "-c", _LIMITED, str(target)),
            *(str(Path(__file__).resolve().parent.parent / "retrieval"), str(limit)),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    n_added, message = done.stdout.split(maxsplit=1)
    assert "What the index had acknowledged before is still there" in message.replace("\n", " ")
    with DocumentIndex.open(target, FakeEncoder()) as index:
        assert index.verify() == []
        added = [name for name in index.ids() if int(name[4:]) >= 1000]
        assert added[: int(n_added)] == [f"doc-{1000 + number}" for number in range(int(n_added))]
        assert len(index) == 50 + len(added)
        for number in (*range(40), *range(50, 60)):
            assert index.get(f"doc-{number}") == make_document(number)
        index.delete(added)
        assert answers(index)[0] == original[1][0]


_UNPRIVILEGED = """
import mmap  # whatever is imported late must be imported before the rights are gone
import os, sys
sys.path.insert(0, sys.argv[2])
from fake_encoder import FakeEncoder
from vectorlong.retrieval.document_index import DocumentIndex
if os.geteuid() == 0:
    os.setgid(65534), os.setuid(65534)
for read_only in (True, False):
    try:
        with DocumentIndex.open(sys.argv[1], FakeEncoder(), read_only=read_only) as index:
            print("opened", index.search("marker3 version0", 1)[0].id)
    except Exception as error:
        print(type(error).__name__, error)
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
@pytest.mark.parametrize(("mode", "expected"), [(0o555, "opened doc-3"), (0o000, "permission")])
def test_folders_without_permission(original: tuple[Path, list], mode: int, expected: str) -> None:
    base = Path(tempfile.mkdtemp())  # pytest's own folder admits its owner only
    target = base / "index"
    try:
        shutil.copytree(original[0], target)
        for path in target.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        base.chmod(0o755)
        target.chmod(mode)
        done = subprocess.run(
            [
                *(sys.executable, "-c", _UNPRIVILEGED, str(target)),
                str(Path(__file__).resolve().parent.parent / "retrieval"),
            ],
            capture_output=True,
            text=True,
        )
        lines = done.stdout.splitlines()
        if len(lines) != 2:
            pytest.skip(f"an unprivileged process cannot run here: {done.stderr[-200:]}")
        assert expected in lines[0]
        assert lines[1].startswith("IndexFolderError")
        assert "permission is denied" in lines[1]
    finally:
        target.chmod(0o755)
        with DocumentIndex.open(target, FakeEncoder()) as index:
            assert answers(index) == original[1]
        shutil.rmtree(base)


def test_a_log_that_cannot_be_read_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of what a killed writer left, where nothing can be written: its commits count."""
    with DocumentIndex.create(tmp_path / "index", FakeEncoder()) as index:
        index.add([("a", "First text.")])
        monkeypatch.setattr(WritableFolder, "checkpoint", lambda self: False)
        index.add([("b", "Second text.")])
        shutil.copytree(tmp_path / "index", tmp_path / "copy")
    (tmp_path / "copy" / "ledger.sqlite-shm").unlink()
    with monkeypatch.context() as unwritable:
        unwritable.setattr(os, "access", lambda *_: False)
        unwritable.setattr(LedgerReader, "_is_readable", lambda self: False)
        with pytest.raises(IndexFolderError, match=r"copy' has commits in a write-ahead log.*once"):
            DocumentIndex.open(tmp_path / "copy", FakeEncoder(), read_only=True)
    with DocumentIndex.open(tmp_path / "copy", FakeEncoder(), read_only=True) as copy:
        assert copy.ids() == ["a", "b"]


# --- VectorIndex ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, VectorIndex]:
    generator = np.random.default_rng(3)
    index = VectorIndex(16, "ivf-sq8")
    index.add([f"id-{n}" for n in range(1200)], generator.normal(size=(1200, 16)))
    index.remove(["id-7"])
    folder = tmp_path_factory.mktemp("saved") / "vectors"
    index.save(folder)
    return folder, index


def test_damage_to_a_saved_vector_index(saved: tuple[Path, VectorIndex], tmp_path: Path) -> None:
    folder, index = saved
    queries = np.random.default_rng(4).normal(size=(20, 16))
    expected = index.search_many(queries, 5)
    target = tmp_path / "vectors"
    for name in content_files(folder):
        for damage in damaged_copies(folder, name, target):
            if name.startswith("faiss-"):
                found = VectorIndex.load(target).search_many(queries, 5)
                assert found == expected, damage
            elif damage == "removed" and name == "vector_index.json":
                with pytest.raises(IndexFolderError, match="holds no saved VectorIndex"):
                    VectorIndex.load(target)
            else:
                with pytest.raises(IndexCorruptError, match=name):
                    VectorIndex.load(target)


def test_a_failed_save_leaves_the_old_one(
    saved: tuple[Path, VectorIndex], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "vectors"
    shutil.copytree(saved[0], target)
    index = VectorIndex.load(target)
    index.add(["new"], np.ones((1, 16)))
    real = os.replace
    for n_allowed in range(3):
        left = [n_allowed]

        def replace(source: Path, to: Path, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                _refuse()
            real(source, to)

        with monkeypatch.context() as patch:
            patch.setattr(disk.os, "replace", replace)
            with pytest.raises(IndexFolderError, match="the disk is full"):
                index.save(target)
        assert "new" not in VectorIndex.load(target)
    index.save(target)
    assert "new" in VectorIndex.load(target)
    assert len(content_files(target)) == 4


def test_a_newer_saved_vector_index_is_refused(
    saved: tuple[Path, VectorIndex], tmp_path: Path
) -> None:
    target = tmp_path / "vectors"
    shutil.copytree(saved[0], target)
    content = json.loads((target / "vector_index.json").read_text())
    del content["checksum"]
    replace_sealed(target / "vector_index.json", {**content, "format_version": 9})
    with pytest.raises(FormatVersionError, match="format version 9"):
        VectorIndex.load(target)
