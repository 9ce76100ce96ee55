"""The scorer against the published test cases of the reference scorer, and LEA by hand.

Layouts and expected figures of the cases A to N are those of test/TestCases.README and
test/CorefMetricTestConfig.pm of github.com/conll/reference-coreference-scorers (v8.01; Pradhan et
al. 2014). It has none for LEA: those here are worked out by hand from the formulas of Moosavi and
Strube 2016.
"""

import itertools
import random

import numpy as np
import pytest

from vectorlong.errors import InputValueError
from vectorlong.tasks.coreference.figures import Agreement, score_clusters, score_pairs

A = "a bc def"
# Case, key, response, then recall and precision of each measure that the source gives.
CASES = [
    ("A1", A, "a bc def", {"muc": (1, 1), "b_cubed": (1, 1), "ceaf": (1, 1)}),
    ("A2", A, "a de", {"muc": (1 / 3, 1), "b_cubed": (7 / 18, 1), "ceaf": (0.6, 0.9)}),
    (
        "A3",
        A,
        "a bcx defy z",
        {"muc": (1, 3 / 5), "b_cubed": (1, 55 / 108), "ceaf": (0.88571, 0.66429)},
    ),
    (
        "A4",
        A,
        "a bcx dy z",
        {"muc": (1 / 3, 1 / 3), "b_cubed": (5 / 9, 17 / 42), "ceaf": (0.73333, 0.55)},
    ),
    (
        "A5",
        A,
        "a bcxB dy z",
        {"muc": (1 / 3, 1 / 4), "b_cubed": (5 / 9, 5 / 16), "ceaf": (0.68889, 0.51667)},
    ),
    (
        "A6",
        A,
        "a bcx dy Bz",
        {"muc": (1 / 3, 1 / 4), "b_cubed": (5 / 9, 17 / 48), "ceaf": (0.73333, 0.55)},
    ),
    # Mentions that are there twice: in the same cluster, in another, ten times in another.
    (
        "A7",
        A,
        "a bcxb dy z",
        {"muc": (1 / 3, 1 / 3), "b_cubed": (5 / 9, 17 / 42), "ceaf": (0.73333, 0.55)},
    ),
    (
        "A8",
        A,
        "a bcx dy bz",
        {"muc": (1 / 3, 1 / 3), "b_cubed": (5 / 9, 17 / 42), "ceaf": (0.73333, 0.55)},
    ),
    (
        "A9",
        A,
        "a bcx dy bbbbbbbbbbz",
        {"muc": (1 / 3, 1 / 3), "b_cubed": (5 / 9, 17 / 42), "ceaf": (0.73333, 0.55)},
    ),
    ("A10", A, "a b c d e f", {"muc": (0, 0), "b_cubed": (3 / 6, 1)}),
    ("A11", A, "abcdef", {"muc": (1, 3 / 5), "b_cubed": (1, 7 / 18)}),
    ("A12", A, "a x y c d e z", {"muc": (0, 0), "b_cubed": (13 / 36, 4 / 7)}),
    ("A13", A, "axycdez", {"muc": (1 / 3, 1 / 6), "b_cubed": (17 / 36, 6 / 49)}),
    ("D1", "12345 67 89ABC", "12345 6789ABC", {"muc": (1, 9 / 10), "b_cubed": (1, 16 / 21)}),
    # As in its file; the README's line has 6 and 7 in both clusters.
    ("E1", "12345 67 89ABC", "1234589ABC 67", {"muc": (1, 9 / 10), "b_cubed": (1, 7 / 12)}),
    ("F1", "ABCD", "AB CD", {"muc": (2 / 3, 1)}),
    ("G1", "AB CD", "ABCD", {"muc": (1, 2 / 3)}),
    ("H1", "ABCD", "ABCD", {"muc": (1, 1)}),
    ("I1", "ABCD", "AB CD", {"muc": (2 / 3, 1)}),
    ("J1", "ABC", "AC", {"muc": (1 / 2, 1)}),
    ("K1", "BCDEGHJ", "ABC DEF GHI", {"muc": (3 / 6, 3 / 6)}),
    ("L1", "ABC DEFG", "AB CD FGH", {"muc": (2 / 5, 2 / 4)}),
    ("M1", "abcdef", "abcdef", {"muc": (1, 1), "b_cubed": (1, 1), "ceaf": (1, 1)}),
    ("M2", "abcdef", "a b c d e f", {"muc": (0, 0)}),
    ("M5", "abcdef", "a b c x y z", {"muc": (0, 0)}),
    ("N1", "a b c d e f", "a b c d e f", {"muc": (0, 0), "b_cubed": (1, 1), "ceaf": (1, 1)}),
    ("N2", "a b c d e f", "abcdef", {"muc": (0, 0)}),
    ("N4", "a b c d e f", "a b c x y z", {"muc": (0, 0)}),
    # By hand: {a} is alone on both sides, {def} keeps one of its three links.
    ("A1", A, "a bc def", {"lea": (1, 1)}),
    ("A2", A, "a de", {"lea": ((1 + 3 * 1 / 3) / 6, 1)}),
    ("A3", A, "a bcx defy z", {"lea": (1, (1 + 3 * 1 / 3 + 4 * 3 / 6) / 9)}),
    ("A4", A, "a bcx dy z", {"lea": ((1 + 2) / 6, (1 + 3 * 1 / 3) / 7)}),
    ("A10", A, "a b c d e f", {"lea": (1 / 6, 1 / 6)}),
    ("A11", A, "abcdef", {"lea": ((2 + 3) / 6, 6 * (1 + 3) / 15 / 6)}),
]


@pytest.mark.parametrize(
    ("case", "key", "response", "published"), CASES, ids=[f"{c[0]}-{'-'.join(c[3])}" for c in CASES]
)
def test_published_cases_have_their_figures(case, key, response, published):
    figures = score_clusters([response.split()], [key.split()])
    for measure, (recall, precision) in published.items():
        agreement = getattr(figures, measure)
        assert agreement.recall == pytest.approx(recall, abs=1e-5), (case, measure)
        assert agreement.precision == pytest.approx(precision, abs=1e-5), (case, measure)


def test_lea_weighs_links_by_the_size_of_their_cluster():
    lea = score_clusters([["ab", "cd", "fghi"]], [["abc", "defg"]]).lea
    assert lea.recall == pytest.approx((3 * 1 / 3 + 4 * 1 / 6) / 7)
    assert lea.precision == pytest.approx((2 * 1 + 2 * 0 + 4 * 1 / 6) / 8)


def test_documents_add_up_before_they_are_divided():
    figures = score_clusters([["ab", "cd"], ["a"]], [["abcd"], ["abc"]])
    assert figures.muc == Agreement(2, 5, 2, 2)
    assert figures.muc.f1 == pytest.approx(2 * 0.4 / 1.4)
    assert figures.ceaf.expected == 2
    assert figures.ceaf.found == 3
    assert figures.mentions == Agreement(5, 7, 5, 5)


def test_the_mean_is_of_three():
    figures = score_clusters([["a", "de"]], [A.split()])
    assert figures.conll_f1 == pytest.approx((0.5 + 14 / 25 + 0.72) / 3)


def test_nothing_on_a_side_is_nought_and_no_error():
    for found, expected in ([], ["ab"]), (["ab"], []), ([], []):
        figures = score_clusters([found], [expected])
        assert figures.conll_f1 == figures.lea.f1 == 0


def test_sides_with_different_numbers_of_documents_are_refused():
    with pytest.raises(InputValueError, match="of 1 documents found, but of 2 expected"):
        score_clusters([[]], [[], []])
    with pytest.raises(InputValueError, match="1 pronouns found, but 0 expected"):
        score_pairs([(True, False)], [])


def partition(mentions, draw):
    homes = [draw.randrange(4) for _ in mentions]
    clusters = [[m for m, h in zip(mentions, homes, strict=True) if h == k] for k in range(4)]
    return [cluster for cluster in clusters if cluster]


@pytest.mark.parametrize("seed", range(20))
def test_ceaf_and_lea_are_those_of_trying_everything(seed):
    draw = random.Random(seed)
    found = partition(draw.sample("abcdefghi", 7), draw)
    expected = partition(draw.sample("abcdefghi", 7), draw)
    figures = score_clusters([found], [expected])
    padded = [*found, *[[]] * 4], [*expected, *[[]] * (len(found) + 4 - len(expected))]
    likeness = np.array(
        [
            [2 * len({*one} & {*other}) / max(1, len(one) + len(other)) for other in padded[1]]
            for one in padded[0][:4]
        ]
    )
    orders = itertools.permutations(range(likeness.shape[1]), likeness.shape[0])
    best = max(sum(likeness[row, column] for row, column in enumerate(order)) for order in orders)
    assert figures.ceaf.recalled == pytest.approx(best)

    def links(cluster):
        return {*itertools.combinations(sorted(cluster), 2)} or {(cluster[0], cluster[0])}

    others = set().union(*map(links, expected))
    right = sum(len(each) * len(links(each) & others) / len(links(each)) for each in found)
    assert figures.lea.right == pytest.approx(right)
