"""What is kept on disk, shown and removed."""

import json
import subprocess
import sys

import numpy as np
import pytest
from filelock import FileLock

from vectorlong.user_cache import model_folder, model_lock
from vectorlong.vector_cache.vector_cache import VectorCache

FINGERPRINT = "0123456789abcdef" * 4


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A user's cache with vectors, a converted model, a killed conversion, and a foreign file."""
    folder = tmp_path / "home"
    monkeypatch.setenv("VECTORLONG_CACHE", str(folder))
    cache = VectorCache(folder / "vectors", f"{FINGERPRINT}-float32", 8, model="a [bold] model")
    cache.encode(["one", "two"], lambda texts: np.zeros((len(texts), 8)))
    model = model_folder(folder, "minilm", FINGERPRINT, "4096-128-v2")
    for path in (model, folder / ".converting-xyz" / "model"):
        path.mkdir(parents=True)
        (path / "weights").write_bytes(bytes(2**20))
    model_lock(model).touch()
    for name in ("notes.txt", "vectors/notes.sqlite", "minilm-mine/weights", "my.lock"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("of somebody else")
    return folder


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


FOREIGN = ["minilm-mine/weights", "my.lock", "notes.txt", "vectors/notes.sqlite"]


def test_what_there_is(folder, run, run_json):
    text = run("cache").stdout
    assert text.startswith(f"{folder}: 2.")
    (line,) = [line for line in text.splitlines() if "0123456789abcdef" in line]
    assert line.split()[:6] == ["a", "[bold]", "model", "0123456789abcdef", "float32", "2"]
    assert "minilm-0123456789ab-4096-128-v2: 1.0 MiB" in text
    answer = run_json("cache")
    (vectors,) = answer["vectors"]
    expected = {"model": "a [bold] model", "fingerprint": FINGERPRINT, "dtype": "float32"}
    assert {**vectors, **expected, "n_vectors": 2} == vectors
    assert [model["n_bytes"] for model in answer["models"]] == [2**20] * 2
    assert answer["n_bytes"] == vectors["n_bytes"] + 2 * 2**20
    assert answer["folder"] == str(folder)


def test_clearing_vectors(folder, run):
    text = run("cache", "--clear", "vectors").stdout
    assert text.startswith("Removed 2 vectors in 1 file and 0 converted models: ")
    assert text.rstrip().endswith("KiB freed.")
    assert files_in(folder) == sorted(
        [
            *FOREIGN,
            ".converting-xyz/model/weights",
            "minilm-0123456789ab-4096-128-v2.lock",
            "minilm-0123456789ab-4096-128-v2/weights",
        ]
    )


def test_clearing_models(folder, run_json):
    answer = run_json("cache", "--clear", "models")
    assert (answer["n_bytes_freed"], answer["n_vectors_removed"]) == (2 * 2**20, 0)
    assert files_in(folder) == sorted([*FOREIGN, *vector_files()])


def vector_files():
    return [f"vectors/{FINGERPRINT}-float32.{ending}" for ending in ("lock", "sqlite")]


def test_clearing_all(folder, run):
    assert "2 converted models: 2." in run("cache", "--clear", "all").stdout
    assert files_in(folder) == FOREIGN
    assert "Converted models" not in run("cache").stdout
    assert "Removed 0 vectors in 0 files" in run("cache", "--clear", "all").stdout


def test_what_is_in_use_stays(folder, run, monkeypatch):
    monkeypatch.setattr("vectorlong.vector_cache.trimming._IN_USE_TIMEOUT_S", 0.05)
    monkeypatch.setattr("vectorlong.user_cache._IN_USE_TIMEOUT_S", 0.05)
    before = files_in(folder)
    model = model_folder(folder, "minilm", FINGERPRINT, "4096-128-v2")
    with FileLock(folder / vector_files()[0]), FileLock(model_lock(model)):
        result = run("cache", "--clear", "all", code=1)
    assert result.stderr.count("In use by another process, and so still there: ") == 3
    assert files_in(folder) == before


def test_no_cache_yet(tmp_path, monkeypatch, run, run_json):
    monkeypatch.setenv("VECTORLONG_CACHE", str(tmp_path / "none"))
    assert run("cache").stdout == f"{tmp_path / 'none'}: 0 bytes\n"
    assert run_json("cache")["vectors"] == []
    run("cache", "--clear", "all")
    assert not (tmp_path / "none").exists()


def test_it_loads_neither_torch_nor_scikit_learn(folder):
    code = (
        "import sys\nfrom vectorlong.cli import main\n"
        "sys.argv = ['vectorlong', 'cache', '--json']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print({'torch', 'sklearn', 'faiss'} & set(sys.modules), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stderr.strip() == "set()"
    assert len(json.loads(result.stdout)["models"]) == 2
