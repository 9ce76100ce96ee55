"""Before an index is there: its folder and files, their format, and the encoder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from vectorlong.disk import is_unfinished
from vectorlong.errors import (
    EncoderMismatchError,
    FormatVersionError,
    IndexCorruptError,
    IndexFolderError,
    InputTypeError,
    InputValueError,
    shown,
)
from vectorlong.retrieval import integrity
from vectorlong.retrieval.encoder_protocol import DocumentEncoder, has_passages
from vectorlong.retrieval.ledger import DOCUMENT_ROWS, LEDGER_NAME, PASSAGE_ROWS
from vectorlong.retrieval.ledger_reader import LedgerReader
from vectorlong.retrieval.ledger_writer import LedgerWriter
from vectorlong.retrieval.loaded_rows import is_vector_file, vector_path
from vectorlong.retrieval.manifest import MANIFEST_NAME, Manifest, read_manifest
from vectorlong.vector_index.faiss_folder import FOLDER_NAME as FAISS_FOLDER_NAME
from vectorlong.vector_index.index_files import checked
from vectorlong.vector_index.vector_file import VectorAppender
from vectorlong.vector_index.writer_lock import HOLDER_NAME, LOCK_NAME

# What `make_files` makes before the manifest.
_UNFINISHED_NAMES = (
    *(f"{file}.f32" for file in (PASSAGE_ROWS, DOCUMENT_ROWS)),
    *(f"{LEDGER_NAME}{suffix}" for suffix in ("", "-wal", "-shm", "-journal")),
)
_NAMES = (*_UNFINISHED_NAMES, LOCK_NAME, HOLDER_NAME, MANIFEST_NAME)


def check_plain_files(folder: Path, *, is_writer: bool) -> None:
    """Refuse a folder in which an index's file is none.

    A writer would write to, or delete, what a link leads to; so it takes plain files alone. To a
    reader a link to a plain file is as good as the file (shared caches are made of them).

    Raises
    ------
    IndexFolderError
        A link, a pipe, a device or a folder lies where a file of the index should.
    """
    for entry in sorted(folder.iterdir()):
        is_folder = entry.name == FAISS_FOLDER_NAME
        if not is_folder and entry.name not in _NAMES and not is_vector_file(entry.name):
            continue
        try:
            mode = os.stat(entry, follow_symlinks=not is_writer).st_mode
        except FileNotFoundError:  # a link to nowhere, or gone meanwhile
            mode = 0 if entry.is_symlink() else stat.S_IFREG
        if not (stat.S_ISDIR(mode) if is_folder else stat.S_ISREG(mode)):
            raise IndexFolderError(
                f"{str(entry)!r} is no plain {'folder' if is_folder else 'file'}, as it is in an "
                "index"
                + (
                    ". Put the file itself there, or open the index with read_only=True."
                    if is_writer and entry.is_symlink() and entry.exists()
                    else "; remove it or restore the index from a copy."
                )
            )


def as_path(folder: object) -> Path:
    """Return where an index lies, whatever the current folder becomes.

    Raises
    ------
    InputTypeError, InputValueError
        It is no path.
    """
    if not isinstance(folder, str | os.PathLike):
        raise InputTypeError(f"The folder of an index must be a path, not {shown(folder)}.")
    path = Path(folder)
    if "\0" in str(path):
        raise InputValueError(f"{shown(str(path))} is no path: it holds a NUL.")
    return path.absolute()


def check_is_encoder(encoder: object) -> None:
    """Refuse what cannot encode documents and questions."""
    wanted = ("fingerprint", "get_embedding_dimension", "encode_query")
    missing = [name for name in wanted if not hasattr(encoder, name)]
    if not has_passages(encoder):
        missing.append("encode_with_passages")
    if missing:
        raise InputTypeError(
            f"{shown(encoder)} is no encoder: it has no {missing[0]}. Pass a Longformer2Vec, or an "
            "object with the members of vectorlong.retrieval.encoder_protocol.DocumentEncoder."
        )


def check_unused(folder: Path) -> None:
    """Refuse a folder that holds more than what a killed `create` left, which is of no worth."""
    is_unused = all(
        (entry.name in (*_UNFINISHED_NAMES, LOCK_NAME, HOLDER_NAME) or is_unfinished(entry.name))
        and (entry.suffix != ".f32" or entry.lstat().st_size == 0)
        and stat.S_ISREG(entry.lstat().st_mode)
        for entry in folder.iterdir()
    )
    if not is_unused:
        raise IndexFolderError(
            f"{str(folder)!r} is not empty. Open it with DocumentIndex.open if it is an index, or "
            "choose another folder."
        )


def make_files(folder: Path, manifest: Manifest) -> None:
    """Make the files of an empty index, the manifest last."""
    for name in _UNFINISHED_NAMES:
        (folder / name).unlink(missing_ok=True)
    for file in (PASSAGE_ROWS, DOCUMENT_ROWS):
        VectorAppender(vector_path(folder, file, 0), manifest.dimension, create=True).close()
    LedgerWriter.create(folder / LEDGER_NAME, manifest.settings(), manifest.word_language)
    manifest.at(0).write(folder)


def load_manifest(path: Path, *, is_writer: bool) -> Manifest:
    """Return what the index is: from the manifest, or where that is damaged from the ledger."""
    integrity.check_ledger_exists(path)
    try:
        manifest = read_manifest(path)
    except FormatVersionError:
        raise
    except IndexCorruptError:
        manifest = None
    if manifest is not None:
        integrity.check_ledger_file(path, manifest)
    if manifest is None or not manifest.files:
        integrity.check_unstamped_ledger(path)
    reader = LedgerReader(path / LEDGER_NAME)
    try:
        with reader.snapshot() as snapshot:  # refuses a ledger of a newer format
            if manifest is None:
                manifest = checked(Manifest, snapshot.settings(), reader.path)
                if is_writer:
                    manifest.write(path)
            integrity.check_generation(manifest, snapshot, reader.path)
    finally:
        reader.close()
    return manifest


def check_encoder(path: Path, manifest: Manifest, encoder: DocumentEncoder) -> None:
    """Refuse an encoder that did not make the index's vectors."""
    if (
        encoder.fingerprint != manifest.fingerprint
        or encoder.get_embedding_dimension() != manifest.dimension
    ):
        raise EncoderMismatchError(
            f"{str(path)!r} holds vectors of the encoder with fingerprint "
            f"{manifest.fingerprint!r} ({manifest.dimension} wide, model {manifest.model_name!r}); "
            f"the encoder passed has {encoder.fingerprint!r} "
            f"({encoder.get_embedding_dimension()} wide). Pass the encoder the index was made "
            "with, or make a new index."
        )
