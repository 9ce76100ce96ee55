"""What readers of files with chains have in common: lines, and words that become a text."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from vectorlong.errors import InputValueError
from vectorlong.tasks.coreference.clusters import Span

# Scripts that put no blanks between words, and their signs.
_UNSPACED = re.compile("[\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]")


def read_lines(path: Path) -> list[str]:
    r"""Read the lines of a file in UTF-8, packed where its name ends in ``.gz``.

    Only ``\n`` ends a line: texts have other signs that Python would take for an end.

    Raises
    ------
    InputValueError
        The file cannot be read.
    """
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise InputValueError(f"{path} cannot be read: {error}") from error
    return [line.removesuffix("\r") for line in text.split("\n")]


def join_words(sentences: Sequence[Sequence[str]]) -> tuple[str, tuple[tuple[Span, ...], ...]]:
    r"""Make a text of words, and say where each of them is.

    Examples
    --------
    >>> join_words([["Ann", "sees"], ["北京", "很", "大"]])[0]
    'Ann sees\n北京很大'
    """
    text = ""
    spans = []
    for sentence in sentences:
        of_sentence = []
        for number, word in enumerate(sentence):
            if number:
                is_unspaced = _UNSPACED.match(text[-1]) and _UNSPACED.match(word)
                text += "" if is_unspaced else " "
            elif text:
                text += "\n"
            of_sentence.append(Span(len(text), len(text) + len(word)))
            text += word
        spans.append(tuple(of_sentence))
    return text, tuple(spans)


def filled_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the lines that are not blank, each after what it is called in messages."""
    for number, line in enumerate(read_lines(path), start=1):
        if line.strip():
            yield f"{path}, line {number}", line
