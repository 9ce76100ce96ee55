"""How well clusters of mentions agree with those that people marked, as the field counts it.

MUC (Vilain et al. 1995) counts links, B³ (Bagga and Baldwin 1998) mentions, CEAF-φ4 (Luo 2005)
clusters matched one to one; the mean of their F1 is the CoNLL F1. LEA (Moosavi and Strube 2016)
counts links of each cluster, weighted by its size. Mentions that only one side has are no special
case (Pradhan et al. 2014, "Scoring Coreference Partitions of Predicted Mentions"). Over several
documents, numerators and denominators are added up, as the reference scorer does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.optimize import linear_sum_assignment

from vectorlong.errors import InputValueError

Mentions: TypeAlias = Iterable[Iterable[Hashable]]
_Clusters: TypeAlias = list[frozenset[Hashable]]


@dataclass(frozen=True)
class Agreement:
    """Recall and precision as what they are made of, so that documents add up.

    Attributes
    ----------
    recalled, expected
        Numerator and denominator of recall.
    right, found
        Numerator and denominator of precision.
    """

    recalled: float = 0.0
    expected: float = 0.0
    right: float = 0.0
    found: float = 0.0

    def __add__(self, other: Agreement) -> Agreement:
        return Agreement(
            self.recalled + other.recalled,
            self.expected + other.expected,
            self.right + other.right,
            self.found + other.found,
        )

    @property
    def recall(self) -> float:
        """0 to 1; 0 where nothing was expected."""
        return self.recalled / self.expected if self.expected else 0.0

    @property
    def precision(self) -> float:
        """0 to 1; 0 where nothing was found."""
        return self.right / self.found if self.found else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        total = self.recall + self.precision
        return 2 * self.recall * self.precision / total if total else 0.0


@dataclass(frozen=True)
class CoreferenceFigures:
    """What the measures say of the same clusters.

    Attributes
    ----------
    mentions
        Mentions found, whatever their cluster.
    muc, b_cubed, ceaf, lea
        Agreement by each measure; ``ceaf`` is CEAF-φ4, which CoNLL calls CEAFe.
    """

    mentions: Agreement
    muc: Agreement
    b_cubed: Agreement
    ceaf: Agreement
    lea: Agreement

    @property
    def conll_f1(self) -> float:
        """Mean F1 of MUC, B³ and CEAF-φ4, 0 to 1."""
        return (self.muc.f1 + self.b_cubed.f1 + self.ceaf.f1) / 3


def score_clusters(found: Sequence[Mentions], expected: Sequence[Mentions]) -> CoreferenceFigures:
    """Score the clusters of documents.

    Parameters
    ----------
    found
        Clusters of each document. A mention is anything that can be compared: spans of characters,
        pairs of words. One that occurs again, in the same cluster or a later one, counts where it
        is first.
    expected
        Those that people marked, of the same documents in the same order.

    Raises
    ------
    InputValueError
        There are not as many documents on both sides.

    Examples
    --------
    >>> figures = score_clusters([[["a"], ["d", "e"]]], [[["a"], ["b", "c"], ["d", "e", "f"]]])
    >>> round(figures.ceaf.recall, 4), round(figures.ceaf.precision, 4)
    (0.6, 0.9)
    >>> round(figures.conll_f1, 4)
    0.5933
    """
    if len(found) != len(expected):
        raise InputValueError(
            f"There are clusters of {len(found):,} documents found, but of {len(expected):,} "
            "expected."
        )
    totals = [Agreement() for _ in _MEASURES]
    for of_found, of_expected in zip(found, expected, strict=True):
        sides = _each_once(of_found), _each_once(of_expected)
        for number, measure in enumerate(_MEASURES):
            totals[number] += measure(*sides)
    return CoreferenceFigures(*totals)


def _each_once(clusters: Mentions) -> _Clusters:
    """Leave out mentions that were before, and clusters that are then empty."""
    seen: set[Hashable] = set()
    kept = []
    for cluster in clusters:
        new = frozenset(cluster) - seen
        seen |= new
        if new:
            kept.append(new)
    return kept


def _both_ways(
    measure: Callable[[_Clusters, _Clusters], tuple[float, float]],
) -> Callable[[_Clusters, _Clusters], Agreement]:
    """Make an agreement of a measure whose precision is its recall with sides exchanged."""
    return lambda found, expected: Agreement(
        *measure(expected, found),
        *measure(found, expected),
    )


def _mentions(clusters: _Clusters, others: _Clusters) -> tuple[float, float]:
    n_shared = sum(shared.total() for shared in _shared(clusters, others))
    return n_shared, sum(map(len, clusters))


def _muc(clusters: _Clusters, others: _Clusters) -> tuple[float, float]:
    """Count the links of a cluster that are left where the other side divides it."""
    n_links = sum(len(cluster) - 1 for cluster in clusters)
    n_kept = 0
    for cluster, shared in zip(clusters, _shared(clusters, others), strict=True):
        n_alone = len(cluster) - shared.total()
        n_kept += len(cluster) - (len(shared) + n_alone)
    return n_kept, n_links


def _b_cubed(clusters: _Clusters, others: _Clusters) -> tuple[float, float]:
    """Sum over mentions which share of their cluster is in theirs on the other side."""
    total = 0.0
    for cluster, shared in zip(clusters, _shared(clusters, others), strict=True):
        total += sum(count**2 for count in shared.values()) / len(cluster)
    return total, sum(map(len, clusters))


def _lea(clusters: _Clusters, others: _Clusters) -> tuple[float, float]:
    """Sum the share of the links of each cluster that are links on the other side, by its size.

    A mention alone has one link, to itself, which is found where it is alone there, too.
    """
    total = 0.0
    for cluster, shared in zip(clusters, _shared(clusters, others), strict=True):
        if len(cluster) == 1:
            total += any(len(others[number]) == 1 for number in shared)
        else:
            n_links = sum(count * (count - 1) for count in shared.values())
            total += n_links / (len(cluster) - 1)
    return total, sum(map(len, clusters))


def _ceaf(found: _Clusters, expected: _Clusters) -> Agreement:
    """Match clusters one to one, so that what they share of their mentions is most."""
    likeness = np.zeros((len(found), len(expected)))
    for row, shared in enumerate(_shared(found, expected)):
        for column, count in shared.items():
            likeness[row, column] = 2 * count / (len(found[row]) + len(expected[column]))
    matched = float(likeness[linear_sum_assignment(likeness, maximize=True)].sum())
    return Agreement(matched, len(expected), matched, len(found))


def _shared(clusters: _Clusters, others: _Clusters) -> list[Counter[int]]:
    """Give, for each cluster, how many of its mentions are in which of the others."""
    home = {mention: number for number, other in enumerate(others) for mention in other}
    return [
        Counter(home[mention] for mention in cluster if mention in home) for cluster in clusters
    ]


# In the order of the fields of CoreferenceFigures.
_MEASURES = (_both_ways(_mentions), _both_ways(_muc), _both_ways(_b_cubed), _ceaf, _both_ways(_lea))


def score_pairs(
    found: Sequence[tuple[bool, bool]], expected: Sequence[tuple[bool, bool]]
) -> Agreement:
    """Score which of two names a pronoun means, as GAP does (Webster et al. 2018).

    Parameters
    ----------
    found
        Of each pronoun, whether it means the first and the second name.
    expected
        What people said.

    Raises
    ------
    InputValueError
        There are not as many pronouns on both sides.

    Examples
    --------
    >>> score_pairs([(True, False), (True, False)], [(True, False), (False, True)]).f1
    0.5
    """
    if len(found) != len(expected):
        raise InputValueError(
            f"There are {len(found):,} pronouns found, but {len(expected):,} expected."
        )
    n_right = sum(
        one and other
        for of_found, of_expected in zip(found, expected, strict=True)
        for one, other in zip(of_found, of_expected, strict=True)
    )
    return Agreement(n_right, sum(map(sum, expected)), n_right, sum(map(sum, found)))
