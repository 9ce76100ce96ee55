"""Prompts, and the other words that code written for sentence-transformers passes to encode."""

import enum

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Pooling, Transformer

from tests.encoder.test_convert import write_source
from vectorlong import Longformer2Vec, convert
from vectorlong.errors import InputTypeError, OptionError

PROMPTS = {"query": "find: ", "passage": "text: ", "classification": "kind of: ", "none": ""}


class Name(str, enum.Enum):  # noqa: UP042 - whose str() is not its value
    QUERY = "query"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    write_source(folder)
    modules = [Transformer(str(folder)), Pooling(16, pooling_mode="mean")]
    return SentenceTransformer(
        modules=modules, device="cpu", prompts=PROMPTS, default_prompt_name="classification"
    )


@pytest.fixture(scope="module")
def encoder(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("converted")
    source.save(str(folder / "st"))
    return Longformer2Vec(convert(folder / "st", folder / "long", max_tokens=64, window=8))


def close(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and np.allclose(a, b, atol=1e-5)


@pytest.mark.parametrize("name", [*PROMPTS, Name.QUERY, None])
def test_a_prompt_by_its_name_is_that_of_sentence_transformers(encoder, source, name):
    expected = source.encode(["dog", "the fox"], prompt_name=name)
    assert close(encoder.encode(["dog", "the fox"], prompt_name=name), expected)
    for word in ("encode_query", "encode_document"):
        actual = getattr(encoder, word)("dog", prompt_name=name)
        assert close(actual, getattr(source, word)("dog", prompt_name=name))
    if name is not None:
        assert close(
            next(encoder.encode_with_passages(["dog"], prompt_name=name)).vector, expected[0]
        )


def ways(encoder):
    return [
        encoder.encode,
        encoder.encode_query,
        encoder.encode_document,
        lambda texts, **options: next(encoder.encode_with_passages([texts], **options)),
    ]


def test_a_name_that_is_none_lists_those_that_are(encoder):
    for way in ways(encoder):
        with pytest.raises(
            OptionError,
            match=r"prompt_name='queries' is not valid. Valid values: 'class.*'passage', 'query'",
        ):
            way("dog", prompt_name="queries")
        for name in (5, ["query"], b"query", ""):
            with pytest.raises(OptionError, match=r"prompt_name=.* is not valid. Valid values: "):
                way("dog", prompt_name=name)


def test_a_model_without_prompts_says_so(tmp_path):
    write_source(tmp_path / "source")
    folder = convert(tmp_path / "source", tmp_path / "long", max_tokens=64, window=8)
    with pytest.raises(OptionError, match=r"prompt_name='query'.*This model has no prompts"):
        Longformer2Vec(folder).encode("dog", prompt_name="query")


@pytest.mark.parametrize("prompt", ["find: ", ""])
def test_words_and_a_name_are_not_both_taken(encoder, prompt):
    for way in ways(encoder):
        with pytest.raises(OptionError, match=r"prompt_name='query'.*it or prompt, not both"):
            way("dog", prompt=prompt, prompt_name="query")


def test_a_prompt_is_a_text(encoder):
    with pytest.raises(InputTypeError, match="prompt is"):
        encoder.encode("dog", prompt=5)


def test_arrays_and_tensors_are_asked_for_as_there(encoder, source):
    for options in (
        {"convert_to_numpy": True},
        {"convert_to_tensor": True},
        {"convert_to_numpy": True, "convert_to_tensor": True},
        {"convert_to_numpy": False, "convert_to_tensor": True},
    ):
        for word in ("encode", "encode_query", "encode_document"):
            expected = getattr(source, word)(["dog"], **options)
            actual = getattr(encoder, word)(["dog"], **options)
            assert type(actual) is type(expected)
            assert torch.allclose(torch.as_tensor(actual), torch.as_tensor(expected), atol=1e-5)
    with pytest.raises(OptionError, match=r"convert_to_numpy=False.*convert_to_tensor=True"):
        encoder.encode(["dog"], convert_to_numpy=False)


@pytest.mark.parametrize(
    "option", ["output_value", "precision", "device", "pool", "chunk_size", "task", "prompts"]
)
def test_what_has_no_meaning_here_is_a_type_error(encoder, option):
    for way in ways(encoder):
        with pytest.raises(TypeError, match=f"unexpected keyword argument '{option}'"):
            way("dog", **{option: None})
