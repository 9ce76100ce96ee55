"""What is written while a model is trained: a line of JSON for each entry, and how far it is."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from tqdm import tqdm
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from vectorlong.disk import replace_bytes

_LEFT_OUT = {"epoch", "total_flos", "train_runtime", "train_samples_per_second"} | {
    "train_steps_per_second",
    "train_loss",
}


class TrainingLog(TrainerCallback):
    """Appends entries to a file.

    Parameters
    ----------
    path
        JSON lines; what it holds of later steps than ``step`` is removed, for they come again.
    step
        Where the run goes on.
    progress
        Shows how far it is.
    """

    def __init__(self, path: Path, step: int, progress: tqdm) -> None:
        self._path, self._progress = path, progress
        kept = [entry for entry in read_log(path) if step > 0 and entry["step"] <= step]
        # What the run took before it was stopped counts, too.
        self._began = time.monotonic() - (kept[-1]["seconds"] if kept else 0.0)
        lines = "".join(json.dumps(entry) + "\n" for entry in kept)
        replace_bytes(path, lines.encode())
        progress.update(step)

    def write(self, step: int, figures: dict[str, Any]) -> None:
        """Append one entry."""
        entry = {"step": step, "seconds": round(time.monotonic() - self._began, 1), **figures}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **others: Any,
    ) -> None:
        """Write what the trainer logs."""
        figures = {name: value for name, value in (logs or {}).items() if name not in _LEFT_OUT}
        if figures:
            self.write(state.global_step, figures)
            shown = {name: f"{value:.4g}" for name, value in figures.items() if "loss" in name}
            self._progress.set_postfix(shown, refresh=False)

    def on_step_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **others: Any,
    ) -> None:
        """Count a step."""
        self._progress.update()


def read_log(path: Path) -> list[dict[str, Any]]:
    """Read a log; a last line that a kill cut off is left out."""
    if not path.is_file():
        return []
    entries = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entries.append(json.loads(line))
        except ValueError:
            continue
    return entries
