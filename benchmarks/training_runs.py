"""What the benchmarks of training share: runs of recipes, their figures, files read and written."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from vectorlong.training.config import read_config
from vectorlong.training.job import Job
from vectorlong.training.recipes import find_recipe
from vectorlong.training.run import run_job
from vectorlong.training.run_folder import RunFolder

Row = dict[str, Any]

# Set by --steps: enough to see that a task runs.
fewer_steps: list[int] = []


def steps(number: int | None) -> int | None:
    """Give how many steps a run has, or the few that were asked for."""
    return fewer_steps[0] if fewer_steps else number


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
    given = [f"{name}={json.dumps(value)}" for name, value in settings.items() if value is not None]
    config = read_config(recipe.config, file, given, recipe.presets)
    run = RunFolder(task, config)
    finished = run.result()
    if finished is None:
        result = run_job(run, config, recipe.prepare(config))
        finished = {"figures": result.figures, "step": result.step}
    entries = [json.loads(line) for line in run.log.read_text("utf-8").splitlines()]
    first = next(entry for entry in entries if "eval_loss" in entry)
    return {
        "notes": entries[0],
        "first": {name: value for name, value in first.items() if name.startswith("eval_")},
        "best": finished["figures"],
        "step": finished["step"],
        "minutes": round(entries[-1]["seconds"] / 60, 1),
    }


def tested(task: str, folder: Path, **settings: Any) -> dict[str, float]:
    """Give the figures of a run's best model on other data."""
    return _evaluated(task, folder, {**settings, "model.name": str(folder / "model")})


def untrained(task: str, folder: Path, **settings: Any) -> dict[str, float]:
    """Give the figures of the model that a run begins with."""
    return _evaluated(task, folder, settings)


def _evaluated(task: str, folder: Path, settings: Row) -> dict[str, float]:
    recipe = find_recipe(task)
    given = [f"{name}={json.dumps(value)}" for name, value in settings.items() if value is not None]
    config = read_config(recipe.config, folder.with_suffix(".toml"), given, recipe.presets)
    job: Job = recipe.prepare(config)
    with torch.no_grad():
        return job.evaluate(job.model.eval())


def show(name: str, figures: Row) -> None:
    shown = {
        key.removeprefix("eval_"): round(value, 4) if isinstance(value, float) else value
        for key, value in figures.items()
    }
    print(f"  {name:<46}" + "  ".join(f"{key} {value}" for key, value in shown.items()), flush=True)
