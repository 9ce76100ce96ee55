"""A tokenizer from a unigram model's parts: characters replaced, pieces by score, places kept."""

import sys
import unicodedata

import numpy as np
import pytest
from tokenizers.normalizers import Precompiled

from vectorlong.text.charsmap import sentencepiece_charsmap
from vectorlong.text.tokenizer import TextTokenizer
from vectorlong.text.unigram import unigram_tokenizer

# All of the first plane, and enough of the others.
CODES = [*range(1, 0xD800), *range(0xE000, 0x11000), *range(0x11000, sys.maxunicode, 61)]
CHARACTERS = [chr(code) for code in CODES]
PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
PIECES += [(letter, -4.0) for letter in "▁abfiéx京"]
PIECES += [("▁a", -5.0), ("ab", -5.0), ("▁ab", -8.5), ("fi", -6.0), ("<mask>", 0.0)]
IDS = {piece: number for number, (piece, _) in enumerate(PIECES)}


def tokens_of(text: str) -> tuple[list[str], list[str]]:
    """Pieces, and the characters each stands for."""
    tokenizer = unigram_tokenizer(
        PIECES,
        {"ﬁ": "fi", "\u3000": " ", "\u200b": "", "Ａ": "a"},
        begin_id=0,
        end_id=2,
        pad_id=1,
        unknown_id=3,
    )
    tokens = TextTokenizer(tokenizer).encode([text])[0]
    names = [PIECES[number][0] for number in tokens.ids]
    return names, [text[start:end] for start, end in tokens.offsets]


def test_every_character_is_replaced_as_the_table_says():
    replacements = {
        each: unicodedata.normalize("NFKC", each)
        for each in CHARACTERS
        if unicodedata.normalize("NFKC", each) != each
    }
    replacements |= {"\u200b": "", "\t": " ", "a": "bc", "é": "e\u0301", "\U0001f642": ":)"}
    assert len(replacements) > 3_000
    table = Precompiled(sentencepiece_charsmap(replacements))
    wrong = [it for it in CHARACTERS if table.normalize_str(it) != replacements.get(it, it)]
    assert wrong == []


@pytest.mark.parametrize(
    ("replacements", "message"),
    [
        ({"ab": "c"}, "'ab' cannot be replaced by 'c'"),
        ({"": "c"}, "'' cannot be replaced by 'c'"),
        ({"a": "b\0"}, "cannot be replaced"),
        (dict.fromkeys(CHARACTERS, ""), "more than the form has room for"),
    ],
)
def test_what_no_table_holds_is_refused(replacements, message):
    with pytest.raises(ValueError, match=message):
        sentencepiece_charsmap(replacements)


@pytest.mark.parametrize(
    ("text", "pieces", "places"),
    [
        ("ab", ["▁ab"], ["ab"]),
        ("aab", ["▁a", "ab"], ["a", "ab"]),
        ("  ab\n\nab ", ["▁ab", "▁ab"], ["ab", "ab"]),
        ("ab\u3000ab", ["▁ab", "▁ab"], ["ab", "ab"]),
        ("a\u200bb", ["▁ab"], ["a\u200bb"]),
        ("Ａb", ["▁ab"], ["Ａb"]),
        ("xﬁ", ["▁", "x", "fi"], ["x", "x", "ﬁ"]),
        ("ae\u0301", ["▁a", "é"], ["a", "e"]),  # where the library has a joined character begin
        ("a京Ж", ["▁a", "京", "<unk>"], ["a", "京", "Ж"]),
        ("a <mask>b", ["▁a", "<mask>", "▁", "b"], ["a", " <mask>", "b", "b"]),
    ],
)
def test_pieces_and_their_places(text, pieces, places):
    assert tokens_of(text) == (pieces, places)


def test_texts_are_wrapped_as_the_model_knows_them(tmp_path):
    tokenizer = unigram_tokenizer(PIECES, {}, begin_id=0, end_id=2, pad_id=1, unknown_id=3)
    a, b = IDS["▁a"], IDS["▁ab"]
    assert tokenizer("a").input_ids == [0, a, 2]
    assert tokenizer("a", "ab").input_ids == [0, a, 2, 2, b, 2]
    ours = TextTokenizer(tokenizer)
    assert (ours.prefix_ids, ours.suffix_ids) == ((0,), (2,))
    assert (ours.cls_id, ours.sep_id, ours.pad_id, ours.unk_id) == (0, 2, 1, 3)
    assert ours.mask_id == IDS["<mask>"]
    ours.save(tmp_path)
    again = TextTokenizer.from_folder(tmp_path)
    assert again.fingerprint == ours.fingerprint
    assert np.array_equal(again.encode(["ab ﬁ"])[0].ids, ours.encode(["ab ﬁ"])[0].ids)


def test_what_is_done_to_a_copy_does_not_reach_the_tokenizer(tmp_path):
    tokenizer = unigram_tokenizer(PIECES, {}, begin_id=0, end_id=2, pad_id=1, unknown_id=3)
    tokenizer.backend_tokenizer.enable_truncation(1)
    tokenizer.save_pretrained(tmp_path)
    ours = TextTokenizer.from_folder(tmp_path)
    assert len(ours.encode(["ab ab ab"])[0]) == 3
    copied = ours.as_transformers()
    copied.add_tokens(["京京"])
    assert len(copied("ab ab ab", truncation=True, max_length=3).input_ids) == 3
    assert len(ours.encode(["ab 京京"])[0]) == 4
    assert len(copied.tokenize("ab 京京")) == 2
