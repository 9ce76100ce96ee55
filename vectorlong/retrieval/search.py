"""Answering questions from one generation: by vectors, by words, or by both."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from vectorlong.checks import check_count, check_unicode
from vectorlong.documents import Document
from vectorlong.errors import IndexCorruptError, InputTypeError, OptionError, shown
from vectorlong.lexical.expressions import Expressions, expressions
from vectorlong.lexical.question import Question
from vectorlong.retrieval.loaded_rows import Chosen, LoadedRows
from vectorlong.retrieval.snapshot import Snapshot, StoredDocument
from vectorlong.vector_index.exact import AllowedRows, exact_search
from vectorlong.vector_index.row_index import search_rows

Mode = Literal["hybrid", "vector", "lexical"]
Level = Literal["document", "passage"]
Fusion = Callable[[Mapping[str, np.ndarray]], np.ndarray]

# Candidates each source offers to the fusion, at least and for each hit asked for.
_MIN_CANDIDATES = 100
_CANDIDATES_PER_HIT = 4
# Passages of the lexical index looked at for each document wanted.
_PASSAGES_PER_DOCUMENT = 10
# First guess of how many passage rows hold so many different documents; raised until they do.
_ROWS_PER_DOCUMENT = 4

# FTS5 takes time for each term at each passage that has any of them. A question of more terms is a
# text of its own, and asked by those that say most of it (often in it, rare elsewhere).
_MAX_SCORED_TERMS = 96
# FTS5 copies an expression as it reads it, for each operator in it.
_PHRASES_AT_ONCE = 200

Candidate = tuple[int, int]  # document key, passage ordinal (-1: the whole document)


@dataclass(frozen=True)
class Passage:
    """A part of a document.

    Attributes
    ----------
    text
        The document's ``text[start:end]``.
    start, end
        Character offsets into the document's text.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Hit:
    """One answer.

    Attributes
    ----------
    id, text, metadata
        Of the document.
    score
        Greater is better. ``"vector"``: the cosine of the question and the passage, -1 to 1.
        ``"lexical"``: BM25, 0 upwards. ``"hybrid"``: 0 to 1, where 1 is best in both sources.
    scores
        The parts: ``"vector"`` (cosine) and ``"lexical"`` (BM25), as far as they were looked at.
        At document level BM25 is the document's plus its best passage's.
    passage
        The passage that answers best.

    The whole text is left out where a hit is printed: it may be a book.
    """

    id: str
    score: float
    scores: dict[str, float]
    text: str = dataclasses.field(repr=False)
    metadata: dict[str, Any]
    passage: Passage


def check_queries(queries: object) -> list[str]:
    """Return the questions as a list, if they are texts."""
    if isinstance(queries, str) or not isinstance(queries, Sequence):
        raise InputTypeError(f"search_many takes a list of strings, not {type(queries).__name__}.")
    for query in queries:
        if not isinstance(query, str):
            raise InputTypeError(f"A query must be a string, not {shown(query)}.")
        check_unicode(f"Query {shown(query)}", query)
    return list(queries)


def check_search(k: object, mode: str, level: str) -> None:
    """Refuse what cannot be asked for."""
    check_count("k", k, least=0)
    if mode not in get_args(Mode):
        raise OptionError("mode", mode, get_args(Mode))
    check_level(level)


def check_level(level: str) -> None:
    """Refuse a level that there is not."""
    if level not in get_args(Level):
        raise OptionError("level", level, get_args(Level))


def nearest_documents(
    snapshot: Snapshot, loaded: LoadedRows, chosen: Chosen, key: int, k: int
) -> list[Hit]:
    """Compare a document's vector with those of all others; see `DocumentIndex.similar`."""
    is_asked = loaded.n_passages > 0  # [keys]
    if chosen.keys is not None:
        is_asked &= np.frombuffer(chosen.keys, dtype=bool)
    is_asked[key] = False
    keys = np.zeros(len(loaded.documents), dtype=np.int64)  # [n], 0 where not asked for
    keys[loaded.document_rows[is_asked]] = np.flatnonzero(is_asked)
    allowed = AllowedRows(keys > 0)
    vector = loaded.documents[loaded.document_rows[key]]  # [e]
    n_hits = min(k, len(allowed))
    scores, rows = exact_search(loaded.documents, vector[None], n_hits, "cosine", allowed)
    hits = []
    for score, row in zip(scores[0].tolist(), rows[0].tolist(), strict=True):
        stored = snapshot.fetch(int(keys[row]))
        ordinal = int(np.argmax(loaded.passages_of(stored.key) @ vector))
        hits.append(_hit(stored, ordinal, score, {"vector": score}))
    return hits


@dataclass(frozen=True)
class Searcher:
    """One search over one generation.

    Attributes
    ----------
    snapshot, loaded
        The generation.
    chosen
        What the filter lets through.
    k, mode, level
        What was asked for.
    fusion
        Makes one score of two.
    language
        Of the lexical index; None where there is none.
    """

    snapshot: Snapshot
    loaded: LoadedRows
    chosen: Chosen
    k: int
    mode: Mode
    level: Level
    fusion: Fusion
    language: str | None
    _fetched: dict[int, StoredDocument] = dataclasses.field(default_factory=dict)

    def answer(self, questions: list[Question], vectors: np.ndarray | None) -> list[list[Hit]]:
        """Hits of every question; ``vectors`` float32 [q, e] of length 1, None for lexical mode."""
        answers: list[list[Hit]] = [[] for _ in questions]
        asked = [self._translated(question) for question in questions]
        is_free = [not (words.phrases or words.excluded) for words in asked]
        free = [number for number, is_one in enumerate(is_free) if is_one]
        # Those that everything may answer are searched together.
        for numbers in (free, *([number] for number, is_one in enumerate(is_free) if not is_one)):
            if not numbers:
                continue
            searcher = self if numbers is free else self._restricted(asked[numbers[0]])
            part = None if vectors is None else vectors[numbers]
            found = searcher._answer([asked[number] for number in numbers], part)
            for number, hits in zip(numbers, found, strict=True):
                answers[number] = hits
        return answers

    def _translated(self, question: Question) -> Expressions:
        if self.language is None:
            return Expressions({}, (), ())
        if self.mode == "vector":  # which ranks by no words
            question = dataclasses.replace(question, plain="")
        return expressions(question, self.language)

    def _restricted(self, asked: Expressions) -> Searcher:
        """Search only documents that hold every phrase of a question and nothing it excludes."""
        is_allowed = self.loaded.n_passages > 0  # [keys]
        if self.chosen.keys is not None:
            is_allowed &= np.frombuffer(self.chosen.keys, dtype=bool)
        for phrases, operator in ((asked.phrases, " AND "), (asked.excluded, " OR ")):
            for start in range(0, len(phrases), _PHRASES_AT_ONCE):
                if not is_allowed.any():
                    break
                among = np.flatnonzero(is_allowed)[[0, -1]].tolist()
                part = phrases[start : start + _PHRASES_AT_ONCE]
                keys = self.snapshot.keys_with(operator.join(part), *among)
                has_words = np.zeros(len(is_allowed), dtype=bool)  # [keys]
                self._check_there([(key, 0) for key in keys.tolist()])
                has_words[keys] = True
                is_allowed &= has_words if phrases is asked.phrases else ~has_words
        rows = AllowedRows(is_allowed[self.loaded.row_keys])
        return dataclasses.replace(self, chosen=Chosen(rows, is_allowed.tobytes()))

    def _answer(self, asked: list[Expressions], vectors: np.ndarray | None) -> list[list[Hit]]:
        if self.k == 0 or self.chosen.is_empty or len(self.loaded.row_keys) == 0:
            return [[] for _ in asked]
        depth = self.k
        if self.mode == "hybrid":
            depth = max(_MIN_CANDIDATES, _CANDIDATES_PER_HIT * self.k)
        nearest: list[dict[Candidate, float]] = [{} for _ in asked]
        if vectors is not None and self.mode != "lexical":
            nearest = self._nearest(vectors, depth)
        return [
            self._hits(None if vectors is None else vectors[number], words, nearest[number], depth)
            for number, words in enumerate(asked)
        ]

    # --- candidates --------------------------------------------------------------------------

    def _nearest(self, vectors: np.ndarray, depth: int) -> list[dict[Candidate, float]]:
        """For every query the nearest passages, or the documents whose passages are nearest."""
        n_rows = len(self.loaded.row_keys if self.chosen.rows is None else self.chosen.rows)
        is_document = self.level == "document"
        n_wanted = min(depth * (_ROWS_PER_DOCUMENT if is_document else 1), n_rows)
        scores, rows = self._search_rows(vectors, n_wanted)  # [q, n_wanted]
        answers = []
        for number in range(len(vectors)):
            n_asked, found = n_wanted, self._group(scores[number], rows[number], depth)
            while len(found) < depth and n_asked < n_rows and is_document:
                n_asked = min(n_asked * 4, n_rows)
                more = self._search_rows(vectors[number : number + 1], n_asked)
                found = self._group(more[0][0], more[1][0], depth)
            answers.append(found)
        return answers

    def _search_rows(self, vectors: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        loaded = self.loaded
        return search_rows(
            loaded.passages, loaded.row_index, vectors, k, "cosine", self.chosen.rows
        )

    def _group(self, scores: np.ndarray, rows: np.ndarray, depth: int) -> dict[Candidate, float]:
        """Candidates of one query's rows [n], best first; a document counts by its best passage."""
        is_present = rows >= 0
        rows, scores = rows[is_present], scores[is_present]
        keys = self.loaded.row_keys[rows]  # [n]
        ordinals = rows - self.loaded.first_rows[keys]
        found: dict[Candidate, float] = {}
        for key, ordinal, score in zip(
            keys.tolist(), ordinals.tolist(), scores.tolist(), strict=True
        ):
            found.setdefault((key, -1 if self.level == "document" else ordinal), score)
            if len(found) == depth:
                break
        return found

    def _ranking(self, asked: Expressions) -> str | None:
        """Find what has any term of a question; of a very long one, any of the most telling."""
        terms = list(asked.ranking)
        if len(terms) > _MAX_SCORED_TERMS:
            n_asked = np.array(list(asked.ranking.values()))  # [t]
            n_passages = np.array([self.snapshot.n_passages_with(term) for term in terms])  # [t]
            rarity = np.log1p(self.snapshot.count()[1] / (n_passages + 0.5))
            worth = np.where(n_passages > 0, n_asked * rarity, 0.0)
            best = np.sort(np.argsort(-worth, kind="stable")[:_MAX_SCORED_TERMS])
            terms = [terms[place] for place in best.tolist() if worth[place]]
        return " OR ".join(terms) or None

    def _lexical(
        self, expression: str, depth: int
    ) -> tuple[dict[Candidate, float], dict[int, dict[int, float]]]:
        """Return the best passages by BM25; or documents, by theirs plus their best passage's.

        Beside documents come the scores of those of their passages that were seen, by ordinal.
        """
        allowed = self.chosen.keys
        if self.level == "passage":
            passages = self.snapshot.lexical_passages(expression, depth, allowed)
            self._check_there([(key, ordinal) for key, ordinal, _ in passages])
            return {(key, ordinal): score for key, ordinal, score in passages}, {}
        n_documents = max(depth, _MIN_CANDIDATES)
        totals = dict(self.snapshot.lexical_documents(expression, n_documents, allowed))
        passages = self.snapshot.lexical_passages(
            expression, n_documents * _PASSAGES_PER_DOCUMENT, allowed
        )
        self._check_there([*((key, 0) for key in totals), *((key, at) for key, at, _ in passages)])
        seen: dict[int, dict[int, float]] = {}
        for key, ordinal, score in passages:
            if key not in seen:
                totals[key] = totals.get(key, 0.0) + score
            seen.setdefault(key, {})[ordinal] = score
        best = sorted(totals, key=lambda key: (-totals[key], key))[:depth]
        return {(key, -1): totals[key] for key in best}, seen

    def _check_there(self, candidates: list[Candidate]) -> None:
        """Refuse a lexical index that names passages which the documents do not have."""
        n_passages = self.loaded.n_passages
        for key, ordinal in candidates:
            if not 0 < key < len(n_passages) or not 0 <= ordinal < n_passages[key]:
                raise IndexCorruptError(
                    "The lexical index does not go with the documents; rebuild() makes it anew."
                )

    # --- fusing and fetching -----------------------------------------------------------------

    def _hits(
        self,
        vector: np.ndarray | None,
        asked: Expressions,
        nearest: dict[Candidate, float],
        depth: int,
    ) -> list[Hit]:
        expression = self._ranking(asked) if self.mode != "vector" else None
        lexical, seen = ({}, {}) if expression is None else self._lexical(expression, depth)
        candidates = list(dict.fromkeys([*nearest, *lexical]))
        if self.mode == "hybrid" and vector is not None:
            near = [
                nearest[candidate] if candidate in nearest else self._cosine(vector, candidate)
                for candidate in candidates
            ]
            parts = {
                "vector": np.array(near, dtype=np.float64),
                "lexical": np.array([lexical.get(c, np.nan) for c in candidates], dtype=np.float64),
            }
            totals = self.fusion(parts)
        else:
            source = nearest if self.mode == "vector" else lexical
            totals = np.array([source[candidate] for candidate in candidates])
            parts = {self.mode: totals}
        # What is equally good comes in the order in which it was added, whatever k is.
        places = np.array(candidates, dtype=np.int64).reshape(-1, 2)  # [c, 2]
        best = np.lexsort((places[:, 1], places[:, 0], -totals))[: self.k]
        hits = []
        for place in best.tolist():
            stored, ordinal = self._fetch(candidates[place][0]), candidates[place][1]
            if ordinal < 0:
                matches = seen.get(stored.key, {})
                if not matches and self.mode == "lexical" and expression is not None:
                    matches = self.snapshot.passage_scores(expression, stored.key)
                ordinal = self._best_passage(stored, vector, matches, asked.phrases)
            scores = {
                source: float(values[place])
                for source, values in parts.items()
                if not np.isnan(values[place])
            }
            hits.append(_hit(stored, ordinal, float(totals[place]), scores))
        return hits

    def _fetch(self, key: int) -> StoredDocument:
        if key not in self._fetched:
            self._fetched[key] = self.snapshot.fetch(key)
        return self._fetched[key]

    def _passage_cosines(self, vector: np.ndarray, key: int) -> np.ndarray:
        """float32 [p]: cosine of the query and every passage of a document."""
        return self.loaded.passages_of(key) @ vector

    def _cosine(self, vector: np.ndarray, candidate: Candidate) -> float:
        key, ordinal = candidate
        if ordinal < 0:
            return float(self._passage_cosines(vector, key).max())
        return float(self.loaded.passages[self.loaded.first_rows[key] + ordinal] @ vector)

    def _best_passage(
        self,
        stored: StoredDocument,
        vector: np.ndarray | None,
        matches: dict[int, float],
        phrases: Sequence[str],
    ) -> int:
        """Ordinal of the passage to show, chosen by the same sources as the document.

        One that holds a phrase of the question is shown before those that hold none. A phrase may
        go over the end of a passage, so that none does.
        """
        parts: dict[str, np.ndarray] = {}
        if vector is not None and self.mode != "lexical":
            parts["vector"] = self._passage_cosines(vector, stored.key).astype(np.float64)
        if self.mode != "vector":
            parts["lexical"] = np.array(
                [matches.get(ordinal, np.nan) for ordinal in range(len(stored.spans))]
            )
        totals = self.fusion(parts) if self.mode != "vector" else parts["vector"]  # [p]
        if phrases:
            some = " OR ".join(phrases[:_PHRASES_AT_ONCE])
            with_phrase = list(self.snapshot.passage_scores(some, stored.key))
            totals[with_phrase] += 1.0 + totals.max() - totals.min()
        return int(np.argmax(totals))


def _hit(stored: StoredDocument, ordinal: int, score: float, scores: dict[str, float]) -> Hit:
    start, end = stored.spans[ordinal].tolist()
    passage = Passage(stored.text[start:end], start, end)
    return Hit(stored.id, score, scores, stored.text, dict(stored.metadata), passage)


def as_document(stored: StoredDocument) -> Document:
    """Return what was added."""
    return Document(stored.id, stored.text, stored.metadata)
