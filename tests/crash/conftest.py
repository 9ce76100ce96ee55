"""The made documents and the encoder of tests/retrieval, and the helpers of these tests."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_HERE = Path(__file__).resolve().parent
for _folder in (_HERE, _HERE.parent / "retrieval"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from crash_worker import SMALL_SCALE  # noqa: E402 - found only now


@pytest.fixture
def small_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every mechanism take part although the index is small."""
    for module, name, value in SMALL_SCALE:
        monkeypatch.setattr(module, name, value)


@pytest.fixture
def memory_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where the system has such; thousands of flushes cost nothing there."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)
