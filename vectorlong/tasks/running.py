"""How a head is run to predict: in evaluation mode, and on as much text as it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from vectorlong.encoder.options import check_max_tokens

#: Tokens of a batch, which bounds its memory.
BATCH_TOKENS = 16_384


def window_length(head: Any, tokenizer: Any, max_tokens: int | None) -> int:
    """Give the tokens of a window: what was asked for, else as many as the model was made for.

    Parameters
    ----------
    head, tokenizer
        As ``load_head`` gives them.
    max_tokens
        Special tokens included.

    Raises
    ------
    OptionError
        It is more than the model takes, or leaves no room for a text.
    """
    config = head.config
    rows = config.max_position_embeddings - config.pad_token_id - 1
    limit = int(min(rows, tokenizer.model_max_length))
    return check_max_tokens(max_tokens, limit, tokenizer.num_special_tokens_to_add(pair=False))


@contextmanager
def predicting(head: nn.Module) -> Iterator[None]:
    """Run a head without dropout and gradients, also in the midst of its training.

    Examples
    --------
    >>> head = nn.Dropout().train()
    >>> with predicting(head):
    ...     head.training, torch.is_grad_enabled()
    (False, False)
    >>> head.training
    True
    """
    modes = [(module, module.training) for module in head.modules()]
    head.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, is_training in modes:
            module.training = is_training
