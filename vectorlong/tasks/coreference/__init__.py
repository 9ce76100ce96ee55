"""Coreference: which words of a document mean the same thing."""

from vectorlong.tasks.coreference.clusters import Cluster, CoreferenceDocument, Span
from vectorlong.tasks.coreference.conll import read_conll, write_conll
from vectorlong.tasks.coreference.figures import (
    Agreement,
    CoreferenceFigures,
    score_clusters,
    score_pairs,
)
from vectorlong.tasks.coreference.readers import GapItem, read_gap, read_litbank

__all__ = [
    "Agreement",
    "Cluster",
    "CoreferenceDocument",
    "CoreferenceFigures",
    "GapItem",
    "Span",
    "read_conll",
    "read_gap",
    "read_litbank",
    "score_clusters",
    "score_pairs",
    "write_conll",
]
