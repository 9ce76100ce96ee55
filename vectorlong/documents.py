"""Plain records that encoding and retrieval exchange, so that neither has to import the other.

NumPy only: nothing here may need torch, FAISS or SQLite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from vectorlong.errors import OptionError, shown

PassageMethod = Literal["late", "independent"]


@dataclass(frozen=True)
class Document:
    """A text with a name and what is known about it.

    Parameters
    ----------
    id
        Unique within an index.
    text
        The whole text, of any length.
    metadata
        JSON-compatible values; filters refer to them.
    """

    id: str
    text: str
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Show the beginning and the end of the text: the whole may be a book."""
        return f"Document(id={shown(self.id)}, text={shown(self.text)}, metadata={self.metadata!r})"


@dataclass(frozen=True)
class PassageSpec:
    """How a document is cut into passages that search can point at.

    Parameters
    ----------
    max_tokens
        Longest passage, in tokens of the text itself (special tokens not counted).
    overlap
        Tokens that a passage repeats from the one before it.
    method
        ``"late"``: pooled from the document's own pass, so each passage knows its context.
        ``"independent"``: each passage encoded as a text of its own.

    Raises
    ------
    OptionError
        A number is out of range or not whole, or the method is unknown.

    Examples
    --------
    >>> PassageSpec(max_tokens=64).overlap
    0
    """

    max_tokens: int = 128
    overlap: int = 0
    method: PassageMethod = "late"

    def __post_init__(self) -> None:
        """Check the values once, here."""
        for name in ("max_tokens", "overlap"):
            number = getattr(self, name)
            if _is_whole(number):  # NumPy's and those of enumerations become plain
                object.__setattr__(self, name, int(number))
        if not _is_whole(self.max_tokens) or self.max_tokens < 1:
            raise OptionError("max_tokens", self.max_tokens, hint="Pass a whole number above 0.")
        if not _is_whole(self.overlap) or not 0 <= self.overlap < self.max_tokens:
            raise OptionError(
                "overlap", self.overlap, hint=f"Pass 0 to {self.max_tokens - 1} (below max_tokens)."
            )
        if not isinstance(self.method, str) or self.method not in get_args(PassageMethod):
            raise OptionError("method", self.method, get_args(PassageMethod))


def _is_whole(number: object) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


@dataclass(frozen=True)
class Passages:
    """The passages of one document.

    Attributes
    ----------
    vectors
        float32 [p, e].
    spans
        int64 [p, 2]: start (inclusive) and end (exclusive) character offsets into the text.
        With ``overlap=0`` they tile the text: the first starts at 0, each starts where the one
        before it ends, the last ends at ``len(text)``.
    """

    vectors: np.ndarray
    spans: np.ndarray

    def __len__(self) -> int:
        return len(self.spans)


@dataclass(frozen=True)
class DocumentEncoding:
    """Everything one document's encoding gives.

    Attributes
    ----------
    vector
        float32 [e]: the whole document.
    passages
        Its passages' vectors and character spans.
    n_tokens
        Tokens of the text, special tokens not counted.
    n_windows
        Windows the text took; 1 where it fits the model.
    n_dropped_tokens
        Tokens left out; 0 unless ``overlength="truncate"`` was asked for.
    """

    vector: np.ndarray
    passages: Passages
    n_tokens: int
    n_windows: int
    n_dropped_tokens: int
