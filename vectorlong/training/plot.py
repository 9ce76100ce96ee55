"""Curves of a run: the loss of each step, and the figures of each evaluation."""

from __future__ import annotations

from pathlib import Path

from vectorlong.extras import import_extra
from vectorlong.training.log import read_log


def plot_curves(log: Path, picture: Path) -> None:
    """Draw a log's curves, one panel a figure.

    Parameters
    ----------
    log
        A run's ``log.jsonl``.
    picture
        File to write; its suffix says the format.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    matplotlib = import_extra("train", "matplotlib")
    matplotlib.use("Agg")
    figure_class = import_extra("train", "matplotlib.figure").Figure
    entries = read_log(log)
    names = list(
        dict.fromkeys(name for entry in entries for name in entry if name.startswith("eval_"))
    )
    panels = [("loss", "eval_loss"), *((name,) for name in names if name != "eval_loss")]
    drawing = figure_class(figsize=(4.5 * len(panels), 3.2), layout="constrained")
    for axes, curves in zip(
        drawing.subplots(1, len(panels), squeeze=False)[0], panels, strict=True
    ):
        for name in curves:
            points = [(entry["step"], entry[name]) for entry in entries if name in entry]
            is_evaluation = name.startswith("eval_")
            label = "evaluation" if is_evaluation else "training"
            axes.plot(*zip(*points, strict=True), marker="o" if is_evaluation else "", label=label)
        axes.set_title(curves[-1].removeprefix("eval_").replace("_", " "))
        axes.set_xlabel("step")
        axes.grid(alpha=0.3)
        if len(curves) > 1:
            axes.legend()
    drawing.savefig(picture, dpi=150)
