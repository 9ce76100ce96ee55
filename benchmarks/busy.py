"""Encoding beside other programs: ``python benchmarks/busy.py``.

Encodes one text in a fresh process, beside none, one, two and four programs that do nothing but
compute, by how threads of OpenMP wait for each other. The first column is what OpenMP does by
itself, the second what ``import vectorlong`` sets.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch

N_CHARACTERS = 60_000
N_RUNS = 2
BESIDE = (0, 1, 2, 4)
# None: torch is loaded before this library can set anything.
SETTINGS: dict[str, dict[str, str] | None] = {
    "OpenMP's own": None,
    "2,000 (taken)": {},
    "10,000": {"GOMP_SPINCOUNT": "10000"},
    "30,000": {"GOMP_SPINCOUNT": "30000"},
    "passive": {"OMP_WAIT_POLICY": "passive"},
}
_BUSY = "while True: pass"
_ENCODE = f"""
import time
from vectorlong import Longformer2Vec
model = Longformer2Vec("minilm")
text = "The parties agree that the services are rendered in good faith. " * 2_000
model.encode(text[:2_000])
start = time.perf_counter()
model.encode(text[:{N_CHARACTERS}])
print(time.perf_counter() - start)
"""


@contextmanager
def busy_programs(n: int) -> Iterator[None]:
    """Keep so many programs computing meanwhile."""
    programs = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(n)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def seconds(setting: dict[str, str] | None) -> float:
    """Give the best time of some runs."""
    outside = {
        name: value
        for name, value in os.environ.items()
        if name not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    }
    program = f"import torch\n{_ENCODE}" if setting is None else _ENCODE
    times = []
    for _ in range(N_RUNS):
        result = subprocess.run(
            [sys.executable, "-c", program],
            env={**outside, **(setting or {})},
            capture_output=True,
            text=True,
            check=True,
        )
        times.append(float(result.stdout))
    return min(times)


def main() -> None:
    """Print the table."""
    print(f"{N_CHARACTERS:,} characters, {torch.get_num_threads()} threads, best of {N_RUNS}, in s")
    print("| beside |", " | ".join(SETTINGS), "|")
    print("| --- |", " | ".join("---" for _ in SETTINGS), "|")
    for n in BESIDE:
        with busy_programs(n):
            cells = [f"{seconds(setting):.1f}" for setting in SETTINGS.values()]
        print(f"| {n} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
