"""Several processes encode together: for machines with many cores, or several GPUs.

The weights are placed in shared memory once and every process reads them there. Each process has
its share of the threads; on GPUs each has a device of its own.
"""

from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

import torch

from vectorlong.encoder.pipeline import Pipeline, PooledDocument
from vectorlong.streams import bounded_groups

# Small enough that processes finish together, large enough that passing texts costs little.
_TASK_CHARACTERS = 200_000

_pipeline: Pipeline | None = None


def encode_in_processes(
    pipeline: Pipeline,
    texts: Sequence[str],
    n_processes: int,
    *,
    on_progress: Callable[[int], None],
    **options: Any,
) -> list[PooledDocument]:
    """Encode texts in several processes; the results are those of one.

    Parameters
    ----------
    pipeline
        Its poolings and policies have to be importable in another process, as all named ones are.
    texts
        Checked texts.
    n_processes
        Processes to start.
    on_progress
        Told the number of characters finished.
    **options
        As :meth:`vectorlong.encoder.pipeline.Pipeline.encode` takes them.

    Returns
    -------
    list of PooledDocument
        In the order of the texts, on the CPU.
    """
    context = torch.multiprocessing.get_context("spawn")
    is_cuda = next(pipeline.encoder.parameters()).device.type == "cuda"
    if not is_cuda:
        pipeline.encoder.share_memory()
    n_threads = max(1, torch.get_num_threads() // n_processes)
    results: dict[int, list[PooledDocument]] = {}
    with ProcessPoolExecutor(
        n_processes,
        mp_context=context,
        initializer=_start,
        initargs=(pipeline, n_threads, context.Value("i", -1), is_cuda),
    ) as executor:
        tasks: dict[Future[list[PooledDocument]], tuple[int, int]] = {}
        try:
            with _interrupts_withheld():
                for number, part in enumerate(bounded_groups(texts, _TASK_CHARACTERS)):
                    future = executor.submit(_run, part, options)
                    tasks[future] = (number, sum(map(len, part)))
            waiting = set(tasks)
            while waiting:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    number, n_characters = tasks[future]
                    results[number] = future.result()
                    on_progress(n_characters)
        except BaseException:
            # Or leaving would wait for the tasks at hand. Python 3.14 has terminate_workers().
            processes = list((executor._processes or {}).values())
            executor.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            raise
    return list(itertools.chain.from_iterable(results[number] for number in sorted(results)))


@contextmanager
def _interrupts_withheld() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach, and let it come when all are known.

    It is this process that ends them. A new process takes along which signals are withheld from the
    thread that starts it; other threads still take them here, so they are kept until the end.
    """
    if (
        not hasattr(signal, "pthread_sigmask")
        or threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is None  # a handler of C, which could not be put back
    ):
        yield
        return
    came: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
        if came:
            signal.raise_signal(signal.SIGINT)


def _start(pipeline: Pipeline, n_threads: int, last_rank: Any, is_cuda: bool) -> None:
    """Receive the shared weights in a new process, and take a rank for the device."""
    global _pipeline
    _pipeline = pipeline
    if is_cuda:
        with last_rank.get_lock():
            last_rank.value += 1
            device = f"cuda:{last_rank.value % torch.cuda.device_count()}"
        pipeline.encoder.to(device)
    else:
        torch.set_num_threads(n_threads)


def _run(texts: list[str], options: dict[str, Any]) -> list[PooledDocument]:
    """Encode one task in a worker process."""
    assert _pipeline is not None
    return [document.to_cpu() for document in _pipeline.encode(texts, **options)]
