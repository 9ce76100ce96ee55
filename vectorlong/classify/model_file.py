"""A fitted classifier in one file without pickle, written by skops.

Reading runs no code from the file: skops builds only the types that are listed here or that it
knows to be harmless. The encoder's weights stay out; the file names the model and its fingerprint.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from vectorlong.disk import is_larger_unpacked, replace_bytes
from vectorlong.errors import (
    CheckpointError,
    InputValueError,
    ModelNotFoundError,
    OptionError,
    VectorlongError,
)
from vectorlong.extras import import_extra
from vectorlong.fields import take_format_version

FORMAT_VERSION = 1
# Of what a file holds, in a message.
_MOST_CHARACTERS = 1_000
#: All that a file may hold beyond numbers, texts, arrays and scikit-learn's own.
TRUSTED_TYPES = (
    "vectorlong.classify.document_classifier.DocumentClassifier",
    "vectorlong.classify.linear.VectorClassifier",
    "vectorlong.classify.vectorizer.LongformerVectorizer",
    "vectorlong.classify.whitener.Whitener",
    "vectorlong.postprocess.steps.Chain",
    "vectorlong.postprocess.steps.Normalize",
    "vectorlong.postprocess.steps.Truncate",
    "vectorlong.postprocess.whitening.Whitening",
)

_Model = TypeVar("_Model")


def write_model(model: object, path: Path) -> None:
    """Write a model to a file, replacing one that is there in a single move.

    Raises
    ------
    OptionError
        The model holds something that is not stored; the message lists it.
    InputValueError
        The file cannot be written; what was there is left as it was.
    MissingExtraError
        skops is not installed.
    """
    skops = import_extra("skops")
    content = skops.dumps({"format_version": FORMAT_VERSION, "model": model})
    foreign = _foreign_types(skops, content)
    if foreign:
        raise OptionError(
            "vectorizer",
            getattr(model, "vectorizer", model),
            hint=f"It holds {', '.join(foreign)}, which is not stored in a model file. Use "
            "options that are names, numbers or steps of vectorlong.postprocess.",
        )
    try:
        replace_bytes(path, content)
    except OSError as error:
        raise InputValueError(
            f"Cannot write the model file {str(path)!r}: {error.strerror}. Name a file in a folder "
            "that is there and can be written."
        ) from error


def read_model(path: Path, kind: type[_Model]) -> _Model:
    """Read a model of one kind.

    Raises
    ------
    ModelNotFoundError
        There is no such file.
    CheckpointError
        The file is damaged, holds types that are not trusted, or a model of another kind.
    FormatVersionError
        A newer version of this library wrote it.
    MissingExtraError
        skops is not installed.
    """
    skops = import_extra("skops")
    if not os.path.isfile(path):
        raise ModelNotFoundError(
            f"There is no model file {str(path)!r}. Train one first and save it there."
        )
    if is_larger_unpacked(path):  # skops only stores
        raise CheckpointError(
            f"{str(path)!r} unpacks to more bytes than the file has, and no model file of "
            "vectorlong does; it was not read."
        )
    content = path.read_bytes()
    try:
        foreign = _foreign_types(skops, content)
        if foreign:
            raise CheckpointError(
                f"{str(path)!r} holds {', '.join(foreign)[:_MOST_CHARACTERS]}, which no model "
                "file of vectorlong does; it was not read. Take a file from someone you trust."
            )
        stored = skops.loads(content, trusted=list(TRUSTED_TYPES))
    except VectorlongError:
        raise
    except Exception as error:  # skops and zipfile raise anything when a file is damaged
        raise CheckpointError(
            f"{str(path)!r} is damaged or no model file: {repr(error)[:_MOST_CHARACTERS]}. Restore "
            "it from a copy, or train again."
        ) from error
    if not isinstance(stored, dict) or take_format_version(stored, FORMAT_VERSION, path) is None:
        raise CheckpointError(f"{str(path)!r} is no model file of vectorlong.")
    model = stored.get("model")
    if not isinstance(model, kind):
        raise CheckpointError(
            f"{str(path)!r} holds a {type(model).__name__}, not a {kind.__name__}."
        )
    return model


def _foreign_types(skops: ModuleType, content: bytes) -> list[str]:
    """List what a file holds that is not trusted."""
    return sorted(set(skops.get_untrusted_types(data=content)) - set(TRUSTED_TYPES))
