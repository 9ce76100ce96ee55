"""Questions with the documents that answer them, as contrastive training reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from vectorlong.training.records import Placed, data_error, read_records, read_texts


@dataclass(frozen=True)
class QuestionRecord:
    """A line of the data.

    Attributes
    ----------
    question
        A text.
    positive
        The document that answers it: a text, or an id where there is a corpus.
    negatives
        Documents that do not, likewise.
    span
        Characters of the positive that answer it: start, and end (exclusive).
    """

    question: str
    positive: str
    negatives: list[str] = field(default_factory=list)
    span: tuple[int, int] | None = None


@dataclass(frozen=True)
class AskedQuestion:
    """A question whose documents are known.

    Attributes
    ----------
    text
        The question.
    positive, negatives
        Ids of documents.
    span
        As the record has it.
    relevant
        Ids of all documents that answer it, by whichever record.
    """

    text: str
    positive: str
    negatives: tuple[str, ...]
    span: tuple[int, int] | None
    relevant: frozenset[str]


class Documents:
    """Texts by their ids, each text once: of two ids of one text, the first stands for both."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._first_id: dict[str, str] = {}
        self._known: dict[str, str] = {}

    def add(self, id: str, text: str) -> str:
        """Take a document, and give the id that stands for it."""
        self._known[id] = self._first_id.setdefault(text, id)
        self.texts.setdefault(self._known[id], text)
        return self._known[id]

    def find(self, id: str) -> str | None:
        """Give the id that stands for a document's, or None where there is none of that id."""
        return self._known.get(id)


def read_questions(
    paths: Mapping[str, Sequence[str]], corpus: Sequence[str]
) -> tuple[dict[str, list[AskedQuestion]], Documents]:
    """Read questions and what they are asked of.

    Parameters
    ----------
    paths
        Files of records, by the configuration's key that names them.
    corpus
        Files of documents; where there are none, records hold the texts themselves.

    Returns
    -------
    dict and Documents
        The questions by key, in the files' order, and all documents.

    Raises
    ------
    ConfigError
        A record names no document of the corpus, or a span that is not in its document, or the
        same document as both positive and negative.
    """
    documents = Documents()
    if corpus:
        for text in read_texts("data.corpus", corpus, None):
            documents.add(text.record.id, text.record.text)
    read = {key: read_records(key, named, QuestionRecord) for key, named in paths.items() if named}
    relevant: dict[str, set[str]] = {}
    for each in (record for records in read.values() for record in records):
        found = _find(documents, each, each.record.positive, "positive", bool(corpus))
        relevant.setdefault(each.record.question, set()).add(found)
    return {
        key: [_asked(each, documents, relevant, bool(corpus)) for each in records]
        for key, records in read.items()
    }, documents


def questions_bytes(questions: Iterable[AskedQuestion], documents: Documents) -> Iterable[bytes]:
    """Give what a digest of the data is made of."""
    for each in questions:
        ids = (each.positive, *each.negatives)
        yield repr((each.text, each.span, ids)).encode("utf-8", "surrogatepass")
    for id, text in documents.texts.items():
        yield f"{id}\0{text}".encode("utf-8", "surrogatepass")


def _asked(
    placed: Placed[QuestionRecord],
    documents: Documents,
    relevant: Mapping[str, set[str]],
    has_corpus: bool,
) -> AskedQuestion:
    record = placed.record
    positive = _find(documents, placed, record.positive, "positive", has_corpus)
    negatives = [
        _find(documents, placed, each, "negative", has_corpus) for each in record.negatives
    ]
    answers = relevant[record.question]
    if not record.question.strip():
        raise data_error(placed.place, "the question is empty.")
    if both := [each for each in negatives if each in answers]:
        raise data_error(
            placed.place, f"a negative is a positive of this question, too ({both[0]!r})."
        )
    length = len(documents.texts[positive])
    if record.span is not None and not 0 <= record.span[0] < record.span[1] <= length:
        raise data_error(
            placed.place, f"span={list(record.span)}, but the positive has {length} characters."
        )
    return AskedQuestion(
        record.question,
        positive,
        tuple(dict.fromkeys(negatives)),
        record.span,
        frozenset(answers),
    )


def _find(
    documents: Documents,
    placed: Placed[QuestionRecord],
    named: str,
    role: str,
    has_corpus: bool,
) -> str:
    if not has_corpus:
        if not named.strip():
            raise data_error(placed.place, f"the {role} is empty.")
        return documents.add(hashlib.blake2b(named.encode(), digest_size=16).hexdigest(), named)
    found = documents.find(named)
    if found is None:
        raise data_error(
            placed.place, f"there is no document {named[:80]!r} in data.corpus ({role})."
        )
    return found
