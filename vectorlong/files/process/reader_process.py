"""Reading documents in a process that can be ended.

A parser that hangs inside C code, or takes all memory, cannot be stopped by the thread that called
it. So files for which there are parsers of others are read by `vectorlong.files.process.worker` in
a process of its own, which stays for many files. A process pool would not do: `multiprocessing`,
and what is built on it, runs the caller's script again in the child, and takes from it
pickles, which can run code.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

from vectorlong.files.limits import Limits
from vectorlong.files.process.messages import receive, send
from vectorlong.files.process.replies import part_of
from vectorlong.files.records import DEFAULT_COLUMNS, BadRow, Columns, Content
from vectorlong.files.unreadable import UnreadableError

_START_S = 60
_GRACE_S = 5
_LOOK_EVERY_S = 1
# JSON writes a control character as six bytes, and none longer.
_BYTES_PER_CHARACTER = 6
_ROOM_BYTES = 1 << 20
# Ctrl-C is for the parent. The modules are those that the parent would load, from the same places.
_PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from vectorlong.files.process.worker import main
main()
"""


class ReaderProcess:
    """Reads files in another process, which starts when it is needed and ends on leaving.

    Parameters
    ----------
    limits
        What one file may cost.
    encoding
        That of files which do not say theirs; None to find it out.
    """

    def __init__(self, limits: Limits, encoding: str | None = None) -> None:
        self._limits = limits
        self._encoding = encoding
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: _Watch | None = None
        self._owner = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def read(
        self, path: Path, kind: str, columns: Columns = DEFAULT_COLUMNS
    ) -> Iterator[Content | BadRow]:
        """Read a file, each of its documents as it is asked for.

        Raises
        ------
        UnreadableError
            It cannot be read, or not within the limits. The next file can be.
        """
        request: dict[str, Any] = {
            "path": os.fsencode(path).hex(),
            "kind": kind,
            "columns": asdict(columns),
        }
        is_used = self._process is not None
        reply = self._ask(request)
        if "is_out_of_memory" in reply and is_used:  # files before may have left it too little
            self._end()
            reply = self._ask(request)
        is_over = False
        try:
            while not is_over:
                if "is_out_of_memory" in reply:
                    raise self._limits.exceeded("memory_mb")
                is_over = bool(reply.get("is_last")) or "refusal" in reply
                yield part_of(reply)
                if not is_over:
                    reply = self._ask(None)
        finally:
            if not is_over:  # there is more, that nobody waits for
                self._end()

    def _ask(self, request: Mapping[str, Any] | None) -> dict[str, Any]:
        """Send a request to a process that runs, if there is one to send, and take a reply."""
        try:
            if self._process is None or self._owner != os.getpid():
                self._start()
            reply = self._exchange(request, self._limits.seconds)
            if reply is None:
                raise self._fate()
            return reply
        except BaseException:  # an interruption, too, leaves a reply that nobody waits for
            self._end()
            raise

    def _start(self) -> None:
        """Start the process; one that a parent of this process has started is left to it."""
        self._owner = os.getpid()
        places = json.dumps([place for place in sys.path if isinstance(place, str)])
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-B", "-c", _PROGRAM, places],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # It needs no threads, each of which would take of its memory.
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        self._watch = _Watch(self._process)
        settings = {"limits": asdict(self._limits), "encoding": self._encoding}
        if self._exchange(settings, _START_S) is None:
            raise UnreadableError("the process that reads such files does not start")

    def _exchange(self, message: Mapping[str, Any] | None, seconds: int) -> dict[str, Any] | None:
        """Send a message, if any, and wait for a reply; None where the process ends instead."""
        assert self._process is not None
        assert self._watch is not None
        reply = None
        self._watch.begin(seconds)
        try:
            with contextlib.suppress(BrokenPipeError):
                if message is not None:
                    send(cast(BinaryIO, self._process.stdin), message)
                max_bytes = _BYTES_PER_CHARACTER * self._limits.characters + _ROOM_BYTES
                reply = receive(cast(BinaryIO, self._process.stdout), max_bytes)
        finally:
            self._watch.end()
        return None if self._watch.is_late else reply

    def _fate(self) -> UnreadableError:
        """Say how the process ended that was to read a file."""
        assert self._process is not None
        assert self._watch is not None
        if self._watch.is_late:
            return self._limits.exceeded("seconds")
        try:
            code = self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            return UnreadableError("makes its reader answer what is no answer")
        if code < 0 and -code == signal.SIGKILL:
            return UnreadableError("was being read when the system, or somebody, ended its reader")
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        reason = f"makes its reader crash ({how})"
        if code < 0 and -code == signal.SIGABRT:  # as PDFium does where no memory is left
            reason += f", perhaps because it {self._limits.exceeded('memory_mb')}"
        return UnreadableError(reason)

    def _end(self) -> None:
        """End the process, which holds nothing worth keeping, unless it is that of our parent."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        if self._watch is not None:
            self._watch.stop()
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


class _Watch:
    """Ends a process that is late, from a thread of its own, which looks every second.

    A thread for every file would cost more than reading a small one does. While this process is
    stopped (Ctrl-Z), the other may be, too, and no time passes.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._lock = threading.Lock()
        self._deadline = math.inf
        self.is_late = False  # and has been ended
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def begin(self, seconds: int) -> None:
        """Give the process so much time from now on."""
        with self._lock:
            self._deadline = time.monotonic() + seconds

    def end(self) -> None:
        """Give it all the time again."""
        with self._lock:
            self._deadline = math.inf

    def stop(self) -> None:
        """Look no more."""
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        looked = time.monotonic()
        while not self._is_over.wait(_LOOK_EVERY_S):
            now = time.monotonic()
            with self._lock:
                if now - looked > 2 * _LOOK_EVERY_S:
                    self._deadline += now - looked - _LOOK_EVERY_S
                if now > self._deadline:
                    self.is_late = True
                    self._process.kill()
            looked = now
