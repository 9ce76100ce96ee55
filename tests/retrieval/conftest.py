"""An encoder without a network and an index made with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fake_encoder import FakeEncoder

from vectorlong.retrieval.document_index import DocumentIndex


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def index(tmp_path: Path, encoder: FakeEncoder) -> Iterator[DocumentIndex]:
    with DocumentIndex.create(tmp_path / "index", encoder) as made:
        yield made
