"""Documents of any length as windows of a model, each after a question if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vectorlong.errors import InputTypeError, InputValueError


@dataclass(frozen=True)
class TextWindow:
    """A window of a document, special tokens included.

    Attributes
    ----------
    ids
        int64 [n].
    is_global
        bool [n]: the first token, and those of the question.
    is_text
        bool [n]: those of the document.
    offsets
        int64 [n, 2]: the document's characters that a token stands for; (0, 0) for others.
    token_types
        int64 [n]: as the tokenizer tells the question and the document apart; all 0 where its
        models do not.
    """

    ids: np.ndarray
    is_global: np.ndarray
    is_text: np.ndarray
    offsets: np.ndarray
    token_types: np.ndarray


def text_windows(
    tokenizer: Any, text: str, max_tokens: int, stride: int, question: str | None = None
) -> list[TextWindow]:
    """Cut a document into windows; every token of it is in one.

    Which tokens are the question's the tokenizer itself tells, so that it does not matter how many
    separators it writes.

    Parameters
    ----------
    tokenizer
        A fast one of ``transformers``.
    text
        Of any length.
    max_tokens
        Of a window, special tokens included.
    stride
        Tokens of the document that neighbours share; fewer where a window has no room for more.
    question
        Stands before each window.

    Raises
    ------
    InputTypeError
        The tokenizer does not know which characters its tokens stand for.
    InputValueError
        The question leaves no room for the document.

    Examples
    --------
    >>> from vectorlong.text.tokenizer import TextTokenizer
    >>> from vectorlong.encoder.embedded import embedded_folder
    >>> tokenizer = TextTokenizer.from_folder(embedded_folder()).as_transformers()
    >>> windows = text_windows(tokenizer, "one two three four", 8, 1, question="how many?")
    >>> [tokenizer.decode(window.ids) for window in windows]
    ['[CLS] how many? [SEP] one two [SEP]', '[CLS] how many? [SEP] two three [SEP]', \
'[CLS] how many? [SEP] three four [SEP]']
    >>> windows[0].is_global.tolist()
    [True, True, True, True, False, False, False, False]
    """
    if not tokenizer.is_fast:
        raise InputTypeError(
            f"{type(tokenizer).__name__} does not know which characters its tokens stand for. Take "
            "a fast tokenizer, whose folder has a tokenizer.json."
        )
    texts = (text,) if question is None else (question, text)
    # Never with the tokenizer's own truncation, a state that threads would change for each other.
    encoded = tokenizer(*texts, truncation=False, return_offsets_mapping=True, verbose=False)
    ids = np.array(encoded["input_ids"], dtype=np.int64)  # [n]
    offsets = np.array(encoded["offset_mapping"], dtype=np.int64).reshape(-1, 2)  # [n, 2]
    parts = np.array([-1 if part is None else part for part in encoded.sequence_ids(0)])  # [n]
    is_text = parts == len(texts) - 1
    is_global = (parts == 0) & ~is_text
    is_global[:1] = True
    room = max_tokens - int((~is_text).sum())
    if room < 1:
        raise InputValueError(
            f"A question of {int((parts == 0).sum())} tokens leaves no room for the document in "
            f"windows of {max_tokens}; take longer windows, or a shorter question."
        )
    offsets[~is_text] = 0
    token_types = np.array(encoded.get("token_type_ids", np.zeros_like(ids)))  # [n]
    tokens = np.flatnonzero(is_text)
    first = int(tokens[0]) if len(tokens) else len(ids)
    around = np.arange(first), np.arange(first + len(tokens), len(ids))
    windows = []
    for start in _starts(len(tokens), room, stride):
        chosen = np.concatenate([around[0], tokens[start : start + room], around[1]])
        facts = (ids, is_global, is_text, offsets, token_types)
        windows.append(TextWindow(*(fact[chosen] for fact in facts)))
    return windows


def _starts(n_tokens: int, room: int, stride: int) -> range:
    """Choose where windows begin, so that none has tokens of its neighbours alone."""
    step = room - min(stride, room - 1)
    return range(0, max(1, n_tokens - room + step), step)


def window_tensors(windows: Sequence[TextWindow], pad_id: int) -> dict[str, Tensor]:
    """Lay windows side by side: four tensors int64 [w, n] under the names of ``transformers``."""
    shape = (len(windows), max(len(window.ids) for window in windows))
    tensors = {
        "input_ids": torch.full(shape, pad_id),
        "attention_mask": torch.zeros(shape, dtype=torch.long),
        "global_attention_mask": torch.zeros(shape, dtype=torch.long),
        "token_type_ids": torch.zeros(shape, dtype=torch.long),
    }
    for row, window in enumerate(windows):
        n = len(window.ids)
        tensors["input_ids"][row, :n] = torch.from_numpy(window.ids)
        tensors["attention_mask"][row, :n] = 1
        tensors["global_attention_mask"][row, :n] = torch.from_numpy(window.is_global)
        tensors["token_type_ids"][row, :n] = torch.from_numpy(window.token_types)
    return tensors
