"""Examples to learn from, read from files: each is checked, and known by its file and line."""

from __future__ import annotations

import glob
import gzip
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from vectorlong.documents import Document
from vectorlong.errors import ConfigError, VectorlongError
from vectorlong.fields import checked_fields
from vectorlong.files.records import Columns
from vectorlong.files.source import FileSource

RecordT = TypeVar("RecordT")


@dataclass(frozen=True)
class Placed(Generic[RecordT]):
    """A record and where it stands.

    Attributes
    ----------
    record
        What was read.
    place
        ``"train.jsonl, line 3"``.
    """

    record: RecordT
    place: str


def read_records(key: str, paths: Sequence[str], kind: type[RecordT]) -> list[Placed[RecordT]]:
    """Read JSON lines, or JSON lists, of one kind of record.

    Parameters
    ----------
    key
        Name of the configuration's key that gives the paths, for messages.
    paths
        Files, or patterns such as ``data/*.jsonl``; ``.gz`` of them is read, too.
    kind
        A dataclass; further fields of a record are left alone.

    Raises
    ------
    ConfigError
        A file cannot be read, or a record is not of this kind; the message names file and line.
    """
    records = []
    for path in _found(key, paths):
        for place, content in _contents(key, path):
            try:
                if not isinstance(content, dict):
                    raise ValueError("it is no object with fields")
                records.append(Placed(checked_fields(kind, content), place))
            except ValueError as error:
                raise ConfigError(f"{key}: {place}: {error}") from None
    if not records:
        raise ConfigError(f"{key}: there is no record in {', '.join(map(str, paths))}.")
    return records


def read_texts(key: str, paths: Sequence[str], text_column: str | None) -> list[Placed[Document]]:
    """Read texts from files and folders of every kind that ``vectorlong index`` reads.

    Raises
    ------
    ConfigError
        There is no text, or a file cannot be read; nothing is left out silently.
    """
    source = FileSource([Path(path) for path in _found(key, paths)], Columns(text_column))
    texts = [Placed(document, _place_of(document)) for document in source]
    if source.left_out:
        first = source.left_out[0]
        raise ConfigError(
            f"{key}: {first.path} cannot be read: {first.reason} "
            f"({len(source.left_out):,} in all). Name only files that are to be learnt from."
        )
    if not texts:
        raise ConfigError(f"{key}: there is no text in {', '.join(map(str, paths))}.")
    return texts


def split_off(
    records: Sequence[RecordT], share: float, seed: int, key: str
) -> tuple[list[RecordT], list[RecordT]]:
    """Put a share of the records aside, to evaluate on: at least one, and one to learn from.

    Raises
    ------
    ConfigError
        There are too few.
    """
    n_held_out = max(1, round(len(records) * share))
    if n_held_out >= len(records):
        raise ConfigError(
            f"{key}={share}: of {len(records)} records none is left to learn from. Give data.eval."
        )
    held_out = set(np.random.default_rng(seed).permutation(len(records))[:n_held_out].tolist())
    kept = [record for number, record in enumerate(records) if number not in held_out]
    return kept, [records[number] for number in sorted(held_out)]


def _found(key: str, paths: Sequence[str]) -> Iterator[Path]:
    for path in paths:
        found = sorted(glob.glob(os.path.expanduser(path), recursive=True))
        if not found:
            raise ConfigError(f"{key}: there is no file {path!r} (from {os.getcwd()!r}).")
        yield from map(Path, found)


def _contents(key: str, path: Path) -> Iterator[tuple[str, Any]]:
    """Yield what each line of a file, or each member of its list, holds."""
    try:
        content = path.read_bytes()
        is_packed = path.suffix == ".gz"
        text = (gzip.decompress(content) if is_packed else content).decode("utf-8-sig")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise ConfigError(f"{key}: {path} cannot be read: {error}") from error
    if text.lstrip().startswith("["):
        members = _parsed(f"{key}: {path}", text)
        yield from ((f"{path}, record {n}", each) for n, each in enumerate(members, start=1))
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            place = f"{path}, line {number}"
            yield place, _parsed(f"{key}: {place}", line)


def _parsed(place: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{place}: this is no JSON: {error}") from None


def _place_of(document: Document) -> str:
    facts = document.metadata.get("file")
    if not isinstance(facts, dict) or "path" not in facts:
        return document.id
    row = facts.get("row")
    return str(facts["path"]) if row is None else f"{facts['path']}, row {row}"


def data_error(place: str, error: VectorlongError | str) -> ConfigError:
    """Say of a record what is wrong with it."""
    return ConfigError(f"{place}: {error}")
