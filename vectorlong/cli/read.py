"""``vectorlong read``: a file's text as it would be indexed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vectorlong.cli.index import EncodingOption, IdColumnOption, TextColumnOption, first_drawn
from vectorlong.cli.limits import LimitOption, parse_limits
from vectorlong.cli.output import (
    JsonOption,
    escaped,
    files_as_json,
    print_json,
    report_files,
    without_controls,
)
from vectorlong.errors import InputValueError

if TYPE_CHECKING:
    from vectorlong.documents import Document
    from vectorlong.files.source import FileSource


def read_command(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A file of any type that is read.")],
    row: Annotated[
        int | None,
        typer.Option(min=1, help="Of a table or sheets, print this row alone.", show_default=False),
    ] = None,
    text_column: TextColumnOption = None,
    id_column: IdColumnOption = None,
    encoding: EncodingOption = None,
    limit: LimitOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a file's text exactly as it would be indexed.

    What offsets count, and lines of hits, is this text, in UTF-8 and with nothing added. Rows of a
    table are printed one after another, each after a line ==> ID <==; so are those of sheets that
    have the number --row. What was left out, and why, is said on stderr; --json has it, too, with
    the metadata.
    """
    from vectorlong.files.records import Columns
    from vectorlong.files.source import FileSource
    from vectorlong.retrieval.checked_documents import checked_document

    if os.path.isdir(path):
        raise InputValueError(f"{str(path)!r} is a folder; name a file.")
    columns, limits = Columns(text_column, id_column), parse_limits(limit)
    source = FileSource([path], columns, None, checked_document, limits, encoding, row)
    documents = _chosen(source, path, row)
    if as_json:
        shown = [_as_json(document) for document in documents]
        print_json({"documents": shown, **files_as_json(source)})
        return
    for document in documents:
        facts = document.metadata["file"]
        if "sheet" in facts or ("row" in facts and row is None):
            typer.echo(f"==> {escaped(document.id)} <==")
            _write(document.text)
            typer.echo()
        else:
            _write(document.text)
    report_files(source)


def _chosen(source: FileSource, path: Path, row: int | None) -> Iterable[Document]:
    """Give all documents, or that of one row; of a workbook, that row of each sheet."""
    if row is None:
        return first_drawn(source)
    documents = iter(source)
    document = next(documents, None)
    if document is None:
        report_files(source)
        raise InputValueError(f"{str(path)!r} has no row {row:,} that is a document.")
    return [document, *(documents if "sheet" in document.metadata["file"] else ())]


def _as_json(document: Document) -> dict[str, Any]:
    return {"id": document.id, "metadata": document.metadata, "text": document.text}


def _write(text: str) -> None:
    """Write a text as it is; where a terminal shows it, without what could steer that."""
    if sys.stdout.isatty():
        typer.echo(without_controls(text), nl=not text.endswith("\n"))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()
