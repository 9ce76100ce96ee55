"""Documents and what in them is one thing: mentions as spans of characters, chains as clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from vectorlong.errors import InputValueError, shown


class Span(NamedTuple):
    """Characters of a text, as a slice counts them.

    Attributes
    ----------
    start
        The first character.
    end
        One past the last.
    """

    start: int
    end: int


Cluster: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True)
class CoreferenceDocument:
    """A text with the chains of mentions in it.

    Mentions may lie in one another and may cross: both occur in texts that people marked.

    Attributes
    ----------
    id
        Name of the document.
    text
        Its characters.
    clusters
        The mentions of each thing; none where nothing is mentioned.
    sentences
        The words of each sentence, where the source has words; else empty.
    part
        Which part of the document this is, for sources that divide them.

    Raises
    ------
    InputValueError
        The text is empty, or a mention or word is inverted, empty or outside the text.

    Examples
    --------
    >>> document = CoreferenceDocument("a", "Ann sees her.", ((Span(0, 3), Span(9, 12)),))
    >>> [[document.text[start:end] for start, end in cluster] for cluster in document.clusters]
    [['Ann', 'her']]
    """

    id: str
    text: str
    clusters: tuple[Cluster, ...] = ()
    sentences: tuple[tuple[Span, ...], ...] = ()
    part: int = 0

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise InputValueError(f"document {shown(self.id)} is empty.")
        for cluster in self.clusters:
            for mention in cluster:
                check_span(mention, len(self.text), "mention", "characters")
        for sentence in self.sentences:
            for word in sentence:
                check_span(word, len(self.text), "word", "characters")

    @property
    def words(self) -> tuple[Span, ...]:
        """The words of all sentences."""
        return tuple(word for sentence in self.sentences for word in sentence)


def check_span(span: tuple[int, int], length: int, what: str, units: str) -> None:
    """Refuse a span that is inverted, empty or outside of what it belongs to.

    Raises
    ------
    InputValueError
        The message names the span and the length.

    Examples
    --------
    >>> check_span((3, 2), 9, "mention", "characters")
    Traceback (most recent call last):
        ...
    vectorlong.errors.InputValueError: mention 3 to 2 is inverted or empty.
    """
    start, end = span
    if start >= end:
        raise InputValueError(f"{what} {start} to {end} is inverted or empty.")
    if start < 0 or end > length:
        raise InputValueError(f"{what} {start} to {end} is outside of the {length:,} {units}.")
