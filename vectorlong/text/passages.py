"""Where a document is cut into the passages that search points at."""

from __future__ import annotations

import numpy as np

from vectorlong.documents import PassageSpec
from vectorlong.errors import InputValueError
from vectorlong.text.boundaries import (
    INSIDE_CHARACTER,
    NO_BOUNDARY,
    SENTENCE_END,
    WORD_END,
    rank_boundaries,
)

# A sentence shorter than this part of a passage does not make one of its own: its vector would say
# little, and little text is near to everything.
_SHORT_PART = 8
_RANK_STEP = SENTENCE_END - WORD_END


def split_passages(
    text: str, offsets: np.ndarray, spec: PassageSpec
) -> tuple[np.ndarray, np.ndarray]:
    r"""Divide a text into passages that end with a sentence where they can.

    A passage ends, in this order of preference, behind a paragraph, a sentence at a line's end, a
    sentence, a line, a clause, a word; among equals where it is fullest. The last two share what is
    left, so that none is a small remainder. Inside a character that several tokens share (an emoji
    under byte-BPE) nothing is cut: one with more than ``spec.max_tokens`` tokens is the only thing
    that makes a passage longer.

    Parameters
    ----------
    text
        The whole text.
    offsets
        int64 [n, 2]: character offsets of its tokens, special tokens left out.
    spec
        Length and overlap.

    Returns
    -------
    tuple
        Token slices int64 [p, 2] (start inclusive, end exclusive) and character spans int64
        [p, 2]. Without overlap both tile: the first span starts at 0, each starts where the one
        before it ends, the last ends at ``len(text)``. With overlap each passage starts at most
        ``spec.overlap`` tokens before the end of the previous one. A text without tokens has one
        passage, of no tokens.

    Raises
    ------
    InputValueError
        ``offsets`` is not [n, 2] or points outside the text.

    Examples
    --------
    >>> import re
    >>> text = "One two. Three four. Five six."
    >>> offsets = np.array([word.span() for word in re.finditer(r"\w+|[.]", text)])
    >>> _, spans = split_passages(text, offsets, PassageSpec(max_tokens=4))
    >>> [text[start:end] for start, end in spans]
    ['One two. ', 'Three four. ', 'Five six.']
    """
    offsets = _check_offsets(text, offsets)
    n_tokens = len(offsets)
    if n_tokens == 0:
        return np.zeros((1, 2), dtype=np.int64), np.array([[0, len(text)]], dtype=np.int64)
    ranks, cuts = rank_boundaries(text, offsets)
    slices = _slice(ranks, spec)
    cuts = np.append(cuts, len(text))  # [n + 1]
    cuts[0] = 0
    tokens = np.array(slices, dtype=np.int64)  # [p, 2]
    return tokens, cuts[tokens]


def _slice(ranks: np.ndarray, spec: PassageSpec) -> list[tuple[int, int]]:
    """Choose where each passage ends, and where the next one starts."""
    n_tokens = len(ranks)
    fullest = np.arange(1, spec.max_tokens + 1) / spec.max_tokens - 1  # [max_tokens], up to 0
    fullest[: spec.max_tokens // _SHORT_PART] -= _RANK_STEP
    possible = np.flatnonzero(ranks > NO_BOUNDARY)
    slices: list[tuple[int, int]] = []
    start = previous_end = 0
    while True:
        n_left = n_tokens - start
        if n_left <= spec.max_tokens:
            slices.append((start, n_tokens))
            return slices
        preference = fullest if n_left >= 2 * spec.max_tokens else _balance(n_left, spec.max_tokens)
        first = max(start, previous_end) + 1
        scores = ranks[first : start + spec.max_tokens + 1] + preference[first - start - 1 :]
        best = int(scores.argmax()) if len(scores) else 0
        if len(scores) and scores[best] > NO_BOUNDARY:
            end = first + best
        elif start < previous_end:
            # What is left of the overlap holds no boundary in reach: go on without it.
            start = previous_end
            continue
        else:
            beyond = np.searchsorted(possible, first)
            end = int(possible[beyond]) if beyond < len(possible) else n_tokens
        slices.append((start, end))
        if end == n_tokens:
            return slices
        start = _overlap_start(ranks, start, end, spec.overlap)
        previous_end = end


def _balance(n_left: int, max_tokens: int) -> np.ndarray:
    """Prefer [max_tokens] ends near the middle of what two passages can share."""
    lengths = np.arange(1, max_tokens + 1)
    preference = -np.abs(lengths - n_left / 2) / max_tokens
    short = max_tokens // _SHORT_PART
    preference[(lengths <= short) | (n_left - lengths <= short)] -= _RANK_STEP
    preference[n_left - lengths > max_tokens] -= 1.0
    return preference


def _overlap_start(ranks: np.ndarray, start: int, end: int, overlap: int) -> int:
    """Choose the token at which the next passage starts: the best boundary, then the earliest."""
    first = max(end - overlap, start + 1)
    candidates = np.floor(ranks[first:end])
    if len(candidates) == 0 or candidates.max() <= INSIDE_CHARACTER:
        return end
    return first + int(candidates.argmax())


def _check_offsets(text: str, offsets: np.ndarray) -> np.ndarray:
    """Return offsets as int64 [n, 2] that lie in the text."""
    offsets = np.asarray(offsets, dtype=np.int64)
    if len(offsets) and (offsets.ndim != 2 or offsets.shape[1] != 2):
        raise InputValueError(f"Offsets have shape {offsets.shape}; pass one (start, end) a token.")
    if len(offsets) and (offsets.min() < 0 or offsets.max() > len(text)):
        raise InputValueError(
            f"Offsets reach from {offsets.min()} to {offsets.max()} in a text of {len(text)} "
            "characters. Pass the offsets of this text's own tokens."
        )
    return offsets.reshape(-1, 2)
