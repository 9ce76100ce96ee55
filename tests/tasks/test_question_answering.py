"""Answers are exact characters of documents of any length, with any tokenizer."""

import copy
import re
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from transformers import LongformerForQuestionAnswering

from tests.models import longformer_config, randomize, write_longformer
from tests.text.builders import write_wordpiece
from vectorlong.errors import InputTypeError, InputValueError, OptionError
from vectorlong.tasks import QuestionAnswerer, load_head
from vectorlong.tasks.answer_figures import agreement
from vectorlong.tasks.question_answering import (
    _answers,
    _Span,
    _spans,
    answer_tokens,
    check_answer,
)
from vectorlong.tasks.windows import TextWindow, text_windows, window_tensors

TEXT = "The first token 😀 sees the whole document; 中文文本也要切分，she said: café naïve. " * 6
QUESTION = "What sees the document?"


@pytest.fixture(scope="module", params=["byte-level BPE", "WordPiece"])
def loaded(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    if request.param == "WordPiece":
        write_longformer(folder, max_position_embeddings=602, pad_token_id=0)
        for path in folder.glob("*"):
            if path.suffix in (".txt", ".json") and path.name != "config.json":
                path.unlink()
        write_wordpiece(folder)
    else:
        write_longformer(folder, max_position_embeddings=602)
    with warnings.catch_warnings(action="ignore"):
        head, tokenizer = load_head(LongformerForQuestionAnswering, folder)
    return randomize(head), tokenizer


def test_the_question_is_global_and_every_token_of_the_document_is_in_a_window(loaded):
    _, tokenizer = loaded
    whole = tokenizer(TEXT, add_special_tokens=False, return_offsets_mapping=True)
    windows = text_windows(tokenizer, TEXT, 60, 10, QUESTION)
    assert len(windows) > 3
    question = tokenizer(QUESTION, add_special_tokens=False).input_ids
    seen = set()
    for window in windows:
        assert len(window.ids) <= 60
        assert window.ids[1 : 1 + len(question)].tolist() == question
        assert np.flatnonzero(window.is_global).tolist() == list(range(1 + len(question)))
        assert not (window.is_text & window.is_global).any()
        seen |= {tuple(span) for span in window.offsets[window.is_text].tolist()}
    assert seen == set(whole["offset_mapping"])
    alone = text_windows(tokenizer, TEXT, 60, 10)
    assert all(window.is_global.sum() == 1 for window in alone)
    assert [window.ids.tolist() for window in text_windows(tokenizer, "a", 60, 10)] == [
        tokenizer("a").input_ids
    ]


@pytest.mark.parametrize("question", [None, QUESTION])
def test_windows_are_those_that_the_tokenizer_itself_would_cut(loaded, question):
    _, tokenizer = loaded
    texts = (TEXT,) if question is None else (question, TEXT)
    for max_tokens, stride in ((40, 0), (60, 10), (61, 20), (600, 5)):
        cut = copy.deepcopy(tokenizer)(
            *texts,
            truncation="only_first" if question is None else "only_second",
            max_length=max_tokens,
            stride=stride,
            return_overflowing_tokens=True,
        )
        windows = text_windows(tokenizer, TEXT, max_tokens, stride, question)
        assert [window.ids.tolist() for window in windows] == cut["input_ids"]


def test_threads_do_not_change_each_others_windows(loaded):
    _, tokenizer = loaded
    jobs = [("who " * (1 + number % 7), TEXT[: 200 + number % 300]) for number in range(300)]

    def longest(job):
        return max(len(window.ids) for window in text_windows(tokenizer, job[1], 60, 10, job[0]))

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(longest, jobs)) == 60


def test_one_window_gives_the_softmax_of_all_spans_against_none(loaded):
    head, tokenizer = loaded
    answerer = QuestionAnswerer(loaded, max_answer_tokens=5)
    text = TEXT[:90]
    (window,) = text_windows(tokenizer, text, 600, 0, QUESTION)
    with torch.no_grad():
        found = head(**window_tensors([window], head.config.pad_token_id))
    starts, ends = found.start_logits[0].double().numpy(), found.end_logits[0].double().numpy()
    odds = {}
    tokens = [n for n in np.flatnonzero(window.is_text) if np.ptp(window.offsets[n])]
    for one in range(len(tokens)):
        for other in range(one, min(one + 5, len(tokens))):
            place = (window.offsets[tokens[one], 0], window.offsets[tokens[other], 1])
            score = np.exp(starts[tokens[one]] + ends[tokens[other]])
            odds[place] = max(odds.get(place, 0), score)
    none = np.exp(starts[0] + ends[0])
    answers = answerer.ask(QUESTION, text, k=3)
    total = none + sum(odds.values())
    best = max(odds, key=odds.get)
    assert (answers.best[0].start, answers.best[0].end) == best
    # Byte-level tokens of one character share their offsets, so spans may coincide.
    assert answers.best[0].score == pytest.approx(odds[best] / total, rel=0.2)
    assert answers.no_answer_score <= none / none
    assert (answers.answer is None) == (answers.best[0].score < answers.no_answer_score)


def test_answers_are_characters_of_the_document_and_do_not_overlap(loaded):
    answerer = QuestionAnswerer(loaded, max_tokens=60, stride=10)
    answers = answerer.ask(QUESTION, TEXT, k=4)
    assert 1 < len(answers.best) <= 4
    total = answers.no_answer_score
    for number, answer in enumerate(answers.best):
        assert answer.text == TEXT[answer.start : answer.end] != ""
        total += answer.score
        for other in answers.best[number + 1 :]:
            assert answer.end <= other.start or other.end <= answer.start
            assert answer.score >= other.score
    assert total <= 1 + 1e-9


def test_answers_do_not_depend_on_what_is_asked_beside(loaded):
    answerer = QuestionAnswerer(loaded, max_tokens=80, stride=10)
    pairs = [(QUESTION, TEXT), ("Who?", "She said."), (QUESTION, TEXT[:100]), ("Who?", "")]
    together = answerer.ask_many(pairs, k=2)
    for pair, found in zip(pairs, together, strict=True):
        alone = answerer.ask(*pair, k=2)
        assert [(each.start, each.end) for each in alone.best] == [
            (each.start, each.end) for each in found.best
        ]
        assert alone.no_answer_score == pytest.approx(found.no_answer_score, abs=1e-5)
    assert together[3].answer is None
    assert together[3].no_answer_score == 1.0


def test_segments_are_those_of_the_tokenizer(tmp_path):
    """BERT's vocabularies tell a question and its document apart by types, too."""
    write_longformer(tmp_path, pad_token_id=0, type_vocab_size=2, max_position_embeddings=200)
    for path in tmp_path.glob("*"):
        if path.name not in ("config.json", "model.safetensors"):
            path.unlink()
    write_wordpiece(tmp_path)
    with warnings.catch_warnings(action="ignore"):
        head, tokenizer = load_head(LongformerForQuestionAnswering, tmp_path)
    (window,) = text_windows(tokenizer, "the document", 50, 0, "what")
    encoded = tokenizer("what", "the document", return_tensors="pt")
    assert window.token_types.tolist() == encoded["token_type_ids"][0].tolist()
    assert sorted(set(window.token_types)) == [0, 1]
    batch = window_tensors([window], 0)
    with torch.no_grad():
        found = head(**batch).start_logits
        expected = head(**encoded, global_attention_mask=batch["global_attention_mask"])
        without = head(**{**batch, "token_type_ids": torch.zeros_like(batch["input_ids"])})
    assert (found - expected.start_logits).abs().max() <= 1e-6
    assert (found - without.start_logits).abs().max() > 1e-4
    # A model that has one type alone is never asked for another.
    write_longformer(tmp_path / "one", max_position_embeddings=200, pad_token_id=0)
    for path in (tmp_path / "one").glob("*"):
        if path.name not in ("config.json", "model.safetensors"):
            path.unlink()
    write_wordpiece(tmp_path / "one")
    with warnings.catch_warnings(action="ignore"):
        _, tokenizer = load_head(LongformerForQuestionAnswering, tmp_path / "one")
    (window,) = text_windows(tokenizer, "the document", 50, 0, "what")
    assert not window.token_types.any()
    assert "token_type_ids" not in tokenizer("a", "b")


def window_of(text, cuts, first=0):
    """A window after a question of one token: a token for each part of a text."""
    offsets = [(0, 0), (0, 0), (0, 0), *cuts, (0, 0)]
    is_text = [False, False, False, *[True] * len(cuts), False]
    return TextWindow(
        np.arange(len(offsets)),
        np.array([True, True, False, *[False] * (len(cuts) + 1)]),
        np.array(is_text),
        np.array(offsets),
        np.zeros(len(offsets), dtype=np.int64),
    )


def test_spans_of_windows_are_put_together():
    window = window_of("abcd", [(0, 1), (1, 2), (2, 3), (3, 4)])
    starts = np.array([1.0, 9.0, 9.0, 0.0, 5.0, 0.0, 0.0, 9.0])
    ends = np.array([1.0, 9.0, 9.0, 0.0, 0.0, 6.0, 0.0, 9.0])
    spans = _spans(window, starts, ends, 2, 3)
    assert spans[0] == _Span(1, 3, 9.0)
    assert len(spans) == 4
    assert spans[-1].start == -1
    every = _spans(window, starts, ends, 2, 100)
    assert len(every) == 7
    total = np.logaddexp.reduce([span.odds for span in spans])
    assert total == pytest.approx(np.logaddexp.reduce([span.odds for span in every]))
    # The same characters from two windows count once, by the better one.
    answers = _answers("abcd", [_Span(1, 3, 2.0), _Span(1, 3, 1.0), _Span(0, 2, 0.5)], 2)
    assert [each.text for each in answers.best] == ["bc"]
    denominator = 1 + np.exp(2.0) + np.exp(0.5)
    assert answers.best[0].score == pytest.approx(np.exp(2.0) / denominator)
    assert answers.no_answer_score == pytest.approx(1 / denominator)
    assert _answers("abcd", [_Span(1, 3, -1.0)], 1).answer is None


def test_answers_to_learn_from_are_tokens(loaded):
    _, tokenizer = loaded
    for answer in ("whole document", "切分", "😀", "naïve"):
        start = TEXT.index(answer, 150)
        held = 0
        for window in text_windows(tokenizer, TEXT, 60, 30, QUESTION):
            first, last = answer_tokens(window, start, start + len(answer))
            if (first, last) == (0, 0):
                continue
            held += 1
            covered = TEXT[window.offsets[first, 0] : window.offsets[last, 1]]
            assert answer in covered
            assert answer not in TEXT[window.offsets[first, 1] : window.offsets[last, 1]]
        assert held >= 1
    (window, *_) = text_windows(tokenizer, TEXT, 60, 30, QUESTION)
    assert answer_tokens(window, 7, 7) == (0, 0)  # none


def test_an_answer_that_a_window_cuts_off_is_not_in_it():
    window = window_of("abcdef", [(2, 4), (4, 6)])
    assert answer_tokens(window, 2, 6) == (3, 4)
    assert answer_tokens(window, 4, 5) == (4, 4)
    assert answer_tokens(window, 1, 4) == (0, 0)
    assert answer_tokens(window, 5, 8) == (0, 0)
    assert answer_tokens(window, 8, 9) == (0, 0)


@pytest.mark.parametrize(
    ("text", "answer", "start", "message"),
    [
        ("The tenant pays.", "tenant", 5, "not at character 5 .* it is at 4"),
        ("The tenant pays.", "owner", 0, "it is nowhere in it"),
        ("The tenant pays.", "", 0, "nowhere"),
        ("The tenant pays.", "The", -3, "it is at 0"),
        ("cafe\u0301s", "cafe", 0, "cut within a character: '\u0301' at 4"),
        ("a👩\u200d🚀b", "a👩", 0, "within a character"),
        ("a👩\u200d🚀b", "a👩\u200d", 0, "within a character"),
        ("👋🏽 hello", "👋", 0, "within a character"),
    ],
)
def test_answers_that_are_not_there(text, answer, start, message):
    with pytest.raises(InputValueError, match=message):
        check_answer(text, answer, start)


def test_what_cannot_be_asked(loaded):
    answerer = QuestionAnswerer(loaded, max_tokens=20)
    with pytest.raises(InputValueError, match=r"question of \d+ tokens leaves no room"):
        answerer.ask("token " * 40, "a")
    with pytest.raises(InputTypeError, match=r"pairs\[1\]\[1\] is None, not a text"):
        answerer.ask_many([("a", "b"), ("a", None)])
    for wrong in ("ab", 3, ("a", "b", "c")):
        with pytest.raises(InputTypeError, match=r"pairs\[0\] is not a question and a document"):
            answerer.ask_many([wrong])
    with pytest.raises(InputValueError, match=r"pairs\[0\]\[1\] has a lone surrogate"):
        answerer.ask("a", "b\udc00")
    with pytest.raises(
        OptionError, match=r"max_tokens=602 is not valid\. The model takes 3 to 60[01]"
    ):
        QuestionAnswerer(loaded, max_tokens=602)


def test_a_tokenizer_without_characters_cannot_find_answers(loaded):
    class Slow:
        is_fast = False

    with pytest.raises(InputTypeError, match="Slow does not know which characters"):
        text_windows(Slow(), "a", 60, 10)


def test_a_head_in_training_answers_as_one_that_is_not(loaded):
    head, _ = loaded
    answerer = QuestionAnswerer(loaded, max_tokens=80)
    expected = answerer.ask(QUESTION, TEXT[:200], k=3)
    dropout = head.longformer.embeddings.dropout
    try:
        head.train()
        dropout.p = 0.5
        dropout.eval()
        assert answerer.ask(QUESTION, TEXT[:200], k=3) == expected
        assert head.training
        assert not dropout.training  # as it was
    finally:
        head.eval()
        dropout.p = 0.0


def test_answers_are_whole_characters_without_white_space():
    text = "a cafe\u0301 👩🏽\u200d🚀 नमस्ते b"
    spaced = text.index(" 👩")
    for start, end, expected in (
        (2, 6, "cafe\u0301"),
        (1, 6, "cafe\u0301"),  # a token with the space before it
        (spaced + 1, spaced + 2, "👩🏽\u200d🚀"),
        (text.index("🚀"), text.index("🚀") + 1, "👩🏽\u200d🚀"),
        (text.index("न"), text.index("न") + 3, "नमस्"),
    ):
        (answer,) = _answers(text, [_Span(start, end, 1.0)], 1).best
        assert answer.text == expected == text[answer.start : answer.end]


@pytest.mark.parametrize(
    ("found", "expected", "exact", "f1"),
    [
        ("The Eiffel-Tower!", ["eiffeltower"], 1, 1),
        ("in the city of Paris", ["Paris"], 0, 2 / 5),
        ("", [], 1, 1),
        ("Paris", [], 0, 0),
        ("", ["Paris"], 0, 0),
        ("London", ["Paris", "London"], 1, 1),
        ("北京，大学", ["北京大学"], 1, 1),
        ("在北京大学", ["北京大学"], 0, 2 * 4 / 9),
        ("大学北京", ["北京大学"], 0, 2 * 2 / 8),
        ("100 %", ["100%"], 1, 1),
        ("“Paris”", ["Paris"], 0, 0),  # SQuAD knows ASCII's signs alone
        ("iPhone 手机", ["iphone手机"], 0, 1),  # an exact match is one of characters
        ("约3.5万人", ["3万人"], 0, 2 * 2 / 7),
        ("北京(中国)", ["北京"], 0, 2 * 2 / 8),  # CMRC's signs are not all
        ("《红楼梦》", ["红楼梦"], 1, 1),
    ],
)
def test_agreement_with_what_people_answered(found, expected, exact, f1):
    assert agreement(found, expected) == pytest.approx((exact, f1))


def test_both_tokenizers_write_other_numbers_of_separators(loaded):
    _, tokenizer = loaded
    ids = tokenizer("a", "b").input_ids
    n_separators = ids.count(tokenizer.sep_token_id)
    assert n_separators == (3 if re.match("<", tokenizer.cls_token) else 2)


def test_longformers_own_configuration_is_kept(loaded):
    head, _ = loaded
    assert head.config.hidden_size == longformer_config().hidden_size
