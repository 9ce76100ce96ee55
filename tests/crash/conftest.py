"""The made documents and the encoder of tests/retrieval, and the helpers of these tests."""

from __future__ import annotations

import sys
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
