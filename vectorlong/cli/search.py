"""``vectorlong search``: a question to an index."""

from __future__ import annotations

import json
import os
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vectorlong.cli.models import build_encoder
from vectorlong.cli.output import JsonOption, print_json, results_console

if TYPE_CHECKING:
    from vectorlong.retrieval.manifest import Manifest

IndexArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The index's folder.")]


class ModeChoice(StrEnum):
    """What ``--mode`` may be."""

    hybrid = "hybrid"
    vector = "vector"
    lexical = "lexical"


class LevelChoice(StrEnum):
    """What ``--level`` may be."""

    document = "document"
    passage = "passage"


def search_command(
    folder: IndexArgument,
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="What you want to know.", show_default=False)
    ],
    k: Annotated[int, typer.Option("-k", min=1, help="How many hits.")] = 10,
    mode: Annotated[
        ModeChoice, typer.Option(help="By meaning (vector), by words (lexical), or both.")
    ] = ModeChoice.hybrid,
    where: Annotated[
        str | None,
        typer.Option(
            help='Filter on metadata, as JSON: \'{"year": {"$gte": 2020}}\'. Operators: $eq $ne '
            '$in $nin $gt $gte $lt $lte $exists, $and $or $not. The file is under "file": '
            '\'{"file.type": "pdf"}\'.'
        ),
    ] = None,
    level: Annotated[
        LevelChoice,
        typer.Option(help="Different documents with the best passage each, or any passages."),
    ] = LevelChoice.document,
    as_json: JsonOption = False,
) -> None:
    """Ask a question; each hit comes with its passage, where that lies, and its scores."""
    from vectorlong.retrieval.document_index import DocumentIndex

    conditions = _parse_where(where)
    require_index(folder)
    encoder = None
    if mode is not ModeChoice.lexical:
        encoder = build_encoder(index_model(folder, index_manifest(folder)))
    with DocumentIndex.open(folder, encoder, read_only=True) as index:
        started = time.perf_counter()
        hits = index.search(
            question,
            k,
            mode=mode.value,
            where=conditions,
            level=level.value,
        )
        seconds = time.perf_counter() - started
    from vectorlong.cli.hits import hit_as_json, print_hits

    if as_json:
        print_json(
            {
                "question": question,
                "mode": mode.value,
                "level": level.value,
                "seconds": round(seconds, 4),
                "hits": [hit_as_json(hit) for hit in hits],
            }
        )
    elif hits:
        print_hits(results_console(), hits)
    else:
        typer.echo("Nothing found." + _hint_on_nothing(mode, conditions))


def _parse_where(where: str | None) -> dict[str, Any] | None:
    if where is None:
        return None
    try:
        conditions = json.loads(where)
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter(
            f"{where[:200]!r} is not JSON ({error}). Write, with the outer quotes for the shell: "
            "'{\"year\": 2020}'",
            param_hint="--where",
        ) from None
    if not isinstance(conditions, dict):
        raise typer.BadParameter(
            f"{where!r} is not a JSON object. Write '{{\"field\": value}}'.", param_hint="--where"
        )
    return conditions


def _hint_on_nothing(mode: ModeChoice, conditions: dict[str, Any] | None) -> str:
    if conditions is not None:
        return " Does any document's metadata fit --where?"
    if mode is ModeChoice.lexical:
        return " No document has a word of the question; try --mode hybrid."
    return " Is the index empty? See vectorlong info."


def is_index(folder: Path) -> bool:
    """Whether a folder looks like an index, whole or damaged."""
    from vectorlong.retrieval.ledger import LEDGER_NAME
    from vectorlong.retrieval.manifest import MANIFEST_NAME

    # Path.exists raises where a name is too long.
    return any(os.path.exists(folder / name) for name in (MANIFEST_NAME, LEDGER_NAME))


def require_index(folder: Path) -> None:
    """Refuse any other folder, and name the command that makes an index.

    Raises
    ------
    IndexFolderError
        There is no such folder, or it is not an index.
    """
    from vectorlong.errors import IndexFolderError

    if not is_index(folder):
        what = "is not an index" if os.path.exists(folder) else "does not exist"
        raise IndexFolderError(
            f"{str(folder)!r} {what}. Make an index with: vectorlong index PATHS --into {folder}"
        )


def index_manifest(folder: Path) -> Manifest:
    """Read what an index was made with; its vectors are left for the opening to check."""
    from vectorlong.retrieval.opening import load_manifest
    from vectorlong.vector_index.index_files import folder_errors

    with folder_errors("open an index", folder):
        return load_manifest(folder, is_writer=False)


def index_model(folder: Path, manifest: Manifest) -> str:
    """Give the name of the model that an index was made with.

    Raises
    ------
    InputValueError
        The index does not name one.
    """
    from vectorlong.errors import InputValueError

    if manifest.model_name is None:
        raise InputValueError(
            f"{str(folder)!r} was made by an encoder without a name, which only Python can pass: "
            "DocumentIndex.open(folder, encoder). Here, search it with --mode lexical."
        )
    return manifest.model_name
