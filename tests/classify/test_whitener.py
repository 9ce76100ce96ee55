import numpy as np
import pytest
from sklearn.base import clone

from tests.classify.encoders import tiny_encoder
from vectorlong import Longformer2Vec
from vectorlong.classify import Whitener
from vectorlong.errors import InputValueError, OptionError
from vectorlong.postprocess import Postprocess, Whitening, load_postprocess

TEXTS = [
    f"The {word} of document {number}."
    for number, word in enumerate(["a", "b", "c", "d", "e", "f"])
]


@pytest.fixture(scope="module")
def vectors():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(300, 6)) @ rng.normal(size=(6, 6)) + 5).astype(np.float32)


def test_whitened_vectors_have_unit_covariance(vectors):
    whitened = Whitener(shrinkage=0).fit_transform(vectors)
    np.testing.assert_allclose(whitened.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(np.cov(whitened.T, bias=True), np.eye(6), atol=1e-3)


def test_keeps_the_axes_of_largest_spread(vectors):
    kept = Whitener(n_dimensions=2).fit_transform(vectors)
    np.testing.assert_allclose(kept, Whitener().fit_transform(vectors)[:, :2], atol=1e-5)


def test_equals_the_step(vectors):
    whitener = Whitener(n_dimensions=3).fit(vectors)
    step = Whitening.fit(vectors, 3)
    np.testing.assert_allclose(whitener.transform(vectors), step(vectors), atol=1e-5)
    np.testing.assert_array_equal(whitener(vectors), step(vectors))
    assert whitener.fingerprint == step.fingerprint
    assert isinstance(whitener, Postprocess)


def test_names_and_data_frames(vectors):
    whitener = Whitener(n_dimensions=2).set_output(transform="pandas").fit(vectors)
    assert list(whitener.transform(vectors).columns) == ["whitener0", "whitener1"]


def test_is_an_encoders_last_step_and_saved_with_it(tmp_path):
    plain = tiny_encoder(tmp_path / "model")
    whitener = Whitener(n_dimensions=4).fit(plain.encode(TEXTS))
    encoder = Longformer2Vec(tmp_path / "model", max_tokens=40, postprocess=whitener)
    assert encoder.get_embedding_dimension() == 4
    expected = whitener.transform(plain.encode(TEXTS))
    np.testing.assert_allclose(encoder.encode(TEXTS), expected, atol=1e-5)
    encoder.save(tmp_path / "saved")
    loaded = Longformer2Vec.load(tmp_path / "saved")
    assert loaded.fingerprint == encoder.fingerprint != plain.fingerprint
    np.testing.assert_allclose(loaded.encode(TEXTS), expected, atol=1e-5)


def test_saves_a_step_that_needs_no_scikit_learn(tmp_path, vectors):
    whitener = Whitener().fit(vectors)
    whitener.save(tmp_path / "step")
    loaded = load_postprocess(tmp_path / "step")
    assert type(loaded) is Whitening
    np.testing.assert_array_equal(loaded(vectors), whitener(vectors))


def test_refit_forgets(vectors):
    whitener = Whitener().fit(vectors)
    whitener.fit(vectors[:, :4])
    assert whitener.transform(vectors[:, :4]).shape == (300, 4)
    assert not hasattr(clone(whitener), "mean_")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_dimensions": 7}, "n_dimensions=7 is not valid. Pass 1 to 6"),
        ({"n_dimensions": 2.0}, "n_dimensions=2.0 is not valid. Pass 1 to 6"),
        ({"n_dimensions": "2"}, "n_dimensions='2' is not valid. Pass 1 to 6"),
        ({"shrinkage": "0.5"}, "shrinkage='0.5' is not valid. Pass 0 to 1"),
        ({"shrinkage": 2.0}, "shrinkage=2.0 is not valid. Pass 0 to 1"),
    ],
)
def test_bad_options(options, message, vectors):
    with pytest.raises(OptionError, match=message):
        Whitener(**options).fit(vectors)


def test_equal_vectors_cannot_be_whitened():
    with pytest.raises(InputValueError, match="at least two different vectors; 5 were passed"):
        Whitener().fit(np.ones((5, 3)))
