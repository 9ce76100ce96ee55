"""Answers to questions as exact characters of a document of any length, or none.

A document that is longer than the model is read in windows, each after the question, which is
global. Every span's odds against "no answer here" come from its own window; put together over the
windows they are the probabilities of spans and of "no answer" for the whole document.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from transformers import LongformerForQuestionAnswering

from vectorlong.checks import check_count
from vectorlong.errors import InputTypeError, InputValueError
from vectorlong.tasks.checks import check_cuts, goes_on
from vectorlong.tasks.loading import load_head
from vectorlong.tasks.running import BATCH_TOKENS, predicting, window_length
from vectorlong.tasks.windows import TextWindow, text_windows, window_tensors
from vectorlong.text.batching import plan_batches
from vectorlong.text.check import check_text

NO_ANSWER = 0  # the first token stands for it


@dataclass(frozen=True)
class Answer:
    """A span of the document.

    Attributes
    ----------
    text
        ``document[start:end]``.
    start, end
        Characters.
    score
        Its probability among all spans and "no answer", 0 to 1.
    """

    text: str
    start: int
    end: int
    score: float


@dataclass(frozen=True)
class Answers:
    """What a document answers to a question.

    Attributes
    ----------
    best
        The best spans, the best first; none overlaps another.
    no_answer_score
        Probability that the document does not answer it.
    """

    best: tuple[Answer, ...]
    no_answer_score: float

    @property
    def answer(self) -> Answer | None:
        """The best span, or None where no answer is likelier than it."""
        if not self.best or self.best[0].score < self.no_answer_score:
            return None
        return self.best[0]


class QuestionAnswerer:
    """Finds answers in documents.

    Parameters
    ----------
    model
        Whatever ``load_head`` takes, or a head and its tokenizer.
    max_tokens
        Of a window; the model's limit where not given.
    stride
        Tokens that neighbouring windows share.
    max_answer_tokens
        Longest answer.

    Raises
    ------
    OptionError
        A number is too small, or ``max_tokens`` more than the model takes.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(action="ignore"):  # that the head is new
    ...     answerer = QuestionAnswerer("minilm")
    >>> found = answerer.ask("Who pays?", "The tenant pays monthly.", k=2)
    >>> [("The tenant pays monthly."[each.start : each.end] == each.text) for each in found.best]
    [True, True]
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | tuple[LongformerForQuestionAnswering, Any],
        max_tokens: int | None = None,
        stride: int = 128,
        max_answer_tokens: int = 30,
    ) -> None:
        if not isinstance(model, tuple):
            model = load_head(LongformerForQuestionAnswering, model)
        self.head = model[0]
        self.tokenizer: Any = model[1]
        self.max_tokens = window_length(self.head, self.tokenizer, max_tokens)
        check_count("stride", stride, least=0)
        check_count("max_answer_tokens", max_answer_tokens, least=1)
        self.stride = stride
        self.max_answer_tokens = max_answer_tokens

    def ask(self, question: str, text: str, k: int = 1) -> Answers:
        """Ask one question of one document; see :meth:`ask_many`."""
        return self.ask_many([(question, text)], k)[0]

    def ask_many(self, pairs: Sequence[tuple[str, str]], k: int = 1) -> list[Answers]:
        """Ask each document its question.

        Parameters
        ----------
        pairs
            Questions with their documents.
        k
            Answers wanted for each.

        Returns
        -------
        list of Answers
            In the order of the pairs.

        Raises
        ------
        InputTypeError
            A question or a document is no string.
        InputValueError
            A question leaves no room for the document, or a text has half of a character.
        """
        check_count("k", k, least=1)
        pairs = [_checked_pair(number, pair) for number, pair in enumerate(pairs)]
        windows = [
            (number, window)
            for number, (question, text) in enumerate(pairs)
            for window in text_windows(self.tokenizer, text, self.max_tokens, self.stride, question)
        ]
        spans: list[list[_Span]] = [[] for _ in pairs]
        for places in plan_batches([len(window.ids) for _, window in windows], BATCH_TOKENS):
            group = [windows[place] for place in places]
            for (number, window), logits in zip(group, self._logits(group), strict=True):
                spans[number] += _spans(window, *logits, self.max_answer_tokens, 4 * k + 16)
        return [_answers(text, found, k) for (_, text), found in zip(pairs, spans, strict=True)]

    def _logits(
        self, group: Sequence[tuple[int, TextWindow]]
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        config: Any = self.head.config
        batch = window_tensors([window for _, window in group], config.pad_token_id)
        with predicting(self.head):
            found = self.head(
                **{name: tensor.to(self.head.device) for name, tensor in batch.items()}
            )
        starts = found.start_logits.double().cpu().numpy()  # [w, n]
        ends = found.end_logits.double().cpu().numpy()  # [w, n]
        return [
            (start[: len(window.ids)], end[: len(window.ids)])
            for (_, window), start, end in zip(group, starts, ends, strict=True)
        ]


def _checked_pair(number: int, pair: Any) -> tuple[str, str]:
    """Give a question and its document as they are, or say what is wrong with them."""
    if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
        raise InputTypeError(f"pairs[{number}] is not a question and a document, two texts.")
    question, text = pair
    return check_text(question, f"pairs[{number}][0]"), check_text(text, f"pairs[{number}][1]")


@dataclass(frozen=True)
class _Span:
    """Characters of a document, and how much likelier they are than no answer, in nats."""

    start: int
    end: int
    odds: float


def _spans(
    window: TextWindow,
    start_logits: np.ndarray,
    end_logits: np.ndarray,
    max_answer_tokens: int,
    n_best: int,
) -> list[_Span]:
    """Give a window's best spans, and the odds of all others together as one without characters."""
    tokens = np.flatnonzero(window.is_text & (window.offsets[:, 1] > window.offsets[:, 0]))
    if not len(tokens):
        return []
    none = start_logits[NO_ANSWER] + end_logits[NO_ANSWER]
    n = len(tokens)
    width = min(max_answer_tokens, n)
    starts = np.repeat(np.arange(n), width)
    ends = starts + np.tile(np.arange(width), n)
    starts, ends = starts[ends < n], ends[ends < n]
    odds = start_logits[tokens[starts]] + end_logits[tokens[ends]] - none
    best = np.argsort(-odds, kind="stable")[:n_best]
    found = [
        _Span(
            int(window.offsets[tokens[starts[place]], 0]),
            int(window.offsets[tokens[ends[place]], 1]),
            float(odds[place]),
        )
        for place in best.tolist()
    ]
    others = np.delete(odds, best)
    if len(others):
        found.append(_Span(-1, -1, float(np.logaddexp.reduce(others))))
    return found


def _answers(text: str, spans: Sequence[_Span], k: int) -> Answers:
    """Put what the windows found together."""
    best: dict[tuple[int, int], float] = {}
    others = [span.odds for span in spans if span.start < 0]
    for span in spans:  # what two windows share counts once
        if span.start >= 0:
            place = _whole_characters(text, span.start, span.end)
            best[place] = max(best.get(place, -np.inf), span.odds)
    total = float(np.logaddexp.reduce([0.0, *best.values(), *others]))  # 0: no answer
    chosen: list[Answer] = []
    for (start, end), odds in sorted(best.items(), key=lambda item: (-item[1], item[0])):
        if len(chosen) == k:
            break
        if all(end <= other.start or start >= other.end for other in chosen):
            chosen.append(Answer(text[start:end], start, end, float(np.exp(odds - total))))
    return Answers(tuple(chosen), float(np.exp(-total)))


def _whole_characters(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a span to whole characters, without the white space that some tokens begin with."""
    while goes_on(text, start):
        start -= 1
    while goes_on(text, end):
        end += 1
    stripped = text[start:end].strip()
    if not stripped:
        return start, end
    start = text.index(stripped, start)
    return start, start + len(stripped)


def answer_tokens(window: TextWindow, start: int, end: int) -> tuple[int, int]:
    """Give the first and the last token of an answer, or the first token twice for none.

    Parameters
    ----------
    window
        Of the document.
    start, end
        Characters of the answer; equal where the document has none.

    Returns
    -------
    tuple of int
        (0, 0) where the answer is not whole in this window.
    """
    tokens = np.flatnonzero(window.is_text & (window.offsets[:, 1] > window.offsets[:, 0]))
    if start == end or not len(tokens):
        return NO_ANSWER, NO_ANSWER
    inside = tokens[(window.offsets[tokens, 1] > start) & (window.offsets[tokens, 0] < end)]
    if not len(inside):
        return NO_ANSWER, NO_ANSWER
    first, last = int(inside[0]), int(inside[-1])
    # Cut off where the window begins or ends within the answer.
    is_whole = window.offsets[first, 0] <= start and window.offsets[last, 1] >= end
    return (first, last) if is_whole else (NO_ANSWER, NO_ANSWER)


def check_answer(text: str, answer: str, start: int) -> None:
    """Make sure that an answer to learn from is where it is said to be.

    Raises
    ------
    InputValueError
        It is not, or it begins or ends within what is read as one character.

    Examples
    --------
    >>> check_answer("The tenant pays.", "tenant", 4)
    >>> check_answer("The tenant pays.", "tenant", 5)
    Traceback (most recent call last):
        ...
    vectorlong.errors.InputValueError: The answer 'tenant' is not at character 5 of its document, \
which has 'enant ' there; it is at 4.
    """
    found = text[start : start + len(answer)] if start >= 0 else ""
    if not answer or found != answer:
        place = text.find(answer) if answer else -1
        where = f"it is at {place}" if place >= 0 else "it is nowhere in it"
        raise InputValueError(
            f"The answer {answer!r} is not at character {start} of its document, which has "
            f"{found!r} there; {where}."
        )
    check_cuts(text, start, start + len(answer), f"The answer {answer!r}")
