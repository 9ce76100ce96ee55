"""Encoders for the tests: one that counts what it encodes, and tiny random models."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np

from tests.models import write_longformer
from vectorlong import Longformer2Vec

WIDTH = 8


class CountingEncoder:
    """Vectors from hashed words; each text encoded is a line in a file, from any process."""

    model_name = "counting"
    dtype = "float32"

    def __init__(self, log: Path, fingerprint: str = "counting-1", width: int = WIDTH) -> None:
        self.log = log
        self.fingerprint = fingerprint
        self.width = width

    def get_embedding_dimension(self) -> int:
        return self.width

    def encode_document(self, inputs, *, batch_size=None, show_progress_bar=None) -> np.ndarray:
        with self.log.open("a") as log:
            log.writelines(hashlib.sha256(text.encode()).hexdigest() + "\n" for text in inputs)
        return np.stack([self._vector(text) for text in inputs])

    def _vector(self, text: str) -> np.ndarray:
        counts = Counter(text.split())
        total = np.zeros(self.width)
        for word, count in counts.items():
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "little")
            total += count * np.random.default_rng(seed).normal(size=self.width)
        return (total / counts.total()).astype(np.float32)

    @property
    def encoded(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []


def tiny_encoder(folder: Path, seed: int = 0, **options) -> Longformer2Vec:
    """A random model of a few thousand parameters, with windows of at most 40 tokens."""
    if not folder.exists():
        write_longformer(folder, seed)
    return Longformer2Vec(folder, **{"max_tokens": 40, **options})


def labelled_texts(n_each: int = 12) -> tuple[list[str], list[str]]:
    """Short texts of three classes that are told apart by their words."""
    words = {
        "sport": ["team", "match", "goal", "ball", "player", "league", "score", "win"],
        "food": ["onion", "bake", "butter", "dough", "oven", "salt", "stir", "taste"],
        "law": ["court", "judge", "contract", "clause", "party", "appeal", "verdict", "rule"],
    }
    rng = np.random.default_rng(0)
    texts, labels = [], []
    for number in range(n_each):
        for label, choices in words.items():
            drawn = rng.choice(choices, 12)
            texts.append(f"{number}. {' '.join(drawn[:6])}. The {' '.join(drawn[6:])}.")
            labels.append(label)
    return texts, labels
