"""What heads refuse before torch answers with an index error."""

from __future__ import annotations

from torch import Tensor

from vectorlong.errors import InputValueError


def check_labels(labels: Tensor, n_labels: int, *, ignored: int) -> None:
    """Refuse labels that the head does not have.

    Raises
    ------
    InputValueError
        The message names the value, its place and how many labels there are.

    Examples
    --------
    >>> import torch
    >>> check_labels(torch.tensor([0, 3]), 3, ignored=-100)
    Traceback (most recent call last):
        ...
    vectorlong.errors.InputValueError: labels[1] = 3, but the head has 3 labels, counted from 0 \
(-100 for none).
    """
    wrong = (labels != ignored) & ((labels < 0) | (labels >= n_labels))
    if wrong.any():
        place = wrong.nonzero()[0].tolist()
        value = int(labels[tuple(place)])
        raise InputValueError(
            f"labels[{', '.join(map(str, place))}] = {value}, but the head has {n_labels} labels, "
            f"counted from 0 ({ignored} for none)."
        )
