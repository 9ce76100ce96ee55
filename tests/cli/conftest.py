"""A small encoder without a neural network, so that most commands are tested in milliseconds."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from typer.testing import CliRunner

from vectorlong.cli.app import app
from vectorlong.documents import DocumentEncoding, Passages, PassageSpec

DIMENSION = 64


class WordEncoder:
    """Counts words into buckets; a passage is a line."""

    def __init__(self, model_name: str = "words") -> None:
        self.model_name = model_name
        self.default_passages = PassageSpec(max_tokens=16)
        self.encoded: list[str] = []
        self.stop_after: int | None = None

    @property
    def fingerprint(self) -> str:
        return f"fingerprint of {self.model_name}"

    def get_embedding_dimension(self) -> int:
        return DIMENSION

    def encode_document(self, texts: list[str]) -> np.ndarray:
        return np.stack([self._vector(text) for text in texts])  # [n, e]

    encode_query = encode_document

    def encode_with_passages(
        self, texts: Iterable[str], passages: PassageSpec | None = None
    ) -> Iterator[DocumentEncoding]:
        for text in texts:
            if len(self.encoded) == self.stop_after:
                raise KeyboardInterrupt
            self.encoded.append(text)
            ends = [match.end() for match in re.finditer(r"\n+|\Z", text) if match.end()]
            ends = sorted({*ends, len(text)})
            spans = np.array(list(zip([0, *ends[:-1]], ends, strict=True)))  # [p, 2]
            vectors = np.stack([self._vector(text[start:end]) for start, end in spans])  # [p, e]
            yield DocumentEncoding(
                self._vector(text), Passages(vectors, spans), len(text.split()), 1, 0
            )

    def _vector(self, text: str) -> np.ndarray:
        vector = np.full(DIMENSION, 0.01, dtype=np.float32)  # [e]
        for word in re.findall(r"\w+", text.lower()):
            vector[hashlib.blake2b(word.encode()).digest()[0] % DIMENSION] += 1
        return vector


@pytest.fixture
def encoders(monkeypatch):
    """Every encoder the commands built, newest last; ``stop_after`` interrupts those to come."""

    class Built(list):
        stop_after = None

    built = Built()

    def build(model: str | None, *, dtype: str = "float32") -> WordEncoder:
        built.append(WordEncoder(model or "words"))
        built[-1].dtype = dtype
        built[-1].stop_after = built.stop_after
        return built[-1]

    for module in ("index", "search", "encode"):
        monkeypatch.setattr(f"vectorlong.cli.{module}.build_encoder", build)
    return built


@pytest.fixture
def run():
    """Run the command line; checks the exit code and that an error is one clean line."""

    def run_command(*arguments, code=0, **options):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], **options)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.stderr
        return result

    return run_command


@pytest.fixture
def run_json(run):
    def run_command(*arguments, **options):
        return json.loads(run(*arguments, "--json", **options).stdout)

    return run_command
