"""Classification of whole documents: scikit-learn estimators around ``Longformer2Vec``."""

from vectorlong.classify.document_classifier import DocumentClassifier
from vectorlong.classify.explanation import Explanation, PassageContribution
from vectorlong.classify.linear import VectorClassifier
from vectorlong.classify.neighbors import FaissKNeighborsClassifier
from vectorlong.classify.vectorizer import LongformerVectorizer
from vectorlong.classify.whitener import Whitener

__all__ = [
    "DocumentClassifier",
    "Explanation",
    "FaissKNeighborsClassifier",
    "LongformerVectorizer",
    "PassageContribution",
    "VectorClassifier",
    "Whitener",
]
