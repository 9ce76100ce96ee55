"""What users hand in, checked and brought to one form, before anything is written."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vectorlong.checks import check_id, check_unicode
from vectorlong.documents import Document, DocumentEncoding
from vectorlong.errors import InputTypeError, InputValueError, shown
from vectorlong.retrieval.snapshot import content_digest
from vectorlong.retrieval.word_tables import PASSAGE_BITS
from vectorlong.streams import bounded_groups
from vectorlong.vectors import check_vectors, unit_rows

# A batch is what is deduplicated, looked up and given to the encoder together.
_BATCH_DOCUMENTS = 512
_BATCH_CHARACTERS = 4_000_000
# Documents that take long to be read wait no longer for others.
_BATCH_S = 5.0
_MAX_PASSAGES = 1 << PASSAGE_BITS
# SQLite keeps up to 10^9 bytes in a value, and a character may take four.
_MAX_CHARACTERS = 250_000_000
_MAX_INTEGER_BITS = 1024

Addable = str | tuple[str, str] | Document


@dataclass(frozen=True)
class CheckedDocument:
    """A checked document.

    Attributes
    ----------
    id, text
        As given; a bare text's id is its digest.
    metadata
        As JSON, keys sorted.
    digest
        Of all three; equal digests are the same document.
    """

    id: str
    text: str
    metadata: str
    digest: bytes


def checked_document(item: Addable) -> CheckedDocument:
    """Check one thing handed to ``add``.

    Raises
    ------
    InputTypeError
        It is no text, pair or Document; the id or text is no string; metadata is not JSON.
    InputValueError
        The id is empty; text is not valid Unicode; a number in the metadata is not finite.
    """
    metadata: Mapping[str, Any] = {}
    if isinstance(item, Document):
        name, text, metadata = item.id, item.text, item.metadata
    elif isinstance(item, str):
        check_unicode("The text", item)
        name, text = hashlib.blake2b(item.encode(), digest_size=16).hexdigest(), item
    elif isinstance(item, tuple) and len(item) == 2:
        name, text = item
    else:
        raise InputTypeError(
            f"A document is a text, a pair (id, text) or a vectorlong.Document, not {_show(item)}."
        )
    check_id(name)
    if not isinstance(text, str):
        raise InputTypeError(f"The text of document {name!r} must be a string, not {_show(text)}.")
    check_unicode(f"The text of document {name!r}", text)
    if len(text) > _MAX_CHARACTERS:
        raise InputValueError(
            f"The text of document {name!r} has {len(text)} characters; the longest that can be "
            f"kept is {_MAX_CHARACTERS}. Split it."
        )
    encoded = _encode_metadata(name, metadata)
    return CheckedDocument(name, text, encoded, content_digest(name, text, encoded))


def _show(value: object) -> str:
    return f"{type(value).__name__} {shown(value)}"


def _encode_metadata(name: str, metadata: object) -> str:
    if not isinstance(metadata, Mapping):
        raise InputTypeError(
            f"Metadata of document {name!r} must be a mapping, not {_show(metadata)}."
        )
    _check_json(name, "metadata", metadata, 0)
    return json.dumps(_plain(metadata), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _check_json(name: str, place: str, value: object, depth: int) -> None:
    """Refuse whatever JSON would refuse, change silently, or not give back."""
    if depth > 64:
        raise InputValueError(f"The metadata of document {name!r} is nested more than 64 deep.")
    what = f"{place} of document {name!r}"
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        check_unicode(f"The {what}", value)
    elif isinstance(value, int):
        if value.bit_length() > _MAX_INTEGER_BITS:
            raise InputValueError(f"The {what} is an integer too long to keep; use a string.")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise InputValueError(f"The {what} is {value}, which JSON cannot hold; use None.")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise InputTypeError(f"The {what} has the key {shown(key)}; keys must be strings.")
            check_unicode(f"A key of the {what}", key)
            _check_json(name, f"{place}[{key!r}]", inner, depth + 1)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            _check_json(name, f"{place}[{number}]", inner, depth + 1)
    else:
        raise InputTypeError(
            f"The {what} is {_show(value)}, which is not JSON: use strings, numbers, True, False, "
            "None, lists and mappings."
        )


def _plain(value: Any) -> Any:
    """Return mappings of any class as dicts, because ``json`` knows no other."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def batches(documents: Iterable[Addable]) -> Iterator[list[CheckedDocument]]:
    """Return checked documents in batches of bounded size, each drawn in bounded time.

    A list or tuple is checked whole before the first batch, so that a bad document in it leaves
    the index as it was. From any other iterable, the batches before the bad document are handed
    out first.
    """
    if isinstance(documents, str | bytes | Mapping | Document):
        raise InputTypeError(
            f"add takes an iterable of documents, not one {type(documents).__name__}; "
            "put it in a list."
        )
    if not isinstance(documents, Iterable):
        raise InputTypeError(f"add takes an iterable of documents, not {_show(documents)}.")
    if isinstance(documents, Sequence):
        for item in documents:
            checked_document(item)
    return bounded_groups(
        map(checked_document, documents),
        _BATCH_CHARACTERS,
        _BATCH_DOCUMENTS,
        max_seconds=_BATCH_S,
        length=lambda document: len(document.text),
    )


def check_encoding(
    document: CheckedDocument, encoding: DocumentEncoding, dimension: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Document vector [e], passage vectors [p, e] (all of length 1) and spans int64 [p, 2].

    A document without passages gets one: all of it, with the document's vector.
    """
    whose = f"of document {document.id!r}"
    vector = np.asarray(encoding.vector)[None]  # [1, e]
    vector = unit_rows(check_vectors(vector, f"The vector {whose}", dimension))[0]  # [e]
    spans = np.asarray(encoding.passages.spans, dtype=np.int64).reshape(-1, 2)  # [p, 2]
    if len(spans) == 0:
        return vector, vector[None], np.array([[0, len(document.text)]])
    vectors = encoding.passages.vectors
    vectors = unit_rows(check_vectors(vectors, f"The passages' vectors {whose}", dimension))
    is_inside = (spans[:, 0] >= 0) & (spans[:, 0] <= spans[:, 1])
    if (
        len(vectors) != len(spans)
        or not is_inside.all()
        or spans[:, 1].max() > len(document.text)
        or len(spans) > _MAX_PASSAGES
    ):
        raise InputValueError(
            f"The encoder's {len(spans)} passages {whose} do not fit its "
            f"{len(vectors)} vectors, or lie outside its {len(document.text)} characters."
        )
    return vector, vectors, spans
