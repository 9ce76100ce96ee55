"""A model's folder gives the vectors it was saved with, whichever way it is opened."""

import fnmatch
import json
import pickle
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from tests.models import write_longformer
from vectorlong import DocumentIndex, Longformer2Vec
from vectorlong.classify import DocumentClassifier, LongformerVectorizer
from vectorlong.errors import CheckpointError, ModelNotFoundError, OptionError
from vectorlong.postprocess import Normalize, Truncate

TEXTS = ["The quick brown fox.", "A lazy dog sleeps. " * 60, "Seven wizards watch."]
LABELS = ["animal", "animal", "person"]
OPTIONS = {
    "pooling": ("mean", "max"),
    "global_attention": "separators",
    "max_tokens": 100,
    "overlength": "truncate",
    "normalize": True,
    "postprocess": Truncate(40),
}

pytestmark = pytest.mark.filterwarnings("ignore:.* texts were cut")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A checkpoint that says nothing of its vectors."""
    folder = tmp_path_factory.mktemp("plain")
    write_longformer(folder, max_position_embeddings=202)  # 200 tokens
    return folder


@pytest.fixture(scope="module")
def encoder(plain):
    encoder = Longformer2Vec(plain, **OPTIONS)
    encoder.prompts = {"query": "query: ", "document": "passage: "}
    return encoder


@pytest.fixture(scope="module")
def saved(encoder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "model"
    encoder.save(folder)
    return folder


def state(encoder: Longformer2Vec) -> dict[str, object]:
    values = {name: getattr(encoder, name) for name in OPTIONS}
    step = values["postprocess"]
    return {
        **values,
        "pooling": tuple(encoder.pooling.name.split("+")),
        "postprocess": step and step.fingerprint,
    }


def assert_same(actual: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("open_model", [Longformer2Vec, Longformer2Vec.load])
def test_a_folder_gives_what_was_saved(encoder, saved, open_model):
    found = open_model(saved)
    assert found.fingerprint == encoder.fingerprint
    assert state(found) == state(encoder)
    assert_same(found.encode_document(TEXTS), encoder.encode_document(TEXTS))
    assert np.allclose(np.linalg.norm(found.encode(TEXTS), axis=1), 1, atol=1e-6)
    assert_same(found.encode(TEXTS, n_processes=2), encoder.encode(TEXTS))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("pooling", ("max", "mean")),
        ("global_attention", "none"),
        ("max_tokens", 200),
        ("overlength", "window"),
        ("normalize", False),
        ("postprocess", Normalize()),
    ],
)
def test_a_value_that_is_given_counts_and_the_others_stay(encoder, saved, option, value):
    found = state(Longformer2Vec(saved, **{option: value}))
    assert found[option] == (value.fingerprint if option == "postprocess" else value)
    del found[option]
    assert found.items() <= state(encoder).items()


def test_no_postprocess_has_a_word(encoder, saved):
    bare = Longformer2Vec(saved, postprocess="none", normalize=False, overlength="window")
    assert bare.postprocess is None
    assert bare.get_embedding_dimension() == 64
    assert_same(encoder.postprocess(bare.encode(TEXTS)), bare.encode(TEXTS)[:, :40])


def test_what_a_folder_does_not_say_is_as_ever(plain, tmp_path):
    found = Longformer2Vec(plain)
    expected = ("mean",), "cls", 200, "window", False, None
    assert tuple(state(found).values()) == expected
    found.save(tmp_path)  # says the defaults
    assert tuple(state(Longformer2Vec(tmp_path)).values()) == expected
    settings = json.loads((tmp_path / "vectorlong.json").read_text())
    for name in ("pooling", "global_attention", "max_tokens", "overlength", "normalize"):
        settings[name] = None  # as convert leaves it
    (tmp_path / "vectorlong.json").write_text(json.dumps(settings))
    assert Longformer2Vec(tmp_path).fingerprint == found.fingerprint


def test_what_held_before_folders_were_followed_can_be_said(plain, saved):
    before = Longformer2Vec(plain, pooling=("mean", "max"), global_attention="separators")
    before.prompts = {"query": "query: ", "document": "passage: "}
    options = {"normalize": False, "max_tokens": 200, "overlength": "window"}
    found = Longformer2Vec(saved, postprocess="none", **options)
    assert found.fingerprint == before.fingerprint


def test_a_saved_model_on_the_hub(encoder, saved, tmp_path, monkeypatch):
    from vectorlong.encoder import hub

    def download(hub_id, *, allow_patterns, **options):
        for path in saved.iterdir():
            if any(fnmatch.fnmatch(path.name, pattern) for pattern in allow_patterns):
                shutil.copy(path, tmp_path)
        return str(tmp_path)

    monkeypatch.setattr(hub, "snapshot_download", download)
    assert Longformer2Vec("someone/model").fingerprint == encoder.fingerprint


def test_an_index_is_opened_with_the_folder(encoder, saved, tmp_path):
    with DocumentIndex.create(tmp_path / "index", encoder) as index:
        index.add(enumerate_texts())
        expected = [(hit.id, hit.score) for hit in index.search("dogs", 3)]
    with DocumentIndex.open(tmp_path / "index", Longformer2Vec(saved)) as index:
        assert [hit.id for hit in index.search("dogs", 3)] == [name for name, _ in expected]


def enumerate_texts() -> list[tuple[str, str]]:
    return [(str(number), text) for number, text in enumerate(TEXTS)]


def test_the_command_line_opens_the_folder_alike(encoder, saved, tmp_path):
    from typer.testing import CliRunner

    from vectorlong.cli.app import app

    def run(*arguments: object) -> str:
        done = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert done.exit_code == 0, done.output
        return done.stdout

    (tmp_path / "texts").mkdir()
    for name, text in enumerate_texts():
        (tmp_path / "texts" / f"{name}.txt").write_text(text)
    rows = run("encode", tmp_path / "texts", "--model", saved, "--json").splitlines()
    vectors = [json.loads(row)["vector"] for row in rows]
    assert_same(np.array(vectors, np.float32), encoder.encode_document(TEXTS))
    run("index", tmp_path / "texts", "--into", tmp_path / "index", "--model", saved)
    with DocumentIndex.open(tmp_path / "index", Longformer2Vec(saved), read_only=True) as index:
        assert len(index) == len(TEXTS)
    hits = json.loads(run("search", tmp_path / "index", "dogs", "--mode", "vector", "--json"))
    assert len(hits["hits"]) == len(TEXTS)


# --- classify ------------------------------------------------------------------------------------


def test_a_vectorizer_of_the_folder_has_its_vectors(encoder, saved):
    vectorizer = LongformerVectorizer(saved, cache=False)
    assert_same(vectorizer.fit_transform(TEXTS), encoder.encode_document(TEXTS))
    assert vectorizer.fingerprint_ == encoder.fingerprint
    parameters = vectorizer.get_params()
    assert all(parameters[name] is None for name in OPTIONS)
    assert clone(vectorizer).get_params() == parameters
    assert clone(vectorizer).fit(TEXTS).fingerprint_ == encoder.fingerprint
    longer = clone(vectorizer).set_params(normalize=False, postprocess="none").fit_transform(TEXTS)
    assert longer.shape == (3, 64)
    assert np.linalg.norm(longer, axis=1).min() > 1.1


def test_a_pickle_leads_to_the_vectors_that_it_was_made_with(encoder, saved):
    bare = Longformer2Vec(saved, normalize=False, postprocess="none")
    for model in (saved, Longformer2Vec(saved), bare):
        vectorizer = LongformerVectorizer(model, cache=False).fit(TEXTS)
        copied = pickle.loads(pickle.dumps(vectorizer))
        assert_same(copied.transform(TEXTS), vectorizer.transform(TEXTS))


def test_a_classifier_of_the_folder(encoder, saved, tmp_path):
    classifier = DocumentClassifier(LongformerVectorizer(saved, cache=False), calibrate=False)
    classifier.fit(TEXTS, LABELS).save(tmp_path / "kinds.skops")
    loaded = DocumentClassifier.load(tmp_path / "kinds.skops", encoder=Longformer2Vec(saved))
    assert_same(loaded.decision_function(TEXTS), classifier.decision_function(TEXTS))
    loaded = DocumentClassifier.load(tmp_path / "kinds.skops")
    assert loaded.vectorizer_.fingerprint_ == encoder.fingerprint
    assert_same(loaded.decision_function(TEXTS), classifier.decision_function(TEXTS))


class Mine:
    """Somebody's own encoder."""

    fingerprint = "mine"

    def get_embedding_dimension(self) -> int:
        return 3

    def encode_document(self, inputs, *, batch_size=None, show_progress_bar=None) -> np.ndarray:
        return np.array([[len(text), 1, 0] for text in inputs], np.float32)


def test_a_pickle_of_before_with_an_encoder_of_ones_own():
    vectorizer = LongformerVectorizer(Mine(), cache=False)
    before = {**vectorizer.__getstate__(), "overlength": "window", "normalize": False}
    copied = object.__new__(LongformerVectorizer)
    copied.__setstate__(before)
    assert_same(copied.fit_transform(TEXTS), vectorizer.fit_transform(TEXTS))


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"normalize": "yes"}, r"normalize='yes' is not valid. Valid values: True, False"),
        ({"normalize": 1}, r"normalize=1 is not valid"),
        ({"postprocess": "whiten"}, r"postprocess='whiten' is not valid. Valid values: 'none'"),
        ({"postprocess": False}, r"postprocess=False is not valid"),
    ],
)
def test_what_is_no_choice_is_refused_before_anything_is_read(options, message):
    with pytest.raises(OptionError, match=message):
        Longformer2Vec("no/such/folder/at/all", **options)


@pytest.mark.parametrize("max_tokens", [2, 201])
def test_a_folder_that_says_what_cannot_be(saved, tmp_path, max_tokens):
    folder = tmp_path / "model"
    shutil.copytree(saved, folder)
    settings = json.loads((folder / "vectorlong.json").read_text())
    (folder / "vectorlong.json").write_text(json.dumps({**settings, "max_tokens": max_tokens}))
    with pytest.raises(
        CheckpointError, match=rf"vectorlong\.json is damaged: max_tokens={max_tokens}.*3 to 200"
    ):
        Longformer2Vec(folder)


def test_load_asks_no_hub(monkeypatch):
    from vectorlong.encoder import hub

    monkeypatch.setattr(hub, "snapshot_download", pytest.fail)
    with pytest.raises(ModelNotFoundError, match=r"'someone/model' is not a folder"):
        Longformer2Vec.load("someone/model")


def test_opening_a_folder_warns_of_nothing(saved: Path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Longformer2Vec(saved)
