"""The manifest: what an index is, readable without opening its ledger.

It repeats the settings the ledger holds (so it can be written anew from there) and, after a clean
close, the digest of the ledger's file and the stamps of the vector files. Replaced as a whole,
checksummed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from vectorlong.documents import PassageSpec
from vectorlong.errors import FormatVersionError, IndexCorruptError
from vectorlong.retrieval.ledger import FORMAT_VERSION
from vectorlong.retrieval.storage import read_sealed, replace_sealed

MANIFEST_NAME = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """What an index was created with, and how its files were left.

    Attributes
    ----------
    fingerprint
        Of the encoder that made the vectors.
    model_name
        What the encoder calls its model, or None; enough to build it again.
    dimension
        Width of the vectors.
    passages
        How documents were cut.
    faiss
        Kind of vector index; see `vectorlong.retrieval.faiss_kinds`.
    lexical
        Whether texts are indexed for lexical search.
    files
        After a clean close: size, time of change and, for the ledger, digest of each file of truth.
        Empty while a writer is at work or after it was killed.
    """

    fingerprint: str
    model_name: str | None
    dimension: int
    passages: PassageSpec
    faiss: str
    lexical: bool
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        """Return what the ledger keeps of it."""
        settings = asdict(self)
        del settings["files"]
        return settings

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Manifest:
        """Return the manifest that the ledger's settings describe."""
        return cls(**{**settings, "passages": PassageSpec(**settings["passages"])})

    def with_files(self, files: dict[str, dict[str, Any]]) -> Manifest:
        """Return the same index with other stamps."""
        return replace(self, files=files)

    def write(self, folder: Path) -> None:
        """Replace the folder's manifest by this one."""
        replace_sealed(folder / MANIFEST_NAME, {"format_version": FORMAT_VERSION, **asdict(self)})


def read_manifest(folder: Path) -> Manifest:
    """Read a folder's manifest.

    Raises
    ------
    FormatVersionError
        A newer version of this library wrote it.
    IndexCorruptError
        It is missing, cut, or does not have its checksum.
    """
    path = folder / MANIFEST_NAME
    try:
        content = read_sealed(path)
    except FileNotFoundError:
        raise IndexCorruptError(f"{str(path)!r} is missing.") from None
    if content is None or not isinstance(content.get("format_version"), int):
        raise IndexCorruptError(f"{str(path)!r} is damaged: it does not have its checksum.")
    version = content.pop("format_version")
    if version > FORMAT_VERSION:
        raise FormatVersionError(
            f"{str(path)!r} has format version {version}; this version of vectorlong reads up to "
            f"{FORMAT_VERSION}. Upgrade vectorlong; nothing was changed."
        )
    return Manifest.from_settings(content)
