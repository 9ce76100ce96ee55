"""Training from a table and telling classes of files, with the embedded model."""

import csv
import itertools
import json
import sys

import pytest

from tests.classify.encoders import tiny_encoder
from tests.cli.test_commands import error_of
from tests.files.sheets import rows, sheet, write_xlsx
from vectorlong.classify import DocumentClassifier

_SPORT = ["team", "match", "goal", "league", "coach", "player", "final", "season"]
_FOOD = ["onion", "butter", "oven", "dough", "garlic", "sauce", "recipe", "flour"]


@pytest.fixture(autouse=True)
def own_vector_cache(tmp_path, monkeypatch):
    """Vectors of these texts do not stay on the machine; the converted model is shared."""
    own = tmp_path / "vectors"
    monkeypatch.setattr("vectorlong.classify.vectorizer.vectors_folder", lambda: own)


def write_table(path, n_each=6, labels=("sport", "food")):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["review", "kind", "n"])
        for words, label in zip((_SPORT, _FOOD), labels, strict=True):
            for chosen in itertools.islice(itertools.combinations(words, 4), n_each):
                writer.writerow([f"It is about {' and '.join(chosen)}.", label, 1])
    return path


@pytest.fixture
def table(tmp_path):
    return write_table(tmp_path / "table.csv")


def train(table, *more):
    return ("classify", "train", table, "--text", "review", "--label", "kind", *more)


def test_train_and_predict(table, tmp_path, run, run_json):
    model = tmp_path / "model.skops"
    result = run(*train(table, "--into", model))
    assert "On 3 texts held out: accuracy 1.000" in result.stdout
    assert "Rows: true; columns: predicted" in result.stdout
    assert "minilm is the default because" in result.stderr
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.txt").write_text("The player scored a goal in the final match of the season.")
    (docs / "b.md").write_text("Fry the garlic in butter, then add the sauce.")
    (docs / "c.png").write_bytes(b"x")
    answer = run_json("classify", "predict", model, docs)
    found = {one["id"]: one for one in answer["predictions"]}
    assert {name: one["label"] for name, one in found.items()} == {
        "docs/a.txt": "sport",
        "docs/b.md": "food",
    }
    assert sum(found["docs/a.txt"]["probabilities"].values()) == pytest.approx(1)
    assert answer["left_out"][0]["path"] == "docs/c.png"
    lines = run("classify", "predict", model, docs).stdout.splitlines()
    assert lines[0].split() == ["Document", "Class", "Probability"]
    assert lines[1].split()[:2] == ["docs/a.txt", "sport"]


def test_a_workbook_of_labelled_rows(table, tmp_path, run, run_json):
    """A sheet beside the labelled rows is a text without a label, and is told a class, too."""
    with table.open(encoding="utf-8", newline="") as file:
        labelled = [[*row[:2], "x"] for row in csv.reader(file)]
    notes = {1: ["The coach and the player of the league."]}
    sheets = {"Reviews": sheet(rows(*labelled)), "Notes": sheet(notes)}
    book, model = write_xlsx(tmp_path / "book.xlsx", sheets), tmp_path / "model.skops"
    result = run(*train(book, "--into", model))
    assert "Left out 1 text without a label." in result.stderr
    assert "On 3 texts held out: accuracy 1.000" in result.stdout
    answer = run_json("classify", "predict", model, book, "--text-column", "review")
    found = {one["id"].rpartition("/")[2]: one["label"] for one in answer["predictions"]}
    assert found["book.xlsx#Reviews!2"] == found["book.xlsx"] == "sport"
    assert found["book.xlsx#Reviews!13"] == "food"
    assert len(found) == 13


def test_train_as_json(table, tmp_path, run_json):
    answer = run_json(*train(table, "--into", tmp_path / "model.skops"))
    assert answer["n_texts"] == 12
    held_out = answer["held_out"]
    assert held_out["n_texts"] == 3
    assert [one["label"] for one in held_out["classes"]] == ["food", "sport"]
    assert sum(map(sum, held_out["confusion"])) == 3


def test_labels_that_are_numbers(tmp_path, run, run_json):
    table = write_table(tmp_path / "table.csv", labels=(1, 0))
    run(*train(table, "--into", tmp_path / "model.skops"))
    answer = run_json(
        "classify", "predict", tmp_path / "model.skops", table, "--text-column", "review"
    )
    assert {one["label"] for one in answer["predictions"]} == {0, 1}


def test_tables_nothing_can_be_learnt_from(table, tmp_path, run):
    into = ("--into", tmp_path / "model.skops")
    wrong = ("classify", "train", table, "--text", "review", "--label", "genre", *into)
    result = run(*wrong, code=1)
    assert "No text has a label in column 'genre'. Other columns: kind, n." in error_of(result)
    result = run("classify", "train", table, "--text", "body", "--label", "kind", *into, code=1)
    assert "its columns are: review, kind, n" in result.stderr
    small = write_table(tmp_path / "small.csv", n_each=2)
    assert "Class 'sport' has 2 texts; at least 3" in error_of(run(*train(small, *into), code=1))
    one_class = write_table(tmp_path / "one.csv", labels=("same", "same"))
    assert "one class only, 'same'" in error_of(run(*train(one_class, *into), code=1))
    assert not (tmp_path / "model.skops").exists()


def test_texts_without_a_label_are_left_out_and_counted(table, tmp_path, run_json, run):
    with table.open("a") as file:
        file.write("A text of no kind,,1\n")
    result = run(*train(table, "--into", tmp_path / "model.skops", "--json"))
    assert json.loads(result.stdout)["n_texts"] == 12
    assert "Left out 1 text without a label." in result.stderr


def test_an_unclosed_quote_costs_its_row_alone(table, tmp_path, run, monkeypatch):
    """And is named; by the rules of others it would take all rows up to the next quote with it."""
    monkeypatch.setattr(
        "vectorlong.cli.classify.build_encoder", lambda _: tiny_encoder(tmp_path / "tiny")
    )
    trained = []
    fit = DocumentClassifier.fit
    monkeypatch.setattr(
        DocumentClassifier,
        "fit",
        lambda self, texts, labels: trained.append((texts, labels)) or fit(self, texts, labels),
    )
    header, *rows = table.read_text().splitlines()
    rows[4:4] = ['"It is about a team and a coach.,sport,1']
    rows.append('"It is about ""dough"", and a sauce.",food,1')
    table.write_text("\n".join([header, *rows]))
    result = run(*train(table, "--into", tmp_path / "model.skops"))
    assert "table.csv: row 5: line 6 opens a quote that is not closed" in result.stderr
    texts, labels = trained[-1]
    assert (labels.count("sport"), labels.count("food")) == (6, 7)
    assert texts[-1] == 'It is about "dough", and a sauce.'
    assert all(text.startswith("It is about ") and "\n" not in text for text in texts)


def test_places_that_cannot_be(table, tmp_path, run):
    assert "is a folder" in error_of(run(*train(table, "--into", tmp_path), code=1))
    nowhere = tmp_path / "nowhere" / "model"
    assert "there is no folder" in error_of(run(*train(table, "--into", nowhere), code=1))
    result = run("classify", "predict", nowhere, table, "--text-column", "review", code=1)
    assert "nowhere" in error_of(result)
    result = run("classify", "predict", table, table, "--text-column", "review", code=1)
    assert "table.csv" in error_of(result)


def test_the_cache_has_a_limit(table, tmp_path, run, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "vectorlong.vector_cache.vector_cache.trim", lambda *told: seen.append(told)
    )
    model = tmp_path / "model"
    run(*train(table, "--into", model, "--max-cache-bytes", 5_000_000))
    predict = ("classify", "predict", model, table, "--text-column")
    run(*predict, "kind", "--max-cache-bytes", 6_000_000)
    run(*predict, "n")
    folder = tmp_path / "vectors"
    assert set(seen) == {(folder, 5_000_000), (folder, 6_000_000), (folder, 2**31)}


def test_labels_and_names_cannot_steer_the_terminal(tmp_path, run):
    table = write_table(tmp_path / "table.csv", labels=("sport\x1b[2J", "food"))
    model = tmp_path / "model"
    trained = run(*train(table, "--into", model)).stdout
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a\x1b[2J.txt").write_text("The player scored a goal in the final match.")
    predicted = run("classify", "predict", model, tmp_path / "docs").stdout
    assert "\x1b" not in trained + predicted
    assert trained.count("sport\\x1b[2J") == 2
    assert predicted.count("\\x1b[2J") == 2


def test_a_missing_extra_is_said_before_anything_is_read(tmp_path, run, monkeypatch):
    monkeypatch.setitem(sys.modules, "skops.io", None)
    nowhere = tmp_path / "nowhere.csv"
    way_out = "Saving and loading a classifier needs an optional package. Install it with: pip inst"
    assert way_out in error_of(run(*train(nowhere, "--into", tmp_path / "model"), code=1))
    assert way_out in error_of(run("classify", "predict", nowhere, nowhere, code=1))


def test_many_classes_list_the_commonest_confusions(capsys):
    from vectorlong.cli.classify import _print_report, _report

    names = [f"class {number:02}" for number in range(15)]
    expected = [*names, "class 03", "class 03"]
    predicted = [*names, "class 04", "class 04"]
    _print_report(_report(expected, predicted))
    assert "class 03 for class 04: 2" in capsys.readouterr().out


def write_rows(path, name, change):
    lines = [
        json.dumps({"review": f"It is about {' and '.join(chosen)}.", name: change(label)})
        for words, label in ((_SPORT, "sport"), (_FOOD, "food"))
        for chosen in itertools.islice(itertools.combinations(words, 4), 6)
    ]
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("change", [lambda label: [label], lambda label: {"name": label}])
def test_labels_that_are_lists_or_objects(tmp_path, run, change):
    table = write_rows(tmp_path / "table.jsonl", "kind", change)
    message = error_of(run(*train(table, "--into", tmp_path / "model"), code=1))
    assert "table.jsonl#1' in column 'kind' is" in message
    assert "Write one label a row" in message


def test_a_label_column_called_file(tmp_path, run_json):
    table = write_rows(tmp_path / "table.jsonl", "file", str)
    into = ("--label", "file", "--into", tmp_path / "model")
    answer = run_json("classify", "train", table, "--text", "review", *into)
    assert [one["label"] for one in answer["held_out"]["classes"]] == ["food", "sport"]


def test_a_saved_encoder_counts_with_its_options(table, tmp_path, run_json):
    from vectorlong.classify import DocumentClassifier

    encoder = tiny_encoder(tmp_path / "tiny", normalize=True)
    encoder.save(tmp_path / "saved")
    model = tmp_path / "model"
    run_json(*train(table, "--into", model, "--model", tmp_path / "saved"))
    assert DocumentClassifier.load(model).vectorizer_.fingerprint_ == encoder.fingerprint
    run_json("classify", "predict", model, table, "--text-column", "review")


def test_a_model_file_that_cannot_be_written(table, tmp_path, run):
    into = tmp_path / ("long" * 100)
    message = error_of(run(*train(table, "--into", into), code=1))
    assert "Cannot write the model file" in message
