from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, BertTokenizer, PreTrainedTokenizerBase
from transformers.tokenization_python import PreTrainedTokenizer

from tests.text.builders import write_byte_bpe, write_chinese_bert, write_wordpiece
from vectorlong.errors import CheckpointError, ModelNotFoundError
from vectorlong.text.loading import load_tokenizer
from vectorlong.text.tokenizer import TextTokenizer

TEXTS = [
    "The quick brown fox jumps over the lazy dog.",
    "中文文本，每个字都是一个词。",
    "emoji 😀👨‍👩‍👧 flags 🇩🇪🇫🇷 and e\u0301 cafe\u0301 naïve",
    "  leading, trailing  \n\n and\ttabs \r\n ",
    "",
    " \n ",
    "a [SEP] b [CLS] c </s> d <s>",
    "x" * 100,
    "long " * 3_000,
]


def encode_with_transformers(tokenizer: PreTrainedTokenizerBase, text: str) -> tuple[list, list]:
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    return encoded["input_ids"], encoded["offset_mapping"]


def reference(folder: Path) -> PreTrainedTokenizerBase:
    is_bert = (folder / "vocab.txt").exists()
    return (BertTokenizer if is_bert else AutoTokenizer).from_pretrained(folder)


# --- ids and offsets -----------------------------------------------------------------------------


@pytest.mark.filterwarnings("error")
def test_ids_and_offsets_are_those_of_transformers(folder: Path) -> None:
    expected = reference(folder)
    for text, tokens in zip(TEXTS, TextTokenizer.from_folder(folder).encode(TEXTS), strict=True):
        ids, offsets = encode_with_transformers(expected, text)
        assert tokens.ids.tolist() == ids
        assert tokens.offsets is not None
        assert [tuple(span) for span in tokens.offsets.tolist()] == offsets
        assert tokens.ids.dtype == tokens.offsets.dtype == np.int64
        assert tokens.offsets.shape == (len(tokens), 2)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=80))
def test_any_text_has_the_ids_of_transformers(text: str) -> None:
    for tokenizer, expected in zip(_cached("ours"), _cached("theirs"), strict=True):
        ids, offsets = encode_with_transformers(expected, text)
        (tokens,) = tokenizer.encode([text])
        assert tokens.ids.tolist() == ids
        assert tokens.offsets is not None
        assert [tuple(span) for span in tokens.offsets.tolist()] == offsets


_CACHE: dict[str, list] = {}


def _cached(whose: str) -> list:
    return _CACHE[whose]


@pytest.fixture(autouse=True, scope="module")
def _fill_cache(byte_bpe: Path, wordpiece: Path, chinese_bert: Path) -> None:
    folders = [byte_bpe, wordpiece, chinese_bert]
    _CACHE["ours"] = [TextTokenizer.from_folder(folder) for folder in folders]
    _CACHE["theirs"] = [reference(folder) for folder in folders]


def test_offsets_count_characters(folder: Path) -> None:
    text = "😀😀 the 中文"
    (tokens,) = TextTokenizer.from_folder(folder).encode([text])
    assert tokens.offsets is not None
    starts, ends = tokens.offsets.T.tolist()
    assert max(ends) == len(text) == 9
    assert text.index("the") in starts
    assert text.index("中") in starts


def test_written_special_tokens_are_recognised(wordpiece: Path) -> None:
    tokenizer = TextTokenizer.from_folder(wordpiece)
    (tokens,) = tokenizer.encode(["the [SEP] fox"])
    assert tokens.ids[1] == tokenizer.sep_id


def test_a_text_has_the_same_ids_whatever_the_others_are(folder: Path) -> None:
    tokenizer = TextTokenizer.from_folder(folder)
    together = tokenizer.encode(TEXTS * 3)
    for text, tokens in zip(TEXTS * 3, together, strict=True):
        assert tokens.ids.tolist() == tokenizer.encode([text])[0].ids.tolist()
    assert tokenizer.encode([]) == []


# --- special tokens ------------------------------------------------------------------------------


def test_special_ids_of_a_byte_bpe(byte_bpe: Path) -> None:
    tokenizer = TextTokenizer.from_folder(byte_bpe)
    assert (tokenizer.prefix_ids, tokenizer.suffix_ids, tokenizer.n_special) == ((0,), (2,), 2)
    assert (tokenizer.cls_id, tokenizer.sep_id, tokenizer.pad_id, tokenizer.mask_id) == (0, 2, 1, 4)
    assert tokenizer.special_ids == {0, 1, 2, 4}  # 3 is <unk>, which stands for text
    assert tokenizer.has_offsets


def test_special_ids_come_from_the_vocabulary_not_from_a_wrong_config(chinese_bert: Path) -> None:
    tokenizer = TextTokenizer.from_folder(chinese_bert)
    assert (tokenizer.prefix_ids, tokenizer.suffix_ids) == ((101,), (102,))
    assert (tokenizer.cls_id, tokenizer.sep_id) == (101, 102)
    assert (tokenizer.pad_id, tokenizer.mask_id, tokenizer.unk_id) == (0, 103, 100)
    assert tokenizer.config_ids() == {
        "bos_token_id": 101,
        "eos_token_id": 102,
        "sep_token_id": 102,
    }


def test_autotokenizer_alone_would_take_the_chinese_vocabulary_for_another(
    chinese_bert: Path,
) -> None:
    # The reason for loading.py; where this fails, its special case may go.
    assert not isinstance(AutoTokenizer.from_pretrained(chinese_bert), BertTokenizer)


def test_wrapping_matches_transformers(folder: Path) -> None:
    tokenizer = TextTokenizer.from_folder(folder)
    (tokens,) = tokenizer.encode(["the fox 中"])
    wrapped = [*tokenizer.prefix_ids, *tokens.ids.tolist(), *tokenizer.suffix_ids]
    assert wrapped == reference(folder)("the fox 中")["input_ids"]


def test_special_tokens_without_names_are_found_by_what_the_tokenizer_does(
    wordpiece: Path, tmp_path: Path
) -> None:
    reference(wordpiece).save_pretrained(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text("{}")
    tokenizer = TextTokenizer.from_folder(tmp_path)
    named = TextTokenizer.from_folder(wordpiece)
    assert (tokenizer.cls_id, tokenizer.sep_id) == (named.cls_id, named.sep_id)
    assert (tokenizer.pad_id, tokenizer.mask_id) == (named.pad_id, named.mask_id)
    assert (
        tokenizer.encode(["the fox 😀"])[0].ids.tolist()
        == named.encode(["the fox 😀"])[0].ids.tolist()
    )


def test_a_pieces_file_is_never_read_as_another_algorithms(wordpiece: Path, tmp_path: Path) -> None:
    # A WordPiece tokenizer.json without a class, beside a config.json that leads to byte-BPE.
    reference(wordpiece).save_pretrained(tmp_path)
    (tmp_path / "tokenizer_config.json").unlink()
    (tmp_path / "config.json").write_text('{"model_type": "longformer"}')
    ours, expected = TextTokenizer.from_folder(tmp_path), TextTokenizer.from_folder(wordpiece)
    for text in TEXTS:
        assert ours.encode([text])[0].ids.tolist() == expected.encode([text])[0].ids.tolist()
    assert ours.pad_id == expected.pad_id


# --- options of the folder -----------------------------------------------------------------------


@pytest.mark.parametrize("lowercase", [True, False])
def test_a_bare_vocabulary_honours_its_tokenizer_config(lowercase: bool, tmp_path: Path) -> None:
    write_wordpiece(tmp_path, lowercase=lowercase)
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": lowercase}))
    (tmp_path / "config.json").write_text('{"model_type": "longformer"}')
    tokenizer = TextTokenizer.from_folder(tmp_path)
    upper, lower = tokenizer.encode(["THE FOX", "the fox"])
    assert (upper.ids.tolist() == lower.ids.tolist()) is lowercase


def test_lower_casing_by_sentence_transformers_is_honoured(tmp_path: Path) -> None:
    write_wordpiece(tmp_path, lowercase=False)
    (tmp_path / "sentence_bert_config.json").write_text('{"do_lower_case": true}')
    tokenizer = TextTokenizer.from_folder(tmp_path)
    upper, lower = tokenizer.encode(["THE İ FOX", "the i fox"])
    assert upper.ids[[0, -1]].tolist() == lower.ids[[0, -1]].tolist()
    assert upper.offsets is not None
    assert upper.offsets[-1].tolist() == [6, 9]  # of the text as it was written
    tokenizer.save(tmp_path / "saved")
    again = TextTokenizer.from_folder(tmp_path / "saved")
    assert again.fingerprint == tokenizer.fingerprint
    assert again.encode(["THE FOX"])[0].ids.tolist() == lower.ids[[0, -1]].tolist()


def test_truncation_and_padding_of_the_source_are_left_behind(
    wordpiece: Path, tmp_path: Path
) -> None:
    source = reference(wordpiece)
    source.backend_tokenizer.enable_truncation(5)
    source.backend_tokenizer.enable_padding(length=5)
    tokenizer = TextTokenizer(source)
    assert [len(tokens) for tokens in tokenizer.encode(["the " * 9, "the"])] == [9, 1]
    assert source.backend_tokenizer.truncation is not None  # the caller's own is untouched
    tokenizer.save(tmp_path)
    assert json.loads((tmp_path / "tokenizer.json").read_text())["truncation"] is None
    assert len(AutoTokenizer.from_pretrained(tmp_path).backend_tokenizer.encode("the " * 9)) == 11


# --- fingerprint, save, threads ------------------------------------------------------------------


def test_save_and_load_give_the_same_tokenizer(folder: Path, tmp_path: Path) -> None:
    tokenizer = TextTokenizer.from_folder(folder)
    tokenizer.save(tmp_path / "saved")
    again = TextTokenizer.from_folder(tmp_path / "saved")
    assert again.fingerprint == tokenizer.fingerprint
    assert again.special_ids == tokenizer.special_ids
    for ours, theirs in zip(tokenizer.encode(TEXTS), again.encode(TEXTS), strict=True):
        assert ours.ids.tolist() == theirs.ids.tolist()


def test_the_fingerprint_is_the_same_in_another_process(folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from vectorlong.text.tokenizer import TextTokenizer;"
        "print(TextTokenizer.from_folder(Path(sys.argv[1])).fingerprint)"
    )
    other = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == TextTokenizer.from_folder(folder).fingerprint


def test_different_tokenizers_have_different_fingerprints(tmp_path: Path) -> None:
    folders = [
        write_byte_bpe(tmp_path / "a"),
        write_byte_bpe(tmp_path / "b", vocab_size=500),
        write_wordpiece(tmp_path / "c"),
        write_wordpiece(tmp_path / "d", lowercase=False),
        write_chinese_bert(tmp_path / "e"),
    ]
    fingerprints = {TextTokenizer.from_folder(folder).fingerprint for folder in folders}
    fingerprints.add(TextTokenizer(load_tokenizer(folders[3])[0], lowercase=True).fingerprint)
    assert len(fingerprints) == 6


def test_pickling_keeps_everything(folder: Path) -> None:
    tokenizer = TextTokenizer.from_folder(folder)
    again = pickle.loads(pickle.dumps(tokenizer))
    assert again.fingerprint == tokenizer.fingerprint
    assert again.encode(["the 中"])[0].ids.tolist() == tokenizer.encode(["the 中"])[0].ids.tolist()


def test_threads_get_the_answers_of_one(folder: Path) -> None:
    tokenizer = TextTokenizer.from_folder(folder)
    expected = [tokens.ids.tolist() for tokens in tokenizer.encode(TEXTS)]
    with ThreadPoolExecutor(8) as pool:
        for answer in pool.map(tokenizer.encode, [TEXTS] * 32):
            assert [tokens.ids.tolist() for tokens in answer] == expected


# --- tokenizers written in Python ----------------------------------------------------------------


class Letters(PreTrainedTokenizer):
    """A tokenizer without a Rust side: one token a letter."""

    def __init__(self, **options: object) -> None:
        self._ids = {letter: i for i, letter in enumerate("[]abcdefghijklmnopqrstuvwxyz")}
        super().__init__(unk_token="[", pad_token="]", cls_token="a", **options)

    @property
    def vocab_size(self) -> int:
        return len(self._ids)

    def get_vocab(self) -> dict[str, int]:
        return dict(self._ids)

    def _tokenize(self, text: str, **options: object) -> list[str]:
        return list(text.replace(" ", ""))

    def _convert_token_to_id(self, token: str) -> int:
        return self._ids.get(token, 0)

    def _convert_id_to_token(self, index: int) -> str:
        return list(self._ids)[index]


def test_a_tokenizer_without_offsets_says_so() -> None:
    tokenizer = TextTokenizer(Letters())
    assert not tokenizer.has_offsets
    (tokens,) = tokenizer.encode(["bcd"])
    assert tokens.offsets is None
    assert tokens.ids.tolist() == [3, 4, 5]
    (lowered,) = TextTokenizer(Letters(), lowercase=True).encode(["BCD"])
    assert lowered.ids.tolist() == [3, 4, 5]
    assert len({tokenizer.fingerprint, TextTokenizer(Letters(), lowercase=True).fingerprint}) == 2
    assert tokenizer.fingerprint == TextTokenizer(Letters()).fingerprint


@pytest.mark.filterwarnings("error")
def test_no_warning_about_length(wordpiece: Path, caplog: pytest.LogCaptureFixture) -> None:
    for source in (reference(wordpiece), Letters(model_max_length=8)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            TextTokenizer(source).encode(["the fox " * 1_000])
    assert caplog.text == ""


# --- folders that hold no usable tokenizer -------------------------------------------------------


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"nowhere' is not a folder"):
        TextTokenizer.from_folder(tmp_path / "nowhere")


def test_a_folder_without_a_vocabulary(tmp_path: Path) -> None:
    # AutoTokenizer gives a BERT tokenizer of five special tokens here.
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(CheckpointError, match=r"none of tokenizer\.json, vocab\.txt"):
        TextTokenizer.from_folder(tmp_path)


def test_a_class_whose_files_are_not_there(wordpiece: Path, tmp_path: Path) -> None:
    shutil.copy(wordpiece / "vocab.txt", tmp_path)
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "RobertaTokenizer"}')
    with pytest.raises(CheckpointError, match=r"RobertaTokenizer with no vocabulary.*vocab\.txt"):
        TextTokenizer.from_folder(tmp_path)


def test_a_byte_bpe_without_its_merges(byte_bpe: Path, tmp_path: Path) -> None:
    for name in ("vocab.json", "tokenizer_config.json"):
        shutil.copy(byte_bpe / name, tmp_path)
    with pytest.raises(CheckpointError, match=r"merges\.txt is missing"):
        TextTokenizer.from_folder(tmp_path)


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
def test_damaged_files(name: str, wordpiece: Path, tmp_path: Path) -> None:
    reference(wordpiece).save_pretrained(tmp_path)
    content = (tmp_path / name).read_text()
    (tmp_path / name).write_text(content[: len(content) // 2])
    with pytest.raises(CheckpointError, match=str(tmp_path)):
        TextTokenizer.from_folder(tmp_path)


def test_code_in_the_folder_is_not_run(wordpiece: Path, tmp_path: Path) -> None:
    reference(wordpiece).save_pretrained(tmp_path)
    (tmp_path / "evil.py").write_text("raise SystemExit('ran')")
    config = {"auto_map": {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}, "tokenizer_class": "Evil"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        TextTokenizer.from_folder(tmp_path)
