"""Complete tokenizer folders of each kind that checkpoints come with, made from a few sentences.

Each function writes into ``folder`` (made where it is missing) and returns it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import ByteLevelBPETokenizer

CORPUS = (
    "A window slides over the text, and every token sees its neighbours on both sides.",
    "The first token sees the whole document; the whole document sees the first token.",
    "Long documents: contracts, judgments, novels, minutes of meetings, manuals of machines.",
    "She said: “Is it done?” He answered (slowly), 'No. 7 is missing, e.g. the red one.'",
    "Numbers 0 1 2 3 4 5 6 7 8 9 and 3.14, 1,000; café, naïve, Straße, Ærø, İstanbul.",
    "中文文本也要切分，每个字都是一个词。你好，世界！今天天气很好？是的；我们去公园吧……",
)

CHINESE = "中文本也要切分每个字都是一词你好世界今天气很的我们去公园吧他说她在有不人大这上来到时"

_WORDS = """
    a an and are as at be by document documents each every first for he in is it its long machine
    meeting model novel of on one or said sees she text that the then this to token tokens was
    whole window with word words not no yes end start quick brown fox jumps over lazy dog
""".split()  # noqa: SIM905 - fifty quoted words on fifty lines read worse
_SUFFIXES = ("s", "ed", "ing", "er", "ly", "tion", "able", "ness")
_PUNCTUATION = list("!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~") + list("，。！？；：、“”‘’（）《》…—")


def write_byte_bpe(folder: Path, vocab_size: int = 600) -> Path:
    """Write a byte-level BPE tokenizer as RoBERTa has it: ``<s> text </s>``, pad 1."""
    folder.mkdir(parents=True, exist_ok=True)
    trainer = ByteLevelBPETokenizer()
    trainer.train_from_iterator(
        CORPUS * 3,
        vocab_size=vocab_size,
        min_frequency=2,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        show_progress=False,
    )
    trainer.save_model(str(folder))
    _write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "RobertaTokenizer", "model_max_length": 512},
    )
    return folder


def write_wordpiece(folder: Path, lowercase: bool = True) -> Path:
    """Write an English WordPiece tokenizer as BERT has it: ``[CLS] text [SEP]``, pad 0."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = list("abcdefghijklmnopqrstuvwxyz0123456789")
    if not lowercase:
        letters += list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    pieces = [*letters, *(f"##{letter}" for letter in letters), *_PUNCTUATION, *CHINESE]
    pieces += [*_WORDS, *(f"##{suffix}" for suffix in _SUFFIXES)]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    _write_lines(folder / "vocab.txt", [*special, *dict.fromkeys(pieces)])
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "BertTokenizer",
            "do_lower_case": lowercase,
            "model_max_length": 512,
        },
    )
    return folder


def write_chinese_bert(folder: Path) -> Path:
    """Write what Chinese Longformer checkpoints come with: a vocab.txt and a misleading config.

    There is no tokenizer_config.json, and config.json says ``longformer`` (whose own tokenizer is a
    byte-BPE) with the special ids of another vocabulary: the true ones are cls 101, sep 102,
    mask 103, pad 0.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["[PAD]", *(f"[unused{i}]" for i in range(1, 100))]
    lines += ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = list("abcdefghijklmnopqrstuvwxyz0123456789")
    pieces = [*_PUNCTUATION, *CHINESE, *letters, *(f"##{letter}" for letter in letters)]
    pieces += [f"##{character}" for character in CHINESE]
    _write_lines(folder / "vocab.txt", [*lines, *dict.fromkeys(pieces)])
    config = {
        "model_type": "longformer",
        "bos_token_id": 0,
        "eos_token_id": 2,
        "sep_token_id": 2,
        "pad_token_id": 0,
        "attention_window": [8, 8],
    }
    _write_json(folder / "config.json", config)
    return folder


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")


def _write_lines(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
