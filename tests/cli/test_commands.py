"""The commands, with an encoder that costs nothing."""

import json
import os
import sys

import numpy as np
import pytest

from tests.cli.conftest import WordEncoder
from vectorlong import Document, DocumentIndex, __version__
from vectorlong.files.file_types import SHOWN_TYPES
from vectorlong.files.records import Content

QUESTION = "where is the purple needle"


def error_of(result):
    """The one line that an error is."""
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error:")]
    return line


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "docs"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("First line.\nThe purple needle is here.\nLast line.\n")
    (folder / "sub" / "b.md").write_text("# About hay\n\nHay, and nothing else.\n")
    (folder / "rows.csv").write_text("id,text,year\nold,red wool,1990\nnew,purple wool,2020\n")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    return folder


@pytest.fixture
def folder(root, tmp_path, encoders, run):
    run("index", root, "--into", tmp_path / "index")
    return tmp_path / "index"


# --- index ---------------------------------------------------------------------------------------


def test_index_reports_and_lists_what_was_left_out(root, tmp_path, encoders, run):
    result = run("index", root, "--into", tmp_path / "new" / "index")
    assert "4 added, 0 updated, 0 unchanged" in result.stdout
    assert "The index holds 4 documents." in result.stdout
    assert "docs/picture.png: files of type .png are not read" in result.stderr


def test_files_that_need_an_extra_are_named_before_any_is_read(
    root, tmp_path, encoders, run, monkeypatch
):
    for name in ("one", "two"):
        (root / f"{name}.PDF").write_bytes(b"x")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "pypdfium2", None)
        lines = run("index", root, "--into", tmp_path / "index").stderr.splitlines()
    assert "Will be left out (2): docs/one.PDF, docs/two.PDF" in lines[0]
    assert "pip install 'vectorlong[pdf]'" in lines[0]
    assert lines[1].startswith("Reading 5 files into")
    assert "Will be left out" not in run("encode", root, "--json").stderr


def test_only_what_changed_is_encoded_again(root, folder, encoders, run_json):
    (root / "a.txt").write_text("changed")
    (root / "c.txt").write_text("new")
    report = run_json("index", root, "--into", folder)
    assert (report["added"], report["updated"], report["unchanged"]) == (1, 1, 3)
    assert encoders[-1].encoded == ["changed", "new"]
    assert report["n_documents"] == 5
    (left_out,) = report["left_out"]
    assert left_out["path"] == "docs/picture.png"
    assert left_out["reason"].startswith("files of type .png are not read; text in pictures needs")


def test_indexing_is_fast_and_asking_exact(root, folder, encoders, run, run_json):
    """Documents are many and take the fastest dtype; one question is encoded in float32."""
    (root / "new.txt").write_text("something new")
    run("index", root, "--into", folder)
    run_json("search", folder, "something")
    assert [encoder.dtype for encoder in encoders] == ["auto", "auto", "float32"]


@pytest.mark.parametrize(
    ("texts", "is_suggested"),
    [
        (["The keeper of the lighthouse lit the lamp.", "他每天晚上都点亮灯塔。"], False),
        (
            ["The keeper of the lighthouse lit the lamp.", "他每天晚上都点亮灯塔。", "第二天。"],
            True,
        ),
        (["Der Wärter zündet die Lampe an, und das Licht ist für die Schiffe."], True),
        (["1 2 3", "4.5"], False),
    ],
)
def test_texts_that_are_not_english_are_told_another_model(
    tmp_path, encoders, run, texts, is_suggested
):
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.txt").write_text(text, encoding="utf-8")
    arguments = ("index", *sorted(tmp_path.glob("*.txt")), "--into", tmp_path / "index")
    result = run(*arguments)
    assert ("--model multilingual" in result.stderr) is is_suggested
    assert f"{len(texts)} added" in result.stdout
    assert encoders[-1].encoded == texts
    assert "--model multilingual" not in run(*arguments).stderr  # the index has its model
    chosen = run(*arguments[:-1], tmp_path / "other", "--model", "words")
    assert "--model multilingual" not in chosen.stderr


def test_an_interruption_keeps_what_was_committed(root, tmp_path, encoders, run, monkeypatch):
    monkeypatch.setattr("vectorlong.retrieval.writer._COMMIT_EVERY_S", 0.0)
    encoders.stop_after = 2
    result = run("index", root, "--into", tmp_path / "index", code=130)
    assert "What was committed to the index is kept" in result.stderr
    encoders.stop_after = None
    result = run("index", root, "--into", tmp_path / "index")
    assert "2 added, 0 updated, 2 unchanged" in result.stdout


def test_an_index_inside_the_folder_is_not_read(root, encoders, run, run_json):
    into = root / "index"
    run("index", root, "--into", into)
    (into / "stray.txt").write_text("stray")
    assert run_json("index", root, "--into", into)["n_documents"] == 4


def test_the_model_of_an_index_is_kept_and_another_refused(root, folder, encoders, run):
    run("index", root, "--into", folder)
    assert encoders[-1].model_name == "words"
    result = run("index", root, "--into", folder, "--model", "other", code=1)
    assert "fingerprint of words" in error_of(result)
    assert "fingerprint of other" in error_of(result)


@pytest.mark.parametrize("options", [(), ("--model", "words")])
def test_an_encoder_is_built_only_where_something_changed(root, folder, encoders, run, options):
    encoders.clear()
    assert "4 unchanged" in run("index", root, "--into", folder, *options).stdout
    assert encoders == []
    (root / "c.txt").write_text("new")
    assert "1 added" in run("index", root, "--into", folder, *options).stdout
    assert [encoder.encoded for encoder in encoders] == [["new"]]


def test_a_late_encoder_that_is_another_is_refused(root, folder, encoders, run, monkeypatch):
    names = ("ledger.sqlite", "vectors.f32", "documents.f32", "manifest.json")
    before = {name: (folder / name).read_bytes() for name in names}
    monkeypatch.setattr(WordEncoder, "fingerprint", "fingerprint of other weights")
    run("index", root, "--into", folder)
    (root / "a.txt").write_text("changed")
    (root / "c.txt").write_text("new")
    error = error_of(run("index", root, "--into", folder, code=1))
    assert "fingerprint of words" in error
    assert "fingerprint of other weights" in error
    assert {name: (folder / name).read_bytes() for name in names} == before
    assert encoders[-1].encoded == []


def test_columns(tmp_path, encoders, run, run_json):
    table = tmp_path / "t.csv"
    table.write_text("doi,abstract\n10/1,purple needle\n")
    result = run("index", table, "--into", tmp_path / "index", code=1)
    assert "its columns are: doi, abstract" in result.stderr
    assert "There is nothing to read" in error_of(result)
    assert not (tmp_path / "index").exists()
    columns = ("--text-column", "abstract", "--id-column", "doi")
    assert run_json("index", table, "--into", tmp_path / "index", *columns)["added"] == 1
    (hit,) = run_json("search", tmp_path / "index", "needle")["hits"]
    assert hit["id"] == "10/1"


def ids_in(folder):
    with DocumentIndex.open(folder, read_only=True) as index:
        return set(index.ids())


def test_what_is_no_longer_there_is_said_and_pruned_on_request(
    root, folder, encoders, run_json, run
):
    with DocumentIndex.open(folder, WordEncoder()) as index:
        index.add([("docs/mine.txt", "added from Python"), ("mine", "likewise")])
        index.add([Document("named", "likewise", {"file.path": "docs/named.txt"})])
    (root.parent / "other").mkdir()
    (root.parent / "other" / "a.txt").write_text("other")
    run("index", root.parent / "other", "--into", folder)
    (root.parent / "other" / "a.txt").unlink()  # not given below, so not missed
    (root / "a.txt").unlink()
    (root / "rows.csv").write_text("id,text,year\nnew,purple wool,2020\n")
    before = ids_in(folder)
    report = run_json("index", root, "--into", folder)
    assert (report["n_gone"], report["n_removed"]) == (2, 0)
    assert set(report["gone"]) == {"docs/a.txt", "old"}
    assert "--prune" in report["to_remove_gone"]
    result = run("index", root, "--into", folder)
    assert "2 documents" in result.stderr
    assert "no longer" in result.stderr
    assert "--prune" in result.stderr
    assert ids_in(folder) == before
    encoders.clear()
    result = run("index", root, "--into", folder, "--prune")
    assert "2 removed" in result.stdout
    assert ids_in(folder) == before - {"docs/a.txt", "old"}
    assert encoders == []
    report = run_json("index", root, "--into", folder, "--prune")
    assert (report["n_gone"], report["n_removed"]) == (0, 0)


def test_only_what_was_given_is_pruned(root, folder, run):
    before = ids_in(folder)
    (root / "sub" / "b.md").unlink()
    run("index", root / "a.txt", root / "rows.csv", "--into", folder, "--prune")
    assert ids_in(folder) == before
    assert "1 removed" in run("index", root, "--into", folder, "--prune").stdout


def test_nothing_is_pruned_for_paths_that_cannot_be_read(root, folder, run, monkeypatch):
    before = ids_in(folder)
    result = run("index", root, root / "nowhere", "--into", folder, "--prune", code=1)
    assert "no file or folder" in error_of(result)
    root.rename(root.parent / "away")
    assert "no file" in error_of(run("index", root, "--into", folder, "--prune", code=1))
    root.mkdir()  # as the place of a disk that is not mounted
    assert "nothing to read" in error_of(run("index", root, "--into", folder, "--prune", code=1))
    root.rmdir()
    (root.parent / "away").rename(root)
    (root / "rows.csv").write_bytes(b"id,text\n\x00\x00\n")
    monkeypatch.setattr(os, "scandir", refusing(os.scandir, root / "sub"))
    result = run("index", root, "--into", folder, "--prune")
    assert "docs/sub: cannot be opened" in result.stderr
    assert ids_in(folder) == before


def refusing(scandir, folder):
    def refuse(path):
        if str(path) == str(folder):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    return refuse


def test_another_folder_of_the_same_name_prunes_nothing(root, folder, run, run_json):
    before = ids_in(folder)
    other = root.parent / "elsewhere" / "docs"
    other.mkdir(parents=True)
    (other / "b.txt").write_text("of the other folder")
    for given in (other, root):
        report = run_json("index", given, "--into", folder, "--prune")
        assert (report["n_gone"], report["n_removed"]) == (0, 0)
        assert set(report["of_unknown_origin"]) == (before if given == other else {"docs/b.txt"})
    assert ids_in(folder) == before | {"docs/b.txt"}
    result = run("index", root, "--into", folder)
    assert "1 document" in result.stderr
    assert "another folder called 'docs'" in result.stderr


def test_a_folder_that_was_moved_whole_is_pruned_at_its_new_place(root, folder, run):
    (root.parent / "new").mkdir()
    root = root.rename(root.parent / "new" / "docs")
    assert "4 unchanged" in run("index", root, "--into", folder).stdout
    (root / "a.txt").unlink()
    assert "1 removed" in run("index", root, "--into", folder, "--prune").stdout


@pytest.mark.parametrize("damage", ["removed", "spoiled"])
def test_without_the_record_of_folders_nothing_is_pruned(root, folder, run_json, damage):
    (root / "a.txt").unlink()
    if damage == "removed":
        (folder / "sources.json").unlink()
    else:
        (folder / "sources.json").write_text("{}")
    report = run_json("index", root, "--into", folder, "--prune")
    assert (report["gone"], report["of_unknown_origin"]) == ([], ["docs/a.txt"])


def test_other_encodings_are_said(tmp_path, encoders, run, run_json):
    (tmp_path / "old.txt").write_bytes("où est l’été passé".encode("cp1252"))
    result = run("index", tmp_path / "old.txt", "--into", tmp_path / "index")
    assert f"Read as cp1252, not UTF-8: {tmp_path.name}/old.txt" in result.stderr
    report = run_json("index", tmp_path / "old.txt", "--into", tmp_path / "index")
    assert report["other_encodings"] == {f"{tmp_path.name}/old.txt": "cp1252"}


def test_files_read_in_part_are_said(root, tmp_path, encoders, run, run_json, monkeypatch):
    def partly(path, *_):
        yield Content(path.read_text(), remarks=("2 pictures are not read",))

    monkeypatch.setitem(sys.modules["vectorlong.files.source"]._READERS, "txt", partly)
    (root / "b.txt").write_text("text")
    result = run("index", root, "--into", tmp_path / "index")
    lines = result.stderr.splitlines()
    place = lines.index("Read in part (2):")
    assert lines[place + 1] == "  docs/a.txt, docs/b.txt: 2 pictures are not read"
    assert run_json("index", root, "--into", tmp_path / "index")["remarks"] == [
        {"path": "docs/a.txt", "remark": "2 pictures are not read"},
        {"path": "docs/b.txt", "remark": "2 pictures are not read"},
    ]


def test_many_files_left_out_are_summed_up(tmp_path, encoders, run):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.txt").write_text("text")
    for number in range(50):
        (docs / f"{number:02}.png").write_bytes(b"x")
        (docs / f"{number:02}.txt").write_bytes(b"")
    for number in range(30):
        (docs / f"x.{number}").write_bytes(b"x")
    result = run("index", docs, "--into", tmp_path / "index")
    assert "docs/00.png, docs/01.png, docs/02.png and 47 more: files of type .png" in result.stderr
    assert "more reasons" in result.stderr
    assert len(result.stderr.splitlines()) < 30


def test_destinations_that_cannot_be(root, tmp_path, encoders, run):
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.txt").write_text("mine")
    result = run("index", root, "--into", taken, code=1)
    assert "holds files that are not an index" in error_of(result)
    assert [path.name for path in taken.iterdir()] == ["thesis.txt"]
    result = run("index", root, "--into", taken / "thesis.txt", code=1)
    assert "is a file; name a folder" in error_of(result)
    assert encoders == []


def test_sources_that_cannot_be(tmp_path, encoders, run):
    (tmp_path / "empty").mkdir()
    result = run("index", tmp_path / "empty", "--into", tmp_path / "index", code=1)
    assert f"Types that are read: {SHOWN_TYPES}." in error_of(result)
    result = run("index", tmp_path / "nowhere", "--into", tmp_path / "index", code=1)
    assert "no file or folder" in error_of(result)
    assert not (tmp_path / "index").exists()
    assert encoders == []


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not stop root"
)
def test_a_destination_without_permission(root, tmp_path, encoders, run):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    assert "Permission denied" in error_of(run("index", root, "--into", closed, code=1))


# --- search --------------------------------------------------------------------------------------


def test_search_shows_passage_place_and_scores(folder, run):
    result = run("search", folder, QUESTION, "-k", 1)
    lines = result.stdout.splitlines()
    assert lines[0] == " 1 docs/a.txt"
    assert "score 1.000 (cosine" in lines[1]
    assert "line 2" in lines[1]
    assert "characters 12-39" in lines[1]
    assert lines[2:] == [
        "     First line.",
        "   │ The purple needle is here.",
        "     Last line.",
    ]


def place(description, line, row=None):
    nowhere = dict.fromkeys(["page", "slide", "chapter", "sheet"])
    return {"description": description, "line": line, "row": row, **nowhere}


def test_search_as_json(folder, root, run_json):
    answer = run_json("search", folder, QUESTION)
    assert (answer["question"], answer["mode"]) == (QUESTION, "hybrid")
    assert len(answer["hits"]) == 4
    hit = answer["hits"][0]
    text = (root / "a.txt").read_text()
    passage = hit["passage"]
    assert text[passage["start"] : passage["end"]] == passage["text"]
    assert hit["place"] == place("line 2", line=2)
    assert set(hit["scores"]) == {"vector", "lexical"}
    assert hit["metadata"] == {"file": {"path": "docs/a.txt", "type": "txt"}}


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ({"year": {"$gte": 2000}}, {"new"}),
        ({"file.type": "csv"}, {"old", "new"}),
        ({"title": "About hay"}, {"docs/sub/b.md"}),
        ({"year": 1800}, set()),
    ],
)
def test_where(folder, run_json, where, ids):
    answer = run_json("search", folder, QUESTION, "--where", json.dumps(where))
    assert {hit["id"] for hit in answer["hits"]} == ids


def test_rows_have_their_row_as_place(folder, run_json):
    (hit,) = run_json("search", folder, "red", "-k", 1, "--mode", "lexical")["hits"]
    assert hit["place"] == place("row 1", line=1, row=1)


def test_lexical_search_builds_no_encoder(folder, encoders, run, run_json):
    encoders.clear()
    assert run_json("search", folder, "needle", "--mode", "lexical")["hits"]
    assert encoders == []
    assert "No document has a word" in run("search", folder, "xyz", "--mode", "lexical").stdout


def test_levels_and_modes(folder, run_json):
    options = ("--level", "passage", "--mode", "vector", "-k", 2)
    answer = run_json("search", folder, "line", *options)
    assert [hit["id"] for hit in answer["hits"]] == ["docs/a.txt", "docs/a.txt"]
    assert set(answer["hits"][0]["scores"]) == {"vector"}


def test_documents_like_one_of_the_index(folder, encoders, run, run_json):
    n_built = len(encoders)
    answer = run_json("similar", folder, "docs/a.txt")
    assert answer["document"] == "docs/a.txt"
    names = [hit["id"] for hit in answer["hits"]]
    with DocumentIndex.open(folder, read_only=True) as index:
        assert sorted([*names, "docs/a.txt"]) == sorted(index.ids())
    assert names[0] in run("similar", folder, "docs/a.txt", "-k", 1).stdout
    assert len(encoders) == n_built
    nothing = run("similar", folder, "docs/a.txt", "--where", '{"year": 1}').stdout
    assert "fit --where?" in nothing
    assert "no document 'docs/zzz.txt'" in error_of(run("similar", folder, "docs/zzz.txt", code=1))


def test_nothing_found_has_a_reason(folder, run):
    where = json.dumps({"year": 1800})
    assert "fit --where?" in run("search", folder, QUESTION, "--where", where).stdout


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("{year: 1}", "not JSON"),
        ("[1]", "not a JSON object"),
        ("", "not JSON"),
        ("[" * 99_999, "not JSON"),
    ],
)
def test_where_that_is_no_json_is_a_usage_error(folder, run, where, message):
    stderr = run("search", folder, QUESTION, "--where", where, code=2).stderr
    assert message in " ".join(stderr.replace("│", "").split())


def test_where_with_an_unknown_operator(folder, run):
    where = json.dumps({"year": {"$around": 1}})
    result = run("search", folder, QUESTION, "--where", where, code=1)
    assert "Unknown operator '$around'" in error_of(result)


@pytest.mark.parametrize(
    "options", [("-k", "0"), ("--mode", "fuzzy"), ("--level", "word"), ("-x",)]
)
def test_impossible_options_are_usage_errors(folder, run, options):
    assert "Usage:" in run("search", folder, QUESTION, *options, code=2).stderr


@pytest.mark.parametrize("command", ["search", "info", "verify"])
def test_folders_that_are_no_index(tmp_path, encoders, run, command):
    question = (QUESTION,) if command == "search" else ()
    for folder, reason in ((tmp_path, "is not an index"), (tmp_path / "nowhere", "does not exist")):
        result = run(command, folder, *question, code=1)
        assert f"{str(folder)!r} {reason}" in error_of(result)
        assert result.stdout == ""
    assert not (tmp_path / "nowhere").exists()


def test_an_encoder_without_a_name_leaves_lexical_search(folder, tmp_path, encoders, run, run_json):
    encoder = WordEncoder()
    encoder.model_name = None
    with DocumentIndex.create(tmp_path / "nameless", encoder) as index:
        index.add([("a", "purple needle")])
    assert "--mode lexical" in error_of(run("search", tmp_path / "nameless", QUESTION, code=1))
    assert run_json("search", tmp_path / "nameless", QUESTION, "--mode", "lexical")["hits"]
    assert "without a name" in run("info", tmp_path / "nameless").stdout


def test_texts_cannot_steer_the_terminal(tmp_path, encoders, run):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.txt").write_text("\x1b[2Jneedle [bold]x[/bold] :smile:\x07 中文" + " 中" * 100)
    run("index", docs, "--into", tmp_path / "index")
    stdout = run("search", tmp_path / "index", "needle").stdout
    assert "\x1b" not in stdout
    assert "\x07" not in stdout
    assert "[bold]x[/bold] :smile:" in stdout


def test_names_cannot_steer_the_terminal(tmp_path, encoders, run):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.txt").write_text("needle")
    (docs / "b\x1b[2J\n.xyz").write_text("needle")
    result = run("index", docs, "--into", tmp_path / "index")
    assert "docs/b\\x1b[2J\\n.xyz: files of type" in result.stderr
    assert "\x1b" not in result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="names there are text")
def test_an_index_folder_whose_name_is_no_text(root, tmp_path, encoders, run, run_json):
    folder = tmp_path / os.fsdecode(b"index\xff")
    for _ in range(2):
        assert run_json("index", root, "--into", folder)["n_documents"] == 4
        assert run_json("info", folder)["n_documents"] == 4
    assert "is whole: 4 documents" in run("verify", folder).stdout
    assert run_json("search", folder, QUESTION)["hits"][0]["id"] == "docs/a.txt"


@pytest.mark.parametrize(
    "value", ["1e999", "9" * 500, "[" * 80 + "]" * 80, "[" * 900 + "]" * 900, '"\\ud800"']
)
def test_rows_that_no_index_takes_are_listed(tmp_path, encoders, run_json, value):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.jsonl").write_text(f'{{"text": "x", "a": {value}}}\n{{"text": "y"}}\n')
    report = run_json("index", docs, "--into", tmp_path / "index")
    assert report["added"] == 1
    ((path, reason),) = [tuple(item.values()) for item in report["left_out"]]
    assert path == "docs/a.jsonl"
    assert reason.startswith("row 1: ")


# --- info and verify -----------------------------------------------------------------------------


def test_info(folder, run, run_json):
    stdout = run("info", folder).stdout
    assert "words, vectors of 64" in stdout
    info = run_json("info", folder)
    assert (info["n_documents"], info["model_name"], info["lexical"]) == (4, "words", True)


def test_verify_names_damaged_files_and_exits_with_1(folder, run, run_json):
    assert "is whole: 4 documents" in run("verify", folder).stdout
    assert run_json("verify", folder)["damage"] == []
    sources = (folder / "sources.json").read_bytes()
    for damaged in (sources[:-1], sources.replace(b"docs", b"docx", 1)):
        (folder / "sources.json").write_bytes(damaged)
        assert "sources.json' is damaged" in run("verify", folder, code=1).stdout
    (folder / "sources.json").write_bytes(sources)
    content = bytearray((folder / "vectors.f32").read_bytes())
    content[100] ^= 1
    (folder / "vectors.f32").write_bytes(content)
    assert "vectors.f32" in run("verify", folder, code=1).stdout
    answer = json.loads(run("verify", folder, "--json", code=1).stdout)
    assert "vectors.f32" in answer["damage"][0]
    assert "vectors.f32" in error_of(run("info", folder, code=1))


@pytest.mark.parametrize("ledger", ["flipped", "cut", "removed", "whole"])
def test_verify_names_every_damaged_file_of_an_index_that_does_not_open(folder, run, ledger):
    content = (folder / "vectors.f32").read_bytes()
    (folder / "vectors.f32").write_bytes(content[:-1])
    (folder / "documents.f32").unlink()
    path = folder / "ledger.sqlite"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    if ledger == "removed":
        path.unlink()
    elif ledger != "whole":
        path.write_bytes(content if ledger == "flipped" else content[:100])
    result = run("verify", folder, "--json", code=1)
    answer = json.loads(result.stdout)
    assert answer["n_documents"] is None
    for name, reason in (("vectors.f32", "bytes"), ("documents.f32", "is missing")):
        assert any(name in finding and reason in finding for finding in answer["damage"])
    assert any("ledger.sqlite" in finding for finding in answer["damage"]) == (ledger != "whole")
    assert run("verify", folder, code=1).stdout.splitlines() == answer["damage"]


# --- encode --------------------------------------------------------------------------------------


def test_encode_to_a_file(root, tmp_path, encoders, run):
    out = tmp_path / "vectors.npy"
    assert "4 vectors of 64" in run("encode", root, "--out", out).stdout
    vectors = np.load(out)
    names = [json.loads(line) for line in (tmp_path / "vectors.ids.jsonl").open()]
    assert vectors.shape == (4, 64)
    assert vectors.dtype == np.float32
    assert [name["row"] for name in names] == [0, 1, 2, 3]
    assert [name["id"] for name in names] == ["docs/a.txt", "old", "new", "docs/sub/b.md"]
    expected = encoders[-1].encode_document([(root / "a.txt").read_text()])
    np.testing.assert_array_equal(vectors[:1], expected)
    assert {path.name for path in tmp_path.iterdir()} == {
        "docs",
        "vectors.npy",
        "vectors.ids.jsonl",
    }


def test_encode_passages_to_a_file(root, tmp_path, encoders, run):
    run("encode", root / "a.txt", "--out", tmp_path / "v.npy", "--passages")
    names = [json.loads(line) for line in (tmp_path / "v.ids.jsonl").open()]
    assert names[0] == {"row": 0, "id": "docs/a.txt"}
    text = (root / "a.txt").read_text()
    assert "".join(text[name["start"] : name["end"]] for name in names[1:]) == text
    assert len(np.load(tmp_path / "v.npy")) == len(names) == 4


def test_encode_to_json_lines(root, encoders, run):
    lines = run("encode", root, "--json", "--passages").stdout.splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["id"] for record in records] == ["docs/a.txt", "old", "new", "docs/sub/b.md"]
    assert len(records[0]["vector"]) == 64
    first = records[0]["passages"][0]
    assert (first["start"], first["end"], len(first["vector"])) == (0, 12, 64)


def test_encode_stdin(encoders, run):
    (line,) = run("encode", "-", "--json", input="é needle").stdout.splitlines()
    record = json.loads(line)
    np.testing.assert_allclose(
        record["vector"], encoders[-1].encode_document(["é needle"])[0], rtol=1e-6
    )
    result = run("encode", "-", "--json", input=b"\xff\xfe", code=1)
    assert "stdin is not UTF-8: byte 0xff at 0" in error_of(result)


def test_encode_usage(root, tmp_path, encoders, run):
    out = tmp_path / "v.npy"
    assert "one of" in run("encode", root, code=2).stderr
    assert "one of" in run("encode", root, "--out", out, "--json", code=2).stderr
    assert ".npy" in run("encode", root, "--out", tmp_path / "v.txt", code=2).stderr
    assert "stands alone" in run("encode", "-", root, "--json", code=2).stderr
    result = run("encode", root, "--out", tmp_path / "nowhere" / "v.npy", code=1)
    assert "there is no folder" in error_of(result)
    assert encoders == []


# --- the rest ------------------------------------------------------------------------------------


def test_models(run, run_json):
    assert "kiddothe2b/longformer-mini-1024" in run("models").stdout
    models = run_json("models")
    assert models[0]["name"] == "minilm"
    assert models[0]["hub_id"] is None
    assert "100 languages; comes from PyPI" in models[1]["summary"]


def test_version_and_help(run):
    assert run("--version").stdout == f"vectorlong {__version__}\n"
    for command in (
        "demo",
        "index",
        "search",
        "similar",
        "encode",
        "info",
        "verify",
        "convert",
        "models",
    ):
        assert command in run("--help").stdout
        assert "--json" in run(command, "--help").stdout


def test_convert_says_what_is_wrong(tmp_path, run):
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    result = run("convert", tmp_path, tmp_path / "out", code=1)
    assert error_of(result).startswith("Error:")
    assert not (tmp_path / "out").exists()
