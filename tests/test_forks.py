"""A lock that another thread holds at a fork is free in the child."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from vectorlong.forks import ProcessLock


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_finds_the_lock_free() -> None:
    guard = ProcessLock()
    is_held, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with guard.lock:
            is_held.set()
            may_go.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    is_held.wait(60)
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # ends a child that waits for ever
        with guard.lock:
            os._exit(7)
    status = os.waitpid(child, 0)[1]
    assert not guard.lock.acquire(blocking=False), "the parent's own is still held"
    may_go.set()
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 7


def test_it_is_reentrant_and_the_same_in_one_process() -> None:
    guard = ProcessLock()
    with guard.lock, guard.lock:
        assert guard.lock is guard.lock
