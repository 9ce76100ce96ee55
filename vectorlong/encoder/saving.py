"""A model and the ways its vectors are made, to one folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vectorlong.encoder.checkpoint import save_checkpoint
from vectorlong.encoder.pipeline import Pipeline
from vectorlong.encoder.settings import (
    POSTPROCESS_FILE,
    Settings,
    file_digests,
    write_settings,
)
from vectorlong.errors import OptionError
from vectorlong.pooling import Pooling, resolve_pooling
from vectorlong.postprocess import Postprocess, load_postprocess


def save_model(
    folder: Path, pipeline: Pipeline, postprocess: Postprocess | None, settings: Settings
) -> None:
    """Write checkpoint, tokenizer, post-processing step and, last, the settings.

    Parameters
    ----------
    folder
        Made if missing; a model in it is replaced, other files in it are left alone.
    pipeline
        Float32 weights, their tokenizer, and how tokens become a vector.
    postprocess
        What is done to vectors afterwards.
    settings
        What the pipeline does not know: normalisation, prompts, passages, source.

    Raises
    ------
    OptionError
        Global attention or pooling is code, which is not stored.
    """
    policy = pipeline.global_attention
    if not isinstance(policy, str):
        raise OptionError(
            "global_attention", policy, hint="Code is not saved; pass it again after loading."
        )
    pooling_names = _names_of(pipeline.pooling)
    encoder, tokenizer = pipeline.encoder, pipeline.tokenizer
    names = save_checkpoint(encoder, folder, extra=tokenizer.config_ids())
    names += tokenizer.save(folder, max_tokens=encoder.config.max_tokens)
    if postprocess is not None:
        postprocess.save(folder / POSTPROCESS_FILE)
        names.append(POSTPROCESS_FILE)
    settings = replace(
        settings,
        pooling=pooling_names,
        global_attention=policy,
        max_tokens=pipeline.max_tokens,
        overlength=pipeline.overlength,
        has_postprocess=postprocess is not None,
        files_sha256=file_digests(folder, names),
    )
    write_settings(settings, folder)


def saved_postprocess(folder: Path, settings: Settings) -> Postprocess | None:
    """Read the post-processing step that lies beside a checkpoint, if one does.

    Raises
    ------
    CheckpointError
        It is missing or damaged.
    """
    return load_postprocess(folder / POSTPROCESS_FILE) if settings.has_postprocess else None


def _names_of(pooling: Pooling) -> tuple[str, ...]:
    """Give the names that alone would give this pooling back."""
    names = tuple(pooling.name.split("+"))
    try:
        is_same = resolve_pooling(names).fingerprint == pooling.fingerprint
    except OptionError:
        is_same = False
    if not is_same:
        raise OptionError(
            "pooling",
            pooling.name,
            hint="Code is not saved, and this name stands for another pooling or none; "
            "register yours under a name of its own with register_pooling.",
        )
    return names
