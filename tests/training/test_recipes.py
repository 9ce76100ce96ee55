"""Every task learns something small, and what came out loads again and tells it."""

import json
import re
from collections import Counter

import numpy as np
import pytest
import torch
from transformers import (
    BertConfig,
    BertForMaskedLM,
    LongformerForMaskedLM,
    LongformerForMultipleChoice,
    LongformerForSequenceClassification,
    LongformerForTokenClassification,
)

from tests.models import write_longformer
from tests.text.builders import write_wordpiece
from vectorlong import Longformer2Vec
from vectorlong.errors import ConfigError, WeightsError
from vectorlong.tasks import (
    LongformerForSequentialSentenceClassification,
    QuestionAnswerer,
    load_head,
)
from vectorlong.training.config import read_config
from vectorlong.training.heads import mean_over_windows
from vectorlong.training.recipes import find_recipe
from vectorlong.training.records import split_off
from vectorlong.training.run import run_job
from vectorlong.training.run_folder import RunFolder
from vectorlong.training.tokens import tag_figures


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    write_longformer(folder, max_position_embeddings=130, attention_window=16)
    return folder


def write_lines(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)


def job_of(task, tmp_path, checkpoint, data, **settings):
    path = tmp_path / "c.toml"
    path.write_text(
        f"output = {json.dumps(str(tmp_path / 'run'))}\n"
        f"model.name = {json.dumps(str(checkpoint))}\n"
        f"data.train = [{json.dumps(data)}]\n",
        encoding="utf-8",
    )
    recipe = find_recipe(task)
    config = read_config(
        recipe.config, path, [f"{name}={value}" for name, value in settings.items()], recipe.presets
    )
    return recipe, config


def train(task, tmp_path, checkpoint, data, **settings):
    recipe, config = job_of(task, tmp_path, checkpoint, data, **settings)
    return run_job(RunFolder(task, config), config, recipe.prepare(config))


def refusal(task, tmp_path, checkpoint, records, **settings):
    data = write_lines(tmp_path / "bad.jsonl", records)
    recipe, config = job_of(task, tmp_path, checkpoint, data, **settings)
    with pytest.raises(ConfigError) as found:
        recipe.prepare(config)
    return str(found.value)


WORDS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]


def sentence(generator, n_words):
    return " ".join(generator.choice(WORDS, n_words))


FAST = {
    "training.learning_rate": 0.003,
    "training.batch_size": 8,
    "training.evaluate_every": 20,
    "training.log_every": 20,
}


def evaluations(tmp_path):
    lines = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    return [entry for entry in map(json.loads, lines) if "eval_loss" in entry]


def test_documents_of_several_windows_are_classified(tmp_path, checkpoint):
    generator = np.random.default_rng(0)
    records = [
        {"text": " ".join(generator.choice(WORDS[:6] if n % 2 else WORDS[4:], 60)), "label": n % 2}
        for n in range(40)
    ]
    data = write_lines(tmp_path / "train.jsonl", records)
    settings = {"task.length": 64, "task.stride": 8, "training.max_steps": 20}
    result = train("classify", tmp_path, checkpoint, data, **FAST, **settings)
    first, *_, last = evaluations(tmp_path)
    assert last["eval_loss"] < first["eval_loss"]
    model, tokenizer = load_head(LongformerForSequenceClassification, result.folder)
    assert model.config.label2id == {"0": 0, "1": 1}
    assert tokenizer("alpha").input_ids


def test_words_are_labelled_also_beyond_the_model(tmp_path, checkpoint):
    generator = np.random.default_rng(0)
    records = []
    for _ in range(20):
        tokens = sentence(generator, 50).split()
        labels = ["B-G" if token in ("gamma", "beta") else "O" for token in tokens]
        records.append({"tokens": tokens, "labels": labels})
    data = write_lines(tmp_path / "train.jsonl", records)
    settings = {"task.length": 64, "task.stride": 8, "training.max_steps": 60}
    result = train("tokens", tmp_path, checkpoint, data, **FAST, **settings)
    assert result.figures["eval_accuracy"] > 0.95
    model, _ = load_head(LongformerForTokenClassification, result.folder)
    assert model.config.id2label == {0: "B-G", 1: "O"}


def test_choosing_among_options_of_different_number_is_learnt(tmp_path, checkpoint):
    generator = np.random.default_rng(0)
    records = []
    for _ in range(80):
        options = generator.choice(WORDS, int(generator.integers(2, 5))).tolist()
        answer = int(generator.integers(len(options)))
        options[answer] += " sigma"
        records.append(
            {
                "document": sentence(generator, 8),
                "question": "which",
                "options": options,
                "answer": answer,
            }
        )
    data = write_lines(tmp_path / "train.jsonl", records)
    settings = {"training.max_steps": 40, "data.eval_share": 0.2}
    result = train("choice", tmp_path, checkpoint, data, **FAST, **settings)
    assert result.figures["eval_accuracy"] > 0.9
    load_head(LongformerForMultipleChoice, result.folder)


def test_new_weights_follow_from_the_seed(tmp_path, checkpoint):
    records = [{"text": "alpha", "label": label} for label in "xyxy"]
    data = write_lines(tmp_path / "train.jsonl", records)

    def new_weights(seed):
        torch.rand(seed + 1)  # whatever else was random before
        recipe, config = job_of("classify", tmp_path, checkpoint, data, **{"training.seed": seed})
        return recipe.prepare(config).model.classifier.dense.weight

    one, again, other = new_weights(0), new_weights(0), new_weights(1)
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_a_share_of_every_label_is_held_out():
    labels = ["often"] * 40 + ["seldom"] * 20 + ["once"]
    learnt, held_out = split_off(labels, 0.1, 0, lambda label: label)
    assert Counter(held_out) == {"often": 4, "seldom": 2}
    assert Counter(learnt) == {"often": 36, "seldom": 18, "once": 1}


def test_sentences_are_labelled_by_what_stands_in_them(tmp_path, checkpoint):
    generator = np.random.default_rng(0)
    records = []
    for _ in range(30):
        labels = generator.choice(["x", "y"], 8).tolist()
        sentences = [("sigma " if each == "x" else "") + sentence(generator, 4) for each in labels]
        records.append({"sentences": sentences, "labels": labels})
    data = write_lines(tmp_path / "train.jsonl", records)
    settings = {"task.length": 64, "training.max_steps": 60}
    result = train("sentences", tmp_path, checkpoint, data, **FAST, **settings)
    assert result.figures["eval_accuracy"] > 0.9
    load_head(LongformerForSequentialSentenceClassification, result.folder)


def squad(records):
    """As SQuAD writes its files."""
    return {
        "version": "2",
        "data": [
            {
                "paragraphs": [
                    {
                        "context": each["context"],
                        "qas": [
                            {
                                "id": str(number),
                                "question": each["question"],
                                "answers": each["answers"],
                                "is_impossible": not each["answers"],
                            }
                        ],
                    }
                    for number, each in enumerate(records)
                ]
            }
        ],
    }


@pytest.mark.parametrize("form", ["lines", "squad"])
def test_answers_are_found_in_documents_of_several_windows(tmp_path, checkpoint, form):
    generator = np.random.default_rng(0)
    records = []
    for number in range(40):
        words = sentence(generator, 60).split()
        answers = []
        if number % 5:
            place = int(generator.integers(60))
            words[place] = "sigma"
            start = len(" ".join(words[:place])) + (place > 0)
            answers = [{"text": "sigma", "answer_start": start}]
        records.append({"question": "which", "context": " ".join(words), "answers": answers})
    if form == "squad":
        data = str(tmp_path / "train.json")
        (tmp_path / "train.json").write_text(json.dumps(squad(records)), encoding="utf-8")
    else:
        data = write_lines(tmp_path / "train.jsonl", records)
    settings = {"task.length": 64, "task.stride": 16, "training.max_steps": 60}
    result = train("qa", tmp_path, checkpoint, data, **FAST, **settings)
    first, *_, last = evaluations(tmp_path)
    assert last["eval_loss"] < first["eval_loss"]
    assert set(last) >= {"eval_exact", "eval_f1"}
    answerer = QuestionAnswerer(result.folder)
    assert 0 <= answerer.ask("which", records[1]["context"]).no_answer_score <= 1


def test_masked_words_are_told_better_after_training(tmp_path, checkpoint):
    generator = np.random.default_rng(0)
    text = tmp_path / "train.txt"
    text.write_text(" ".join(WORDS * 200), encoding="utf-8")
    held_out = tmp_path / "eval.txt"
    held_out.write_text(" ".join(WORDS * 20) + sentence(generator, 5), encoding="utf-8")
    settings = {"task.length": 64, "training.max_steps": 40, "data.eval": f"['{held_out}']"}
    result = train("mlm", tmp_path, checkpoint, str(text), **FAST, **settings)
    first, *_, last = evaluations(tmp_path)
    assert last["eval_loss"] < 0.7 * first["eval_loss"]
    assert last["eval_accuracy"] > first["eval_accuracy"]
    bits = last["eval_loss"] / np.log(2)
    assert last["eval_bits_per_token"] == pytest.approx(bits)
    assert 0 < last["eval_bits_per_character"] < bits
    load_head(LongformerForMaskedLM, result.folder)


def test_an_encoder_is_converted_with_its_head_and_its_own_figures_are_logged(tmp_path):
    source = tmp_path / "bert"
    write_wordpiece(source)
    n_pieces = len((source / "vocab.txt").read_text(encoding="utf-8").splitlines())
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    bert = BertForMaskedLM(
        BertConfig(vocab_size=n_pieces, **shape, intermediate_size=64, max_position_embeddings=64)
    )
    bert.save_pretrained(source)
    text = tmp_path / "train.txt"
    text.write_text("the window sees the document of words " * 100, encoding="utf-8")
    settings = {
        "data.eval": f"['{text}']",
        "model.convert_to_tokens": 128,
        "model.window": 128,
        "task.length": 64,
        "training.max_steps": 2,
    }
    result = train("mlm", tmp_path, source, str(text), **FAST, **settings)
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    # In texts as short as the source takes, with a window that is as wide, it is the source.
    assert log[0]["source_loss"] == pytest.approx(log[1]["eval_loss"], rel=1e-4)
    assert log[0]["source_bits_per_character"] > 0
    head, _ = load_head(LongformerForMaskedLM, result.folder)
    assert head.config.max_position_embeddings == 129
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_the_masked_loss_is_that_of_transformers(tmp_path, checkpoint):
    text = tmp_path / "train.txt"
    text.write_text(" ".join(WORDS * 50), encoding="utf-8")
    recipe, config = job_of("mlm", tmp_path, checkpoint, str(text), **{"data.eval": f"['{text}']"})
    job = recipe.prepare(config)
    from vectorlong.training.job import Draws

    draws = Draws(job.examples, 3, 0)
    batch = job.collate([draws[number] for number in range(3)])
    ours = job.loss(job.model, batch)
    ours.backward()
    gradients = {
        name: each.grad.clone()
        for name, each in job.model.named_parameters()
        if each.grad is not None
    }
    job.model.zero_grad()
    theirs = job.model(**batch).loss
    theirs.backward()
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    for name, parameter in job.model.named_parameters():
        if parameter.grad is not None:
            assert (gradients[name] - parameter.grad).abs().max() <= 1e-6


def test_scores_of_windows_are_averaged_within_documents():
    scores = torch.tensor([[1.0], [3.0], [10.0]])
    assert mean_over_windows(scores, torch.tensor([2, 1])).tolist() == [[2.0], [10.0]]


def test_figures_of_tags():
    expected = [["B-A", "I-A", "O", "B-B"], ["I-A", "B-A"]]
    predicted = [["B-A", "I-A", "O", "B-A"], ["I-A", "I-A"]]
    figures = tag_figures(expected, predicted)
    assert figures["accuracy"] == pytest.approx(4 / 6)
    # Right: the first. There are four, and three were found.
    assert figures["span_f1"] == pytest.approx(2 / 7)
    assert "span_f1" not in tag_figures([["x"]], [["y"]])
    assert tag_figures([["O"]], [["O"]])["span_f1"] == 1.0


@pytest.mark.parametrize(
    ("task", "records", "message"),
    [
        ("classify", [{"text": "a", "label": "x"}, {"text": "b"}], r"row 2.*no label in column"),
        ("classify", [{"text": "a", "label": "x"}] * 20, "every text .* 'x'; at least two"),
        ("tokens", [{"tokens": ["a"], "labels": []}] * 2, r"line \d: 1 tokens and 0 labels"),
        ("tokens", [{"tokens": ["a"]}], r"line 1: it lacks labels"),
        ("tokens", [{"tokens": ["a", ""], "labels": ["x", "y"]}] * 3, r"line \d: token 1 \(''\)"),
        ("tokens", [["a"]], r"record 1: it is no object"),
        ("choice", [{"document": "d", "question": "q", "options": ["a"], "answer": 1}] * 3,
         r"line \d: answer=1, but there are 1 options"),
        ("choice", [{"document": "d", "question": "q " * 200, "options": ["a"], "answer": 0}] * 3,
         r"line \d: A question of \d+ tokens leaves no room"),
        ("choice", [{"document": "d", "question": "q", "options": "ab", "answer": 0}],
         r"line 1: options='ab'"),
        ("choice", [], "there is no record"),
        ("sentences", [{"sentences": ["a"], "labels": []}] * 2,
         r"line \d: 1 sentences and 0 labels"),
        ("qa", [{"question": "q", "context": "abc",
                 "answers": [{"text": "b", "answer_start": 2}]}] * 2,
         r"line \d: The answer 'b' is not at character 2 .* it is at 1"),
        ("qa", [{"question": "q", "context": "abc", "answers": [{"text": "b"}]}],
         r"line 1: answers="),
        ("qa", [{"question": "q " * 200, "context": "abc"}] * 2, r"line \d: A question of"),
    ],
)  # fmt: skip
def test_records_that_cannot_be_used(tmp_path, checkpoint, task, records, message):
    assert re.search(message, refusal(task, tmp_path, checkpoint, records))


def test_labels_that_are_only_evaluated_on(tmp_path, checkpoint):
    held_out = write_lines(tmp_path / "eval.jsonl", [{"text": "a", "label": "z"}])
    records = [{"text": "a", "label": "x"}, {"text": "b", "label": "y"}]
    said = refusal("classify", tmp_path, checkpoint, records, **{"data.eval": f"['{held_out}']"})
    assert "eval.jsonl, row 1: the label 'z' is nowhere in data.train" in said


def test_models_and_files_that_cannot_be_used(tmp_path, checkpoint):
    records = [{"text": "a", "label": "x"}, {"text": "b", "label": "y"}] * 5
    said = refusal("classify", tmp_path, checkpoint, records, **{"task.length": 500})
    assert "task.length=500: this model takes 8 to 128 tokens" in said
    said = refusal("classify", tmp_path, checkpoint, records, **{"model.convert_to_tokens": 512})
    assert "vectorlong convert" in said
    said = refusal("classify", tmp_path, checkpoint, records, **{"data.train": "['none.csv']"})
    assert "data.train: there is no file 'none.csv'" in said
    (tmp_path / "broken.jsonl").write_text('{"tokens": ["a"], "labels": ["b"]}\n{"tokens"\n')
    settings = {"data.train": f"['{tmp_path / 'broken.jsonl'}']"}
    assert "line 2: this is no JSON" in refusal("tokens", tmp_path, checkpoint, [], **settings)


def test_vectors_of_what_was_trained_are_made_as_before(tmp_path, checkpoint):
    Longformer2Vec(checkpoint, pooling=("cls", "mean"), normalize=True).save(tmp_path / "model")
    text = tmp_path / "train.txt"
    text.write_text(" ".join(WORDS * 50), encoding="utf-8")
    settings = {"data.eval": f"['{text}']", "training.max_steps": 1}
    result = train("mlm", tmp_path, tmp_path / "model", str(text), **FAST, **settings)
    encoder = Longformer2Vec(result.folder)
    vector = encoder.encode("alpha beta")
    assert vector.shape == (64,)
    assert np.linalg.norm(vector) == pytest.approx(1)
    (result.folder / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(WeightsError, match=r"model\.safetensors was changed"):
        Longformer2Vec(result.folder)
