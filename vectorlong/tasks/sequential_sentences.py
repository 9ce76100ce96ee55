"""A label for each sentence of a document in one pass: each sentence knows all the others.

Every sentence is opened by a special token of its own, which is global; its state is what the
sentence is labelled by (Cohan et al. 2019, arXiv:1909.04054, with the separators of a Longformer
global instead of BERT's full attention).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import LongformerConfig, LongformerModel, LongformerPreTrainedModel
from transformers.utils import ModelOutput

from vectorlong.checks import check_count
from vectorlong.errors import InputTypeError, InputValueError
from vectorlong.tasks.checks import check_cuts, check_labels
from vectorlong.tasks.running import BATCH_TOKENS, predicting, window_length
from vectorlong.text.batching import plan_batches
from vectorlong.text.check import check_container, check_text

NO_SENTENCE = -1
NO_LABEL = -100
# Of a window, shared with the next one, so that sentences at its end know what follows.
_SHARED = 0.25


@dataclass
class SequentialSentencesOutput(ModelOutput):
    """What the head gives.

    Attributes
    ----------
    loss
        Mean over the sentences with a label, 0 where none has one; None without labels.
    logits
        [b, s, c].
    hidden_states, attentions, global_attentions
        As the encoder gives them, where asked for.
    """

    loss: Tensor | None = None
    logits: Tensor | None = None
    hidden_states: tuple[Tensor, ...] | None = None
    attentions: tuple[Tensor, ...] | None = None
    global_attentions: tuple[Tensor, ...] | None = None


class LongformerForSequentialSentenceClassification(LongformerPreTrainedModel):
    """A Longformer with a label for each sentence.

    Parameters
    ----------
    config
        Of ``transformers``; ``num_labels`` says how many labels there are.

    Examples
    --------
    >>> config = LongformerConfig(vocab_size=10, hidden_size=8, num_hidden_layers=1,
    ...     num_attention_heads=2, intermediate_size=16, attention_window=4, num_labels=3)
    >>> head = LongformerForSequentialSentenceClassification(config).eval()
    >>> ids = torch.tensor([[0, 5, 6, 2, 7, 2]])
    >>> head(ids, sentence_starts=torch.tensor([[0, 3]])).logits.shape
    torch.Size([1, 2, 3])
    """

    num_labels: int

    def __init__(self, config: LongformerConfig) -> None:
        super().__init__(config)
        self.num_labels = int(config.num_labels or 0)
        self.longformer = LongformerModel(config, add_pooling_layer=False)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, self.num_labels)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        sentence_starts: Tensor | None = None,
        labels: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
    ) -> SequentialSentencesOutput | tuple[Any, ...]:
        """Label the sentences of a batch.

        Parameters
        ----------
        input_ids
            int64 [b, n].
        attention_mask
            [b, n]: 1 for real tokens, 0 for padding; all are real where not given.
        sentence_starts
            int64 [b, s]: where each sentence's opening token is; -1 where there is none.
        labels
            int64 [b, s]; -100 where there is none.
        inputs_embeds
            [b, n, e], in place of ``input_ids``.
        output_attentions, output_hidden_states, return_dict
            As in ``transformers``.

        Raises
        ------
        InputTypeError
            ``sentence_starts`` is missing.
        InputValueError
            A start lies outside its text, a row has no sentence, labels are not as many as
            sentences, or one is beyond the head's.
        """
        is_sentence = self._check_starts(sentence_starts, input_ids, inputs_embeds, attention_mask)
        assert sentence_starts is not None
        starts = sentence_starts.clamp(min=0).long()  # [b, s]
        inputs: Any = inputs_embeds if input_ids is None else input_ids
        is_global = torch.zeros(inputs.shape[:2], dtype=torch.long, device=starts.device)  # [b, n]
        is_global.scatter_add_(1, starts, is_sentence.long())
        outputs = self.longformer(
            input_ids,
            attention_mask=attention_mask,
            global_attention_mask=is_global.clamp(max=1),
            inputs_embeds=inputs_embeds,
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        states = outputs.last_hidden_state  # [b, n, e]
        index = starts[..., None].expand(-1, -1, states.shape[-1])
        logits = self.classifier(self.dropout(states.gather(1, index)))  # [b, s, c]
        loss = None
        if labels is not None:
            if labels.shape != sentence_starts.shape:
                raise InputValueError(
                    f"labels is {list(labels.shape)}, but sentence_starts is "
                    f"{list(sentence_starts.shape)}: a label, or {NO_LABEL}, for each."
                )
            check_labels(labels, self.num_labels, ignored=NO_LABEL)
            labels = labels.masked_fill(~is_sentence, NO_LABEL).to(logits.device)
            total = F.cross_entropy(
                logits.flatten(0, 1), labels.flatten(), ignore_index=NO_LABEL, reduction="sum"
            )
            loss = total / (labels != NO_LABEL).sum().clamp(min=1)
        output = SequentialSentencesOutput(
            loss=loss,
            logits=logits,
            hidden_states=outputs.hidden_states,
            attentions=outputs.attentions,
            global_attentions=outputs.global_attentions,
        )
        is_dict = self.config.return_dict if return_dict is None else return_dict
        return output if is_dict else output.to_tuple()

    def _check_starts(
        self,
        starts: Tensor | None,
        input_ids: Tensor | None,
        inputs_embeds: Tensor | None,
        attention_mask: Tensor | None,
    ) -> Tensor:
        """Make sure that every row has a sentence and that all lie in their text: bool [b, s]."""
        inputs = input_ids if input_ids is not None else inputs_embeds
        if starts is None or inputs is None:
            raise InputTypeError(
                "sentence_starts and input_ids are needed: where each sentence's opening token is "
                "(int64 [b, s], -1 for none). vectorlong.tasks.sentence_windows makes both."
            )
        is_sentence = starts != NO_SENTENCE
        outside = is_sentence & ((starts < 0) | (starts >= inputs.shape[1]))
        if outside.any():
            row, column = outside.nonzero()[0].tolist()
            raise InputValueError(
                f"sentence_starts[{row}, {column}] = {int(starts[row, column])}, but the text has "
                f"{inputs.shape[1]} tokens."
            )
        if attention_mask is not None:
            in_padding = is_sentence & (attention_mask.gather(1, starts.clamp(min=0).long()) == 0)
            if in_padding.any():
                row, column = in_padding.nonzero()[0].tolist()
                raise InputValueError(
                    f"sentence_starts[{row}, {column}] = {int(starts[row, column])}, but "
                    "attention_mask says that there is padding."
                )
        if not is_sentence.any(1).all():
            row = int((~is_sentence.any(1)).nonzero()[0])
            raise InputValueError(
                f"Row {row} of sentence_starts has no sentence, so no token of it would be global."
            )
        return is_sentence


@dataclass(frozen=True)
class SentenceWindow:
    """Some neighbouring sentences of a document as the model takes them.

    Attributes
    ----------
    ids
        int64 [n].
    starts
        int64 [s]: where each sentence's opening token is.
    first
        Number in the document of the first sentence.
    own
        The sentences that are labelled from this window, as numbers in the document.
    """

    ids: np.ndarray
    starts: np.ndarray
    first: int
    own: range


def sentence_windows(
    sentences: Sequence[str], tokenizer: Any, max_tokens: int
) -> list[SentenceWindow]:
    """Lay a document's sentences out, in several windows where it is longer than the model.

    Windows begin and end with a sentence and share about a quarter of their tokens; each sentence
    is labelled from the window in which it has most context. A sentence that is longer than the
    model is cut, with a warning.

    Parameters
    ----------
    sentences
        Of one document, in order.
    tokenizer
        A fast one of ``transformers``.
    max_tokens
        Of a window.

    Raises
    ------
    InputTypeError, InputValueError
        ``sentences`` is one string, or there are none, or one has half of a character.
    """
    check_count("max_tokens", max_tokens, least=4)
    sentences = _checked_sentences(sentences, "sentences")
    encoded = tokenizer(sentences, add_special_tokens=False, verbose=False).input_ids
    most = max_tokens - 2  # an opening token before, and one at the end
    n_dropped = [max(len(ids) - most, 0) for ids in encoded]
    if any(n_dropped):
        warnings.warn(
            f"{sum(map(bool, n_dropped))} of {len(sentences)} sentences are longer than the model "
            f"and were cut: {sum(n_dropped)} tokens were dropped. Divide them.",
            stacklevel=2,
        )
    parts = [ids[:most] for ids in encoded]
    sizes = [len(ids) + 1 for ids in parts]
    bounds = _bounds(sizes, max_tokens - 1)
    cuts = [
        _middle(sizes, start, end) for (start, _), (_, end) in zip(bounds[1:], bounds, strict=False)
    ]
    windows = []
    for (start, end), own_start, own_end in zip(
        bounds, [0, *cuts], [*cuts, len(sizes)], strict=True
    ):
        if own_start == own_end:  # its neighbours know more around each
            continue
        ids: list[int] = []
        starts = []
        for number in range(start, end):
            starts.append(len(ids))
            ids += [tokenizer.sep_token_id if ids else tokenizer.cls_token_id, *parts[number]]
        ids.append(tokenizer.sep_token_id)
        windows.append(
            SentenceWindow(np.array(ids), np.array(starts), start, range(own_start, own_end))
        )
    return windows


def _bounds(sizes: Sequence[int], capacity: int) -> list[tuple[int, int]]:
    """Choose which sentences each window has, so that all fit and neighbours share some."""
    bounds = []
    start = end = 0
    while end < len(sizes):
        n_tokens, end = 0, start
        while end < len(sizes) and n_tokens + sizes[end] <= capacity:
            n_tokens += sizes[end]
            end += 1
        bounds.append((start, end))
        before, start, n_shared = start, end, 0
        # Back over what is shared; but on, by a sentence at least, and room is left for a new one.
        following = sizes[end] if end < len(sizes) else 0
        while start - 1 > before and n_shared + sizes[start - 1] <= min(
            _SHARED * capacity, capacity - following
        ):
            start -= 1
            n_shared += sizes[start]
    return bounds


def _middle(sizes: Sequence[int], start: int, end: int) -> int:
    """Divide what two windows share where sentences have as much before them as after them."""
    half = sum(sizes[start:end]) / 2
    n_tokens = 0
    for number in range(start, end):
        if n_tokens + sizes[number] / 2 > half:
            return number
        n_tokens += sizes[number]
    return end


def _checked_sentences(sentences: Any, name: str) -> list[str]:
    """Give a document's sentences as a list, or say what is wrong with them."""
    if isinstance(sentences, str):
        raise InputTypeError(
            f"{name} is one text; pass a list of its sentences, which "
            "vectorlong.tasks.cut_sentences makes of a text and its spans."
        )
    check_container(sentences, name)
    checked = [check_text(each, f"{name}[{number}]") for number, each in enumerate(sentences)]
    if not checked:
        raise InputValueError(f"{name} is empty: a document without sentences has no labels.")
    return checked


def cut_sentences(text: str, spans: Sequence[tuple[int, int]]) -> list[str]:
    """Give the sentences of a document whose characters are known.

    Parameters
    ----------
    text
        Of the document.
    spans
        Characters of each sentence, in order; between them may be text that is in none.

    Raises
    ------
    InputTypeError
        ``text`` is no text.
    InputValueError
        A span lies outside the text, is empty or overlaps the one before it, or cuts a character;
        the message names it.

    Examples
    --------
    >>> cut_sentences("One. Two.", [(0, 4), (5, 9)])
    ['One.', 'Two.']
    """
    text = check_text(text, "text")
    before = 0
    for number, (start, end) in enumerate(spans):
        if not before <= start < end <= len(text):
            raise InputValueError(
                f"spans[{number}] = ({start}, {end}) is no span of a text of {len(text)} "
                f"characters after {before}, where the sentence before it ends."
            )
        check_cuts(text, start, end, f"spans[{number}] = ({start}, {end})")
        before = end
    return [text[start:end] for start, end in spans]


def sentence_tensors(windows: Sequence[SentenceWindow], pad_id: int) -> dict[str, Tensor]:
    """Lay windows side by side.

    Returns
    -------
    dict of str to Tensor
        ``input_ids`` and ``attention_mask`` int64 [w, n], ``sentence_starts`` int64 [w, s].
    """
    n_tokens = max(len(window.ids) for window in windows)
    n_sentences = max(len(window.starts) for window in windows)
    ids = torch.full((len(windows), n_tokens), pad_id)
    is_real = torch.zeros(len(windows), n_tokens, dtype=torch.long)
    starts = torch.full((len(windows), n_sentences), NO_SENTENCE)
    for row, window in enumerate(windows):
        ids[row, : len(window.ids)] = torch.from_numpy(window.ids)
        is_real[row, : len(window.ids)] = 1
        starts[row, : len(window.starts)] = torch.from_numpy(window.starts)
    return {"input_ids": ids, "attention_mask": is_real, "sentence_starts": starts}


@dataclass(frozen=True)
class SentenceLabels:
    """What the sentences of a document were labelled.

    Attributes
    ----------
    labels
        The likeliest label of each sentence, by the name that the head's configuration gives it.
    probabilities
        float32 [sentences, c].
    """

    labels: tuple[str, ...]
    probabilities: np.ndarray


def label_sentences(
    head: LongformerForSequentialSentenceClassification,
    tokenizer: Any,
    documents: Sequence[Sequence[str]],
    max_tokens: int | None = None,
) -> list[SentenceLabels]:
    """Label every sentence of documents of any length.

    Parameters
    ----------
    head, tokenizer
        As ``load_head`` gives them.
    documents
        Each a list of its sentences; :func:`cut_sentences` makes one of a text and spans.
    max_tokens
        Of a window; the model's limit where not given.

    Returns
    -------
    list of SentenceLabels
        Of each document, in order.

    Raises
    ------
    InputTypeError, InputValueError
        As :func:`sentence_windows` raises them; the message names the document.
    OptionError
        ``max_tokens`` is more than the model takes.

    Examples
    --------
    >>> import warnings
    >>> from vectorlong.tasks.loading import load_head
    >>> with warnings.catch_warnings(action="ignore"):  # that the head is new
    ...     head, tokenizer = load_head(
    ...         LongformerForSequentialSentenceClassification, "minilm", num_labels=2)
    >>> found = label_sentences(head, tokenizer, [["One.", "Two."], ["Three."]])
    >>> [each.probabilities.shape for each in found]
    [(2, 2), (1, 2)]
    >>> set(found[0].labels) <= {"LABEL_0", "LABEL_1"}
    True
    """
    config: Any = head.config
    max_tokens = window_length(head, tokenizer, max_tokens)
    if isinstance(documents, str):
        raise InputTypeError("documents is one text; pass a list of documents, each of sentences.")
    checked = [
        _checked_sentences(sentences, f"documents[{number}]")
        for number, sentences in enumerate(documents)
    ]
    windows = [
        (number, window)
        for number, sentences in enumerate(checked)
        for window in sentence_windows(sentences, tokenizer, max_tokens)
    ]
    found = [
        np.zeros((len(sentences), config.num_labels), dtype=np.float32) for sentences in checked
    ]
    for places in plan_batches([len(window.ids) for _, window in windows], BATCH_TOKENS):
        group = [windows[place] for place in places]
        batch = sentence_tensors([window for _, window in group], config.pad_token_id)
        with predicting(head):
            logits = head(**{name: each.to(head.device) for name, each in batch.items()}).logits
        probabilities = logits.float().softmax(-1).cpu().numpy()  # [w, s, c]
        for (number, window), rows in zip(group, probabilities, strict=True):
            mine = slice(window.own.start - window.first, window.own.stop - window.first)
            found[number][window.own.start : window.own.stop] = rows[mine]
    return [
        SentenceLabels(tuple(config.id2label[best] for best in each.argmax(1).tolist()), each)
        for each in found
    ]
