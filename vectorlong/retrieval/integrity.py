"""Whether the files of an index are what was written: on opening, and thoroughly on request."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from vectorlong.errors import IndexCorruptError, IndexFolderError
from vectorlong.retrieval.derived import SnapshotFolder
from vectorlong.retrieval.ledger import DOCUMENTS, LEDGER_NAME, VECTORS, connect
from vectorlong.retrieval.manifest import Manifest, read_manifest
from vectorlong.retrieval.snapshot import LedgerReader, Snapshot
from vectorlong.retrieval.storage import file_digest, needs_check
from vectorlong.retrieval.vectors import VectorFile
from vectorlong.retrieval.view import Views, vector_path


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
    stamp = {"size": recorded["size"], "mtime_ns": recorded["mtime_ns"]}
    if needs_check(path, stamp) and file_digest(path) != recorded["digest"]:
        # A writer may have begun while the file was read; then the manifest says so.
        if read_manifest(folder).files.get(LEDGER_NAME) != recorded:
            return
        raise IndexCorruptError(
            f"{str(path)!r} is damaged: its content does not have the digest that was recorded "
            "when it was closed. Restore the file from a copy, or build the index anew from the "
            "documents."
        )


def check_unstamped_ledger(folder: Path) -> None:
    """Let SQLite check a ledger whose writer did not close it, and of which no digest is known."""
    path = folder / LEDGER_NAME
    if not needs_check(path, None):
        return
    try:
        connection = connect(path, read_only=True)
        try:
            findings = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.OperationalError:
        return  # a folder without room for a shared memory file; reading itself will say more
    except sqlite3.DatabaseError as error:
        findings = str(error)
    if findings != "ok":
        raise IndexCorruptError(
            f"{str(path)!r} is damaged: {findings}. Restore the file from a copy, or build the "
            "index anew from the documents."
        )


def check_vector_files(folder: Path, manifest: Manifest, snapshot: Snapshot) -> None:
    """Compare the vector files with their checksums, where they are worth reading.

    Raises
    ------
    IndexCorruptError
        One differs or is cut; the message names it.
    """
    for file in (VECTORS, DOCUMENTS):
        path = vector_path(folder, file, snapshot.epoch)
        if path.exists() and not needs_check(path, manifest.files.get(path.name)):
            continue
        damage = VectorFile(path, manifest.dimension).damage(snapshot.segments(file))
        if damage is not None:
            raise IndexCorruptError(damage)


def find_damage(folder: Path, manifest: Manifest, reader: LedgerReader) -> list[str]:
    """Read every byte of every file and list what is wrong, naming each file."""
    findings: list[str] = []
    try:
        written = read_manifest(folder)
    except IndexFolderError as error:
        findings.append(str(error))
    else:
        recorded = written.files.get(LEDGER_NAME)
        if recorded and file_digest(folder / LEDGER_NAME) != recorded["digest"]:
            findings.append(f"{str(folder / LEDGER_NAME)!r} does not have its recorded digest")
        if written.settings() != manifest.settings():
            findings.append(f"{str(folder / 'manifest.json')!r} does not agree with the ledger")
    try:
        with reader.snapshot() as snapshot:
            findings.extend(_find_in_snapshot(folder, manifest, snapshot))
    except (IndexFolderError, OSError) as error:
        findings.append(str(error))
    snapshot_damage = SnapshotFolder(folder).damage(thorough=True)
    return findings if snapshot_damage is None else [*findings, snapshot_damage]


def _find_in_snapshot(folder: Path, manifest: Manifest, snapshot: Snapshot) -> list[str]:
    path = folder / LEDGER_NAME
    findings = [f"{str(path)!r} is damaged: {finding}" for finding in snapshot.check_database()]
    for file in (VECTORS, DOCUMENTS):
        vector_file = VectorFile(vector_path(folder, file, snapshot.epoch), manifest.dimension)
        damage = vector_file.damage(snapshot.segments(file))
        if damage is not None:
            findings.append(damage)
    if not findings:
        Views(folder, manifest.dimension).of(snapshot)
    for key in snapshot.placements()[:, 0].tolist():
        try:
            snapshot.fetch(key)
        except IndexCorruptError as error:
            findings.append(str(error))
    return findings
