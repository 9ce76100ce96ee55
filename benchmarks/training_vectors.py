"""What training brings to vectors of documents and of passages."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from metrics import ndcg
from retrieval_sets import RetrievalSet
from training_runs import Row, fewer_steps, lines, show, steps, train, write

from vectorlong import Longformer2Vec
from vectorlong.vectors import unit_rows


def contrastive(data: Path, into: Path) -> None:
    """minilm's vectors by questions on meetings and tales, asked of all their documents."""
    names = ("qmsum", "fairytaleqa")
    sets = [RetrievalSet.read(data, name) for name in names]
    if fewer_steps:
        sets = [first_documents(each, 20) for each in sets]
    corpus, learnt, held_out = [], [], []
    for each in sets:
        documents = {document.id: document.text for document in each.documents}
        questions = training_questions(data / each.name)
        ids = np.random.default_rng(0).permutation(sorted({it["positive"] for it in questions}))
        # Of a meeting of 11,000 tokens and a tale of 2,600: what fits into the hour.
        asked = {id for judged in each.relevance for id in judged}
        free = [id for id in ids.tolist() if id in documents and id not in asked]
        chosen = free[: {"qmsum": 50}.get(each.name)]
        corpus += [{"id": id, "text": documents[id]} for id in chosen]
        apart = set(chosen[: len(chosen) // 8][:10])
        held_out += [it for it in questions if it["positive"] in apart]
        learnt += [it for it in questions if it["positive"] in set(chosen) - apart]
    settings = {
        "data.train": [write(into / "contrastive-train.jsonl", learnt)],
        "data.eval": [write(into / "contrastive-eval.jsonl", held_out)],
        "data.corpus": [write(into / "contrastive-corpus.jsonl", corpus)],
        "data.eval_documents": 40,
        "training.learning_rate": 5e-5,
    }
    began = time.monotonic()
    show_retrieval("minilm", "minilm", sets, ("documents", "passages"))
    show("  evaluation", {"minutes": round((time.monotonic() - began) / 60, 1)})
    runs: dict[str, Row] = {
        "documents": {
            "training.batch_size": 16,
            "training.epochs": 1,
            "training.evaluate_every": 6,
            "training.log_every": 1,
            "task.questions_per_document": 64,
        },
        "passages": {
            "training.batch_size": 32,
            "training.max_steps": 200,
            "training.evaluate_every": 50,
        },
    }
    for kind, options in runs.items():
        options = {**options, **({"training.max_steps": steps(None)} if fewer_steps else {})}
        folder = into / f"contrastive-{kind}"
        run = train("contrastive", folder, **{"task.vectors": kind}, **settings, **options)
        show(f"held out of training, {kind}, before", run["first"])
        show("  after", {**run["best"], "step": run["step"], "minutes": run["minutes"]})
        show_retrieval(f"trained on {kind}", folder / "model", sets, (kind,))


def training_questions(folder: Path) -> list[Row]:
    """Give the training questions of a retrieval set, once for each document that answers."""
    texts = {
        row["_id"]: row["text"]
        for row in lines(folder / "queries.jsonl.gz")
        if row["split"] == "train"
    }
    judged = (row.split("\t") for row in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:])
    return [
        {"question": texts[question], "positive": document}
        for question, document, grade in judged
        if question in texts and float(grade) > 0
    ]


def first_documents(whole: RetrievalSet, n: int) -> RetrievalSet:
    """Leave documents out, to try whether a task runs."""
    asked = dict.fromkeys(id for judged in whole.relevance for id in judged)
    others = (document.id for document in whole.documents if document.id not in asked)
    ids = {*list(asked)[: n // 2], *list(others)[: n // 2]}
    documents = [document for document in whole.documents if document.id in ids]
    kept = [row for row, judged in enumerate(whole.relevance) if judged.keys() <= ids]
    return RetrievalSet(
        whole.name,
        documents,
        [whole.questions[row] for row in kept],
        [whole.relevance[row] for row in kept],
    )


def show_retrieval(
    name: str, model: str | Path, sets: list[RetrievalSet], kinds: tuple[str, ...]
) -> None:
    """Show nDCG@10 on questions of documents that no training question is on."""
    encoder = Longformer2Vec(model, dtype="auto")
    for kind in kinds:
        figures = {}
        for each in sets:
            asked = unit_rows(encoder.encode_query(each.questions))  # [q, e]
            if kind == "documents":
                scores = asked @ unit_rows(encoder.encode_document(each.texts)).T  # [q, n]
            else:
                passages = (it.passages.vectors for it in encoder.encode_with_passages(each.texts))
                scores = np.stack(
                    [(asked @ unit_rows(rows).T).max(axis=1) for rows in passages], axis=1
                )
            ids = np.array([document.id for document in each.documents])
            ranked = ids[np.argsort(-scores, axis=1, kind="stable")[:, :10]]
            figures[each.name] = float(
                np.mean([ndcg(row.tolist(), each.relevance[n]) for n, row in enumerate(ranked)])
            )
        show(f"{name}, nDCG@10 of {kind}", figures)
