"""``vectorlong search`` and ``similar``: a question to an index."""

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
    from vectorlong.retrieval.search import Hit

IndexArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The index's folder.")]

WhereOption = Annotated[
    str | None,
    typer.Option(
        help='Filter on metadata, as JSON: \'{"year": {"$gte": 2020}}\'. Operators: $eq $ne '
        '$in $nin $gt $gte $lt $lte $exists, $and $or $not. The file is under "file": '
        '\'{"file.type": "pdf"}\'.'
    ),
]


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
        str,
        typer.Argument(
            metavar="QUESTION",
            help='What you want to know. Words in "double quotes" must stand in a document just '
            "so; words with a -minus before them must not. Where it begins with a minus, put -- "
            "before it.",
            show_default=False,
        ),
    ],
    k: Annotated[int, typer.Option("-k", min=1, help="How many hits.")] = 10,
    mode: Annotated[
        ModeChoice, typer.Option(help="By meaning (vector), by words (lexical), or both.")
    ] = ModeChoice.hybrid,
    where: WhereOption = None,
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
    asked = {"question": question, "mode": mode.value, "level": level.value}
    _show(hits, asked, seconds, _hint_on_nothing(mode, conditions, question), as_json=as_json)


def similar_command(
    folder: IndexArgument,
    document: Annotated[
        str,
        typer.Argument(metavar="ID", help="A document of the index, as hits name it."),
    ],
    k: Annotated[int, typer.Option("-k", min=1, help="How many documents.")] = 10,
    where: WhereOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the documents that are most like one of the index; no model is needed."""
    from vectorlong.retrieval.document_index import DocumentIndex

    conditions = _parse_where(where)
    require_index(folder)
    with DocumentIndex.open(folder, read_only=True) as index:
        started = time.perf_counter()
        hits = index.similar(document, k, where=conditions)
        seconds = time.perf_counter() - started
    hint = " The index has no other document."
    if conditions is not None:
        hint = _hint_on_nothing(ModeChoice.vector, conditions, "")
    _show(hits, {"document": document}, seconds, hint, as_json=as_json)


def _show(
    hits: list[Hit], asked: dict[str, str], seconds: float, hint: str, *, as_json: bool
) -> None:
    """Print hits for people or for machines; where there are none, why that may be."""
    from vectorlong.cli.hits import hit_as_json, print_hits

    if as_json:
        answer = {"seconds": round(seconds, 4), "hits": [hit_as_json(hit) for hit in hits]}
        print_json({**asked, **answer})
    elif hits:
        print_hits(results_console(), hits)
    else:
        typer.echo("Nothing found." + hint)


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


def _hint_on_nothing(mode: ModeChoice, conditions: dict[str, Any] | None, question: str) -> str:
    from vectorlong.lexical.question import parse_question

    asked = parse_question(question)
    if asked.phrases:
        return " Documents must hold what is in quotes; without quotes, what comes near is found."
    if asked.excluded:
        return " Documents must not hold what has a minus before it."
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
