"""Words too long for a WordPiece vocabulary, which it would turn into one unknown token.

WordPiece gives up on a word above ``max_input_chars_per_word`` characters (100): ten megabytes
without a space would become a single [UNK]. Here such a word is taken in pieces, and everything
around it keeps its ids.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
from tokenizers import Encoding, Tokenizer

_SHOWN_CHARACTERS = 20
# Bounds the memory that the tokenizer's own records take.
_PIECES_AT_A_TIME = 10_000


def longest_unknown(offsets: np.ndarray, ids: np.ndarray, unk_id: int) -> int:
    """Return how many characters the widest unknown token covers; 0 without one."""
    widths = (offsets[:, 1] - offsets[:, 0])[ids == unk_id]
    return int(widths.max(initial=0))


def split_long_words(
    text: str, ids: np.ndarray, offsets: np.ndarray, *, backend: Tokenizer, unk_id: int, limit: int
) -> tuple[np.ndarray, np.ndarray]:
    """Replace each unknown token of more than ``limit`` characters by the tokens of its pieces.

    Parameters
    ----------
    text
        The whole text.
    ids, offsets
        int64 [n] and [n, 2] as the tokenizer gave them.
    backend
        The tokenizer, without truncation and padding.
    unk_id
        Id of the unknown token.
    limit
        Characters of a word the vocabulary takes.

    Returns
    -------
    tuple
        ids int64 [m] and offsets int64 [m, 2].
    """
    widths = offsets[:, 1] - offsets[:, 0]
    id_parts: list[np.ndarray] = []
    offset_parts: list[np.ndarray] = []
    done = 0
    for position in np.flatnonzero((ids == unk_id) & (widths > limit)).tolist():
        start, end = map(int, offsets[position])
        piece_ids, piece_offsets = _encode_word(text[start:end], backend, unk_id, limit)
        id_parts += [ids[done:position], piece_ids]
        offset_parts += [offsets[done:position], piece_offsets + start]
        done = position + 1
    id_parts.append(ids[done:])
    offset_parts.append(offsets[done:])
    return np.concatenate(id_parts), np.concatenate(offset_parts)  # [m], [m, 2]


def warn_of_long_word(text: str, offsets: np.ndarray, *, is_split: bool, limit: int) -> None:
    """Say once that a stretch of text was not tokenised as an ordinary word."""
    start, end = offsets[np.argmax(offsets[:, 1] - offsets[:, 0])].tolist()
    fate = (
        f"is longer than the {limit} characters its vocabulary takes and was encoded in pieces, so "
        "that nothing of it is lost"
        if is_split
        else "is not in its vocabulary and counts as one unknown token; another model may know it"
    )
    warnings.warn(
        f"A stretch of {end - start} characters ({text[start : start + _SHOWN_CHARACTERS]!r}...) "
        f"{fate}. Later ones are treated alike without a word.",
        stacklevel=2,
    )


def _encode_word(
    word: str, backend: Tokenizer, unk_id: int, limit: int
) -> tuple[np.ndarray, np.ndarray]:
    """Encode one long word: pieces of characters the vocabulary has, and of those it lacks."""
    characters = sorted(set(word))
    encodings = backend.encode_batch(characters, add_special_tokens=False)
    unknown = {c for c, known in zip(characters, encodings, strict=True) if unk_id in known.ids}
    starts, ends = _cut(word, unknown, limit)
    # Words this long repeat themselves: each distinct piece is encoded once.
    numbers: dict[str, int] = {}
    pieces = [
        numbers.setdefault(word[start:end], len(numbers))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
    encoded = [
        _encode_piece(piece, encoding, backend, None if piece[0] in unknown else unk_id)
        for group in _chunks(list(numbers), _PIECES_AT_A_TIME)
        for piece, encoding in zip(
            group, backend.encode_batch(group, add_special_tokens=False), strict=True
        )
    ]
    counts = np.array([len(ids) for ids, _ in encoded], dtype=np.int64)
    flat_ids = np.concatenate([ids for ids, _ in encoded])
    flat_offsets = np.concatenate([offsets for _, offsets in encoded])
    order = np.array(pieces, dtype=np.int64)  # [pieces]
    n_tokens = counts[order]  # [pieces]
    first_flat = (np.cumsum(counts) - counts)[order]
    first_token = np.cumsum(n_tokens) - n_tokens
    source = np.arange(n_tokens.sum()) + np.repeat(first_flat - first_token, n_tokens)  # [tokens]
    return flat_ids[source], flat_offsets[source] + np.repeat(starts, n_tokens)[:, None]


def _encode_piece(
    piece: str, encoding: Encoding, backend: Tokenizer, unk_id: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return a piece's ids and offsets; with ``unk_id``, character by character if it holds one."""
    ids, offsets = encoding.ids, encoding.offsets
    if unk_id is not None and unk_id in ids:
        # Each character is in the vocabulary by itself, but one is not as the middle of a word.
        singles = backend.encode_batch(list(piece), add_special_tokens=False)
        ids = [token for single in singles for token in single.ids]
        offsets = [
            (start + index, end + index)
            for index, single in enumerate(singles)
            for start, end in single.offsets
        ]
    return np.array(ids, dtype=np.int64), np.array(offsets, dtype=np.int64).reshape(-1, 2)


def _cut(word: str, unknown: set[str], limit: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut a word where known characters meet unknown ones, and every ``limit`` characters."""
    codes = np.frombuffer(word.encode("utf-32-le"), dtype=np.uint32)  # [characters]
    is_unknown = np.isin(codes, [ord(character) for character in sorted(unknown)])
    run_starts = np.concatenate([[0], np.flatnonzero(np.diff(is_unknown)) + 1])  # [runs]
    run_lengths = np.diff(run_starts, append=len(word))
    n_pieces = -(-run_lengths // limit)
    first_piece = np.cumsum(n_pieces) - n_pieces
    within = np.arange(n_pieces.sum()) - np.repeat(first_piece, n_pieces)  # [pieces]
    starts = np.repeat(run_starts, n_pieces) + within * limit
    return starts, np.append(starts[1:], len(word))


def _chunks(items: list[str], size: int) -> Iterator[list[str]]:
    """Cut a list into runs of ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
