"""From texts to pooled vectors: tokenise, plan, batch, run, pool.

Texts are taken in groups, so that a corpus of any size needs memory for one group, and a text of
any length memory for one batch of windows. Options, prompts and post-processing are the facade's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from vectorlong.attention.spec import PackedTexts
from vectorlong.documents import PassageSpec
from vectorlong.encoder.forked import prepare_threads
from vectorlong.encoder.model import Encoder
from vectorlong.encoder.options import Overlength
from vectorlong.encoder.text_plan import TextPlan, TextPlanner
from vectorlong.errors import CheckpointError
from vectorlong.pooling import Pooling, TokenStates
from vectorlong.streams import bounded_groups
from vectorlong.text.batching import plan_batches
from vectorlong.text.global_attention import GlobalPolicy, global_mask
from vectorlong.text.tokenizer import TextTokenizer

# A group is what is tokenised ahead; large enough to fill batches, small against the model.
_GROUP_CHARACTERS = 1_000_000
_GROUP_TEXTS = 1_024
_GROUP_S = 2.0
# About a batch on a CPU.
_FIRST_GROUP_CHARACTERS = 20_000


class _Pace:
    """How many characters a group may have, so that its results come soon on any machine.

    Whoever keeps results, an index, can keep none before its group is done.
    """

    def __init__(self) -> None:
        self.n_characters = _FIRST_GROUP_CHARACTERS

    def note(self, n_characters: int, seconds: float) -> None:
        """Go by the group that was done last; grow at most tenfold at a time."""
        fitting = n_characters * _GROUP_S / max(seconds, 0.1 * _GROUP_S)
        self.n_characters = min(max(int(fitting), _FIRST_GROUP_CHARACTERS), _GROUP_CHARACTERS)


@dataclass(frozen=True)
class PooledDocument:
    """One text's result, still on the model's device.

    Attributes
    ----------
    vector
        float32 [e].
    passage_vectors
        float32 [p, e]; None where none were asked for that are pooled from the text's own pass.
    spans
        int64 [p, 2] character offsets; None where no passages were asked for.
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
        overlength: Overlength,
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
            How to cut each text into passages; None for no passages. Vectors of independent ones
            are left to the caller.
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
        TextTooLongError, InputValueError, OptionError, CheckpointError
            As :meth:`vectorlong.encoder.text_plan.TextPlanner.plan` raises them.
        """
        planner = self.planner()
        done = 0
        budget = max_batch_tokens or default_batch_tokens(self.encoder)
        pace = _Pace()
        for group in bounded_groups(texts, lambda: pace.n_characters, _GROUP_TEXTS):
            started = time.monotonic()
            tokenized = self.tokenizer.encode([prompt + text for text in group])
            plans = [
                planner.plan(index, text, tokens, prompt, passages)
                for index, (text, tokens) in enumerate(
                    zip(group, tokenized, strict=True), start=done
                )
            ]
            done += len(group)
            jobs, lengths = _jobs_of(plans)
            characters = [len(text) for text in group]
            for batch in plan_batches(lengths, budget, batch_size):
                self._run_or_halve([jobs[index] for index in batch])
                on_progress(sum(characters) * sum(lengths[i] for i in batch) // sum(lengths))
            with torch.inference_mode():
                finished = self._finish(plans)
            pace.note(sum(characters), time.monotonic() - started)
            # While results are used, a long text's tokens and its results need not be kept here.
            del tokenized, plans, jobs
            finished.reverse()
            while finished:
                yield finished.pop()

    def planner(self) -> TextPlanner:
        """Give what divides texts into windows."""
        return TextPlanner(self.tokenizer, self.encoder.config, self.max_tokens, self.overlength)

    def pool(self, plans: Sequence[TextPlan]) -> list[PooledDocument]:
        """Run all windows of some texts: with gradients where these are enabled, as in training."""
        jobs, lengths = _jobs_of(plans)
        for batch in plan_batches(lengths, default_batch_tokens(self.encoder)):
            self._run([jobs[index] for index in batch])
        return self._finish(plans)

    def _run_or_halve(self, jobs: Sequence[tuple[TextPlan, int]]) -> None:
        """Run a batch; where memory does not suffice, run its halves."""
        if self._fits_memory(jobs):
            return
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        middle = len(jobs) // 2
        self._run_or_halve(jobs[:middle])
        self._run_or_halve(jobs[middle:])

    def _fits_memory(self, jobs: Sequence[tuple[TextPlan, int]]) -> bool:
        """Run a batch and say whether memory sufficed; a single window that does not fit raises."""
        try:
            with torch.inference_mode():
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

    def _run(self, jobs: Sequence[tuple[TextPlan, int]]) -> None:
        """Run one batch of windows and keep what pooling needs of it."""
        prepare_threads()
        ids = [plan.window_ids(plan.windows[number]) for plan, number in jobs]
        positions = []
        for (plan, number), window_ids in zip(jobs, ids, strict=True):
            offsets = plan.window_offsets(plan.windows[number])
            mask = global_mask(self.global_attention, window_ids, self.tokenizer, offsets)
            positions.append(tuple(np.flatnonzero(mask).tolist()))
        texts = PackedTexts(tuple(len(window_ids) for window_ids in ids), tuple(positions))
        device = next(self.encoder.parameters()).device
        joined = np.concatenate(ids)  # [t]
        self._check_ids(int(joined.max()))
        packed = torch.from_numpy(joined).to(device)  # [t]
        if self.pooling.needs_only_first_token:
            first = self.encoder(packed, texts, first_tokens_only=True)  # [b, e]
            for (plan, number), row, length in zip(jobs, first, texts.lengths, strict=True):
                self._pool_window(plan, number, row.expand(length, -1))  # [n, e]
            return
        hidden = self.encoder(packed, texts)  # [t, e]
        for (plan, number), (text, _) in zip(jobs, texts, strict=True):
            self._pool_window(plan, number, hidden[text])

    def _check_ids(self, largest: int) -> None:
        """Refuse ids that the embedding table would answer with an obscure index error."""
        n_rows = self.encoder.config.vocabulary_size
        if largest >= n_rows:
            raise CheckpointError(
                f"The tokenizer gives token {largest}, but the model knows {n_rows} tokens; the "
                "tokenizer's files are those of another model."
            )

    def _pool_window(self, plan: TextPlan, number: int, hidden: Tensor) -> None:
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
        states = TokenStates(hidden[start:stop], hidden[0], is_special, position)
        plan.summaries.put(number, self.pooling.partial(states))
        if plan.late_passages is None:
            return
        shift = n_lead - window.start
        for passage, first, end in plan.late_passages.tokens_in(window):
            inside = hidden[first + shift : end + shift]  # [m, e]
            states = TokenStates(
                inside,
                hidden[0],
                torch.zeros(len(inside), dtype=torch.bool, device=hidden.device),
                plan.late_passages.position(passage, first),
            )
            plan.late_passages.add(passage, number, self.pooling.partial(states), self.pooling)

    def _finish(self, plans: Sequence[TextPlan]) -> list[PooledDocument]:
        """Combine the windows' summaries.

        The vectors are rows of one tensor. As small tensors of their own, which somebody keeps,
        they would lie between what batches need and keep its room from being used again.
        """
        vectors = torch.stack(
            [self.pooling.combine(plan.summaries.in_order()) for plan in plans]
        )  # [n, e]
        return [
            PooledDocument(
                vector,
                None if plan.late_passages is None else plan.late_passages.vectors(vector),
                plan.spans,
                plan.n_tokens,
                len(plan.windows),
                plan.n_tokens - len(plan.content.ids),
            )
            for plan, vector in zip(plans, vectors, strict=True)
        ]


def _jobs_of(plans: Sequence[TextPlan]) -> tuple[list[tuple[TextPlan, int]], list[int]]:
    """Give all windows of some texts, and the tokens of each."""
    jobs = [(plan, number) for plan in plans for number in range(len(plan.windows))]
    return jobs, [plan.n_window_tokens(plan.windows[number]) for plan, number in jobs]


def default_batch_tokens(encoder: Encoder) -> int:
    """Tokens a batch holds by default: what keeps the device busy without wasting memory."""
    return 32_768 if next(encoder.parameters()).device.type == "cuda" else 4_096


def _is_out_of_memory(error: Exception) -> bool:
    """Tell lack of memory from other failures; on the CPU torch has no type for it."""
    is_cpu_message = "DefaultCPUAllocator" in str(error) and "allocate" in str(error)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or is_cpu_message
