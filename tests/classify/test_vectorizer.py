import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from tests.classify.encoders import WIDTH, CountingEncoder, labelled_texts, tiny_encoder
from vectorlong import Longformer2Vec
from vectorlong.classify import LongformerVectorizer
from vectorlong.errors import (
    EncoderMismatchError,
    InputTypeError,
    InputValueError,
    OptionError,
)
from vectorlong.postprocess import Truncate
from vectorlong.vector_cache.cache_file import list_files

TEXTS, LABELS = labelled_texts()


@pytest.fixture
def encoder(tmp_path):
    return CountingEncoder(tmp_path / "log")


@pytest.fixture
def vectorizer(tmp_path, encoder):
    return LongformerVectorizer(encoder, cache=tmp_path / "cache")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_encoder(tmp_path_factory.mktemp("tiny") / "model")


def test_gives_the_encoders_vectors(tiny, tmp_path):
    for cache in (False, tmp_path):
        vectors = LongformerVectorizer(tiny, cache=cache).fit_transform(TEXTS)
        np.testing.assert_allclose(vectors, tiny.encode_document(TEXTS), atol=1e-6)
        assert vectors.dtype == np.float32


@pytest.mark.parametrize("keeps", [True, False])
def test_generators_are_drawn_once(tmp_path, encoder, keeps):
    vectorizer = LongformerVectorizer(encoder, cache=tmp_path / "cache" if keeps else False)
    vectors = vectorizer.fit_transform(text for text in TEXTS)
    np.testing.assert_array_equal(vectors, vectorizer.transform(iter(TEXTS)))
    assert len(vectors) == len(TEXTS)


def test_options_reach_the_encoder(tiny):
    vectorizer = LongformerVectorizer(
        tiny.model_name,
        pooling=["mean", "max"],
        max_tokens=24,
        normalize=True,
        postprocess=Truncate(40),
        cache=False,
    )
    encoder = Longformer2Vec(
        tiny.model_name,
        pooling=("mean", "max"),
        max_tokens=24,
        normalize=True,
        postprocess=Truncate(40),
    )
    vectors = vectorizer.fit_transform(TEXTS[:4])
    np.testing.assert_allclose(vectors, encoder.encode(TEXTS[:4]), atol=1e-6)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_grid_search_encodes_each_text_once_and_a_second_run_none(vectorizer, encoder, n_jobs):
    pipeline = make_pipeline(vectorizer, LogisticRegression())
    search = GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1.0]}, cv=3, n_jobs=n_jobs)
    search.fit(TEXTS, LABELS)
    assert sorted(encoder.encoded) == sorted(set(encoder.encoded))
    assert len(encoder.encoded) == len(TEXTS)
    assert search.best_score_ == 1.0
    search.fit(TEXTS, LABELS)
    assert len(encoder.encoded) == len(TEXTS)


def test_cross_validation_encodes_each_text_once(vectorizer, encoder):
    pipeline = make_pipeline(vectorizer, LogisticRegression())
    assert cross_val_score(pipeline, TEXTS, LABELS, cv=3).tolist() == [1.0] * 3
    assert len(encoder.encoded) == len(TEXTS)


def test_grid_search_over_the_encoders_options(tiny):
    pipeline = make_pipeline(
        LongformerVectorizer(tiny.model_name, max_tokens=40, cache=False), LogisticRegression()
    )
    grid = {"longformervectorizer__pooling": ["mean", ("mean", "max")]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(TEXTS[:12], LABELS[:12])
    assert len(search.cv_results_["params"]) == 2


def test_another_encoder_has_vectors_of_its_own(tmp_path, vectorizer, encoder):
    vectorizer.fit_transform(TEXTS)
    other = CountingEncoder(tmp_path / "other log", "counting-2")
    LongformerVectorizer(other, cache=tmp_path / "cache").fit_transform(TEXTS)
    assert len(other.encoded) == len(TEXTS)


def test_a_dtype_has_vectors_of_its_own(tmp_path, vectorizer, encoder):
    vectorizer.fit_transform(TEXTS)
    encoder.dtype = "bfloat16"
    vectorizer.fit_transform(TEXTS)
    assert len(encoder.encoded) == 2 * len(TEXTS)


def test_without_a_cache_nothing_is_kept(tmp_path, encoder):
    vectorizer = LongformerVectorizer(encoder, cache=False)
    vectorizer.fit(TEXTS)
    assert encoder.encoded == []
    vectorizer.transform(TEXTS)
    vectorizer.transform(TEXTS)
    assert len(encoder.encoded) == 2 * len(TEXTS)
    assert {path.name for path in tmp_path.iterdir()} == {"log"}


@pytest.mark.parametrize("keeps", [True, False])
def test_what_was_cut_is_said_once(tmp_path, monkeypatch, keeps):
    monkeypatch.setattr("vectorlong.vector_cache.vector_cache._GROUP_CHARACTERS", 1)
    encoder = tiny_encoder(tmp_path / "model", overlength="truncate")
    vectorizer = LongformerVectorizer(encoder, cache=tmp_path / "cache" if keeps else False)
    texts = ["river " * 300, "a stone", "bread " * 400]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        vectorizer.fit_transform(texts)
    assert len(said) == 1
    assert "2 of 3 texts were cut" in str(said[0].message)
    assert said[0].filename == __file__
    expected = encoder.tokenizer.encode(texts)
    n_kept = encoder.max_tokens - encoder.tokenizer.n_special
    n_dropped = sum(max(len(tokens) - n_kept, 0) for tokens in expected)
    assert f"{n_dropped} tokens were dropped" in str(said[0].message)


def test_an_error_in_a_worker_process_is_told(tiny):
    vectorizer = LongformerVectorizer(tiny, cache=False, overlength="error")
    search = GridSearchCV(
        make_pipeline(vectorizer, LogisticRegression()),
        {"longformervectorizer__pooling": ["mean", "nonsense"]},
        error_score="raise",
        n_jobs=2,
        cv=2,
    )
    texts, labels = labelled_texts()
    with pytest.raises(OptionError, match="pooling='nonsense'"):
        search.fit(texts, labels)


def test_the_default_cache_is_the_users(tmp_path, encoder, monkeypatch):
    monkeypatch.setenv("VECTORLONG_CACHE", str(tmp_path / "home"))
    LongformerVectorizer(encoder).fit_transform(TEXTS[:2])
    files = sorted(path.name for path in (tmp_path / "home" / "vectors").iterdir())
    assert "counting-1-float32.sqlite" in files


def test_the_cache_has_a_limit_and_names_its_model(tmp_path, encoder):
    vectorizer = LongformerVectorizer(encoder, cache=tmp_path, max_cache_bytes=400_000)
    for number in range(30):
        vectorizer.fit_transform([f"text {number} {other}" for other in range(100)])
    (file,) = list_files(tmp_path)
    assert file.model == "counting"
    assert 200 < file.n_vectors < 3000
    assert file.n_bytes <= 400_000
    for wrong in (0, "2 GiB", 2.5):
        with pytest.raises(OptionError, match=r"max_cache_bytes=.* number of at least 1"):
            vectorizer.set_params(max_cache_bytes=wrong).fit(["text"])


def test_what_was_kept_before_there_was_a_limit(tiny):
    state = LongformerVectorizer(tiny).__getstate__()
    del state["max_cache_bytes"]
    old = object.__new__(LongformerVectorizer)
    old.__setstate__(state)
    assert clone(old).max_cache_bytes == 2 * 2**30


def test_the_cache_holds_no_texts(tmp_path, vectorizer):
    vectorizer.fit_transform(["a very secret sentence"])
    files = list((tmp_path / "cache").iterdir())
    assert files
    assert not [path.name for path in files if b"secret" in path.read_bytes()]


def test_column_transformer_and_data_frames(vectorizer):
    table = pd.DataFrame(
        {"text": TEXTS[:6], "pages": np.arange(6.0)}, index=[10, 20, 30, 40, 50, 60]
    )
    columns = ColumnTransformer(
        [("meaning", vectorizer, "text"), ("size", StandardScaler(), ["pages"])]
    ).set_output(transform="pandas")
    out = columns.fit_transform(table)
    assert out.shape == (6, WIDTH + 1)
    assert out.columns[0] == "meaning__longformervectorizer0"
    assert out.index.tolist() == table.index.tolist()
    assert not out.isna().any(axis=None)


def test_set_output_pandas(vectorizer):
    series = pd.Series(TEXTS[:3], index=["x", "y", "z"])
    out = vectorizer.set_output(transform="pandas").fit_transform(series)
    assert isinstance(out, pd.DataFrame)
    assert list(out.columns) == list(vectorizer.get_feature_names_out())
    assert out.index.tolist() == ["x", "y", "z"]
    assert out.columns[-1] == f"longformervectorizer{WIDTH - 1}"


def test_beside_tfidf(vectorizer):
    union = FeatureUnion([("words", TfidfVectorizer()), ("meaning", vectorizer)])
    assert union.fit_transform(TEXTS).shape[0] == len(TEXTS)


def test_tags():
    tags = get_tags(LongformerVectorizer())
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array
    assert tags.requires_fit


def test_a_saved_encoder_with_its_options(tmp_path):
    encoder = tiny_encoder(tmp_path / "model", pooling="max", normalize=True)
    encoder.save(tmp_path / "saved")
    loaded = Longformer2Vec.load(tmp_path / "saved")
    vectorizer = LongformerVectorizer(loaded, cache=False).fit(TEXTS)
    copied = pickle.loads(pickle.dumps(vectorizer))
    np.testing.assert_allclose(copied.transform(TEXTS[:3]), encoder.encode(TEXTS[:3]), atol=1e-6)


def test_importing_loads_no_torch():
    code = (
        "import sys, vectorlong.classify; assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_pickle_never_leads_to_another_encoder_unnoticed(tmp_path):
    encoder = tiny_encoder(tmp_path / "model")
    copied = pickle.loads(pickle.dumps(LongformerVectorizer(encoder, cache=False)))
    np.testing.assert_array_equal(copied.fit_transform(TEXTS), encoder.encode_document(TEXTS))
    encoder.prompts = {"document": "query: "}
    copied = pickle.loads(pickle.dumps(LongformerVectorizer(encoder, cache=False)))
    for twin in (copied, clone(copied), pickle.loads(pickle.dumps(copied))):
        with pytest.raises(EncoderMismatchError, match="Prompts set by hand"):
            twin.fit(TEXTS)
    copied.set_params(pooling="max").fit(TEXTS)  # another encoder, and asked for
    encoder.save(tmp_path / "saved")
    saved = LongformerVectorizer(str(tmp_path / "saved"), max_tokens=40, cache=False)
    np.testing.assert_array_equal(saved.fit_transform(TEXTS), encoder.encode_document(TEXTS))


def test_clones_share_the_encoder_and_keep_settings(vectorizer, encoder):
    vectorizer.set_output(transform="pandas").fit(TEXTS)
    twin = clone(vectorizer)
    assert twin.model is encoder
    assert not hasattr(twin, "fingerprint_")
    assert isinstance(twin.fit_transform(TEXTS[:2]), pd.DataFrame)
    assert {**twin.get_params(), "model": 0} == {**vectorizer.get_params(), "model": 0}


def test_pickles_leave_the_weights_out(tiny):
    vectorizer = LongformerVectorizer(tiny, cache=False, batch_size=3).fit(TEXTS)
    pickled = pickle.dumps(vectorizer)
    assert len(pickled) < 2_000 < sum(p.numel() for p in tiny._pipeline.encoder.parameters())
    copied = pickle.loads(pickled)
    assert copied.model == tiny.model_name
    assert copied.batch_size == 3
    np.testing.assert_allclose(copied.transform(TEXTS), vectorizer.transform(TEXTS), atol=1e-6)


def test_a_pickle_whose_model_has_changed(tmp_path):
    encoder = tiny_encoder(tmp_path / "model")
    pickled = pickle.dumps(LongformerVectorizer(encoder, cache=False).fit(TEXTS))
    (tmp_path / "model").rename(tmp_path / "old")
    other = tiny_encoder(tmp_path / "model", seed=1)
    message = f"Fitted with the encoder {encoder.fingerprint}, but .*model' is {other.fingerprint}"
    with pytest.raises(EncoderMismatchError, match=message):
        pickle.loads(pickled).transform(TEXTS)


def test_a_folder_that_changes_is_loaded_again(tmp_path):
    vectorizer = LongformerVectorizer(tmp_path / "model", cache=False)
    tiny_encoder(tmp_path / "model")
    before = vectorizer.fit_transform(TEXTS[:2])
    (tmp_path / "model").rename(tmp_path / "old")
    tiny_encoder(tmp_path / "model", seed=1)
    assert np.abs(vectorizer.fit_transform(TEXTS[:2]) - before).max() > 1e-3


def test_batch_sizes_do_not_change_vectors(tiny):
    expected = LongformerVectorizer(tiny, cache=False).fit_transform(TEXTS)
    alone = LongformerVectorizer(tiny, cache=False, batch_size=1).fit_transform(TEXTS)
    np.testing.assert_allclose(alone, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        (["a", None], InputTypeError, r"X\[1\] is None, not a text. Leave missing texts out"),
        (["a", float("nan")], InputTypeError, r"X\[1\] is nan \(float\), not a text"),
        (["a", "", " \n"], InputValueError, r"X\[1\] is '': empty texts \(here 2 of 3\)"),
        ("one text", InputTypeError, r"X is a single text; pass a list, if need be of one: \[X\]"),
        (pd.DataFrame({"text": ["a"]}), InputTypeError, r"a table. Pass its text column"),
    ],
)
def test_bad_texts(vectorizer, encoder, texts, error, message):
    with pytest.raises(error, match=message):
        vectorizer.fit(texts)
    with pytest.raises(error, match=message):
        vectorizer.fit(TEXTS).transform(texts)
    assert encoder.encoded == []


def test_bad_options(encoder):
    with pytest.raises(OptionError, match=r"pooling='max' is not valid. model is an encoder alrea"):
        LongformerVectorizer(encoder, pooling="max").fit(TEXTS)
    with pytest.raises(OptionError, match=r"cache=None is not valid. Valid values: True, False"):
        LongformerVectorizer(encoder, cache=None).fit(TEXTS)
    with pytest.raises(OptionError, match=r"model=3 is not valid. Pass a model's name"):
        LongformerVectorizer(3).fit(TEXTS)
    for name, value in (("pooling", [{}]), ("max_tokens", [40]), ("global_attention", [0])):
        with pytest.raises(OptionError, match=f"{name}=.* is not valid"):
            LongformerVectorizer("minilm", **{name: value}).fit(TEXTS)
