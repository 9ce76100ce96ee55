"""Tokenizer files that would end the process, never end, or fail inside the Rust library."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, normalizers
from transformers import BertTokenizer, PreTrainedTokenizerFast

from tests.text.builders import write_byte_bpe, write_wordpiece
from vectorlong.errors import CheckpointError
from vectorlong.text.tokenizer import TextTokenizer
from vectorlong.text.tokenizer_files import check_tokenizer_files

pytestmark = pytest.mark.timeout(60)
VOCABULARY = {"[UNK]": 0, "a": 1, "b": 2}
TEXTS = ["a b ab", "a" * 3000 + " b", "héllo wörld 中文"]


def word_level(**parts: Any) -> dict[str, Any]:
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [added(0, "[UNK]")],
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": VOCABULARY, "unk_token": "[UNK]"},
        **parts,
    }


def added(number: int, content: str) -> dict[str, Any]:
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": content, "special": True, **flags}


def word_piece(vocabulary: dict[str, int], limit: int = 100) -> dict[str, Any]:
    return {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": limit,
        "vocab": vocabulary,
    }


def bpe(vocabulary: dict[str, int], prefix: str | None = None) -> dict[str, Any]:
    nothing = dict.fromkeys(("dropout", "unk_token", "end_of_word_suffix"))
    return {
        "type": "BPE",
        "continuing_subword_prefix": prefix,
        "fuse_unk": False,
        "byte_fallback": False,
        "vocab": vocabulary,
        "merges": ["a b"],
        **nothing,
    }


def replacing(pattern: dict[str, str], content: str, times: int = 1) -> dict[str, Any]:
    step = {"type": "Replace", "pattern": pattern, "content": content}
    return {"type": "Sequence", "normalizers": [step] * times}


def split(pattern: str) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


def precompiled(charsmap: bytes) -> dict[str, Any]:
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap).decode()}


def template(single: list[Any], ids: list[int] | None = None) -> dict[str, Any]:
    token = {"id": "[CLS]", "ids": ids, "tokens": ["[CLS]"] * len(ids or ())}
    known = {} if ids is None else {"[CLS]": token}
    return {"type": "TemplateProcessing", "single": single, "pair": single, "special_tokens": known}


TEXT = {"Sequence": {"id": "A", "type_id": 0}}
CLS = {"SpecialToken": {"id": "[CLS]", "type_id": 0}}


def roberta(first: int) -> dict[str, Any]:
    ids = {"sep": ["</s>", 1], "cls": ["<s>", first]}
    return {"type": "RobertaProcessing", **ids, "trim_offsets": True, "add_prefix_space": True}


BEYOND = [
    ("model", {"type": "WordLevel", "vocab": {"[UNK]": 0, "a": 2**31 - 1}, "unk_token": "[UNK]"}),
    ("model", word_piece({"[UNK]": 0, "a": 2**32 - 1})),
    ("model", bpe({"a": 0, "b": 2**31, "ab": 2})),
    ("model", word_piece(VOCABULARY, 2**63)),
    ("model", word_piece(VOCABULARY, 0)),
    ("added_tokens", [added(2**31, "X")]),
    ("added_tokens", [added(3, "a" * 1_000_000)]),
    ("normalizer", replacing({"String": "a"}, "a" * 1000, 4)),
    ("normalizer", replacing({"String": ""}, "a" * 64)),
    ("normalizer", replacing({"Regex": "a*"}, "aa", 4)),
    ("normalizer", {"type": "Prepend", "prepend": "a" * 1_000_000}),
    ("normalizer", {"type": "Sequence", "normalizers": [{"type": "Lowercase"}] * 1000}),
    ("pre_tokenizer", split("a" * 1_000_000)),
    ("pre_tokenizer", {"type": "FixedLength", "length": 0}),
    ("post_processor", template([CLS] * 100_000 + [TEXT], [1])),
    ("post_processor", template([TEXT] * 2)),
    ("post_processor", template([{"Sequence": {"id": "B", "type_id": 0}}])),
    ("post_processor", template([CLS, TEXT], [1] * 1000)),
    ("post_processor", template([CLS, TEXT], [2**32 - 1])),
    ("post_processor", roberta(2**31)),
]
DAMAGED = [
    ("normalizer", precompiled(b"\xff\xff\xff\xff" + b"x" * 20)),
    ("normalizer", precompiled(b"ab")),
    ("normalizer", precompiled(b"")),
    ("normalizer", {"type": "Precompiled", "precompiled_charsmap": "!"}),
    ("normalizer", {"type": "Precompiled", "precompiled_charsmap": 5}),
    ("normalizer", 5),
    ("normalizer", {"type": "Sequence", "normalizers": [5]}),
    ("normalizer", {"type": "Replace", "pattern": 5, "content": "a"}),
    ("pre_tokenizer", [5]),
    ("post_processor", template([CLS, TEXT])),
    ("post_processor", {"type": "TemplateProcessing", "single": 5}),
    ("model", 5),
    ("model", {"type": "WordLevel", "vocab": {"a": "1"}}),
    ("added_tokens", [{"id": "1", "content": "a"}]),
    ("added_tokens", 5),
]
FAILING = [
    ("model", {"type": "Unigram", "unk_id": None, "vocab": [["a", -1.0]]}),
    ("model", {"type": "Unigram", "unk_id": 5, "vocab": [["a", -1.0]]}),
    ("model", bpe({"a": 0, "b": 1, "ab": 0})),
    ("model", bpe({"a": 0, "b": 1, "ab": 2}, "##" * 1000)),
    ("model", {"type": "WordLevel", "vocab": {"b": 2}, "unk_token": "none"}),
    ("pre_tokenizer", split("(a+)+$")),
    ("pre_tokenizer", split("((")),
    ("normalizer", precompiled((16).to_bytes(4, "little") + b"\xff" * 16 + b"abc")),
    (
        "truncation",
        {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 5},
    ),
]
FINE = [
    ("normalizer", replacing({"String": "``"}, '"', 50)),
    ("normalizer", replacing({"Regex": " {2,}"}, "\u2581", 6)),
    ("normalizer", {"type": "Prepend", "prepend": "\u2581"}),
    (
        "padding",
        {
            "strategy": {"Fixed": 2**40},
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": 0,
            "pad_type_id": 0,
            "pad_token": "[PAD]",
        },
    ),
    ("added_tokens", [added(0, "[UNK]"), added((1 << 22) - 1, "X")]),
    ("post_processor", template([CLS, TEXT, CLS], [1])),
]


def write(folder: Path, part: str, content: object) -> Path:
    (folder / "tokenizer.json").write_text(json.dumps(word_level(**{part: content})))
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    return folder


@pytest.mark.parametrize(("part", "content"), BEYOND)
def test_what_no_tokenizer_has_is_refused(tmp_path: Path, part: str, content: object) -> None:
    with pytest.raises(CheckpointError, match=r"tokenizer\.json.*is beyond what tokenizers have"):
        TextTokenizer.from_folder(write(tmp_path, part, content))


@pytest.mark.parametrize(("part", "content"), DAMAGED)
def test_what_is_damaged_is_named(tmp_path: Path, part: str, content: object) -> None:
    with pytest.raises(CheckpointError, match=r"tokenizer\.json.* is (damaged|no tokenizer)"):
        TextTokenizer.from_folder(write(tmp_path, part, content))


@pytest.mark.parametrize(("part", "content"), FAILING)
def test_what_fails_inside_the_library_is_our_error(
    tmp_path: Path, part: str, content: object
) -> None:
    write(tmp_path, part, content)
    with pytest.raises(CheckpointError, match=r"failed inside its library|cannot be loaded"):
        TextTokenizer.from_folder(tmp_path).encode(TEXTS)


@pytest.mark.parametrize(("part", "content"), FINE)
def test_what_tokenizers_do_have_is_taken(tmp_path: Path, part: str, content: object) -> None:
    tokenizer = TextTokenizer.from_folder(write(tmp_path, part, content))
    assert len(tokenizer.encode(TEXTS)) == len(TEXTS)
    assert TextTokenizer.from_folder(tmp_path).fingerprint == tokenizer.fingerprint


@pytest.mark.parametrize("name", ["vocab.json", "added_tokens.json"])
@pytest.mark.parametrize("number", [2**31 - 1, -1, 1.5, "1", None])
def test_ids_in_other_files(tmp_path: Path, name: str, number: object) -> None:
    write_byte_bpe(tmp_path)
    path = tmp_path / name
    ids = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**ids, "zzz": number}))
    with pytest.raises(CheckpointError, match=rf"{name}' is damaged: ids="):
        TextTokenizer.from_folder(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"gguf_file": "../x.gguf"},
        {"fast_tokenizer_files": ["../tokenizer.1.json"]},
        {"fast_tokenizer_files": ["/etc/passwd"]},
        {"vocab": {"a": 1}},
        {"merges": []},
        {"init_inputs": ["/etc/passwd"]},
        {"added_tokens_decoder": {"99999999": {"content": "a"}}},
        {"added_tokens_decoder": {"-1": {"content": "a"}}},
        {"added_tokens_decoder": {"1": 5}},
        {"tokenizer_class": 5},
    ],
)
def test_settings_that_lead_elsewhere(tmp_path: Path, change: dict[str, Any]) -> None:
    write_wordpiece(tmp_path)
    path = tmp_path / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    field = next(iter(change))
    with pytest.raises(CheckpointError, match=rf"tokenizer_config\.json' is damaged: {field}="):
        TextTokenizer.from_folder(tmp_path)


def test_a_versioned_tokenizer_is_looked_at_too(tmp_path: Path) -> None:
    write(tmp_path, "normalizer", None)
    (tmp_path / "tokenizer.json").rename(tmp_path / "tokenizer.4.0.0.json")
    write(tmp_path, *BEYOND[0]) and (tmp_path / "tokenizer.json").replace(
        tmp_path / "tokenizer.5.json"
    )
    write(tmp_path, "normalizer", None)
    path = tmp_path / "tokenizer_config.json"
    path.write_text('{"fast_tokenizer_files": ["tokenizer.4.0.0.json", "tokenizer.5.json"]}')
    with pytest.raises(CheckpointError, match=r"tokenizer\.5\.json.*is beyond"):
        check_tokenizer_files(tmp_path)


@pytest.mark.parametrize("value", ["yes", 1, [], "\ud800"])
def test_lower_casing_is_true_or_false(tmp_path: Path, value: object) -> None:
    write_wordpiece(tmp_path)
    (tmp_path / "sentence_bert_config.json").write_text(json.dumps({"do_lower_case": value}))
    with pytest.raises(CheckpointError, match=r"sentence_bert_config\.json' is damaged"):
        TextTokenizer.from_folder(tmp_path)


def test_the_table_of_a_sentencepiece_model(tmp_path: Path) -> None:
    pytest.importorskip("sentencepiece")
    from transformers.convert_slow_tokenizer import import_protobuf

    model = import_protobuf().ModelProto()
    for number, piece in enumerate(["<unk>", "<s>", "</s>", "\u2581a", "b"]):
        model.pieces.add(piece=piece, score=-float(number), type=2 if number == 0 else 1)
    model.normalizer_spec.precompiled_charsmap = b"\xff\xff\xff\xff" + b"x" * 20
    path = tmp_path / "sentencepiece.bpe.model"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(CheckpointError, match=r"bpe\.model' is damaged: precompiled"):
        TextTokenizer.from_folder(tmp_path)
    path.write_bytes(b"\xff\xff\xff")
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        TextTokenizer.from_folder(tmp_path)


def test_a_tokenizer_handed_over_that_fails() -> None:
    backend = Tokenizer(models.WordLevel({"zzz": 0}, unk_token="none"))
    backend.normalizer = normalizers.Lowercase()
    with pytest.raises(CheckpointError, match="failed inside its library"):
        TextTokenizer(PreTrainedTokenizerFast(tokenizer_object=backend))


def test_errors_of_other_kinds_pass(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tokenizer = TextTokenizer(BertTokenizer(vocab=VOCABULARY | {"[CLS]": 3, "[SEP]": 4}))

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tokenizer, "_mend", interrupt)
    with pytest.raises(KeyboardInterrupt):
        tokenizer.encode(["a"])
