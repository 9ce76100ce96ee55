"""``encode_documents`` is ``encode_with_passages`` under its former name, of whoever has it."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from tests.classify.encoders import tiny_encoder
from tests.retrieval.fake_encoder import FakeEncoder
from vectorlong import DocumentIndex, Longformer2Vec, PassageSpec
from vectorlong.classify import DocumentClassifier, LongformerVectorizer
from vectorlong.errors import InputTypeError

TEXTS = ["The first is long. It has two sentences.", "The second. It has two, too."]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return tiny_encoder(tmp_path_factory.mktemp("tiny") / "model")


def test_the_former_name_gives_the_same_and_says_so_once(encoder):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("default")
        for _ in range(3):
            former = list(encoder.encode_documents(TEXTS, PassageSpec(6), show_progress_bar=False))
    assert len(said) == 1
    assert said[0].category is DeprecationWarning
    assert said[0].filename == __file__
    assert "is called encode_with_passages now" in str(said[0].message)
    for one, other in zip(former, encoder.encode_with_passages(TEXTS, PassageSpec(6)), strict=True):
        np.testing.assert_allclose(one.passages.vectors, other.passages.vectors, atol=1e-6)
        np.testing.assert_array_equal(one.passages.spans, other.passages.spans)


@pytest.mark.filterwarnings("error::DeprecationWarning:vectorlong")
def test_the_library_does_not_use_it(encoder, tmp_path):
    with DocumentIndex.create(tmp_path / "index", encoder) as index:
        assert index.add(TEXTS).added == 2
    classifier = DocumentClassifier(LongformerVectorizer(encoder, cache=False), calibrate=False)
    classifier.fit(TEXTS, ["a", "b"]).explain(TEXTS[0])


# --- encoders of one's own -----------------------------------------------------------------------


def without(name: str) -> type:
    """The fake encoder's class, its method under another name."""
    members = {key: value for key, value in vars(FakeEncoder).items() if key != "__dict__"}
    members[name] = members.pop("encode_with_passages")
    return type("Mine", (), members)


def indexed(encoder: object, folder) -> int:
    with DocumentIndex.create(folder, encoder) as index:
        assert index.add(TEXTS).added == 2
    with DocumentIndex.open(folder, encoder) as index:
        assert len(index.search("sentences", 2)) == 2
        return index.add(["A third one."]).added


@pytest.mark.filterwarnings("error::DeprecationWarning")
def test_an_encoder_of_before_is_taken(tmp_path):
    encoder = without("encode_documents")()
    assert not hasattr(encoder, "encode_with_passages")
    assert indexed(encoder, tmp_path) == 1
    assert encoder.n_encoded == 3


class Asked(FakeEncoder):
    """Notes under which name it was asked."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def encode_with_passages(self, texts, passages=None):
        self.asked.append("encode_with_passages")
        return super().encode_with_passages(texts, passages)


class Both(Asked):
    """Of two names in one class the present one counts."""

    def encode_documents(self, texts, passages=None):
        raise AssertionError("the former name")

    def encode_with_passages(self, texts, passages=None):
        return super().encode_with_passages(texts, passages)


class Derived(Asked):
    """Written before: it overrides what was called."""

    def encode_documents(self, texts, passages=None):
        self.asked.append("encode_documents")
        return super().encode_with_passages(texts, passages)


def test_of_two_names_the_most_derived_counts(tmp_path):
    both, derived, patched = Both(), Derived(), Asked()
    assert indexed(both, tmp_path / "both") == 1
    assert set(both.asked) == {"encode_with_passages"}
    assert indexed(derived, tmp_path / "derived") == 1
    assert derived.asked[0] == "encode_documents"
    patched.encode_documents = without("encode_documents")().encode_documents
    assert indexed(patched, tmp_path / "patched") == 1
    assert patched.asked == []


def test_a_class_derived_from_ours_is_heard(encoder, tmp_path):
    class Cleaned(Longformer2Vec):
        def encode_documents(self, texts, passages=None, **options):
            cleaned.extend(texts)
            return super().encode_documents(cleaned, passages, **options)

    cleaned: list[str] = []
    own = Cleaned(encoder.model_name, max_tokens=40)
    with (
        DocumentIndex.create(tmp_path / "index", own) as index,
        pytest.warns(DeprecationWarning, match="encode_with_passages now") as said,
    ):
        index.add(TEXTS)
    assert cleaned == TEXTS
    assert said[0].filename == __file__


def test_an_encoder_that_passes_attributes_on(tmp_path):
    class Around:
        def __init__(self, inner):
            self._inner = inner

        def __getattr__(self, name):
            return getattr(self.__dict__["_inner"], name)

    for number, inner in enumerate((FakeEncoder(), without("encode_documents")())):
        assert indexed(Around(inner), tmp_path / str(number)) == 1


def test_without_either_name_it_is_no_encoder(tmp_path):
    members = dict.fromkeys(["fingerprint", "get_embedding_dimension", "encode_query"])
    with pytest.raises(InputTypeError, match="it has no encode_with_passages"):
        DocumentIndex.create(tmp_path, SimpleNamespace(**members))
