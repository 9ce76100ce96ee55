"""Token states -> one vector, window by window.

A pooling sees one window at a time and keeps a small summary of it, so that a document of any
length needs memory for one window. Nothing here runs a model or knows how windows are planned.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import torch
from torch import Tensor

from vectorlong.errors import InputValueError, OptionError

ENTRY_POINT_GROUP = "vectorlong.pooling"

# What a pooling keeps of one window; only the pooling that made it reads it.
Partial = Any


@dataclass(frozen=True, eq=False)
class TokenStates:
    """The hidden states of the tokens that one window gives to a document.

    Attributes
    ----------
    hidden
        [m, e], m >= 1: the tokens owned, with the special tokens counted with them.
    first_token
        [e]: the state of the window's first token, the [CLS] where the tokenizer has one.
    is_special
        bool [m]: which of them are special tokens.
    position
        Index of ``hidden[0]`` in the document, counted with its special tokens.

    Raises
    ------
    InputValueError
        There is no token: nothing can be pooled.
    """

    hidden: Tensor
    first_token: Tensor
    is_special: Tensor
    position: int

    def __post_init__(self) -> None:
        """Refuse what would become a vector of NaN."""
        if self.hidden.ndim != 2 or len(self.hidden) == 0:
            raise InputValueError(
                f"No tokens to pool: hidden states have shape {tuple(self.hidden.shape)}. A text "
                "without tokens has no vector under a tokenizer that adds no special tokens; leave "
                "it out."
            )


class Pooling(ABC):
    """Turns the token states of a document into its vector.

    Subclass it for a pooling of your own and register it with :func:`register_pooling`, or under
    the entry-point group ``vectorlong.pooling``. Poolings hold no state: one serves every thread.

    Attributes
    ----------
    name
        Identifies the pooling in fingerprints and saved models.
    pools_any_tokens
        Whether it pools any stretch of a window; False where it reads only the window's first
        token, so that passages cannot be pooled from a document's own pass.
    needs_only_first_token
        Whether it reads nothing but ``first_token`` and the number of tokens, so that the model's
        last layer may compute that token alone.
    """

    name: str
    pools_any_tokens: bool = True
    needs_only_first_token: bool = False

    @property
    def fingerprint(self) -> str:
        """Tells poolings apart even where they share a name: the class that does the work."""
        return f"{self.name}={type(self).__module__}.{type(self).__qualname__}"

    @abstractmethod
    def partial(self, states: TokenStates) -> Partial:
        """Summarise one window; tensors in float32 or wider, on the device of the states."""

    @abstractmethod
    def combine(self, partials: Sequence[Partial]) -> Tensor:
        """Make the vector [width] of all windows' summaries, given in the document's order."""

    def width(self, hidden_width: int) -> int:
        """Return the vector's width for a model's hidden width."""
        return hidden_width


class _Cls(Pooling):
    """The first token; over several windows, their mean weighted by the tokens each one owns."""

    name = "cls"
    pools_any_tokens = False
    needs_only_first_token = True

    def partial(self, states: TokenStates) -> Partial:
        # Copied, so that it does not keep the window's memory.
        return _widen(states.first_token).clone(), len(states.hidden)  # [e]

    def combine(self, partials: Sequence[Partial]) -> Tensor:
        _check_partials(partials)
        n_tokens = sum(count for _, count in partials)
        return torch.stack([first * (count / n_tokens) for first, count in partials]).sum(0)  # [e]


class _Mean(Pooling):
    """The mean of all tokens."""

    name = "mean"

    def partial(self, states: TokenStates) -> Partial:
        return _widen(states.hidden).sum(0), len(states.hidden)  # [e]

    def combine(self, partials: Sequence[Partial]) -> Tensor:
        _check_partials(partials)
        return torch.stack([total for total, _ in partials]).sum(0) / self._divisor(partials)  # [e]

    def _divisor(self, partials: Sequence[Partial]) -> float:
        return sum(count for _, count in partials)


class _MeanSqrtLen(_Mean):
    """The sum of all tokens divided by the square root of their number."""

    name = "mean_sqrt_len"

    def _divisor(self, partials: Sequence[Partial]) -> float:
        return super()._divisor(partials) ** 0.5


class _WeightedMean(_Mean):
    """The mean of all tokens, each weighted by its position in the document, counted from 1."""

    name = "weighted_mean"

    def partial(self, states: TokenStates) -> Partial:
        hidden = _widen(states.hidden)  # [m, e]
        first, last = states.position + 1, states.position + len(hidden)
        weights = torch.arange(first, last + 1, device=hidden.device, dtype=hidden.dtype)  # [m]
        return weights @ hidden, (first + last) * len(hidden) / 2  # [e]


class _Max(Pooling):
    """The largest value of each dimension."""

    name = "max"

    def partial(self, states: TokenStates) -> Partial:
        return _widen(states.hidden).amax(0)  # [e]

    def combine(self, partials: Sequence[Partial]) -> Tensor:
        _check_partials(partials)
        return torch.stack(list(partials)).amax(0)  # [e]


class _Last(Pooling):
    """The last token."""

    name = "last"

    def partial(self, states: TokenStates) -> Partial:
        return _widen(states.hidden[-1]).clone()  # [e]

    def combine(self, partials: Sequence[Partial]) -> Tensor:
        _check_partials(partials)
        last: Tensor = partials[-1]
        return last


class _Concatenated(Pooling):
    """The vectors of several poolings, one after the other."""

    def __init__(self, parts: Sequence[Pooling]) -> None:
        self._parts = tuple(parts)
        self.name = "+".join(part.name for part in self._parts)
        self.pools_any_tokens = all(part.pools_any_tokens for part in self._parts)
        self.needs_only_first_token = all(part.needs_only_first_token for part in self._parts)

    @property
    def fingerprint(self) -> str:
        return "+".join(part.fingerprint for part in self._parts)

    def partial(self, states: TokenStates) -> Partial:
        return tuple(part.partial(states) for part in self._parts)

    def combine(self, partials: Sequence[Partial]) -> Tensor:
        _check_partials(partials)
        columns = zip(*partials, strict=True)
        return torch.cat(
            [part.combine(column) for part, column in zip(self._parts, columns, strict=True)]
        )  # [width]

    def width(self, hidden_width: int) -> int:
        return sum(part.width(hidden_width) for part in self._parts)


def _widen(states: Tensor) -> Tensor:
    """Return at least float32, so that long sums keep their digits in half precision."""
    return states.to(torch.promote_types(states.dtype, torch.float32))


def _check_partials(partials: Sequence[Partial]) -> None:
    """Refuse a document of no windows, whose vector would be made up."""
    if len(partials) == 0:
        raise InputValueError("No windows to pool: pass the summary of at least one window.")


# --- the registry --------------------------------------------------------------------------------

_REGISTERED: dict[str, Pooling] = {
    pooling.name: pooling
    for pooling in (_Mean(), _Cls(), _Max(), _MeanSqrtLen(), _WeightedMean(), _Last())
}
_REGISTRY_LOCK = threading.Lock()


def register_pooling(name: str, pooling: Pooling, *, replace: bool = False) -> None:
    """Make a pooling available under a name.

    Parameters
    ----------
    name
        What users pass as ``pooling=``.
    pooling
        An instance; its ``name`` has to be the same, since saved models refer to it.
    replace
        Take the place of a pooling of that name.

    Raises
    ------
    OptionError
        The name is taken, holds a "+" (which joins names), or is not the pooling's own; or
        ``pooling`` is not a :class:`Pooling`.
    """
    if not isinstance(pooling, Pooling):
        raise OptionError(
            "pooling", pooling, hint="Pass an instance of vectorlong.pooling.Pooling."
        )
    if name != pooling.name or not name or "+" in name:
        raise OptionError(
            "name",
            name,
            hint=f"Pass the pooling's own name ({pooling.name!r}), which may hold no '+'.",
        )
    with _REGISTRY_LOCK:
        if name in _REGISTERED and not replace:
            raise OptionError("name", name, hint="It is taken; pass replace=True to replace it.")
        _REGISTERED[name] = pooling


def resolve_pooling(spec: str | Sequence[str | Pooling] | Pooling) -> Pooling:
    """Find a pooling by its name; a tuple of names concatenates their vectors.

    Parameters
    ----------
    spec
        A registered name, a tuple of names and poolings, or a :class:`Pooling` (returned as it is).

    Raises
    ------
    OptionError
        A name is unknown (the message lists the known ones), or ``spec`` is nothing of the kind.

    Examples
    --------
    >>> resolve_pooling(("cls", "mean")).width(768)
    1536
    """
    if isinstance(spec, Pooling):
        return spec
    if isinstance(spec, str):
        return _REGISTERED.get(spec) or _load_plugin(spec)
    if isinstance(spec, (tuple, list)) and spec:
        nested = [part for part in spec if not isinstance(part, str | Pooling)]
        if nested:
            raise OptionError("pooling", nested[0], _REGISTERED, hint="Pass a flat tuple of these.")
        parts = [resolve_pooling(part) for part in spec]
        return parts[0] if len(parts) == 1 else _Concatenated(parts)
    raise OptionError(
        "pooling", spec, _REGISTERED, hint="Or a tuple of these, or a vectorlong.pooling.Pooling."
    )


def _load_plugin(name: str) -> Pooling:
    """Look for an unknown name among installed packages' entry points."""
    plugins = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    if name not in plugins:
        raise OptionError(
            "pooling",
            name,
            dict.fromkeys([*_REGISTERED, *plugins]),
            hint="Or a tuple of these, or a vectorlong.pooling.Pooling.",
        )
    pooling = _load_entry_point(plugins[name])
    register_pooling(name, pooling, replace=True)
    return pooling


def _load_entry_point(point: EntryPoint) -> Pooling:
    """Import a plugin: a Pooling, or a class or function that gives one without arguments."""
    try:
        loaded = point.load()
        pooling = loaded if isinstance(loaded, Pooling) else loaded()
    # A plugin may fail in any way; whichever, the name it stands for cannot be used.
    except Exception as error:
        raise OptionError(
            "pooling", point.name, hint=f"Its plugin {point.value!r} does not load: {error}"
        ) from error
    if not isinstance(pooling, Pooling):
        raise OptionError(
            "pooling",
            point.name,
            hint=f"Its plugin {point.value!r} is {type(pooling).__name__}, not a Pooling.",
        )
    return pooling
