"""Which model a command uses, and how it is built."""

from __future__ import annotations

import warnings
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


def build_encoder(model: str | None) -> Longformer2Vec:
    """Load a model, the default one with a sentence on why."""
    if model is None:
        say(f"Using the model {DEFAULT_MODEL}: {WHY_DEFAULT}")
        model = DEFAULT_MODEL
    from vectorlong.longformer2vec import Longformer2Vec

    # Absolute, because an index remembers it and may be searched from another folder.
    folder = Path(model).expanduser()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if folder.is_dir():
            return Longformer2Vec.load(folder.resolve())
        return Longformer2Vec(model)
