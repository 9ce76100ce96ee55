"""Every kind of vector index beside plain FAISS: recall, size, build time, queries per second.

The vectors are clustered and made here. Plain FAISS is the very index that was built, read back by
FAISS alone, with the same search width (and, for compressed kinds, FAISS's own exact re-ranking):
what differs is this library's wrapper. Both are timed in turns, and the best round of each counts.

    python benchmarks/index.py                      # 100,000 x 768, all kinds
    python benchmarks/index.py --n 20000 --dim 384 --kinds auto hnsw
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from vectorlong.vector_index.faiss_kinds import KINDS, get_kind, set_width
from vectorlong.vector_index.vector_index import VectorIndex

K = 10


def clustered(n_rows: int, dim: int, n_clusters: int, seed: int) -> np.ndarray:
    """Unit vectors around random centres of random sizes, as embeddings of topics lie."""
    shape = np.random.default_rng(7)
    centres = shape.normal(size=(n_clusters, dim)).astype(np.float32)
    weights = shape.dirichlet(np.full(n_clusters, 0.5))
    generator = np.random.default_rng(seed)
    rows = centres[generator.choice(n_clusters, n_rows, p=weights)]
    for start in range(0, n_rows, 10_000):
        part = rows[start : start + 10_000]
        part += generator.normal(scale=0.8, size=part.shape).astype(np.float32)
    faiss.normalize_L2(rows)
    return rows


def plain_faiss(vectors: np.ndarray, index: VectorIndex, folder: Path) -> tuple[Any, Any]:
    """The index that was saved, read by FAISS alone, and what of it has to be kept alive."""
    training = index.training
    if training is None:
        plain = faiss.IndexFlatIP(vectors.shape[1])
        plain.add(vectors)
        return plain, None
    base = faiss.read_index(str(next(folder.glob("faiss-*"))))
    set_width(base, training.width)
    if get_kind(training.kind).stores_exact:
        return base, None
    refined = faiss.IndexRefineFlat(base, faiss.swig_ptr(vectors))
    refined.k_factor = training.candidates
    return refined, base


def seconds_a_query(search: Any, queries: np.ndarray, batch: int) -> float:
    started = time.perf_counter()
    for start in range(0, len(queries), batch):
        search(queries[start : start + batch])
    return (time.perf_counter() - started) / len(queries)


def timed_in_turns(ours: Any, plain: Any, queries: np.ndarray, batch: int, budget_s: float) -> Any:
    """Least seconds a query of both, measured in turns: what else runs only ever adds."""
    times: tuple[list[float], list[float]] = ([], [])
    ours(queries[:batch]), plain(queries[:batch])
    deadline = time.perf_counter() + budget_s
    while len(times[0]) < 5 or time.perf_counter() < deadline:
        for search, taken in zip((ours, plain), times, strict=True):
            taken.append(seconds_a_query(search, queries, batch))
    return min(times[0]), min(times[1])


def recall_of(found: np.ndarray, expected: np.ndarray) -> float:
    hits = [len(set(f) & set(e)) for f, e in zip(found.tolist(), expected.tolist(), strict=True)]
    return sum(hits) / expected.size


def folder_megabytes(folder: Path, part: str) -> float:
    return sum(path.stat().st_size for path in folder.glob(f"{part}*")) / 1e6


def measure(name: str, data: dict[str, np.ndarray], options: argparse.Namespace) -> dict[str, Any]:
    vectors, queries = data["vectors"], data["queries"]
    index = VectorIndex(vectors.shape[1], name)
    index.add([str(row) for row in range(len(vectors))], vectors)
    started = time.perf_counter()
    training = index.build()
    build_s = time.perf_counter() - started
    found = np.array(
        [[int(name) for name, _ in answer] for answer in index.search_many(queries, K)]
    )
    with tempfile.TemporaryDirectory() as folder:
        index.save(folder)
        megabytes = folder_megabytes(Path(folder), "faiss")
        plain, _kept_alive = plain_faiss(vectors, index, Path(folder))
    result: dict[str, Any] = {
        "kind": name,
        "uses": "flat" if training is None else training.kind,
        "width": 0 if training is None else training.width,
        "candidates": 1 if training is None else training.candidates,
        "recall_at_10": round(recall_of(found, data["expected"]), 4),
        "plain_recall_at_10": round(recall_of(plain.search(queries, K)[1], data["expected"]), 4),
        "index_megabytes": round(megabytes, 1),
        "build_s": round(build_s, 1),
    }
    for batch in (1, 32):
        few = queries[: batch * max(1, options.queries_timed // batch)]
        one = (lambda q: index.search(q[0], K)) if batch == 1 else (lambda q: index.search_many(q))
        ours, theirs = timed_in_turns(
            one, lambda q: plain.search(q, K), few, batch, options.seconds
        )
        result[f"queries_per_s_{batch}"] = round(1 / ours, 1)
        result[f"plain_queries_per_s_{batch}"] = round(1 / theirs, 1)
        result[f"overhead_microseconds_{batch}"] = round((ours - theirs) * 1e6, 1)
    return result


def print_table(results: list[dict[str, Any]]) -> None:
    columns = list(results[0])
    widths = [max(len(c), *(len(str(r[c])) for r in results)) for c in columns]
    print("  ".join(c.rjust(w) for c, w in zip(columns, widths, strict=True)))
    for result in results:
        print("  ".join(str(result[c]).rjust(w) for c, w in zip(columns, widths, strict=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100_000, help="vectors")
    parser.add_argument("--dim", type=int, default=768, help="their width")
    parser.add_argument("--clusters", type=int, default=1000)
    parser.add_argument("--kinds", nargs="+", default=["auto", *KINDS])
    parser.add_argument("--queries-timed", type=int, default=128, help="in one round of timing")
    parser.add_argument("--seconds", type=float, default=2.0, help="of timing, each batch size")
    options = parser.parse_args()
    vectors = clustered(options.n, options.dim, options.clusters, seed=1)
    queries = clustered(256, options.dim, options.clusters, seed=2)
    expected = faiss.knn(queries, vectors, K, metric=faiss.METRIC_INNER_PRODUCT)[1]
    data = {"vectors": vectors, "queries": queries, "expected": expected}
    results = []
    for name in options.kinds:
        results.append(measure(name, data, options))
        print(f"{name}: {results[-1]}", flush=True)
    print()
    print_table(results)
    setting = {
        "n": options.n,
        "dim": options.dim,
        "faiss": faiss.__version__,
        "threads": faiss.omp_get_max_threads(),
        "machine": platform.machine(),
    }
    print(json.dumps({"benchmark": "index", **setting, "results": results}))


if __name__ == "__main__":
    main()
