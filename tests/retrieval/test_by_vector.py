"""Searching by vectors that the caller has, documents like one of the index, and reading back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from corpus import make_document, make_documents
from fake_encoder import FakeEncoder

from vectorlong.documents import Document
from vectorlong.errors import InputTypeError, InputValueError, OptionError
from vectorlong.retrieval.document_index import DocumentIndex


@pytest.fixture
def filled(index: DocumentIndex) -> DocumentIndex:
    index.add(make_documents(30))
    index.delete(["doc-4", "doc-11"])
    index.add([make_document(7, version=1), make_document(40)])
    return index


def cosines_to(index: DocumentIndex, id: str) -> dict[str, float]:
    """Cosines of a document's vector and all others', from the texts."""
    encoder = FakeEncoder()
    names = index.ids()
    texts = [index.get(name).text for name in names]
    vectors = np.stack([encoding.vector for encoding in encoder.encode_with_passages(texts)])
    vectors = vectors.astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = vectors @ vectors[names.index(id)]
    return {name: score for name, score in zip(names, scores, strict=True) if name != id}


@pytest.mark.parametrize("reopened", [False, True])
def test_similar_documents_are_those_of_the_nearest_vectors(
    filled: DocumentIndex, reopened: bool
) -> None:
    index = filled
    if reopened:  # everything is loaded at once then, and no encoder is at hand
        filled.close()
        index = DocumentIndex.open(filled.folder, read_only=True)
    for name in ("doc-0", "doc-7", "doc-40"):
        expected = cosines_to(index, name)
        hits = index.similar(name, 5)
        best = sorted(expected.values(), reverse=True)[:5]
        assert [hit.score for hit in hits] == pytest.approx(best, abs=1e-5)
        for hit in hits:
            assert hit.score == pytest.approx(expected[hit.id], abs=1e-5)
            assert hit.scores == {"vector": hit.score}
            assert hit.text == index.get(hit.id).text
            assert hit.text[hit.passage.start : hit.passage.end] == hit.passage.text
    index.close()


def test_similar_documents_are_filtered_and_leave_out_the_one_asked_about(
    filled: DocumentIndex,
) -> None:
    odd = {hit.id for hit in filled.similar("doc-2", 100, where={"parity": "odd"})}
    assert odd == set(filled.ids({"parity": "odd"}))
    assert {hit.id for hit in filled.similar("doc-3", 100)} == set(filled.ids()) - {"doc-3"}
    assert filled.similar("doc-3", 0) == []
    assert filled.similar("doc-3", where={"number": 3}) == []


def test_the_passage_of_a_similar_document_is_its_nearest(index: DocumentIndex) -> None:
    index.add(
        [
            Document("asked", "Whales swim in the deep sea."),
            Document("found", "The senate met in spring and voted. Whales swim in the deep sea."),
        ]
    )
    (hit,) = index.similar("asked")
    assert "Whales swim" in hit.passage.text


def test_similar_after_compaction(filled: DocumentIndex) -> None:
    before = [(hit.id, hit.score) for hit in filled.similar("doc-9", 30)]
    filled.compact()
    assert [(hit.id, hit.score) for hit in filled.similar("doc-9", 30)] == before
    np.testing.assert_array_equal(filled.vector("doc-9"), _row(filled, "doc-9"))


def _row(index: DocumentIndex, id: str) -> np.ndarray:
    names, matrix = index.vectors()
    return matrix[names.index(id)]


def test_what_is_like_nothing_is_refused(filled: DocumentIndex) -> None:
    with pytest.raises(InputValueError, match="no document 'doc-4'"):
        filled.similar("doc-4")
    with pytest.raises(InputTypeError, match="Ids must be strings"):
        filled.similar(3)
    with pytest.raises(OptionError, match="k=-1"):
        filled.similar("doc-3", -1)


def test_a_vector_finds_what_its_text_finds(filled: DocumentIndex) -> None:
    encoder = FakeEncoder()
    queries = ["marker5 in this sentence", "river and glacier"]
    vectors = encoder.encode_query(queries)
    expected = filled.search_many(queries, 5, mode="vector")
    for mode in ("hybrid", "vector"):
        assert filled.search_many(vectors, 5, mode=mode) == expected
    assert filled.search(vectors[0], 5) == expected[0]
    assert filled.search(vectors[0] * 1024.0, 5, level="passage") == filled.search(
        queries[0], 5, mode="vector", level="passage"
    )


def test_a_vector_needs_no_encoder_and_no_words(tmp_path: Path) -> None:
    with DocumentIndex.create(tmp_path / "index", FakeEncoder(), lexical=False) as index:
        index.add(make_documents(10))
    with DocumentIndex.open(tmp_path / "index") as index:
        vector = index.vector("doc-3")
        assert index.search(vector, 3)[0].score <= 1 + 1e-6
        assert len(index.search(vector, 100)) == 10
        assert index.search_many(np.zeros((0, 48)), 3) == []


@pytest.mark.parametrize(
    ("query", "error", "match"),
    [
        (np.zeros(5), InputValueError, r"shape \(1, 5\); expected \(n, 48\)"),
        (np.zeros((2, 48)), InputValueError, r"expected \(n, 48\)"),
        (np.full(48, np.nan), InputValueError, "not finite numbers"),
        (np.array(["a"] * 48), InputTypeError, "no array of real numbers"),
        ([0.0] * 48, InputTypeError, "a string or a vector"),
    ],
)
def test_impossible_vectors_are_refused(
    filled: DocumentIndex, query: object, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        filled.search(query)


def test_a_vector_has_no_words(filled: DocumentIndex) -> None:
    with pytest.raises(OptionError, match=r"mode='lexical'.*no words"):
        filled.search(filled.vector("doc-3"), mode="lexical")


def test_ids_are_in_an_index_or_not(filled: DocumentIndex) -> None:
    assert "doc-3" in filled
    assert "doc-7" in filled
    for other in ("doc-4", "", "\ud800", 3, None, ("doc-3",)):
        assert other not in filled


def test_vectors_are_read_back(filled: DocumentIndex) -> None:
    vector = filled.vector("doc-7")
    assert vector.dtype == np.float32
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(vector, _row(filled, "doc-7"))
    vector[:] = 0  # the caller's own
    assert filled.vector("doc-7").any()
    assert filled.vector("doc-4") is None
    with pytest.raises(InputTypeError, match="Ids must be strings"):
        filled.vector(3)


def test_a_printed_hit_is_short(index: DocumentIndex) -> None:
    index.add([Document("long", "One word. " * 20_000)])
    hit = index.search("word", 1)[0]
    assert len(hit.text) == 200_000
    assert len(repr(hit)) < 1000
    assert len(repr(index.get("long"))) < 1000
