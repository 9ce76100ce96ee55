"""The file ``vectorlong.json`` beside a checkpoint: how its vectors are meant to be made.

Conversion and saving write it; the facade takes from it every option that the caller left open.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field

from vectorlong.disk import file_sha256, replace_bytes
from vectorlong.documents import PassageSpec
from vectorlong.encoder.model_files import read_json
from vectorlong.encoder.options import Overlength
from vectorlong.errors import CheckpointError, WeightsError
from vectorlong.fields import PlainName, checked_fields, take_format_version

SETTINGS_FILE = "vectorlong.json"
POSTPROCESS_FILE = "postprocess"
FORMAT_VERSION = 1

_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


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
    default_prompt_name
        The prompt that ``encode`` uses where none is asked for.
    passages
        How documents are cut.
    has_postprocess
        Whether a post-processing step is stored beside the checkpoint.
    source
        What the checkpoint was converted from, for people.
    files_sha256
        Digests of the files that this library wrote beside this one.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    pooling: tuple[str, ...] | None = None
    global_attention: str | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    overlength: Overlength | None = None
    normalize: bool | None = None
    prompts: Mapping[str, str] = field(default_factory=dict)
    default_prompt_name: str | None = None
    passages: PassageSpec | None = None
    has_postprocess: bool = False
    source: str | None = None
    files_sha256: Mapping[PlainName, _Digest] = field(default_factory=dict)


def file_digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of the files that were written into a folder; what else lies there is not ours."""
    return {name: file_sha256(folder / name) for name in sorted(names)}


def check_files(settings: Settings, folder: Path) -> None:
    """Make sure that the files are those that were written together.

    Raises
    ------
    WeightsError
        Files are missing or changed; each is named.
    """
    wrong = [
        f"{name} is missing" if not (folder / name).is_file() else f"{name} was changed"
        for name, digest in settings.files_sha256.items()
        if not (folder / name).is_file() or file_sha256(folder / name) != digest
    ]
    if wrong:
        raise WeightsError(
            f"{folder} is not as it was saved: {', '.join(wrong)}. Copy or save it again; or, if "
            f"the change is meant, remove {SETTINGS_FILE}."
        )


def write_settings(settings: Settings, folder: Path) -> None:
    """Write ``vectorlong.json``, replacing it atomically."""
    raw = {"format_version": FORMAT_VERSION, **asdict(settings)}
    content = json.dumps(raw, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    replace_bytes(folder / SETTINGS_FILE, content.encode())


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
    if not os.path.lexists(path):
        return Settings()
    raw = read_json(path)
    if take_format_version(raw, FORMAT_VERSION, path) is None:
        raise CheckpointError(f"{path} names no format_version; it is damaged.")
    if isinstance(raw.get("pooling"), str):
        raw["pooling"] = [raw["pooling"]]
    try:
        return checked_fields(Settings, raw)
    except ValueError as error:
        raise CheckpointError(f"{path} is damaged: {error}.") from error
