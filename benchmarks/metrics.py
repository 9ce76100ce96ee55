"""How good a ranking is: nDCG, recall and reciprocal rank, as retrieval benchmarks define them.

Pure functions of ranked ids and graded judgments; nothing about indexes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def ndcg(ranked_ids: Sequence[str], relevance: Mapping[str, float], k: int = 10) -> float:
    """Normalised discounted cumulative gain of the first ``k`` ids.

    Gain is the grade itself and the discount log2(rank + 1), as in trec_eval's ``ndcg_cut``.

    Parameters
    ----------
    ranked_ids
        Ids, best first, each at most once.
    relevance
        Grade of every judged id; absent means 0.
    k
        Ranks counted.

    Returns
    -------
    float
        0 to 1; 0.0 where nothing is relevant.

    Examples
    --------
    >>> ndcg(["a", "b"], {"b": 1.0})
    0.6309297535714575
    """
    gain = sum(
        relevance.get(name, 0.0) / math.log2(rank + 2) for rank, name in enumerate(ranked_ids[:k])
    )
    best_grades = sorted((grade for grade in relevance.values() if grade > 0), reverse=True)[:k]
    ideal = sum(grade / math.log2(rank + 2) for rank, grade in enumerate(best_grades))
    return gain / ideal if ideal else 0.0


def recall(ranked_ids: Sequence[str], relevance: Mapping[str, float], k: int = 10) -> float:
    """Share of the relevant ids that are among the first ``k``; 0.0 where nothing is relevant.

    Examples
    --------
    >>> recall(["a", "b"], {"b": 1, "c": 2})
    0.5
    """
    relevant = {name for name, grade in relevance.items() if grade > 0}
    return len(relevant.intersection(ranked_ids[:k])) / len(relevant) if relevant else 0.0


def reciprocal_rank(
    ranked_ids: Sequence[str], relevance: Mapping[str, float], k: int = 10
) -> float:
    """One over the rank of the first relevant id within ``k``, else 0.0; its mean is MRR@k.

    Examples
    --------
    >>> reciprocal_rank(["a", "b"], {"b": 1})
    0.5
    """
    for rank, name in enumerate(ranked_ids[:k]):
        if relevance.get(name, 0.0) > 0:
            return 1.0 / (rank + 1)
    return 0.0
