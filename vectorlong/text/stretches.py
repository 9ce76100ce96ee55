"""Tokenising a text of any length in stretches, with the tokens that it has as a whole.

A tokenizer's own record of a text takes up to two hundred bytes a character, and where memory ends
the process is aborted from inside it. So a long text goes through it stretch by stretch. Stretches
overlap, and are joined inside a run of tokens that two of them agree on, ids and places: what a
tokenizer makes of a text depends on what stands near, so the whole text has these tokens, too.
Where two do not agree, in a word of thousands of characters, the stretch is made longer.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vectorlong.text.tokenized import TokenizedText

STRETCH_CHARACTERS = 500_000
_OVERLAP_CHARACTERS = 8_192
_AGREED_TOKENS = 64


def encode_long(
    text: str,
    encode: Callable[[str], TokenizedText],
    n_characters: int = STRETCH_CHARACTERS,
    n_overlapping: int = _OVERLAP_CHARACTERS,
) -> TokenizedText:
    """Tokenise a text in stretches.

    Parameters
    ----------
    text
        Of any length.
    encode
        Tokenises one stretch, with offsets into it.
    n_characters
        Of a stretch, at first.
    n_overlapping
        Characters that a stretch has in common with the next.
    """
    ids: list[np.ndarray] = []
    offsets: list[np.ndarray] = []
    start = 0
    taken = 0  # tokens of the stretch that those before it have
    here = _encode_at(text, start, start + n_characters, encode)
    end = start + n_characters
    while end < len(text):
        back = end - n_overlapping
        following = _encode_at(text, back, back + n_characters, encode)
        joint = _joint(here, following)
        if joint is None:  # one of them begins or ends within a very long word
            end = start + 2 * (end - start)
            here = _encode_at(text, start, end, encode)
            continue
        stop, first = joint
        ids.append(here[0][taken:stop])
        offsets.append(here[1][taken:stop])
        start, taken, here = back, first, following
        end = start + n_characters
    ids.append(here[0][taken:])
    offsets.append(here[1][taken:])
    joined = np.concatenate(ids)
    ids.clear()  # before the next and larger ones are there twice
    return TokenizedText(joined, np.concatenate(offsets))


def _encode_at(
    text: str, start: int, end: int, encode: Callable[[str], TokenizedText]
) -> tuple[np.ndarray, np.ndarray]:
    """Ids int64 [n] and offsets int64 [n, 2] into the whole text, of a stretch."""
    tokenized = encode(text[start:end])
    assert tokenized.offsets is not None
    return tokenized.ids, tokenized.offsets + start


def _joint(
    here: tuple[np.ndarray, np.ndarray], following: tuple[np.ndarray, np.ndarray]
) -> tuple[int, int] | None:
    """Where two stretches join: the first token of each that is taken from the second of them.

    It is in the middle of the longest run of tokens that both have; None where all runs are short.
    """
    ids, offsets = following
    if not len(ids):
        return None
    first = int(np.searchsorted(here[1][:, 0], offsets[0, 0]))
    last = int(np.searchsorted(offsets[:, 0], here[1][-1, 0] if len(here[1]) else 0, side="right"))
    left = np.column_stack([here[0], here[1]])[first:]  # [m, 3]
    right = np.column_stack([ids, offsets])[:last]  # [k, 3]
    # Tokens that are the same have the same place; a place may have several, byte by byte.
    by_place = {tuple(row): number for number, row in enumerate(right.tolist())}
    matches = np.array([by_place.get(tuple(row), -1) for row in left.tolist()], dtype=np.int64)
    best = _longest_run(matches)
    if best is None or best[1] - best[0] < _AGREED_TOKENS:
        return None
    middle = (best[0] + best[1]) // 2
    return first + middle, int(matches[middle])


def _longest_run(matches: np.ndarray) -> tuple[int, int] | None:
    """Start and end of the longest run in which each number is that before it plus one."""
    if not len(matches):
        return None
    is_cut = np.ones(len(matches) + 1, dtype=bool)
    is_cut[1:-1] = (matches[1:] < 0) | (matches[:-1] < 0) | (np.diff(matches) != 1)
    cuts = np.flatnonzero(is_cut)  # [runs + 1]
    longest = int(np.argmax(np.diff(cuts)))
    start, end = int(cuts[longest]), int(cuts[longest + 1])
    return None if matches[start] < 0 else (start, end)
