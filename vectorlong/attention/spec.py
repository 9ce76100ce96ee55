"""What one layer's attention sees, and which texts share a pack.

Plain values only: no tensor operation belongs here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from vectorlong.errors import OptionError


@dataclass(frozen=True)
class AttentionSpec:
    """The pattern of one layer (arXiv:2004.05150, section 3.1).

    Parameters
    ----------
    window
        Total width w, even, as checkpoints write it: a token sees w/2 tokens before itself, itself
        and w/2 after. (The paper's own code writes the one-sided width, half of this.)
    dilation
        Gap between attended tokens: token i sees i + dilation * k for abs(k) <= w/2. One number for
        all heads, or one per head; 1 means none.
    causal
        Autoregressive form: nothing later than the query is seen, neither in the window nor among
        the global tokens.
    dense_up_to
        Texts of at most this many tokens are attended densely. Encoders converted from short-text
        models use it so that short texts get exactly the source's vectors.

    Raises
    ------
    OptionError
        A value is out of range.

    Examples
    --------
    >>> AttentionSpec(window=512).radius(4096)
    256
    >>> AttentionSpec(window=128, dense_up_to=512).radius(300)
    299
    """

    window: int
    dilation: int | tuple[int, ...] = 1
    causal: bool = False
    dense_up_to: int = 0

    def __post_init__(self) -> None:
        """Check the values once, here."""
        if self.window < 2 or self.window % 2:
            raise OptionError(
                "window", self.window, hint="The total width is an even number of at least 2."
            )
        dilations = self.dilation if isinstance(self.dilation, tuple) else (self.dilation,)
        if not dilations or min(dilations) < 1:
            raise OptionError("dilation", self.dilation, hint="Each dilation is at least 1 (none).")
        if self.dense_up_to < 0:
            raise OptionError("dense_up_to", self.dense_up_to, hint="Pass 0 (never) or more.")

    def is_dense(self, n_tokens: int) -> bool:
        """Whether a text of this length is attended densely because it is short."""
        return n_tokens <= self.dense_up_to

    def radius(self, n_tokens: int) -> int:
        """Attended tokens on each side in a text of ``n_tokens`` tokens."""
        return max(n_tokens - 1, 0) if self.is_dense(n_tokens) else self.window // 2

    def heads_by_dilation(self, n_heads: int, n_tokens: int) -> list[tuple[int, list[int]]]:
        """Group heads that share a dilation in a text of this length: [(dilation, heads), ...].

        Raises
        ------
        OptionError
            ``dilation`` names another number of heads than ``n_heads``.
        """
        if isinstance(self.dilation, tuple) and len(self.dilation) != n_heads:
            raise OptionError(
                "dilation",
                self.dilation,
                hint=f"Pass one number, or one for each of {n_heads} heads.",
            )
        if self.is_dense(n_tokens):
            return [(1, list(range(n_heads)))]
        per_head = self.dilation if isinstance(self.dilation, tuple) else (self.dilation,) * n_heads
        return [
            (dilation, [head for head in range(n_heads) if per_head[head] == dilation])
            for dilation in sorted(set(per_head))
        ]


@dataclass(frozen=True)
class PackedTexts:
    """Several texts laid end to end, with no padding between or after them.

    Parameters
    ----------
    lengths
        Tokens of each text, at least 1 each; they add up to t.
    global_positions
        For each text the ascending positions, within that text, of its global tokens.

    Raises
    ------
    ValueError
        A text has no token, or a global position lies outside its text.

    Examples
    --------
    >>> texts = PackedTexts((3, 2), ((0,), ()))
    >>> texts.starts, texts.packed_global_positions
    ((0, 3), (0,))
    """

    lengths: tuple[int, ...]
    global_positions: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        """Check that every text has tokens and every global token lies in its text."""
        if len(self.lengths) != len(self.global_positions):
            raise ValueError(
                f"{len(self.lengths)} lengths but {len(self.global_positions)} lists of global "
                "positions; pass one list (possibly empty) for each text."
            )
        for index, (length, positions) in enumerate(
            zip(self.lengths, self.global_positions, strict=True)
        ):
            if length < 1:
                raise ValueError(f"text {index} has {length} tokens; every text needs at least 1.")
            if list(positions) != sorted(set(positions)) or any(
                not 0 <= position < length for position in positions
            ):
                raise ValueError(
                    f"text {index} of {length} tokens has global positions {positions}; "
                    "they must be ascending, distinct and inside the text."
                )

    @classmethod
    def without_globals(cls, lengths: Sequence[int]) -> PackedTexts:
        """Texts in which every token is local."""
        return cls(tuple(lengths), ((),) * len(lengths))

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each text begins in the pack."""
        starts, position = [], 0
        for length in self.lengths:
            starts.append(position)
            position += length
        return tuple(starts)

    @cached_property
    def n_tokens(self) -> int:
        """Tokens of the whole pack, t."""
        return sum(self.lengths)

    @cached_property
    def packed_global_positions(self) -> tuple[int, ...]:
        """Every global token's position in the pack, ascending."""
        return tuple(
            start + position
            for start, positions in zip(self.starts, self.global_positions, strict=True)
            for position in positions
        )

    def __iter__(self) -> Iterator[tuple[slice, tuple[int, ...]]]:
        """Yield each text's slice of the pack and its global positions."""
        for start, length, positions in zip(
            self.starts, self.lengths, self.global_positions, strict=True
        ):
            yield slice(start, start + length), positions
