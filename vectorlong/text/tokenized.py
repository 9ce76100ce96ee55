"""A text's tokens: ids, and where in the text each lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vectorlong.errors import CheckpointError


@dataclass(frozen=True, eq=False)
class TokenizedText:
    """One text's tokens, without the special tokens that wrap it.

    Attributes
    ----------
    ids
        int64 [n].
    offsets
        int64 [n, 2]: start (inclusive) and end (exclusive) character of each token; None where the
        tokenizer cannot tell.
    """

    ids: np.ndarray
    offsets: np.ndarray | None

    def __len__(self) -> int:
        return len(self.ids)

    def first(self, n_tokens: int) -> TokenizedText:
        """Give the first tokens only."""
        offsets = None if self.offsets is None else self.offsets[:n_tokens]
        return TokenizedText(self.ids[:n_tokens], offsets)

    def split(self, n_characters: int) -> tuple[np.ndarray, TokenizedText]:
        """Tell a prompt from the text behind it.

        Parameters
        ----------
        n_characters
            Length of the prompt.

        Returns
        -------
        tuple of numpy.ndarray and TokenizedText
            The ids of the tokens that end within the prompt, int64 [m], and the text's own tokens,
            whose offsets count from the text's start.

        Raises
        ------
        CheckpointError
            There is a prompt, and the tokenizer gives no offsets.
        """
        if not n_characters:
            return self.ids[:0], self
        if self.offsets is None:
            raise CheckpointError(
                "This tokenizer gives no character offsets, so a prompt cannot be told from the "
                "text; write the prompt into the texts."
            )
        n_prompt = int(np.searchsorted(self.offsets[:, 1], n_characters, side="right"))
        offsets = np.maximum(self.offsets[n_prompt:] - n_characters, 0)  # [n, 2]
        return self.ids[:n_prompt], TokenizedText(self.ids[n_prompt:], offsets)
