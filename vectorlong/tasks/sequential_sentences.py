"""A label for each sentence of a document in one pass: each sentence knows all the others.

Every sentence is opened by a special token of its own, which is global; its state is what the
sentence is labelled by (Cohan et al. 2019, arXiv:1909.04054, with the separators of a Longformer
global instead of BERT's full attention).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import LongformerConfig, LongformerModel, LongformerPreTrainedModel
from transformers.utils import ModelOutput

from vectorlong.errors import InputTypeError, InputValueError
from vectorlong.tasks.checks import check_labels
from vectorlong.tasks.running import BATCH_TOKENS, predicting, window_length
from vectorlong.tasks.sentence_windows import (
    NO_SENTENCE,
    checked_sentences,
    sentence_tensors,
    sentence_windows,
)
from vectorlong.text.batching import plan_batches

NO_LABEL = -100


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
        checked_sentences(sentences, f"documents[{number}]")
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
