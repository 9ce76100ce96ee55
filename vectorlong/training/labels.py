"""Labels: the numbers that a head has for them, what is wrong with them, how well they are told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from vectorlong.errors import ConfigError


class Labels:
    """The labels of a task, numbered in alphabetical order.

    Parameters
    ----------
    found
        Every label that may be learnt from, as often as it occurs.

    Attributes
    ----------
    names
        Each label once; its place is its number.
    """

    def __init__(self, found: Iterable[str]) -> None:
        self.names = sorted(set(found))
        self._numbers = {name: number for number, name in enumerate(self.names)}

    def head_options(self) -> dict[str, Any]:
        """Give what a head's configuration says of its labels."""
        return {
            "num_labels": len(self.names),
            "id2label": dict(enumerate(self.names)),
            "label2id": dict(self._numbers),
        }

    def number(self, label: str, place: str) -> int:
        """Give a label's number.

        Raises
        ------
        ConfigError
            It is evaluated on, and nothing of data.train has it.
        """
        if label not in self._numbers:
            raise ConfigError(
                f"{place}: the label {label!r} is nowhere in data.train. Known are: "
                f"{', '.join(map(repr, self.names))}."
            )
        return self._numbers[label]

    def numbers_of(
        self, kind: str, parts: Sequence[str], labels: Sequence[str], place: str
    ) -> np.ndarray:
        """Give the number of each part's label, int64 [n].

        Parameters
        ----------
        kind
            What the parts are: the field's name, such as ``"sentences"``.
        parts, labels
            Of one document.
        place
            Where it stands.

        Raises
        ------
        ConfigError
            There are not as many labels as parts, or a label is not known.
        """
        if len(parts) != len(labels) or not parts:
            raise ConfigError(
                f"{place}: {len(parts)} {kind} and {len(labels)} labels; there has to be one label "
                f"for each of the {kind}, and at least one."
            )
        return np.array([self.number(label, place) for label in labels], dtype=np.int64)


def label_figures(expected: Sequence[Any], predicted: Sequence[Any]) -> dict[str, float]:
    """Give accuracy, and F1 averaged over the labels that occur.

    Examples
    --------
    >>> label_figures(["a", "b", "b", "b"], ["a", "a", "b", "b"])["accuracy"]
    0.75
    """
    n_right = sum(one == other for one, other in zip(expected, predicted, strict=True))
    return {
        "accuracy": n_right / len(expected),
        "macro_f1": float(f1_score(expected, predicted, average="macro", zero_division=0)),
    }
