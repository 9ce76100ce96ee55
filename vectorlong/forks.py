"""Locks of threads across a fork, which takes along one thread and every lock that others held."""

from __future__ import annotations

import os
import threading


class ProcessLock:
    """A reentrant lock that a forked process finds free, whoever held it in the parent.

    Examples
    --------
    >>> guard = ProcessLock()
    >>> with guard.lock:
    ...     print("one thread at a time")
    one thread at a time
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._process_id = os.getpid()

    @property
    def lock(self) -> threading.RLock:
        """The lock of the process that asks, to be entered at once.

        It is Python's own, because no interrupt can come between taking that and holding it.
        """
        if self._process_id != os.getpid():
            self._lock, self._process_id = threading.RLock(), os.getpid()
        return self._lock
