"""What training brings on real documents: each task beside its baselines, in one run.

    python benchmarks/training.py TASK --data FOLDER --into FOLDER

TASK is one of those below, or "all", which takes hours on two cores. Runs are kept in --into, and
go on there where they were stopped. docs/training.md discusses the figures.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import f1_score

from vectorlong import Longformer2Vec
from vectorlong.training.config import read_config
from vectorlong.training.recipes import find_recipe
from vectorlong.training.run import RunFolder, run_job

Row = dict[str, Any]


def lines(path: Path) -> list[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def write(path: Path, records: Iterable[Row]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)


def train(task: str, folder: Path, **settings: Any) -> Row:
    """Run a recipe, and give its best figures, its first ones, and the time it took."""
    recipe = find_recipe(task)
    file = folder.with_suffix(".toml")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"output = {json.dumps(str(folder))}\n", encoding="utf-8")
    given = [f"{name}={json.dumps(value)}" for name, value in settings.items()]
    config = read_config(recipe.config, file, given, recipe.presets)
    run = RunFolder(task, config)
    began = time.monotonic()
    finished = run.result()
    if finished is None:
        result = run_job(run, config, recipe.prepare(config))
        finished = {"figures": result.figures, "step": result.step}
    entries = [json.loads(line) for line in run.log.read_text("utf-8").splitlines()]
    first = next(entry for entry in entries if "eval_loss" in entry)
    return {
        "first": {name: value for name, value in first.items() if name.startswith("eval_")},
        "best": finished["figures"],
        "step": finished["step"],
        "minutes": round((time.monotonic() - began) / 60, 1),
    }


def tested(task: str, folder: Path, **settings: Any) -> dict[str, float]:
    """Give the figures of a run's best model on other data."""
    recipe = find_recipe(task)
    file = folder.with_suffix(".toml")
    given = [f"{name}={json.dumps(value)}" for name, value in settings.items()]
    given.append(f"model.name={json.dumps(str(folder / 'model'))}")
    job = recipe.prepare(read_config(recipe.config, file, given, recipe.presets))
    with torch.no_grad():
        return job.evaluate(job.model.eval())


def show(name: str, figures: Row) -> None:
    shown = {
        key.removeprefix("eval_"): round(value, 4) if isinstance(value, float) else value
        for key, value in figures.items()
    }
    print(f"  {name:<46}" + "  ".join(f"{key} {value}" for key, value in shown.items()), flush=True)


def hyperpartisan(data: Path, into: Path) -> None:
    """Fine-tuned on whole articles, beside a linear head over the same model's frozen vectors."""
    rows = lines(data / "hyperpartisan" / "data.jsonl.gz")
    splits = {
        split: [
            {"text": row["text"], "label": row["label"]} for row in rows if row["split"] == split
        ]
        for split in ("train", "test")
    }
    encoder = Longformer2Vec("minilm")
    vectors = {
        split: encoder.encode([row["text"] for row in part]) for split, part in splits.items()
    }
    labels = {split: [row["label"] for row in part] for split, part in splits.items()}
    frozen = LogisticRegressionCV(max_iter=2000).fit(vectors["train"], labels["train"])
    predicted = frozen.predict(vectors["test"])
    show(
        "frozen vectors, logistic regression",
        {
            "accuracy": float(np.mean(predicted == np.array(labels["test"]))),
            "macro_f1": float(f1_score(labels["test"], predicted, average="macro")),
        },
    )
    # Which step is best, some of the training documents say; the test documents are for once.
    order = np.random.default_rng(0).permutation(len(splits["train"]))
    held_out = [splits["train"][number] for number in order[:60]]
    learnt = [splits["train"][number] for number in order[60:]]
    settings = {
        "data.train": [write(into / "hyperpartisan-train.jsonl", learnt)],
        "task.length": 1024,
        "training.learning_rate": 5e-5,
        "training.batch_size": 4,
        "training.accumulate": 2,
        "training.epochs": 5,
    }
    chosen = write(into / "hyperpartisan-held-out.jsonl", held_out)
    run = train("classify", into / "hyperpartisan", **settings, **{"data.eval": [chosen]})
    show("fine-tuned, on the 60 documents held out", {**run["best"], "step": run["step"]})
    test = write(into / "hyperpartisan-test.jsonl", splits["test"])
    figures = tested("classify", into / "hyperpartisan", **settings, **{"data.eval": [test]})
    show("fine-tuned", {**figures, "minutes": run["minutes"]})


def csabstruct(data: Path, into: Path) -> None:
    """Sentences of abstracts in one pass, beside the same head that sees one sentence at a time."""
    splits = {
        split: lines(data / "csabstruct" / f"{split}.jsonl.gz")
        for split in ("train", "dev", "test")
    }
    together = {
        split: [{"sentences": row["sentences"], "labels": row["labels"]} for row in rows]
        for split, rows in splits.items()
    }
    alone = {
        split: [
            {"sentences": [sentence], "labels": [label]}
            for row in rows
            for sentence, label in zip(row["sentences"], row["labels"], strict=True)
        ]
        for split, rows in together.items()
    }
    # As many sentences a step, and as many epochs.
    for name, documents, batch_size in (("alone", alone, 48), ("together", together, 8)):
        files = {
            split: write(into / f"csabstruct-{name}-{split}.jsonl", rows)
            for split, rows in documents.items()
        }
        settings = {
            "data.train": [files["train"]],
            "task.length": 1024,
            "training.learning_rate": 1e-4,
            "training.batch_size": batch_size,
            "training.epochs": 3,
        }
        folder = into / f"csabstruct-{name}"
        run = train("sentences", folder, **settings, **{"data.eval": [files["dev"]]})
        figures = tested("sentences", folder, **settings, **{"data.eval": [files["test"]]})
        show(f"sentences {name}", {**figures, "step": run["step"], "minutes": run["minutes"]})


TASKS: dict[str, Callable[[Path, Path], None]] = {
    "csabstruct": csabstruct,
    "hyperpartisan": hyperpartisan,
}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=[*TASKS, "all"])
    parser.add_argument("--data", type=Path, default=os.environ.get("VECTORLONG_DATA"))
    parser.add_argument("--into", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.data is None or not Path(arguments.data).is_dir():
        print(f"The labelled documents are not at {str(arguments.data)!r}; nothing was trained.")
        return
    for name in TASKS if arguments.task == "all" else (arguments.task,):
        print(name, flush=True)
        TASKS[name](Path(arguments.data), arguments.into)


if __name__ == "__main__":
    main()
