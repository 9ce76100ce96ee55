"""What retrieval asks of an encoder; any object with these members will do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np

from vectorlong.documents import DocumentEncoding, PassageSpec


class DocumentEncoder(Protocol):
    """Turns texts into vectors. ``vectorlong.Longformer2Vec`` is one.

    An attribute ``model_name`` (str), where there is one, is kept in the manifest, so that the
    encoder can be built again from the folder alone.
    """

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors would: other weights, pooling, window or conversion."""

    @property
    def default_passages(self) -> PassageSpec:
        """How documents are cut when nobody says."""

    def get_embedding_dimension(self) -> int:
        """Width e of every vector."""

    def encode_query(self, inputs: list[str]) -> np.ndarray:
        """float32 [q, e], one row a question, input order kept."""

    def encode_documents(
        self, texts: Iterable[str], passages: PassageSpec | None = None
    ) -> Iterator[DocumentEncoding]:
        """One encoding a text, lazily, input order kept."""
