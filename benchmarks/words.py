"""Words beside FTS5's own: how fast they are indexed and asked, and what they find by language.

The peer is SQLite's FTS5 as it comes, over the same documents and passages: tokenizer
``porter unicode61``, and questions as any of their words. XQuAD is not among the labelled
documents; ``--xquad`` takes the folder of its files (github.com/google-deepmind/xquad).

    python benchmarks/words.py --data FOLDER --xquad FOLDER
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from retrieval_sets import RetrievalSet

from vectorlong import DocumentIndex
from vectorlong.documents import DocumentEncoding, Passages, PassageSpec
from vectorlong.lexical.characters import exact_words, visible
from vectorlong.lexical.expressions import TOKENIZER, expressions
from vectorlong.lexical.question import parse_question
from vectorlong.lexical.stems import stem_language
from vectorlong.lexical.words import indexed_words

_PASSAGE_CHARACTERS = 600
# XQuAD's languages and Snowball's names for them.
_LANGUAGES = {
    "en": "english",
    "de": "german",
    "es": "spanish",
    "ro": "romanian",
    "tr": "turkish",
    "ru": "russian",
    "el": "greek",
    "ar": "arabic",
    "hi": "hindi",
    "vi": None,
    "th": None,
    "zh": None,
}


class _NoEncoder:
    """Gives every text the same vector, so that words alone are timed."""

    fingerprint = "none"
    model_name = None
    default_passages = PassageSpec(max_tokens=128)

    def get_embedding_dimension(self) -> int:
        return 4

    def encode_query(self, texts: Sequence[str]) -> np.ndarray:
        return np.ones((len(texts), 4), dtype=np.float32)

    def encode_with_passages(
        self, texts: Sequence[str], passages: PassageSpec
    ) -> Iterator[DocumentEncoding]:
        for text in texts:
            starts = np.arange(0, max(len(text), 1), _PASSAGE_CHARACTERS)
            ends = np.append(starts[1:], len(text))
            vectors = np.ones((len(starts), 4), dtype=np.float32)
            yield DocumentEncoding(
                vector=vectors[0],
                passages=Passages(vectors=vectors, spans=np.stack([starts, ends], axis=1)),
                n_tokens=len(starts),
                n_windows=1,
                n_dropped_tokens=0,
            )


def _plain_table(columns: str, tokenizer: str) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute(
        f"CREATE VIRTUAL TABLE t USING fts5({columns}, content='', tokenize=\"{tokenizer}\")"
    )
    return connection


def _plain_question(question: str) -> str:
    return " OR ".join(f'"{word}"' for word in dict.fromkeys(re.findall(r"\w+", question)))


def _fill_plain(texts: Sequence[str]) -> sqlite3.Connection:
    connection = _plain_table("words", "porter unicode61")
    connection.executemany("INSERT INTO t (words) VALUES (?)", ((text,) for text in texts))
    return connection


def _fill_ours(texts: Sequence[str], setting: str) -> sqlite3.Connection:
    connection = _plain_table("terms, words", TOKENIZER)
    for text in texts:
        indexed = indexed_words(text, stem_language(setting, exact_words(visible(text))))
        connection.execute(
            "INSERT INTO t (terms, words) VALUES (?, ?)", (indexed.terms, indexed.words)
        )
    return connection


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def print_rates(data: Path) -> None:
    """Print how fast texts are indexed and questions answered."""
    retrieval_set = RetrievalSet.read(data, "qmsum", 200)
    texts = retrieval_set.texts
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    ours = min(_seconds(lambda: _fill_ours(texts, "auto")) for _ in range(3))
    plain = min(_seconds(lambda: _fill_plain(texts)) for _ in range(3))
    print(
        f"indexing {megabytes:.1f} MB: {megabytes / ours:.1f} MB/s, plain {megabytes / plain:.1f}"
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        DocumentIndex.create(Path(folder) / "index", _NoEncoder()) as index,
    ):
        index.add(retrieval_set.documents)
        questions = retrieval_set.questions
        seconds = _seconds(lambda: index.search_many(questions, 10, mode="lexical"))
        print(f"a question of {len(texts)} transcripts: {1e3 * seconds / len(questions):.1f} ms")
        words = re.findall("[A-Za-z]+", " ".join(texts))
        long_questions = {
            "50,000 words": " ".join(words[:50_000]),
            "50,000 different words": " ".join(f"w{number}x" for number in range(50_000)),
            "10,000 quotes": " ".join(
                f'"{one} {other}"' for one, other in itertools.pairwise(words[:10_001])
            ),
        }
        for name, question in long_questions.items():
            seconds = _seconds(lambda q=question: index.search(q, 10, mode="lexical"))
            print(f"a question of {name}: {seconds:.2f} s")


def _ndcg(connection: sqlite3.Connection, weights: str, asked: list[tuple[str, int]]) -> float:
    gain = 0.0
    for expression, relevant in asked:
        rows = connection.execute(
            f"SELECT rowid FROM t WHERE t MATCH ? ORDER BY bm25(t, {weights}), rowid LIMIT 10",
            (expression,),
        ).fetchall()
        if (relevant,) in rows:
            gain += 1 / np.log2(2 + rows.index((relevant,)))
    return gain / len(asked)


def print_languages(xquad: Path) -> None:
    """Print nDCG@10 of XQuAD's questions over its paragraphs."""
    print(f"{'':4}{'plain':>8}{'auto':>8}{'chosen':>8}")
    for code, language in _LANGUAGES.items():
        content = json.loads((xquad / f"xquad.{code}.json").read_text("utf-8"))
        paragraphs = [paragraph for part in content["data"] for paragraph in part["paragraphs"]]
        texts = [paragraph["context"] for paragraph in paragraphs]
        # Quotes are syntax, and the questions quote what their paragraphs word otherwise.
        questions = [
            (re.sub('["“”„«»「」『』]', " ", entry["question"]), number)
            for number, paragraph in enumerate(paragraphs, start=1)
            for entry in paragraph["qas"]
        ]
        plain = [(_plain_question(question), number) for question, number in questions]
        figures = [_ndcg(_fill_plain(texts), "1.0", plain)]
        for setting in ("auto", language) if language else ("auto",):
            asked = [
                (" OR ".join(expressions(parse_question(question), setting).ranking), number)
                for question, number in questions
            ]
            figures.append(_ndcg(_fill_ours(texts, setting), "1.0, 0.1", asked))
        print(f"{code:4}" + "".join(f"{figure:8.3f}" for figure in figures), flush=True)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("VECTORLONG_DATA"))
    parser.add_argument("--xquad", type=Path)
    arguments = parser.parse_args()
    if arguments.data is None or not Path(arguments.data).is_dir():
        print(f"The labelled documents are not at {str(arguments.data)!r}; rates are not measured.")
    else:
        print_rates(Path(arguments.data))
    if arguments.xquad is None:
        print("--xquad names no folder; languages are not measured.")
    else:
        print_languages(arguments.xquad)


if __name__ == "__main__":
    main()
