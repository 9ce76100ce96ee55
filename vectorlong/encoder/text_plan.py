"""From a text's tokens to the windows that go through the model, and the passages inside them."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import shorten

import numpy as np

from vectorlong.documents import PassageSpec
from vectorlong.encoder.config import EncoderConfig
from vectorlong.encoder.options import Overlength
from vectorlong.encoder.passage_vectors import PassageVectors
from vectorlong.encoder.summaries import Summaries
from vectorlong.errors import CheckpointError, InputValueError, OptionError, TextTooLongError, shown
from vectorlong.text.passages import split_passages
from vectorlong.text.tokenized import TokenizedText
from vectorlong.text.tokenizer import TextTokenizer
from vectorlong.text.windows import Window, plan_windows


@dataclass
class TextPlan:
    """One text on its way through the model.

    Attributes
    ----------
    lead, tail
        int64 [*]: special and prompt tokens before every window, special tokens after it.
    n_prefix
        How many of the lead are special tokens.
    content
        The text's own tokens, without what was cut off.
    windows
        How they divide.
    n_tokens
        The text's own tokens, with what was cut off.
    spans
        int64 [p, 2]: the characters of each passage; None where none were asked for.
    late_passages
        Collects the vectors of the passages; None where none are pooled from the text's own pass.
    summaries
        What pooling keeps of the windows, for the text.
    """

    lead: np.ndarray
    tail: np.ndarray
    n_prefix: int
    content: TokenizedText
    windows: list[Window]
    n_tokens: int
    spans: np.ndarray | None
    late_passages: PassageVectors | None
    summaries: Summaries

    def window_ids(self, window: Window) -> np.ndarray:
        """Token ids of one window with what stands before and after it."""
        inside = self.content.ids[window.start : window.end]
        return np.concatenate([self.lead, inside, self.tail])

    def window_offsets(self, window: Window) -> np.ndarray | None:
        """Character offsets of one window; (0, 0) for what is not the text's own."""
        if self.content.offsets is None:
            return None
        inside = self.content.offsets[window.start : window.end]
        return np.pad(inside, ((len(self.lead), len(self.tail)), (0, 0)))

    def n_window_tokens(self, window: Window) -> int:
        """Length of one window with what stands before and after it."""
        return len(self.lead) + window.end - window.start + len(self.tail)


@dataclass(frozen=True)
class TextPlanner:
    """Divides texts for one encoder.

    Attributes
    ----------
    tokenizer, config
        The encoder's own.
    max_tokens
        Longest window, special tokens included.
    overlength
        ``"window"``, ``"truncate"`` or ``"error"``.
    """

    tokenizer: TextTokenizer
    config: EncoderConfig
    max_tokens: int
    overlength: Overlength

    def plan(
        self,
        index: int,
        text: str,
        tokens: TokenizedText,
        prompt: str,
        passages: PassageSpec | None,
    ) -> TextPlan:
        """Divide one text into windows and passages.

        Parameters
        ----------
        index
            Its place among the inputs, for messages.
        text
            Without the prompt.
        tokens
            Of prompt and text.
        prompt
            What stands before the text, and before every window of it.
        passages
            How to cut; None for no passages.

        Raises
        ------
        TextTooLongError
            The text does not fit and ``overlength`` is ``"error"``.
        InputValueError
            The text has no token at all.
        OptionError
            The prompt leaves no room for the text.
        CheckpointError
            The tokenizer is another model's, or gives no offsets where they are needed.
        """
        prompt_ids, content = tokens.split(len(prompt))
        plan = self.plan_tokens(index, prompt_ids, content, text, prompt)
        if passages is not None:
            offsets = self._offsets(plan.content)
            kept = text[: offsets[-1, 1]] if len(plan.content) < plan.n_tokens else text
            passage_tokens, plan.spans = split_passages(kept, offsets, passages)
            if passages.method == "late":
                plan.late_passages = PassageVectors(passage_tokens, plan.windows)
        return plan

    def plan_tokens(
        self,
        index: int,
        prompt_ids: np.ndarray,
        content: TokenizedText,
        text: str = "",
        prompt: str = "",
    ) -> TextPlan:
        """Divide a text that is in tokens already into windows.

        Parameters
        ----------
        index
            Its place among the inputs, for messages.
        prompt_ids
            int64 [m]: what stands before every window.
        content
            The text's own tokens.
        text, prompt
            As they were written, for messages.

        Raises
        ------
        TextTooLongError, InputValueError, OptionError, CheckpointError
            As :meth:`plan` raises them.
        """
        prefix_ids = np.asarray(self.tokenizer.prefix_ids, dtype=np.int64)
        lead = np.concatenate([prefix_ids, prompt_ids])
        tail = np.asarray(self.tokenizer.suffix_ids, dtype=np.int64)
        capacity = self.max_tokens - len(lead) - len(tail)
        if capacity < 1:
            raise OptionError(
                "prompt",
                shorten(prompt, 60),
                hint=f"Its {len(prompt_ids)} tokens leave no room for a text in windows of "
                f"{self.max_tokens} tokens.",
            )
        self._check_ids(content.ids)
        n_tokens = len(content)
        if len(lead) + n_tokens + len(tail) == 0:
            raise InputValueError(
                f"inputs[{index}] is {shown(text)}, which has no token, and this tokenizer adds no "
                "special tokens; leave empty texts out."
            )
        if n_tokens > capacity and self.overlength == "error":
            raise TextTooLongError(
                f"inputs[{index}] has {n_tokens} tokens; {capacity} fit. Use "
                "overlength='window' to encode all of it, or 'truncate' to cut it."
            )
        if n_tokens > capacity and self.overlength == "truncate":
            content = content.first(capacity)
        windows = plan_windows(len(content), capacity, self._overlap(capacity))
        return TextPlan(
            lead,
            tail,
            len(prefix_ids),
            content,
            windows,
            n_tokens,
            None,
            None,
            Summaries(len(windows)),
        )

    def _check_ids(self, ids: np.ndarray) -> None:
        """Refuse ids [n] for which the model has no row."""
        vocabulary_size = self.config.vocabulary_size
        if len(ids) and int(ids.max()) >= vocabulary_size:
            raise CheckpointError(
                f"The tokenizer gave id {int(ids.max())} but the model knows {vocabulary_size} "
                "ids: tokenizer and weights are of different checkpoints. Copy both from the same "
                "one."
            )

    def _overlap(self, capacity: int) -> int:
        """Let neighbouring windows share one attention window, so that seams have context."""
        widest = max(spec.window for spec in self.config.attention)
        return min(widest, capacity // 4)

    def _offsets(self, content: TokenizedText) -> np.ndarray:
        """Give the characters of tokens [n, 2], which passages are cut by."""
        if content.offsets is None:
            raise CheckpointError(
                "This tokenizer gives no character offsets, so its documents have no passages. Use "
                "encode(), or a checkpoint with a fast tokenizer (tokenizer.json)."
            )
        return content.offsets
