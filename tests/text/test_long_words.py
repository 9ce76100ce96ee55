from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from vectorlong.text.tokenizer import TextTokenizer


def quietly(tokenizer: TextTokenizer, text: str) -> tuple[np.ndarray, np.ndarray]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (tokens,) = tokenizer.encode([text])
    assert tokens.offsets is not None
    return tokens.ids, tokens.offsets


def test_a_long_word_is_taken_in_pieces_with_a_word(wordpiece: Path) -> None:
    tokenizer = TextTokenizer.from_folder(wordpiece)
    with pytest.warns(UserWarning, match=r"stretch of 250 characters \('abcababcab.*in pieces"):
        (tokens,) = tokenizer.encode(["the " + "abcab" * 50 + " fox"])
    assert tokens.offsets is not None
    assert tokenizer.unk_id not in tokens.ids
    around = tokenizer.encode(["the fox"])[0].ids
    assert tokens.ids[[0, -1]].tolist() == around.tolist()
    assert tokens.offsets[1:-1].tolist() == [[i, i + 1] for i in range(4, 254)]
    assert tokens.offsets[-1].tolist() == [255, 258]


def test_it_is_said_once(wordpiece: Path) -> None:
    tokenizer = TextTokenizer.from_folder(wordpiece)
    with pytest.warns(UserWarning, match="Later ones") as caught:
        tokenizer.encode(["a" * 101, "b" * 102])
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tokenizer.encode(["c" * 103])


@pytest.mark.filterwarnings("error")
def test_a_word_that_fits_keeps_its_ids(wordpiece: Path) -> None:
    tokenizer = TextTokenizer.from_folder(wordpiece)
    unknown = "a" * 50 + "😀" + "a" * 49  # 100 characters, one of them unknown: [UNK] by WordPiece
    fits, unknown_word = tokenizer.encode(["a" * 100, unknown])
    assert len(fits) == 100
    assert unknown_word.ids.tolist() == [tokenizer.unk_id]


def test_characters_the_vocabulary_lacks_cost_only_themselves(wordpiece: Path) -> None:
    tokenizer = TextTokenizer.from_folder(wordpiece)
    ids, offsets = quietly(tokenizer, "a" * 150 + "😀" * 3 + "b" * 150)
    assert (ids == tokenizer.unk_id).sum() == 1
    assert offsets[ids == tokenizer.unk_id].tolist() == [[150, 153]]
    assert len(ids) == 301


def test_a_long_stretch_of_unknown_characters_keeps_its_length(wordpiece: Path) -> None:
    tokenizer = TextTokenizer.from_folder(wordpiece)
    ids, offsets = quietly(tokenizer, "ก" * 1_050)
    assert set(ids.tolist()) == {tokenizer.unk_id}
    assert offsets[0].tolist() == [0, 100]
    assert offsets[-1].tolist() == [1_000, 1_050]


def test_characters_known_only_at_the_start_of_a_word(tmp_path: Path) -> None:
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##a", "b"]
    (tmp_path / "vocab.txt").write_text("\n".join(vocabulary))
    tokenizer = TextTokenizer.from_folder(tmp_path)
    ids, offsets = quietly(tokenizer, "ab" * 60)  # ##b is not in the vocabulary
    assert ids.tolist() == [5, 7] * 60
    assert offsets.tolist() == [[i, i + 1] for i in range(120)]


def test_several_long_words_in_one_text(wordpiece: Path) -> None:
    tokenizer = TextTokenizer.from_folder(wordpiece)
    text = f"{'a' * 120} the {'b' * 130}"
    ids, offsets = quietly(tokenizer, text)
    assert len(ids) == 251
    assert "".join(text[start:end] for start, end in offsets) == text.replace(" ", "")


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from(["abc", "xyz9", "é", "e\u0301", "😀", "ก", "İ", "ß"]), min_size=40),
    st.sampled_from(["", " the fox", "中文 "]),
)
def test_every_character_stays_covered_in_order(parts: list[str], around: str) -> None:
    tokenizer = _TOKENIZERS[0]
    word = "".join(parts) * 3
    text = around + word + around
    ids, offsets = quietly(tokenizer, text)
    assert len(ids) == len(offsets)
    assert (offsets[1:, 0] >= offsets[:-1, 1]).all()
    covered = np.zeros(len(text), dtype=bool)
    for start, end in offsets:
        covered[start:end] = True
    left_out = {text[i] for i in np.flatnonzero(~covered)}
    assert left_out <= {" ", "\u0301"}  # an accent that the normaliser strips has no token
    widths = offsets[:, 1] - offsets[:, 0]
    assert widths.max() <= 100


_TOKENIZERS: list[TextTokenizer] = []


@pytest.fixture(autouse=True, scope="module")
def _keep_tokenizer(wordpiece: Path) -> None:
    _TOKENIZERS.append(TextTokenizer.from_folder(wordpiece))


def test_ten_megabytes_without_a_space(wordpiece: Path) -> None:
    tokenizer = TextTokenizer.from_folder(wordpiece)
    ids, offsets = quietly(tokenizer, "abcdefghij" * 1_000_000)
    assert tokenizer.unk_id not in ids
    assert offsets[-1, 1] == 10_000_000
    assert len(ids) == 10_000_000


@pytest.mark.filterwarnings("error")
def test_a_megabyte_without_a_space_under_byte_bpe(byte_bpe: Path) -> None:
    tokenizer = TextTokenizer.from_folder(byte_bpe)
    (tokens,) = tokenizer.encode(["abcdefghij" * 100_000])
    assert tokens.offsets is not None
    assert tokenizer.unk_id not in tokens.ids
    assert tokens.offsets[-1, 1] == 1_000_000
    assert (tokens.offsets[1:, 0] == tokens.offsets[:-1, 1]).all()


def test_other_vocabularies_say_what_they_cannot_represent() -> None:
    backend = Tokenizer(models.WordLevel({"[UNK]": 0, "the": 1}, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = TextTokenizer(PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]"))
    with pytest.warns(UserWarning, match="120 characters.*one unknown token"):
        (tokens,) = tokenizer.encode(["the " + "x" * 120])
    assert tokens.ids.tolist() == [1, 0]
