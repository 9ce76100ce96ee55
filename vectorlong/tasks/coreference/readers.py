"""LitBank (Bamman et al. 2020) as a JSON object a document, and GAP (Webster et al. 2018)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from vectorlong.errors import InputValueError, shown
from vectorlong.fields import checked_fields
from vectorlong.tasks.coreference.clusters import CoreferenceDocument, Span, check_span
from vectorlong.tasks.coreference.source_files import filled_lines, join_words

_GAP_COLUMNS = (
    "ID",
    "Text",
    "Pronoun",
    "Pronoun-offset",
    "A",
    "A-offset",
    "A-coref",
    "B",
    "B-offset",
    "B-coref",
)
_GAP_TRUTHS = {"TRUE": True, "FALSE": False}


@dataclass(frozen=True)
class _LitBankRecord:
    id: str
    sentences: list[list[str]]
    coref_clusters: list[list[tuple[int, int]]]
    split: str = ""


def read_litbank(
    path: str | os.PathLike[str], split: str | None = None
) -> list[CoreferenceDocument]:
    """Read documents of LitBank from JSON lines.

    Each has ``id``, ``sentences`` (lists of words) and ``coref_clusters``: lists of pairs of words,
    counted from 0 over the whole document, the last included.

    Parameters
    ----------
    path
        The file; packed where its name ends in ``.gz``.
    split
        Only documents whose ``split`` this is; None for all.

    Raises
    ------
    InputValueError
        The file cannot be read, there is no document of that split, a document is empty or not of
        this form, or a mention is inverted or outside of the words; the message names file and
        line.

    Examples
    --------
    >>> import tempfile
    >>> line = '{"id": "a", "sentences": [["Ann", "smiles"]], "coref_clusters": [[[0, 0]]]}'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "data.jsonl"
    ...     _ = path.write_text(line)
    ...     read_litbank(path)[0].clusters
    ((Span(start=0, end=3),),)
    """
    documents = []
    for place, line in filled_lines(Path(path)):
        try:
            content = json.loads(line)
            if not isinstance(content, dict):
                raise ValueError("it is no object with fields")
            record = checked_fields(_LitBankRecord, content)
            if split is None or record.split == split:
                documents.append(_litbank_document(record))
        except (ValueError, RecursionError) as error:
            raise InputValueError(f"{place}: {error}") from None
    if not documents:
        of_split = "" if split is None else f" of split {shown(split)}"
        raise InputValueError(f"{path}: there is no document{of_split} in this file.")
    return documents


def _litbank_document(record: _LitBankRecord) -> CoreferenceDocument:
    if any(not word.strip() for sentence in record.sentences for word in sentence):
        raise InputValueError(f"document {shown(record.id)} has an empty word.")
    text, sentences = join_words([each for each in record.sentences if each])
    words = [word for sentence in sentences for word in sentence]
    clusters = []
    for pairs in record.coref_clusters:
        for first, last in pairs:
            check_span((first, last + 1), len(words), "mention", "words")
        clusters.append(tuple(Span(words[first].start, words[last].end) for first, last in pairs))
    return CoreferenceDocument(record.id, text, tuple(clusters), sentences)


@dataclass(frozen=True)
class GapItem:
    """A pronoun of GAP and the two names it may mean.

    Attributes
    ----------
    document
        The text; its one cluster is the pronoun with the names it means, if any.
    pronoun
        Where it is.
    names
        Where the two names are.
    is_meant
        Whether the pronoun means each of them.
    """

    document: CoreferenceDocument
    pronoun: Span
    names: tuple[Span, Span]
    is_meant: tuple[bool, bool]


def read_gap(path: str | os.PathLike[str]) -> list[GapItem]:
    r"""Read the items of a file of GAP: tab-separated, with offsets that count characters.

    Parameters
    ----------
    path
        The file; packed where its name ends in ``.gz``.

    Raises
    ------
    InputValueError
        The file cannot be read, lacks columns, or a pronoun or name is not where it should be; the
        message names file and line.

    Examples
    --------
    >>> import tempfile
    >>> columns = "ID Text Pronoun Pronoun-offset A A-offset A-coref B B-offset B-coref URL"
    >>> item = ["1", "Ann told Bea she won.", "she", "13", "Ann", "0", "TRUE", "Bea", "9", "FALSE"]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "gap.tsv"
    ...     _ = path.write_text("\t".join(columns.split()) + "\n" + "\t".join([*item, "-"]))
    ...     read_gap(path)[0].document.clusters
    ((Span(start=0, end=3), Span(start=13, end=16)),)
    """
    lines = filled_lines(Path(path))
    place, header = next(lines, (f"{path}, line 1", ""))
    columns = header.split("\t")
    if missing := [name for name in _GAP_COLUMNS if name not in columns]:
        raise InputValueError(f"{place}: there is no column {missing[0]!r}.")
    items = []
    for place, line in lines:
        values = line.split("\t")
        try:
            if len(values) != len(columns):
                raise InputValueError(f"{len(values)} columns, but the header has {len(columns)}.")
            items.append(_gap_item(dict(zip(columns, values, strict=True))))
        except InputValueError as error:
            raise InputValueError(f"{place}: {error}") from None
    if not items:
        raise InputValueError(f"{path}: there is no item in this file.")
    return items


def _gap_item(row: dict[str, str]) -> GapItem:
    pronoun, one, other = (_gap_span(row, name) for name in ("Pronoun", "A", "B"))
    is_meant = _gap_truth(row, "A-coref"), _gap_truth(row, "B-coref")
    meant = [name for name, is_so in zip((one, other), is_meant, strict=True) if is_so]
    clusters = (tuple(sorted([pronoun, *meant])),) if meant else ()
    document = CoreferenceDocument(row["ID"], row["Text"], clusters)
    return GapItem(document, pronoun, (one, other), is_meant)


def _gap_span(row: dict[str, str], name: str) -> Span:
    offset, expected = row[f"{name}-offset"], row[name]
    if not (offset.isascii() and offset.isdigit()):
        raise InputValueError(f"{name}-offset is {shown(offset)}, which is no place in a text.")
    span = Span(int(offset), int(offset) + len(expected))
    check_span(span, len(row["Text"]), name, "characters")
    if row["Text"][span.start : span.end] != expected:
        found = row["Text"][span.start : span.end]
        raise InputValueError(f"{name} is {shown(expected)}, but at {offset} is {shown(found)}.")
    return span


def _gap_truth(row: dict[str, str], name: str) -> bool:
    value = row[name].upper()
    if value not in _GAP_TRUTHS:
        raise InputValueError(f"{name} is {shown(row[name])} and not TRUE or FALSE.")
    return _GAP_TRUTHS[value]
