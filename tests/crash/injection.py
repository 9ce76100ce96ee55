"""An exception raised at a chosen system call, SQLite statement or line, just before or after it.

A profile function sees every call of C code and its return, a trace function every line; what they
raise comes out where the call or the line stands. Python takes such a function away when it raises,
so that whatever cleans up afterwards runs undisturbed.
"""

from __future__ import annotations

import ast
import functools
import io
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import vectorlong

_SQLITE_MODULES = {"_sqlite3", "sqlite3"}
_MODULES = {"posix", "nt", "io", "_io", "fcntl", "msvcrt", *_SQLITE_MODULES}
_PASSED_OVER = {
    *(
        "fspath",
        "getpid",
        "text_encoding",
        "_path_normpath",
        "fileno",
        "readable",
    ),  # no system call
    "isatty",  # of the progress bar
    "access",  # says no rather than fail
}
_OURS = str(Path(vectorlong.__file__).parent)


MakeError = Callable[[bool], BaseException]


@dataclass(frozen=True)
class Point:
    """Where to raise.

    Attributes
    ----------
    when
        "before" or "after" a call, or "line": before a line of this library.
    function
        Name of what is called; of the calling function where a line is meant.
    file, line
        Of the caller.
    occurrence
        The how manieth time that this place is reached, from 1.
    """

    when: str
    function: str
    file: str
    line: int
    occurrence: int

    def __str__(self) -> str:
        return f"{self.when} {self.function} at {self.file}:{self.line}, time {self.occurrence}"


def _is_system_call(function: Any) -> bool:
    if function.__name__ in _PASSED_OVER:
        return False
    owner = getattr(function, "__self__", None)
    is_file = isinstance(owner, io.IOBase)
    return is_file or _is_of_sqlite(function) or getattr(owner, "__name__", "") in _MODULES


def _is_of_sqlite(function: Any) -> bool:
    owner = getattr(function, "__self__", None)
    is_opened = isinstance(owner, sqlite3.Connection | sqlite3.Cursor)
    return is_opened or getattr(owner, "__name__", "") in _SQLITE_MODULES


@functools.cache
def _lines_of_heads(path: str) -> frozenset[int]:
    """Lines of the heads of ``with`` statements, and of ``try``, on which nothing is raised.

    The first are passed again when a block is left, before its lock is given back; the second are
    an instruction that does nothing, and that no surrounding block protects. A trace function can
    raise there; an interrupt cannot come there, because Python looks for signals after calls, at
    the beginnings of functions and at jumps back.
    """
    heads = [
        node
        for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8")))
        if isinstance(node, ast.With | ast.Try)
    ]
    return frozenset(line for head in heads for line in range(head.lineno, head.body[0].lineno))


class _Watch:
    """Notes the points that are passed, and raises at one of them."""

    def __init__(self, target: Point | None, make_error: MakeError | None) -> None:
        self.passed: list[Point] = []
        self.is_raised = False
        self._counts: Counter[tuple[str, str, str, int]] = Counter()
        self._target = target
        self._make_error = make_error

    def _pass(self, when: str, function: str, frame: FrameType, is_sqlite: bool) -> None:
        place = (when, function, Path(frame.f_code.co_filename).name, frame.f_lineno)
        self._counts[place] += 1
        point = Point(*place, self._counts[place])
        self.passed.append(point)
        if point == self._target and self._make_error is not None:
            self.is_raised = True
            raise self._make_error(is_sqlite)

    def profile(self, frame: FrameType, event: str, argument: Any) -> None:
        """What `sys.setprofile` calls."""
        if event in ("c_call", "c_return") and _is_system_call(argument):
            when = "before" if event == "c_call" else "after"
            self._pass(when, argument.__name__, frame, _is_of_sqlite(argument))

    def trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        """What `sys.settrace` calls."""
        if not frame.f_code.co_filename.startswith(_OURS):
            return None
        # How often a comprehension goes round depends on what other tests have left alive.
        if (
            event == "line"
            and frame.f_code.co_name != "<listcomp>"
            and frame.f_lineno not in _lines_of_heads(frame.f_code.co_filename)
        ):
            self._pass("line", frame.f_code.co_name, frame, False)
        return self.trace

    def over(self, action: Callable[[], object], *, lines: bool) -> None:
        """Run ``action`` under this watch."""
        former_trace, former_profile = sys.gettrace(), sys.getprofile()
        if lines:
            sys.settrace(self.trace)
        else:
            sys.setprofile(self.profile)
        try:
            action()
        finally:
            sys.settrace(former_trace)
            sys.setprofile(former_profile)


def points_of(action: Callable[[], object], *, lines: bool = False) -> list[Point]:
    """Run ``action`` and return every point it passes: system calls, or lines of this library."""
    watch = _Watch(None, None)
    watch.over(action, lines=lines)
    return watch.passed


def interrupt(
    action: Callable[[], object], point: Point, make_error: MakeError
) -> BaseException | None:
    """Run ``action``, raise at ``point``, and return what comes out of ``action``, if anything.

    ``make_error`` is told whether the call is one of SQLite's.
    """
    watch, outcome = _Watch(point, make_error), None
    try:
        watch.over(action, lines=point.when == "line")
    except BaseException as error:  # also what the caller asked to be raised
        outcome = error
    assert watch.is_raised, f"{point} was not passed; {outcome!r} came out"
    return outcome


def places(points: list[Point]) -> list[Point]:
    """Return every place once: in turn where it is passed first, and where it is passed last."""
    first: dict[tuple[str, str, str, int], Point] = {}
    last: dict[tuple[str, str, str, int], Point] = {}
    for point in points:
        place = (point.when, point.function, point.file, point.line)
        first.setdefault(place, point)
        last[place] = point
    return [
        one if number % 2 else other
        for number, (one, other) in enumerate(zip(first.values(), last.values(), strict=True))
    ]
