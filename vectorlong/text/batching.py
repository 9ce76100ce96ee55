"""Which texts go through the model together."""

from __future__ import annotations

from collections.abc import Sequence

from vectorlong.errors import OptionError


def plan_batches(
    lengths: Sequence[int], max_batch_tokens: int, batch_size: int | None = None
) -> list[list[int]]:
    """Group texts of like length, longest first, so that what does not fit shows at once.

    Parameters
    ----------
    lengths
        Tokens of each text, special tokens included.
    max_batch_tokens
        Tokens of a batch; a single longer text is a batch of its own.
    batch_size
        Texts of a batch; None for no limit but the tokens.

    Returns
    -------
    list of list of int
        Indices into ``lengths``, each exactly once; texts of equal length keep their order.

    Raises
    ------
    OptionError
        ``max_batch_tokens`` or ``batch_size`` is below 1.

    Examples
    --------
    >>> plan_batches([3, 9, 4, 5], max_batch_tokens=10)
    [[1], [3, 2], [0]]
    """
    if max_batch_tokens < 1:
        raise OptionError("max_batch_tokens", max_batch_tokens, hint="Pass at least 1.")
    if batch_size is not None and batch_size < 1:
        raise OptionError("batch_size", batch_size, hint="Pass at least 1, or None for no limit.")
    batches: list[list[int]] = []
    n_free_tokens = 0
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        length = int(lengths[index])
        is_full = bool(batches) and len(batches[-1]) == batch_size
        if not batches or is_full or length > n_free_tokens:
            batches.append([])
            n_free_tokens = max_batch_tokens
        batches[-1].append(index)
        n_free_tokens -= length
    return batches
