"""``vectorlong index``: files and folders into an index."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vectorlong.cli.limits import LimitOption, parse_limits
from vectorlong.cli.models import ModelOption, build_encoder, locate_model, suggest_model
from vectorlong.cli.output import (
    JsonOption,
    counted,
    files_as_json,
    print_json,
    report_files,
    report_missing_extras,
    say,
)
from vectorlong.cli.search import index_manifest, index_model, is_index
from vectorlong.files.file_types import SHOWN_TYPES
from vectorlong.streams import bounded_groups

if TYPE_CHECKING:
    from vectorlong.documents import Document
    from vectorlong.files.source import FileSource
    from vectorlong.retrieval.add_report import AddReport
    from vectorlong.retrieval.document_index import DocumentIndex
    from vectorlong.retrieval.encoder_protocol import DocumentEncoder

# Nearly twice as fast where the processor has bfloat16, at a cosine of 0.9999 or more to float32.
_DTYPE = "auto"
# Enough for full batches, few enough for memory.
_GROUP_DOCUMENTS = 64
_GROUP_CHARACTERS = 4_000_000

PathsArgument = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATHS",
        help=f"Files, and folders to search through: {SHOWN_TYPES}.",
        show_default=False,
    ),
]
TextColumnOption = Annotated[
    str | None,
    typer.Option(help="Column of tables that is the text; else text, content, body or document"),
]
IdColumnOption = Annotated[
    str | None,
    typer.Option(help="Column that is the id; else _id or id, else the file and the row"),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Encoding of files that are neither UTF-8 nor begin with a byte order mark, such as "
        "cp1254 or Shift_JIS; else it is told by their letters, or they are left out.",
        show_default=False,
    ),
]

LanguageOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Language whose words are also found by their stems, such as german; else English "
        "where a text is English. none: no stems. It is the index's from its making on.",
        show_default=False,
    ),
]


def index_command(
    paths: PathsArgument,
    into: Annotated[Path, typer.Option(metavar="DIR", help="The index's folder; made if missing.")],
    model: ModelOption = None,
    text_column: TextColumnOption = None,
    id_column: IdColumnOption = None,
    encoding: EncodingOption = None,
    language: LanguageOption = None,
    limit: LimitOption = None,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune", help="Remove documents that came from PATHS and are no longer there."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Index files and folders, so that they can be searched.

    Run it again after files changed or after an interruption: only what changed or is missing is
    encoded. Files that cannot be read are listed at the end, and documents of the index that are no
    longer in PATHS are counted; --prune removes them. Of tables (.csv, .tsv, .jsonl, and
    lists in .json) every row is a document, and the columns that are neither text nor id become
    metadata to filter by; cells of a .csv that are plain numbers become numbers.
    """
    from vectorlong.cli.missing_documents import HOW_TO_REMOVE, SourceWatch
    from vectorlong.files.records import Columns
    from vectorlong.files.source import FileSource
    from vectorlong.retrieval.checked_documents import checked_document

    limits = parse_limits(limit)
    _check_destination(into)
    columns = Columns(text_column, id_column)
    source = FileSource(paths, columns, into, checked_document, limits, encoding)
    documents = first_drawn(source)
    if model is None and not is_index(into):
        documents = suggest_model(documents)
    with _open_or_create(into, model, language) as index:
        say(f"Reading {counted(source.n_files, 'file')} into {into} ...")
        watch = SourceWatch(index, source)
        report = index.add(watch.follow(documents))
        gone = watch.gone()
        n_removed = index.delete(gone.ids) if prune else 0
        n_documents = len(index)
    gone.report(are_removed=prune)
    if not as_json:
        _print_report(report, n_removed, n_documents, into)
        report_files(source)
        return
    print_json(
        {
            "folder": str(into),
            "n_documents": n_documents,
            "added": report.added,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "n_gone": len(gone.ids),
            "gone": gone.ids,
            "to_remove_gone": HOW_TO_REMOVE if gone.ids and not prune else None,
            "n_removed": n_removed,
            "of_unknown_origin": gone.doubtful_ids,
            "n_tokens": report.n_tokens,
            "seconds": round(report.seconds, 3),
            **files_as_json(source),
        }
    )


def document_groups(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Divide a stream into what is encoded together."""
    return bounded_groups(
        documents, _GROUP_CHARACTERS, _GROUP_DOCUMENTS, length=lambda document: len(document.text)
    )


def first_drawn(source: FileSource) -> Iterable[Document]:
    """Read the first document, so that nothing is loaded or made where there is none.

    Says before that which files will be left out for want of an extra: hours may follow.

    Raises
    ------
    InputValueError
        Nothing that was given can be read.
    """
    from vectorlong.errors import InputValueError

    report_missing_extras(source)
    documents: Iterator[Document] = iter(source)
    first = next(documents, None)
    if first is None:
        report_files(source)
        raise InputValueError(
            "There is nothing to read: no file that could be read holds text. Types that are read: "
            f"{SHOWN_TYPES}."
        )
    return itertools.chain([first], documents)


def _check_destination(into: Path) -> None:
    """Refuse, before anything is read or loaded, a place that holds something else."""
    from vectorlong.errors import IndexFolderError
    from vectorlong.vector_index.writer_lock import LOCK_NAME

    if os.path.isfile(into):
        raise IndexFolderError(f"--into {str(into)!r} is a file; name a folder.")
    try:
        is_taken = any(name != LOCK_NAME for name in os.listdir(into))
    except FileNotFoundError:
        is_taken = False
    except OSError as error:
        raise IndexFolderError(f"--into {str(into)!r}: {error.strerror}.") from error
    if is_taken and not is_index(into):
        raise IndexFolderError(
            f"--into {str(into)!r} holds files that are not an index; name an empty or new folder."
        )


@contextmanager
def _open_or_create(into: Path, model: str | None, language: str | None) -> Iterator[DocumentIndex]:
    """Open an index with the model it was made with, or make one."""
    from vectorlong.errors import OptionError
    from vectorlong.lexical.stems import AUTO_LANGUAGE, check_language
    from vectorlong.retrieval.document_index import DocumentIndex

    if language is not None:
        check_language(language)
    if is_index(into):
        made_with = index_manifest(into).language
        if language not in (None, made_with):
            hint = f"{str(into)!r} was made with it; another language needs another index."
            raise OptionError("language", language, [made_with], hint)
        opened = DocumentIndex.open(into, _encoder_of(into, model))
    else:
        encoder = build_encoder(model, dtype=_DTYPE)
        opened = DocumentIndex.create(into, encoder, language=language or AUTO_LANGUAGE)
    with opened as index:
        yield index


def _encoder_of(into: Path, model: str | None) -> DocumentEncoder:
    """Give an index's own encoder, to be loaded when it is needed.

    Another that was asked for is loaded at once, so that it is refused though nothing changed.
    """
    from vectorlong.cli.lazy_encoder import LazyEncoder

    manifest = index_manifest(into)
    name = index_model(into, manifest) if model is None else locate_model(model)
    if name != manifest.model_name:
        return build_encoder(name, dtype=_DTYPE)
    return LazyEncoder(into, manifest, lambda: build_encoder(name, dtype=_DTYPE))


def _print_report(report: AddReport, n_removed: int, n_documents: int, into: Path) -> None:
    removed = f", {n_removed:,} removed" if n_removed else ""
    typer.echo(
        f"{report.added:,} added, {report.updated:,} updated, {report.unchanged:,} unchanged"
        f"{removed} "
        f"({report.n_tokens:,} tokens in {report.seconds:.1f} s). "
        f"The index holds {counted(n_documents, 'document')}."
    )
    say(f'Search it: vectorlong search {into} "your question"')
