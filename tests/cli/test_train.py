"""``vectorlong train``: a file in, a model out; the same command goes on, or tells."""

import json
import subprocess
import sys

import pytest

from tests.cli.test_commands import error_of
from tests.models import write_longformer
from vectorlong import Longformer2Vec
from vectorlong.training.recipes import RECIPES


@pytest.fixture
def texts(tmp_path):
    write_longformer(tmp_path / "model", max_position_embeddings=130)
    rows = [{"body": f"token {'window' if n % 2 else 'text'}", "kind": n % 2} for n in range(12)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "train.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "c.toml").write_text(
        'output = "run"\nmodel.name = "model"\n\n[data]\ntrain = ["*.jsonl"]\ntext = "body"\n'
        'label = "kind"\n\n[training]\nmax_steps = 2\n',
        encoding="utf-8",
    )
    return tmp_path


def test_a_model_is_trained_and_told_of(texts, run, monkeypatch):
    monkeypatch.chdir(texts)
    result = run("train", "classify", "c.toml", "--plot", "--json")
    told = json.loads(result.stdout)
    assert told["model"] == "run/model"
    assert {"step", "eval_accuracy", "eval_macro_f1", "eval_loss"} <= set(told)
    assert (texts / "run" / "curves.png").is_file()
    assert Longformer2Vec("run/model").encode("A text.").shape == (32,)
    again = run("train", "classify", "c.toml")
    assert "finished; nothing was done" in again.stderr
    assert "macro f1" in again.stdout


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_examples(recipe, run):
    result = run("train", recipe.name, "--example")
    assert "[training]\n" in result.stdout


def test_errors_are_one_line(texts, run, monkeypatch):
    monkeypatch.chdir(texts)
    assert "TASK='mln' is not valid. Valid values: 'mlm'" in error_of(
        run("train", "mln", "c.toml", code=1)
    )
    assert "--example > mlm.toml" in error_of(run("train", "mlm", code=1))
    said = error_of(run("train", "classify", "c.toml", "--set", "data.lable=x", code=1))
    assert "--set 'data.lable=x': the key is not known. Did you mean label?" in said
    said = error_of(run("train", "classify", "c.toml", "--set", "data.label=no", code=1))
    assert "train.jsonl, row 1: there is no label in column 'no'" in said
    assert not (texts / "run").exists()  # nothing was begun
    (texts / "other").mkdir()
    (texts / "other" / "a").write_text("a")
    said = error_of(run("train", "classify", "c.toml", "--set", "output=other", code=1))
    assert "no training run" in said


@pytest.mark.slow
def test_a_process_that_is_killed_again_and_again_ends_with_the_same_bits(texts):
    """As often as it takes: each process lives longer than the one before."""
    command = [sys.executable, "-c", "from vectorlong.cli import main; main()", "train"]
    command += ["classify", "c.toml", "--set", "training.evaluate_every=1"]
    command += ["--set", "training.max_steps=40", "--set", "model.name='model'"]
    whole = [*command, "--set", "output='whole'"]
    subprocess.run(whole, cwd=texts, check=True, capture_output=True)
    n_kills = 0
    for attempt in range(100):
        process = subprocess.Popen(
            [*command, "--set", "output='killed'"],
            cwd=texts,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(timeout=4 + attempt * 0.37)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            n_kills += 1
        else:
            break
    assert process.returncode == 0
    assert n_kills >= 2
    one, other = (texts / name / "model" / "model.safetensors" for name in ("whole", "killed"))
    assert one.read_bytes() == other.read_bytes()
