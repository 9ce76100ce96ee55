"""What `DocumentIndex` promises: the right passage, whole generations, errors without harm."""

from __future__ import annotations

import contextlib
import copy
import enum
import gc
import hashlib
import io
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from corpus import make_document, make_documents
from fake_encoder import FakeEncoder

from vectorlong.documents import Document, DocumentEncoding, Passages, PassageSpec
from vectorlong.errors import (
    EncoderMismatchError,
    FilterError,
    IndexCorruptError,
    IndexFolderError,
    IndexLockedError,
    InputTypeError,
    InputValueError,
    OptionError,
)
from vectorlong.retrieval import checked_documents, document_index, ledger_writer, search, writer
from vectorlong.retrieval.document_index import DocumentIndex
from vectorlong.retrieval.ledger_reader import LedgerReader
from vectorlong.retrieval.manifest import read_manifest
from vectorlong.retrieval.search import Hit
from vectorlong.vector_index import faiss_folder, growth, row_index
from vectorlong.vector_index.vector_file import Segment, VectorFile
from vectorlong.vector_index.vector_index import VectorIndex
from vectorlong.vector_index.writer_lock import WriterLock

MODES = ["hybrid", "vector", "lexical"]


def answers(index: DocumentIndex, **options: object) -> list[list[Hit]]:
    return index.search_many(
        [f"marker{number} in this sentence" for number in range(10)], 5, **options
    )


def assert_alike(found: list[list[Hit]], expected: list[list[Hit]]) -> None:
    """The same hits in the same order; for scores that two ways of computing may round apart."""
    for ours, theirs in zip(found, expected, strict=True):
        assert [(hit.id, hit.passage) for hit in ours] == [(hit.id, hit.passage) for hit in theirs]
        scores = [hit.score for hit in ours]
        assert scores == pytest.approx([hit.score for hit in theirs], abs=1e-5)


# --- adding --------------------------------------------------------------------------------------


def test_documents_that_are_read_slowly_are_committed_meanwhile(
    index: DocumentIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checked_documents, "_BATCH_S", 0.05)
    monkeypatch.setattr(writer, "_COMMIT_EVERY_S", 0.0)
    committed = []

    def slow() -> Iterator[Document]:
        for number in range(10):
            committed.append(len(index))
            time.sleep(0.03)
            yield make_document(number)

    index.add(slow())
    assert committed[-1] >= 6  # of the nine before
    assert len(index) == 10


def test_import_loads_neither_torch_nor_transformers() -> None:
    program = (
        "import sys; from vectorlong import DocumentIndex, VectorIndex;"
        "print([m for m in ('torch', 'transformers') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_add_counts_and_skips_what_is_there(index: DocumentIndex, encoder: FakeEncoder) -> None:
    report = index.add(make_documents(20))
    assert (report.added, report.updated, report.unchanged, report.duplicates) == (20, 0, 0, 0)
    n_words = sum(len(re.findall(r"\w+", document.text)) for document in make_documents(20))
    assert (report.n_tokens, report.n_dropped_tokens) == (n_words, 0)
    n_encoded = encoder.n_encoded
    report = index.add([make_document(1, version=2), *make_documents(20)[2:], make_document(99)])
    assert (report.added, report.updated, report.unchanged, report.duplicates) == (1, 1, 18, 0)
    assert encoder.n_encoded == n_encoded + 2
    assert len(index) == 21
    assert index.get("doc-1") == make_document(1, version=2)
    assert index.search("marker1 version2", 1)[0].id == "doc-1"


def test_changed_metadata_is_a_changed_document(index: DocumentIndex) -> None:
    index.add([Document("a", "A text.", {"x": 1})])
    assert index.add([Document("a", "A text.", {"x": 2})]).updated == 1
    assert index.search("text", where={"x": 2})[0].metadata == {"x": 2}
    assert index.search("text", where={"x": 1}) == []


def test_changed_metadata_alone_is_not_encoded_again(
    index: DocumentIndex, encoder: FakeEncoder, tmp_path: Path
) -> None:
    index.add(Document(str(n), f"Text {n}. Of two sentences.", {"x": 1}) for n in range(5))
    with DocumentIndex.open(tmp_path / "index", encoder, read_only=True) as reader:
        assert len(reader.search("text", where={"x": 1})) == 5
        before, n_encoded = index.vectors("passage")[1].copy(), encoder.n_encoded
        report = index.add(
            [Document(str(n), f"Text {n}. Of two sentences.", {"x": n}) for n in range(5)]
            + [Document("4", "Another text.", {"x": 4})]
        )
        assert (report.updated, report.unchanged, report.duplicates) == (4, 1, 1)
        assert encoder.n_encoded == n_encoded + 1
        assert index.info()["n_deleted_passages"] > 0
        assert [hit.id for hit in reader.search("text", where={"x": 3})] == ["3"]
        assert reader.search("text", where={"x": 1})[0].metadata == {"x": 1}
    n_kept = len(before) - index.info()["n_deleted_passages"]
    assert np.array_equal(index.vectors("passage")[1][:n_kept], before[:n_kept])
    assert index.get("2").metadata == {"x": 2}
    assert index.verify() == []
    index.close()
    with DocumentIndex.open(tmp_path / "index", encoder) as opened:
        assert opened.get("3").metadata == {"x": 3}
        assert opened.add([Document("3", "Text 3. Of two sentences.", {"x": 3})]).unchanged == 1


def test_ids_may_hold_any_character(index: DocumentIndex) -> None:
    names = [
        "a\0b",
        "a\0",
        "a",
        "\0",
        "a\nb",
        " ",
        "a'b",
        'a"b',
        "a\\b",
        "😀",
        "\ufffe",
        "x" * 9999,
    ]
    names += [f"number {number}" for number in range(2000)]
    assert index.add([(name, "A text.") for name in names]).added == len(names)
    assert index.add([(name, "A text.") for name in names]).unchanged == len(names)
    assert index.add([(name, "Another.") for name in names]).updated == len(names)
    assert index.ids() == names
    assert all(index.get(name) is not None for name in names[:12])
    assert index.delete(names) == len(names)
    assert index.verify() == []


@pytest.mark.parametrize("batch_documents", [2, 512])
def test_of_duplicates_in_one_call_the_later_wins(
    index: DocumentIndex, monkeypatch: pytest.MonkeyPatch, batch_documents: int
) -> None:
    monkeypatch.setattr("vectorlong.retrieval.checked_documents._BATCH_DOCUMENTS", batch_documents)
    index.add([("kept", "Was here before."), ("same", "Stays.")])
    report = index.add(
        iter(
            [
                ("a", "First text."),
                ("b", "Another."),
                ("same", "Stays."),
                ("a", "Second text."),
                ("kept", "Was here before."),
                ("a", "Third text."),
                ("kept", "And is new now."),
                ("same", "Stays."),
            ]
        )
    )
    assert (report.added, report.updated, report.unchanged, report.duplicates) == (2, 1, 1, 4)
    assert index.get("a") == Document("a", "Third text.")
    assert index.get("kept") == Document("kept", "And is new now.")
    assert len(index) == 4
    assert [hit.id for hit in index.search("first second third text", 10, mode="lexical")] == ["a"]


def test_texts_pairs_and_documents_are_taken(index: DocumentIndex) -> None:
    report = index.add(["A bare text.", ("named", "A pair."), Document("doc", "A record.")])
    assert report.added == 3
    assert index.ids()[0] == hashlib.blake2b(b"A bare text.", digest_size=16).hexdigest()
    assert index.add(["A bare text."]).unchanged == 1
    assert index.get("named") == Document("named", "A pair.")


def test_an_iterator_is_drawn_in_bounded_parts(
    index: DocumentIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vectorlong.retrieval.checked_documents._BATCH_DOCUMENTS", 8)
    drawn_ahead = []

    def stream():
        for number in range(100):
            drawn_ahead.append(number - len(index))
            yield make_document(number)

    assert index.add(stream()).added == 100
    assert max(drawn_ahead) <= 8


def test_add_commits_as_it_goes(index: DocumentIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_COMMIT_EVERY_S", 0.0)

    def stream():
        yield from make_documents(5)
        raise RuntimeError("the source failed")

    monkeypatch.setattr("vectorlong.retrieval.checked_documents._BATCH_DOCUMENTS", 2)
    with pytest.raises(RuntimeError, match="the source failed"):
        index.add(stream())
    assert index.ids() == ["doc-0", "doc-1", "doc-2", "doc-3"]
    report = index.add(make_documents(8))
    assert (report.added, report.unchanged) == (4, 4)
    assert index.verify() == []


def test_add_commits_when_enough_is_in_memory(
    index: DocumentIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_COMMIT_EVERY_S", 3600.0)
    monkeypatch.setattr(writer, "_COMMIT_BYTES", 3000)
    n_committed = []

    class Watching(FakeEncoder):
        def encode_with_passages(self, texts, passages=None):
            for encoding in super().encode_with_passages(texts, passages):
                n_committed.append(len(index))
                yield encoding

    index._encoder = Watching()
    index.add(make_documents(20))
    assert 4 < len(set(n_committed)) < 20
    assert index.verify() == []


def test_what_is_acknowledged_is_noted_beside_the_ledger(index: DocumentIndex) -> None:
    changes = (
        lambda: index.add(make_documents(4)),
        lambda: index.add([Document("doc-1", make_document(1).text, {"other": 1})]),
        lambda: index.delete("doc-2"),
        index.compact,
        index.rebuild,
    )
    before = index.info()["generation"]
    for change in changes:
        change()
        generation = index.info()["generation"]
        assert read_manifest(index.folder).generation == generation > before
        before = generation


def test_a_change_after_reopening_is_stamped_at_the_close(index: DocumentIndex) -> None:
    index.add(make_documents(2))
    index.close()
    with DocumentIndex.open(index.folder, FakeEncoder()) as again:
        again.add([make_document(5)])
        assert read_manifest(index.folder).files == {}
    stamps = read_manifest(index.folder).files
    content = (index.folder / "ledger.sqlite").read_bytes()
    assert stamps["ledger.sqlite"]["digest"] == hashlib.sha256(content).hexdigest()
    assert {"vectors.f32", "documents.f32"} < set(stamps)


def test_an_index_of_many_generations_is_compacted(index: DocumentIndex) -> None:
    index.add(make_documents(3))
    assert index._writer is not None
    with index._writer.folder.ledger.transaction() as transaction:
        transaction.connection.execute("UPDATE state SET generation = 100000")
    index.delete("doc-1")
    index.compact()
    assert index.ids() == ["doc-0", "doc-2"]
    assert index.verify() == []


def test_a_checkpoint_waits_for_a_reader_that_soon_ends(index: DocumentIndex) -> None:
    index.add(make_documents(2))
    assert index._writer is not None
    ledger = index._writer.folder.ledger
    with contextlib.closing(
        sqlite3.connect(ledger.path, isolation_level=None, check_same_thread=False)
    ) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM documents").fetchone()
        with ledger.transaction():
            pass
        timer = threading.Timer(0.1, reader.execute, ["COMMIT"])
        timer.start()
        assert ledger.checkpoint()
        timer.join()


def test_every_document_counts_as_progress(
    index: DocumentIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add(make_documents(4))
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    relabelled = Document("doc-0", make_document(0).text, {"other": 1})
    index.add([relabelled, *make_documents(6)[1:]], show_progress_bar=True)
    assert "6/6 " in stream.getvalue()


@pytest.mark.parametrize(
    ("bad", "error", "match"),
    [
        (None, InputTypeError, "not NoneType None"),
        (7, InputTypeError, "not int 7"),
        (b"bytes", InputTypeError, "not bytes"),
        (("a", "b", "c"), InputTypeError, "not tuple"),
        ((7, "text"), InputTypeError, "Ids must be strings, not int 7"),
        (("", "text"), InputValueError, "must not be empty"),
        (("a", None), InputTypeError, "text of document 'a' must be a string"),
        (("a", "\ud800"), InputValueError, "lone surrogate .* at character 0"),
        (("\ud800", "a"), InputValueError, "The id has a lone surrogate"),
        (Document("a", "t", {"x": {1, 2}}), InputTypeError, r"metadata\['x'\].* not JSON"),
        (Document("a", "t", {"x": [b"y"]}), InputTypeError, r"metadata\['x'\]\[0\].* not JSON"),
        (Document("a", "t", {1: "x"}), InputTypeError, "keys must be strings"),
        (Document("a", "t", {"\ud800": 1}), InputValueError, "A key of the metadata"),
        (Document("a", "t", {"x": float("nan")}), InputValueError, "JSON cannot hold"),
        (Document("a", "t", {"x": np.float32(1)}), InputTypeError, "not JSON"),
        (Document("a", "t", [1]), InputTypeError, "must be a mapping"),
    ],
)
def test_bad_documents_leave_the_index_as_it_was(
    index: DocumentIndex,
    monkeypatch: pytest.MonkeyPatch,
    bad: object,
    error: type[Exception],
    match: str,
) -> None:
    monkeypatch.setattr(checked_documents, "_BATCH_DOCUMENTS", 1)
    index.add(make_documents(3))
    before, generation = answers(index), index.info()["generation"]
    with pytest.raises(error, match=match):
        index.add([make_document(50), bad])
    assert index.info()["generation"] == generation
    assert answers(index) == before
    assert index.verify() == []


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_metadata_nested_as_deep_as_it_may_be_is_kept(index: DocumentIndex, wrap: Callable) -> None:
    inner: object = None
    for _ in range(63):  # the mapping itself and the field's name are one more
        inner = wrap(inner)
    index.add([Document("deep", "A text.", {"x": inner})])
    assert index.get("deep").metadata == {"x": inner}
    with pytest.raises(InputValueError, match="nested more than 64 deep"):
        index.add([Document("deeper", "A text.", {"x": wrap(inner)})])


@pytest.mark.parametrize("documents", ["a text", Document("a", "b"), {"a": "b"}, 7, None])
def test_add_refuses_what_is_no_iterable_of_documents(
    index: DocumentIndex, documents: object
) -> None:
    with pytest.raises(InputTypeError, match="add takes an iterable of documents"):
        index.add(documents)


class _BadEncoder(FakeEncoder):
    """Spoils the third encoding in a way that a test chooses."""

    def __init__(self, spoil: str) -> None:
        super().__init__()
        self.spoil = spoil

    def encode_with_passages(self, texts, passages=None):
        for number, good in enumerate(super().encode_with_passages(texts, passages)):
            vector, vectors, spans = good.vector, good.passages.vectors, good.passages.spans
            if number == 2:
                if self.spoil == "nan":
                    vectors = vectors * np.nan
                elif self.spoil == "width":
                    vector = vector[:-1]
                elif self.spoil == "count":
                    vectors = vectors[:-1]
                elif self.spoil == "span":
                    spans = spans + 5
                elif self.spoil == "negative":
                    spans = spans - 1
                elif self.spoil == "turned":
                    spans = spans[:, ::-1]
                elif self.spoil == "stop":
                    return
            yield DocumentEncoding(vector, Passages(vectors, spans), 1, 1, 0)


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        ("nan", "not finite numbers"),
        ("width", r"shape \(1, 47\); expected \(n, 48\)"),
        ("count", "do not fit"),
        ("span", "do not fit"),
        ("negative", "do not fit"),
        ("turned", "do not fit"),
        ("stop", "gave no vectors for document 'doc-2'"),
    ],
)
def test_a_bad_encoder_leaves_the_index_as_it_was(tmp_path: Path, spoil: str, match: str) -> None:
    with DocumentIndex.create(tmp_path / "index", _BadEncoder(spoil)) as index:
        with pytest.raises(InputValueError, match=match):
            index.add(make_documents(5))
        assert len(index) == 0
        assert index.verify() == []
        assert index.search("anything") == []


def test_documents_without_words_are_kept_and_found_by_id(index: DocumentIndex) -> None:
    index.add([("empty", ""), ("blank", "  \n"), ("nul", "a\x00b"), ("full", "Some words.")])
    assert index.get("empty") == Document("empty", "")
    assert index.get("nul") == Document("nul", "a\x00b")
    hits = index.search("words", 10, mode="vector")
    assert {hit.id for hit in hits} == {"empty", "blank", "nul", "full"}
    assert index.verify() == []


# --- searching -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_the_right_passage_is_shown(index: DocumentIndex, mode: str) -> None:
    index.add(make_documents(40))
    for number in range(40):
        hit = index.search(f"marker{number} version0 in this very sentence", 3, mode=mode)[0]
        assert hit.id == f"doc-{number}"
        assert f"Marker{number} " in hit.passage.text
        assert hit.text == make_document(number).text
        assert hit.metadata == make_document(number).metadata


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("level", ["document", "passage"])
def test_passages_are_parts_of_the_text(index: DocumentIndex, mode: str, level: str) -> None:
    index.add(make_documents(20))
    hits = [hit for found in answers(index, mode=mode, level=level) for hit in found]
    assert hits
    for hit in hits:
        passage = hit.passage
        assert hit.text[passage.start : passage.end] == passage.text
        assert passage.text


def test_vector_scores_are_cosines(index: DocumentIndex, encoder: FakeEncoder) -> None:
    index.add(make_documents(30))
    query = "glacier engine falcon"
    vector = encoder.encode_query(query)[0].astype(np.float64)
    hits = index.search(query, 10, mode="vector")
    assert len(hits) == 10
    for hit in hits:
        passages = next(encoder.encode_with_passages([hit.text])).passages.vectors.astype(
            np.float64
        )
        cosines = passages @ vector / np.linalg.norm(passages, axis=1) / np.linalg.norm(vector)
        assert hit.score == pytest.approx(cosines.max(), abs=1e-5)
        assert hit.scores == {"vector": hit.score}


def test_vector_search_equals_brute_force(index: DocumentIndex, encoder: FakeEncoder) -> None:
    documents = make_documents(60)
    index.add(documents)
    index.delete(["doc-3", "doc-30"])
    query = "copper sonnet harbour"
    vector = encoder.encode_query(query)[0]
    best = {}
    for document in documents:
        passages = next(encoder.encode_with_passages([document.text])).passages.vectors
        best[document.id] = (passages @ vector / np.linalg.norm(passages, axis=1)).max()
    del best["doc-3"], best["doc-30"]
    expected = sorted(best, key=lambda name: -best[name])
    assert [hit.id for hit in index.search(query, 60, mode="vector")] == expected


@pytest.mark.parametrize("mode", MODES)
def test_scores_fall_and_hybrid_scores_lie_between_0_and_1(index: DocumentIndex, mode: str) -> None:
    index.add(make_documents(30))
    for level in ("document", "passage"):
        scores = [hit.score for hit in index.search("river of copper", 20, mode=mode, level=level)]
        assert scores == sorted(scores, reverse=True)
        if mode == "hybrid":
            assert min(scores) >= 0.0
            assert max(scores) <= 1.0


def test_a_document_found_by_words_shows_the_passage_that_has_them(
    index: DocumentIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where its passages were not among the best of all."""
    index.add(make_documents(40))
    query = "marker7 river copper violin"
    expected = {hit.id: hit.passage for hit in index.search(query, 40, mode="lexical")}
    monkeypatch.setattr(search, "_PASSAGES_PER_DOCUMENT", 0)
    hits = index.search(query, 40, mode="lexical")
    assert {hit.id: hit.passage for hit in hits} == expected
    assert len(hits) > 5


@pytest.mark.parametrize("level", ["document", "passage"])
def test_what_only_words_found_gets_its_cosine_too(
    index: DocumentIndex, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    monkeypatch.setattr(search, "_MIN_CANDIDATES", 1)
    monkeypatch.setattr(search, "_CANDIDATES_PER_HIT", 1)
    index.add(make_documents(40))
    query = "marker7 river copper violin"
    vector = encoder.encode_query(query)[0]
    near = {hit.passage for hit in index.search(query, 5, mode="vector", level=level)}
    hits = index.search(query, 5, level=level)
    assert not {hit.passage for hit in hits} <= near
    for hit in hits:
        passages = next(encoder.encode_with_passages([hit.text])).passages
        cosines = passages.vectors @ vector / np.linalg.norm(passages.vectors, axis=1)
        if level == "passage":
            place = passages.spans.tolist().index([hit.passage.start, hit.passage.end])
            cosines = cosines[place : place + 1]
        assert hit.scores["vector"] == pytest.approx(
            cosines.max() / np.linalg.norm(vector), abs=1e-5
        )


def test_hybrid_keeps_both_scores(index: DocumentIndex) -> None:
    index.add(make_documents(30))
    best = index.search("marker7 version0", 1)[0]
    vector = index.search("marker7 version0", 1, mode="vector")[0]
    lexical = index.search("marker7 version0", 1, mode="lexical")[0]
    assert best.scores == pytest.approx({"vector": vector.score, "lexical": lexical.score})


@pytest.mark.parametrize("mode", ["hybrid", "vector"])
@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivf-sq8"])
def test_k_different_documents_whenever_k_exist(
    tmp_path: Path, mode: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "MIN_ROWS", 100)
    monkeypatch.setattr(row_index, "_EXACT_SUBSET", 10)
    monkeypatch.setattr(row_index, "_EXACT_SUBSET_SHARE", 0.0)
    with DocumentIndex.create(tmp_path / "index", FakeEncoder(), faiss=kind) as index:
        long = " ".join(f"The river number{number} flows." for number in range(3000))
        index.add([("long", long), *make_documents(60)])
        assert (index.info()["faiss_in_use"]) == kind
        hits = index.search("the river flows", 61, mode=mode)
        assert len({hit.id for hit in hits}) == 61
        assert hits[0].id == "long"
        even = index.search("the river flows", 30, mode=mode, where={"parity": "even"})
        assert {hit.id for hit in even} == {f"doc-{number}" for number in range(0, 60, 2)}
        assert len(index.search("the river flows", 1000, mode=mode)) == 61
        passages = index.search("the river flows", 500, mode=mode, level="passage")
        assert len(passages) == 500
        assert len({(hit.id, hit.passage.start) for hit in passages}) == 500


@pytest.mark.parametrize("mode", MODES)
def test_an_empty_index_answers_with_nothing(index: DocumentIndex, mode: str) -> None:
    assert index.search("anything", mode=mode) == []
    assert index.search_many(["a", "b"], mode=mode) == [[], []]
    assert index.search_many([], mode=mode) == []
    assert index.recall() == 1.0


@pytest.mark.parametrize("mode", MODES)
def test_k_may_be_zero_or_larger_than_the_index(index: DocumentIndex, mode: str) -> None:
    index.add(make_documents(3))
    assert index.search("marker1", 0, mode=mode) == []
    found = index.search("marker1 the report", 1000, mode=mode)
    assert sorted(hit.id for hit in found) == ["doc-0", "doc-1", "doc-2"]


@pytest.mark.parametrize(
    "query",
    [
        *('"', '""', "*", "NEAR", "NEAR(a b, 3)", "a AND", "NOT x", "words:a", "^a", "a - b"),
        *("{a}", "(", "\x00", "'; DROP TABLE documents; --", "?", "", "   "),
        *("a" * 10_000, "marker1 " * 2_000),
    ],
)
@pytest.mark.parametrize("mode", MODES)
def test_a_query_is_never_syntax(index: DocumentIndex, query: str, mode: str) -> None:
    index.add(make_documents(5))
    assert len(index.search(query, 5, mode=mode)) <= 5
    assert len(index) == 5


def test_quoted_words_are_looked_for(index: DocumentIndex) -> None:
    index.add(make_documents(5))
    assert index.search('NEAR("marker3" *)', mode="lexical")[0].id == "doc-3"


def test_chinese_is_found_by_its_words(tmp_path: Path) -> None:
    spec = PassageSpec(max_tokens=1)
    index = DocumentIndex.create(tmp_path / "index", FakeEncoder(), passages=spec)
    index.add(
        [
            ("weather", "今天天气很好。我们去公园散步。"),
            ("law", "本合同自双方签字之日起生效。违约方应当承担责任。"),
            ("mixed", "The 合同 was signed. 水"),
        ]
    )
    hit = index.search("合同什么时候生效", mode="lexical")[0]
    assert (hit.id, hit.passage.text) == ("law", "本合同自双方签字之日起生效。")
    assert index.search("公园", mode="lexical")[0].passage.text == "我们去公园散步。"
    assert [hit.id for hit in index.search("水", mode="lexical")] == ["mixed"]
    assert {hit.id for hit in index.search("合", mode="lexical")} == {"law", "mixed"}


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"k": -1}, OptionError, "k=-1 is not valid"),
        ({"k": 1.5}, OptionError, "Pass a whole number of at least 0"),
        ({"k": True}, OptionError, "Pass a whole number of at least 0"),
        ({"mode": "magic"}, OptionError, "'hybrid', 'vector', 'lexical'"),
        ({"level": "word"}, OptionError, "'document', 'passage'"),
        ({"fusion": "best"}, OptionError, "'rank', 'score'"),
        ({"where": {"x": {"$like": 1}}}, FilterError, r"Unknown operator '\$like'.*\$eq"),
        ({"where": "x = 1"}, FilterError, "must be a mapping"),
    ],
)
def test_impossible_searches_say_why(
    index: DocumentIndex, options: dict, error: type[Exception], match: str
) -> None:
    index.add(make_documents(2))
    with pytest.raises(error, match=match):
        index.search("marker1", **options)


@pytest.mark.parametrize("query", [None, 7, b"bytes", ["a"]])
def test_a_query_is_a_string(index: DocumentIndex, query: object) -> None:
    with pytest.raises(InputTypeError, match="A query must be a string"):
        index.search(query)
    with pytest.raises(InputTypeError, match=r"search_many takes a list|A query must be a string"):
        index.search_many(query if isinstance(query, bytes | None | int) else [query])


def test_a_surrogate_in_a_query_is_refused(index: DocumentIndex) -> None:
    with pytest.raises(InputValueError, match="has a lone surrogate"):
        index.search("\ud800")


def test_both_fusions_put_the_best_of_both_first(index: DocumentIndex) -> None:
    index.add(make_documents(30))
    for fusion in ("rank", "score"):
        hits = index.search("marker7 version0 stands in this very sentence", 3, fusion=fusion)
        assert hits[0].id == "doc-7"
        assert hits[0].score == pytest.approx(1.0)


# --- deleting, compacting, vectors ----------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_the_deleted_are_gone_before_and_after_compaction(index: DocumentIndex, mode: str) -> None:
    index.add(make_documents(40))
    before = answers(index, mode=mode)
    assert index.delete([f"doc-{number}" for number in range(20, 40)] + ["unknown"]) == 20
    assert index.delete("doc-20") == 0
    assert index.get("doc-20") is None
    kept = [[hit.id for hit in found if int(hit.id[4:]) < 20] for found in before]
    deleted = answers(index, mode=mode)
    for found, expected in zip(deleted, kept, strict=True):
        assert not {hit.id for hit in found} & {f"doc-{number}" for number in range(20, 40)}
        assert [hit.id for hit in found][:1] == expected[:1]
    assert index.info()["n_deleted_passages"] > 0
    index.compact()
    assert index.info()["n_deleted_passages"] == 0
    if mode == "vector":  # BM25 knows fewer documents now, so only cosines stay the same
        assert [[hit.id for hit in f] for f in answers(index, mode=mode)] == [
            [hit.id for hit in f] for f in deleted
        ]
    assert_alike(answers(index, mode=mode), deleted)  # the rows lie elsewhere
    assert index.verify() == []
    index.add(make_documents(40))
    assert len(index) == 40


def test_ids_to_delete_are_checked(index: DocumentIndex) -> None:
    index.add(make_documents(2))
    with pytest.raises(InputTypeError, match="Ids must be strings, not int 1"):
        index.delete(["doc-0", 1])
    assert len(index) == 2


@pytest.mark.parametrize("level", ["document", "passage"])
def test_vectors_come_as_a_memory_map(
    index: DocumentIndex, encoder: FakeEncoder, level: str
) -> None:
    documents = make_documents(10)
    index.add(documents)
    for state in ("whole", "with holes", "compacted"):
        ids, matrix = index.vectors(level)
        assert isinstance(matrix, np.memmap)
        is_own_file = str(matrix.filename).startswith(str(index.folder))
        assert is_own_file == (state != "with holes")
        assert matrix.dtype == np.float32
        encodings = list(
            encoder.encode_with_passages([index.get(name).text for name in index.ids()])
        )
        expected = np.concatenate(
            [e.vector[None] if level == "document" else e.passages.vectors for e in encodings]
        )
        expected = expected / np.linalg.norm(expected, axis=1, keepdims=True)
        np.testing.assert_allclose(matrix, expected, atol=1e-6)
        assert list(dict.fromkeys(ids)) == index.ids()
        if "doc-4" in ids:
            index.delete("doc-4")
        else:
            index.compact()


def test_vectors_of_an_emptied_index(index: DocumentIndex) -> None:
    index.add(make_documents(3))
    index.delete(index.ids())
    ids, matrix = index.vectors()
    assert (ids, matrix.shape) == ([], (0, 48))
    index.compact()
    assert index.vectors("passage")[1].shape == (0, 48)
    assert index.search("marker1") == []
    assert index.add(make_documents(3)).added == 3


def test_a_wide_index_trains_itself_and_finds_what_was_added_later(
    tmp_path: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "MIN_ROWS", 200)
    monkeypatch.setattr(growth, "_MAX_TAIL_ROWS", 50)
    with DocumentIndex.create(tmp_path / "index", encoder, faiss="ivf-sq8") as index:
        index.add(make_documents(200))
        assert index.info()["faiss_in_use"] == "ivf-sq8"
        index.add([make_document(number) for number in range(200, 230)])
        assert index.search("marker215 version0", 1, mode="vector")[0].id == "doc-215"
        index.delete(["doc-215", "doc-7"])
        index.compact()
        assert index.recall() >= 0.98
        index.rebuild()
        assert index.info()["faiss_in_use"] == "ivf-sq8"
    with DocumentIndex.open(tmp_path / "index", encoder, read_only=True) as index:
        assert index.info()["faiss_in_use"] == "ivf-sq8"
        assert index.search("marker214 version0", 1, mode="vector")[0].id == "doc-214"
        assert index.verify() == []


# --- opening and locking --------------------------------------------------------------------------


@pytest.mark.parametrize("read_only", [False, True])
def test_reopening_gives_the_same_answers(tmp_path: Path, read_only: bool) -> None:
    with DocumentIndex.create(tmp_path / "index", FakeEncoder()) as index:
        index.add(make_documents(30))
        index.delete("doc-9")
        before = [answers(index, mode=mode) for mode in MODES]
    with DocumentIndex.open(tmp_path / "index", FakeEncoder(), read_only=read_only) as index:
        for mode, expected in zip(MODES, before, strict=True):
            assert_alike(answers(index, mode=mode), expected)  # read from a file, once from memory
        assert index.verify() == []
        assert index.manifest.fingerprint == "fake-1"
        assert index.manifest.model_name == "fake"


def test_passage_settings_are_kept(tmp_path: Path) -> None:
    spec = PassageSpec(max_tokens=5, method="independent")
    with DocumentIndex.create(tmp_path / "index", FakeEncoder(), passages=spec) as index:
        index.add(make_documents(3))
    with DocumentIndex.open(tmp_path / "index", FakeEncoder()) as index:
        assert index.manifest.passages == spec


def test_another_encoder_is_refused_with_both_fingerprints(tmp_path: Path) -> None:
    DocumentIndex.create(tmp_path / "index", FakeEncoder()).close()
    with pytest.raises(EncoderMismatchError, match=r"'fake-1'.*'fake-2'"):
        DocumentIndex.open(tmp_path / "index", FakeEncoder(fingerprint="fake-2"))
    with pytest.raises(EncoderMismatchError, match=r"48 wide.*32 wide"):
        DocumentIndex.open(tmp_path / "index", FakeEncoder(dimension=32))
    DocumentIndex.open(tmp_path / "index", FakeEncoder()).close()  # the lock was given back


def test_without_an_encoder_words_are_searched(tmp_path: Path) -> None:
    with DocumentIndex.create(tmp_path / "index", FakeEncoder()) as index:
        index.add(make_documents(5))
    with DocumentIndex.open(tmp_path / "index") as index:
        assert index.search("marker3", 1, mode="lexical")[0].id == "doc-3"
        with pytest.raises(InputValueError, match=r"opened without an encoder.*'fake-1'"):
            index.search("marker3")
        with pytest.raises(InputValueError, match="opened without an encoder"):
            index.add(["text"])


def test_without_a_lexical_index_vectors_are_searched(tmp_path: Path) -> None:
    with DocumentIndex.create(tmp_path / "index", FakeEncoder(), lexical=False) as index:
        index.add(make_documents(5))
        assert index.search("marker3 version0", 1, mode="vector")[0].id == "doc-3"
        with pytest.raises(InputValueError, match="made with lexical=False"):
            index.search("marker3")
        index.delete("doc-3")
        index.compact()
        index.rebuild()
        assert index.verify() == []


def test_a_second_writer_is_told_who_holds_the_lock(index: DocumentIndex) -> None:
    program = (
        "import sys; from vectorlong.retrieval.document_index import DocumentIndex\n"
        "try: DocumentIndex.open(sys.argv[1])\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(index.folder)], capture_output=True, text=True
    )
    assert done.stdout.startswith(f"IndexLockedError '{index.folder}' is being written by process")
    assert f"process {os.getpid()} on" in done.stdout
    with pytest.raises(IndexLockedError, match="read_only=True"):
        DocumentIndex.open(index.folder)


def test_a_reader_cannot_write(tmp_path: Path, encoder: FakeEncoder) -> None:
    DocumentIndex.create(tmp_path / "index", encoder).close()
    with DocumentIndex.open(tmp_path / "index", encoder, read_only=True) as index:
        for action in (lambda: index.add(["x"]), lambda: index.delete("x"), index.compact):
            with pytest.raises(IndexLockedError, match="opened with read_only=True"):
                action()


def test_a_closed_index_says_so(tmp_path: Path, encoder: FakeEncoder) -> None:
    index = DocumentIndex.create(tmp_path / "index", encoder)
    index.close()
    index.close()
    actions = (
        lambda: index.add(["x"]),
        lambda: index.search("x"),
        lambda: len(index),
        index.verify,
    )
    for action in actions:
        with pytest.raises(IndexFolderError, match="is closed; open it again"):
            action()


def test_a_forgotten_index_gives_its_lock_back(tmp_path: Path, encoder: FakeEncoder) -> None:
    index = DocumentIndex.create(tmp_path / "index", encoder)
    index.add(make_documents(2))
    del index
    gc.collect()
    assert read_manifest(tmp_path / "index").files, "it was not closed"
    with DocumentIndex.open(tmp_path / "index", encoder) as index:
        assert len(index) == 2


def test_create_and_open_refuse_other_folders(tmp_path: Path, encoder: FakeEncoder) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(IndexFolderError, match="is not empty"):
        DocumentIndex.create(tmp_path, encoder)
    with pytest.raises(IndexFolderError, match="is not an index"):
        DocumentIndex.open(tmp_path, encoder)
    with pytest.raises(IndexFolderError, match="is not an index"):
        DocumentIndex.open(tmp_path / "nowhere", encoder)
    with pytest.raises(IndexFolderError, match=r"Cannot make an index|is not an index"):
        DocumentIndex.create(tmp_path / "notes.txt", encoder)
    with pytest.raises(OptionError, match=r"kind='magic'.*'ivf-sq8'"):
        DocumentIndex.create(tmp_path / "new", encoder, faiss="magic")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt"]


def test_a_refused_creation_gives_the_lock_back(
    tmp_path: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index"
    folder.mkdir()
    lock = WriterLock(folder)
    with pytest.raises(IndexLockedError, match="is being written by process"):
        DocumentIndex.create(folder, encoder)
    lock.release()

    def refuse(*_: object) -> None:
        raise OSError("no")

    with monkeypatch.context() as patch:
        patch.setattr(document_index, "make_files", refuse)
        with pytest.raises(IndexFolderError, match="Cannot make an index") as kept:
            DocumentIndex.create(folder, encoder)
    DocumentIndex.create(folder, encoder).close()
    assert kept.tb is not None  # and not because the lock was collected


# --- threads and generations ----------------------------------------------------------------------


def test_eight_threads_get_the_answers_of_one(index: DocumentIndex) -> None:
    index.add(make_documents(60))
    expected = [answers(index, mode=mode) for mode in MODES]
    found: list[object] = [None] * 8

    def work(number: int) -> None:
        found[number] = [answers(index, mode=mode) for _ in range(3) for mode in MODES]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(result == expected * 3 for result in found)


def test_readers_see_whole_generations_while_a_writer_works(
    tmp_path: Path, encoder: FakeEncoder
) -> None:
    """Every commit replaces all ten documents at once, so that a mixture would show."""
    stop = threading.Event()
    mixtures: list[object] = []
    versions_seen: set[int] = set()

    def read(reader: DocumentIndex) -> None:
        while not stop.is_set():
            try:
                hits = reader.search("stands in this very sentence", 20, mode="vector")
                versions = {hit.metadata["version"] for hit in hits}
                if len(hits) != 10 or len(versions) != 1:
                    mixtures.append((len(hits), versions))
                versions_seen.update(versions)
            except Exception as error:
                mixtures.append(error)
                return

    with DocumentIndex.create(tmp_path / "index", encoder) as index:
        index.add([make_document(number) for number in range(10)])
        with DocumentIndex.open(tmp_path / "index", encoder, read_only=True) as reader:
            threads = [threading.Thread(target=read, args=(who,)) for who in [reader, index] * 2]
            for thread in threads:
                thread.start()
            for version in range(1, 12):
                index.add([make_document(number, version) for number in range(10)])
                if version % 4 == 0:
                    index.compact()
            stop.set()
            for thread in threads:
                thread.join()
            assert mixtures == []
            assert len(versions_seen) > 1
            assert reader.search("sentence", 1)[0].metadata["version"] == 11


def test_create_begins_again_where_a_killed_create_left_off(
    tmp_path: Path, encoder: FakeEncoder
) -> None:
    folder = tmp_path / "index"
    DocumentIndex.create(folder, encoder).close()
    (folder / "manifest.json").unlink()  # the file that create writes last
    with DocumentIndex.create(folder, encoder) as index:
        index.add(make_documents(2))
    (folder / "manifest.json").unlink()
    with pytest.raises(IndexFolderError, match="is not empty"):  # now there is something to lose
        DocumentIndex.create(folder, encoder)
    with DocumentIndex.open(folder, encoder) as index:
        assert len(index) == 2


def test_an_encoder_that_answers_with_too_few_vectors_is_refused(
    index: DocumentIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add(make_documents(2))
    monkeypatch.setattr(FakeEncoder, "encode_query", lambda self, inputs: np.ones((1, 48)))
    with pytest.raises(InputValueError, match="1 vectors for 2 queries"):
        index.search_many(["a", "b"])


def test_a_kind_whose_search_takes_no_filter_still_hides_the_deleted(
    tmp_path: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "MIN_ROWS", 100)
    monkeypatch.setattr(row_index, "_EXACT_SUBSET", 10)
    monkeypatch.setattr(row_index, "_EXACT_SUBSET_SHARE", 0.0)
    for kind in ("rabitq-fs", "PQ12np"):
        with DocumentIndex.create(tmp_path / kind, encoder, faiss=kind) as index:
            index.add(make_documents(100))
            index.add([make_document(number) for number in range(100, 110)])  # a tail
            index.delete(["doc-5", "doc-105"])
            assert index.info()["faiss_in_use"] == kind
            found = index.search("marker5 marker105 version0", 108, mode="vector")
            assert len({hit.id for hit in found}) == 108
            assert not {"doc-5", "doc-105"} & {hit.id for hit in found}


def test_ids_of_a_filter_keep_the_order_of_adding(tmp_path: Path) -> None:
    with DocumentIndex.create(tmp_path / "index", FakeEncoder()) as index:
        index.add([Document(name, "text", {"n": n}) for n, name in enumerate("cba")])
        assert index.ids({"n": {"$gte": 1}}) == ["b", "a"]
        assert index.ids({"n": 7}) == []
        with pytest.raises(FilterError, match="Unknown operator"):
            index.ids({"n": {"$near": 1}})


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"k": -1}, OptionError, "k=-1 is not valid"),
        ({"k": 1.5}, OptionError, "Pass a whole number of at least 0"),
        ({"n_queries": -1}, OptionError, "n_queries=-1 is not valid"),
    ],
)
def test_recall_refuses_what_is_no_count(
    index: DocumentIndex, arguments: dict, error: type[Exception], match: str
) -> None:
    index.add(["A text."])
    with pytest.raises(error, match=match):
        index.recall(**arguments)
    with pytest.raises(error, match=match):
        VectorIndex(2).recall(**arguments)
    assert index.recall(10**12) == 1.0


def test_passages_that_are_no_spec_make_no_index(tmp_path: Path, encoder: FakeEncoder) -> None:
    with pytest.raises(InputTypeError, match="must be a PassageSpec, not 5"):
        DocumentIndex.create(tmp_path / "index", encoder, passages=5)  # type: ignore[arg-type]
    assert not (tmp_path / "index").exists()


def test_files_of_others_in_the_folder_stay(tmp_path: Path, encoder: FakeEncoder) -> None:
    folder = tmp_path / "index"
    DocumentIndex.create(folder, encoder).close()
    theirs = [folder / name for name in ("vectors-copy.f32", "documents.f32.bak", "notes.new")]
    for path in theirs:
        path.write_bytes(b"theirs")
    with DocumentIndex.open(folder, encoder) as index:
        index.add(["A text."])
        index.compact()
    assert [path.read_bytes() for path in theirs] == [b"theirs"] * 3
    assert not (folder / "vectors.f32").exists()


def test_what_a_killed_writer_left_half_written_goes(tmp_path: Path, encoder: FakeEncoder) -> None:
    unfinished = tmp_path / f".{'0' * 32}.new"
    unfinished.write_bytes(b"half a manif")
    DocumentIndex.create(tmp_path, encoder).close()
    assert not unfinished.exists()
    left = [unfinished, tmp_path / "faiss" / unfinished.name]
    left[1].parent.mkdir()
    for path in left:
        path.write_bytes(b"half a manif")
    DocumentIndex.open(tmp_path, read_only=True).close()
    assert all(path.exists() for path in left)
    DocumentIndex.open(tmp_path, encoder).close()
    assert not any(path.exists() for path in left)


def test_verify_takes_no_compaction_for_damage(
    tmp_path: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The reader is in the way of every checkpoint below, which must not keep the writer waiting.
    monkeypatch.setattr(ledger_writer, "_CHECKPOINT_WAIT_MS", 10)
    folder = tmp_path / "index"
    with DocumentIndex.create(folder, encoder) as index:
        index.add(make_documents(20))
        index.delete(index.ids()[:5])
        compactions = iter([index.compact])
        original = VectorFile.damage

        def compacting_meanwhile(self: VectorFile, segments: list[Segment]) -> str | None:
            next(compactions, lambda: None)()
            return original(self, segments)

        with DocumentIndex.open(folder, read_only=True) as reader:
            monkeypatch.setattr(VectorFile, "damage", compacting_meanwhile)
            assert reader.verify() == []
            assert next(compactions, None) is None


def test_verify_takes_no_new_snapshot_for_a_missing_one(
    tmp_path: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "MIN_ROWS", 50)
    with DocumentIndex.create(tmp_path / "index", encoder, faiss="ivf") as index:
        index.add(make_documents(40))
        changes = iter([lambda: (index.delete(index.ids()[:5]), index.compact())])
        original = faiss_folder.FaissFolder._describe

        def changing_afterwards(self: faiss_folder.FaissFolder) -> dict | None:
            content = original(self)
            next(changes, lambda: None)()
            return content

        folder = faiss_folder.FaissFolder(index.folder)
        monkeypatch.setattr(faiss_folder.FaissFolder, "_describe", changing_afterwards)
        assert folder.damage(thorough=True) is None
        assert next(changes, None) is None


def test_sizes_are_counted_while_files_go(index: DocumentIndex) -> None:
    n_bytes = index.info()["n_bytes"]
    sizes = [path.stat().st_size for path in index.folder.rglob("*") if path.is_file()]
    assert n_bytes == sum(sizes) > 0
    (index.folder / "gone").symlink_to(index.folder / "nowhere")
    assert index.info()["n_bytes"] == n_bytes


@pytest.mark.skipif(sys.platform != "linux", reason="names there are text")
def test_a_folder_whose_name_is_no_text(
    tmp_path: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "MIN_ROWS", 50)
    folder = tmp_path / os.fsdecode(b"index\xff")
    with DocumentIndex.create(folder, encoder, faiss="hnsw") as index:
        index.add(make_documents(40))  # in memory there is FAISS, which takes no such path
        assert index.info()["faiss_in_use"] == "hnsw"
        expected = answers(index)
    with DocumentIndex.open(folder, encoder, read_only=True) as index:
        assert index.info()["faiss_in_use"] == "flat"
        assert_alike(answers(index), expected)
    vectors = VectorIndex(2, "hnsw")
    vectors.add([str(number) for number in range(60)], np.eye(2).repeat(30, axis=0))
    with pytest.raises(IndexFolderError, match="not valid Unicode"):
        vectors.save(folder / "vectors")


@pytest.mark.parametrize(
    "documents",
    [
        lambda deep: [deep],
        lambda deep: [("one", deep)],
        lambda deep: [(deep, "text")],
        lambda deep: [Document("one", "text", {"a": deep})],
        lambda deep: [Document("one", "text", deep)],
        lambda deep: [Document("one", deep, {})],
        lambda deep: deep,
    ],
)
@pytest.mark.parametrize("kind", [list, dict])
def test_documents_nested_without_end_are_refused(
    index: DocumentIndex, documents: Callable, kind: type
) -> None:
    deep: object = 5
    for _ in range(50_000):
        deep = [deep] if kind is list else {"a": deep}
    with pytest.raises((InputTypeError, InputValueError)) as caught:
        index.add(documents(deep))
    assert len(str(caught.value)) < 500
    assert len(index) == 0
    index.add([("one", "a river of copper")])
    for wrong in (deep, [deep]):
        with pytest.raises((InputTypeError, InputValueError)):
            index.search(wrong)  # type: ignore[arg-type]
        with pytest.raises((InputTypeError, InputValueError)):
            index.get(wrong)  # type: ignore[arg-type]


def test_members_of_enumerations_are_kept_by_their_value(index: DocumentIndex) -> None:
    class Kind(str, enum.Enum):  # noqa: UP042 - which differs from StrEnum in what it prints
        LEASE = "a lease of copper"

    class Year(enum.IntEnum):
        FIRST = 2023

    index.add([Document(Kind.LEASE, Kind.LEASE, {"year": Year.FIRST, "kind": Kind.LEASE})])
    found = index.get("a lease of copper")
    assert found == Document(
        "a lease of copper", "a lease of copper", {"year": 2023, "kind": "a lease of copper"}
    )
    assert index.ids({"year": Year.FIRST, "kind": Kind.LEASE}) == ["a lease of copper"]


def test_the_current_folder_may_change_while_an_index_is_open(
    tmp_path: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with DocumentIndex.create("index", encoder) as index:
        monkeypatch.chdir(tmp_path / "elsewhere")
        index.add(make_documents(3))
        assert index.search("marker1 version0", 1)[0].id == "doc-1"
    monkeypatch.chdir(tmp_path)
    with DocumentIndex.open("index", encoder, read_only=True) as index:
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert len(index) == 3
        assert index.verify() == []


def test_a_copy_that_is_closed_closes_what_both_are(index: DocumentIndex) -> None:
    index.add(make_documents(2))
    copy.copy(index).close()
    with pytest.raises(IndexFolderError, match="is closed; open it again"):
        index.add(make_documents(3))
    with pytest.raises(IndexFolderError, match="is closed; open it again"):
        index.search("river")


@pytest.mark.parametrize("folder", [None, 5, b"index", ["index"]])
def test_what_is_no_path_is_refused(encoder: FakeEncoder, folder: object) -> None:
    for make in (DocumentIndex.create, DocumentIndex.open):
        with pytest.raises(InputTypeError, match="must be a path"):
            make(folder, encoder)  # type: ignore[arg-type]
        with pytest.raises(InputValueError, match="holds a NUL"):
            make("a\0b", encoder)


@pytest.mark.parametrize("wrong", [5, "minilm", object()])
def test_what_is_no_encoder_is_refused(tmp_path: Path, index: DocumentIndex, wrong: object) -> None:
    with pytest.raises(InputTypeError, match="is no encoder: it has no fingerprint"):
        DocumentIndex.create(tmp_path / "other", wrong)  # type: ignore[arg-type]
    assert not (tmp_path / "other").exists()
    with pytest.raises(InputTypeError, match="is no encoder: it has no fingerprint"):
        DocumentIndex.open(index.folder, wrong, read_only=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [5, None])
def test_what_are_no_ids_is_refused(index: DocumentIndex, wrong: object) -> None:
    with pytest.raises(InputTypeError, match="delete takes an id or several"):
        index.delete(wrong)  # type: ignore[arg-type]


def test_threads_that_open_check_and_close_do_not_disturb_each_other(
    tmp_path: Path, encoder: FakeEncoder
) -> None:
    folder = tmp_path / "index"
    with DocumentIndex.create(folder, encoder) as index:
        index.add(make_documents(3))
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(25):
                with DocumentIndex.open(folder, encoder, read_only=True) as reader:
                    assert reader.verify() == []
        except BaseException as error:
            errors.append(error)

    former = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(former)
    assert errors == []


def test_a_reader_that_can_lock_nothing_says_that_it_was_disturbed(
    tmp_path: Path, encoder: FakeEncoder
) -> None:
    with DocumentIndex.create(tmp_path / "index", encoder) as index:
        index.add(make_documents(3))
    reader = LedgerReader(tmp_path / "index" / "ledger.sqlite")
    reader._is_immutable = True  # as in a folder of somebody else
    with reader.snapshot() as snapshot:
        assert snapshot.count()[0] == 3

    def look_while_it_is_written() -> None:
        with reader.snapshot(), DocumentIndex.open(tmp_path / "index", encoder) as writing:
            writing.add(make_documents(9))
            raise IndexCorruptError("what a torn page looks like")

    with pytest.raises(IndexFolderError, match="was written while it was read") as caught:
        look_while_it_is_written()
    assert not isinstance(caught.value, IndexCorruptError)
    with reader.snapshot() as snapshot:
        assert snapshot.count()[0] == 9
    with DocumentIndex.open(tmp_path / "index", encoder), reader.snapshot() as snapshot:
        assert snapshot.count()[0] == 9
    reader.close()
