"""``vectorlong encode``: texts to vectors."""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vectorlong.cli.index import (
    EncodingOption,
    IdColumnOption,
    TextColumnOption,
    document_groups,
    first_drawn,
)
from vectorlong.cli.limits import LimitOption, parse_limits
from vectorlong.cli.models import ModelOption, build_encoder
from vectorlong.cli.output import counted, print_json, report_files, require_folder_of
from vectorlong.disk import replace_file
from vectorlong.documents import Document
from vectorlong.dropped_tokens import said_once
from vectorlong.errors import InputValueError
from vectorlong.files.encodings.decoding import checked_encoding
from vectorlong.files.limits import Limits
from vectorlong.files.records import Columns
from vectorlong.files.source import FileSource

if TYPE_CHECKING:
    import numpy as np

    from vectorlong.documents import Passages
    from vectorlong.longformer2vec import Longformer2Vec

_STDIN = Path("-")


def encode_command(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATHS",
            help="Files and folders as for `vectorlong index`; - for a text on stdin.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write float32 vectors to this .npy file, and every row's id to a file beside "
            "it that ends in .ids.jsonl.",
            show_default=False,
        ),
    ] = None,
    model: ModelOption = None,
    passages: Annotated[
        bool, typer.Option("--passages", help="A vector for every passage, too.")
    ] = False,
    text_column: TextColumnOption = None,
    id_column: IdColumnOption = None,
    encoding: EncodingOption = None,
    limit: LimitOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the vectors as JSON lines on stdout.")
    ] = False,
) -> None:
    """Encode whole documents: one vector each, and with --passages one for every passage.

    With --out and --passages a document's row is followed by its passages' rows, for which the
    file beside has the character offsets, too.
    """
    if (out is None) != as_json:
        raise typer.BadParameter("Give one of --out FILE and --json.", param_hint="--out")
    if out is not None:
        _check_out(out)
    columns, limits = Columns(text_column, id_column), parse_limits(limit)
    documents, source = _documents(paths, columns, limits, encoding)
    encoder = build_encoder(model)
    records = _encode_passages(encoder, documents) if passages else _encode(encoder, documents)
    with said_once():
        if out is not None:
            _write(out, records)
        else:
            for record in records:
                print_json(record.as_json(), indent=None)
    if source is not None:
        report_files(source)


@dataclass(frozen=True)
class _Record:
    """A document's vector [e] and, where asked for, its passages."""

    id: str
    vector: np.ndarray
    passages: Passages | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        record: dict[str, Any] = {"id": self.id, "vector": self.vector.tolist()}
        if self.passages is not None:
            record["passages"] = [
                {"start": start, "end": end, "vector": vector.tolist()}
                for (start, end), vector in zip(
                    self.passages.spans.tolist(), self.passages.vectors, strict=True
                )
            ]
        return record

    def rows(self) -> Iterator[tuple[dict[str, Any], np.ndarray]]:
        """Give every row with what names it: the document's, then its passages'."""
        yield {"id": self.id}, self.vector
        if self.passages is not None:
            spans = self.passages.spans.tolist()
            for (start, end), vector in zip(spans, self.passages.vectors, strict=True):
                yield {"id": self.id, "start": start, "end": end}, vector


def _documents(
    paths: list[Path], columns: Columns, limits: Limits, encoding: str | None
) -> tuple[Iterable[Document], FileSource | None]:
    """Give the documents, and the files they come from if they do."""
    if _STDIN not in paths:
        source = FileSource(paths, columns, limits=limits, encoding=encoding)
        return first_drawn(source), source
    if len(paths) > 1:
        raise typer.BadParameter("- stands alone; other paths cannot be mixed with it.")
    name = "utf-8-sig" if encoding is None else checked_encoding(encoding)
    try:
        text = sys.stdin.buffer.read().decode(name)
    except UnicodeDecodeError as error:
        what = "UTF-8" if encoding is None else name
        raise InputValueError(
            f"stdin is not {what}: byte {error.object[error.start]:#04x} at {error.start}. Name "
            "its encoding with --encoding."
        ) from None
    return [Document("-", text)], None


def _encode(encoder: Longformer2Vec, documents: Iterable[Document]) -> Iterator[_Record]:
    """Encode documents only, group by group."""
    for group in document_groups(documents):
        vectors = encoder.encode_document([document.text for document in group])  # [n, e]
        for document, vector in zip(group, vectors, strict=True):
            yield _Record(document.id, vector)


def _encode_passages(encoder: Longformer2Vec, documents: Iterable[Document]) -> Iterator[_Record]:
    """Encode documents with their passages; the encoder draws texts ahead of what it yields."""
    ids: deque[str] = deque()

    def texts() -> Iterator[str]:
        for document in documents:
            ids.append(document.id)
            yield document.text

    for encoding in encoder.encode_with_passages(texts()):
        yield _Record(ids.popleft(), encoding.vector, encoding.passages)


def _check_out(out: Path) -> None:
    if out.suffix != ".npy":
        raise typer.BadParameter(f"{str(out)!r} must end in .npy.", param_hint="--out")
    require_folder_of("--out", out)


def _write(out: Path, records: Iterable[_Record]) -> None:
    """Write both files beside their places, then move them there."""
    import numpy as np

    names_path = out.with_name(f"{out.stem}.ids.jsonl")
    vectors: list[np.ndarray] = []

    def write_vectors(path: Path) -> None:
        with path.open("wb") as file:  # or NumPy would add an ending to the name
            np.save(file, np.stack(vectors))  # [n, e]

    def write_names(path: Path) -> None:
        with path.open("w", encoding="utf-8") as file:
            for record in records:
                for name, vector in record.rows():
                    row = {"row": len(vectors), **name}
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
                    vectors.append(vector)
        replace_file(out, write_vectors)

    try:
        replace_file(names_path, write_names)
    except OSError as error:
        raise InputValueError(f"Cannot write {str(out)!r}: {error.strerror}.") from error
    typer.echo(
        f"{counted(len(vectors), 'vector')} of {len(vectors[0])} in {out}, their ids in "
        f"{names_path}"
    )
