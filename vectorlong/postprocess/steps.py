"""Normalising, truncating, and several steps in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from vectorlong.errors import InputValueError, OptionError
from vectorlong.postprocess.step import Postprocess, restore_step
from vectorlong.vectors import unit_rows


class Normalize(Postprocess, kind="normalize"):
    """Scale every vector to length 1; a zero vector stays zero.

    Examples
    --------
    >>> Normalize()(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """

    def _apply(self, vectors: np.ndarray) -> np.ndarray:
        return unit_rows(vectors)

    def width(self, e: int) -> int:
        """Return the width that vectors of width ``e`` get."""
        return e

    @classmethod
    def restore(cls, config: Mapping[str, Any], state: Mapping[str, np.ndarray]) -> Self:
        """Make the step again from what was saved."""
        return cls()


class Truncate(Postprocess, kind="truncate"):
    """Keep the first dimensions, for models trained so that these say most (Matryoshka).

    Parameters
    ----------
    n_dimensions
        How many to keep. The vectors are not normalised again; chain :class:`Normalize` for that.

    Raises
    ------
    OptionError
        ``n_dimensions`` is no whole number, or below 1.
    """

    def __init__(self, n_dimensions: int) -> None:
        is_whole = isinstance(n_dimensions, int | np.integer) and not isinstance(n_dimensions, bool)
        if not is_whole or n_dimensions < 1:
            raise OptionError(
                "n_dimensions", n_dimensions, hint="Pass a whole number of at least 1."
            )
        self.n_dimensions = int(n_dimensions)

    def _apply(self, vectors: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(vectors[:, : self.width(vectors.shape[1])])  # [n, e']

    def width(self, e: int) -> int:
        """Return the width that vectors of width ``e`` get."""
        if e < self.n_dimensions:
            raise InputValueError(
                f"Vectors of width {e} cannot be truncated to {self.n_dimensions}. Pass a smaller "
                "n_dimensions."
            )
        return self.n_dimensions

    def config(self) -> dict[str, Any]:
        """Return the JSON-compatible part of what has to be saved."""
        return {"n_dimensions": self.n_dimensions}

    @classmethod
    def restore(cls, config: Mapping[str, Any], state: Mapping[str, np.ndarray]) -> Self:
        """Make the step again from what was saved."""
        return cls(config["n_dimensions"])


class Chain(Postprocess, kind="chain"):
    """Several steps, one after the other.

    Parameters
    ----------
    steps
        In the order they are applied.

    Raises
    ------
    OptionError
        There is no step, or one of them is none.
    """

    def __init__(self, steps: Sequence[Postprocess]) -> None:
        self.steps = tuple(steps)
        wrong = [step for step in self.steps if not isinstance(step, Postprocess)]
        if wrong or not self.steps:
            raise OptionError("steps", steps, hint="Pass one or more Postprocess steps.")

    def _apply(self, vectors: np.ndarray) -> np.ndarray:
        for step in self.steps:
            vectors = step(vectors)
        return vectors

    def width(self, e: int) -> int:
        """Return the width that vectors of width ``e`` get."""
        for step in self.steps:
            e = step.width(e)
        return e

    def config(self) -> dict[str, Any]:
        """Return the JSON-compatible part of what has to be saved."""
        return {"steps": [{"kind": step.kind, "config": step.config()} for step in self.steps]}

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays that have to be saved."""
        return {
            f"{number}.{name}": array
            for number, step in enumerate(self.steps)
            for name, array in step.state().items()
        }

    @classmethod
    def restore(cls, config: Mapping[str, Any], state: Mapping[str, np.ndarray]) -> Self:
        """Make the step again from what was saved."""
        return cls(
            [
                restore_step(step["kind"], step["config"], _of_step(number, state))
                for number, step in enumerate(config["steps"])
            ]
        )


def _of_step(number: int, state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Pick one step's arrays out of a chain's."""
    start = f"{number}."
    return {
        name.removeprefix(start): array for name, array in state.items() if name.startswith(start)
    }
