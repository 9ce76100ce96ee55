"""Put a library of long documents into a folder and ask it questions.

The documents are Python's own language reference, which every Python carries. The first run takes
about half a minute on two cores; the second encodes nothing, because the folder holds all already.

    python examples/search_a_folder.py
    python examples/search_a_folder.py "what does nonlocal do?" my-index
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from pydoc_data.topics import topics

from vectorlong import Document, DocumentIndex, Longformer2Vec


def main(
    question: str = "What happens when a default argument is a mutable list?",
    folder: str | None = None,
) -> None:
    path = Path(folder or Path(tempfile.gettempdir(), "python-reference-index"))
    encoder = Longformer2Vec("minilm", dtype="auto")
    documents = [
        Document(name, text, {"n_words": len(text.split())}) for name, text in topics.items()
    ]
    is_new = not path.exists()
    index = DocumentIndex.create(path, encoder) if is_new else DocumentIndex.open(path, encoder)
    with index:
        report = index.add(documents)
        print(f"{report.added} added, {report.unchanged} unchanged, {report.seconds:.1f} s")

        for hit in index.search(question, k=3):
            passage = hit.passage
            print(f"\n{hit.score:.2f}  {hit.id}, characters {passage.start} to {passage.end}")
            print(passage.text.strip())

        short = index.search(question, k=1, mode="vector", where={"n_words": {"$lt": 300}})
        print(f"\nAmong short chapters, by meaning alone: {short[0].id} ({short[0].score:.2f})")


if __name__ == "__main__":
    main(*sys.argv[1:])
