from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vectorlong.text import boundaries
from vectorlong.text.boundaries import (
    CLAUSE_END,
    INSIDE_CHARACTER,
    INSIDE_WORD,
    LINE_END,
    NO_BOUNDARY,
    PARAGRAPH_END,
    SENTENCE_AND_LINE_END,
    SENTENCE_END,
    WORD_END,
    rank_boundaries,
)


def ranks_by_character(text: str) -> dict[int, float]:
    """Rank of a cut before each character, one token a character except white space."""
    offsets = np.array([match.span() for match in re.finditer(r"\S", text)])
    ranks, cuts = rank_boundaries(text, offsets)
    return dict(zip(cuts.tolist(), ranks.tolist(), strict=True))


def sentences(text: str) -> list[str]:
    """The text cut wherever a sentence ends."""
    ranked = ranks_by_character(text)
    cuts = [cut for cut, rank in ranked.items() if rank >= SENTENCE_END]
    return [
        text[start:end].strip() for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)
    ]


@pytest.mark.parametrize(
    "expected",
    [
        ["One two.", "Three four!", "Five?", "Six."],
        ["He met Dr. Smith and Mrs. Jones.", "They left."],
        ["J. S. Bach wrote it.", "Handel did not."],
        ["It is red, e.g. The Red Book, i.e. Mao's.", "So be it."],
        ["See Fig. 3 and No. 7, pp. 3 to 5.", "The answer is no.", "He left."],
        ["In the U.S. Senate.", "Later it was 3.14 of 1.000.", "Yes."],
        ["He said “Stop!”", "She did.", "(Not at once.)", "Then: 'Go.'", '"So?"', "[Yes.]", "End."],
        ['"Really?" he asked.', "Wait... and see.", "Hm..."],
        ["See example.com/a.b for more.", "1. is not a sentence."],
        [
            "你好，世界！",
            "今天天气很好？",
            "是的；",
            "我们走吧……",
            "他说：“走吧。”",
            "“好。”",
            "（完。）",
            "完",
        ],
        ["Er kam.", "„Gut so.“", "»Nein.«", "Ende."],
        ["नमस्ते दुनिया।", "यह दूसरा है।"],
        ["هل هذا جيد؟", "نعم."],
        ["中文.", "又一句."],
        ["Is it?!", "Yes!!!", "No."],
    ],
)
def test_sentences(expected: list[str]) -> None:
    is_chinese = any("一" <= character <= "鿿" for character in expected[0])
    text = ("" if is_chinese else " ").join(expected)
    assert sentences(text) == expected


def test_numbered_clauses_keep_their_number() -> None:
    assert sentences("To the company. 4. Payments. 4.2. Fees were 12. Then more.") == [
        "To the company.",
        "4. Payments.",
        "4.2. Fees were 12.",
        "Then more.",
    ]


def test_numbered_lines_keep_their_number() -> None:
    assert sentences("1. First point.\n2. Second point.") == ["1. First point.", "2. Second point."]


@pytest.mark.parametrize(
    ("text", "rank"),
    [
        ("end.\n\n| Next", PARAGRAPH_END),
        ("Title\r\n\r\n|Next", PARAGRAPH_END),
        ("Title\n \t\n|next", PARAGRAPH_END),
        ("end.\n|Next", SENTENCE_AND_LINE_END),
        ("end.\r\n|Next", SENTENCE_AND_LINE_END),
        ("Title\n|Next", LINE_END),
        ("a wrapped\n|line", WORD_END),
        ("first, |second", CLAUSE_END),
        ("一，|二", CLAUSE_END),
        ("first |second", WORD_END),
        ("中|文", WORD_END),
        ("中|a", WORD_END),
        ("well-|known", WORD_END),
        ("wor|d", INSIDE_WORD),
        ("word|, next", INSIDE_WORD),
        ("中|，文", INSIDE_WORD),
        ("（|中", INSIDE_WORD),
        ("3|.14", INSIDE_WORD),
        ("3.|14", INSIDE_WORD),
        ("end.|” Next", INSIDE_WORD),
        ("e|\u0301 x", INSIDE_CHARACTER),
        ("👨\u200d|👩", INSIDE_CHARACTER),
        ("👨|\u200d👩", INSIDE_CHARACTER),
        ("👍|🏽", INSIDE_CHARACTER),
        ("🇩|🇪", INSIDE_CHARACTER),
    ],
)
def test_ranks(text: str, rank: float) -> None:
    cut = text.index("|")
    text = text.replace("|", "")
    cut += len(text[cut:]) - len(text[cut:].lstrip())
    assert ranks_by_character(text)[cut] == rank


def test_the_kinds_of_boundary_are_ordered() -> None:
    ordered = [
        NO_BOUNDARY,
        INSIDE_CHARACTER,
        INSIDE_WORD,
        WORD_END,
        CLAUSE_END,
        LINE_END,
        SENTENCE_END,
        SENTENCE_AND_LINE_END,
        PARAGRAPH_END,
    ]
    assert ordered == sorted(set(ordered))


def test_no_boundary_inside_a_shared_character_or_at_the_ends() -> None:
    # Three byte tokens of one emoji, a token of white space of no width, and one behind the text.
    offsets = np.array([[0, 1], [2, 2], [2, 3], [2, 3], [2, 3], [3, 5], [4, 5], [5, 5]])
    ranks, cuts = rank_boundaries("a 😀bc", offsets)
    assert np.isfinite(ranks).tolist() == [False, True, False, False, False, True, False, False]
    assert cuts[[1, 5]].tolist() == [2, 3]


def test_white_space_with_tokens_of_its_own_stays_with_what_is_before_it() -> None:
    # Byte-BPE gives line ends tokens: the cut comes behind the last of them.
    text = "end.\n\nNext"
    offsets = np.array([[0, 3], [3, 4], [4, 5], [5, 6], [6, 10]])
    ranks, _ = rank_boundaries(text, offsets)
    assert ranks.tolist()[2:] == [INSIDE_WORD, INSIDE_WORD, PARAGRAPH_END]


def test_a_token_that_begins_with_its_space() -> None:
    ranks, cuts = rank_boundaries("One. Two", np.array([[0, 3], [3, 4], [4, 8]]))
    assert ranks[2] == SENTENCE_END
    assert cuts[2] == 4


_PIECES = (
    *("One. ", "Two!", "3.2. Terms ", "e.g. this", "Mr. X", "J. S. Bach", "no. 7", "a-b", "_", "…"),
    *("\n", "\r\n", "\n\n", "   ", " ", "\u200b", "，", "。", "中文", "“Is it?” ", ")", "’”"),
    *("\u0301", "🇩🇪🇫🇷", "👩\u200d👧"),
)


@given(st.lists(st.sampled_from(_PIECES), min_size=1, max_size=80), st.integers(1, 40))
def test_a_long_text_ranks_the_same_in_stretches(pieces: list[str], n_characters: int) -> None:
    text = "".join(pieces)
    words = [match.span() for match in re.finditer(r"\w+|\S|\s", text)]
    offsets = np.array(words).reshape(-1, 2)
    expected_ranks, expected_cuts = rank_boundaries(text, offsets)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boundaries, "_STRETCH_CHARACTERS", n_characters)
        patch.setattr(boundaries, "_SURROUNDING_CHARACTERS", 12)
        ranks, cuts = rank_boundaries(text, offsets)
    np.testing.assert_array_equal(ranks, expected_ranks)
    np.testing.assert_array_equal(cuts, expected_cuts)
