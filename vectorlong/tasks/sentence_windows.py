"""Documents as sentences, and these as the windows that a model reads."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vectorlong.checks import check_count
from vectorlong.errors import InputTypeError, InputValueError
from vectorlong.tasks.checks import check_cuts
from vectorlong.text.check import check_container, check_text

#: Where a window has fewer sentences than others beside it.
NO_SENTENCE = -1
# Of a window, shared with the next one, so that sentences at its end know what follows.
_SHARED = 0.25


@dataclass(frozen=True)
class SentenceWindow:
    """Some neighbouring sentences of a document as the model takes them.

    Attributes
    ----------
    ids
        int64 [n].
    starts
        int64 [s]: where each sentence's opening token is.
    first
        Number in the document of the first sentence.
    own
        The sentences that are labelled from this window, as numbers in the document.
    """

    ids: np.ndarray
    starts: np.ndarray
    first: int
    own: range


def sentence_windows(
    sentences: Sequence[str], tokenizer: Any, max_tokens: int
) -> list[SentenceWindow]:
    """Lay a document's sentences out, in several windows where it is longer than the model.

    Windows begin and end with a sentence and share about a quarter of their tokens; each sentence
    is labelled from the window in which it has most context. A sentence that is longer than the
    model is cut, with a warning.

    Parameters
    ----------
    sentences
        Of one document, in order.
    tokenizer
        A fast one of ``transformers``.
    max_tokens
        Of a window.

    Raises
    ------
    InputTypeError, InputValueError
        ``sentences`` is one string, or there are none, or one has half of a character.
    """
    check_count("max_tokens", max_tokens, least=4)
    sentences = checked_sentences(sentences, "sentences")
    encoded = tokenizer(sentences, add_special_tokens=False, verbose=False).input_ids
    most = max_tokens - 2  # an opening token before, and one at the end
    n_dropped = [max(len(ids) - most, 0) for ids in encoded]
    if any(n_dropped):
        warnings.warn(
            f"{sum(map(bool, n_dropped))} of {len(sentences)} sentences are longer than the model "
            f"and were cut: {sum(n_dropped)} tokens were dropped. Divide them.",
            stacklevel=2,
        )
    parts = [ids[:most] for ids in encoded]
    sizes = [len(ids) + 1 for ids in parts]
    bounds = _bounds(sizes, max_tokens - 1)
    cuts = [
        _middle(sizes, start, end) for (start, _), (_, end) in zip(bounds[1:], bounds, strict=False)
    ]
    windows = []
    for (start, end), own_start, own_end in zip(
        bounds, [0, *cuts], [*cuts, len(sizes)], strict=True
    ):
        if own_start == own_end:  # its neighbours know more around each
            continue
        ids: list[int] = []
        starts = []
        for number in range(start, end):
            starts.append(len(ids))
            ids += [tokenizer.sep_token_id if ids else tokenizer.cls_token_id, *parts[number]]
        ids.append(tokenizer.sep_token_id)
        windows.append(
            SentenceWindow(np.array(ids), np.array(starts), start, range(own_start, own_end))
        )
    return windows


def _bounds(sizes: Sequence[int], capacity: int) -> list[tuple[int, int]]:
    """Choose which sentences each window has, so that all fit and neighbours share some."""
    bounds = []
    start = end = 0
    while end < len(sizes):
        n_tokens, end = 0, start
        while end < len(sizes) and n_tokens + sizes[end] <= capacity:
            n_tokens += sizes[end]
            end += 1
        bounds.append((start, end))
        before, start, n_shared = start, end, 0
        # Back over what is shared; but on, by a sentence at least, and room is left for a new one.
        following = sizes[end] if end < len(sizes) else 0
        while start - 1 > before and n_shared + sizes[start - 1] <= min(
            _SHARED * capacity, capacity - following
        ):
            start -= 1
            n_shared += sizes[start]
    return bounds


def _middle(sizes: Sequence[int], start: int, end: int) -> int:
    """Divide what two windows share where sentences have as much before them as after them."""
    half = sum(sizes[start:end]) / 2
    n_tokens = 0
    for number in range(start, end):
        if n_tokens + sizes[number] / 2 > half:
            return number
        n_tokens += sizes[number]
    return end


def checked_sentences(sentences: Any, name: str) -> list[str]:
    """Give a document's sentences as a list, or say what is wrong with them."""
    if isinstance(sentences, str):
        raise InputTypeError(
            f"{name} is one text; pass a list of its sentences, which "
            "vectorlong.tasks.cut_sentences makes of a text and its spans."
        )
    check_container(sentences, name)
    checked = [check_text(each, f"{name}[{number}]") for number, each in enumerate(sentences)]
    if not checked:
        raise InputValueError(f"{name} is empty: a document without sentences has no labels.")
    return checked


def cut_sentences(text: str, spans: Sequence[tuple[int, int]]) -> list[str]:
    """Give the sentences of a document whose characters are known.

    Parameters
    ----------
    text
        Of the document.
    spans
        Characters of each sentence, in order; between them may be text that is in none.

    Raises
    ------
    InputTypeError
        ``text`` is no text.
    InputValueError
        A span lies outside the text, is empty or overlaps the one before it, or cuts a character;
        the message names it.

    Examples
    --------
    >>> cut_sentences("One. Two.", [(0, 4), (5, 9)])
    ['One.', 'Two.']
    """
    text = check_text(text, "text")
    before = 0
    for number, (start, end) in enumerate(spans):
        if not before <= start < end <= len(text):
            raise InputValueError(
                f"spans[{number}] = ({start}, {end}) is no span of a text of {len(text)} "
                f"characters after {before}, where the sentence before it ends."
            )
        check_cuts(text, start, end, f"spans[{number}] = ({start}, {end})")
        before = end
    return [text[start:end] for start, end in spans]


def sentence_tensors(windows: Sequence[SentenceWindow], pad_id: int) -> dict[str, Tensor]:
    """Lay windows side by side.

    Returns
    -------
    dict of str to Tensor
        ``input_ids`` and ``attention_mask`` int64 [w, n], ``sentence_starts`` int64 [w, s].
    """
    n_tokens = max(len(window.ids) for window in windows)
    n_sentences = max(len(window.starts) for window in windows)
    ids = torch.full((len(windows), n_tokens), pad_id)
    is_real = torch.zeros(len(windows), n_tokens, dtype=torch.long)
    starts = torch.full((len(windows), n_sentences), NO_SENTENCE)
    for row, window in enumerate(windows):
        ids[row, : len(window.ids)] = torch.from_numpy(window.ids)
        is_real[row, : len(window.ids)] = 1
        starts[row, : len(window.starts)] = torch.from_numpy(window.starts)
    return {"input_ids": ids, "attention_mask": is_real, "sentence_starts": starts}
