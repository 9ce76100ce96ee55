"""The values of a JSON file one after another, in memory for one of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn, TextIO

from vectorlong.files.limits import Limits
from vectorlong.files.unreadable import UnreadableError, one_line

_BLOCK_CHARACTERS = 1 << 16
_SPACE = re.compile(r"[ \t\r\n]*")


def parse_json(text: str) -> Any:
    """Parse one value; what is not JSON, though Python reads it, is refused."""
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


class JsonValues:
    """The elements of the list that a file holds, or the values in it.

    Parameters
    ----------
    file
        At its beginning.
    limits
        ``characters`` is the longest value.

    Attributes
    ----------
    is_list
        Whether the file is a list.

    Raises
    ------
    UnreadableError
        The file, or the rest of it, is not JSON, or a value is too long.
    """

    def __init__(self, file: TextIO, limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self._text = ""
        self._start = 0
        self._is_ended = False
        self._decode = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode
        self.is_list = self._next_character() == "["

    def __iter__(self) -> Iterator[Any]:
        if not self.is_list:
            while self._next_character():
                yield self._value()
            return
        self._start += 1
        if self._next_character() == "]":
            self._start += 1
        else:
            while True:
                yield self._value()
                character = self._next_character()
                self._start += 1
                if character == "]":
                    break
                if character != ",":
                    raise UnreadableError("is not JSON: a list is not closed")
        if self._next_character():
            raise UnreadableError("is not JSON: something follows its list")

    def _next_character(self) -> str:
        """Give the next character that is no white space; empty at the end."""
        while True:
            match = _SPACE.match(self._text, self._start)
            self._start = match.end() if match else self._start
            if self._start < len(self._text) or not self._read_on(_BLOCK_CHARACTERS):
                return self._text[self._start : self._start + 1]

    def _value(self) -> Any:
        """Parse the value that begins here, reading twice as much while it does not end."""
        self._next_character()
        n_characters = _BLOCK_CHARACTERS
        while True:
            problem: Exception | None = None
            try:
                value, end = self._decode(self._text, self._start)
            except (ValueError, RecursionError) as error:
                problem = error
            else:
                # A number may go on.
                if end < len(self._text) or self._is_ended or isinstance(value, dict | list | str):
                    self._limits.check_characters(end - self._start)
                    self._start = end
                    return value
            if len(self._text) - self._start > self._limits.characters:
                raise self._limits.exceeded("characters")
            if not self._read_on(n_characters) and problem is not None:
                raise UnreadableError(f"is not JSON ({one_line(problem)})") from problem
            n_characters *= 2

    def _read_on(self, n_characters: int) -> bool:
        """Read more, and forget what is behind; whether there was more."""
        more = self._file.read(n_characters)
        self._text = self._text[self._start :] + more
        self._start = 0
        self._is_ended = not more
        return bool(more)
