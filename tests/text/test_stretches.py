"""A text that is tokenised in stretches has the tokens that it has as a whole."""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from tests.text.builders import CORPUS, write_byte_bpe, write_chinese_bert, write_wordpiece
from vectorlong.text import stretches
from vectorlong.text.stretches import encode_long
from vectorlong.text.tokenized import TokenizedText
from vectorlong.text.tokenizer import TextTokenizer

STRETCH, OVERLAP = 3_000, 900


def unigram(*, splits: bool) -> Tokenizer:
    """A SentencePiece-like tokenizer; unless it ``splits``, words may be pieces together."""
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(" ", "▁"), normalizers.Prepend("▁")]
        if not splits
        else [normalizers.NFKC()]
    )
    if splits:
        made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=400, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False
    )
    made.train_from_iterator(CORPUS * 5, trainer)
    return made


@pytest.fixture(scope="module")
def backends(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tokenizer]:
    made = {"unigram": unigram(splits=True), "unigram of phrases": unigram(splits=False)}
    for write in (write_byte_bpe, write_wordpiece, write_chinese_bert):
        folder = write(tmp_path_factory.mktemp("tokenizer"))
        backend = TextTokenizer.from_folder(folder)._backend
        assert backend is not None
        made[write.__name__] = backend
    return made


KINDS = ["unigram", "unigram of phrases", "write_byte_bpe", "write_wordpiece", "write_chinese_bert"]
# What makes the neighbourhood matter: runs of blanks, marks, joined signs, long words, tags.
ODDITIES = (
    *CORPUS,
    "   \n\n\t  ",
    "é" * 7 + "e\u0301" * 7,
    "👩‍👩‍👧 ﷺ ﬁne ²³ ｆｕｌｌ",
    "x" * 130,
    "[SEP] </s> <mask> [MA",
    "don't won't 'tis o'clock's",
    "ÀÉÎ straße ΣΊΣΥΦΟΣ",
    "\u200b\u00ad\u2028",
)


def mixed_text(seed: int, n_characters: int) -> str:
    generator = random.Random(seed)
    parts: list[str] = []
    while sum(map(len, parts)) < n_characters:
        parts.append(generator.choice(ODDITIES))
        parts.append(generator.choice(["", " ", "  ", "\n", ", "]))
    return "".join(parts)


def whole(backend: Tokenizer, text: str) -> TokenizedText:
    encoding = backend.encode(text, add_special_tokens=False)
    return TokenizedText(
        np.array(encoding.ids, dtype=np.int64),
        np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2),
    )


def assert_same(backend: Tokenizer, text: str, n_characters: int, n_overlapping: int) -> list[int]:
    """Compare, and return the lengths of the stretches that were taken."""
    lengths = []

    def encode(stretch: str) -> TokenizedText:
        lengths.append(len(stretch))
        return whole(backend, stretch)

    found = encode_long(text, encode, n_characters, n_overlapping)
    expected = whole(backend, text)
    np.testing.assert_array_equal(found.ids, expected.ids)
    np.testing.assert_array_equal(found.offsets, expected.offsets)
    return lengths


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_the_tokens_are_those_of_the_whole(
    kind: str, seed: int, backends: dict[str, Tokenizer]
) -> None:
    lengths = assert_same(backends[kind], mixed_text(seed, 30_000), STRETCH, OVERLAP)
    assert len(lengths) > 10  # it was not taken whole


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "text",
    [
        "x" * 20_000,
        "ab" * 4_000 + " and then " * 1_000,
        " " * 20_000,
        "word " * 500 + " " * 9_000 + "word " * 500,
        "中" * 20_000,
        "the whole document; " * 1_000,
        "\u0301" * 9_000 + "text " * 100,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_where_stretches_do_not_agree_they_grow(
    kind: str, text: str, backends: dict[str, Tokenizer]
) -> None:
    assert_same(backends[kind], text, STRETCH, OVERLAP)


@pytest.mark.parametrize("kind", KINDS)
def test_texts_of_the_length_of_a_stretch_and_one_less_and_more(
    kind: str, backends: dict[str, Tokenizer]
) -> None:
    text = mixed_text(9, 2 * STRETCH)
    for length in (0, 1, STRETCH - 1, STRETCH, STRETCH + 1, 2 * STRETCH - OVERLAP):
        assert_same(backends[kind], text[:length], STRETCH, OVERLAP)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(max_size=60), min_size=20, max_size=60), st.sampled_from(KINDS))
def test_any_text(words: list[str], kind: str) -> None:
    assert_same(_BACKENDS[kind], " ".join(words) * 12, 1_500, 700)


_BACKENDS: dict[str, Tokenizer] = {}


@pytest.fixture(scope="module", autouse=True)
def _for_any_text(backends: dict[str, Tokenizer]) -> None:
    _BACKENDS.update(backends)


def test_a_tokenizer_takes_long_texts_in_stretches(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = mixed_text(3, stretches.STRETCH_CHARACTERS + 50_000)
    made = TextTokenizer.from_folder(folder)
    assert made._backend is not None
    taken: list[int] = []
    original = TextTokenizer._encode_stretch

    def noting(self: TextTokenizer, stretch: str) -> TokenizedText:
        taken.append(len(stretch))
        return original(self, stretch)

    monkeypatch.setattr(TextTokenizer, "_encode_stretch", noting)
    expected = made._mend(text, whole(made._backend, text))
    short, found, last = made.encode(["short", text, "short"])
    np.testing.assert_array_equal(found.ids, expected.ids)
    np.testing.assert_array_equal(found.offsets, expected.offsets)
    assert len(taken) == 2
    np.testing.assert_array_equal(short.ids, last.ids)


def test_memory_is_that_of_the_arrays(wordpiece: Path) -> None:
    text = "The whole document sees the first token, and a window slides over it.\n" * 40_000
    made = TextTokenizer.from_folder(wordpiece)
    tracemalloc.start()
    (found,) = made.encode([text])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.offsets is not None
    arrays = found.ids.nbytes + found.offsets.nbytes
    assert most < 2.5 * arrays + 200 * stretches.STRETCH_CHARACTERS
