"""Contrastive training: what is compared with what, and that it is learnt."""

import json
import re

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from transformers import Trainer

from tests.models import write_longformer
from tests.training.test_run import Killed, after
from vectorlong import Longformer2Vec
from vectorlong.documents import PassageSpec
from vectorlong.encoder.settings import Settings, write_settings
from vectorlong.errors import ConfigError
from vectorlong.postprocess import Truncate
from vectorlong.training.config import read_config
from vectorlong.training.contrastive_loss import LEFT_OUT, RankingLoss
from vectorlong.training.job import Draws
from vectorlong.training.recipes import find_recipe
from vectorlong.training.run import run_job
from vectorlong.training.run_folder import RunFolder

SETTINGS = Settings(
    prompts={"query": "find: ", "document": "text: "}, normalize=True, passages=PassageSpec(20)
)
N_DOCUMENTS, N_QUESTIONS = 10, 3
SHAPE = {"max_position_embeddings": 66, "attention_window": 16, "num_hidden_layers": 2}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    write_longformer(folder, hidden_dropout_prob=0.1, **SHAPE)
    write_settings(SETTINGS, folder)
    return folder


def text_of(number):
    words = [f"w{number}{letter}" for letter in "abcdefgh"]
    generator = np.random.default_rng(number)
    return " ".join(generator.choice(words, int(generator.integers(12, 24))))


def question_of(number, n):
    return " ".join(text_of(number).split()[3 * n : 3 * n + 3])


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Documents of words that no other has; the last two are of one text."""
    folder = tmp_path_factory.mktemp("data")
    rows = [{"id": f"d{n}", "text": text_of(min(n, N_DOCUMENTS - 2))} for n in range(N_DOCUMENTS)]
    write_lines(folder / "corpus.jsonl", rows)
    records = [
        {"question": question_of(number, n), "positive": f"d{number}"}
        for n in range(N_QUESTIONS)
        for number in range(N_DOCUMENTS - 1)
    ]
    write_lines(folder / "train.jsonl", records)
    return folder


def write_lines(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)


FAST = {
    "training.max_steps": 4,
    "training.evaluate_every": 2,
    "training.batch_size": 8,
    "training.learning_rate": 0.003,
    "task.mini_batch_tokens": 400,
}


def configured(output, checkpoint, data, **settings):
    given = {
        "model.name": json.dumps(str(checkpoint)),
        "data.train": json.dumps([str(data / "train.jsonl")]),
        "data.corpus": json.dumps([str(data / "corpus.jsonl")]),
        **FAST,
        **settings,
    }
    file = output.parent / "c.toml"
    file.write_text(f"output = {json.dumps(str(output))}\n")
    recipe = find_recipe("contrastive")
    config = read_config(recipe.config, file, [f"{key}={given[key]}" for key in given])
    return recipe, config


def train(output, checkpoint, data, **settings):
    recipe, config = configured(output, checkpoint, data, **settings)
    return run_job(RunFolder("contrastive", config), config, recipe.prepare(config))


def prepared(output, checkpoint, data, **settings):
    recipe, config = configured(output, checkpoint, data, **settings)
    return recipe.prepare(config)


def evaluations(output):
    entries = [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
    return [entry for entry in entries if "eval_loss" in entry]


def drawn(job, n):
    draws = Draws(job.examples, n, 0)
    return [draws[number] for number in range(n)]


def examples_of(draws):
    return [example for draw in draws for example in draw.example]


def gradients(model):
    return {
        name: each.grad.clone() for name, each in model.named_parameters() if each.grad is not None
    }


def same_gradients(one, other):
    for name, grad in one.items():
        assert (other[name] - grad).abs().max() <= 1e-4 * max(1.0, grad.abs().max()), name
    assert len(one) == len(other)


# --- the loss ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mini_batch_tokens", [1, 60, 10**6])
def test_the_loss_is_that_of_sentence_transformers_where_every_document_occurs_once(
    checkpoint, mini_batch_tokens
):
    questions, texts = [question_of(n, 0) for n in range(5)], [text_of(n) for n in range(5)]
    results = []
    for is_ours in (True, False):
        model = Longformer2Vec(checkpoint).as_sentence_transformer().eval()
        batch = [model.preprocess(questions), model.preprocess(texts)]
        if is_ours:
            loss = RankingLoss(model, 20.0, mini_batch_tokens)(batch, torch.eye(5, dtype=int))
        else:
            loss = MultipleNegativesRankingLoss(model)(batch, None)
        (loss / 2).backward()
        results.append((loss.item(), gradients(model)))
    assert results[0][0] == pytest.approx(results[1][0], abs=1e-4)
    same_gradients(results[0][1], results[1][1])


@pytest.mark.parametrize("vectors", ["documents", "passages"])
def test_gradients_are_those_of_a_plain_loop(checkpoint, data, tmp_path, vectors):
    settings = {"task.vectors": vectors, "task.hard_negatives": 1}
    job = prepared(tmp_path / "run", checkpoint, data, **settings)
    draws = drawn(job, 16)
    batch = job.collate(draws)
    model = job.model.eval()  # no dropout
    loss = job.loss(model, batch)
    loss.backward()
    cached = gradients(model)
    model.zero_grad()

    def vector(text, prompt, tokens=None):
        features = model.preprocess([text], prompt=prompt)
        if tokens is not None:
            features["token_span"] = torch.tensor([tokens])
        return model(features)["sentence_embedding"][0]

    candidates = {
        each: vector(each.text, "text: ", each.tokens)
        for example in examples_of(draws)
        for each in (example.positive, *example.negatives)
    }
    assert len(candidates) < 2 * len(draws)  # some are of several questions
    losses = []
    for example in examples_of(draws):
        asked, answer = example.question, example.positive
        others = [it for it in candidates if it.document not in asked.relevant]
        rows = torch.stack([candidates[it] for it in (answer, *others)])
        scores = 20 * torch.cosine_similarity(vector(asked.text, "find: ")[None], rows)
        losses.append(-scores.log_softmax(0)[0])
    expected = torch.stack(losses).mean()
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), abs=1e-3)
    same_gradients(cached, gradients(model))


def test_a_document_is_no_negative_of_a_question_that_it_answers(checkpoint, tmp_path):
    records = [
        {"question": "one", "positive": "a text", "negatives": ["other"]},
        {"question": "one", "positive": "another text"},
        {"question": "two", "positive": "a text", "negatives": ["another text"]},
    ]
    write_lines(tmp_path / "train.jsonl", records)
    job = prepared(
        tmp_path / "run",
        checkpoint,
        tmp_path,
        **{"data.corpus": "[]", "data.eval": json.dumps([str(tmp_path / "train.jsonl")])},
    )
    batch = job.collate(drawn(job, 3))
    texts = ["a text", "other", "another text"]
    order = [texts.index(each.own_text) for each in job_candidates(job, drawn(job, 3))]
    labels = {
        (example.question.text, example.positive.own_text): [row[order.index(n)] for n in range(3)]
        for example, row in zip(examples_of(drawn(job, 3)), batch["labels"].tolist(), strict=True)
    }
    assert labels == {
        ("one", "a text"): [1, 0, LEFT_OUT],
        ("one", "another text"): [LEFT_OUT, 0, 1],
        ("two", "a text"): [1, 0, 0],
    }


def job_candidates(job, draws):
    return list(
        dict.fromkeys(
            each
            for example in examples_of(draws)
            for each in (example.positive, *example.negatives)
        )
    )


# --- what is compared ----------------------------------------------------------------------------


def test_hard_negatives_are_near_and_never_answer(checkpoint, data, tmp_path):
    settings = {"task.hard_negatives": 3}
    groups = prepared(tmp_path / "run", checkpoint, data, **settings).examples
    examples = [example for group in groups for example in group]
    encoder = Longformer2Vec(checkpoint)
    passages = [
        each.passages.vectors
        for each in encoder.encode_with_passages(map(text_of, range(N_DOCUMENTS - 1)))
    ]
    for each in examples:
        near = encoder.encode_query(each.question.text)
        scores = [(vectors @ near).max() for vectors in passages]
        order = [f"d{n}" for n in np.argsort(scores)[::-1]]
        order.remove(each.question.positive)
        assert [negative.document for negative in each.negatives] == order[:3]
        assert each.positive.own_text not in [negative.own_text for negative in each.negatives]
    # A run that was stopped here goes on, with the index that is there.
    RunFolder("contrastive", configured(tmp_path / "run", checkpoint, data, **settings)[1])
    assert prepared(tmp_path / "run", checkpoint, data, **settings).examples == groups
    (tmp_path / "run" / "index" / "manifest.json").write_text("{")
    assert prepared(tmp_path / "run", checkpoint, data, **settings).examples == groups


def test_another_version_of_what_answers_is_no_hard_negative(checkpoint, tmp_path):
    answer = text_of(0)
    others = {
        "spaced": answer.replace(" ", "\n", 1) + " ",
        "cased": answer.upper(),
        "longer": f"{answer} One more sentence.",
        "part": " ".join(answer.split()[:4]),
        "b": text_of(1),
        "c": text_of(2),
    }
    rows = [{"id": "a", "text": answer}, *({"id": id, "text": others[id]} for id in others)]
    write_lines(tmp_path / "corpus.jsonl", rows)
    write_lines(tmp_path / "train.jsonl", [{"question": answer[:20], "positive": "a"}] * 2)
    settings = {"task.hard_negatives": 3, "data.eval_share": 0.5}
    (group,) = prepared(tmp_path / "run", checkpoint, tmp_path, **settings).examples
    (example,) = group
    assert {negative.document for negative in example.negatives} == {"part", "b", "c"}


@pytest.mark.parametrize("method", ["late", "independent"])
def test_passages_are_those_with_the_span_or_nearest(checkpoint, tmp_path, method):
    folder = tmp_path / "m"
    spec = PassageSpec(20, method=method)
    encoder = Longformer2Vec(checkpoint)
    encoder.default_passages = spec
    encoder.save(folder)
    text = " ".join(text_of(n) for n in range(4))
    encoding = next(encoder.encode_with_passages([text], spec))
    spans = encoding.passages.spans
    start = int(spans[2, 0]) + 1
    records = [
        {"question": "w3a", "positive": text, "span": [start, start + 5]},
        {"question": "w1c", "positive": text, "span": spans[[0, 1], [0, 1]].tolist()},
        {"question": "w2b", "positive": text, "negatives": [text_of(9)]},
    ]
    write_lines(tmp_path / "train.jsonl", records)
    evaluated = json.dumps([str(tmp_path / "train.jsonl")])
    settings = {"data.corpus": "[]", "data.eval": evaluated, "task.vectors": "passages"}
    job = prepared(tmp_path / "run", folder, tmp_path, **settings)
    by_question = {each.question.text: each for (each,) in job.examples}
    with_span, over_two, without = (by_question[text] for text in ("w3a", "w1c", "w2b"))
    assert with_span.positive.own_text == text[slice(*spans[2])]
    near = encoding.passages.vectors @ encoder.encode_query("w1c")
    assert over_two.positive.own_text == text[slice(*spans[near[:2].argmax()])]
    best = int((encoding.passages.vectors @ encoder.encode_query("w2b")).argmax())
    assert without.positive.own_text == text[slice(*spans[best])]
    assert without.negatives[0].own_text in text_of(9)
    assert (without.positive.tokens is None) == (method == "independent")
    candidates = job_candidates(job, drawn(job, 3))
    batch = job.collate(drawn(job, 3))
    with torch.no_grad():
        vectors = job.model.eval()(batch["candidates"])["sentence_embedding"].numpy()
    if method == "late":
        place = candidates.index(with_span.positive)
        assert np.abs(vectors[place] - encoding.passages.vectors[2]).max() <= 1e-5


def test_questions_of_one_document_are_learnt_together(checkpoint, data, tmp_path):
    settings = {"task.questions_per_document": 2, "data.eval_share": 0.3}
    job = prepared(tmp_path / "run", checkpoint, data, **settings)
    sizes = [len(group) for group in job.examples]
    assert set(sizes) == {1, 2}
    assert sum(sizes) == round(0.7 * N_QUESTIONS * (N_DOCUMENTS - 1))
    for group in job.examples:
        assert len({each.positive for each in group}) == 1
    batch = job.collate([draw for draw in drawn(job, 8) if len(draw.example) == 2])
    assert batch["questions"]["input_ids"].shape[0] > batch["candidates"]["input_ids"].shape[0]
    assert (batch["labels"] == 1).sum() == len(batch["labels"])


# --- runs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("vectors", ["documents", "passages"])
def test_questions_find_their_documents_better_and_the_folder_keeps_every_setting(
    checkpoint, data, tmp_path, vectors
):
    output = tmp_path / "run"
    settings = {
        "training.max_steps": 15,
        "training.evaluate_every": 15,
        "task.vectors": vectors,
        "task.hard_negatives": 2,
        "data.eval": json.dumps([str(data / "train.jsonl")]),
    }
    result = train(output, checkpoint, data, **settings)
    first, last = evaluations(output)
    assert last["eval_loss"] < first["eval_loss"]
    assert last["eval_ndcg@10"] > first["eval_ndcg@10"] + 0.1
    assert last["eval_mrr@10"] > first["eval_mrr@10"]
    assert not (output / "index").exists()
    before, trained = Longformer2Vec(checkpoint), Longformer2Vec(result.folder)
    for name in ("prompts", "normalize", "default_passages", "max_tokens", "overlength"):
        assert getattr(trained, name) == getattr(before, name)
    assert trained.pooling.name == before.pooling.name
    assert trained.fingerprint != before.fingerprint
    loaded = SentenceTransformer(str(result.folder), trust_remote_code=True, device="cpu")
    assert np.abs(loaded.encode_query("w1a") - trained.encode_query("w1a")).max() <= 1e-5
    # The figures are those of the vectors that the folder gives.
    if vectors == "documents":
        rows = trained.encode_document([text_of(n) for n in range(N_DOCUMENTS - 1)])
        right = [
            (rows @ trained.encode_query(question_of(number, n)))
            .argsort()[::-1]
            .tolist()
            .index(number)
            for n in range(N_QUESTIONS)
            for number in range(N_DOCUMENTS - 1)
        ]
        expected = np.mean([1 / (rank + 1) if rank < 10 else 0 for rank in right])
        assert last["eval_mrr@10"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("settings", [{}, {"task.teacher_loss": "mse", "task.vectors": "passages"}])
def test_a_teacher_is_imitated(checkpoint, data, tmp_path, settings):
    write_longformer(tmp_path / "teacher", seed=5, **SHAPE)
    write_settings(SETTINGS, tmp_path / "teacher")
    output = tmp_path / "run"
    settings = {
        "task.teacher": json.dumps(str(tmp_path / "teacher")),
        "training.max_steps": 12,
        "training.evaluate_every": 12,
        "data.eval_documents": 3,
        **settings,
    }
    train(output, checkpoint, data, **settings)
    first, last = evaluations(output)
    assert last["eval_loss"] < 0.8 * first["eval_loss"]


@pytest.mark.parametrize("vectors", ["documents", "passages"])
def test_a_run_that_was_killed_ends_with_the_same_bits(
    checkpoint, data, tmp_path, monkeypatch, vectors
):
    settings = {"task.vectors": vectors, "task.hard_negatives": 1}
    settings["task.dropout"] = json.dumps(vectors == "passages")
    outputs = [tmp_path / "whole", tmp_path / "killed"]
    train(outputs[0], checkpoint, data, **settings)
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "training_step", after(3, Trainer.training_step))
        with pytest.raises(Killed):
            train(outputs[1], checkpoint, data, **settings)
    torch.rand(3)
    train(outputs[1], checkpoint, data, **settings)
    one, other = ((output / "model" / "model.safetensors").read_bytes() for output in outputs)
    assert one == other


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "settings", "message"),
    [
        ({"question": "q"}, {}, r"line 2: it lacks positive"),
        ({"question": "q", "positive": "d99"}, {}, r"line 2: there is no document 'd99'"),
        ({"question": " ", "positive": "d1"}, {}, r"line 2: the question is empty"),
        ({"question": "q", "positive": "d1", "negatives": ["d1"]}, {}, r"negative is a positive"),
        ({"question": "q", "positive": "d1", "span": [0, 9999]}, {}, r"span=\[0, 9999\]"),
        ({"question": "q", "positive": "d1", "span": [4]}, {}, r"line 2: span=\[4\]"),
        ({"question": "q", "positive": ""}, {"data.corpus": "[]"}, r"the positive is empty"),
        (None, {"task.hard_negatives": 50}, r"hard_negatives=50: there are 9 documents"),
        (None, {"model.convert_to_tokens": 512}, r"vectorlong convert"),
    ],
)  # fmt: skip
def test_records_that_cannot_be_used(checkpoint, data, tmp_path, record, settings, message):
    records = [{"question": "a", "positive": "d0"}, record or {"question": "b", "positive": "d1"}]
    path = write_lines(tmp_path / "train.jsonl", records)
    settings = {"data.train": json.dumps([path]), "data.eval_share": 0.5, **settings}
    with pytest.raises(ConfigError) as found:
        prepared(tmp_path / "run", checkpoint, data, **settings)
    assert re.search(message, str(found.value))


def test_models_that_cannot_be_used(checkpoint, data, tmp_path):
    Longformer2Vec(checkpoint, postprocess=Truncate(4)).save(tmp_path / "cut")
    with pytest.raises(ConfigError, match="post-processed"):
        prepared(tmp_path / "run", tmp_path / "cut", data)
    write_longformer(tmp_path / "wide", hidden_size=64, **SHAPE)
    name = json.dumps(str(tmp_path / "wide"))
    with pytest.raises(ConfigError, match="width 64, the model's 32"):
        prepared(tmp_path / "run", checkpoint, data, **{"task.teacher": name})
