"""From texts to pooled vectors: tokenise, window, batch, run, pool.

Texts are taken in groups, so that a corpus of any size needs memory for one group, and a text of
any length memory for one batch of windows. Options, prompts and post-processing are the facade's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from textwrap import shorten

import numpy as np
import torch
from torch import Tensor

from vectorlong.attention.spec import PackedTexts
from vectorlong.documents import PassageSpec
from vectorlong.encoder.model import Encoder
from vectorlong.errors import CheckpointError, InputValueError, OptionError, TextTooLongError
from vectorlong.pooling import Partial, Pooling, TokenStates
from vectorlong.streams import bounded_groups
from vectorlong.text.batching import plan_batches
from vectorlong.text.global_attention import GlobalPolicy, global_mask
from vectorlong.text.passages import split_passages
from vectorlong.text.tokenizer import TextTokenizer, TokenizedText
from vectorlong.text.windows import Window, plan_windows

# A group is what is tokenised ahead; large enough to fill batches, small against the model.
_GROUP_CHARACTERS = 1_000_000
_GROUP_TEXTS = 1_024


@dataclass(frozen=True)
class PooledDocument:
    """One text's result, still on the model's device.

    Attributes
    ----------
    vector
        float32 [e].
    passage_vectors
        float32 [p, e]; None where no passages were asked for.
    spans
        int64 [p, 2] character offsets; None likewise.
    n_tokens, n_windows, n_dropped_tokens
        As in :class:`vectorlong.documents.DocumentEncoding`.
    """

    vector: Tensor
    passage_vectors: Tensor | None
    spans: np.ndarray | None
    n_tokens: int
    n_windows: int
    n_dropped_tokens: int

    def to_cpu(self) -> PooledDocument:
        """Give the same result with its vectors on the CPU."""
        passages = self.passage_vectors
        return replace(
            self,
            vector=self.vector.cpu(),
            passage_vectors=None if passages is None else passages.cpu(),
        )


@dataclass
class _Plan:
    """One text on its way through the model."""

    lead: np.ndarray  # special and prompt tokens before every window
    tail: np.ndarray  # special tokens after every window
    n_prefix: int  # how many of the lead are special tokens
    content: TokenizedText
    windows: list[Window]
    n_tokens: int
    passage_tokens: np.ndarray  # [p, 2]
    spans: np.ndarray | None
    # By window, so that a window run again after a failure counts once, and in order.
    partials: dict[int, Partial] = field(default_factory=dict)
    passage_partials: list[dict[int, Partial]] = field(default_factory=list)

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


class Pipeline:
    """Texts in, pooled vectors out, for one encoder and one way of pooling.

    Parameters
    ----------
    encoder
        In evaluation mode.
    tokenizer
        The encoder's own.
    pooling
        Turns token states into a vector.
    global_attention
        Which tokens of a window are global.
    max_tokens
        Longest window, special tokens included.
    overlength
        ``"window"``, ``"truncate"`` or ``"error"``.
    """

    def __init__(
        self,
        encoder: Encoder,
        tokenizer: TextTokenizer,
        *,
        pooling: Pooling,
        global_attention: GlobalPolicy,
        max_tokens: int,
        overlength: str,
    ) -> None:
        self.encoder = encoder
        self.tokenizer = tokenizer
        self.pooling = pooling
        self.global_attention = global_attention
        self.max_tokens = max_tokens
        self.overlength = overlength

    def encode(
        self,
        texts: Iterable[str],
        *,
        prompt: str = "",
        passages: PassageSpec | None = None,
        batch_size: int | None = None,
        max_batch_tokens: int | None = None,
        on_progress: Callable[[int], None] = lambda n_characters: None,
    ) -> Iterator[PooledDocument]:
        """Encode texts, yielding one result a text in their order.

        Parameters
        ----------
        texts
            Checked texts.
        prompt
            Put before every text, and before every window of a long one. Spans leave it out.
        passages
            How to cut each text into passages pooled from its own pass; None for no passages.
        batch_size
            Most windows in one batch.
        max_batch_tokens
            Most tokens in one batch; the device's default where not given.
        on_progress
            Told the number of characters finished.

        Yields
        ------
        PooledDocument
            In the order of the texts.

        Raises
        ------
        TextTooLongError
            A text does not fit and ``overlength`` is ``"error"``.
        InputValueError
            A text has no token at all.
        OptionError
            The prompt leaves no room for the text.
        """
        done = 0
        budget = max_batch_tokens or default_batch_tokens(self.encoder)
        for group in bounded_groups(texts, _GROUP_CHARACTERS, _GROUP_TEXTS):
            tokenized = self.tokenizer.encode([prompt + text for text in group])
            plans = [
                self._plan(index, text, tokens, prompt, passages)
                for index, (text, tokens) in enumerate(
                    zip(group, tokenized, strict=True), start=done
                )
            ]
            done += len(group)
            jobs = [(plan, number) for plan in plans for number in range(len(plan.windows))]
            lengths = [plan.n_window_tokens(plan.windows[number]) for plan, number in jobs]
            characters = [len(text) for text in group]
            for batch in plan_batches(lengths, budget, batch_size):
                self._run_or_halve([jobs[index] for index in batch])
                on_progress(sum(characters) * sum(lengths[i] for i in batch) // sum(lengths))
            for plan in plans:
                yield self._finish(plan, passages is not None)

    def _plan(
        self,
        index: int,
        text: str,
        tokens: TokenizedText,
        prompt: str,
        passages: PassageSpec | None,
    ) -> _Plan:
        """Divide one text into windows and passages."""
        prompt_ids, content = _split_prompt(tokens, len(prompt))
        prefix, tail = self.tokenizer.prefix_ids, self.tokenizer.suffix_ids
        lead = np.concatenate([np.asarray(prefix, dtype=np.int64), prompt_ids])
        capacity = self.max_tokens - len(lead) - len(tail)
        n_tokens = len(content.ids)
        if capacity < 1:
            raise OptionError(
                "prompt",
                shorten(prompt, 60),
                hint=f"Its {len(prompt_ids)} tokens leave no room for a text in windows of "
                f"{self.max_tokens} tokens.",
            )
        vocabulary_size = self.encoder.config.vocabulary_size
        if n_tokens and int(content.ids.max()) >= vocabulary_size:
            raise CheckpointError(
                f"The tokenizer gave id {int(content.ids.max())} but the model knows "
                f"{vocabulary_size} ids: tokenizer and weights are of different checkpoints. Copy "
                "both from the same one."
            )
        if len(lead) + n_tokens + len(tail) == 0:
            raise InputValueError(
                f"inputs[{index}] is {text!r}, which has no token, and this tokenizer adds no "
                "special tokens; leave empty texts out."
            )
        if n_tokens > capacity and self.overlength == "error":
            raise TextTooLongError(
                f"inputs[{index}] has {n_tokens} tokens; {capacity} fit. Use "
                "overlength='window' to encode all of it, or 'truncate' to cut it."
            )
        if n_tokens > capacity and self.overlength == "truncate":
            content = _truncate(content, capacity)
        windows = plan_windows(len(content.ids), capacity, self._overlap(capacity))
        passage_tokens, spans = np.zeros((0, 2), dtype=np.int64), None
        if passages is not None:
            offsets = self._offsets(content)
            is_cut = len(content.ids) < n_tokens
            kept = text[: offsets[-1, 1]] if is_cut else text
            passage_tokens, spans = split_passages(kept, offsets, passages)
        return _Plan(
            lead,
            np.asarray(tail, dtype=np.int64),
            len(prefix),
            content,
            windows,
            n_tokens,
            passage_tokens,
            spans,
            passage_partials=[{} for _ in passage_tokens],
        )

    def _overlap(self, capacity: int) -> int:
        """Let neighbouring windows share one attention window, so that seams have context."""
        widest = max(spec.window for spec in self.encoder.config.attention)
        return min(widest, capacity // 4)

    def _offsets(self, content: TokenizedText) -> np.ndarray:
        if content.offsets is None:
            raise CheckpointError(
                "This tokenizer gives no character offsets, so its documents have no passages. Use "
                "encode(), or a checkpoint with a fast tokenizer (tokenizer.json)."
            )
        return content.offsets

    def _run_or_halve(self, jobs: Sequence[tuple[_Plan, int]]) -> None:
        """Run a batch; where memory does not suffice, run its halves."""
        if self._fits_memory(jobs):
            return
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        middle = len(jobs) // 2
        self._run_or_halve(jobs[:middle])
        self._run_or_halve(jobs[middle:])

    def _fits_memory(self, jobs: Sequence[tuple[_Plan, int]]) -> bool:
        """Run a batch and say whether memory sufficed; a single window that does not fit raises."""
        try:
            self._run(jobs)
        except (RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
            if len(jobs) == 1:
                plan, number = jobs[0]
                raise MemoryError(
                    f"One window of {plan.n_window_tokens(plan.windows[number])} tokens does not "
                    "fit into memory; pass a smaller max_tokens, or dtype='bfloat16'."
                ) from error
            return False
        return True

    @torch.inference_mode()
    def _run(self, jobs: Sequence[tuple[_Plan, int]]) -> None:
        """Run one batch of windows and keep what pooling needs of it."""
        ids = [plan.window_ids(plan.windows[number]) for plan, number in jobs]
        positions = []
        for (plan, number), window_ids in zip(jobs, ids, strict=True):
            offsets = plan.window_offsets(plan.windows[number])
            mask = global_mask(self.global_attention, window_ids, self.tokenizer, offsets)
            positions.append(tuple(np.flatnonzero(mask).tolist()))
        texts = PackedTexts(tuple(len(window_ids) for window_ids in ids), tuple(positions))
        device = next(self.encoder.parameters()).device
        packed = torch.from_numpy(np.concatenate(ids)).to(device)  # [t]
        if self.pooling.needs_only_first_token:
            first = self.encoder(packed, texts, first_tokens_only=True)  # [b, e]
            for (plan, number), row, length in zip(jobs, first, texts.lengths, strict=True):
                self._pool_window(plan, number, row.expand(length, -1))  # [n, e]
            return
        hidden = self.encoder(packed, texts)  # [t, e]
        for (plan, number), (text, _) in zip(jobs, texts, strict=True):
            self._pool_window(plan, number, hidden[text])

    def _pool_window(self, plan: _Plan, number: int, hidden: Tensor) -> None:
        """Summarise the tokens this window [n, e] owns, for the text and for its passages."""
        window = plan.windows[number]
        n_lead = len(plan.lead)
        is_first, is_last = number == 0, number == len(plan.windows) - 1
        # Special and prompt tokens count once: before the first window and after the last.
        start = 0 if is_first else n_lead + window.own_start - window.start
        stop = len(hidden) if is_last else n_lead + window.own_end - window.start
        index = torch.arange(start, stop, device=hidden.device)
        is_special = (index < plan.n_prefix) | (index >= len(hidden) - len(plan.tail))
        position = 0 if is_first else n_lead + window.own_start
        plan.partials[number] = self.pooling.partial(
            TokenStates(hidden[start:stop], hidden[0], is_special, position)
        )
        starts, ends = plan.passage_tokens[:, 0], plan.passage_tokens[:, 1]
        owned = np.flatnonzero((starts < window.own_end) & (ends > window.own_start))
        for passage in owned:
            first = max(int(starts[passage]), window.own_start)
            last = min(int(ends[passage]), window.own_end)
            shift = n_lead - window.start
            inside = hidden[first + shift : last + shift]  # [m, e]
            plan.passage_partials[passage][number] = self.pooling.partial(
                TokenStates(
                    inside,
                    hidden[0],
                    torch.zeros(len(inside), dtype=torch.bool, device=hidden.device),
                    first - int(starts[passage]),
                )
            )

    @torch.inference_mode()
    def _finish(self, plan: _Plan, with_passages: bool) -> PooledDocument:
        """Combine the windows' summaries."""
        vector = self.pooling.combine(_in_order(plan.partials))
        passage_vectors = None
        if with_passages:
            passage_vectors = torch.stack(
                [
                    # Only a text without tokens has a passage without any.
                    self.pooling.combine(_in_order(parts)) if parts else vector
                    for parts in plan.passage_partials
                ]
            )  # [p, e]
        return PooledDocument(
            vector,
            passage_vectors,
            plan.spans,
            plan.n_tokens,
            len(plan.windows),
            plan.n_tokens - len(plan.content.ids),
        )


def _in_order(partials: dict[int, Partial]) -> list[Partial]:
    """Give the windows' summaries in the document's order."""
    return [partials[number] for number in sorted(partials)]


def default_batch_tokens(encoder: Encoder) -> int:
    """Tokens a batch holds by default: what keeps the device busy without wasting memory."""
    return 32_768 if next(encoder.parameters()).device.type == "cuda" else 4_096


def _split_prompt(
    tokens: TokenizedText, n_prompt_characters: int
) -> tuple[np.ndarray, TokenizedText]:
    """Tell the prompt's tokens from the text's, whose offsets then count from the text's start."""
    if not n_prompt_characters:
        return np.zeros(0, dtype=np.int64), tokens
    if tokens.offsets is None:
        raise CheckpointError(
            "This tokenizer gives no character offsets, so a prompt cannot be told from the text; "
            "write the prompt into the texts."
        )
    n_prompt = int(np.searchsorted(tokens.offsets[:, 1], n_prompt_characters, side="right"))
    offsets = np.maximum(tokens.offsets[n_prompt:] - n_prompt_characters, 0)  # [n, 2]
    return tokens.ids[:n_prompt], TokenizedText(tokens.ids[n_prompt:], offsets)


def _truncate(tokens: TokenizedText, n_tokens: int) -> TokenizedText:
    """Keep the first tokens of a text."""
    offsets = None if tokens.offsets is None else tokens.offsets[:n_tokens]
    return TokenizedText(tokens.ids[:n_tokens], offsets)


def _is_out_of_memory(error: Exception) -> bool:
    """Tell lack of memory from other failures; on the CPU torch has no type for it."""
    is_cpu_message = "DefaultCPUAllocator" in str(error) and "allocate" in str(error)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or is_cpu_message
