"""What training brings to models of language: masked tokens and words, and bytes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import torch
from ngrams import KneserNey
from training_runs import lines, show, steps, tested, train, write
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    LongformerConfig,
    LongformerForMaskedLM,
)


def mlm(data: Path, into: Path) -> None:
    """Bits of a short model, right after conversion, and after training: the paper's figures."""
    rows = lines(data / "mlm_text" / "eltec_en.jsonl.gz")
    texts = {
        split: write(
            into / f"mlm-{split}.jsonl",
            [{"text": row["text"][:limit]} for row in rows if row["split"] == split],
        )
        for split, limit in (("train", None), ("heldout", 30_000))
    }
    common = {
        "data.train": [texts["train"]],
        "data.eval": [texts["heldout"]],
        "training.batch_size": 4,
        "training.schedule": "linear",
    }
    # all-MiniLM-L6-v2 has no head for masked tokens any more: it is taught one, in short texts.
    short = train(
        "mlm",
        into / "mlm-short",
        **{
            **common,
            "task.length": 256,
            "training.batch_size": 16,
            "training.max_steps": steps(300),
            "training.learning_rate": 3e-4,
        },
    )
    source = as_bert(into / "mlm-short" / "model", into / "mlm-bert")
    long = train(
        "mlm",
        into / "mlm-long",
        **common,
        **{
            "model.name": str(source),
            "model.convert_to_tokens": 2048,
            "model.window": 256,
            "task.length": 2048,
            "training.max_steps": steps(100),
            "training.learning_rate": 1e-4,
        },
    )
    names = ("bits_per_character", "bits_per_token", "accuracy")
    show("the source, 512 tokens", {name: long["notes"][f"source_{name}"] for name in names})
    show(
        "right after conversion, 2,048 tokens",
        {name: long["first"][f"eval_{name}"] for name in names},
    )
    show(f"after {long['step']} steps", {name: long["best"][f"eval_{name}"] for name in names})
    print(f"  {short['minutes'] + long['minutes']:.1f} minutes")


def mlm_zh(data: Path, into: Path) -> None:
    """Whole words against single characters masked, in Chinese, by a small model from nothing."""
    rows = lines(data / "mlm_text" / "sogou_short_zh.jsonl.gz")
    files = {
        split: write(
            into / f"mlm-zh-{split}.jsonl",
            [{"text": row["text"]} for row in rows if row["split"] == split],
        )
        for split in ("train", "heldout")
    }
    base = characters_of(
        "".join(row["text"] for row in rows if row["split"] == "train"), into / "zh"
    )
    settings = {
        "model.name": str(base),
        "data.train": [files["train"]],
        "data.eval": [files["heldout"]],
        "task.length": 512,
        "training.learning_rate": 1e-3,
        "training.batch_size": 8,
        "training.max_steps": steps(1200),
    }
    for unit in ("token", "word"):
        folder = into / f"mlm-zh-{unit}"
        run = train("mlm", folder, **settings, **{"task.unit": unit})
        for asked in ("token", "word"):
            figures = tested("mlm", folder, **settings, **{"task.unit": asked})
            kept = {name: figures[name] for name in ("bits_per_character", "accuracy")}
            show(f"trained by {unit}s, asked by {asked}s", {**kept, "minutes": run["minutes"]})


def characters_of(text: str, folder: Path) -> Path:
    """Write a small Longformer with random weights, whose vocabulary is a text's characters."""
    if (folder / "config.json").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    common = [character for character, n in Counter(text).most_common() if n > 1]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *common]
    pieces = list(dict.fromkeys(piece for piece in pieces if not piece.isspace()))
    (folder / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    torch.manual_seed(0)
    config = LongformerConfig(
        vocab_size=len(pieces),
        hidden_size=256,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=1024,
        max_position_embeddings=513,
        attention_window=128,
        pad_token_id=0,
        type_vocab_size=2,
    )
    LongformerForMaskedLM(config).save_pretrained(folder)
    return folder


def as_bert(longformer: Path, folder: Path) -> Path:
    """Write a Longformer whose windows were as wide as its texts as the BERT that it is."""
    tokenizer = AutoTokenizer.from_pretrained(longformer)
    model = LongformerForMaskedLM.from_pretrained(longformer)
    config = model.config
    bert = BertForMaskedLM(
        BertConfig(
            vocab_size=config.vocab_size,
            hidden_size=config.hidden_size,
            num_hidden_layers=config.num_hidden_layers,
            num_attention_heads=config.num_attention_heads,
            intermediate_size=config.intermediate_size,
            max_position_embeddings=512,
            layer_norm_eps=config.layer_norm_eps,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    state = {}
    for name, tensor in model.state_dict().items():
        if "_global" in name or "decoder" in name:
            continue
        name = name.replace("longformer.", "bert.").replace(
            "lm_head.dense", "cls.predictions.transform.dense"
        )
        name = name.replace("lm_head.layer_norm", "cls.predictions.transform.LayerNorm")
        name = name.replace("lm_head.bias", "cls.predictions.bias")
        if "position_embeddings" in name:
            tensor = tensor[config.pad_token_id + 1 :][:512]
        state[name] = tensor
    missing = bert.load_state_dict(state, strict=False).missing_keys
    assert all("decoder" in name or "position_ids" in name for name in missing), missing
    bert.tie_weights()
    bert.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def charlm(data: Path, into: Path) -> None:
    """Bytes of novels: dilated windows, windows without dilation, and Kneser-Ney over n-grams."""
    rows = lines(data / "mlm_text" / "eltec_en.jsonl.gz")
    texts = {
        split: [row["text"][:limit] for row in rows if row["split"] == split]
        for split, limit in (("train", None), ("heldout", 60_000))
    }
    files = {
        split: write(into / f"charlm-{split}.jsonl", [{"text": text} for text in part])
        for split, part in texts.items()
    }
    counted = np.frombuffer("".join(texts["train"]).encode(), dtype=np.uint8)
    asked = np.frombuffer("".join(texts["heldout"]).encode(), dtype=np.uint8)
    for order in (3, 5, 6, 7):
        bits = KneserNey(counted, order).bits_per_byte(asked)
        show(
            f"Kneser-Ney, {order} bytes, all of {len(counted) / 1e6:.1f} MB",
            {"bits_per_byte": bits},
        )
    for name, dilations in (
        ("dilated", [1, 1, 1, 1, [1, 1, 2, 2], [1, 1, 2, 3]]),
        ("not dilated", [1] * 6),
    ):
        run = train(
            "charlm",
            into / f"charlm-{name.replace(' ', '-')}",
            **{
                "data.train": [files["train"]],
                "data.eval": [files["heldout"]],
                "model.dilations": dilations,
                "training.batch_size": 4,
                "training.max_steps": steps(550),
                "training.evaluate_every": 110,
                "training.learning_rate": 1e-3,
            },
        )
        figures = {
            key: run["best"][f"eval_{key}"] for key in ("bits_per_byte", "bits_per_character")
        }
        show(f"model, {name}", {**figures, "step": run["step"], "minutes": run["minutes"]})
