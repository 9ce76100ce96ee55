"""What a post-processing step is, and the file it is saved in."""

from __future__ import annotations

import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save as serialize

from vectorlong.disk import parse_mapping, replace_bytes
from vectorlong.errors import CheckpointError, OptionError, shown
from vectorlong.fields import check_format_version
from vectorlong.vectors import check_vectors

FORMAT_VERSION = 1
_KINDS: dict[str, type[Postprocess]] = {}


class Postprocess(ABC):
    """A step that maps vectors [n, e] to vectors [n, e'], each by itself.

    Subclasses name themselves (``class Mine(Postprocess, kind="mine")``) and are found by that name
    when a saved step is loaded.
    """

    kind: ClassVar[str]

    def __init_subclass__(cls, *, kind: str, **options: Any) -> None:
        super().__init_subclass__(**options)
        taken = _KINDS.get(kind)
        # The same class once more is a reloaded module or a notebook cell run again.
        if taken is not None and _location(taken) != _location(cls):
            raise OptionError("kind", kind, hint=f"It is taken by {'.'.join(_location(taken))}.")
        cls.kind = kind
        _KINDS[kind] = cls

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Apply the step.

        Parameters
        ----------
        vectors
            [n, e], any float dtype; left as they are.

        Returns
        -------
        numpy.ndarray
            float32 [n, e'].

        Raises
        ------
        InputValueError
            The vectors are not [n, e], have another width than the step takes, or hold NaN or
            infinity.
        """
        return self._apply(check_vectors(vectors))

    @abstractmethod
    def _apply(self, vectors: np.ndarray) -> np.ndarray:
        """Apply the step to checked float32 vectors [n, e]."""

    @abstractmethod
    def width(self, e: int) -> int:
        """Return the width that vectors of width ``e`` get.

        Raises
        ------
        InputValueError
            The step does not take vectors of that width.
        """

    def config(self) -> dict[str, Any]:
        """Return the JSON-compatible part of what has to be saved."""
        return {}

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays that have to be saved."""
        return {}

    @classmethod
    @abstractmethod
    def restore(cls, config: Mapping[str, Any], state: Mapping[str, np.ndarray]) -> Self:
        """Make the step again from what ``config`` and ``state`` returned."""

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything that determines the result."""
        digest = hashlib.sha256(_as_json({"kind": self.kind, "config": self.config()}).encode())
        for name, array in sorted(self.state().items()):
            digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def save(self, path: Path) -> None:
        """Write the step to one file, replacing one that is there in a single move."""
        header = {
            "format_version": str(FORMAT_VERSION),
            "kind": self.kind,
            "config": _as_json(self.config()),
            "sha256": self.fingerprint,
        }
        state = {name: np.ascontiguousarray(array) for name, array in self.state().items()}
        replace_bytes(Path(path), serialize(state, metadata=header))


def load_postprocess(path: Path) -> Postprocess:
    """Read a saved step.

    Raises
    ------
    CheckpointError
        The file is missing or damaged, or holds a kind of step that is not known here.
    FormatVersionError
        A newer version of this library wrote it.
    """
    path = Path(path)
    header, state = _read(path)
    version = header.get("format_version", "")
    if not re.fullmatch("[1-9][0-9]{0,8}", version):
        raise CheckpointError(f"{str(path)!r} is not a saved post-processing step.")
    check_format_version(int(version), FORMAT_VERSION, path)
    try:
        config = parse_mapping(header.get("config", "{}").encode(), "its configuration")
        step = restore_step(header.get("kind", ""), config, state)
    except CheckpointError as error:
        raise CheckpointError(f"{str(path)!r} cannot be used: {error}") from error
    # A step may be of a kind that somebody else defined, whose restore raises anything.
    except Exception as error:
        raise CheckpointError(f"{str(path)!r} is damaged: {repr(error)[:1000]}.") from error
    if step.fingerprint != header.get("sha256"):
        raise CheckpointError(
            f"{str(path)!r} is damaged: its content does not match its checksum. Fit the step and "
            "save it again, or restore the file from a copy."
        )
    return step


def restore_step(
    kind: str, config: Mapping[str, Any], state: Mapping[str, np.ndarray]
) -> Postprocess:
    """Make a step of a known kind from its saved parts.

    Raises
    ------
    CheckpointError
        The kind is not known.
    """
    if not isinstance(kind, str) or kind not in _KINDS:
        raise CheckpointError(
            f"The step is of kind {shown(kind)}; known here: {', '.join(sorted(_KINDS))}. "
            "Import the module that defines it first."
        )
    return _KINDS[kind].restore(config, state)


def _location(kind: type[Postprocess]) -> tuple[str, str]:
    """Say where a class is defined."""
    return kind.__module__, kind.__qualname__


def _read(path: Path) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """Read a file's header and arrays."""
    try:
        if not path.is_file() and path.exists():
            raise OSError("it is no plain file")
        with safe_open(str(path), framework="numpy") as file:
            header = file.metadata() or {}
            return header, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise CheckpointError(f"{str(path)!r} does not exist. Save a step there first.") from None
    except Exception as error:  # TypeError and more, where NumPy has no such dtype
        raise CheckpointError(f"{str(path)!r} is damaged or unreadable: {error}") from error


def _as_json(content: Mapping[str, Any]) -> str:
    """Write JSON that is equal for equal content."""
    return json.dumps(content, sort_keys=True)
