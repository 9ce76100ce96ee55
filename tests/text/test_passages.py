from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vectorlong.documents import PassageSpec
from vectorlong.errors import InputValueError
from vectorlong.text.passages import split_passages
from vectorlong.text.tokenizer import TextTokenizer

_TOKENIZERS: dict[str, TextTokenizer] = {}


@pytest.fixture(autouse=True, scope="module")
def _keep_tokenizers(byte_bpe: Path, wordpiece: Path) -> None:
    _TOKENIZERS["byte_bpe"] = TextTokenizer.from_folder(byte_bpe)
    _TOKENIZERS["wordpiece"] = TextTokenizer.from_folder(wordpiece)


def words(text: str) -> np.ndarray:
    """Offsets of words and single other characters."""
    return np.array([m.span() for m in re.finditer(r"[a-zA-Z0-9]+|\S", text)]).reshape(-1, 2)


def passages(text: str, max_tokens: int, overlap: int = 0) -> list[str]:
    _, spans = split_passages(text, words(text), PassageSpec(max_tokens, overlap))
    return [text[start:end] for start, end in spans]


def check(text: str, offsets: np.ndarray, spec: PassageSpec) -> None:
    """Hold one division to everything that is promised of every division."""
    n_tokens = len(offsets)
    tokens, spans = split_passages(text, offsets, spec)
    assert tokens.dtype == spans.dtype == np.int64
    assert tokens.shape == spans.shape == (len(tokens), 2)
    assert spans[0, 0] == 0
    assert spans[-1, 1] == len(text)
    assert tokens[0, 0] == 0
    assert tokens[-1, 1] == n_tokens
    assert (tokens[:, 0] < tokens[:, 1]).all()
    assert (spans[:, 0] < spans[:, 1]).all()
    # Forward without a gap, by at least a token, with no more overlap than asked for.
    assert (np.diff(tokens[:, 0]) > 0).all()
    assert (np.diff(tokens[:, 1]) > 0).all()
    repeated = tokens[:-1, 1] - tokens[1:, 0]
    assert (repeated >= 0).all()
    assert (repeated <= spec.overlap).all()
    if spec.overlap == 0:
        assert (spans[1:, 0] == spans[:-1, 1]).all()
        assert "".join(text[start:end] for start, end in spans) == text
    for (first, last), (start, end) in zip(tokens, spans, strict=True):
        # The tokens of a passage are those of its characters, so no character is divided.
        assert (offsets[first:last, 0] >= start).all()
        assert (offsets[first:last, 1] <= end).all()
        if last - first > spec.max_tokens:  # only where no boundary was to be had
            inner = offsets[first + 1 : last]
            reached = np.maximum.accumulate(offsets[first:last, 1])[:-1]
            latest = np.maximum.accumulate(offsets[first:last, 0])[:-1]
            is_free = (inner[:, 0] >= reached) & (inner[:, 0] > latest)
            assert not (is_free & (inner[:, 0] < len(text))).any()


specs = st.integers(1, 12).flatmap(
    lambda size: st.builds(PassageSpec, st.just(size), st.integers(0, size - 1))
)
texts = st.text(
    st.one_of(
        st.sampled_from(list("ab .,!?\n中。“”😀e\u0301\u200d🇩(")), st.characters(codec="utf-8")
    ),
    max_size=80,
)


@settings(deadline=None, max_examples=300)
@given(texts, specs, st.sampled_from(["byte_bpe", "wordpiece"]))
def test_any_text_is_divided_as_promised(text: str, spec: PassageSpec, kind: str) -> None:
    (tokenized,) = _TOKENIZERS[kind].encode([text])
    assert tokenized.offsets is not None
    if len(tokenized):
        check(text, tokenized.offsets, spec)


@settings(deadline=None, max_examples=300)
@given(texts.filter(len), specs, st.data())
def test_any_rising_offsets_are_divided_as_promised(
    text: str, spec: PassageSpec, data: st.DataObject
) -> None:
    edges = st.lists(st.integers(0, len(text)), min_size=2, max_size=60)
    ordered = sorted(data.draw(edges))
    starts, ends = ordered[0::2], ordered[1::2]
    offsets = np.array(list(zip(starts, ends, strict=False)), dtype=np.int64)
    check(text, offsets, spec)


def test_passages_end_with_sentences() -> None:
    text = "One two three. Four five. Six seven eight nine. Ten eleven twelve thirteen."
    assert passages(text, 9) == [
        "One two three. Four five. ",
        "Six seven eight nine. ",
        "Ten eleven twelve thirteen.",
    ]


def test_a_paragraph_is_preferred_to_a_fuller_passage() -> None:
    text = "One two. Three four.\n\nFive six. Seven eight. Nine ten. " * 4
    first = passages(text, 10)[0]
    assert first == "One two. Three four.\n\n"


def test_chinese_passages_end_with_sentences_and_their_quotes() -> None:
    text = "你好世界。他说：“今天很好！”我们走吧……然后回家；再见。"
    assert passages(text, 10) == [
        "你好世界。",
        "他说：“今天很好！”",
        "我们走吧……",
        "然后回家；再见。",
    ]


def test_long_sentences_are_cut_between_words() -> None:
    parts = passages("alpha beta gamma delta epsilon zeta eta theta iota kappa", 4)
    assert "".join(parts) == "alpha beta gamma delta epsilon zeta eta theta iota kappa"
    assert all(part.endswith(" ") for part in parts[:-1])


def test_a_word_is_cut_only_where_it_must_be() -> None:
    offsets = np.array([[0, 3], [4, 6], [6, 8], [8, 10], [10, 12]])
    text = "The aabbccdd"
    assert split_passages(text, offsets, PassageSpec(4))[1].tolist() == [[0, 4], [4, 12]]
    assert split_passages(text, offsets, PassageSpec(2))[1].tolist()[0] == [0, 4]


def test_the_remainder_is_shared_rather_than_left_over() -> None:
    text = " ".join(["word"] * 130)
    tokens, _ = split_passages(text, words(text), PassageSpec(128))
    assert np.diff(tokens).ravel().tolist() == [65, 65]
    text = " ".join(["word"] * 257)
    tokens, _ = split_passages(text, words(text), PassageSpec(128))
    assert np.diff(tokens).ravel().tolist() == [128, 64, 65]


def test_a_very_short_sentence_makes_no_passage_of_its_own() -> None:
    text = "Yes. " + " ".join(["word"] * 300)
    tokens, _ = split_passages(text, words(text), PassageSpec(128))
    assert np.diff(tokens).min() > 16


def test_a_text_that_fits_is_one_passage_even_of_several_paragraphs() -> None:
    assert passages("One.\n\nTwo.\n\nThree.", 128) == ["One.\n\nTwo.\n\nThree."]


def test_white_space_belongs_to_the_passage_before_it() -> None:
    assert passages("  One two.  \n Three four. ", 3) == ["  One two.  \n ", "Three four. "]


def test_overlap_starts_with_a_sentence_where_it_can() -> None:
    text = "Aa bb cc dd. Ee ff. Gg hh ii jj. Kk ll. Mm nn oo pp. Qq rr."
    parts = passages(text, 10, overlap=4)
    assert parts[0] == "Aa bb cc dd. Ee ff. "
    assert parts[1].startswith("Ee ff. ")


def test_overlap_repeats_words_where_no_sentence_starts() -> None:
    text = " ".join(f"w{i}" for i in range(100))
    tokens, _ = split_passages(text, words(text), PassageSpec(20, overlap=5))
    assert (tokens[:-1, 1] - tokens[1:, 0] == 5).all()


def test_an_emoji_of_several_tokens_is_not_divided() -> None:
    text = "😀" * 10
    (tokenized,) = _TOKENIZERS["byte_bpe"].encode([text])
    assert tokenized.offsets is not None
    tokens, spans = split_passages(text, tokenized.offsets, PassageSpec(2))
    assert len(tokenized) > 2 * len(text)
    assert spans.tolist() == [[i, i + 1] for i in range(10)]
    assert tokens[-1, 1] == len(tokenized)


@pytest.mark.parametrize("text", ["", "  \n "])
def test_a_text_without_tokens_is_one_empty_passage(text: str) -> None:
    tokens, spans = split_passages(text, np.zeros((0, 2), dtype=np.int64), PassageSpec())
    assert tokens.tolist() == [[0, 0]]
    assert spans.tolist() == [[0, len(text)]]


def test_passages_do_not_depend_on_what_follows_far_behind() -> None:
    text = "".join(f"Sentence number {i} is here. " for i in range(400))
    whole = passages(text, 64)
    part = passages(text[: len(text) // 2], 64)
    assert part[:-3] == whole[: len(part) - 3]


def test_a_million_tokens_are_divided() -> None:
    text = "The first token sees the whole document. It is long, and so on.\n\n" * 65_000
    starts = np.array([m.span() for m in re.finditer(r"\w+|[^\w\s]", text)])
    assert len(starts) > 1_000_000
    tokens, spans = split_passages(text, starts, PassageSpec(128))
    assert (spans[1:, 0] == spans[:-1, 1]).all()
    assert (tokens[:, 1] - tokens[:, 0]).max() <= 128
    assert {text[end - 1] for end in spans[:, 1]} == {"\n"}


@pytest.mark.parametrize(
    ("offsets", "message"),
    [
        (np.array([[0, 9]]), "from 0 to 9 in a text of 3 characters"),
        (np.array([[-1, 2]]), "from -1"),
        (np.array([[0, 1, 2]]), r"shape \(1, 3\)"),
    ],
)
def test_offsets_of_another_text_are_refused(offsets: np.ndarray, message: str) -> None:
    with pytest.raises(InputValueError, match=message):
        split_passages("abc", offsets, PassageSpec())
