"""What a question's vector is compared with: documents or passages, those that answer and others.

Passages and hard negatives are chosen by the model as it is before training, from an index of all
documents, so that a resumed run chooses the same ones.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from vectorlong.documents import Document
from vectorlong.errors import VectorlongError
from vectorlong.longformer2vec import Longformer2Vec
from vectorlong.retrieval.document_index import DocumentIndex
from vectorlong.text.passages import split_passages
from vectorlong.training.questions import AskedQuestion, Documents

_QUESTIONS_AT_ONCE = 256
# Texts that share so many of all their runs of words are one text in two versions.
_NEARLY, _WORDS_OF_RUN = 0.7, 3


@dataclass(frozen=True)
class Candidate:
    """A text that is encoded, and what of it is pooled.

    Attributes
    ----------
    document
        Id of the document.
    text
        What the model reads.
    tokens
        First and end of the tokens that are pooled, of the text's own; None for the whole text.
    own_text
        What is pooled, as a text.
    """

    document: str
    text: str
    tokens: tuple[int, int] | None
    own_text: str


@dataclass(frozen=True)
class Example:
    """A question with what is learnt from it."""

    question: AskedQuestion
    positive: Candidate
    negatives: tuple[Candidate, ...]


class CandidateChooser:
    """Chooses by an index; made anew where it was not written to its end.

    Parameters
    ----------
    encoder
        The model before training.
    documents
        All of them.
    folder
        Where the index is, or comes; None where none will be asked.
    has_passages
        Whether candidates are passages, cut as the model cuts them.
    """

    def __init__(
        self, encoder: Longformer2Vec, documents: Documents, folder: Path | None, has_passages: bool
    ) -> None:
        self._encoder, self._documents = encoder, documents
        self._has_passages = has_passages
        self._split = lru_cache(maxsize=64)(self._passages_of)
        self._runs = lru_cache(maxsize=256)(self._runs_of)
        self._number = {id: number for number, id in enumerate(documents.texts)}
        self._index = None if folder is None else self._opened(folder)

    def examples(self, questions: Sequence[AskedQuestion], n_hard: int) -> list[Example]:
        """Choose the candidates of some questions.

        Parameters
        ----------
        questions
            Of which each has its negatives kept.
        n_hard
            How many of the nearest other documents are added to them.
        """
        examples = []
        for first in range(0, len(questions), _QUESTIONS_AT_ONCE):
            group = questions[first : first + _QUESTIONS_AT_ONCE]
            vectors = np.zeros((len(group), 0), dtype=np.float32)
            if self._index is not None:
                vectors = self._encoder.encode_query([each.text for each in group])  # [q, e]
            for each, vector in zip(group, vectors, strict=True):
                mined = self._mined(each, vector, n_hard)
                negatives = [self._candidate(id, vector, None) for id in (*each.negatives, *mined)]
                positive = self._candidate(each.positive, vector, each.span)
                examples.append(Example(each, positive, tuple(negatives)))
        return examples

    def close(self) -> None:
        """Let the index go; nothing can be chosen any more."""
        if self._index is not None:
            self._index.close()

    def _opened(self, folder: Path) -> DocumentIndex:
        try:
            index = DocumentIndex.open(folder, self._encoder)
        except VectorlongError:
            shutil.rmtree(folder, ignore_errors=True)
            index = DocumentIndex.create(folder, self._encoder, lexical=False)
        index.add(
            Document(id, text, {"number": self._number[id]})
            for id, text in self._documents.texts.items()
        )
        return index

    def _mined(self, question: AskedQuestion, vector: np.ndarray, n_hard: int) -> list[str]:
        """Give the nearest documents that are no positive, nearly one, nor a negative already."""
        if n_hard == 0:
            return []
        assert self._index is not None
        taken = {*question.relevant, *question.negatives}
        n_wanted = n_hard + len(taken)
        while True:
            hits = self._index.search(vector, n_wanted, mode="vector")
            found = [
                hit.id
                for hit in hits
                if hit.id not in taken and not self._is_nearly(hit.id, question.relevant)
            ]
            if len(found) >= n_hard or len(hits) < n_wanted:
                return found[:n_hard]
            n_wanted *= 2

    def _is_nearly(self, id: str, others: frozenset[str]) -> bool:
        """Whether a document is, but for a few words, one of some others."""
        runs = self._runs(id)
        return any(
            len(runs & other) > _NEARLY * len(runs | other) for other in map(self._runs, others)
        )

    def _runs_of(self, id: str) -> frozenset[int]:
        """Give the runs of some words of a document, in whatever case and spacing."""
        words = self._documents.texts[id].casefold().split()
        n_runs = max(1, len(words) - _WORDS_OF_RUN + 1)
        return frozenset(hash(tuple(words[n : n + _WORDS_OF_RUN])) for n in range(n_runs))

    def _candidate(self, id: str, vector: np.ndarray, span: tuple[int, int] | None) -> Candidate:
        text = self._documents.texts[id]
        if not self._has_passages:
            return Candidate(id, text, None, text)
        tokens, spans = self._split(id)
        allowed = np.arange(len(spans)) if span is None else _inside(spans, span)
        if len(allowed) == 1:
            passage = int(allowed[0])
        else:
            assert self._index is not None
            hits = self._index.search(
                vector,
                1 if span is None else len(spans),
                mode="vector",
                level="passage",
                where={"number": self._number[id]},
            )
            starts = spans[allowed, 0].tolist()
            start = next(hit.passage.start for hit in hits if hit.passage.start in starts)
            passage = int(np.flatnonzero(spans[:, 0] == start)[0])
        start, end = spans[passage].tolist()
        own_text = text[start:end]
        first, last = tokens[passage].tolist()
        if self._encoder.default_passages.method == "independent" or first == last:
            return Candidate(id, own_text, None, own_text)
        return Candidate(id, text, (first, last), own_text)

    def _passages_of(self, id: str) -> tuple[np.ndarray, np.ndarray]:
        """Cut a document as the index does: tokens and characters, each int64 [p, 2]."""
        encoder, text = self._encoder, self._documents.texts[id]
        prompt = encoder.document_prompt
        plan = encoder.pipeline.planner().plan(
            0, text, encoder.tokenizer.encode([prompt + text])[0], prompt, None
        )
        offsets = plan.content.offsets
        assert offsets is not None  # or there would be no passages in the index
        kept = text[: offsets[-1, 1]] if len(plan.content) < plan.n_tokens else text
        return split_passages(kept, offsets, encoder.default_passages)


def together(examples: Sequence[Example], n: int) -> list[tuple[Example, ...]]:
    """Put up to n questions of one positive together, in the order of the first of each."""
    by_positive: dict[Candidate, list[Example]] = {}
    for each in examples:
        by_positive.setdefault(each.positive, []).append(each)
    return [
        tuple(group[first : first + n])
        for group in by_positive.values()
        for first in range(0, len(group), n)
    ]


def _inside(spans: np.ndarray, span: tuple[int, int]) -> np.ndarray:
    """Give the passages [p, 2] that lie in a span for the most part, or else share most with it."""
    shared = np.minimum(spans[:, 1], span[1]) - np.maximum(spans[:, 0], span[0])  # [p]
    inside = np.flatnonzero(2 * shared >= spans[:, 1] - spans[:, 0])
    return inside if len(inside) else shared.argmax(keepdims=True)
