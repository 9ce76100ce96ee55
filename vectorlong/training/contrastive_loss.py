"""Losses over a batch's vectors, with the cached gradients of sentence-transformers.

A batch is as large as its questions want it; memory holds the states of one part of it.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import CachedMultipleNegativesRankingLoss
from torch import Tensor

#: What a pair of question and candidate is.
NEGATIVE, POSITIVE, LEFT_OUT = 0, 1, -1


class RankingLoss(CachedMultipleNegativesRankingLoss):
    """Each question's positive among all candidates of the batch, each of which is encoded once.

    As sentence-transformers has it, a question's positive stands in its own row, so that a document
    that answers two questions of a batch is encoded twice, and a negative of itself. Here
    ``labels`` [q, c] say of every pair what it is.

    Parameters
    ----------
    model
        Gives the vectors.
    scale
        What cosines are multiplied with: one over the temperature.
    mini_batch_tokens
        Tokens whose states are in memory at a time; a longer text is run alone.
    """

    def __init__(self, model: SentenceTransformer, scale: float, mini_batch_tokens: int) -> None:
        super().__init__(model, scale=scale, mini_batch_num_tokens=mini_batch_tokens)

    def calculate_loss(
        self,
        reps: list[list[Tensor]],
        labels: Tensor | None = None,
        *,
        with_backward: bool = False,
    ) -> Tensor:
        """Give the mean over the questions; vectors are [q, e] and of candidates [c, e]."""
        assert labels is not None
        questions, candidates = (torch.cat(parts) for parts in reps)
        scores = self.scale * self.similarity_fct(questions, candidates)  # [q, c]
        scores = scores.masked_fill(labels == LEFT_OUT, -torch.inf)
        loss = F.cross_entropy(scores, (labels == POSITIVE).int().argmax(dim=1))
        return _finished(loss, with_backward)


class ImitationLoss(CachedMultipleNegativesRankingLoss):
    """How far vectors are from another model's of the same texts.

    Parameters
    ----------
    model, mini_batch_tokens
        As in :class:`RankingLoss`.
    measure
        ``"cosine"``: one minus the cosine. ``"mse"``: the mean squared difference.
    """

    def __init__(self, model: SentenceTransformer, measure: str, mini_batch_tokens: int) -> None:
        super().__init__(model, mini_batch_num_tokens=mini_batch_tokens)
        self._measure = measure

    def calculate_loss(
        self,
        reps: list[list[Tensor]],
        labels: Tensor | None = None,
        *,
        with_backward: bool = False,
    ) -> Tensor:
        """Give the mean over all texts; ``labels`` [q + c, e] are the other model's vectors."""
        assert labels is not None
        vectors = torch.cat([torch.cat(parts) for parts in reps])  # [q + c, e]
        if self._measure == "cosine":
            loss = 1 - F.cosine_similarity(vectors, labels).mean()
        else:
            loss = F.mse_loss(vectors, labels)
        return _finished(loss, with_backward)


def _finished(loss: Any, with_backward: bool) -> Tensor:
    if not with_backward:
        return loss
    loss.backward()
    return loss.detach()
