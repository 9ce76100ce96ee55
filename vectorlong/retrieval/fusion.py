"""Two rankings made one: by reciprocal ranks, or by scores brought to one scale.

Pure functions on arrays over the same candidates. Both give scores from 0 to 1, where 1 means best
in every source. ``DEFAULT_FUSION`` names the one that hybrid search uses; docs/models.md has the
figures it was chosen by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from vectorlong.errors import OptionError

# Cormack, Clarke and Buettcher (2009), "Reciprocal Rank Fusion outperforms Condorcet".
RANK_OFFSET = 60
# Share of the vector source in a score fusion; the lexical source has the rest.
VECTOR_WEIGHT = 0.5


def reciprocal_rank_fusion(scores: Mapping[str, np.ndarray]) -> np.ndarray:
    """Fuse by ranks: the sum of 1 / (60 + rank) over the sources, divided by its maximum.

    Parameters
    ----------
    scores
        One float array [c] a source, over the same c candidates; NaN where a source does not know
        a candidate, which then adds nothing.

    Returns
    -------
    numpy.ndarray
        float64 [c], 0 to 1; 1 is first in every source.

    Examples
    --------
    >>> reciprocal_rank_fusion({"a": np.array([2.0, 1.0]), "b": np.array([5.0, np.nan])}).tolist()
    [1.0, 0.49193548387096775]
    """
    fused = np.zeros(_n_candidates(scores))  # [c]
    for values in scores.values():
        known = ~np.isnan(values)
        order = np.argsort(-values[known], kind="stable")
        ranks = np.empty(len(order))
        ranks[order] = np.arange(1, len(order) + 1)
        fused[known] += 1.0 / (RANK_OFFSET + ranks)
    return fused * (RANK_OFFSET + 1) / max(len(scores), 1)


def score_fusion(scores: Mapping[str, np.ndarray]) -> np.ndarray:
    """Fuse by scores: each source divided by its best among the candidates, then averaged.

    Cosines below 0 count as 0. A source that does not know a candidate adds nothing. Within a
    source the proportions of its scores are kept, which ranks throw away.

    Parameters
    ----------
    scores
        As for `reciprocal_rank_fusion`, with a source ``"vector"`` weighted `VECTOR_WEIGHT` and the
        others sharing the rest.

    Returns
    -------
    numpy.ndarray
        float64 [c], 0 to 1; 1 is best in every source.

    Examples
    --------
    >>> score_fusion({"vector": np.array([0.8, 0.4]), "lexical": np.array([6.0, 12.0])}).tolist()
    [0.75, 0.75]
    """
    fused = np.zeros(_n_candidates(scores))  # [c]
    n_others = len(scores) - ("vector" in scores)
    for source, values in scores.items():
        if source == "vector":
            weight = VECTOR_WEIGHT if n_others else 1.0
        else:
            weight = (1.0 - VECTOR_WEIGHT if "vector" in scores else 1.0) / n_others
        positive = np.maximum(np.nan_to_num(values, nan=0.0), 0.0)
        best = positive.max(initial=0.0)
        if best > 0:
            fused += weight * positive / best
    return fused


def _n_candidates(scores: Mapping[str, np.ndarray]) -> int:
    return len(next(iter(scores.values()))) if scores else 0


FUSIONS: dict[str, Callable[[Mapping[str, np.ndarray]], np.ndarray]] = {
    "rank": reciprocal_rank_fusion,
    "score": score_fusion,
}
DEFAULT_FUSION = "score"


def get_fusion(name: str) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
    """Return the fusion called ``name``; OptionError lists the names there are."""
    if not isinstance(name, str) or name not in FUSIONS:
        raise OptionError("fusion", name, FUSIONS)
    return FUSIONS[name]
