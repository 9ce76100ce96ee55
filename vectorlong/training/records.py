"""Examples to learn from, read from files: each is checked, and known by its file and line."""

from __future__ import annotations

import glob
import gzip
import json
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from vectorlong.documents import Document
from vectorlong.errors import ConfigError, VectorlongError
from vectorlong.fields import checked_fields
from vectorlong.files.records import Columns
from vectorlong.files.source import FileSource
from vectorlong.training.sections import DataSection

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


@dataclass(frozen=True)
class Parts(Generic[RecordT]):
    """What a run reads.

    Attributes
    ----------
    given
        All of data.train.
    learnt
        What of it is learnt from.
    held_out
        What is evaluated on.
    """

    given: list[RecordT]
    learnt: list[RecordT]
    held_out: list[RecordT]


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


def read_parts(
    data: DataSection,
    seed: int,
    read: Callable[[str, Sequence[str]], list[RecordT]],
    label_of: Callable[[RecordT], str] | None = None,
) -> Parts[RecordT]:
    """Read what is learnt from, and what is evaluated on or a share of the former.

    Parameters
    ----------
    data
        Where they are.
    seed
        Chooses the share.
    read
        Reads the paths of a key, as :func:`read_records` does.
    label_of
        Of whose labels each is to have its part of the share.

    Raises
    ------
    ConfigError
        As ``read`` says, or as :func:`split_off` does.
    """
    given = read("data.train", data.train)
    if data.eval:
        return Parts(given, given, read("data.eval", data.eval))
    learnt, held_out = split_off(given, data.eval_share, seed, label_of)
    return Parts(given, learnt, held_out)


def split_off(
    records: Sequence[RecordT],
    share: float,
    seed: int,
    label_of: Callable[[RecordT], str] | None = None,
) -> tuple[list[RecordT], list[RecordT]]:
    """Put a share of the records aside, to evaluate on: at least one, and one to learn from.

    With labels every label loses that share, but for the last record that has it.

    Raises
    ------
    ConfigError
        There are too few.
    """
    order = np.random.default_rng(seed).permutation(len(records)).tolist()
    if label_of is not None:
        labels = [label_of(record) for record in records]
        always_learnt = {labels[n]: n for n in order}
        # The others lie label by label, to take from evenly.
        others = (n for n in order if always_learnt[labels[n]] != n)
        order = sorted(others, key=labels.__getitem__)
    n_held_out = max(1, round(len(records) * share))
    if n_held_out >= len(records) or not order:
        raise ConfigError(
            f"data.eval_share={share}: of {len(records)} records there have to be some to learn "
            "from and one to evaluate on. Give data.eval."
        )
    n_held_out = min(n_held_out, len(order))
    places = (np.arange(n_held_out) + 0.5) * len(order) / n_held_out
    held_out = {order[int(place)] for place in places}
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
