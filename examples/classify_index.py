"""Label the unlabelled half of an index, without encoding anything again.

The documents are Python's own language reference; half of them carry their kind as metadata. Their
vectors come straight out of the index, and any scikit-learn estimator takes them.
Run it: python examples/classify_index.py
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np

from vectorlong import Document, DocumentIndex, Longformer2Vec
from vectorlong.classify import VectorClassifier

KINDS = {
    "statement": "assert assignment augassign break continue del for global if import nonlocal "
    "pass raise return try while with class function",
    "expression": "atom-identifiers atom-literals attribute-references binary bitwise calls "
    "comparisons conversions exprlists lambda numbers power shifting slicings subscriptions unary",
    "type": "bltin-code-objects bltin-ellipsis-object bltin-null-object bltin-type-objects "
    "string-methods typesfunctions typesmapping typesmethods typesmodules typesseq "
    "typesseq-mutable",
}


def documents() -> Iterator[Document]:
    """Give the topics; every other one of a kind knows its kind."""
    for kind, names in KINDS.items():
        known = [name for name in names.split() if name in topics]
        for number, name in enumerate(known):
            yield Document(name, topics[name], {"kind": kind} if number % 2 == 0 else {})


def label_rest(index: DocumentIndex) -> dict[str, tuple[str, float]]:
    """Learn from the documents that have a kind; give kind and probability of the others."""
    ids, vectors = index.vectors()  # [n, e]
    kinds = np.array([index.get(id).metadata.get("kind", "") for id in ids])
    is_labelled = kinds != ""
    classifier = VectorClassifier().fit(vectors[is_labelled], kinds[is_labelled])
    probabilities = classifier.predict_proba(vectors[~is_labelled])  # [m, c]
    found = classifier.classes_[probabilities.argmax(axis=1)]
    unlabelled = np.array(ids)[~is_labelled].tolist()
    pairs = zip(found.tolist(), probabilities.max(axis=1).tolist(), strict=True)
    return dict(zip(unlabelled, pairs, strict=True))


def main() -> None:
    """Build the index in a temporary folder, and print what the classifier says."""
    with (
        tempfile.TemporaryDirectory() as folder,
        DocumentIndex.create(Path(folder) / "index", Longformer2Vec("minilm")) as index,
    ):
        index.add(documents())
        found = label_rest(index)
    truth = {name: kind for kind, names in KINDS.items() for name in names.split()}
    for name, (kind, probability) in sorted(found.items()):
        verdict = "right" if truth[name] == kind else f"wrong, it is {truth[name]}"
        print(f"{name:24} {kind:10} {probability:.2f}  {verdict}")
    n_right = sum(truth[name] == kind for name, (kind, _) in found.items())
    print(f"{n_right} of {len(found)} right")


if __name__ == "__main__":
    main()
