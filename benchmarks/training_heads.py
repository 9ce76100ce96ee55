"""What training brings where labels, answers and choices are learnt."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score
from training_runs import Row, lines, show, steps, tested, train, untrained, write

from vectorlong import Longformer2Vec
from vectorlong.classify import DocumentClassifier
from vectorlong.tasks import QuestionAnswerer
from vectorlong.tasks.answer_figures import agreement


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


def qa(data: Path, into: Path) -> None:
    """Answers in articles, beside the untrained head and beside the first 512 tokens alone."""
    sources = (
        ("English", "minilm", "xquad.en", 3),
        ("Chinese", "multilingual", "xquad.zh", 2),
    )
    for name, model, file, epochs in sources:
        # Of an article's paragraphs one document; articles are learnt from, choose, or are asked.
        articles = [questions_of(each["paragraphs"]) for each in squad(data, file)]
        n_train = 2 * len(articles) // 3
        parts = {
            "train": articles[: n_train - 2],
            "held-out": articles[n_train - 2 : n_train],
            "test": articles[n_train:],
        }
        if name == "Chinese":  # paragraphs of CMRC by threes, which no question learnt from is on
            paragraphs = [each["paragraphs"][0] for each in squad(data, "cmrc2018_dev")]
            joined = [questions_of(paragraphs[first : first + 3]) for first in range(0, 90, 3)]
            parts["CMRC"] = joined
        records = {
            part: [question for article in documents for question in article]
            for part, documents in parts.items()
        }
        files = {
            part: write(into / f"qa-{name}-{part}.jsonl", rows) for part, rows in records.items()
        }
        settings = {
            "model.name": model,
            "data.train": [files["train"]],
            "data.eval": [files["held-out"]],
            "task.length": 1024,
            "training.learning_rate": 1e-4,
            "training.batch_size": 8,
            "training.epochs": epochs,
            "training.max_steps": steps(None),
        }
        folder = into / f"qa-{name}"
        run = train("qa", folder, **settings)
        show(f"{name}: held out of training", {**run["best"], "minutes": run["minutes"]})
        for part in [part for part in files if part not in ("train", "held-out")]:
            asked = {**settings, "data.eval": [files[part]]}
            n_questions = len(records[part])
            show(f"{name}: {part}, {n_questions}, untrained", untrained("qa", folder, **asked))
            show(f"{name}: {part}, trained", tested("qa", folder, **asked))
        late = [row for row in records["test"] if is_late(row, name)]
        cut = [{**row, "context": row["context"][: LATE[name]]} for row in late]
        place = f"answers after {LATE[name]:,} characters, {len(late)}"
        show(f"{name}: {place}", agreed(folder, late))
        show(f"{name}: the same, from the first 512 tokens alone", agreed(folder, late, cut))


# Characters of about 512 tokens.
LATE = {"English": 2_300, "Chinese": 800}


def squad(data: Path, name: str) -> list[Row]:
    """Read articles with questions."""
    with gzip.open(data / "qa_extractive" / f"{name}.json.gz", "rt", encoding="utf-8") as file:
        return json.load(file)["data"]


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


def is_late(row: Row, language: str) -> bool:
    return row["answers"][0]["answer_start"] > LATE[language]


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
    """Answers chosen by a text, beside chance, similarity, and the options without the text."""
    splits = {split: chinese_choices(data, split) for split in ("dev", "test")}
    order = np.random.default_rng(0).permutation(len(splits["dev"]))
    learnt = {
        "held-out": [splits["dev"][number] for number in order[:200]],
        "train": [splits["dev"][number] for number in order[200:]],
    }
    asked = [
        splits["test"][number]
        for number in np.random.default_rng(1).permutation(len(splits["test"]))[:1000]
    ]
    chance = float(np.mean([1 / len(row["options"]) for row in asked]))
    show(f"{len(asked):,} questions, by chance", {"accuracy": chance})
    show("the option most like the text", {"accuracy": most_alike(asked)})
    for name in ("without the text", "trained"):
        folder = into / f"choice-{name.replace(' ', '-')}"
        parts = {**learnt, "test": asked}
        if name == "without the text":
            parts = {
                part: [{**row, "document": "无"} for row in rows] for part, rows in parts.items()
            }
        files = {part: write(Path(f"{folder}-{part}.jsonl"), rows) for part, rows in parts.items()}
        settings = {
            "model.name": "multilingual",
            "data.train": [files["train"]],
            "data.eval": [files["held-out"]],
            "task.length": 512,
            "training.learning_rate": 5e-5,
            "training.batch_size": 8,
            "training.accumulate": 2,
            "training.epochs": 1,
            "training.max_steps": steps(None),
        }
        run = train("choice", folder, **settings)
        figures = tested("choice", folder, **{**settings, "data.eval": [files["test"]]})
        show(name, {**figures, "step": run["step"], "minutes": run["minutes"]})


def chinese_choices(data: Path, split: str) -> list[Row]:
    """Read C3: questions on dialogues and on short texts."""
    rows = []
    for kind in ("d", "m"):
        path = data / "mc_choice" / f"c3-{kind}-{split}.json.gz"
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for texts, questions, _ in json.load(file):
                rows += [
                    {
                        "document": "\n".join(texts),
                        "question": each["question"],
                        "options": each["choice"],
                        "answer": each["choice"].index(each["answer"]),
                    }
                    for each in questions
                ]
    return rows


def most_alike(rows: list[Row]) -> float:
    """Give the accuracy of the option that, after the question, is nearest to the text."""
    encoder = Longformer2Vec("multilingual")
    documents = encoder.encode_document([row["document"] for row in rows])  # [q, e]
    options = encoder.encode_query(
        [f"{row['question']} {option}" for row in rows for option in row["options"]]
    )
    n_right = first = 0
    for row, document in zip(rows, documents, strict=True):
        scores = options[first : first + len(row["options"])] @ document
        n_right += int(scores.argmax()) == row["answer"]
        first += len(row["options"])
    return n_right / len(rows)
