"""Plain BM25 over whole documents, independent of this library's lexical index."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

# Usual values; see Robertson and Zaragoza (2009), "The Probabilistic Relevance Framework".
_SATURATION = 1.5
_LENGTH_SHARE = 0.75
_CHINESE_RUN = re.compile("[\u3400-\u9fff]+")
_TERM = re.compile("[\u3400-\u9fff]+|[^\\W_]+")


def terms(text: str) -> list[str]:
    """Lower-cased words as they are; Chinese as single characters and overlapping pairs."""
    found: list[str] = []
    for term in _TERM.findall(text.lower()):
        if _CHINESE_RUN.match(term):
            found.extend(term)
            found.extend(term[start : start + 2] for start in range(len(term) - 1))
        else:
            found.append(term)
    return found


class Bm25:
    """BM25 of every document for a question.

    Parameters
    ----------
    texts
        The documents.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._counter = CountVectorizer(analyzer=terms)
        counts = self._counter.fit_transform(texts).tocsr().astype(np.float64)  # [n, v]
        lengths = np.asarray(counts.sum(axis=1)).ravel()  # [n]
        n_holding = np.bincount(counts.indices, minlength=counts.shape[1])  # [v]
        rarity = np.log1p((len(texts) - n_holding + 0.5) / (n_holding + 0.5))
        damping = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * lengths / lengths.mean())
        frequency = counts.data
        counts.data = (
            rarity[counts.indices]
            * frequency
            * (_SATURATION + 1)
            / (frequency + np.repeat(damping, np.diff(counts.indptr)))
        )
        self._weights = counts

    def scores(self, questions: Sequence[str]) -> np.ndarray:
        """float64 [q, n]: greater is better."""
        asked = self._counter.transform(questions).astype(np.float64)
        return (asked @ self._weights.T).toarray()
