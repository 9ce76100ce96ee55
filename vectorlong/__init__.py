"""Vectors for whole documents.

Public names are loaded when they are first used: ``import vectorlong`` loads neither torch nor
transformers.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from vectorlong.documents import Document, DocumentEncoding, Passages, PassageSpec
from vectorlong.errors import VectorlongError

if TYPE_CHECKING:
    from vectorlong.encoder.accelerate import accelerate
    from vectorlong.encoder.convert import convert
    from vectorlong.longformer2vec import Longformer2Vec
    from vectorlong.pooling import register_pooling
    from vectorlong.retrieval.document_index import DocumentIndex
    from vectorlong.vector_index.vector_index import VectorIndex

__version__ = "0.1.0"

# How often GNU's OpenMP, with which torch and FAISS compute, looks again before a thread that waits
# for others sleeps; read when they are loaded. By default it looks for milliseconds, and on a
# processor that does something else as well the others come no sooner for that: they come later.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")
# oneDNN keeps half a megabyte for each number of rows that it has met, a thousand of them, and
# batches of short texts have another number every time. Read when the first product is computed.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
os.environ.setdefault("LRU_CACHE_CAPACITY", "16")

_LAZY = {
    "Longformer2Vec": "vectorlong.longformer2vec",
    "DocumentIndex": "vectorlong.retrieval.document_index",
    "VectorIndex": "vectorlong.vector_index.vector_index",
    "accelerate": "vectorlong.encoder.accelerate",
    "convert": "vectorlong.encoder.convert",
    "register_pooling": "vectorlong.pooling",
}

__all__ = [
    "Document",
    "DocumentEncoding",
    "DocumentIndex",
    "Longformer2Vec",
    "PassageSpec",
    "Passages",
    "VectorIndex",
    "VectorlongError",
    "accelerate",
    "convert",
    "register_pooling",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'vectorlong' has no attribute {name!r}")
    value = getattr(importlib.import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])
