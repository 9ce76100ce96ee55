"""Coreference: which words of a document mean the same thing."""

from vectorlong.tasks.coreference.clusters import Cluster, CoreferenceDocument, Span
from vectorlong.tasks.coreference.figures import (
    Agreement,
    CoreferenceFigures,
    score_clusters,
    score_pairs,
)

__all__ = [
    "Agreement",
    "Cluster",
    "CoreferenceDocument",
    "CoreferenceFigures",
    "Span",
    "score_clusters",
    "score_pairs",
]
