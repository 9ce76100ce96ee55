"""A process that is interrupted again and again while it encodes, and goes on with the same object.

Run as ``python -m tests.encoder.interrupt_worker ACTION FOLDER N SEED``; prints what was wrong.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import sys
import threading
import time
import timeit
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from vectorlong import Longformer2Vec
from vectorlong.classify import DocumentClassifier, LongformerVectorizer
from vectorlong.errors import CheckpointError

_NUMBERS = itertools.count()
TEXTS = [f"the quick brown fox number {n} sees the token. " * (1 + 7 * (n % 5)) for n in range(24)]


def actions(encoder: Longformer2Vec, folder: Path) -> dict[str, Callable[[], object]]:
    return {
        "encode": lambda: encoder.encode(TEXTS),
        "encode_with_passages": lambda: list(encoder.encode_with_passages(TEXTS)),
        "processes": lambda: encoder.encode(TEXTS, n_processes=2),
        "save": lambda: encoder.save(folder / "saved"),
        "load": lambda: Longformer2Vec(folder / "model"),
        "classify": lambda: classify(encoder, folder / "caches" / str(next(_NUMBERS))),
    }


def classify(encoder: Longformer2Vec, cache: Path) -> DocumentClassifier:
    vectorizer = LongformerVectorizer(encoder, cache=cache)
    return DocumentClassifier(vectorizer).fit(TEXTS, [n % 2 for n in range(len(TEXTS))])


def children() -> set[int]:
    """Processes whose parent is this one."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            found.add(int(path.parent.name))
    return found


def interrupt_after(seconds: float, is_armed: threading.Event) -> threading.Thread:
    """Make what will send what Ctrl-C sends, to this process and to all it started."""

    def send() -> None:
        time.sleep(seconds)
        if is_armed.is_set():
            os.killpg(0, signal.SIGINT)

    return threading.Thread(target=send)


def wrong(encoder: Longformer2Vec, folder: Path, before: dict[str, object]) -> list[str]:
    """What is not as it was."""
    found = []
    vectors = encoder.encode(TEXTS)
    if not np.allclose(vectors, before["vectors"], atol=1e-6):
        found.append(f"vectors differ by {np.abs(vectors - before['vectors']).max()}")
    if torch.get_num_threads() != before["n_threads"]:
        found.append(f"{torch.get_num_threads()} threads")
    if warnings.filters != before["filters"]:
        found.append("warning filters")
    if torch.is_inference_mode_enabled() or not torch.is_grad_enabled():
        found.append("gradient mode")
    deadline = time.monotonic() + 20
    while (left := children() - before["children"]) and time.monotonic() < deadline:
        time.sleep(0.05)
    if left:
        found.append(f"processes {[(p, Path(f'/proc/{p}/cmdline').read_bytes()) for p in left]}")
    strange = [path.name for path in (folder / "saved").glob(".*")]
    if strange:
        found.append(f"files {strange}")
    return found


def check_classified(encoder: Longformer2Vec, folder: Path, expected: np.ndarray) -> list[str]:
    """What an interrupted training left in its cache is right, and its lock is free."""
    newest = max((folder / "caches").iterdir(), key=lambda path: int(path.name))
    found = classify(encoder, newest).decision_function(TEXTS)
    return [] if np.allclose(found, expected, atol=1e-4) else ["another classifier"]


def check_saved(encoder: Longformer2Vec, folder: Path) -> list[str]:
    """A save that was interrupted is whole or said not to be, and can be done again."""
    saved = folder / "saved"
    try:
        if saved.is_dir() and Longformer2Vec(saved).fingerprint != encoder.fingerprint:
            return ["saved another model"]
    except CheckpointError:
        pass
    encoder.save(saved)
    return [] if Longformer2Vec(saved).fingerprint == encoder.fingerprint else ["saved wrongly"]


def main(action: str, folder: Path, n: int, seed: int) -> None:
    generator = random.Random(seed)
    encoder = Longformer2Vec(folder / "model")
    run = actions(encoder, folder)[action]
    run()
    duration = min(timeit.repeat(run, number=1, repeat=3))  # of the disk's good moments
    before = {
        "vectors": encoder.encode(TEXTS),
        "n_threads": torch.get_num_threads(),
        "filters": list(warnings.filters),
        "children": children(),
    }
    expected = classify(encoder, folder / "expected").decision_function(TEXTS)
    n_interrupted = 0
    for number in range(n):
        is_armed = threading.Event()
        is_armed.set()
        thread = interrupt_after(generator.uniform(0, 1.1 * duration), is_armed)
        try:
            try:
                thread.start()
                run()
            finally:
                is_armed.clear()
                thread.join()
        except KeyboardInterrupt:
            n_interrupted += 1
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        found = wrong(encoder, folder, before)
        if action == "save":
            found += check_saved(encoder, folder)
        if action == "classify":
            found += check_classified(encoder, folder, expected)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        for problem in found:
            print(f"after interrupt {number}: {problem}", flush=True)
        before["children"] |= children()
    print(f"interrupted {n_interrupted} of {n}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
