"""No file ends a command: it is named, and the others are read."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.cli.test_classify import train, write_table
from tests.cli.test_commands import error_of
from tests.files.builders import (
    cell,
    table,
    write_docx_of_body,
)
from vectorlong.cli.models import locate_model

LIMITS = ("--limit", "seconds=3", "--limit", "characters=100000", "--limit", "unpacked_mb=3")


@pytest.fixture
def docs(tmp_path):
    """A good file, and one of each kind that was made to do harm."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "good.txt").write_text("The purple needle.")
    (folder / "nines.html").write_text("<p>&#" + "9" * 4_301)
    (folder / "open.html").write_text("<a " * 4_000)
    (folder / "fonts.html").write_text("".join(f"<font color={n}>" for n in range(60_000)))
    (folder / "commas.csv").write_text("," * 20_000 + "\nx\n")
    (folder / "deep.jsonl").write_text('{"text": "x", "a": ' + "[" * 90_000)
    (folder / "long.jsonl").write_text("x" * 200_000)
    (folder / "long.txt").write_text("x" * 200_000)
    wide = '<w:gridSpan w:val="2000000000"/>'
    write_docx_of_body(folder / "wide.docx", table(cell("wide needle", wide)))
    write_docx_of_body(folder / "bomb.docx", "<w:r/>" * 800_000)
    if sys.platform != "win32":
        os.mkfifo(folder / "pipe.html")
        (folder / "endless.txt").symlink_to("/dev/zero")
    return folder


LEFT_OUT = {
    "open.html": "holds no text",
    "fonts.html": "takes more than 3 s to read; to allow more: --limit seconds=6",
    "commas.csv": "has no column called text",
    "deep.jsonl": "row 1: not JSON",
    "long.jsonl": "row 1: holds more than 100,000 characters",
    "long.txt": "holds more than 100,000 characters of text; to allow more: --limit characters",
    "bomb.docx": "holds more than 3 MB, unpacked; to allow more: --limit unpacked_mb=6",
    "pipe.html": "is not an ordinary file",
    "endless.txt": "is not an ordinary file",
}


def check_left_out(answer):
    reasons = {item["path"].removeprefix("docs/"): item["reason"] for item in answer["left_out"]}
    assert set(reasons) == set(LEFT_OUT) - ({"pipe.html", "endless.txt"} - set(reasons))
    for name, reason in reasons.items():
        assert reason.startswith(LEFT_OUT[name])


def test_index(docs, tmp_path, encoders, run_json):
    answer = run_json("index", docs, "--into", tmp_path / "index", *LIMITS)
    check_left_out(answer)
    assert answer["added"] == 3
    hits = run_json("search", tmp_path / "index", "needle", "--mode", "lexical")["hits"]
    assert {hit["id"] for hit in hits} == {"docs/good.txt", "docs/wide.docx"}


def test_what_a_limit_left_out_is_not_taken_for_gone(tmp_path, encoders, run_json):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "good.txt").write_text("x")
    (docs / "long.txt").write_text("x" * 200)
    assert run_json("index", docs, "--into", tmp_path / "index")["added"] == 2
    limit = ("--limit", "characters=100")
    answer = run_json("index", docs, "--into", tmp_path / "index", "--prune", *limit)
    assert answer["left_out"][0]["path"] == "docs/long.txt"
    assert (answer["n_gone"], answer["n_removed"]) == (0, 0)


def test_encode(docs, encoders, run):
    result = run("encode", docs, "--json", *LIMITS)
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [
        "docs/good.txt",
        "docs/nines.html",
        "docs/wide.docx",
    ]
    assert "docs/fonts.html: takes more than 3 s to read" in result.stderr


def test_classify(docs, tmp_path, run, run_json, monkeypatch):
    own = tmp_path / "vectors"
    monkeypatch.setattr("vectorlong.classify.vectorizer.vectors_folder", lambda: own)
    model = tmp_path / "model.skops"
    learned = write_table(tmp_path / "table.csv")
    with learned.open("a") as file:
        file.write("x" * 200_000)
    answer = run_json(*train(learned, "--into", model, *LIMITS))
    assert "line 14 holds more than" in answer["left_out"][0]["reason"]
    answer = run_json("classify", "predict", model, docs, *LIMITS)
    check_left_out(answer)
    assert len(answer["predictions"]) == 3


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("second=1", "is none of seconds=NUMBER, memory_mb=NUMBER"),
        ("seconds", "is none of"),
        ("seconds=", "is none of"),
        ("seconds=-1", "is none of"),
        ("seconds=" + "9" * 5_000, "is none of"),
        ("seconds=٣", "is none of"),
        ("seconds=0", "whole number from 1"),
        ("memory_mb=99999999999", "whole number from 1"),
    ],
)
def test_limits_that_cannot_be_are_usage_errors(docs, tmp_path, encoders, run, option, message):
    stderr = run("index", docs, "--into", tmp_path / "index", "--limit", option, code=2).stderr
    assert message in " ".join(stderr.replace("│", "").split())
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize(
    "command", [("index",), ("encode",), ("classify", "train"), ("classify", "predict")]
)
def test_help_states_the_limits(run, command):
    stdout = " ".join(run(*command, "--help").stdout.replace("│", "").split())
    for limit in ("seconds=300", "memory_mb=2000", "unpacked_mb=1000", "characters=20000000"):
        assert limit in stdout


def test_paths_too_long_are_one_clean_line(tmp_path, encoders, run):
    (tmp_path / "a.txt").write_text("x")
    long, file = tmp_path / ("f" * 1_000), tmp_path / "a.txt"
    assert "cannot be opened" in error_of(run("index", long, "--into", tmp_path / "i", code=1))
    assert "too long" in error_of(run("index", file, "--into", long, code=1))
    assert "no folder" in error_of(run("encode", file, "--out", long / "x.npy", code=1))
    for command in (("search", long, "?"), ("info", long), ("verify", long)):
        assert "does not exist" in error_of(run(*command, code=1))
    assert encoders == []


@pytest.mark.parametrize("name", ["~no-such-user/model", "f" * 1_000])
def test_a_model_that_cannot_be_a_folder_is_taken_for_a_name(name):
    assert locate_model(name) == name


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.timeout(120)
def test_an_interruption_while_a_file_hangs_is_said_once(docs, tmp_path):
    """As Ctrl-C in a terminal: to the command and to its reader."""
    (docs / "fonts.html").write_text("".join(f"<font color={n}>" for n in range(300_000)))
    command = [sys.executable, "-c", _COMMAND, "encode", str(docs / "fonts.html"), "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout.readline() == "reading\n"
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert (output, errors.strip(), process.returncode) == ("", "Stopped.", 130)


_COMMAND = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored below a shell's "&"
from vectorlong.files.process import reader_process
send = reader_process.send
def send_and_tell(stream, message):
    send(stream, message)
    if "path" in message:
        print("reading", flush=True)
reader_process.send = send_and_tell
from vectorlong.cli import main
main()
"""
