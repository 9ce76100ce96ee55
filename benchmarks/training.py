"""What training brings on real documents: each task beside its baselines, in one run.

    python benchmarks/training.py TASK --data FOLDER --into FOLDER

TASK is one of those below, or "all", which takes hours on two cores. Runs are kept in --into, and
go on there where they were stopped. docs/training.md discusses the figures.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from metrics import ndcg
from ngrams import KneserNey
from retrieval_sets import RetrievalSet
from sklearn.metrics import f1_score
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    LongformerConfig,
    LongformerForMaskedLM,
)

from vectorlong import Longformer2Vec
from vectorlong.classify import DocumentClassifier
from vectorlong.tasks import QuestionAnswerer
from vectorlong.tasks.answer_figures import agreement
from vectorlong.training.config import read_config
from vectorlong.training.recipes import find_recipe
from vectorlong.training.run import run_job
from vectorlong.training.run_folder import RunFolder
from vectorlong.vectors import unit_rows

Row = dict[str, Any]


# Set by --steps: enough to see that a task runs.
_fewer_steps: list[int] = []


def steps(number: int | None) -> int | None:
    """Give how many steps a run has, or the few that were asked for."""
    return _fewer_steps[0] if _fewer_steps else number


def lines(path: Path) -> list[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def write(path: Path, records: Iterable[Row]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)


def train(task: str, folder: Path, **settings: Any) -> Row:
    """Run a recipe, and give its best figures, its first ones, and the time it took."""
    recipe = find_recipe(task)
    file = folder.with_suffix(".toml")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"output = {json.dumps(str(folder))}\n", encoding="utf-8")
    given = [f"{name}={json.dumps(value)}" for name, value in settings.items() if value is not None]
    config = read_config(recipe.config, file, given, recipe.presets)
    run = RunFolder(task, config)
    began = time.monotonic()
    finished = run.result()
    if finished is None:
        result = run_job(run, config, recipe.prepare(config))
        finished = {"figures": result.figures, "step": result.step}
    entries = [json.loads(line) for line in run.log.read_text("utf-8").splitlines()]
    first = next(entry for entry in entries if "eval_loss" in entry)
    return {
        "notes": entries[0],
        "first": {name: value for name, value in first.items() if name.startswith("eval_")},
        "best": finished["figures"],
        "step": finished["step"],
        "minutes": round((time.monotonic() - began) / 60, 1),
    }


def tested(task: str, folder: Path, **settings: Any) -> dict[str, float]:
    """Give the figures of a run's best model on other data."""
    recipe = find_recipe(task)
    file = folder.with_suffix(".toml")
    given = [f"{name}={json.dumps(value)}" for name, value in settings.items()]
    given.append(f"model.name={json.dumps(str(folder / 'model'))}")
    job = recipe.prepare(read_config(recipe.config, file, given, recipe.presets))
    with torch.no_grad():
        return job.evaluate(job.model.eval())


def show(name: str, figures: Row) -> None:
    shown = {
        key.removeprefix("eval_"): round(value, 4) if isinstance(value, float) else value
        for key, value in figures.items()
    }
    print(f"  {name:<46}" + "  ".join(f"{key} {value}" for key, value in shown.items()), flush=True)


def hyperpartisan(data: Path, into: Path) -> None:
    """Fine-tuned on whole articles, beside a linear head over the same model's frozen vectors."""
    rows = lines(data / "hyperpartisan" / "data.jsonl.gz")
    splits = {
        split: [
            {"text": row["text"], "label": row["label"]} for row in rows if row["split"] == split
        ]
        for split in ("train", "test")
    }
    texts = {split: [row["text"] for row in part] for split, part in splits.items()}
    labels = {split: [row["label"] for row in part] for split, part in splits.items()}
    frozen = DocumentClassifier("minilm").fit(texts["train"], labels["train"])
    predicted = frozen.predict(texts["test"])
    accuracy = float(np.mean(np.array(predicted) == np.array(labels["test"])))
    macro_f1 = float(f1_score(labels["test"], predicted, average="macro"))
    show("frozen vectors, DocumentClassifier", {"accuracy": accuracy, "macro_f1": macro_f1})
    # Which step is best, some of the training documents say; the test documents are for once.
    order = np.random.default_rng(0).permutation(len(splits["train"]))
    held_out = [splits["train"][number] for number in order[:60]]
    learnt = [splits["train"][number] for number in order[60:]]
    settings = {
        "data.train": [write(into / "hyperpartisan-train.jsonl", learnt)],
        "task.length": 1024,
        "training.learning_rate": 5e-5,
        "training.batch_size": 4,
        "training.accumulate": 2,
        "training.epochs": 5,
        "training.max_steps": steps(None),
    }
    chosen = write(into / "hyperpartisan-held-out.jsonl", held_out)
    run = train("classify", into / "hyperpartisan", **settings, **{"data.eval": [chosen]})
    show("fine-tuned, on the 60 documents held out", {**run["best"], "step": run["step"]})
    test = write(into / "hyperpartisan-test.jsonl", splits["test"])
    figures = tested("classify", into / "hyperpartisan", **settings, **{"data.eval": [test]})
    show("fine-tuned", {**figures, "minutes": run["minutes"]})


def csabstruct(data: Path, into: Path) -> None:
    """Sentences of abstracts in one pass, beside the same head that sees one sentence at a time."""
    splits = {
        split: lines(data / "csabstruct" / f"{split}.jsonl.gz")
        for split in ("train", "dev", "test")
    }
    together = {
        split: [{"sentences": row["sentences"], "labels": row["labels"]} for row in rows]
        for split, rows in splits.items()
    }
    alone = {
        split: [
            {"sentences": [sentence], "labels": [label]}
            for row in rows
            for sentence, label in zip(row["sentences"], row["labels"], strict=True)
        ]
        for split, rows in together.items()
    }
    # As many sentences a step, and as many epochs.
    for name, documents, batch_size in (("alone", alone, 48), ("together", together, 8)):
        files = {
            split: write(into / f"csabstruct-{name}-{split}.jsonl", rows)
            for split, rows in documents.items()
        }
        settings = {
            "data.train": [files["train"]],
            "task.length": 1024,
            "training.learning_rate": 1e-4,
            "training.batch_size": batch_size,
            "training.epochs": 3,
            "training.max_steps": steps(None),
        }
        folder = into / f"csabstruct-{name}"
        run = train("sentences", folder, **settings, **{"data.eval": [files["dev"]]})
        figures = tested("sentences", folder, **settings, **{"data.eval": [files["test"]]})
        show(f"sentences {name}", {**figures, "step": run["step"], "minutes": run["minutes"]})


def mlm(data: Path, into: Path) -> None:
    """Bits of a short model, right after conversion, and after training: the paper's figures."""
    rows = lines(data / "mlm_text" / "eltec_en.jsonl.gz")
    texts = {
        split: write(
            into / f"mlm-{split}.jsonl",
            [{"text": row["text"][:limit]} for row in rows if row["split"] == split],
        )
        for split, limit in (("train", None), ("heldout", 30_000))
    }
    common = {
        "data.train": [texts["train"]],
        "data.eval": [texts["heldout"]],
        "training.batch_size": 4,
        "training.schedule": "linear",
    }
    # all-MiniLM-L6-v2 has no head for masked tokens any more: it is taught one, in short texts.
    short = train(
        "mlm",
        into / "mlm-short",
        **{
            **common,
            "task.length": 256,
            "training.batch_size": 16,
            "training.max_steps": steps(300),
            "training.learning_rate": 3e-4,
        },
    )
    source = as_bert(into / "mlm-short" / "model", into / "mlm-bert")
    long = train(
        "mlm",
        into / "mlm-long",
        **common,
        **{
            "model.name": str(source),
            "model.convert_to_tokens": 2048,
            "model.window": 256,
            "task.length": 2048,
            "training.max_steps": steps(100),
            "training.learning_rate": 1e-4,
        },
    )
    names = ("bits_per_character", "bits_per_token", "accuracy")
    show("the source, 512 tokens", {name: long["notes"][f"source_{name}"] for name in names})
    show(
        "right after conversion, 2,048 tokens",
        {name: long["first"][f"eval_{name}"] for name in names},
    )
    show(f"after {long['step']} steps", {name: long["best"][f"eval_{name}"] for name in names})
    print(f"  {short['minutes'] + long['minutes']:.1f} minutes")


def mlm_zh(data: Path, into: Path) -> None:
    """Whole words against single characters masked, in Chinese, by a small model from nothing."""
    rows = lines(data / "mlm_text" / "sogou_short_zh.jsonl.gz")
    files = {
        split: write(
            into / f"mlm-zh-{split}.jsonl",
            [{"text": row["text"]} for row in rows if row["split"] == split],
        )
        for split in ("train", "heldout")
    }
    base = characters_of(
        "".join(row["text"] for row in rows if row["split"] == "train"), into / "zh"
    )
    settings = {
        "model.name": str(base),
        "data.train": [files["train"]],
        "data.eval": [files["heldout"]],
        "task.length": 512,
        "training.learning_rate": 1e-3,
        "training.batch_size": 8,
        "training.max_steps": steps(1200),
    }
    for unit in ("token", "word"):
        folder = into / f"mlm-zh-{unit}"
        run = train("mlm", folder, **settings, **{"task.unit": unit})
        for asked in ("token", "word"):
            figures = tested("mlm", folder, **settings, **{"task.unit": asked})
            kept = {name: figures[name] for name in ("bits_per_character", "accuracy")}
            show(f"trained by {unit}s, asked by {asked}s", {**kept, "minutes": run["minutes"]})


def characters_of(text: str, folder: Path) -> Path:
    """Write a small Longformer with random weights, whose vocabulary is a text's characters."""
    if (folder / "config.json").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    common = [character for character, n in Counter(text).most_common() if n > 1]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *common]
    pieces = list(dict.fromkeys(piece for piece in pieces if not piece.isspace()))
    (folder / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    torch.manual_seed(0)
    config = LongformerConfig(
        vocab_size=len(pieces),
        hidden_size=256,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=1024,
        max_position_embeddings=513,
        attention_window=128,
        pad_token_id=0,
        type_vocab_size=2,
    )
    LongformerForMaskedLM(config).save_pretrained(folder)
    return folder


def as_bert(longformer: Path, folder: Path) -> Path:
    """Write a Longformer whose windows were as wide as its texts as the BERT that it is."""
    tokenizer = AutoTokenizer.from_pretrained(longformer)
    model = LongformerForMaskedLM.from_pretrained(longformer)
    config = model.config
    bert = BertForMaskedLM(
        BertConfig(
            vocab_size=config.vocab_size,
            hidden_size=config.hidden_size,
            num_hidden_layers=config.num_hidden_layers,
            num_attention_heads=config.num_attention_heads,
            intermediate_size=config.intermediate_size,
            max_position_embeddings=512,
            layer_norm_eps=config.layer_norm_eps,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    state = {}
    for name, tensor in model.state_dict().items():
        if "_global" in name or "decoder" in name:
            continue
        name = name.replace("longformer.", "bert.").replace(
            "lm_head.dense", "cls.predictions.transform.dense"
        )
        name = name.replace("lm_head.layer_norm", "cls.predictions.transform.LayerNorm")
        name = name.replace("lm_head.bias", "cls.predictions.bias")
        if "position_embeddings" in name:
            tensor = tensor[config.pad_token_id + 1 :][:512]
        state[name] = tensor
    missing = bert.load_state_dict(state, strict=False).missing_keys
    assert all("decoder" in name or "position_ids" in name for name in missing), missing
    bert.tie_weights()
    bert.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def qa(data: Path, into: Path) -> None:
    """Answers in articles, beside the untrained head and beside the first 512 tokens alone."""
    for name, file in (("English", "xquad.en"), ("Chinese", "xquad.zh"), ("CMRC", "cmrc2018_dev")):
        with gzip.open(
            data / "qa_extractive" / f"{file}.json.gz", "rt", encoding="utf-8"
        ) as opened:
            articles = json.load(opened)["data"]
        # Of an article's paragraphs one document; articles are either learnt from or asked.
        documents = [questions_of(article["paragraphs"]) for article in articles]
        if name == "CMRC":  # whose articles are a paragraph each
            documents = [
                [question for document in documents[first : first + 5] for question in document]
                for first in range(0, len(documents), 5)
            ]
        n_train = 2 * len(documents) // 3
        records = {
            "train": [question for document in documents[:n_train] for question in document],
            "test": [question for document in documents[n_train:] for question in document],
        }
        files = {
            split: write(into / f"qa-{name}-{split}.jsonl", rows) for split, rows in records.items()
        }
        settings = {
            "data.train": [files["train"]],
            "data.eval": [files["test"]],
            "task.length": 1024,
            "training.learning_rate": 1e-4,
            "training.batch_size": 8,
            "training.epochs": 3,
            "training.max_steps": steps(None),
        }
        run = train("qa", into / f"qa-{name}", **settings)
        late = [row for row in records["test"] if is_late(row)]
        show(f"{name}: untrained", {key: run["first"][f"eval_{key}"] for key in ("exact", "f1")})
        show(f"{name}: trained", {**run["best"], "minutes": run["minutes"]})
        first = [{**row, "context": row["context"][:LATE]} for row in late]
        show(
            f"{name}: answers after {LATE} characters, {len(late)}",
            agreed(into / f"qa-{name}", late),
        )
        show(
            f"{name}: the same from the first {LATE} alone",
            agreed(into / f"qa-{name}", late, first),
        )


# About 512 tokens of English.
LATE = 2_300


def questions_of(paragraphs: list[Row]) -> list[Row]:
    """Join paragraphs, and move their answers."""
    context = "\n\n".join(paragraph["context"] for paragraph in paragraphs)
    questions, start = [], 0
    for paragraph in paragraphs:
        for entry in paragraph["qas"]:
            answer = entry["answers"][0]
            place = start + answer["answer_start"]
            if context[place : place + len(answer["text"])] != answer["text"]:
                place = context.find(answer["text"], start)  # some of CMRC's are off
            if place >= 0:
                answers = [{"text": answer["text"], "answer_start": place}]
                questions.append(
                    {"question": entry["question"], "context": context, "answers": answers}
                )
        start += len(paragraph["context"]) + 2
    return questions


def is_late(row: Row) -> bool:
    return row["answers"][0]["answer_start"] > LATE


def agreed(folder: Path, expected: list[Row], asked: list[Row] | None = None) -> Row:
    """Ask a trained model, of the documents or of what is left of them."""
    answerer = QuestionAnswerer(folder / "model", max_tokens=1024)
    found = answerer.ask_many([(row["question"], row["context"]) for row in asked or expected])
    scores = [
        agreement(each.best[0].text if each.best else "", [row["answers"][0]["text"]])
        for each, row in zip(found, expected, strict=True)
    ]
    exact, f1 = np.mean(scores, axis=0) if scores else (0.0, 0.0)
    return {"exact": float(exact), "f1": float(f1)}


def choice(data: Path, into: Path) -> None:
    """Answers chosen by a document of thousands of tokens, beside chance and beside similarity."""
    splits: dict[str, list[Row]] = {"train": [], "test": []}
    for name, split in (("bamboo-paperqa_16k", "train"), ("bamboo-meetingqa_4k", "test")):
        for row in lines(data / "mc_choice" / f"{name}.jsonl.gz"):
            options = [option.partition(". ")[2] or option for option in row["options"]]
            answer = "ABCD".index(row["answer"].strip()[0])
            splits[split].append(
                {
                    "document": row["content"],
                    "question": row["question"],
                    "options": options,
                    "answer": answer,
                }
            )
    encoder = Longformer2Vec("minilm")
    n_right = 0
    for row in splits["test"]:
        asked = [f"{row['question']} {option}" for option in row["options"]]
        (encoding,) = encoder.encode_with_passages([row["document"]])
        scores = encoder.encode(asked) @ encoding.passages.vectors.T  # [options, passages]
        n_right += int(scores.max(1).argmax()) == row["answer"]
    chance = float(np.mean([1 / len(row["options"]) for row in splits["test"]]))
    show("chance", {"accuracy": chance})
    show("nearest passage", {"accuracy": n_right / len(splits["test"])})
    files = {split: write(into / f"choice-{split}.jsonl", rows) for split, rows in splits.items()}
    run = train(
        "choice",
        into / "choice",
        **{
            "data.train": [files["train"]],
            "data.eval": [files["test"]],
            "task.length": 4096,
            "training.learning_rate": 5e-5,
            "training.batch_size": 1,
            "training.accumulate": 4,
            "training.epochs": 2,
            "training.max_steps": steps(None),
        },
    )
    show("trained", {**run["best"], "minutes": run["minutes"]})


def charlm(data: Path, into: Path) -> None:
    """Bytes of novels: dilated windows, windows without dilation, and Kneser-Ney over n-grams."""
    rows = lines(data / "mlm_text" / "eltec_en.jsonl.gz")
    texts = {
        split: [row["text"][:limit] for row in rows if row["split"] == split]
        for split, limit in (("train", None), ("heldout", 60_000))
    }
    files = {
        split: write(into / f"charlm-{split}.jsonl", [{"text": text} for text in part])
        for split, part in texts.items()
    }
    counted = np.frombuffer("".join(texts["train"]).encode(), dtype=np.uint8)
    asked = np.frombuffer("".join(texts["heldout"]).encode(), dtype=np.uint8)
    for order in (3, 5, 6, 7):
        bits = KneserNey(counted, order).bits_per_byte(asked)
        show(
            f"Kneser-Ney, {order} bytes, all of {len(counted) / 1e6:.1f} MB",
            {"bits_per_byte": bits},
        )
    for name, dilations in (
        ("dilated", [1, 1, 1, 1, [1, 1, 2, 2], [1, 1, 2, 3]]),
        ("not dilated", [1] * 6),
    ):
        run = train(
            "charlm",
            into / f"charlm-{name.replace(' ', '-')}",
            **{
                "data.train": [files["train"]],
                "data.eval": [files["heldout"]],
                "model.dilations": dilations,
                "training.batch_size": 4,
                "training.max_steps": steps(550),
                "training.evaluate_every": 110,
                "training.learning_rate": 1e-3,
            },
        )
        figures = {
            key: run["best"][f"eval_{key}"] for key in ("bits_per_byte", "bits_per_character")
        }
        show(f"model, {name}", {**figures, "step": run["step"], "minutes": run["minutes"]})


def contrastive(data: Path, into: Path) -> None:
    """minilm's vectors by questions on meetings and tales, asked of all their documents."""
    names = ("qmsum", "fairytaleqa")
    sets = [RetrievalSet.read(data, name) for name in names]
    if _fewer_steps:
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
        options = {**options, **({"training.max_steps": steps(None)} if _fewer_steps else {})}
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


TASKS: dict[str, Callable[[Path, Path], None]] = {
    "contrastive": contrastive,
    "csabstruct": csabstruct,
    "hyperpartisan": hyperpartisan,
    "choice": choice,
    "qa": qa,
    "mlm": mlm,
    "mlm_zh": mlm_zh,
    "charlm": charlm,
}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=[*TASKS, "all"])
    parser.add_argument("--data", type=Path, default=os.environ.get("VECTORLONG_DATA"))
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--steps", type=int, help="try every run with so many steps only")
    arguments = parser.parse_args()
    if arguments.steps:
        _fewer_steps.append(arguments.steps)
    if arguments.data is None or not Path(arguments.data).is_dir():
        print(f"The labelled documents are not at {str(arguments.data)!r}; nothing was trained.")
        return
    for name in TASKS if arguments.task == "all" else (arguments.task,):
        print(name, flush=True)
        TASKS[name](Path(arguments.data), arguments.into)


if __name__ == "__main__":
    main()
