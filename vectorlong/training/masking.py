"""Masked language modelling as data: texts into chunks of the model's length, and their masks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from vectorlong.errors import ConfigError
from vectorlong.extras import import_extra

Unit = Literal["token", "word"]

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_NO_WORD = -1
# Of chosen tokens (arXiv:1810.04805, section 3.1).
_MASKED, _RANDOM = 0.8, 0.1
IGNORED = -100


@dataclass(frozen=True)
class Chunk:
    """A stretch of text as the model takes it, special tokens included.

    Attributes
    ----------
    ids
        int32 [n].
    words
        int32 [n]: tokens of one word have one number; special tokens have -1.
    n_characters
        int32 [n]: what each token stands for, the space before it included.
    is_global
        bool [n].
    """

    ids: np.ndarray
    words: np.ndarray
    n_characters: np.ndarray
    is_global: np.ndarray


@dataclass(frozen=True)
class Layout:
    """How tokens are laid out in chunks.

    Attributes
    ----------
    length
        Most tokens of a chunk, special tokens included.
    opening, closing
        Ids of the special tokens around it.
    is_packed
        Whether a chunk goes on with the next text, after a closing token.
    segment
        Tokens between special tokens within a chunk, of which each opens a segment and is global;
        None for none.
    """

    length: int
    opening: int
    closing: int
    is_packed: bool
    segment: int | None = None


def chunks_of(texts: Iterable[str], tokenizer: Any, layout: Layout, unit: Unit) -> Iterator[Chunk]:
    """Cut texts into chunks; together they hold every token once.

    Parameters
    ----------
    texts
        Of any length.
    tokenizer
        A fast one of ``transformers``.
    layout
        How chunks look.
    unit
        Whether the tokens of a word are to be masked together. Words of Chinese are jieba's.

    Raises
    ------
    MissingExtraError
        There is Chinese to divide into words, and jieba is not installed.
    """
    builder = _Builder(layout)
    for text in texts:
        yield from builder.take(*_tokens(text, tokenizer, unit))
        if layout.is_packed:
            builder.divide()
        else:
            yield from builder.finish()
    yield from builder.finish()


class _Builder:
    """Collects tokens until a chunk is full."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._n_words = 0
        self._clear()

    def take(self, ids: np.ndarray, words: np.ndarray, n_characters: np.ndarray) -> Iterator[Chunk]:
        words = words + self._n_words  # no word goes on in the next text
        self._n_words = int(words[-1]) + 1 if len(words) else self._n_words
        start = 0
        while start < len(ids):
            room = self._layout.length - 1 - len(self._ids)
            if self._layout.segment is not None:
                filled = len(self._ids) % self._layout.segment
                if filled == 0:  # where a segment is opened, if a token of it fits, too
                    if room < 2:
                        yield from self.finish()
                    else:
                        self._special(self._layout.closing)
                    continue
                room = min(room, self._layout.segment - filled)
            if room <= 0:
                yield from self.finish()
                continue
            part = slice(start, start + room)
            self._ids += ids[part].tolist()
            self._words += words[part].tolist()
            self._n_characters += n_characters[part].tolist()
            start += room

    def divide(self) -> None:
        """Separate what comes from what was before, where there is room for more."""
        if len(self._ids) + 2 < self._layout.length:
            self._special(self._layout.closing)

    def finish(self) -> Iterator[Chunk]:
        if any(word != _NO_WORD for word in self._words):
            self._special(self._layout.closing)
            is_special = np.array(self._words) == _NO_WORD
            is_global = is_special.copy()
            if self._layout.segment is None:
                is_global[1:] = False
            yield Chunk(
                np.array(self._ids, dtype=np.int32),
                np.array(self._words, dtype=np.int32),
                np.array(self._n_characters, dtype=np.int32),
                is_global,
            )
        self._clear()

    def _clear(self) -> None:
        self._ids: list[int] = []
        self._words: list[int] = []
        self._n_characters: list[int] = []
        self._special(self._layout.opening)

    def _special(self, token: int) -> None:
        self._ids.append(token)
        self._words.append(_NO_WORD)
        self._n_characters.append(0)


def _tokens(text: str, tokenizer: Any, unit: Unit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give a text's token ids, the words they belong to, and how many characters each is."""
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    ids = np.array(encoded["input_ids"], dtype=np.int32)
    offsets = np.array(encoded["offset_mapping"], dtype=np.int64).reshape(-1, 2)
    # From the end of the token before, so that the characters of all add up to the text's.
    ends = np.maximum.accumulate(offsets[:, 1]) if len(offsets) else offsets[:, 1]
    n_characters = np.diff(ends, prepend=0)
    if unit == "token":
        return ids, np.arange(len(ids)), n_characters
    numbers = encoded.word_ids()
    han = _words_of_han(text)
    keys: list[tuple[int, int | None]] = []
    for (start, end), number in zip(offsets.tolist(), numbers, strict=True):
        is_han = han is not None and end > start and _HAN.match(text, start) is not None
        keys.append((1, int(han[start])) if is_han and han is not None else (0, number))
    is_new = [key != before for key, before in zip(keys, [(-1, None), *keys], strict=False)]
    return ids, np.cumsum(is_new, dtype=np.int64) - 1, n_characters


def _words_of_han(text: str) -> np.ndarray | None:
    """Give jieba's words as numbers, character by character; None for a text without Chinese."""
    if _HAN.search(text) is None:
        return None
    jieba = import_extra("train", "jieba")
    numbers = np.zeros(len(text), dtype=np.int64)
    for number, (_, start, end) in enumerate(jieba.tokenize(text)):
        numbers[start:end] = number
    return numbers


def masked(
    chunk: Chunk,
    share: float,
    mask_id: int,
    ordinary_ids: Sequence[int] | np.ndarray,
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Choose words of a chunk and hide them.

    Whole words are chosen until their tokens are the share; of these 80 % become the mask, 10 %
    another token, and 10 % stay (arXiv:1810.04805, section 3.1).

    Parameters
    ----------
    chunk
        What is masked.
    share
        Of the tokens that are not special.
    mask_id
        Of the mask token.
    ordinary_ids
        Ids that may stand in the place of a token.
    generator
        Of all that is random here.

    Returns
    -------
    tuple of numpy.ndarray
        int64 [n]: ids, some of them hidden; and labels, -100 where nothing is to be told.
    """
    words = chunk.words
    n_tokens = int((words != _NO_WORD).sum())
    wanted = max(1, round(share * n_tokens))
    numbers, sizes = np.unique(words[words != _NO_WORD], return_counts=True)
    order = generator.permutation(len(numbers))
    total = np.cumsum(sizes[order])
    # The last one as long as that comes nearer to the share than leaving it out.
    n_chosen = int(np.searchsorted(total - sizes[order] / 2, wanted, side="left"))
    is_chosen = np.isin(words, numbers[order[: max(1, n_chosen)]])
    ids = chunk.ids.astype(np.int64)
    labels = np.where(is_chosen, ids, IGNORED)
    chance = generator.random(len(ids))
    others = generator.choice(np.asarray(ordinary_ids), len(ids))
    ids = np.where(is_chosen & (chance < _MASKED), mask_id, ids)
    is_other = is_chosen & (chance >= _MASKED) & (chance < _MASKED + _RANDOM)
    return np.where(is_other, others, ids), labels


def require_mask_token(tokenizer: Any, model: str) -> int:
    """Return the mask token's id.

    Raises
    ------
    ConfigError
        The tokenizer has none.
    """
    if tokenizer.mask_token_id is None:
        raise ConfigError(
            f"model.name: the tokenizer of {model!r} has no mask token, so nothing can be masked. "
            "Take a model that was pretrained by masking."
        )
    return int(tokenizer.mask_token_id)
