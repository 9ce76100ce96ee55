"""``vectorlong demo``: a real library of long documents, searched in under two minutes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

from vectorlong.cli.models import DEFAULT_MODEL, build_encoder
from vectorlong.cli.output import JsonOption, print_json, results_console, say

if TYPE_CHECKING:
    from vectorlong.documents import Document

_QUESTIONS = (
    "What happens when a default argument is a mutable list?",
    "How does Python decide in which order base classes are searched?",
    "How do I write a number with commas between the thousands?",
)
_HITS = 2


def demo_command(as_json: JsonOption = False) -> None:
    """Encode Python's own language reference and answer three questions about it."""
    say("Loading the model ...")
    started = time.perf_counter()
    encoder = build_encoder(DEFAULT_MODEL)
    seconds = {"load": time.perf_counter() - started}
    from vectorlong.cli.hits import hit_as_json, print_hits
    from vectorlong.retrieval.document_index import DocumentIndex

    documents = list(_language_reference())
    n_words = sum(len(document.text.split()) for document in documents)
    say(f"Encoding {len(documents)} chapters of Python's language reference, {n_words:,} words ...")
    with (
        tempfile.TemporaryDirectory(prefix="vectorlong-demo-") as folder,
        DocumentIndex.create(folder, encoder) as index,
    ):
        report = index.add(documents)
        seconds["encode"] = report.seconds
        info = index.info()
        answers = []
        for question in _QUESTIONS:
            asked = time.perf_counter()
            answers.append((question, index.search(question, _HITS), time.perf_counter() - asked))
    facts: dict[str, Any] = {
        "model": DEFAULT_MODEL,
        "n_documents": len(documents),
        "n_words": n_words,
        "n_tokens": report.n_tokens,
        "n_passages": info["n_passages"],
        "load_seconds": round(seconds["load"], 2),
        "encode_seconds": round(seconds["encode"], 2),
    }
    if as_json:
        asked_and_found = [
            {
                "question": question,
                "seconds": round(taken, 4),
                "hits": [hit_as_json(hit) for hit in hits],
            }
            for question, hits, taken in answers
        ]
        print_json({**facts, "answers": asked_and_found})
        return
    console = results_console()
    typer.echo(
        f"{facts['n_documents']} chapters, {facts['n_tokens']:,} tokens, {facts['n_passages']:,} "
        f"passages encoded in {facts['encode_seconds']:.1f} s "
        f"({facts['n_tokens'] / report.seconds:,.0f} tokens/s)."
    )
    for question, hits, taken in answers:
        console.print()
        console.rule(f"{question}  ({taken * 1000:.0f} ms)", align="left")
        print_hits(console, hits)
    say("\nYour own files: vectorlong index FOLDER --into DIR, then vectorlong search DIR QUESTION")


def _language_reference() -> Iterator[Document]:
    """Give the chapters that ``help("with")`` and the like show; every Python has them."""
    from pydoc_data.topics import topics

    from vectorlong.documents import Document

    for name, text in sorted(topics.items()):
        yield Document(name, text, {"title": text.split("\n", 1)[0].strip()})
