"""``mlm``: continued pretraining by masked tokens or words, after a conversion if one is asked for.

Figures: ``loss`` in nats a masked token, ``accuracy`` of masked tokens, ``bits_per_token`` (the
loss in bits, which the Longformer paper and longformer_zh call bits per character), and
``bits_per_character``: those bits over the characters that the masked tokens stand for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn
from transformers import AutoModelForMaskedLM, LongformerForMaskedLM

from vectorlong.documents import Document
from vectorlong.encoder.convert import convert
from vectorlong.encoder.hub import find_folder
from vectorlong.encoder.model_files import CONFIG_FILE, read_json
from vectorlong.errors import ConfigError
from vectorlong.tasks.loading import load_head
from vectorlong.training.heads import save_head, window_tokens
from vectorlong.training.job import Draw, Job, batches, digest_of, on_device
from vectorlong.training.masking import (
    IGNORED,
    Chunk,
    Layout,
    chunks_of,
    masked,
    require_mask_token,
)
from vectorlong.training.records import Placed, read_parts, read_texts
from vectorlong.training.run_folder import CONVERTED
from vectorlong.training.sections import Config, Help, Positive, Share, TextDataSection

# Of the evaluation's masks, which are the same for every model and at every step.
_EVALUATION_SEED = 20_000


@dataclass(frozen=True, kw_only=True)
class MaskingSection:
    """What is masked, and how texts are laid out."""

    length: Annotated[
        Positive | None, Help("Tokens of an example; the model's limit where not given.", 1024)
    ] = None
    masked_share: Annotated[Share, Help("Share of the tokens that are masked.")] = 0.15
    unit: Annotated[
        Literal["token", "word"],
        Help("Whether tokens or whole words are masked; words of Chinese are jieba's."),
    ] = "token"
    pack: Annotated[bool, Help("Whether an example goes on with the next text.")] = True
    segment_tokens: Annotated[
        Annotated[int, Field(ge=2)] | None,
        Help(
            "Open a segment after every so many tokens, with a global token; none where not given.",
            128,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class MaskedLanguageModelConfig(Config):
    """The file of ``vectorlong train mlm``."""

    data: TextDataSection
    task: MaskingSection = field(default_factory=MaskingSection)


#: Hyperparameters of published recipes; batches are those of one device, so choose them by memory.
PRESETS: dict[str, dict[str, Any]] = {
    # arXiv:2004.05150, appendix C; its last 65,000 steps.
    "longformer": {
        "task": {"length": 4096},
        "training": {
            "learning_rate": 3e-5,
            "max_steps": 65_000,
            "warmup": 500 / 65_000,
            "schedule": "polynomial",
            "batch_size": 2,
            "accumulate": 32,
        },
    },
    # github.com/ValkyriaLenneth/Longformer_ZH, builder.py.
    "longformer-zh": {
        "task": {"length": 4096, "unit": "word"},
        "training": {
            "learning_rate": 3e-5,
            "max_steps": 3000,
            "warmup": 500 / 3000,
            "weight_decay": 0.01,
            "adam_epsilon": 1e-6,
            "max_gradient_norm": 5.0,
            "batch_size": 2,
            "accumulate": 8,
        },
    },
    # github.com/coastalcph/hierarchical-transformers, running_scripts/pre_training.
    "mini-1024": {
        "task": {"length": 1024, "segment_tokens": 128},
        "training": {
            "learning_rate": 1e-4,
            "max_steps": 50_000,
            "warmup": 0.1,
            "weight_decay": 0.01,
            "batch_size": 32,
            "accumulate": 4,
        },
    },
}


def prepare(config: MaskedLanguageModelConfig) -> Job:
    """Read texts and model, and make of them what the trainer runs.

    Raises
    ------
    ConfigError
        The model or the data cannot be used; the message names the key.
    """
    data, task, training = config.data, config.task, config.training
    parts = read_parts(data, training.seed, lambda key, paths: read_texts(key, paths, data.text))
    model, tokenizer, name = _load(config)
    mask_id = require_mask_token(tokenizer, config.model.name)
    layout = Layout(
        window_tokens(model, tokenizer, task.length),
        int(tokenizer.cls_token_id),
        int(tokenizer.sep_token_id),
        task.pack,
        task.segment_tokens,
    )

    def cut(documents: Sequence[Placed[Document]]) -> list[Chunk]:
        contents = (document.record.text for document in documents)
        return list(chunks_of(contents, tokenizer, layout, task.unit))

    examples, evaluated = cut(parts.learnt), cut(parts.held_out)
    if not examples or not evaluated:
        raise ConfigError("data.train: there is no token to learn from, or none to evaluate on.")
    special = set(tokenizer.all_special_ids)
    ordinary = np.array([number for number in range(len(tokenizer)) if number not in special])
    mask = partial(masked, share=task.masked_share, mask_id=mask_id, ordinary_ids=ordinary)
    pad = int(tokenizer.pad_token_id)

    def collate(draws: list[Draw]) -> dict[str, Tensor]:
        hidden = [mask(draw.example, generator=draw.generator()) for draw in draws]
        return _batch([draw.example for draw in draws], hidden, pad)

    evaluate = partial(evaluate_masked, mask=mask, pad=pad, batch_size=training.batch_size)
    return Job(
        model=model,
        examples=examples,
        collate=collate,
        evaluate=partial(evaluate, chunks=evaluated),
        metric="loss",
        greater_is_better=False,
        save=save_head(tokenizer, name),
        data_digest=digest_of(chunk.ids.tobytes() for chunk in (*examples, *evaluated)),
        loss=masked_loss,
        notes=_source_figures(
            config, tokenizer, [each.record.text for each in parts.held_out], evaluate
        ),
    )


def masked_loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Give the mean loss of the masked tokens; the head is computed for these alone."""
    scores, labels = _masked_scores(model, batch)
    return F.cross_entropy(scores, labels)


def evaluate_masked(
    model: nn.Module,
    chunks: list[Chunk],
    mask: Any,
    pad: int,
    batch_size: int,
    scores_of: Any = None,
) -> dict[str, float]:
    """Give loss, accuracy and bits of chunks whose masks are the same each time."""
    nats = n_correct = n_tokens = n_characters = 0.0
    for number, examples in enumerate(batches(chunks, batch_size)):
        hidden = [
            mask(chunk, generator=np.random.default_rng((_EVALUATION_SEED, number, position)))
            for position, chunk in enumerate(examples)
        ]
        batch = on_device(_batch(examples, hidden, pad), model)
        scores, labels = (scores_of or _masked_scores)(model, batch)
        nats += F.cross_entropy(scores.float(), labels, reduction="sum").item()
        n_correct += (scores.argmax(-1) == labels).sum().item()
        n_tokens += len(labels)
        n_characters += sum(
            int(chunk.n_characters[target != IGNORED].sum())
            for chunk, (_, target) in zip(examples, hidden, strict=True)
        )
    bits = nats / math.log(2)
    return {
        "loss": nats / n_tokens,
        "accuracy": n_correct / n_tokens,
        "bits_per_token": bits / n_tokens,
        "bits_per_character": bits / max(n_characters, 1),
    }


def _masked_scores(model: Any, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Give the scores [m, vocabulary] and labels [m] of the masked tokens."""
    batch = dict(batch)
    labels = batch.pop("labels")  # [b, n]
    is_masked = labels != IGNORED
    states = model.longformer(**batch).last_hidden_state  # [b, n, e]
    return model.lm_head(states[is_masked]), labels[is_masked]


def _batch(
    chunks: Sequence[Chunk], hidden: Sequence[tuple[np.ndarray, np.ndarray]], pad: int
) -> dict[str, Tensor]:
    """Lay chunks side by side, each int64 [b, n]."""
    shape = (len(chunks), max(len(chunk.ids) for chunk in chunks))
    ids = torch.full(shape, pad)
    labels = torch.full(shape, IGNORED)
    is_real, is_global = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long)
    for row, (chunk, (inputs, targets)) in enumerate(zip(chunks, hidden, strict=True)):
        n = len(inputs)
        ids[row, :n] = torch.from_numpy(inputs)
        labels[row, :n] = torch.from_numpy(targets)
        is_real[row, :n] = 1
        is_global[row, :n] = torch.from_numpy(chunk.is_global.astype(np.int64))
    return {
        "input_ids": ids,
        "attention_mask": is_real,
        "global_attention_mask": is_global,
        "labels": labels,
    }


def _load(config: MaskedLanguageModelConfig) -> tuple[Any, Any, str]:
    """Load the model, converted first where that is asked for, and say where it is."""
    section = config.model
    if section.convert_to_tokens is None:
        if section.window is not None:
            raise ConfigError("model.window says how to convert; give convert_to_tokens, too.")
        return *load_head(LongformerForMaskedLM, section.name), section.name
    folder = Path(config.output).expanduser() / CONVERTED
    if not folder.is_dir():
        convert(
            section.name, folder, max_tokens=section.convert_to_tokens, window=section.window or 512
        )
    head, tokenizer = load_head(LongformerForMaskedLM, folder, head_source=section.name)
    return head, tokenizer, str(folder)


def _source_figures(
    config: MaskedLanguageModelConfig, tokenizer: Any, texts: list[str], evaluate: Any
) -> dict[str, float]:
    """Give the figures of the encoder that was converted, in texts as long as it takes."""
    if config.model.convert_to_tokens is None:
        return {}
    folder = find_folder(config.model.name)
    try:
        source = AutoModelForMaskedLM.from_pretrained(folder, local_files_only=True).eval()
    except (OSError, ValueError):
        return {}  # a model without that head: nothing to compare with
    raw = read_json(folder / CONFIG_FILE)
    longest = min(int(raw.get("max_position_embeddings", 512)), 512)
    layout = Layout(longest, int(tokenizer.cls_token_id), int(tokenizer.sep_token_id), True)
    chunks = list(chunks_of(texts, tokenizer, layout, config.task.unit))
    with torch.no_grad():
        figures = evaluate(source, chunks=chunks, scores_of=_source_scores)
    return {f"source_{name}": value for name, value in figures.items()}


def _source_scores(model: Any, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Give the scores of the masked tokens by any model of ``transformers``."""
    labels = batch["labels"]
    is_masked = labels != IGNORED
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
    return model(**inputs).logits[is_masked], labels[is_masked]
