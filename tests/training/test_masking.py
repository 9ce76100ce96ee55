"""Texts as chunks of a model's length, and what of them is masked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from transformers import PreTrainedTokenizerFast

from vectorlong.training.masking import IGNORED, Chunk, Layout, chunks_of, masked

CLS, SEP, MASK = 2, 3, 4
_PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "##s", "sat", "un", "##like"]
_HAN = list("我们在北京大学学习合同法")
VOCABULARY = {piece: number for number, piece in enumerate(dict.fromkeys(_PIECES + _HAN))}


@pytest.fixture(scope="module")
def tokenizer():
    wordpiece = Tokenizer(WordPiece(VOCABULARY, unk_token="[UNK]"))
    wordpiece.normalizer = BertNormalizer()
    wordpiece.pre_tokenizer = BertPreTokenizer()
    return PreTrainedTokenizerFast(
        tokenizer_object=wordpiece,
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        pad_token="[PAD]",
        unk_token="[UNK]",
    )


def layout(length, *, is_packed=True, segment=None):
    return Layout(length, CLS, SEP, is_packed, segment)


def content(chunks):
    return [int(id_) for chunk in chunks for id_ in chunk.ids if id_ not in (CLS, SEP)]


@pytest.mark.parametrize("is_packed", [True, False])
@pytest.mark.parametrize("segment", [None, 4])
@pytest.mark.parametrize("length", [8, 9, 30])
def test_every_token_is_in_one_chunk_and_no_chunk_is_too_long(
    tokenizer, length, is_packed, segment
):
    texts = ["the cats sat", "", "unlike the cat " * 9, "sat"]
    expected = [
        id_ for text in texts for id_ in tokenizer(text, add_special_tokens=False).input_ids
    ]
    chunks = list(
        chunks_of(texts, tokenizer, layout(length, is_packed=is_packed, segment=segment), "word")
    )
    assert content(chunks) == expected
    for chunk in chunks:
        assert len(chunk.ids) <= length
        assert chunk.ids[0] == CLS
        assert chunk.ids[-1] == SEP
        assert chunk.is_global[0]
        assert chunk.is_global.sum() == (1 if segment is None else (chunk.words == -1).sum())
        assert ((chunk.words == -1) == np.isin(chunk.ids, [CLS, SEP])).all()
        if segment is not None:
            opened = np.arange(0, len(chunk.ids) - 1, segment)
            assert np.isin(chunk.ids[opened], [CLS, SEP]).all()
    sizes = [len(chunk.ids) for chunk in chunks[:-1]]
    if is_packed and segment is None:
        assert all(size == length for size in sizes)
    total = sum(int(chunk.n_characters.sum()) for chunk in chunks)
    assert total == sum(len(text.rstrip()) for text in texts)


def words(chunk, tokenizer):
    """The words of a chunk, as the tokens that are masked together."""
    found = {}
    for id_, word in zip(chunk.ids, chunk.words, strict=True):
        if word != -1:
            found.setdefault(int(word), []).append(tokenizer.convert_ids_to_tokens(int(id_)))
    return list(found.values())


def test_words_of_english_are_their_pieces(tokenizer):
    (chunk,) = chunks_of(["the cats unlike sat"], tokenizer, layout(20), "word")
    assert words(chunk, tokenizer) == [["the"], ["cat", "##s"], ["un", "##like"], ["sat"]]
    (chunk,) = chunks_of(["the cats"], tokenizer, layout(20), "token")
    assert words(chunk, tokenizer) == [["the"], ["cat"], ["##s"]]


def test_words_of_chinese_are_jiebas_also_beside_english(tokenizer):
    (chunk,) = chunks_of(["我们 cats 在北京大学学习合同法"], tokenizer, layout(30), "word")
    assert words(chunk, tokenizer) == [
        ["我", "们"],
        ["cat", "##s"],
        ["在"],
        ["北", "京", "大", "学"],
        ["学", "习"],
        ["合", "同", "法"],
    ]


def test_no_word_goes_on_in_the_next_text(tokenizer):
    (chunk,) = chunks_of(["the cat", "##s"], tokenizer, layout(20), "word")
    assert words(chunk, tokenizer)[1] == ["cat"]


@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=60),
    share=st.floats(0.01, 0.9),
    seed=st.integers(0, 1000),
)
def test_whole_words_are_masked_about_as_often_as_asked(sizes, share, seed):
    numbers = np.repeat(np.arange(len(sizes)), sizes)
    chunk = Chunk(
        ids=np.concatenate([[CLS], 10 + numbers, [SEP]]).astype(np.int32),
        words=np.concatenate([[-1], numbers, [-1]]).astype(np.int32),
        n_characters=np.ones(len(numbers) + 2, dtype=np.int32),
        is_global=np.zeros(len(numbers) + 2, dtype=bool),
    )
    ids, labels = masked(chunk, share, MASK, np.arange(100, 110), np.random.default_rng(seed))
    is_chosen = labels != IGNORED
    assert not is_chosen[[0, -1]].any()
    assert (labels[is_chosen] == chunk.ids[is_chosen]).all()
    assert (ids[~is_chosen] == chunk.ids[~is_chosen]).all()
    assert np.isin(ids[is_chosen & (ids != chunk.ids)], [MASK, *range(100, 110)]).all()
    for number in range(len(sizes)):
        assert len(set(is_chosen[chunk.words == number])) == 1
    wanted = max(1, round(share * len(numbers)))
    assert abs(is_chosen.sum() - wanted) <= max(sizes)


def test_masks_are_as_in_bert_and_another_time_others():
    n = 20_000
    chunk = Chunk(
        ids=np.full(n, 50, dtype=np.int32),
        words=np.arange(n, dtype=np.int32),
        n_characters=np.ones(n, dtype=np.int32),
        is_global=np.zeros(n, dtype=bool),
    )
    ids, labels = masked(chunk, 0.15, MASK, np.arange(60, 70), np.random.default_rng(0))
    is_chosen = labels != IGNORED
    shares = [np.mean(ids[is_chosen] == MASK), np.mean(ids[is_chosen] == 50)]
    assert is_chosen.mean() == pytest.approx(0.15, abs=1e-4)
    assert shares == pytest.approx([0.8, 0.1], abs=0.02)
    again = masked(chunk, 0.15, MASK, np.arange(60, 70), np.random.default_rng(0))
    assert (again[0] == ids).all()
    other = masked(chunk, 0.15, MASK, np.arange(60, 70), np.random.default_rng(1))
    assert (other[1] != labels).any()
