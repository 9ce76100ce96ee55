"""Ctrl-C, and the object lives on; a fork, and both live on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.models import write_longformer

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("interrupts")
    write_longformer(folder / "model", max_position_embeddings=202)
    return folder


def run(arguments: list[str], timeout_s: int, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        start_new_session=True,  # what Ctrl-C reaches is this and all it starts
    )


def interrupt(action: str, folder: Path, n: int, seed: int) -> None:
    arguments = ["-m", "tests.encoder.interrupt_worker", action, str(folder), str(n), str(seed)]
    done = run(arguments, 1500)
    lines = done.stdout.splitlines()
    assert len(lines) == 1, (done.stdout, done.stderr)
    found = re.fullmatch(rf"interrupted (\d+) of {n}", lines[0])
    assert found, (done.stdout, done.stderr)
    assert int(found[1]) >= n // 5
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("action", ["encode", "save", "classify"])
def test_an_encoder_goes_on_after_interrupts(folder: Path, action: str) -> None:
    interrupt(action, folder, 10, 0)


@pytest.mark.slow
@pytest.mark.parametrize("action", ["encode", "encode_with_passages", "save", "load", "classify"])
def test_an_encoder_goes_on_after_300_interrupts(folder: Path, action: str) -> None:
    interrupt(action, folder, 300, 1)


@pytest.mark.slow
def test_several_processes_are_ended_by_an_interrupt(folder: Path) -> None:
    interrupt("processes", folder, 30, 0)


FORK = """
import os, sys, warnings
import numpy as np
import torch
from vectorlong import Longformer2Vec
texts = ["the quick brown fox sees the token. " * 20]
encoder = Longformer2Vec(sys.argv[1])
expected = encoder.encode(texts) if sys.argv[2] == "used" else None
child = os.fork()
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    vectors = encoder.encode(texts)
    again = encoder.encode(texts)
said = [str(each.message) for each in said if "forked" in str(each.message)]
if child == 0:
    same = expected is None or np.abs(vectors - expected).max() <= 1e-6
    print("child", same, torch.get_num_threads(), len(said), flush=True)
    os._exit(0)
_, status = os.waitpid(child, 0)
print("parent", status, torch.get_num_threads(), len(said), flush=True)
"""


@pytest.mark.parametrize(
    ("state", "n_threads", "expected"),
    [
        ("used", 2, ["child True 1 1", "parent 0 2 0"]),
        ("fresh", 2, ["child True 2 0", "parent 0 2 0"]),
        ("used", 1, ["child True 1 0", "parent 0 1 0"]),
    ],
)
def test_a_forked_process_encodes_too(
    folder: Path, state: str, n_threads: int, expected: list[str]
) -> None:
    arguments = ["-c", FORK, str(folder / "model"), state]
    done = run(arguments, 120, OMP_NUM_THREADS=str(n_threads))
    assert done.stdout.splitlines() == expected, done.stderr
