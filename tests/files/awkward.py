"""Awkward files: what of each must be found, what must not, and what must be said of it."""

from __future__ import annotations

from dataclasses import dataclass


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
