"""Awkward files: what of each must be found, what must not, and what must be said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any


@dataclass(frozen=True)
class Awkward:
    """A file with a word of its own in every place that can hold text.

    Attributes
    ----------
    name
        The file's name.
    content
        Its bytes.
    found
        Words that a search finds.
    unseen
        Words that whoever opens the file does not see, either.
    said
        Parts of what is said to be left out.
    """

    name: str
    content: bytes
    found: tuple[str, ...]
    unseen: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


def bytes_of(write: Callable[..., Path], *arguments: Any, **options: Any) -> bytes:
    """What a function of `tests.files.builders` writes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        write(path, *arguments, **options)
        return path.read_bytes()
