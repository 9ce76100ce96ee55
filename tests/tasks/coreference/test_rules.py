"""The rules that benchmarks/coreference.py measures, on sentences where one sees what is right."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from vectorlong.tasks.coreference import CoreferenceDocument
from vectorlong.tasks.coreference.source_files import join_words

ROOT = Path(__file__).parents[3]
SENTENCES = [
    ["Then", "Mr", "Dorn", "met", "Lady", "Gray", "."],
    ["He", "gave", "his", "book", "to", "her", "."],
    ["Lady", "Gray", "thanked", "him", ";", "I", "saw", "it", "."],
]


@pytest.fixture(scope="module")
def rules():
    spec = importlib.util.spec_from_file_location(
        "coreference_benchmark", ROOT / "benchmarks" / "coreference.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def document():
    text, spans = join_words(SENTENCES)
    return CoreferenceDocument("a", text, (), spans)


def strings(document, spans):
    return [document.text[start:end] for start, end in spans]


def test_mentions_found_are_pronouns_and_names_without_what_begins_a_sentence(rules, document):
    found = strings(document, rules.found_mentions(document))
    assert found == ["Mr Dorn", "Lady Gray", "He", "his", "her", "Lady Gray", "him", "I", "it"]


def test_pronouns_mean_the_nearest_mention_that_agrees(rules, document):
    chains = rules.nearest_pronoun(document, rules.found_mentions(document))
    assert [strings(document, chain) for chain in chains] == [
        ["Mr Dorn", "He", "his", "him"],
        ["Lady Gray", "her", "Lady Gray"],
        ["I"],
        ["it"],
    ]


def test_the_same_string_is_one_chain_whatever_its_case(rules):
    text, spans = join_words([["He", "saw", "Ann", ",", "he", "did"]])
    document = CoreferenceDocument("a", text, (), spans)
    chains = rules.same_string(document, rules.found_mentions(document))
    assert [strings(document, each) for each in chains] == [["He", "he"], ["Ann"]]


def test_missing_data_are_named_and_nothing_measured(rules, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["coreference.py", "--data", str(tmp_path)])
    rules.main()
    printed = capsys.readouterr().out
    assert f"LitBank is not at '{tmp_path / 'litbank'}'" in printed
    assert f"GAP is not at '{tmp_path / 'gap'}'" in printed
    assert json.loads(printed.splitlines()[-1]) == {"benchmark": "coreference"}


def test_the_nearer_name_before_the_pronoun_is_meant_unless_it_disagrees(rules, tmp_path):
    header = "ID\tText\tPronoun\tPronoun-offset\tA\tA-offset\tA-coref\tB\tB-offset\tB-coref\n"
    texts = ["Ann saw Bea when she left", "Ann saw Mr B when she left"]
    rows = [
        "\t".join([str(n), text, "she", str(text.index("she")), "Ann", "0", "TRUE"])
        + f"\t{name}\t8\tFALSE\n"
        for n, (text, name) in enumerate(zip(texts, ["Bea", "Mr B"], strict=True))
    ]
    (tmp_path / "gap-development.tsv").write_text(header + "".join(rows))
    items = rules.read_gap(tmp_path / "gap-development.tsv")
    assert list(map(rules.nearest_name, items)) == [(False, True), (True, False)]
