"""A deterministic encoder without a network: hashed words, projected, cut at sentence ends."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator

import numpy as np

from vectorlong.documents import DocumentEncoding, Passages, PassageSpec

_WORD = re.compile(r"\w+")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s*")
_N_BUCKETS = 4096


class FakeEncoder:
    """Bag of hashed words times a fixed random projection."""

    def __init__(self, dimension: int = 48, fingerprint: str = "fake-1") -> None:
        self._dimension = dimension
        self.fingerprint = fingerprint
        self.model_name = "fake"
        self.default_passages = PassageSpec(max_tokens=12)
        self._projection = (
            np.random.default_rng(7).normal(size=(_N_BUCKETS, dimension)).astype(np.float32)
        )
        self.n_encoded = 0

    def get_embedding_dimension(self) -> int:
        return self._dimension

    def encode_query(self, inputs: list[str] | str) -> np.ndarray:
        texts = [inputs] if isinstance(inputs, str) else inputs
        return np.stack([self._encode(text) for text in texts])

    def _encode(self, text: str) -> np.ndarray:
        buckets = [zlib.crc32(word.encode()) % _N_BUCKETS for word in _WORD.findall(text.lower())]
        return self._projection[buckets].sum(axis=0) if buckets else np.zeros(self._dimension, "f4")

    def encode_with_passages(
        self, texts: Iterable[str], passages: PassageSpec | None = None
    ) -> Iterator[DocumentEncoding]:
        spec = passages or self.default_passages
        for text in texts:
            self.n_encoded += 1
            spans = self.spans(text, spec.max_tokens)
            vectors = [self._encode(text[start:end]) for start, end in spans]
            yield DocumentEncoding(
                self._encode(text),
                Passages(
                    np.array(vectors, dtype=np.float32).reshape(-1, self._dimension),
                    np.array(spans, dtype=np.int64).reshape(-1, 2),
                ),
                n_tokens=len(_WORD.findall(text)),
                n_windows=1,
                n_dropped_tokens=0,
            )

    @staticmethod
    def spans(text: str, max_tokens: int) -> list[tuple[int, int]]:
        """Sentences packed up to ``max_tokens`` words; they tile the text."""
        ends = [match.end() for match in _SENTENCE_END.finditer(text)]
        spans, start, last = [], 0, 0
        for end in [*(end for end in ends if end < len(text)), len(text)]:
            if len(_WORD.findall(text[start:end])) > max_tokens and last > start:
                spans.append((start, last))
                start = last
            last = end
        if last > start:
            spans.append((start, last))
        return spans
