"""Runs a job with the trainer of ``transformers``: logged, evaluated, and resumed after a kill."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn
from torch.utils.data import SequentialSampler
from transformers import (
    PrinterCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from vectorlong.disk import flush_folder
from vectorlong.progress import progress_bar
from vectorlong.training.job import Draws, Job, device_of
from vectorlong.training.log import TrainingLog, read_log
from vectorlong.training.run_folder import (
    MODEL_FOLDER,
    RunFolder,
    complete_checkpoints,
    mark_complete,
    remove_checkpoint,
    step_of,
)
from vectorlong.training.sections import RunConfig, TrainingSection

_SCHEDULES = {"polynomial": ("polynomial", {"power": 3.0, "lr_end": 0.0})}


@dataclass(frozen=True)
class RunResult:
    """How a run ended.

    Attributes
    ----------
    folder
        Of the trained model.
    figures
        Of the best evaluation, under the names of the log.
    step
        After how many steps that was.
    was_finished
        Whether nothing was left to do.
    """

    folder: Path
    figures: dict[str, float]
    step: int
    was_finished: bool


def run_job(folder: RunFolder, config: RunConfig, job: Job) -> RunResult:
    """Train, from the start or from where a run stopped, and write the best model.

    Parameters
    ----------
    folder
        Of the run.
    config
        What was asked for.
    job
        What the task made of it.

    Returns
    -------
    RunResult
        What came out.

    Raises
    ------
    ConfigError
        As :class:`RunFolder` says.
    """
    checkpoint = folder.begin(job.data_digest)
    step = 0 if checkpoint is None else step_of(checkpoint)
    training = config.training
    n_steps = training.n_steps(len(job.examples))
    if training.gradient_checkpointing:
        model: Any = job.model
        former = model.gradient_checkpointing_enable
        getattr(model, "activation_checkpointing_enable", former)({"use_reentrant": False})
    arguments = _arguments(folder, training, n_steps, job, is_resumed=checkpoint is not None)
    with (
        progress_bar(n_steps, "step", "Training", None) as progress,
        _deterministic(),
        _without_bars_of_transformers(),
    ):
        log = TrainingLog(folder.log, step, progress)
        if job.notes and not step:
            log.write(0, job.notes)
        trainer = JobTrainer(job, arguments, n_steps, training, [log, _Marks()])
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
        _write_model(folder, job, trainer.model)
    figures, best_step = _best(folder.log, job)
    folder.finish(job.data_digest, {"figures": figures, "step": best_step})
    return RunResult(folder.model, figures, best_step, was_finished=False)


class JobTrainer(transformers.Trainer):
    """The trainer of ``transformers`` with a job's loss, order and evaluation."""

    def __init__(
        self,
        job: Job,
        arguments: TrainingArguments,
        n_steps: int,
        training: TrainingSection,
        callbacks: list[TrainerCallback],
    ) -> None:
        draws = Draws(job.examples, n_steps * training.examples_a_step, training.seed)
        super().__init__(
            job.model,
            arguments,
            data_collator=job.collate,
            train_dataset=draws,
            # Only told that there is one; evaluate is the job's.
            eval_dataset=draws,
            callbacks=callbacks,
        )
        self._job = job
        # Otherwise it believes that losses are scaled for accumulation by the model.
        self.model_accepts_loss_kwargs = False
        self.remove_callback(PrinterCallback)

    def _get_train_sampler(self, *others: Any, **named: Any) -> SequentialSampler:
        """Take the draws as they come: their order is the job's."""
        draws: Any = self.train_dataset
        return SequentialSampler(draws)

    def compute_loss(self, model: nn.Module, inputs: Any, *others: Any, **named: Any) -> Any:
        """Give the job's loss."""
        return self._job.loss(model, inputs)

    def evaluate(self, *others: Any, **named: Any) -> dict[str, float]:
        """Give the job's figures, and log them."""
        model: Any = self.model
        was_training = model.training
        model.eval()
        with torch.no_grad():
            figures = self._job.evaluate(model)
        model.train(was_training)
        metrics = {f"eval_{name}": float(value) for name, value in figures.items()}
        self.log(dict(metrics))
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics


class _Marks(TrainerCallback):
    """Marks checkpoints as complete, and removes those that nobody goes back to."""

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any
    ) -> None:
        if state.global_step >= state.max_steps:
            control.should_evaluate = True

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any
    ) -> None:
        folder = Path(str(args.output_dir))
        checkpoint = folder / f"checkpoint-{state.global_step}"
        mark_complete(checkpoint)
        best = state.best_model_checkpoint
        for other in complete_checkpoints(folder):
            if other != checkpoint and (best is None or other.name != Path(best).name):
                remove_checkpoint(other)


def _arguments(
    folder: RunFolder, training: TrainingSection, n_steps: int, job: Job, *, is_resumed: bool
) -> TrainingArguments:
    schedule, settings = _SCHEDULES.get(training.schedule, (training.schedule, {}))
    if schedule == "constant" and training.warmup:
        schedule = "constant_with_warmup"
    every = training.evaluate_every or max(1, math.ceil(n_steps / 10))
    return TrainingArguments(
        output_dir=str(folder.checkpoints),
        max_steps=n_steps,
        per_device_train_batch_size=training.batch_size,
        gradient_accumulation_steps=training.accumulate,
        learning_rate=training.learning_rate,
        lr_scheduler_type=schedule,
        lr_scheduler_kwargs=settings,
        warmup_steps=round(training.warmup * n_steps),
        weight_decay=training.weight_decay,
        adam_epsilon=training.adam_epsilon,
        max_grad_norm=training.max_gradient_norm,
        logging_steps=training.log_every,
        logging_nan_inf_filter=False,
        eval_strategy="steps",
        eval_steps=every,
        eval_on_start=not is_resumed,
        save_strategy="steps",
        save_steps=every,
        load_best_model_at_end=True,
        metric_for_best_model=job.metric,
        greater_is_better=job.greater_is_better,
        seed=training.seed,
        data_seed=training.seed,
        remove_unused_columns=False,
        dataloader_pin_memory=device_of(job.model).type == "cuda",
        disable_tqdm=True,
        report_to=[],
        log_level="error",
    )


@contextlib.contextmanager
def _deterministic() -> Iterator[None]:
    """Sum gradients in one order, so that a resumed run ends with the same bits."""
    was = torch.are_deterministic_algorithms_enabled()
    was_warning = torch.is_deterministic_algorithms_warn_only_enabled()
    flags: Any = torch.utils.deterministic
    was_filling = flags.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True, warn_only=True)
    # Which costs time, and changes nothing: no memory is read before it is written.
    flags.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(was, warn_only=was_warning)
        flags.fill_uninitialized_memory = was_filling


@contextlib.contextmanager
def _without_bars_of_transformers() -> Iterator[None]:
    """Show one bar: transformers has one for every file it writes."""
    was_shown = transformers.logging.is_progress_bar_enabled()
    transformers.logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_shown:
            transformers.logging.enable_progress_bar()


def _best(log: Path, job: Job) -> tuple[dict[str, float], int]:
    """Find the evaluation whose model was kept: the first of the best, after the start."""
    name = f"eval_{job.metric}"
    entries = [entry for entry in read_log(log) if name in entry and entry["step"] > 0]
    choose = max if job.greater_is_better else min
    best = choose(entries, key=lambda entry: entry[name])
    figures = {key: value for key, value in best.items() if key.startswith("eval_")}
    return figures, best["step"]


def _write_model(folder: RunFolder, job: Job, model: Any) -> None:
    unfinished = folder.path / f".{MODEL_FOLDER}.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    job.save(model.eval(), unfinished)
    shutil.rmtree(folder.model, ignore_errors=True)
    os.replace(unfinished, folder.model)
    flush_folder(folder.path)
