"""Whole commands with the embedded model, and what a new process loads."""

import json
import subprocess
import sys

import pytest

from tests.files.builders import write_docx, write_pdf
from vectorlong import DocumentIndex
from vectorlong.cli.models import DEFAULT_MODEL

NEEDLE = "The lighthouse keeper repaired the broken lamp before the storm arrived."
FILLER = "The committee met on Tuesday and approved the budget of the school library. " * 12


def write_one_of_each(root):
    text = f"{FILLER}\r\n\r\n{NEEDLE}\r\n\r\n{FILLER}"
    (root / "plain.txt").write_bytes(text.encode())
    (root / "wide.txt").write_bytes(text.encode("utf-16"))
    (root / "mark.md").write_bytes(f"# Title\r\n\r\n{text}".encode())
    html = f"<title>T</title><p>{FILLER}</p><p>{NEEDLE} &amp; caf&eacute;</p><p>{FILLER}</p>"
    (root / "page.html").write_text(html, encoding="utf-8")
    (root / "rows.jsonl").write_text(json.dumps({"id": "row", "text": text}))
    (root / "table.csv").write_text(f'text,n\n"{FILLER}\n{NEEDLE}",1\n', newline="")
    write_docx(root / "word.docx", [FILLER, NEEDLE, FILLER])
    half = FILLER[: len(FILLER) // 2]
    write_pdf(root / "paper.pdf", [[half[:70], half[70:140]], [NEEDLE], ["The end."]], "T")


@pytest.fixture(scope="module")
def index_folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("files") / "root"
    root.mkdir()
    write_one_of_each(root)
    into = root.parent / "index"
    arguments = ["index", str(root), "--into", str(into), "--json"]
    result = vectorlong(*arguments)
    assert result.returncode == 0, result.stderr
    assert "minilm is the default because" in result.stderr
    assert json.loads(result.stdout)["added"] == 8
    return into


def vectorlong(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-c", "from vectorlong.cli import main; main()", *map(str, arguments)],
        capture_output=True,
        text=True,
        **options,
    )


def modules_loaded_by(*arguments):
    """Packages in memory after a command, which must succeed."""
    code = (
        "import sys\nfrom vectorlong.cli.app import app\n"
        "try:\n    app()\nexcept SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(result.stderr.splitlines()[-1].split())


def test_offsets_hold_for_every_file_type(index_folder, run_json):
    answer = run_json("search", index_folder, "Who mended the light at sea?", "--mode", "vector")
    hits = answer["hits"]
    assert len(hits) == 8
    root = index_folder.parent / "root"
    with DocumentIndex.open(index_folder, read_only=True) as index:
        for hit in hits:
            start, end = hit["passage"]["start"], hit["passage"]["end"]
            assert index.get(hit["id"]).text[start:end] == hit["passage"]["text"]
            assert "lighthouse keeper" in " ".join(hit["passage"]["text"].split())
    for name, encoding in (("plain.txt", "utf-8"), ("wide.txt", "utf-16"), ("mark.md", "utf-8")):
        (hit,) = [hit for hit in hits if hit["id"] == f"root/{name}"]
        content = (root / name).read_bytes().decode(encoding)
        passage = hit["passage"]
        assert content[passage["start"] : passage["end"]] == passage["text"]
    places = {hit["id"]: hit["place"]["description"] for hit in hits}
    assert places["root/paper.pdf"].startswith("page ")
    assert places["row"].startswith("row 1")


def test_places_point_into_the_file(index_folder, run_json):
    where = json.dumps({"file.type": {"$in": ["txt", "pdf"]}})
    answer = run_json(
        "search", index_folder, "lighthouse keeper repaired the lamp", "--where", where
    )
    (hit,) = [hit for hit in answer["hits"] if hit["id"] == "root/plain.txt"]
    content = (index_folder.parent / "root" / "plain.txt").read_bytes().decode()
    lines = content.splitlines(keepends=True)
    before = sum(map(len, lines[: hit["place"]["line"] - 1]))
    start = hit["passage"]["start"]
    assert before <= start + 4 < before + len(lines[hit["place"]["line"] - 1]) + 4


def test_an_unchanged_folder_is_not_encoded_again(index_folder):
    root = index_folder.parent / "root"
    result = vectorlong("index", root, "--into", index_folder, "--json")
    report = json.loads(result.stdout)
    assert (report["unchanged"], report["n_tokens"]) == (8, 0)
    assert "minilm is the default" not in result.stderr


@pytest.mark.parametrize("command", ["--help", "info", "verify", "search", "models", "index"])
def test_light_commands_load_no_torch(index_folder, command):
    arguments = {
        "info": (index_folder,),
        "verify": (index_folder,),
        "search": (index_folder, "lighthouse", "--mode", "lexical"),
        "index": (index_folder.parent / "root", "--into", index_folder),  # where nothing changed
    }
    loaded = modules_loaded_by(command, *arguments.get(command, ()))
    assert not loaded & {"torch", "transformers"}
    if command == "--help":
        assert not loaded & {"faiss", "sklearn", "scipy", "pypdfium2"}


def test_importing_the_command_line_is_light():
    code = (
        "import sys, vectorlong.cli.app\n"
        "assert not {'torch', 'transformers', 'rich', 'faiss'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_default_model_is_the_embedded_one():
    from vectorlong.encoder.profiles import EMBEDDED_MODEL

    assert DEFAULT_MODEL == EMBEDDED_MODEL


def test_results_alone_on_stdout(index_folder):
    result = vectorlong("search", index_folder, "lamp", "-k", 1, "--json")
    assert json.loads(result.stdout)["hits"]
    result = vectorlong("search", index_folder.parent, "lamp")
    assert (result.returncode, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1


def test_any_terminal_encoding_will_do(tmp_path, index_folder):
    arguments = ("search", index_folder, "café lamp", "--mode", "lexical")
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    import os

    result = vectorlong(*arguments, env={**os.environ, **environment})
    assert result.returncode == 0, result.stderr
    result = vectorlong(*arguments, "--json", env={**os.environ, **environment})
    assert any("café" in hit["passage"]["text"] for hit in json.loads(result.stdout)["hits"])


def test_the_demo_finds_the_chapters(run, run_json, monkeypatch):
    """On a few short chapters, so that it takes seconds."""
    import pydoc_data.topics

    names = ("function", "formatstrings", "types", "lambda", "pass", "break")
    chapters = {name: pydoc_data.topics.topics[name][:4000] for name in names}
    monkeypatch.setattr("pydoc_data.topics.topics", chapters)
    answer = run_json("demo")
    assert answer["n_documents"] == 6
    assert answer["answers"][0]["hits"][0]["id"] == "function"
    for asked in answer["answers"]:
        for hit in asked["hits"]:
            passage = hit["passage"]
            assert chapters[hit["id"]][passage["start"] : passage["end"]] == passage["text"]
    monkeypatch.setattr("pydoc_data.topics.topics", {"function": chapters["function"]})
    assert "1 function" in run("demo").stdout
