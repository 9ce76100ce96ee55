"""What training brings on real documents: each task beside its baselines, in one run.

    python benchmarks/training.py TASK --data FOLDER --into FOLDER

TASK is one of those below, or "all", which takes hours on two cores. Runs are kept in --into, and
go on there where they were stopped. docs/training.md discusses the figures.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from training_heads import choice, csabstruct, hyperpartisan, qa
from training_language_models import charlm, mlm, mlm_zh
from training_runs import fewer_steps
from training_vectors import contrastive

TASKS: dict[str, Callable[[Path, Path], None]] = {
    "contrastive": contrastive,
    "csabstruct": csabstruct,
    "hyperpartisan": hyperpartisan,
    "choice": choice,
    "qa": qa,
    "mlm": mlm,
    "mlm_zh": mlm_zh,
    "charlm": charlm,
}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=[*TASKS, "all"])
    parser.add_argument("--data", type=Path, default=os.environ.get("VECTORLONG_DATA"))
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--steps", type=int, help="try every run with so many steps only")
    arguments = parser.parse_args()
    if arguments.steps:
        fewer_steps.append(arguments.steps)
    if arguments.data is None or not Path(arguments.data).is_dir():
        print(f"The labelled documents are not at {str(arguments.data)!r}; nothing was trained.")
        return
    for name in TASKS if arguments.task == "all" else (arguments.task,):
        print(name, flush=True)
        TASKS[name](Path(arguments.data), arguments.into)


if __name__ == "__main__":
    main()
