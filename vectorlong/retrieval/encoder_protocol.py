"""What retrieval asks of an encoder; any object with these members will do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np

from vectorlong.documents import DocumentEncoding, PassageSpec


class DocumentEncoder(Protocol):
    """Turns texts into vectors. ``vectorlong.Longformer2Vec`` is one.

    An attribute ``model_name`` (str), where there is one, is kept in the manifest, so that the
    encoder can be built again from the folder alone. An encoder that has
    ``encode_documents``, the former name of ``encode_with_passages``, is taken as it is.
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

    def encode_with_passages(
        self, texts: Iterable[str], passages: PassageSpec | None = None
    ) -> Iterator[DocumentEncoding]:
        """One encoding a text, lazily, input order kept."""


# The second is the former name.
_NAMES = ("encode_with_passages", "encode_documents")


def has_passages(encoder: object) -> bool:
    """Whether an encoder can encode documents with their passages, under either name."""
    return any(hasattr(encoder, name) for name in _NAMES)


def encode_with_passages(
    encoder: DocumentEncoder, texts: Iterable[str], passages: PassageSpec | None
) -> Iterator[DocumentEncoding]:
    """Have documents encoded with their passages, under the name that the encoder has for it.

    Where it has both, that of the most derived class counts: a class of before that derives from
    ``Longformer2Vec`` and overrides ``encode_documents`` means that to be called.
    """
    for holder in (encoder, *type(encoder).__mro__):
        for name in _NAMES:
            if name in getattr(holder, "__dict__", {}):
                return getattr(encoder, name)(texts, passages=passages)
    # Another way to have attributes, such as __getattr__.
    name = next(name for name in _NAMES if hasattr(encoder, name))
    return getattr(encoder, name)(texts, passages=passages)
