"""The folder in which this library keeps, on a user's behalf, what it can make again."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from pathlib import Path

#: What vectors of texts may take: about a million of 384 numbers.
MAX_VECTORS_BYTES = 2 * 2**30
#: How the folder of a conversion begins that is under way, or was killed.
UNFINISHED_PREFIX = ".converting-"
# Name, beginning of the weights' hash, and how they were converted.
_MODEL = re.compile(r"[a-z0-9]+-[0-9a-f]{12}-\d+-\d+-v\d+")
_IN_USE_TIMEOUT_S = 5.0


def default_cache() -> Path:
    """Where converted models and vectors lie: $VECTORLONG_CACHE, or the user's cache folder."""
    chosen = os.environ.get("VECTORLONG_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "vectorlong"


def vectors_folder() -> Path:
    """Where vectors of texts are kept unless the caller names a folder."""
    return default_cache() / "vectors"


def model_folder(cache: Path, name: str, weights_sha256: str, conversion: str) -> Path:
    """Where a converted model is kept, of weights with that hash."""
    return cache / f"{name}-{weights_sha256[:12]}-{conversion}"


def model_lock(folder: Path) -> Path:
    """Where the lock lies that is held by whoever makes a converted model, or removes it."""
    return folder.with_name(f"{folder.name}.lock")


def converted_models(cache: Path) -> list[Path]:
    """Find the converted models in a cache, and what killed conversions left; nothing else."""
    if not cache.is_dir():
        return []
    return [
        path
        for path in sorted(cache.iterdir())
        if path.is_dir()
        and not path.is_symlink()
        and (_MODEL.fullmatch(path.name) or path.name.startswith(UNFINISHED_PREFIX))
    ]


def remove_models(cache: Path) -> tuple[list[Path], list[Path]]:
    """Remove what :func:`converted_models` finds.

    Returns
    -------
    tuple
        What is gone, and what stays, as all does while another process converts.
    """
    from filelock import FileLock, Timeout  # here, since every --help loads this file

    models = converted_models(cache)
    names = {path.name for path in models} | {path.stem for path in cache.glob("*.lock")}
    locks = [model_lock(cache / name) for name in sorted(names) if _MODEL.fullmatch(name)]
    with contextlib.ExitStack() as held:
        try:
            for lock in locks:
                held.enter_context(FileLock(lock, timeout=_IN_USE_TIMEOUT_S))
        except (OSError, Timeout):
            return [], models
        for path in models:
            shutil.rmtree(path, ignore_errors=True)
        for lock in locks:
            with contextlib.suppress(OSError):  # Windows removes no lock that is held
                lock.unlink()
    return [path for path in models if not path.exists()], [p for p in models if p.exists()]
