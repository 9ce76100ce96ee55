"""Files with chains: exact spans, brackets of every kind, and the line of what is wrong."""

import gzip
import json
import os
from pathlib import Path

import pytest

from vectorlong.errors import InputValueError
from vectorlong.tasks.coreference import (
    CoreferenceDocument,
    Span,
    read_conll,
    read_gap,
    read_litbank,
    score_clusters,
    write_conll,
)
from vectorlong.tasks.coreference.source_files import join_words

DATA = Path(os.environ.get("VECTORLONG_DATA", "/nowhere"))


def conll(*documents):
    """Write documents of sentences of (word, brackets) as OntoNotes has them, with more columns."""
    lines = []
    for part, sentences in enumerate(documents):
        lines.append(f"#begin document (bc/cctv/00/cctv_0000); part {part:03}")
        for sentence in sentences:
            for number, (word, brackets) in enumerate(sentence):
                lines.append(
                    f"bc/cctv/00/cctv_0000   {part}   {number}   {word}   NN  *  {brackets}"
                )
            lines.append("")
        lines.append("#end document")
    return "\n".join(lines)


def strings(document):
    return [[document.text[start:end] for start, end in each] for each in document.clusters]


@pytest.fixture
def write(tmp_path):
    def written(text, name="a.v4_gold_conll"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_brackets_nest_cross_and_stand_side_by_side(write):
    words = [("The", "(1|(2"), ("queen", "2)"), ("of", "-"), ("it", "(3)|1)"), (".", "-")]
    crossing = [("one", "(5"), ("two", "(6"), ("three", "5)"), ("four", "6)(4)")]
    document, other = read_conll(write(conll([words, [("It", "(3)")]], [crossing])))
    assert document.text == "The queen of it .\nIt"
    assert strings(document) == [["The queen"], ["The queen of it"], ["it", "It"]]
    assert [len(sentence) for sentence in document.sentences] == [5, 1]
    assert (other.id, other.part) == ("bc/cctv/00/cctv_0000", 1)
    assert strings(other) == [["one two three"], ["two three four"], ["four"]]


def test_mentions_of_one_chain_lie_in_one_another(write):
    words = [("his", "(1|(1)"), ("own", "-"), ("self", "1)|(1"), ("again", "1)")]
    assert strings(read_conll(write(conll([words])))[0]) == [["his", "his own self", "self again"]]


def test_a_document_without_mentions_is_one(write):
    assert read_conll(write(conll([[("No", "-"), ("one", "_")]])))[0].clusters == ()


def test_chinese_has_no_blanks_between_words(write):
    document = read_conll(
        write(conll([[("北京", "(1)"), ("的", "-"), ("IBM", "(2)"), ("。", "-")]]))
    )[0]
    assert document.text == "北京的 IBM 。"
    assert strings(document) == [["北京"], ["IBM"]]


def test_the_reference_scorers_cells_are_read(write):
    # b1 to b4 of TC-A-7.response, github.com/conll/reference-coreference-scorers.
    cells = ["(1(1", "-", "-", "1)1)"]
    lines = [f"test1\t0\t{n}\tb{n}\t{cell}" for n, cell in enumerate(cells, start=3)]
    document = read_conll(write("\n".join(["#begin document (A); ", *lines, "#end document"])))[0]
    assert strings(document) == [["b3 b4 b5 b6"] * 2]
    assert score_clusters([document.clusters], [[[Span(0, 11)]]]).conll_f1 == pytest.approx(2 / 3)


BEGIN = "#begin document (a); part 000"
WORD = "a 0 0 word "


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([BEGIN, WORD + "(1", "#end document"], r"line 2: '\(1' is not closed"),
        ([BEGIN, WORD + "-", WORD + "1)", "#end document"], r"line 3: '1\)' closes what was not"),
        ([BEGIN, WORD + "(1|", "#end document"], r"line 2: '\(1\|' is no brackets"),
        ([BEGIN, WORD + "((1)", "#end document"], "line 2: .* is no brackets"),
        ([BEGIN, WORD + "1", "#end document"], "line 2: '1' is no brackets"),
        ([BEGIN, WORD + "(1)-", "#end document"], "line 2: .* is no brackets"),
        ([BEGIN, "", "#end document"], "line 1: this document is empty"),
        ([BEGIN, WORD + "-", BEGIN], "line 3: the document of .*, line 1 has no end"),
        ([BEGIN, WORD + "-"], "line 2: the document of .*, line 1 has no end"),
        ([WORD + "-"], "line 1: a word outside"),
        (["#end document"], "line 1: the end of a document that did not begin"),
        ([BEGIN, "a 0 0 (1)", "#end document"], "line 2: .* this has 4 columns"),
        ([BEGIN, "a\t0\t0\t\t-", "#end document"], "line 2: there is no word"),
        ([""], "line 1: there is no document"),
    ],
)
def test_what_is_broken_in_conll_is_named_with_its_line(write, lines, message):
    with pytest.raises(InputValueError, match=r"a\.v4_gold_conll, " + message):
        read_conll(write("\n".join(lines)))


def test_files_that_cannot_be_read_are_named(tmp_path, write):
    with pytest.raises(InputValueError, match=r"missing cannot be read"):
        read_conll(tmp_path / "missing")
    (tmp_path / "bad.gz").write_bytes(b"no archive")
    with pytest.raises(InputValueError, match=r"bad\.gz cannot be read"):
        read_litbank(tmp_path / "bad.gz")


def made(clusters, sentences=(("Ann", "and", "Bea"), ("she", "left")), name="a b (c)"):
    text, spans = join_words(sentences)
    words = [word for sentence in spans for word in sentence]
    return CoreferenceDocument(
        name,
        text,
        tuple(tuple(Span(words[a].start, words[b].end) for a, b in each) for each in clusters),
        spans,
        3,
    )


@pytest.mark.parametrize(
    "clusters",
    [
        [],
        [[(0, 0), (3, 3)]],
        [[(0, 0), (3, 3)], [(0, 2)], [(2, 2)]],
        [[(0, 0), (0, 2), (0, 4)]],
        [[(0, 2), (2, 2)]],
        [[(0, 2)], [(1, 3)], [(2, 4)]],
    ],
)
def test_what_is_written_is_read_again(tmp_path, clusters):
    documents = [made(clusters), made([], name="另一个")]
    write_conll(tmp_path / "out_conll", documents)
    assert read_conll(tmp_path / "out_conll") == documents


def test_what_conll_cannot_say_is_refused_and_nothing_written(tmp_path):
    path = tmp_path / "out_conll"
    for message, document in (
        ("of one chain cross", made([[(0, 1), (1, 2)]])),
        ("has no words", CoreferenceDocument("a", "Ann")),
        (
            "mention 0 to 2, 'An', does not",
            CoreferenceDocument("a", "Ann", ((Span(0, 2),),), ((Span(0, 3),),)),
        ),
        ("has blanks", made([], [["New York"]])),
        ("cannot be named so", made([], name="#a")),
    ):
        with pytest.raises(InputValueError, match=message):
            write_conll(path, [made([]), document])
    assert not path.exists()


@pytest.mark.parametrize(
    ("text", "mention", "message"),
    [
        ("Ann", (2, 1), "mention 2 to 1 is inverted"),
        ("Ann", (1, 1), "mention 1 to 1 is inverted or empty"),
        ("Ann", (1, 4), "mention 1 to 4 is outside of the 3 characters"),
        ("Ann", (-1, 2), "mention -1 to 2 is outside"),
        (" \n", (0, 1), "document 'a' is empty"),
    ],
)
def test_documents_refuse_impossible_spans(text, mention, message):
    with pytest.raises(InputValueError, match=message):
        CoreferenceDocument("a", text, ((Span(*mention),),))


def record(**changes):
    fields = {
        "id": "a",
        "sentences": [["Ann", "saw", "Bea"], ["She", "left", "."]],
        "coref_clusters": [[[0, 0], [3, 3]], [[0, 2]]],
        "split": "dev",
    }
    return json.dumps({**fields, **changes})


def test_litbank_has_exact_spans_and_splits(tmp_path, write):
    path = write("\n".join([record(), record(id="b", split="train", coref_clusters=[]), ""]))
    document, other = read_litbank(path)
    assert strings(document) == [["Ann", "She"], ["Ann saw Bea"]]
    assert other.clusters == ()
    assert [each.id for each in read_litbank(path, "train")] == ["b"]
    packed = tmp_path / "a.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read_litbank(packed) == [document, other]
    with pytest.raises(InputValueError, match="no document of split 'test'"):
        read_litbank(path, "test")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (record(coref_clusters=[[[2, 1]]]), "mention 2 to 2 is inverted or empty"),
        (record(coref_clusters=[[[0, 6]]]), "mention 0 to 7 is outside of the 6 words"),
        (record(coref_clusters=[[[-1, 0]]]), "mention -1 to 1 is outside"),
        (record(coref_clusters=[[[0]]]), "coref_clusters"),
        (record(sentences=[]), "mention 0 to 1 is outside of the 0 words"),
        (record(sentences=[[]], coref_clusters=[]), "document 'a' is empty"),
        (record(sentences=[["Ann", ""]]), "has an empty word"),
        ("[]", "no object"),
        ("{", "Expecting"),
    ],
)
def test_what_is_broken_in_litbank_is_named_with_its_line(write, line, message):
    with pytest.raises(InputValueError, match=r"gold_conll, line 2: .*" + message):
        read_litbank(write(f"{record()}\n{line}\n"))


HEADER = "ID\tText\tPronoun\tPronoun-offset\tA\tA-offset\tA-coref\tB\tB-offset\tB-coref\tURL"


def gap(**changes):
    fields = {
        "id": "1",
        "text": 'Ann told "Bea" she won.',
        "pronoun": "she",
        "at": "15",
        "a": "Ann",
        "a_at": "0",
        "is_a": "FALSE",
        "b": "Bea",
        "b_at": "10",
        "is_b": "True",
        "url": "",
    }
    return "\t".join({**fields, **changes}.values())


def test_gap_has_the_pronoun_with_what_it_means(write):
    item, other = read_gap(write(f"{HEADER}\n{gap()}\n{gap(is_b='FALSE')}\n"))
    assert strings(item.document) == [["Bea", "she"]]
    assert item.is_meant == (False, True)
    assert item.names == (Span(0, 3), Span(10, 13))
    assert other.document.clusters == ()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (gap(at="14"), "Pronoun is 'she', but at 14 is ' sh'"),
        (gap(a_at="-1"), "A-offset is '-1', which is no place"),
        (gap(b_at="99"), "B 99 to 102 is outside of the 23 characters"),
        (gap(b=""), "B 10 to 10 is inverted or empty"),
        (gap(is_a="yes"), "A-coref is 'yes' and not TRUE or FALSE"),
        ("a\tb", "2 columns, but the header has 11"),
    ],
)
def test_what_is_broken_in_gap_is_named_with_its_line(write, line, message):
    with pytest.raises(InputValueError, match=r"gold_conll, line 2: .*" + message):
        read_gap(write(f"{HEADER}\n{line}\n"))


def test_gap_without_its_columns_or_items_is_refused(write):
    with pytest.raises(InputValueError, match="line 1: there is no column 'Pronoun'"):
        read_gap(write("ID\tText\n"))
    with pytest.raises(InputValueError, match="there is no item"):
        read_gap(write(HEADER))


@pytest.mark.shared_data
@pytest.mark.skipif(not (DATA / "litbank").exists(), reason=f"no litbank in {DATA}")
def test_whole_litbank_is_read_and_written_as_others_read_it(tmp_path):
    documents = read_litbank(DATA / "litbank" / "data.jsonl.gz")
    assert len(documents) == 70
    write_conll(tmp_path / "litbank_conll", documents)
    again = read_conll(tmp_path / "litbank_conll")
    assert [each.sentences for each in again] == [each.sentences for each in documents]
    figures = score_clusters(
        [each.clusters for each in again], [each.clusters for each in documents]
    )
    assert figures.conll_f1 == figures.lea.f1 == figures.mentions.f1 == 1


@pytest.mark.shared_data
@pytest.mark.skipif(not (DATA / "gap").exists(), reason=f"no gap in {DATA}")
def test_whole_gap_is_read():
    parts = [
        read_gap(DATA / "gap" / f"gap-{part}.tsv.gz") for part in ("development", "validation")
    ]
    assert list(map(len, parts)) == [2000, 454]
