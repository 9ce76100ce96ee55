"""Classification of whole documents beside the usual ways: one table in one run, one JSON line.

Every way sees the same train and test documents. "Encode" is the time for all documents of a set,
by the clock and of all cores together; what is trained on the vectors takes seconds. Sets of fewer
than 200 documents are cross-validated over their folds. docs/classification.md discusses the
figures. minilm reads English; the Chinese sets show what it does with what it was not made for.
"""

from __future__ import annotations

import argparse
import gzip
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
from source_minilm import CUT_TOKENS, average_chunks, encode_chunks, encode_cut, load_source

from vectorlong import Longformer2Vec
from vectorlong.classify import (
    DocumentClassifier,
    LongformerVectorizer,
    VectorClassifier,
    Whitener,
)

CHINESE = ("sogou_news_long", "iflytek")
SETS = (
    "hyperpartisan",
    "movie_reviews",
    "oastm_domain",
    "novels_author",
    "cuad_contracts",
    *CHINESE,
)
_FEW_DOCUMENTS = 200


@dataclass(frozen=True)
class Row:
    """One way on one set."""

    set: str
    way: str
    macro_f1: float
    accuracy: float
    encode_s: float | None
    encode_cpu_s: float | None
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


def run(data_folder: Path, cache: Path, sets: Sequence[str] = SETS) -> list[dict[str, Any]]:
    """Measure every way on every set, saying on stderr how far it is.

    The rows of a set are kept in ``cache`` and not measured again by the next run.
    """
    encoder = Longformer2Vec("minilm", dtype="auto")
    beginning = Longformer2Vec("minilm", dtype="auto", max_tokens=CUT_TOKENS, overlength="truncate")
    source = load_source()
    rows: list[dict[str, Any]] = []
    for name in sets:
        kept = cache / f"classification-{name}.json"
        if not kept.exists():
            of_set = []
            for row in _measure(LabelledSet.read(data_folder, name), encoder, beginning, source):
                print(row, file=sys.stderr, flush=True)
                of_set.append(asdict(row))
            kept.write_text(json.dumps(of_set))
        rows.extend(json.loads(kept.read_text()))
    return rows


def _measure(
    labelled: LabelledSet, encoder: Longformer2Vec, beginning: Longformer2Vec, source: Any
) -> Iterator[Row]:
    """Measure every way on one set."""
    with tempfile.TemporaryDirectory() as cache:
        vectorizer = LongformerVectorizer(encoder, cache=cache)
        _, spent = _timed(vectorizer.fit_transform, labelled.texts)
        # From here on every vector comes from the cache.
        yield _row(
            labelled, "whole: DocumentClassifier", DocumentClassifier(vectorizer), spent=spent
        )
        yield _row(
            labelled,
            "whole: logistic regression",
            make_pipeline(vectorizer, Whitener(shrinkage=1.0), _logistic_regression()),
            spent=spent,
        )
        first_page = LongformerVectorizer(beginning, cache=cache)
        _, spent_beginning = _timed(first_page.fit_transform, labelled.texts)
        spent_both = (spent[0] + spent_beginning[0], spent[1] + spent_beginning[1])
        both = FeatureUnion([("whole", vectorizer), ("first page", first_page)])
        for head_name, steps in (
            ("VectorClassifier", [VectorClassifier()]),
            ("logistic regression", [Whitener(shrinkage=1.0), _logistic_regression()]),
        ):
            way = f"whole + first page: {head_name}"
            yield _row(labelled, way, make_pipeline(both, *steps), spent=spent_both)
        beside = FeatureUnion(
            [
                ("words", _words(labelled)),
                ("meaning", make_pipeline(vectorizer, Whitener(), Normalizer())),
            ],
            transformer_weights={"meaning": 0.5},
        )
        yield _row(
            labelled,
            "whole + TF-IDF: linear SVM",
            make_pipeline(beside, LinearSVC(class_weight="balanced")),
            spent=spent,
        )
    yield _row(
        labelled,
        "TF-IDF: linear SVM",
        make_pipeline(_words(labelled), LinearSVC(class_weight="balanced")),
    )
    for name, encode in (("cut at 256", encode_cut), ("chunks averaged", _chunks_averaged)):
        vectors, spent = _timed(encode, source, labelled.texts)
        for head_name, head in (
            ("logistic regression", _logistic_regression()),
            ("VectorClassifier", VectorClassifier()),
        ):
            yield _row(labelled, f"{name}: {head_name}", head, vectors, spent=spent)


def _row(
    labelled: LabelledSet,
    way: str,
    classifier: Any,
    inputs: np.ndarray | None = None,
    *,
    spent: tuple[float, float] | None = None,
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
        *(spent or (None, None)),
        len(labelled.texts),
    )


def _timed(work: Any, *arguments: Any) -> tuple[Any, tuple[float, float]]:
    """Give what ``work`` returns, the seconds it took, and the seconds of all cores together."""
    started, started_cpu = time.perf_counter(), time.process_time()
    result = work(*arguments)
    return result, (time.perf_counter() - started, time.process_time() - started_cpu)


def _words(labelled: LabelledSet) -> TfidfVectorizer:
    """Words; in Chinese, which has no spaces between them, characters and pairs of characters."""
    if labelled.name in CHINESE:
        return TfidfVectorizer(sublinear_tf=True, analyzer="char", ngram_range=(1, 2))
    return TfidfVectorizer(sublinear_tf=True)


def _logistic_regression() -> GridSearchCV:
    """Logistic regression with its regularisation chosen by inner cross-validation."""
    return GridSearchCV(
        LogisticRegression(class_weight="balanced", max_iter=2000),
        {"C": np.logspace(-3, 3, 7)},
        scoring="f1_macro",
    )


def _chunks_averaged(source: Any, texts: Sequence[str]) -> np.ndarray:
    """Encode in chunks of 256 tokens and average them: float32 [n, e], of length 1."""
    return average_chunks(*encode_chunks(source, texts))


def print_table(rows: Sequence[dict[str, Any]]) -> None:
    """Print rows for people."""
    print(f"{'set':16} {'way':40} {'macro F1':>9} {'accuracy':>9} {'encode s':>9} {'CPU s':>7}")
    previous = None
    for row in rows:
        name = row["set"] if row["set"] != previous else ""
        previous = row["set"]
        seconds, cpu = (
            "-" if row[name] is None else f"{row[name]:.0f}"
            for name in ("encode_s", "encode_cpu_s")
        )
        figures = f"{row['macro_f1']:9.3f} {row['accuracy']:9.3f} {seconds:>9} {cpu:>7}"
        print(f"{name:16} {row['way']:40} {figures}")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("VECTORLONG_DATA"))
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--cache", type=Path, help="folder that keeps figures for the next run")
    arguments = parser.parse_args()
    if arguments.data is None or not Path(arguments.data).is_dir():
        print(
            f"The labelled documents are not at {str(arguments.data)!r}; nothing was measured. "
            "Set VECTORLONG_DATA or pass --data."
        )
        return
    with tempfile.TemporaryDirectory() as temporary:
        cache = arguments.cache or Path(temporary)
        cache.mkdir(parents=True, exist_ok=True)
        rows = run(Path(arguments.data), cache, arguments.sets)
    print_table(rows)
    print(json.dumps({"benchmark": "classification", "rows": rows}))


if __name__ == "__main__":
    main()
