"""Which tokens of a text attend globally."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, cast, get_args

import numpy as np

from vectorlong.errors import InputTypeError, InputValueError, OptionError

GlobalPolicyName = Literal["none", "cls", "separators", "question"]
GlobalPolicyFunction = Callable[[np.ndarray, frozenset[int], np.ndarray | None], np.ndarray]
GlobalPolicy = GlobalPolicyName | GlobalPolicyFunction


class SpecialIds(Protocol):
    """What a policy has to know of the tokenizer; a ``TextTokenizer`` serves."""

    @property
    def sep_id(self) -> int | None:
        """Id of the separator; None where the tokenizer has none."""

    @property
    def special_ids(self) -> frozenset[int]:
        """Ids of all tokens that mark structure rather than text."""


def check_policy(policy: GlobalPolicy | str) -> GlobalPolicy:
    """Return a policy that exists.

    Raises
    ------
    OptionError
        ``policy`` is neither a known name nor a callable; the message lists the names.
    """
    names = get_args(GlobalPolicyName)
    if callable(policy) or (isinstance(policy, str) and policy in names):
        return cast(GlobalPolicy, policy)
    raise OptionError(
        "global_attention",
        policy,
        names,
        hint="Or pass a callable: (token_ids, special_ids, offsets) -> bool mask.",
    )


def policy_fingerprint(policy: GlobalPolicy) -> str:
    """Tell policies apart: a name, a callable's own ``fingerprint``, or a function's code.

    Raises
    ------
    OptionError
        A callable is neither a plain function nor has a ``fingerprint``.
    """
    if isinstance(policy, str):
        return policy
    named = getattr(policy, "fingerprint", None)
    if isinstance(named, str):
        return named
    code = getattr(policy, "__code__", None)
    if code is None or getattr(policy, "__closure__", None):
        raise OptionError(
            "global_attention",
            policy,
            hint="What it does cannot be read off it; give it a `fingerprint` attribute (a str).",
        )
    return f"{code.co_name}:{code.co_code.hex()}:{code.co_consts!r}:{code.co_names!r}"


def global_mask(
    policy: GlobalPolicy, ids: np.ndarray, special: SpecialIds, offsets: np.ndarray | None
) -> np.ndarray:
    """Say which tokens of one window attend to, and are seen by, every other.

    Parameters
    ----------
    policy
        ``"none"``; ``"cls"``: the first token; ``"separators"``: the first token and every
        separator; ``"question"``: everything up to and including the first separator that is not
        the last token (only the first token where there is none); or a callable
        ``(token_ids, special_ids, offsets) -> mask``.
    ids
        int64 [n]: the window's tokens, special tokens included.
    special
        The tokenizer's special ids.
    offsets
        int64 [n, 2]: character offsets, (0, 0) for special tokens; None where the tokenizer gives
        none.

    Returns
    -------
    numpy.ndarray
        bool [n].

    Raises
    ------
    OptionError
        The policy is unknown.
    InputTypeError, InputValueError
        A callable returned something other than n values True or False (or 0 and 1).

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> special = SimpleNamespace(sep_id=102, special_ids=frozenset({101, 102}))
    >>> ids = np.array([101, 7, 102, 8, 9, 102])
    >>> global_mask("question", ids, special, None).astype(int)
    array([1, 1, 1, 0, 0, 0])
    """
    policy = check_policy(policy)
    if callable(policy):
        return _check_mask(policy(ids, special.special_ids, offsets), len(ids))
    mask = np.zeros(len(ids), dtype=bool)  # [n]
    if policy == "none":
        return mask
    mask[:1] = True
    if policy == "cls" or special.sep_id is None:
        return mask
    is_separator = ids == special.sep_id
    if policy == "separators":
        return mask | is_separator
    inner = np.flatnonzero(is_separator[:-1])
    if len(inner):
        mask[: inner[0] + 1] = True
    return mask


def _check_mask(mask: object, n_tokens: int) -> np.ndarray:
    """Return a callable's answer as a bool array, or say what is wrong with it."""
    array = np.asarray(mask)
    if array.dtype.kind not in "biu":
        raise InputTypeError(
            f"The global_attention callable returned dtype {array.dtype}. Return bool, or 0 and 1."
        )
    if array.shape != (n_tokens,):
        raise InputValueError(
            f"The global_attention callable returned shape {array.shape} for {n_tokens} tokens. "
            f"Return one value a token: shape ({n_tokens},)."
        )
    if array.dtype.kind != "b" and not np.isin(array, (0, 1)).all():
        wrong = array[~np.isin(array, (0, 1))][0]
        raise InputValueError(
            f"The global_attention callable returned the value {wrong}. Only 0 (local) and 1 "
            "(global) have a meaning."
        )
    return array.astype(bool)
