"""When rows deserve a FAISS index, when it is extended, and when it is trained anew."""

from __future__ import annotations

import logging

import numpy as np

from vectorlong.vector_index.faiss_kinds import Metric, choose_kind
from vectorlong.vector_index.row_index import RowIndex

_LOGGER = logging.getLogger(__name__)

# Below this many rows nothing is worth training: exact search takes microseconds.
MIN_ROWS = 1000
# Rows added since are searched exactly until they are this share of those covered.
_MAX_TAIL_SHARE = 0.1
_MAX_TAIL_ROWS = 10_000
# An index that has grown this much is trained anew.
_MAX_GROWTH = 2.0


def fitting_row_index(
    matrix: np.ndarray, row_index: RowIndex | None, kind_name: str, metric: Metric
) -> RowIndex | None:
    """Return the index that ``matrix`` should have now: the one given, a new one, or None.

    The one given is never changed; a longer copy is the caller's to make (see `is_outgrown`).
    """
    kind = choose_kind(kind_name, len(matrix))
    if kind.factory is None or len(matrix) < MIN_ROWS:
        return None
    if (
        row_index is not None
        and row_index.training.kind == kind.name
        and len(matrix) <= _MAX_GROWTH * row_index.training.n_rows
    ):
        return row_index
    try:
        return RowIndex.build(matrix, kind, metric)
    except RuntimeError as error:  # a kind that asks for more rows to train on than there are
        _LOGGER.warning("%s cannot be trained on %d rows: %s", kind.name, len(matrix), error)
        return None


def is_outgrown(row_index: RowIndex, n_rows: int) -> bool:
    """Whether so many rows are not covered that they should be added."""
    return n_rows - row_index.n_rows > max(_MAX_TAIL_ROWS, _MAX_TAIL_SHARE * row_index.n_rows)
