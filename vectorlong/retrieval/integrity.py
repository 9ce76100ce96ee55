"""Whether the files of an index are what was written: on opening, and thoroughly on request."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

from vectorlong.errors import IndexCorruptError, IndexFolderError, IndexLockedError
from vectorlong.retrieval.connections import connect, ledger_sha256
from vectorlong.retrieval.ledger import (
    DOCUMENT_ROWS,
    LEDGER_NAME,
    PASSAGE_ROWS,
    check_ledger,
    damaged,
    ledger_errors,
)
from vectorlong.retrieval.ledger_reader import LedgerReader
from vectorlong.retrieval.loaded_rows import LatestRows, vector_path
from vectorlong.retrieval.manifest import MANIFEST_NAME, Manifest, read_manifest
from vectorlong.retrieval.snapshot import Snapshot
from vectorlong.vector_index.faiss_folder import FaissFolder
from vectorlong.vector_index.index_files import Stamp, checked, folder_errors, needs_check
from vectorlong.vector_index.vector_file import VectorFile

_MAX_LOOKS = 5
# More than a look at an index has open at once.
_MAX_OPEN_FILES = 16
_DOUBT = " (So says the ledger, which is damaged itself.)"


def check_ledger_exists(folder: Path) -> None:
    """Refuse a folder without a ledger.

    Raises
    ------
    IndexCorruptError
        It is missing; the message names it.
    """
    path = folder / LEDGER_NAME
    if not path.is_file():
        raise IndexCorruptError(
            f"{str(path)!r} is missing. Restore it from a copy, or build the index anew from the "
            "documents."
        )


def check_generation(manifest: Manifest, snapshot: Snapshot, path: Path) -> None:
    """Refuse a ledger at ``path`` that lacks commits the manifest saw acknowledged.

    SQLite itself passes over the rest of a write-ahead log, without a word, from its first damaged
    byte on, and begins a new one where the log is missing.

    Raises
    ------
    IndexCorruptError
        The ledger is older; the message says by how much.
    """
    if manifest.generation is not None and snapshot.generation < manifest.generation:
        raise damaged(
            path,
            f"it ends at generation {snapshot.generation}, while {manifest.generation} was "
            f"acknowledged, so that its write-ahead log {path.name + '-wal'!r} is damaged or "
            "missing",
        )


def check_ledger_file(folder: Path, manifest: Manifest) -> None:
    """Compare the ledger's file with its digest, if it was closed cleanly and is worth reading.

    Raises
    ------
    IndexCorruptError
        It differs; the message names it.
    """
    path = folder / LEDGER_NAME
    recorded = manifest.files.get(LEDGER_NAME)
    if recorded is None:
        return
    stamp: Stamp = {"size": recorded["size"], "mtime_ns": recorded["mtime_ns"]}
    if needs_check(path, stamp) and _is_other_than(folder, recorded):
        raise damaged(
            path, "its content does not have the digest that was recorded when it was closed"
        )


def _is_other_than(folder: Path, recorded: Stamp) -> bool:
    """Whether the ledger's file differs from what the manifest recorded, and still does record."""
    if ledger_sha256(folder / LEDGER_NAME) == recorded.get("digest"):
        return False
    # A writer may have begun while the file was read; then the manifest says so.
    return read_manifest(folder).files.get(LEDGER_NAME) == recorded


def check_unstamped_ledger(folder: Path) -> None:
    """Let SQLite check a ledger whose writer did not close it, and of which no digest is known."""
    path = folder / LEDGER_NAME
    if not needs_check(path, None):
        return
    try:
        connection = connect(path, read_only=True)
        try:
            check_ledger(connection, path)
            findings = connection.one("PRAGMA quick_check(1)")[0]
        finally:
            connection.close()
    except sqlite3.OperationalError:
        return  # a folder without room for a shared memory file; reading itself will say more
    except sqlite3.DatabaseError as error:
        findings = str(error)
    if findings != "ok":
        raise damaged(path, findings)


def check_vector_files(folder: Path, manifest: Manifest, reader: LedgerReader) -> None:
    """Compare the vector files with their checksums, where they are worth reading.

    Raises
    ------
    IndexCorruptError
        One differs or is cut; the message names it.
    """
    with reader.snapshot() as snapshot:
        try:
            _check_vector_files(folder, manifest, snapshot)
        except IndexCorruptError:
            with reader.snapshot() as newer:
                if newer.epoch == snapshot.epoch:
                    raise
                # Compaction has replaced the files meanwhile; the new ones bear it out.
                _check_vector_files(folder, manifest, newer)


def _check_vector_files(folder: Path, manifest: Manifest, snapshot: Snapshot) -> None:
    """Compare the vector files of one generation."""
    for file in (PASSAGE_ROWS, DOCUMENT_ROWS):
        path = vector_path(folder, file, snapshot.epoch)
        if path.exists() and not needs_check(path, manifest.files.get(path.name)):
            continue
        damage = VectorFile(path, manifest.dimension).damage(snapshot.segments(file))
        if damage is not None:
            raise IndexCorruptError(damage)


def find_damage(folder: Path) -> list[str]:
    """Read every byte of every file and list what is wrong, naming each file.

    Nothing needs to be whole for that: where one file cannot be read, the others still are.

    Raises
    ------
    IndexFolderError
        This process can open no more files, which says nothing of those in the folder.
    """
    with folder_errors("look for damage", folder):
        before, findings = _state(folder), _look(folder)
        for _ in range(_MAX_LOOKS):
            now = _state(folder)
            if not findings or now == before:
                break
            # A writer was at work meanwhile. What was only in motion is not found again.
            before, found_again = now, _look(folder)
            findings = [finding for finding in findings if finding in found_again]
        if findings:
            _check_files_can_be_opened()
        return findings


def _check_files_can_be_opened() -> None:
    """Raise the system's refusal where there is one; SQLite tells of it as of a missing file."""
    with contextlib.ExitStack() as opened:
        for _ in range(_MAX_OPEN_FILES):
            opened.enter_context(open(os.devnull, "rb", buffering=0))


def _state(folder: Path) -> tuple[int, int] | None:
    """Epoch and generation, or None where the ledger cannot be read."""
    try:
        with (
            contextlib.closing(LedgerReader(folder / LEDGER_NAME)) as reader,
            reader.snapshot() as snapshot,
        ):
            return snapshot.epoch, snapshot.generation
    except (IndexFolderError, OSError):
        return None


def _look(folder: Path) -> list[str]:
    """List what is wrong with the files as they are now."""
    findings: list[str] = []
    manifest = None
    with _noted(findings, folder / MANIFEST_NAME):
        manifest = read_manifest(folder)
    files = {} if manifest is None else manifest.files
    path = folder / LEDGER_NAME
    checked_files: set[str] = set()
    with _noted(findings, path):
        check_ledger_exists(folder)
        if LEDGER_NAME in files and _is_other_than(folder, files[LEDGER_NAME]):
            findings.append(f"{str(path)!r} does not have its recorded digest")
        with contextlib.closing(LedgerReader(path)) as reader, reader.snapshot() as snapshot:
            with _noted(findings, path):
                if manifest is not None:
                    check_generation(manifest, snapshot, path)
            checked_files = _find_in_snapshot(folder, manifest, snapshot, findings)
    for file in (PASSAGE_ROWS, DOCUMENT_ROWS):
        if file not in checked_files:
            with _noted(findings, folder):
                findings.extend(_find_without_ledger(folder, file, files))
    with _noted(findings, folder):
        snapshot_damage = FaissFolder(folder).damage(thorough=True)
        if snapshot_damage is not None:
            findings.append(snapshot_damage)
    return findings


@contextlib.contextmanager
def _noted(findings: list[str], path: Path) -> Iterator[None]:
    """Note what cannot be read, and go on; what makes no sense is laid to the file at ``path``."""
    try:
        with ledger_errors(path):
            yield
        return
    except IndexLockedError:
        raise
    except (IndexFolderError, OSError) as error:
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            raise
        finding = str(error)
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        finding = f"{str(path)!r} is damaged: {error}"
    if findings[-1:] != [finding]:  # one bad page spoils many records
        findings.append(finding)


def _find_in_snapshot(
    folder: Path, manifest: Manifest | None, snapshot: Snapshot, findings: list[str]
) -> set[str]:
    """Check the ledger and what it vouches for; return the vector files that could be checked."""
    path = folder / LEDGER_NAME
    dimension = None if manifest is None else manifest.dimension
    with _noted(findings, path):
        settings = checked(Manifest, snapshot.settings(), path)
        if manifest is not None and manifest.settings() != settings.settings():
            findings.append(f"{str(folder / MANIFEST_NAME)!r} does not agree with the ledger")
        dimension = settings.dimension
    with _noted(findings, path):
        findings.extend(f"{str(path)!r} is damaged: {found}" for found in snapshot.check_database())
        if checked(Manifest, snapshot.settings(), path).lexical:
            found = snapshot.check_lexical()
            findings.extend(f"{str(path)!r}: {what}; rebuild() makes it anew" for what in found)
    is_doubtful = any(str(path) in finding for finding in findings)
    checked_files = set()
    for file in (PASSAGE_ROWS, DOCUMENT_ROWS) if dimension is not None else ():
        with _noted(findings, path):
            vector_file = VectorFile(vector_path(folder, file, snapshot.epoch), dimension)
            damage = vector_file.damage(snapshot.segments(file))
            checked_files.add(file)
            if damage is not None:
                findings.append(damage + _DOUBT if is_doubtful else damage)
    if not findings:
        with _noted(findings, path):
            LatestRows(folder, checked(Manifest, snapshot.settings(), path).dimension).of(snapshot)
    with _noted(findings, path):
        for key in snapshot.placements()[:, 0].tolist():
            with _noted(findings, path):
                snapshot.fetch(key)
    return checked_files


def _find_without_ledger(folder: Path, file: str, files: Mapping[str, Stamp]) -> Iterator[str]:
    """Compare a vector file with what the manifest recorded of it, which is its size only."""
    names = [name for name in files if name.startswith(file)]
    names = names or [path.name for path in sorted(folder.glob(f"{file}*.f32"))] or [f"{file}.f32"]
    for path in (folder / name for name in names):
        if not path.is_file():
            yield f"{str(path)!r} is missing"
        elif path.name in files and path.stat().st_size != files[path.name]["size"]:
            yield (
                f"{str(path)!r} is damaged: it has {path.stat().st_size} bytes where "
                f"{files[path.name]['size']} were recorded when it was closed"
            )
        else:
            yield f"{str(path)!r} cannot be checked, because its checksums are in the ledger"
