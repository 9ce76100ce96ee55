"""Train, explain, keep and load a classifier; then add TF-IDF features beside the vectors.

Run it: python examples/classify_documents.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import Normalizer
from sklearn.svm import LinearSVC

from vectorlong.classify import DocumentClassifier, LongformerVectorizer, Whitener

TEXTS = [
    "The striker scored twice in the final. The crowd cheered until the last whistle.",
    "Our team lost the match on penalties. The coach praised the young goalkeeper.",
    "She won the marathon in record time. Thousands of runners filled the streets.",
    "Simmer the onions in butter. Add stock and let the soup cook for an hour.",
    "Knead the dough and let it rest. Bake the bread until the crust is golden.",
    "Season the fish with salt and lemon. Serve it with roasted potatoes.",
    "The court dismissed the appeal. The judge found the contract void.",
    "The tenant shall pay the rent in advance. Either party may terminate the agreement.",
    "The defendant pleaded not guilty. The jury heard three witnesses.",
]
LABELS = ["sport"] * 3 + ["food"] * 3 + ["law"] * 3
NEW = (
    "The restaurant was sued by its landlord over unpaid rent. The judge ordered an inspection of "
    "the kitchen. In the oven, a loaf of bread was still warm."
)


def words_and_meaning() -> Pipeline:
    """Give a pipeline that sees the words beside the vectors, these at half their weight."""
    meaning = make_pipeline(LongformerVectorizer("minilm"), Whitener(), Normalizer())
    features = FeatureUnion(
        [("words", TfidfVectorizer(sublinear_tf=True)), ("meaning", meaning)],
        transformer_weights={"meaning": 0.5},
    )
    return make_pipeline(features, LinearSVC(class_weight="balanced"))


def main() -> None:
    """Show it all on nine short texts; documents may have any length."""
    classifier = DocumentClassifier("minilm").fit(TEXTS, LABELS)
    print(dict(zip(classifier.classes_, classifier.predict_proba([NEW])[0].round(2), strict=True)))
    print(classifier.explain(NEW, max_tokens=16))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "topics.skops"
        classifier.save(path)
        print(f"{path.stat().st_size / 1024:.0f} KiB without the encoder's weights")
        loaded = DocumentClassifier.load(path)
    print("after loading:", loaded.predict([NEW])[0])
    print("with TF-IDF beside:", words_and_meaning().fit(TEXTS, LABELS).predict([NEW])[0])


if __name__ == "__main__":
    main()
