"""Retrieval quality beside the usual ways: one table in one run, one JSON line.

Every system ranks whole documents for the same questions. "Encode" is the time for all documents of
a set, in processor seconds, which a busy machine does not lengthen (for vectorlong with writing the
index); a star marks what an earlier run left in --cache. docs/models.md discusses the figures.

    python benchmarks/quality.py --data FOLDER --cache FOLDER
    python benchmarks/quality.py --data FOLDER --classification
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import classification
import numpy as np
from bm25 import Bm25
from metrics import ndcg, recall
from retrieval_sets import ENGLISH, SPLITS, RetrievalSet
from source_minilm import (
    average_chunks,
    best_chunks,
    encode_chunks,
    encode_cut,
    load_source,
)

from vectorlong import DocumentIndex, Longformer2Vec

K = 10
HYBRID = "vectorlong hybrid"
MODES = ("vector", "lexical", "hybrid")
_N_RESAMPLES = 2_000

Rankings = list[list[str]]


@dataclass(frozen=True)
class Timed:
    """Vectors, the processor seconds they took, and whether that was in an earlier run."""

    arrays: dict[str, np.ndarray]
    seconds: float
    is_kept: bool


@dataclass(frozen=True)
class Row:
    """One system on one set."""

    set: str
    system: str
    ndcg_at_10: float
    recall_at_10: float
    encode_s: float | None
    encode_s_is_kept: bool
    n_documents: int
    n_questions: int


def run(
    data_folder: Path, cache: Path, sets: Sequence[str], max_queries: int | None
) -> tuple[list[Row], list[dict[str, Any]]]:
    """Measure every system on every set, and hybrid against the others; progress on stderr."""
    encoder = Longformer2Vec("minilm", dtype="auto")
    source = load_source()
    rows: list[Row] = []
    margins: list[dict[str, Any]] = []
    for name in sets:
        retrieval_set = RetrievalSet.read(data_folder, name, max_queries)
        gains: dict[str, np.ndarray] = {}
        for system, rankings, timed in _systems(retrieval_set, encoder, source, cache):
            row, gains[system] = _measure(retrieval_set, system, rankings, timed)
            print(f"{name}: {system}: {row.ndcg_at_10:.3f}", file=sys.stderr, flush=True)
            rows.append(row)
        margins.extend(_margins(name, gains))
    return rows, margins


def _systems(
    retrieval_set: RetrievalSet, encoder: Longformer2Vec, source: Any, cache: Path
) -> Iterator[tuple[str, Rankings, Timed | None]]:
    """Rank the documents of one set by every system."""
    questions, texts = retrieval_set.questions, retrieval_set.texts
    stem = f"{retrieval_set.name}-{retrieval_set.digest}"
    with _index(retrieval_set, encoder, cache / stem) as (index, timed):
        for mode in MODES:
            answers = index.search_many(questions, K, mode=mode)
            found = [[hit.id for hit in hits] for hits in answers]
            yield f"vectorlong {mode}", found, None if mode == "lexical" else timed
    yield "BM25", _rank(retrieval_set, Bm25(texts).scores(questions)), None

    asked = np.asarray(source.encode(questions, normalize_embeddings=True))  # [q, e]
    cut = _kept(cache / f"{stem}-cut.npz", lambda: {"vectors": encode_cut(source, texts)})
    yield "MiniLM cut at 256", _rank(retrieval_set, asked @ cut.arrays["vectors"].T), cut

    def chunked() -> dict[str, np.ndarray]:
        vectors, first_chunks = encode_chunks(source, texts)
        return {"vectors": vectors, "first_chunks": first_chunks}

    chunks = _kept(cache / f"{stem}-chunks.npz", chunked)
    vectors, first_chunks = chunks.arrays["vectors"], chunks.arrays["first_chunks"]
    averages = average_chunks(vectors, first_chunks)
    yield "MiniLM chunk and average", _rank(retrieval_set, asked @ averages.T), chunks
    best = best_chunks(asked @ vectors.T, first_chunks)
    yield "MiniLM chunk and max", _rank(retrieval_set, best), chunks


@contextlib.contextmanager
def _index(
    retrieval_set: RetrievalSet, encoder: Longformer2Vec, stem: Path
) -> Iterator[tuple[DocumentIndex, Timed]]:
    """An index of the set's documents: the one kept, or a new one."""
    spec = encoder.default_passages
    variant = f"{encoder.fingerprint[:12]}-{spec.method}-{spec.max_tokens}-{spec.overlap}"
    folder = stem.with_name(f"{stem.name}-{variant}")
    spent = folder.with_suffix(".json")
    is_kept = spent.exists()
    if is_kept:
        opened = DocumentIndex.open(folder, encoder)
    else:
        shutil.rmtree(folder, ignore_errors=True)  # what an interrupted run left: time unknown
        opened = DocumentIndex.create(folder, encoder)
    with opened as index:
        if not is_kept:
            started = time.process_time()
            index.add(retrieval_set.documents)
            spent.write_text(json.dumps(time.process_time() - started))
        yield index, Timed({}, json.loads(spent.read_text()), is_kept)


def _kept(path: Path, encode: Callable[[], dict[str, np.ndarray]]) -> Timed:
    """Encode, or read what an earlier run encoded."""
    if path.exists():
        with np.load(path) as arrays:
            kept = dict(arrays)
        return Timed(kept, float(kept.pop("seconds")), is_kept=True)
    started = time.process_time()
    arrays = encode()
    seconds = time.process_time() - started
    np.savez(path, seconds=seconds, **arrays)
    return Timed(arrays, seconds, is_kept=False)


def _rank(retrieval_set: RetrievalSet, scores: np.ndarray) -> Rankings:
    """Ids of the best documents of every question, of scores [q, n]."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :K]
    return [[retrieval_set.documents[place].id for place in row] for row in best.tolist()]


def _measure(
    retrieval_set: RetrievalSet, system: str, rankings: Rankings, timed: Timed | None
) -> tuple[Row, np.ndarray]:
    """Give the figures, and nDCG@10 of every question [q]."""
    judged = list(zip(rankings, retrieval_set.relevance, strict=True))
    gains = np.array([ndcg(ranked, relevance, K) for ranked, relevance in judged])
    row = Row(
        retrieval_set.name,
        system,
        float(gains.mean()),
        float(np.mean([recall(ranked, relevance, K) for ranked, relevance in judged])),
        None if timed is None else timed.seconds,
        timed is not None and timed.is_kept,
        len(retrieval_set.documents),
        len(judged),
    )
    return row, gains


def _margins(name: str, gains: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """Hybrid's nDCG@10 less every other's, with the 95% interval of a paired bootstrap."""
    generator = np.random.default_rng(0)
    n_questions = len(gains[HYBRID])
    picked = generator.integers(n_questions, size=(_N_RESAMPLES, n_questions))
    margins = []
    for system, values in gains.items():
        if system != HYBRID:
            differences = gains[HYBRID] - values  # [q]
            low, high = np.percentile(differences[picked].mean(axis=1), [2.5, 97.5])
            margins.append(
                {
                    "set": name,
                    "against": system,
                    "margin": float(differences.mean()),
                    "low": float(low),
                    "high": float(high),
                }
            )
    return margins


def print_report(rows: Sequence[Row], margins: Sequence[dict[str, Any]]) -> None:
    """Print the table, and where hybrid does not win."""
    print(f"{'set':14} {'system':26} {'nDCG@10':>8} {'recall@10':>10} {'encode s':>9}")
    previous = None
    for row in rows:
        name = row.set if row.set != previous else ""
        previous = row.set
        seconds = "-" if row.encode_s is None else f"{row.encode_s:.0f}"
        seconds += "*" if row.encode_s_is_kept else " "
        print(
            f"{name:14} {row.system:26} {row.ndcg_at_10:8.3f} {row.recall_at_10:10.3f} {seconds:>9}"
        )
    print()
    for name in dict.fromkeys(row.set for row in rows):
        closest = min((m for m in margins if m["set"] == name), key=lambda m: m["margin"])
        verb = "beats" if closest["margin"] > 0 else "DOES NOT BEAT"
        print(
            f"{name}: hybrid {verb} all others; closest is {closest['against']}, "
            f"{closest['margin']:+.3f} nDCG@10 ({closest['low']:+.3f} to {closest['high']:+.3f})"
            + ("" if name in ENGLISH else "; the model is English, this set is not")
        )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("VECTORLONG_DATA"))
    parser.add_argument("--sets", nargs="+", choices=list(SPLITS), default=list(SPLITS))
    parser.add_argument("--max-queries", type=int, help="the first questions of each set only")
    parser.add_argument(
        "--cache", type=Path, help="folder that keeps vectors and figures for the next run"
    )
    parser.add_argument("--classification", action="store_true", help="classification instead")
    arguments = parser.parse_args()
    if arguments.data is None or not Path(arguments.data).is_dir():
        print(
            f"The labelled documents are not at {str(arguments.data)!r}; nothing was measured. "
            "Set VECTORLONG_DATA or pass --data."
        )
        return
    data_folder = Path(arguments.data)
    with tempfile.TemporaryDirectory() as temporary:
        cache = arguments.cache or Path(temporary)
        cache.mkdir(parents=True, exist_ok=True)
        if arguments.classification:
            classified = classification.run(data_folder, cache)
            classification.print_table(classified)
            print(json.dumps({"benchmark": "classification", "rows": classified}))
            return
        rows, margins = run(data_folder, cache, arguments.sets, arguments.max_queries)
    print_report(rows, margins)
    figures = {"benchmark": "retrieval", "rows": [asdict(row) for row in rows], "margins": margins}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
