import copy
import json
import os
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from transformers import LongformerModel

from tests.classify.encoders import CountingEncoder, labelled_texts, tiny_encoder
from vectorlong import Longformer2Vec, PassageSpec
from vectorlong.classify import DocumentClassifier, LongformerVectorizer, Whitener, model_file
from vectorlong.errors import (
    CheckpointError,
    EncoderMismatchError,
    FormatVersionError,
    InputTypeError,
    InputValueError,
    ModelNotFoundError,
    OptionError,
)
from vectorlong.postprocess import Whitening
from vectorlong.text.passages import split_passages

TEXTS, LABELS = labelled_texts()
NEW = ["The goal decided the match.", "Bake the dough with butter.", "The judge heard the appeal."]
LONG = "The court read the contract. A clause was missing! " * 12 + "The team scored a goal."


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_encoder(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="module")
def fitted(tiny):
    return DocumentClassifier(LongformerVectorizer(tiny, cache=False)).fit(TEXTS, LABELS)


@pytest.fixture(scope="module")
def fitted_two(tiny):
    two = [label if label == "law" else "other" for label in LABELS]
    return DocumentClassifier(LongformerVectorizer(tiny, cache=False)).fit(TEXTS, two)


@pytest.fixture
def counting(tmp_path):
    encoder = CountingEncoder(tmp_path / "log")
    return DocumentClassifier(LongformerVectorizer(encoder, cache=tmp_path / "cache")), encoder


def test_fit_predict_score(fitted):
    assert fitted.score(TEXTS, LABELS) == 1.0
    assert fitted.classes_.tolist() == ["food", "law", "sport"]
    probabilities = fitted.predict_proba(NEW)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    most_likely = fitted.classes_[probabilities.argmax(axis=1)]
    np.testing.assert_array_equal(most_likely, fitted.predict(NEW))


def test_the_embedded_model_in_one_line(monkeypatch, tmp_path):
    texts = [
        "The team won the match.",
        "A late goal decided the final.",
        "Simmer the onions in butter.",
        "Bake the dough until golden.",
    ]
    classifier = DocumentClassifier(LongformerVectorizer("minilm", cache=tmp_path))
    classifier.fit(texts, ["sport", "sport", "food", "food"])
    assert classifier.predict(["Add garlic and stir.", "Penalty!"]).tolist() == ["food", "sport"]


@pytest.mark.parametrize("labels", [[0, 1, 2], [True, False, True], ["a", "b", "c"]])
def test_labels_of_every_kind_come_back_as_they_were(counting, labels):
    classifier, _ = counting
    given = labels * 8
    predicted = classifier.fit(TEXTS[:24], given).predict(TEXTS[:24])
    assert set(predicted.tolist()) <= set(labels)
    assert type(predicted[0].item()) is type(labels[0])


def test_series_and_arrays(fitted, tiny):
    other = clone(fitted).fit(pd.Series(TEXTS, index=range(5, 41)), pd.Series(LABELS))
    np.testing.assert_array_equal(other.predict(np.array(NEW)), fitted.predict(NEW))


def test_trained_twice_whatever_the_batch_size(tiny):
    results = []
    for batch_size in (None, 1, 5):
        vectorizer = LongformerVectorizer(tiny, cache=False, batch_size=batch_size)
        classifier = DocumentClassifier(vectorizer).fit(TEXTS, LABELS)
        results.append(classifier.predict_proba(TEXTS + NEW))
    for result in results[1:]:
        np.testing.assert_allclose(result, results[0], atol=1e-4)
        np.testing.assert_array_equal(result.argmax(axis=1), results[0].argmax(axis=1))
    again = DocumentClassifier(LongformerVectorizer(tiny, cache=False)).fit(TEXTS, LABELS)
    np.testing.assert_array_equal(again.predict_proba(TEXTS + NEW), results[0])


def test_model_selection_encodes_once(counting):
    classifier, encoder = counting
    assert cross_val_score(classifier, TEXTS, LABELS, cv=3).min() > 0.9
    grid = {"class_weight": ["balanced", None]}
    search = GridSearchCV(classifier, grid, cv=3, error_score="raise").fit(TEXTS, LABELS)
    assert search.best_score_ > 0.9
    assert len(encoder.encoded) == len(TEXTS)


def test_texts_and_labels_by_scikit_learns_names(counting):
    classifier, _ = counting
    assert classifier.fit(X=TEXTS, y=LABELS).score(X=TEXTS, y=LABELS) == 1.0
    expected = classifier.decision_function(TEXTS)
    np.testing.assert_array_equal(classifier.decision_function(X=TEXTS), expected)
    np.testing.assert_array_equal(classifier.predict(X=TEXTS), LABELS)
    np.testing.assert_allclose(classifier.predict_proba(X=TEXTS).sum(axis=1), 1)
    with pytest.raises(InputTypeError, match=r"X is a single text; pass a list.*\[X\]"):
        classifier.predict("a text")
    with pytest.raises(InputTypeError, match=r"X\[1\] is None, not a text"):
        classifier.predict_proba(["a text", None])


def test_weights_are_routed_to_scoring_and_nothing_else_is(counting):
    classifier, _ = counting
    routing = classifier.get_metadata_routing()
    assert routing.fit.requests == routing.predict.requests == {}
    assert list(routing.score.requests) == ["sample_weight"]
    weights = np.where(np.array(LABELS) == "law", 1.0, 0.0)
    with sklearn.config_context(enable_metadata_routing=True):
        weighing = clone(classifier).set_score_request(sample_weight=True)
        scores = cross_val_score(
            weighing, TEXTS, LABELS, cv=3, params={"sample_weight": weights}, error_score="raise"
        )
    assert scores.shape == (3,)


def test_it_stands_where_scikit_learn_puts_classifiers(counting):
    classifier, _ = counting
    scored = cross_validate(
        classifier, TEXTS, LABELS, cv=3, scoring=["f1_macro", "neg_log_loss"], error_score="raise"
    )
    assert scored["test_f1_macro"].min() > 0.9
    voting = VotingClassifier([("one", classifier), ("two", classifier)], voting="soft")
    assert voting.fit(TEXTS, LABELS).score(TEXTS, LABELS) == 1.0
    calibrated = CalibratedClassifierCV(classifier, cv=3, ensemble=False).fit(TEXTS, LABELS)
    assert calibrated.score(TEXTS, LABELS) == 1.0


def test_pickles_leave_the_weights_out(fitted):
    pickled = pickle.dumps(fitted)
    assert len(pickled) < 10_000
    np.testing.assert_allclose(
        pickle.loads(pickled).predict_proba(NEW), fitted.predict_proba(NEW), atol=1e-6
    )


# --- explaining ----------------------------------------------------------------------------------


def parts(explanation):
    contributions = [passage.contribution for passage in explanation.passages]
    return sum(contributions) + explanation.special_tokens + explanation.baseline


@pytest.mark.parametrize("text", [*NEW, LONG])
@pytest.mark.parametrize("max_tokens", [4, 16, 128])
def test_contributions_add_up_to_the_decision_value(fitted, text, max_tokens):
    values = fitted.decision_function([text])[0]
    for number, label in enumerate(fitted.classes_):
        explanation = fitted.explain(text, label, max_tokens=max_tokens)
        assert explanation.decision == pytest.approx(values[number], abs=1e-5)
        assert parts(explanation) == pytest.approx(values[number], abs=1e-5)
    assert fitted.explain(text).label == fitted.predict([text])[0]


def test_for_two_classes_too(fitted_two):
    value = fitted_two.decision_function([LONG])[0]
    for label, sign in (("law", -1), ("other", 1)):
        explanation = fitted_two.explain(LONG, label)
        assert parts(explanation) == pytest.approx(sign * value, abs=1e-5)
    assert fitted_two.explain(LONG).label == ("other" if value > 0 else "law")


def test_passages_tile_the_text(fitted):
    passages = fitted.explain(LONG, max_tokens=8).passages
    assert len(passages) > 5
    assert "".join(passage.text for passage in passages) == LONG
    assert all(LONG[passage.start : passage.end] == passage.text for passage in passages)


@pytest.mark.parametrize("text", [NEW[0], NEW[0] + " " + NEW[1]])
def test_contributions_are_what_the_passages_tokens_give(fitted, tiny, text):
    """Recomputed from the hidden states of transformers' own Longformer."""
    tokens = tiny.tokenizer.encode([text])[0]
    prefix, suffix = tiny.tokenizer.prefix_ids, tiny.tokenizer.suffix_ids
    ids = torch.tensor([[*prefix, *tokens.ids.tolist(), *suffix]])
    globals_ = torch.zeros_like(ids)
    globals_[0, 0] = 1
    model = LongformerModel.from_pretrained(tiny.model_name).eval()
    with torch.inference_mode():
        output = model(ids, torch.ones_like(ids), global_attention_mask=globals_)
    hidden = output.last_hidden_state[0].double().numpy()  # [n, e]
    explanation = fitted.explain(text, "law", max_tokens=5)
    shares = (hidden - fitted.head_.mean_) @ fitted.head_.coef_[1] / len(hidden)  # [n]
    own = shares[len(prefix) : -len(suffix)]
    expected = np.zeros(len(explanation.passages))
    slices, _ = split_passages(text, tokens.offsets, PassageSpec(max_tokens=5))
    for number, (first, last) in enumerate(slices):
        expected[number] = own[first:last].sum()
    found = [passage.contribution for passage in explanation.passages]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    special = shares[: len(prefix)].sum() + shares[-len(suffix) :].sum()
    assert explanation.special_tokens == pytest.approx(special, abs=1e-4)


def test_truncated_and_prompted_documents(tmp_path):
    encoder = tiny_encoder(tmp_path / "model", overlength="truncate")
    encoder.prompts = {"document": "passage: "}
    classifier = DocumentClassifier(LongformerVectorizer(encoder, cache=False))
    with pytest.warns(UserWarning, match="tokens were dropped"):
        classifier.fit([*TEXTS, LONG], [*LABELS, "law"])
    with pytest.warns(UserWarning, match="tokens were dropped"):
        value = classifier.decision_function([LONG])[0]
    with pytest.warns(UserWarning, match="tokens were dropped"):
        explanation = classifier.explain(LONG, "law", max_tokens=8)
    assert parts(explanation) == pytest.approx(value[1], abs=1e-5)
    assert explanation.passages[-1].end < len(LONG)


def test_a_default_prompt_is_no_part_of_a_passage(tmp_path):
    encoder = tiny_encoder(tmp_path / "model")
    explanations = []
    for prompts, name in (({"document": "passage: "}, None), ({"all": "passage: "}, "all")):
        encoder.prompts, encoder.default_prompt_name = prompts, name
        classifier = DocumentClassifier(LongformerVectorizer(encoder, cache=False))
        explanations.append(classifier.fit(TEXTS, LABELS).explain(LONG, "law", max_tokens=8))
    by_name, by_default = explanations
    assert by_default.special_tokens == pytest.approx(by_name.special_tokens, abs=1e-6)
    assert [passage.contribution for passage in by_default.passages] == pytest.approx(
        [passage.contribution for passage in by_name.passages], abs=1e-6
    )


def test_an_explanation_reads_well(fitted):
    explanation = fitted.explain(LONG, max_tokens=16)
    lines = str(explanation).splitlines()
    assert lines[0].startswith(f"'{explanation.label}': ")
    assert lines[-2].endswith("(special tokens)")
    assert lines[-1].endswith("(baseline)")
    assert len(lines) == len(explanation.passages) + 3
    strongest = explanation.strongest(2)
    assert strongest[0].contribution >= strongest[1].contribution


def test_what_cannot_be_explained(fitted, tiny, counting):
    with pytest.raises(OptionError, match=r"label='art' is not valid. .*'food', 'law', 'sport'"):
        fitted.explain(LONG, "art")
    with pytest.raises(InputTypeError, match="text is list; pass one text"):
        fitted.explain([LONG])
    with pytest.raises(InputValueError, match="is ' ': empty texts"):
        fitted.explain(" ")
    for options, message in (
        ({"pooling": "max"}, "pooling='max' is not valid. Valid values: 'mean'"),
        ({"normalize": True}, "normalize=True is not valid. Passages cannot be explained"),
    ):
        vectorizer = LongformerVectorizer(tiny.model_name, max_tokens=40, cache=False, **options)
        classifier = DocumentClassifier(vectorizer).fit(TEXTS, LABELS)
        with pytest.raises(OptionError, match=message):
            classifier.explain(LONG)
    with pytest.raises(OptionError, match="explained with a Longformer2Vec"):
        counting[0].fit(TEXTS, LABELS).explain(LONG)


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "labels", "error", "message"),
    [
        (TEXTS, LABELS[:-1], InputValueError, "36 texts and 35 labels in y; pass one label"),
        (TEXTS[:2], ["a", None], InputValueError, r"y\[1\] is None .1 of 2 labels are miss"),
        (TEXTS[:3], ["a", float("nan"), "b"], InputValueError, r"y\[1\] is nan"),
        (TEXTS[:3], [1.0, np.nan, 2.0], InputValueError, r"y\[1\] is (np.float64\()?nan"),
        (TEXTS[:2], pd.Series(["a", pd.NA]), InputValueError, r"y\[1\] is .*missing"),
        (TEXTS, ["a"] * 36, InputValueError, "There is one class only, 'a'. A classifier needs"),
        (TEXTS, [*LABELS[:-1], "x"], InputValueError, "Class 'x' has one member only"),
        (
            [*TEXTS[1:], np.nan],
            LABELS,
            InputTypeError,
            "Leave missing texts out .*with their label",
        ),
        (["", *TEXTS[1:]], LABELS, InputValueError, r"X\[0\] is '': empty texts .here 1 of 36"),
        ([None, *TEXTS[1:]], LABELS, InputTypeError, r"X\[0\] is None, not a text"),
        (TEXTS[:3], ["a", 1, "b"], InputTypeError, r"y\[1\] is 1 \(int\) and y\[0\] is"),
        (TEXTS[:3], "abc", InputTypeError, "y is 'abc'; pass a list"),
        (TEXTS[:3], {"a", "b", "c"}, InputTypeError, "y is {.*}; pass a list"),
        (
            TEXTS,
            pd.DataFrame({"y": LABELS}),
            InputTypeError,
            r"^y is a table with .*; pass one of them",
        ),
        (TEXTS, np.array([LABELS]).T, InputTypeError, r"y\[0\] is array\(\['sport'\].*one fo"),
        (
            TEXTS,
            np.eye(36),
            InputTypeError,
            r"(?s)y\[0\] is array.*Pass one column of a table",
        ),
        (
            TEXTS[:2],
            [["a"], ["a", "b"]],
            InputTypeError,
            r"y\[0\] is \['a'\] \(list\); a label",
        ),
        (TEXTS[:2], [b"a", b"b"], InputTypeError, r"y\[0\] is b'a' \(bytes\); a label is a"),
        (TEXTS[:3], [0.1, 0.2, 0.7], ValueError, "Unknown label type: continuous"),
        ([], [], InputValueError, "There is nothing to learn from; pass"),
    ],
)
def test_bad_training_input(counting, texts, labels, error, message):
    classifier, encoder = counting
    with pytest.raises(error, match=message):
        classifier.fit(texts, labels)
    assert encoder.encoded == []
    assert not hasattr(classifier, "classes_")


def test_bad_class_weights_are_noticed_before_encoding(counting):
    classifier, encoder = counting
    classifier.set_params(class_weight={"art": 2.0})
    message = r"class_weight={'art': 2.0} is not valid.*the classes \['food', 'law', 'sport'\]"
    with pytest.raises(OptionError, match=message):
        classifier.fit(TEXTS, LABELS)
    assert encoder.encoded == []


def test_one_member_without_calibration(counting):
    classifier, _ = counting
    classifier.set_params(calibrate=False).fit(TEXTS, [*LABELS[:-1], "x"])
    assert "x" in classifier.classes_
    assert not hasattr(classifier, "predict_proba")


def test_scoring_with_unseen_labels(fitted):
    message = r"Labels \['art'\] were not seen in training; the classes are \['food', 'law', 'spo"
    with pytest.raises(InputValueError, match=message):
        fitted.score(NEW, ["sport", "food", "art"])
    with pytest.raises(InputValueError, match="There are 3 texts and 2 labels in y"):
        fitted.score(NEW, ["sport", "food"])


def test_before_fitting():
    for method in ("predict", "predict_proba", "decision_function", "explain"):
        with pytest.raises(ValueError, match="is not fitted yet"):
            getattr(DocumentClassifier(), method)("text")


def test_an_encoder_is_to_be_wrapped(tiny):
    with pytest.raises(OptionError, match=r"for an encoder, LongformerVectorizer\(encoder\)"):
        DocumentClassifier(tiny).fit(TEXTS, LABELS)


# --- keeping it ----------------------------------------------------------------------------------


def test_save_and_load(fitted, tmp_path):
    fitted.save(tmp_path / "model.skops")
    loaded = DocumentClassifier.load(tmp_path / "model.skops")
    np.testing.assert_allclose(loaded.predict_proba(NEW), fitted.predict_proba(NEW), atol=1e-6)
    assert loaded.classes_.tolist() == fitted.classes_.tolist()
    assert loaded.explain(LONG).label == fitted.explain(LONG).label
    assert [path.name for path in tmp_path.iterdir()] == ["model.skops"]


def test_loading_on_another_machine(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("VECTORLONG_CACHE", str(tmp_path / "home"))
    vectorizer = LongformerVectorizer(tiny, cache=tmp_path / "a folder of the other machine")
    DocumentClassifier(vectorizer).fit(TEXTS, np.arange(36) % 2).save(tmp_path / "file")
    loaded = DocumentClassifier.load(tmp_path / "file")
    assert loaded.vectorizer_.cache is True
    assert loaded.vectorizer_.device is None
    assert set(loaded.predict(NEW).tolist()) <= {0, 1}
    assert (tmp_path / "home" / "vectors").is_dir()
    assert clone(loaded).vectorizer.model == tiny.model_name


@pytest.mark.parametrize("fit", [Whitening.fit, lambda x, n: Whitener(n).fit(x)])
def test_post_processing_is_kept_with_it(tiny, tmp_path, fit):
    postprocess = fit(tiny.encode(TEXTS), 6)
    vectorizer = LongformerVectorizer(
        tiny.model_name, max_tokens=40, postprocess=postprocess, cache=False
    )
    classifier = clone(DocumentClassifier(vectorizer)).fit(TEXTS, LABELS)
    classifier.save(tmp_path / "file")
    loaded = DocumentClassifier.load(tmp_path / "file")
    assert loaded.head_.n_features_in_ == 6
    np.testing.assert_allclose(loaded.predict_proba(NEW), classifier.predict_proba(NEW), atol=1e-6)


def test_the_file_holds_neither_pickle_nor_weights(fitted, tmp_path):
    fitted.save(tmp_path / "model.skops")
    with zipfile.ZipFile(tmp_path / "model.skops") as archive:
        names = archive.namelist()
    assert all(name == "schema.json" or name.endswith(".npy") for name in names)
    assert (tmp_path / "model.skops").stat().st_size < 50_000


def test_loading_with_the_encoder_in_hand(tmp_path):
    encoder = tiny_encoder(tmp_path / "model")
    classifier = DocumentClassifier(LongformerVectorizer(encoder, cache=False))
    classifier.fit(TEXTS, LABELS).save(tmp_path / "file")
    expected = classifier.predict_proba(NEW)
    (tmp_path / "model").rename(tmp_path / "moved")
    with pytest.raises(
        ModelNotFoundError, match=r"file' was trained with the encoder '.*model', which is not on"
    ):
        DocumentClassifier.load(tmp_path / "file")
    moved = Longformer2Vec(tmp_path / "moved", max_tokens=40)
    loaded = DocumentClassifier.load(tmp_path / "file", encoder=moved)
    np.testing.assert_allclose(loaded.predict_proba(NEW), expected, atol=1e-6)


def test_loading_with_another_encoder(tmp_path, tiny, fitted):
    fitted.save(tmp_path / "file")
    other = tiny_encoder(tmp_path / "other", seed=1)
    message = f"file': Fitted with the encoder {tiny.fingerprint}, but .* is {other.fingerprint}"
    with pytest.raises(EncoderMismatchError, match=message):
        DocumentClassifier.load(tmp_path / "file", encoder=other)
    with pytest.raises(EncoderMismatchError, match="Fitted with the encoder"):
        DocumentClassifier.load(tmp_path / "file", encoder=Longformer2Vec(tiny.model_name))


def test_bad_model_files(tmp_path, fitted, monkeypatch):
    path = tmp_path / "file"
    with pytest.raises(ModelNotFoundError, match=r"There is no model file '.*file'. Train one"):
        DocumentClassifier.load(path)
    path.write_bytes(b"not a zip")
    with pytest.raises(CheckpointError, match="is damaged or no model file"):
        DocumentClassifier.load(path)
    fitted.save(path)
    content = path.read_bytes()
    for damaged in (content[: len(content) // 2], content[:300] + bytes(9) + content[309:]):
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match="is damaged or no model file"):
            DocumentClassifier.load(path)
    monkeypatch.setattr(model_file, "FORMAT_VERSION", 2)
    fitted.save(path)
    monkeypatch.undo()
    with pytest.raises(FormatVersionError, match=r"format version 2; .* reads up to 1. Upgrade"):
        DocumentClassifier.load(path)


@pytest.mark.parametrize(
    "part", ["vectorizer_", "head_", "classes_", "coef_", "mean_", "fingerprint_"]
)
def test_incomplete_model_files(tmp_path, fitted, part):
    fitted.save(tmp_path / "file")
    with zipfile.ZipFile(tmp_path / "file") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members["schema.json"], object_hook=lambda node: without(node, part))
    members["schema.json"] = json.dumps(schema).encode()
    with zipfile.ZipFile(tmp_path / "file", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(CheckpointError, match=f"file' is incomplete: .*{part}.*Restore it from a"):
        DocumentClassifier.load(tmp_path / "file")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("coef_", np.zeros((3, 5))),
        ("coef_", np.zeros((2, 32))),
        ("coef_", np.full((3, 32), np.nan)),
        ("coef_", np.zeros((3, 32), dtype=int)),
        ("coef_", [[0.0] * 32] * 3),
        ("intercept_", np.zeros(4)),
        ("intercept_", np.full(3, np.inf)),
        ("mean_", np.zeros(31)),
        ("n_features_in_", 5),
        ("classes_", np.array(["food", "law"])),
        ("classes_", np.array(["food", "law", "else"])),
        ("classes_", 5),
    ],
)
def test_parts_that_do_not_go_together(tmp_path, fitted, name, value):
    changed = copy.deepcopy(fitted)
    assert getattr(changed.head_, name, None) is not None
    setattr(changed.head_, name, value)
    changed.save(tmp_path / "file")
    with pytest.raises(CheckpointError, match="file' is incomplete"):
        DocumentClassifier.load(tmp_path / "file")


def test_archives_that_unpack_to_more_are_not_unpacked(tmp_path, fitted):
    path = tmp_path / "file"
    fitted.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content + b" " * 1_000_000)
    with pytest.raises(CheckpointError, match="unpacks to more bytes than the file has"):
        DocumentClassifier.load(path)


@pytest.mark.timeout(60)
@pytest.mark.skipif(os.name == "nt", reason="no pipes and devices in folders there")
def test_model_files_that_never_end(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    for name in ("pipe", "device"):
        with pytest.raises(ModelNotFoundError, match="There is no model file"):
            DocumentClassifier.load(tmp_path / name)


def without(node, name):
    return {key: value for key, value in node.items() if key != name}


def test_a_file_that_zipfile_cannot_read(tmp_path, fitted):
    path = tmp_path / "file"
    fitted.save(path)
    content = path.read_bytes()
    entry = content.rindex(b"PK\x01\x02")
    path.write_bytes(content[: entry + 6] + b"\xff" + content[entry + 7 :])  # version needed
    with pytest.raises(CheckpointError, match="is damaged or no model file: NotImplementedError"):
        DocumentClassifier.load(path)


def test_files_that_cannot_be_written(tmp_path, fitted):
    for path in (tmp_path, tmp_path / "no folder" / "file", tmp_path / ("long" * 100)):
        with pytest.raises(InputValueError, match=r"Cannot write the model file '.*Name a file in"):
            fitted.save(path)
    assert list(tmp_path.iterdir()) == []


def test_others_may_read_a_model_file_as_they_may_any(tmp_path, fitted):
    fitted.save(tmp_path / "file")
    (tmp_path / "any").touch()
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "any").stat().st_mode


def test_foreign_types_are_not_read(tmp_path):
    import skops.io

    path = tmp_path / "file"
    skops.io.dump({"format_version": 1, "model": json.JSONDecoder}, path)
    with pytest.raises(CheckpointError, match=r"holds json.decoder.JSONDecoder, which no model"):
        DocumentClassifier.load(path)
    skops.io.dump({"format_version": 1, "model": [1, 2]}, path)
    with pytest.raises(CheckpointError, match="holds a list, not a DocumentClassifier"):
        DocumentClassifier.load(path)
    skops.io.dump([1], path)
    with pytest.raises(CheckpointError, match="is no model file of vectorlong"):
        DocumentClassifier.load(path)


def test_code_is_not_saved(tmp_path, tiny):
    vectorizer = LongformerVectorizer(
        tiny.model_name, max_tokens=40, global_attention=every_third, cache=False
    )
    classifier = DocumentClassifier(vectorizer).fit(TEXTS, LABELS)
    with pytest.raises(OptionError, match=r"It holds tests.*every_third, which is not stored"):
        classifier.save(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def every_third(token_ids, special_ids, offsets):
    return np.arange(len(token_ids)) % 3 == 0
