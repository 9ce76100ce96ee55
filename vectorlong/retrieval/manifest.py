"""The manifest: what an index is, readable without opening its ledger.

It repeats the settings the ledger holds (so it can be written anew from there) and, after a clean
close, the digest of the ledger's file and the stamps of the vector files. Replaced as a whole,
checksummed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from vectorlong.documents import PassageSpec
from vectorlong.errors import FormatVersionError, IndexCorruptError
from vectorlong.retrieval.ledger import FORMAT_VERSION
from vectorlong.retrieval.storage import replace_text

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
        content = {"format_version": FORMAT_VERSION, **asdict(self)}
        replace_text(
            folder / MANIFEST_NAME,
            json.dumps({**content, "checksum": _checksum(content)}, indent=2, ensure_ascii=False)
            + "\n",
        )


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
        content = json.loads(path.read_bytes().decode())
        version = content["format_version"]
        checksum = content.pop("checksum", None)
    except FileNotFoundError:
        raise IndexCorruptError(f"{str(path)!r} is missing.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise IndexCorruptError(f"{str(path)!r} is damaged: it cannot be read.") from None
    if isinstance(version, int) and version > FORMAT_VERSION and checksum == _checksum(content):
        raise FormatVersionError(
            f"{str(path)!r} has format version {version}; this version of vectorlong reads up to "
            f"{FORMAT_VERSION}. Upgrade vectorlong; nothing was changed."
        )
    if checksum != _checksum(content):
        raise IndexCorruptError(f"{str(path)!r} is damaged: it does not have its checksum.")
    del content["format_version"]
    return Manifest.from_settings(content)


def _checksum(content: dict[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False).encode()
    return hashlib.sha256(canonical).hexdigest()
