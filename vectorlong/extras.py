"""Packages that come with an extra of this library, and what to say where one is missing."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from vectorlong.errors import MissingExtraError

# What each extra brings to be imported, and what needs it.
_PACKAGES = {
    "pdf": ("pypdfium2", "Reading PDF"),
    "sheets": ("python_calamine", "Reading workbooks"),
    "skops": ("skops.io", "Saving and loading a classifier"),
    "sentence-transformers": ("sentence_transformers", "What sentence-transformers runs"),
    "train": ("accelerate", "Training"),
}


def import_extra(extra: str, package: str | None = None) -> Any:
    """Import what an extra brings; where it brings several packages, one of them.

    Raises
    ------
    MissingExtraError
        It is not installed, or cannot be imported; the message names the extra.
    """
    usual, feature = _PACKAGES[extra]
    try:
        return importlib.import_module(package or usual)
    except ImportError as error:
        raise MissingExtraError(feature, extra) from error


def why_missing(extra: str) -> str | None:
    """Say what an extra that is not installed is needed for, or None where it is; imports nothing.

    Examples
    --------
    >>> why_missing("pdf") is None or "pip install 'vectorlong[pdf]'" in why_missing("pdf")
    True
    """
    package, feature = _PACKAGES[extra]
    is_there = importlib.util.find_spec(package.partition(".")[0]) is not None
    return None if is_there else str(MissingExtraError(feature, extra))
