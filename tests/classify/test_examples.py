"""The examples and the benchmark's door, without the embedded model where it is not the point."""

import importlib.util
import subprocess
import sys
from pathlib import Path

from tests.classify.encoders import tiny_encoder
from vectorlong import DocumentIndex

ROOT = Path(__file__).parents[2]


def load_example(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_rest_of_an_index_is_labelled_without_encoding(tmp_path, monkeypatch):
    example = load_example("classify_index")
    encoder = tiny_encoder(tmp_path / "model")
    shortened = [
        type(document)(document.id, document.text[:200], document.metadata)
        for document in example.documents()
    ]
    with DocumentIndex.create(tmp_path / "index", encoder) as index:
        index.add(shortened)
        monkeypatch.setattr(type(encoder), "encode", None)
        monkeypatch.setattr(type(encoder), "encode_with_passages", None)
        found = example.label_rest(index)
    unlabelled = {document.id for document in shortened if not document.metadata}
    assert set(found) == unlabelled
    for kind, probability in found.values():
        assert kind in example.KINDS
        assert 1 / 3 <= probability <= 1


def test_documents_example(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("vectorlong.classify.vectorizer.vectors_folder", lambda: tmp_path)
    load_example("classify_documents").main()
    out = capsys.readouterr().out
    assert "'law'" in out
    assert "after loading: law" in out
    assert "with TF-IDF beside: law" in out


def test_the_benchmark_without_data_says_so():
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "classification.py", "--data", "/nowhere"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "not at '/nowhere'; nothing was measured. Set VECTORLONG_DATA" in done.stdout
