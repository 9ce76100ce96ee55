"""Words are found as readers of their language expect."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fake_encoder import FakeEncoder
from word_table import SUBJECTS

from vectorlong.documents import Document
from vectorlong.retrieval.document_index import DocumentIndex

_ROWS = [row for rows in SUBJECTS.values() for row in rows]
_IDS = [
    f"{subject}, {place}, {row.language}"
    for subject, rows in SUBJECTS.items()
    for place, row in enumerate(rows, start=1)
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DocumentIndex]:
    """The documents of all rows, so that words are as rare as in a collection of many languages."""
    folder = tmp_path_factory.mktemp("words") / "index"
    with DocumentIndex.create(folder, FakeEncoder()) as made:
        made.add(
            Document(f"{number}-{place}", text, {"row": number})
            for number, row in enumerate(_ROWS)
            for place, text in enumerate(row.documents)
        )
        yield made


def search(index: DocumentIndex, number: int) -> list[str]:
    """The documents of a row that its question finds, best first."""
    hits = index.search(_ROWS[number].question, mode="lexical", where={"row": number})
    return [hit.text for hit in hits]


@pytest.mark.parametrize("number", range(len(_ROWS)), ids=_IDS)
def test_readers_find_what_they_expect(index: DocumentIndex, number: int) -> None:
    row = _ROWS[number]
    ranked = search(index, number)
    assert set(ranked[: len(row.first)]) == set(row.first), ranked
    assert set(row.found) <= set(ranked), ranked
    assert not set(row.absent) & set(ranked), ranked
