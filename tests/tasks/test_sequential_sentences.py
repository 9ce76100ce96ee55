"""Sentences are labelled in one pass, and in windows where a document is longer than the model."""

import itertools
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import LongformerForTokenClassification

from tests.models import longformer_config, randomize, write_longformer
from vectorlong.encoder.accelerate import accelerate
from vectorlong.errors import InputTypeError, InputValueError, OptionError
from vectorlong.tasks import (
    LongformerForSequentialSentenceClassification,
    cut_sentences,
    label_sentences,
    load_head,
    sentence_windows,
)
from vectorlong.tasks.sentence_windows import sentence_tensors

SENTENCES = [
    "Long documents.",
    "She said: “Is it done?”",
    "中文文本也要切分，每个字都是一个词。",
    "The first token sees the whole document.",
    "No. 7 is missing.",
]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    write_longformer(folder, max_position_embeddings=514)
    return folder


@pytest.fixture(scope="module")
def loaded(checkpoint):
    with warnings.catch_warnings(action="ignore"):
        head, tokenizer = load_head(
            LongformerForSequentialSentenceClassification, checkpoint, num_labels=3
        )
    return randomize(head), tokenizer


def test_it_is_token_classification_at_the_sentences_starts(loaded):
    head, tokenizer = loaded
    batch = sentence_tensors(
        [sentence_windows(part, tokenizer, 500)[0] for part in (SENTENCES, SENTENCES[:2])],
        1,
    )
    plain = LongformerForTokenClassification(head.config).eval()
    plain.load_state_dict(head.state_dict())
    starts = batch["sentence_starts"]
    is_global = torch.zeros_like(batch["input_ids"])
    for row, positions in enumerate(starts.tolist()):
        is_global[row, [position for position in positions if position >= 0]] = 1
    with torch.no_grad():
        found = head(**batch).logits
        expected = plain(
            batch["input_ids"],
            attention_mask=batch["attention_mask"],
            global_attention_mask=is_global,
        ).logits
    for row, positions in enumerate(starts.tolist()):
        for column, position in enumerate(positions):
            if position >= 0:
                difference = found[row, column] - expected[row, position]
                assert difference.abs().max() <= 1e-5


def test_loss_and_gradients_are_those_of_the_core_of_transformers(loaded):
    head, tokenizer = loaded
    windows = [sentence_windows(part, tokenizer, 500)[0] for part in (SENTENCES, SENTENCES[:2])]
    batch = sentence_tensors(windows, 1)
    labels = torch.tensor([[0, 1, 2, -100, 1], [2, 2, 0, 0, 0]])  # the last three are no sentences
    plain = LongformerForSequentialSentenceClassification(head.config)
    plain.load_state_dict(head.state_dict())
    fast = accelerate(LongformerForSequentialSentenceClassification(head.config))
    fast.load_state_dict(head.state_dict())
    losses = []
    for model in (plain, fast):
        loss = model.train()(**batch, labels=labels).loss
        loss.backward()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    gradients = dict(fast.named_parameters())
    for name, parameter in plain.named_parameters():
        if parameter.grad is not None:
            other = gradients[name].grad
            assert (parameter.grad - other).abs().max() <= 1e-4 * max(1, parameter.grad.abs().max())


def test_a_batch_without_labels_teaches_nothing(loaded):
    head, tokenizer = loaded
    batch = sentence_tensors(sentence_windows(SENTENCES, tokenizer, 500), 1)
    head.zero_grad()
    loss = head(**batch, labels=torch.full_like(batch["sentence_starts"], -100)).loss
    assert loss.item() == 0
    loss.backward()
    assert all(
        parameter.grad is None or not parameter.grad.any() for parameter in head.parameters()
    )
    head.zero_grad()


def test_a_window_that_would_label_nothing_is_left_out():
    class Words:
        cls_token_id, sep_token_id = 0, 2

        def __call__(self, texts, **_):
            return SimpleNamespace(input_ids=[[5] * len(text.split()) for text in texts])

    # With their opening tokens 90, 3, 3, 3, 2, 90 and 3: three windows share the fourth sentence.
    sentences = [" ".join(["word"] * size) for size in (89, 2, 2, 2, 1, 89, 2)]
    windows = sentence_windows(sentences, Words(), 101)
    assert [(window.first, list(window.own)) for window in windows] == [
        (0, [0, 1, 2]),
        (2, [3, 4, 5]),
        (6, [6]),
    ]


def test_windows_hold_every_sentence_once_and_fit(loaded):
    _, tokenizer = loaded
    generator = np.random.default_rng(0)
    sentences = [" ".join(["token"] * int(n)) for n in generator.integers(1, 30, 60)]
    for max_tokens in (64, 100, 101, 2000):
        windows = sentence_windows(sentences, tokenizer, max_tokens)
        assert [number for window in windows for number in window.own] == list(range(60))
        for window in windows:
            assert len(window.ids) <= max_tokens
            assert window.own.start >= window.first
            assert window.own.stop <= window.first + len(window.starts)
            for number, (start, end) in enumerate(
                zip(window.starts, [*window.starts[1:], len(window.ids) - 1], strict=True)
            ):
                content = window.ids[start + 1 : end].tolist()
                sentence = sentences[window.first + number]
                assert content == tokenizer(sentence, add_special_tokens=False).input_ids
                special = tokenizer.sep_token_id if start else tokenizer.cls_token_id
                assert window.ids[start] == special
            assert window.ids[-1] == tokenizer.sep_token_id
        shared = [
            one.first + len(one.starts) - other.first for one, other in itertools.pairwise(windows)
        ]
        assert all(n >= 0 for n in shared)
        assert max_tokens > 64 or sum(shared) > 0


def test_probabilities_of_long_documents_and_of_several_at_once(loaded):
    head, tokenizer = loaded
    documents = [SENTENCES * 20, SENTENCES[:1], SENTENCES]
    labelled = label_sentences(head, tokenizer, documents)
    found = [each.probabilities for each in labelled]
    assert [each.shape for each in found] == [(100, 3), (1, 3), (5, 3)]
    for each, document in zip(found, labelled, strict=True):
        assert np.abs(each.sum(1) - 1).max() <= 1e-5
        assert document.labels == tuple(f"LABEL_{best}" for best in each.argmax(1))
    (alone,) = label_sentences(head, tokenizer, [SENTENCES])
    assert np.abs(alone.probabilities - found[2]).max() <= 1e-5
    (narrow,) = label_sentences(head, tokenizer, documents[:1], max_tokens=40)
    assert np.abs(narrow.probabilities - found[0]).max() > 1e-4  # it has several windows


def test_a_document_that_fits_is_labelled_in_the_one_pass(loaded):
    head, tokenizer = loaded
    (window,) = sentence_windows(SENTENCES, tokenizer, 500)
    with torch.no_grad():
        logits = head(**sentence_tensors([window], head.config.pad_token_id)).logits[0]
    (found,) = label_sentences(head, tokenizer, [SENTENCES])
    assert np.abs(found.probabilities - logits.softmax(-1).numpy()).max() <= 1e-5


def test_each_sentence_is_labelled_where_it_has_most_around_it(loaded):
    _, tokenizer = loaded
    sizes = np.random.default_rng(1).integers(1, 12, 80)
    sentences = [" ".join(["token"] * int(size)) for size in sizes]
    windows = sentence_windows(sentences, tokenizer, 120)
    n_shared = 0
    for one, other in itertools.pairwise(windows):
        for number in range(other.first, one.first + len(one.starts)):
            # The nearer end of a window, in tokens from the sentence's middle.
            in_one, in_other = (
                min(middle, len(window.ids) - middle)
                for window in (one, other)
                for middle in [window.starts[number - window.first] + sizes[number] / 2]
            )
            assert (number in one.own) != (number in other.own)
            assert (in_one - in_other if number in one.own else in_other - in_one) >= -2
            n_shared += 1
    assert n_shared > 5


def test_a_head_in_training_labels_as_one_that_is_not(loaded):
    head, tokenizer = loaded
    (expected,) = label_sentences(head, tokenizer, [SENTENCES])
    try:
        head.train()
        head.dropout.p = 0.5
        (found,) = label_sentences(head, tokenizer, [SENTENCES])
    finally:
        head.eval()
        head.dropout.p = 0.0
    assert np.array_equal(found.probabilities, expected.probabilities)


def test_sentences_are_cut_out_of_a_text():
    text = "One. 二。 cafe\u0301"
    assert cut_sentences(text, [(0, 4), (5, 7), (8, 13)]) == ["One.", "二。", "cafe\u0301"]
    for spans, message in (
        ([(0, 4), (3, 7)], r"spans\[1\] = \(3, 7\) is no span .* after 4"),
        ([(0, 99)], r"spans\[0\] = \(0, 99\) is no span of a text of 13"),
        ([(2, 2)], r"spans\[0\]"),
        ([(8, 12)], r"spans\[0\] = \(8, 12\) is cut within a character: '\u0301' at 12"),
    ):
        with pytest.raises(InputValueError, match=message):
            cut_sentences(text, spans)


def test_it_is_saved_and_loaded(loaded, tmp_path):
    head, tokenizer = loaded
    head.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    plain = LongformerForSequentialSentenceClassification.from_pretrained(tmp_path).eval()
    batch = sentence_tensors(sentence_windows(SENTENCES, tokenizer, 500), 1)
    with torch.no_grad():
        assert (plain(**batch).logits - head(**batch).logits).abs().max() <= 1e-5
    with warnings.catch_warnings(action="error"):
        again, other = load_head(LongformerForSequentialSentenceClassification, tmp_path)
    (one,) = label_sentences(head, tokenizer, [SENTENCES])
    (two,) = label_sentences(again, other, [SENTENCES])
    assert np.abs(one.probabilities - two.probabilities).max() <= 1e-6


def test_what_cannot_be_labelled(loaded):
    head, tokenizer = loaded
    ids = torch.tensor([[0, 5, 6, 2]])
    with pytest.raises(InputTypeError, match="sentence_starts and input_ids are needed"):
        head(ids)
    with pytest.raises(InputValueError, match=r"sentence_starts\[0, 1\] = 4, but the text has 4"):
        head(ids, sentence_starts=torch.tensor([[0, 4]]))
    with pytest.raises(InputValueError, match=r"\[0, 0\] = -2"):
        head(ids, sentence_starts=torch.tensor([[-2, 0]]))
    with pytest.raises(InputValueError, match=r"Row 0 .* no sentence, so no token .* global"):
        head(ids, sentence_starts=torch.tensor([[-1]]))
    with pytest.raises(InputValueError, match=r"labels\[0, 0\] = 3, but the head has 3 labels"):
        head(ids, sentence_starts=torch.tensor([[0]]), labels=torch.tensor([[3]]))
    with pytest.raises(
        InputValueError, match=r"labels is \[1, 2\], but sentence_starts is \[1, 1\]"
    ):
        head(ids, sentence_starts=torch.tensor([[0]]), labels=torch.tensor([[0, 0]]))
    with pytest.raises(InputValueError, match=r"sentence_starts\[0, 1\] = 3, .* padding"):
        head(
            ids,
            attention_mask=torch.tensor([[1, 1, 1, 0]]),
            sentence_starts=torch.tensor([[0, 3]]),
        )
    with pytest.raises(InputTypeError, match=r"sentences is one text; .*cut_sentences"):
        sentence_windows("one string", tokenizer, 20)
    with pytest.raises(InputValueError, match="sentences is empty"):
        sentence_windows([], tokenizer, 20)
    for documents, error, message in (
        ("one", InputTypeError, "documents is one text"),
        (["one"], InputTypeError, r"documents\[0\] is one text"),
        ([["one"], 3], InputTypeError, r"documents\[1\] is 3"),
        ([["one", None]], InputTypeError, r"documents\[0\]\[1\] is None, not a text"),
        ([["one"], []], InputValueError, r"documents\[1\] is empty"),
        ([["\ud800"]], InputValueError, r"documents\[0\]\[0\] has a lone surrogate"),
    ):
        with pytest.raises(error, match=message):
            label_sentences(head, tokenizer, documents)
    with pytest.raises(OptionError, match=r"max_tokens=513.*to 512"):
        label_sentences(head, tokenizer, [["one"]], max_tokens=513)
    with pytest.warns(UserWarning, match=r"1 of 2 sentences .* \d+ tokens were dropped"):
        sentence_windows(["token " * 50, "a"], tokenizer, 20)


def test_outputs_as_transformers_gives_them():
    head = accelerate(LongformerForSequentialSentenceClassification(longformer_config()).eval())
    ids, starts = torch.tensor([[0, 5, 6, 2]]), torch.tensor([[0]])
    found = head(ids, sentence_starts=starts, output_hidden_states=True)
    assert len(found.hidden_states) == 4
    logits, states = head(ids, sentence_starts=starts, output_hidden_states=True, return_dict=False)
    assert torch.equal(logits, found.logits)
    assert len(states) == 4
    embedded = head.get_input_embeddings()(ids)
    again = head(inputs_embeds=embedded, sentence_starts=starts).logits
    assert (again - logits).abs().max() <= 1e-5
