"""Which model a command uses, and how it is built."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vectorlong.cli.output import say

if TYPE_CHECKING:
    from vectorlong.longformer2vec import Longformer2Vec

# Must be vectorlong.encoder.profiles.EMBEDDED_MODEL, which would load NumPy for every --help.
DEFAULT_MODEL = "minilm"
WHY_DEFAULT = (
    "minilm is the default because it needs no download, runs fast on a CPU and is made for search."
)

ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help="A name from `vectorlong models`, a folder, or a hub id. "
        f"Where not given: {DEFAULT_MODEL}. {WHY_DEFAULT}",
        show_default=False,
    ),
]


def locate_model(model: str | None) -> str:
    """Give the model's name, or its absolute folder; the default one with a sentence on why.

    Absolute, because indexes and classifiers remember it and may be used from another folder.
    """
    if model is None:
        say(f"Using the model {DEFAULT_MODEL}: {WHY_DEFAULT}")
        return DEFAULT_MODEL
    folder = os.path.expanduser(model)  # Path's own raises where there is no such user
    return str(Path(folder).resolve()) if os.path.isdir(folder) else model


def build_encoder(model: str | None, *, dtype: str = "float32") -> Longformer2Vec:
    """Load a model."""
    located = locate_model(model)
    from vectorlong.longformer2vec import Longformer2Vec

    return Longformer2Vec(located, dtype=dtype)
