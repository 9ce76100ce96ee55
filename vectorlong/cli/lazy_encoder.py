"""An index's own encoder, loaded only when a text needs a vector."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from vectorlong.documents import DocumentEncoding, PassageSpec
from vectorlong.retrieval.encoder_protocol import DocumentEncoder
from vectorlong.retrieval.manifest import Manifest
from vectorlong.retrieval.opening import check_encoder


class LazyEncoder:
    """The encoder that an index was made with, built when the first text is to be encoded.

    Loading a model takes seconds, and where nothing changed no text is encoded. Until then this
    says of itself what the manifest says; the encoder that is built must bear it out.

    Parameters
    ----------
    folder, manifest
        The index.
    build
        Loads the encoder.

    Raises
    ------
    EncoderMismatchError
        On the first text: the encoder that was built is another one. Nothing was written.
    """

    def __init__(
        self, folder: Path, manifest: Manifest, build: Callable[[], DocumentEncoder]
    ) -> None:
        self._folder = folder
        self._manifest = manifest
        self._build = build
        self.fingerprint = manifest.fingerprint
        self.default_passages = manifest.passages

    @cached_property
    def _encoder(self) -> DocumentEncoder:
        encoder = self._build()
        check_encoder(self._folder, self._manifest, encoder)
        return encoder

    def get_embedding_dimension(self) -> int:
        """Width of the vectors."""
        return self._manifest.dimension

    def encode_query(self, inputs: list[str]) -> np.ndarray:
        """float32 [q, e], one row a question."""
        return self._encoder.encode_query(inputs)

    def encode_with_passages(
        self, texts: Iterable[str], passages: PassageSpec | None = None
    ) -> Iterator[DocumentEncoding]:
        """One encoding a text, lazily."""
        return self._encoder.encode_with_passages(texts, passages)
