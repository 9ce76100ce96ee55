"""A stream of texts to a stream of documents, each with its passages."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from vectorlong.documents import DocumentEncoding, Passages, PassageSpec
from vectorlong.dropped_tokens import warn_of_dropped
from vectorlong.encoder.pipeline import Pipeline, PooledDocument
from vectorlong.progress import progress_bar
from vectorlong.text.check import check_text


def encode_with_passages(
    pipeline: Pipeline,
    texts: Iterable[str],
    spec: PassageSpec,
    finish: Callable[[Sequence[Tensor] | Tensor, int], np.ndarray],
    show_progress_bar: bool | None,
    **options: Any,
) -> Iterator[DocumentEncoding]:
    """Encode lazily, drawing texts in groups.

    Parameters
    ----------
    pipeline
        Gives pooled vectors.
    texts
        Each is checked when it is drawn.
    spec
        How to cut.
    finish
        Makes float32 [n, e'] of pooled vectors [n, e] and the place of their text among the inputs.
    show_progress_bar
        As in ``Longformer2Vec.encode``.
    **options
        As :meth:`vectorlong.encoder.pipeline.Pipeline.encode` takes them.

    Raises
    ------
    InputTypeError, InputValueError
        One of ``texts`` is no text; the message names it.
    """
    kept: deque[str] = deque()

    def checked() -> Iterator[str]:
        for position, text in enumerate(texts):
            kept.append(check_text(text, f"texts[{position}]"))
            yield kept[-1]

    n_dropped: list[int] = []
    with progress_bar(None, "char", "Encoding", show_progress_bar) as progress:
        pooled = pipeline.encode(checked(), passages=spec, on_progress=progress.update, **options)
        try:
            for document in pooled:
                position = len(n_dropped)
                n_dropped.append(document.n_dropped_tokens)
                assert document.spans is not None
                vectors = _passage_vectors(pipeline, document, kept.popleft(), options)
                encoding = DocumentEncoding(
                    finish([document.vector], position)[0],
                    Passages(finish(vectors, position), document.spans),
                    document.n_tokens,
                    document.n_windows,
                    document.n_dropped_tokens,
                )
                del document, vectors  # of a long text they are large, and not needed any more
                yield encoding
                del encoding
        finally:
            warn_of_dropped(n_dropped)


def _passage_vectors(
    pipeline: Pipeline,
    document: PooledDocument,
    text: str,
    options: dict[str, Any],
) -> Tensor:
    """Give the passages' vectors [p, e] out of the document's pass, or as texts of their own."""
    assert document.spans is not None
    if document.passage_vectors is not None:
        return document.passage_vectors
    parts = (text[start:end] for start, end in document.spans.tolist())
    vectors: Tensor | None = None
    for number, part in enumerate(pipeline.encode(parts, **options)):
        if vectors is None:
            vectors = part.vector.new_empty((len(document.spans), len(part.vector)))
        vectors[number] = part.vector
    assert vectors is not None  # there is always a passage
    return vectors
