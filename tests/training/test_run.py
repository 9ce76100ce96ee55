"""Runs: the same bits whether they were stopped or not, and folders that hold one run."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import LongformerForSequenceClassification, Trainer

from tests.models import longformer_config, randomize
from vectorlong.encoder.accelerate import accelerate
from vectorlong.errors import ConfigError
from vectorlong.training import run
from vectorlong.training.job import Draws, Job
from vectorlong.training.log import read_log
from vectorlong.training.plot import plot_curves
from vectorlong.training.run import run_job
from vectorlong.training.run_folder import RunFolder, complete_checkpoints
from vectorlong.training.sections import Config, TrainingSection

N_STEPS, EVERY = 9, 3


class Killed(BaseException):
    """Stands for a kill: nothing after it is done."""


def config(folder, **changes):
    values = {
        "max_steps": N_STEPS,
        "batch_size": 2,
        "accumulate": 2,
        "evaluate_every": EVERY,
        "log_every": EVERY,
        "learning_rate": 1e-3,
    }
    return Config(output=str(folder), training=TrainingSection(**{**values, **changes}))


def job(settings, dropout=0.1):
    torch.manual_seed(settings.training.seed)
    strengths = {"hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout}
    model = LongformerForSequenceClassification(longformer_config(vocab_size=50, **strengths))
    model = accelerate(randomize(model))
    examples = [torch.randint(3, 50, (20 + n,)) for n in range(7)]

    def collate(draws):
        # Random numbers of the draw itself, as masks are.
        rows = np.array([draw.generator().integers(3, 50, 24) for draw in draws])
        labels = [len(draw.example) % 2 for draw in draws]
        return {"input_ids": torch.tensor(rows), "labels": torch.tensor(labels)}

    def evaluate(model):
        return {"loss": float(model.longformer.embeddings.word_embeddings.weight.pow(2).mean())}

    return Job(
        model=model,
        examples=examples,
        collate=collate,
        evaluate=evaluate,
        metric="loss",
        greater_is_better=False,
        save=lambda trained, folder: trained.save_pretrained(folder),
        data_digest="d",
        notes={"baseline_loss": 1.0},
    )


def train(folder, **changes):
    settings = config(folder, **changes)
    return run_job(RunFolder("test", settings), settings, job(settings))


def weights(folder):
    return (folder / "model" / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "whole"
    train(folder)
    return folder


def entries(folder):
    return [
        {name: value for name, value in entry.items() if name != "seconds"}
        for entry in read_log(folder / "log.jsonl")
    ]


def after(n, function):
    """Call a function, and be killed after its ``n``-th call."""
    calls = []

    def wrapped(*arguments, **named):
        result = function(*arguments, **named)
        calls.append(1)
        if len(calls) == n:
            raise Killed
        return result

    return wrapped


@pytest.mark.parametrize(
    ("owner", "name", "n"),
    [
        (Trainer, "training_step", 2),  # before there is a checkpoint
        (Trainer, "training_step", 4 * 2 + 1),  # within an accumulated step after the first one
        (Trainer, "save_model", 2),  # while the second is written
        (Trainer, "_save_rng_state", 2),
        (run, "mark_complete", 2),  # just marked; the former ones are still there
        (Trainer, "training_step", 8 * 2),
        (run, "_write_model", 1),  # the model is written, the run not finished
        (run.RunFolder, "finish", 1),
    ],
)
def test_a_run_that_was_killed_ends_with_the_same_bits(
    owner, name, n, finished, tmp_path, monkeypatch
):
    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, after(n, getattr(owner, name)))
        with pytest.raises(Killed):
            train(folder)
    torch.rand(5)
    if name != "finish":
        train(folder)
    assert weights(folder) == weights(finished)
    assert entries(folder) == entries(finished)
    seconds = [entry["seconds"] for entry in read_log(folder / "log.jsonl")]
    assert seconds == sorted(seconds)
    assert not (folder / "checkpoints").exists()


def test_killed_at_every_checkpoint_at_least_the_last_one_is_complete(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "training_step", after(7 * 2, Trainer.training_step))
        with pytest.raises(Killed):
            train(folder)
    names = [path.name for path in complete_checkpoints(folder / "checkpoints")]
    assert names[-1] == "checkpoint-6"
    assert len(names) <= 2  # the best and the last


def test_the_result_is_the_best_evaluation(finished):
    facts = json.loads((finished / "run.json").read_text())
    evaluated = {
        entry["step"]: entry["eval_loss"] for entry in entries(finished) if "eval_loss" in entry
    }
    assert sorted(evaluated) == [0, 3, 6, 9]
    best = min((3, 6, 9), key=evaluated.get)
    assert facts["result"] == {"figures": {"eval_loss": evaluated[best]}, "step": best}
    assert entries(finished)[0] == {"step": 0, "baseline_loss": 1.0}


def test_a_folder_holds_one_run(finished, tmp_path):
    with pytest.raises(ConfigError, match=r"another run: training\.seed was 0 and is 1\. Name a"):
        RunFolder("test", config(finished, seed=1))
    with pytest.raises(ConfigError, match="its task is 'test'"):
        RunFolder("other", config(finished))
    assert RunFolder("test", config(finished)).result()["step"] in (3, 6, 9)
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("a")
    with pytest.raises(ConfigError, match="no training run"):
        RunFolder("test", config(tmp_path / "letters"))
    with pytest.raises(ConfigError, match="is a file"):
        RunFolder("test", config(tmp_path / "letters" / "a.txt"))


def test_other_data_are_another_run(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "training_step", after(1, Trainer.training_step))
        with pytest.raises(Killed):
            train(folder)
    settings = config(folder)
    changed = job(settings)
    changed.data_digest = "e"
    with pytest.raises(ConfigError, match="other data"):
        run_job(RunFolder("test", settings), settings, changed)


@pytest.mark.parametrize("content", ["", "{", '{"format_version": "1"}', "[]"])
def test_a_damaged_run_file(tmp_path, content):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(ConfigError, match="damaged"):
        RunFolder("test", config(tmp_path))


def test_every_epoch_has_every_example_in_another_order():
    draws = Draws(list("abcdefgh"), 24, seed=3)
    epochs = ["".join(draws[n].example for n in range(first, first + 8)) for first in (0, 8, 16)]
    assert all(sorted(epoch) == list("abcdefgh") for epoch in epochs)
    assert len(set(epochs)) == 3
    assert [draws[n].example for n in (20, 3)] == [epochs[2][4], epochs[0][3]]
    numbers = draws[5].generator().random(3)
    assert (numbers == Draws(list("abcdefgh"), 24, seed=3)[5].generator().random(3)).all()
    assert (numbers != draws[6].generator().random(3)).all()


def test_curves_are_drawn(finished, tmp_path):
    plot_curves(finished / "log.jsonl", tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_gradients_are_the_same_where_they_are_checkpointed(tmp_path):
    losses = []
    for name, is_checkpointed in (("a", False), ("b", True)):
        settings = config(
            tmp_path / name, max_steps=3, log_every=1, gradient_checkpointing=is_checkpointed
        )
        run_job(RunFolder("test", settings), settings, job(settings, dropout=0.0))
        logged = read_log(tmp_path / name / "log.jsonl")
        losses.append([entry["loss"] for entry in logged if "loss" in entry])
    assert len(losses[0]) == 3
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_paths_are_expanded():
    settings = config("~/no-such-folder-here")
    assert RunFolder("test", settings).path == Path.home() / "no-such-folder-here"
