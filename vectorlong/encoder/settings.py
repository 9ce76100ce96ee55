"""The file ``vectorlong.json`` beside a checkpoint: how its vectors are meant to be made.

Conversion and saving write it; loading takes from it what the caller did not choose.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from vectorlong.documents import PassageSpec
from vectorlong.encoder.checkpoint import read_json
from vectorlong.errors import CheckpointError, FormatVersionError

SETTINGS_FILE = "vectorlong.json"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Settings:
    """How an encoder's vectors are meant to be made; None where the folder does not say.

    Attributes
    ----------
    pooling
        Names of registered poolings; several are concatenated.
    global_attention
        Name of a global attention policy.
    max_tokens, overlength, normalize
        As in ``Longformer2Vec``.
    prompts
        Text put before an input, by prompt name.
    passages
        How documents are cut.
    has_postprocess
        Whether a post-processing step is stored beside the checkpoint.
    source
        What the checkpoint was converted from, for people.
    weights_sha256
        Digest of the weights file, where the folder was written by this library.
    """

    pooling: tuple[str, ...] | None = None
    global_attention: str | None = None
    max_tokens: int | None = None
    overlength: str | None = None
    normalize: bool | None = None
    prompts: Mapping[str, str] = field(default_factory=dict)
    passages: PassageSpec | None = None
    has_postprocess: bool = False
    source: str | None = None
    weights_sha256: str | None = None


def write_settings(settings: Settings, folder: Path) -> None:
    """Write ``vectorlong.json``, replacing it atomically."""
    raw = {"format_version": FORMAT_VERSION, **asdict(settings)}
    temporary = folder / f".{SETTINGS_FILE}.{os.getpid()}"
    temporary.write_text(
        json.dumps(raw, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    os.replace(temporary, folder / SETTINGS_FILE)


def read_settings(folder: Path) -> Settings:
    """Read ``vectorlong.json``; empty settings where the folder has none.

    Raises
    ------
    FormatVersionError
        A newer version of this library wrote it.
    CheckpointError
        The file is damaged.
    """
    path = folder / SETTINGS_FILE
    if not path.exists():
        return Settings()
    raw: dict[str, Any] = read_json(path)
    version = raw.pop("format_version", None)
    if not isinstance(version, int):
        raise CheckpointError(f"{path} names no format_version; it is damaged.")
    if version > FORMAT_VERSION:
        raise FormatVersionError(
            f"{path} has format version {version}; this version of vectorlong reads up to "
            f"{FORMAT_VERSION}. Upgrade vectorlong."
        )
    try:
        if raw.get("pooling") is not None:
            raw["pooling"] = tuple(raw["pooling"])
        if raw.get("passages") is not None:
            raw["passages"] = PassageSpec(**raw["passages"])
        return Settings(**raw)
    except TypeError as error:
        raise CheckpointError(f"{path} is damaged: {error}") from error
