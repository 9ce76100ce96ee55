"""torch's threads in a process that was forked from one in which they have run.

A fork takes along the memory of the thread pool and none of its threads; GNU's OpenMP, which torch
brings on Linux, then waits for them for ever. On one thread it needs no pool.
"""

from __future__ import annotations

import os
import warnings

import torch

_ran_in: int | None = None


def prepare_threads() -> None:
    """Make sure that torch's products return in this process; to be called before each run."""
    global _ran_in
    process = os.getpid()
    if _ran_in not in (None, process) and torch.get_num_threads() > 1:
        torch.set_num_threads(1)
        warnings.warn(
            "This process was forked from one that had encoded already, so it encodes on one "
            "thread: torch's others do not live on in a fork. For all threads start it by "
            "multiprocessing's 'spawn', or pass n_processes to encode.",
            stacklevel=2,
        )
    _ran_in = process
