"""Labelled questions over whole documents, in BEIR's layout."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vectorlong import Document

# The questions that a set is measured on; where its splits are of questions, those not trained on.
SPLITS = {
    "qmsum": ("val", "test"),
    "fairytaleqa": ("val", "test"),
    "cranfield": ("test",),
    "drcd_articles": ("dev", "test"),
}
ENGLISH = ("qmsum", "fairytaleqa", "cranfield")
_MAX_QUERIES = {"drcd_articles": 2_000}


@dataclass(frozen=True)
class RetrievalSet:
    """Documents, questions, and which documents answer which question.

    Attributes
    ----------
    name
        Of the folder.
    documents
        The whole corpus, also where only some questions are asked.
    questions
        Their texts.
    relevance
        For every question the grade of each relevant document's id.
    """

    name: str
    documents: list[Document]
    questions: list[str]
    relevance: list[dict[str, float]]

    @classmethod
    def read(cls, folder: Path, name: str, max_queries: int | None = None) -> RetrievalSet:
        """Read one set; ``max_queries`` keeps the first questions only."""
        documents = [
            Document(line["_id"], line["text"])
            for line in _lines(folder / name / "corpus.jsonl.gz")
        ]
        relevance: dict[str, dict[str, float]] = {}
        for row in (folder / name / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
            question_id, document_id, grade = row.split("\t")
            relevance.setdefault(question_id, {})[document_id] = float(grade)
        asked = [
            line
            for line in _lines(folder / name / "queries.jsonl.gz")
            if line["split"] in SPLITS[name] and line["_id"] in relevance
        ][: max_queries or _MAX_QUERIES.get(name)]
        return cls(
            name,
            documents,
            [line["text"] for line in asked],
            [relevance[line["_id"]] for line in asked],
        )

    @property
    def texts(self) -> list[str]:
        """The documents' texts."""
        return [document.text for document in self.documents]

    @property
    def digest(self) -> str:
        """Of the documents, so that vectors kept from an earlier run are of the same texts."""
        content = json.dumps([(document.id, document.text) for document in self.documents])
        return hashlib.sha256(content.encode()).hexdigest()[:12]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)
