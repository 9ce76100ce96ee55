"""What may stand in the place of a mask, in texts of any length."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

import torch
from transformers import LongformerForMaskedLM

from vectorlong.checks import check_count
from vectorlong.errors import InputValueError
from vectorlong.tasks.loading import load_head
from vectorlong.tasks.running import predicting, window_length
from vectorlong.text.check import check_text

# As the tokenizers of BERT and of RoBERTa write it; either is taken for the model's own.
_MASKS = re.compile(r"\[MASK\]|<mask>")


@dataclass(frozen=True)
class Filling:
    """A token for one mask.

    Attributes
    ----------
    token
        As text, without the space before it.
    token_id
        Its id.
    score
        Its probability, 0 to 1.
    """

    token: str
    token_id: int
    score: float


class FillMask:
    """Fills masks.

    Parameters
    ----------
    model
        Whatever ``load_head`` takes, or a head and its tokenizer.

    Raises
    ------
    InputValueError
        The tokenizer has no mask token.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(action="ignore"):  # that the head is new
    ...     filler = FillMask("minilm")
    >>> [len(best) for best in filler.fill("The [MASK] pays <mask>.", k=3)]
    [3, 3]
    """

    def __init__(self, model: str | os.PathLike[str] | tuple[LongformerForMaskedLM, Any]) -> None:
        if not isinstance(model, tuple):
            model = load_head(LongformerForMaskedLM, model)
        self.head = model[0]
        self.tokenizer: Any = model[1]
        if self.tokenizer.mask_token_id is None:
            raise InputValueError(
                "The tokenizer of this model has no mask token, so that it was never trained to "
                "fill masks. Take a model that was pretrained by masking."
            )

    def fill(self, text: str, k: int = 5) -> list[list[Filling]]:
        """Give the likeliest tokens for each mask.

        Parameters
        ----------
        text
            With masks written "[MASK]", "<mask>" or as the model's own tokenizer does. Of a text
            that is longer than the model, each mask is filled by what stands around it.
        k
            Tokens wanted for each.

        Returns
        -------
        list of list of Filling
            For each mask in order, the likeliest first.

        Raises
        ------
        InputTypeError
            ``text`` is no string.
        InputValueError
            There is no mask in it, or half of a character.
        OptionError
            ``k`` is no whole number of at least 1.
        """
        text = check_text(text, "text")
        check_count("k", k, least=1)
        mask = self.tokenizer.mask_token
        text = _MASKS.sub(lambda _: mask, text)
        ids = self.tokenizer(text, add_special_tokens=False, verbose=False).input_ids
        masks = [place for place, id_ in enumerate(ids) if id_ == self.tokenizer.mask_token_id]
        if not masks:
            raise InputValueError(
                f"There is no mask in the text; write {mask} where a token is wanted."
            )
        room = window_length(self.head, self.tokenizer, None) - 2
        found: list[list[Filling]] = []
        while len(found) < len(masks):
            first = masks[len(found)]
            # In the middle, and with it all later masks of the first half.
            start = max(0, min(first - room // 2, len(ids) - room))
            end = start + room
            here = [
                place for place in masks[len(found) :] if place == first or place < end - room // 4
            ]
            if end >= len(ids):
                here = masks[len(found) :]
            found += self._fill(ids[start:end], [place - start for place in here], k)
        return found

    def _fill(self, ids: list[int], masks: list[int], k: int) -> list[list[Filling]]:
        tokenizer = self.tokenizer
        inputs = torch.tensor([[tokenizer.cls_token_id, *ids, tokenizer.sep_token_id]])
        is_global = torch.zeros_like(inputs)
        is_global[:, 0] = 1
        device = self.head.device
        with predicting(self.head):
            states = self.head.longformer(
                inputs.to(device), global_attention_mask=is_global.to(device)
            ).last_hidden_state  # [1, n, e]
            scores = self.head.lm_head(states[0, [place + 1 for place in masks]])  # [m, v]
        best = scores.float().softmax(-1).topk(min(k, scores.shape[-1]))
        return [
            [
                Filling(tokenizer.decode([id_]).strip(), id_, score)
                for id_, score in zip(row_ids, row_scores, strict=True)
            ]
            for row_ids, row_scores in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]
