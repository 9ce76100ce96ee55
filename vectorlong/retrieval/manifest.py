"""The manifest: what an index is, readable without opening its ledger.

It repeats the settings the ledger holds (so it can be written anew from there) and, after a clean
close, the digest of the ledger's file and the stamps of the vector files. Beside the ledger it
remembers which generation was acknowledged last, so that commits missing from the ledger are
noticed. Replaced as a whole, checksummed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from vectorlong.documents import PassageSpec
from vectorlong.errors import IndexCorruptError
from vectorlong.fields import take_format_version
from vectorlong.lexical.stems import AUTO_LANGUAGE, check_language
from vectorlong.vector_index.index_files import Stamp, checked, read_sealed, replace_sealed

MANIFEST_NAME = "manifest.json"
# 1 had no generation, 2 no language.
FORMAT_VERSION = 3
# Wider than any encoder's vectors, and narrow enough that a row fits in memory.
_MAX_DIMENSION = 1 << 20


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
        Kind of vector index; see `vectorlong.vector_index.faiss_kinds`.
    lexical
        Whether texts are indexed for lexical search.
    language
        Of which they have stems there; see `vectorlong.lexical.stems.LANGUAGES`.
    generation
        The last one that was acknowledged, as far as is known: the ledger has it, or one after it.
        None where the manifest had to be made anew.
    files
        After a clean close: size, time of change and, for the ledger, digest of each file of truth.
        Empty while a writer is at work or after it was killed.
    """

    fingerprint: str
    model_name: str | None
    dimension: Annotated[int, Field(ge=1, le=_MAX_DIMENSION)]
    passages: PassageSpec
    faiss: str
    lexical: bool
    language: Annotated[str, AfterValidator(check_language)] = AUTO_LANGUAGE
    generation: Annotated[int, Field(ge=0)] | None = None
    files: dict[str, Stamp] = field(default_factory=dict)

    @property
    def word_language(self) -> str | None:
        """Return the language of the lexical index, None where there is none."""
        return self.language if self.lexical else None

    def settings(self) -> dict[str, Any]:
        """Return what the ledger keeps of it."""
        settings = asdict(self)
        del settings["files"], settings["generation"]
        return settings

    def at(self, generation: int, files: Mapping[str, Stamp] | None = None) -> Manifest:
        """Return the same index with another generation acknowledged, closed with these files."""
        return replace(self, generation=generation, files=dict(files or {}))

    def write(self, folder: Path, *, lasts: bool = True) -> None:
        """Replace the folder's manifest by this one.

        Unless that ``lasts``, the one before may be back after a power cut.
        """
        content = {"format_version": FORMAT_VERSION, **asdict(self)}
        replace_sealed(folder / MANIFEST_NAME, content, lasts=lasts)


def read_manifest(folder: Path) -> Manifest:
    """Read a folder's manifest.

    Raises
    ------
    FormatVersionError
        A newer version of this library wrote it.
    IndexCorruptError
        It is missing, cut, does not have its checksum, or says what cannot be.
    """
    path = folder / MANIFEST_NAME
    try:
        content = read_sealed(path)
    except FileNotFoundError:
        raise IndexCorruptError(f"{str(path)!r} is missing.") from None
    if content is None:
        raise IndexCorruptError(f"{str(path)!r} is damaged: it does not have its checksum.")
    version = take_format_version(content, FORMAT_VERSION, path)
    if version is None:
        raise IndexCorruptError(f"{str(path)!r} is damaged: it names no format_version.")
    if version == 1:
        content["generation"] = 0  # which no ledger goes back behind
    return checked(Manifest, content, path)
