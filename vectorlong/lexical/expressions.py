"""Questions as FTS5 asks them; every term is a quoted string, so that nothing is FTS5's own syntax.

The tables asked have the columns of `vectorlong.lexical.words.IndexedWords`.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from vectorlong.lexical.characters import exact_words, folded, visible
from vectorlong.lexical.question import Question
from vectorlong.lexical.stems import question_stems, stem_language
from vectorlong.lexical.words import Run, compounds, runs

# Terms stand between spaces, and whatever Unicode knows beside ASCII belongs to them, so that no
# version of SQLite takes them otherwise.
TOKENIZER = "ascii tokenchars '-.,:/_&()+#~$'"

# Vietnamese writes the syllables of a word apart.
_IS_VIETNAMESE = re.compile("[\u01a1\u01b0\u1ea0-\u1ef9]")

# BM25 gives these words almost no weight and they match almost every passage, so that scoring
# them is nearly all of a query's time. They count when a question has nothing else.
_COMMON_WORDS = frozenset(
    (  # noqa: SIM905 - a list would be sixty lines
        "a about an and are as at be been but by can could did do does for from had has have he "
        "her his how i if in into is it its may of on or our she should so than that the their "
        "them then there these they this to was we were what when where which who whom whose why "
        "will with would you your"
    ).split()
)

# Common words in capitals are names: "WHO guidelines", "IT security", "Exhibit A", "Part I".
_CAPITALS = re.compile(r"\b[A-Z]{2,}\b|(?<=[a-z] )(?:A\b|I$)")

# A longer question is a text of its own, and FTS5 takes each term's time.
_MAX_TERMS = 2_000
_MAX_WORDS_IN_ORDER = 64
# So few words are mostly a name or a term.
_MAX_WORDS_OF_NAME = 4


# Signs at the end of a code, whose words alone are something else: ".net", "c++", "c#".
_ONLY_CODE = re.compile(r"^\.|[+#]$")
# A number and a name or a unit, which writers part or do not: "5 kg", "iphone15".
_GLUED = re.compile(r"([0-9]+)([a-z]+)|([a-z]+)([0-9]+)")


@dataclass(frozen=True)
class Expressions:
    """A question in the language of FTS5.

    Attributes
    ----------
    ranking
        What has any of these is found, and ranked by their BM25; and how often each is asked for.
    phrases
        Each finds what has one phrase of the question; all must.
    excluded
        Each finds what must not be found.
    """

    ranking: dict[str, int]
    phrases: tuple[str, ...]
    excluded: tuple[str, ...]


def expressions(question: Question, language: str) -> Expressions:
    """Translate a question, with the stems of an index's language.

    Examples
    --------
    >>> from vectorlong.lexical.question import parse_question
    >>> translated = expressions(parse_question('who signed "NEAR(a)" in 2023年? -draft'), "none")
    >>> dict(translated.ranking)
    {'"signed"': 1, '"2023"': 1, '"年"*': 1, '"2023 年"*': 1, '"near a"': 1}
    >>> translated.phrases, translated.excluded
    (('"near a"',), ('"draft"',))
    """
    phrases = dict.fromkeys(_phrase(phrase) for phrase in question.phrases)
    excluded = dict.fromkeys(_phrase(phrase) for phrase in question.excluded)
    ranking = _terms(question.plain, language)
    ranking.update(list(phrases)[:_MAX_TERMS])
    return Expressions(ranking, tuple(phrases), tuple(excluded))


def single_term(expression: str) -> str | None:
    """Return the one term that an expression finds; None where it finds several, or beginnings.

    Examples
    --------
    >>> single_term('"3.10"'), single_term('"force majeure"'), single_term('"年"*')
    ('3.10', None, None)
    """
    term = expression[1:-1]
    return term if expression.endswith('"') and " " not in term else None


def _phrase(text: str) -> str:
    """Find all words of a text, of which it has some, one after the other."""
    parts = [run for word in exact_words(visible(text)) for run in runs(folded(word))]
    *before, last = parts
    terms = [term for part in before for term in part.terms()]
    phrase = _quoted([*terms, *last.terms(is_last=True)], is_open=last.is_single_character)
    codes = [code for code, _ in compounds(visible(text)) if _ONLY_CODE.search(code)]
    return " AND ".join([phrase, *(_quoted([code]) for code in codes)])


def _terms(text: str, language: str) -> Counter[str]:
    """Find any word of a text, and better those that also stand together as they do there.

    The latter in names, where two may make one word, and where there are stems, beside which two
    words weigh little; elsewhere "de la" would weigh more than a word that tells something.
    """
    names = set() if text.isupper() else set(map(str.lower, _CAPITALS.findall(text)))
    common = _COMMON_WORDS - names
    text = visible(text)
    exact = exact_words(text)
    telling = [word for word in exact if word not in common] or exact
    words: list[str] = []
    forms: list[str] = []
    joined: list[str] = []
    for compound, is_code in compounds(text):
        forms.extend({folded(compound): None, compound: None})
        if not is_code:
            joined.append(compound)
    for word in telling:
        form = folded(word)
        parts = runs(form)
        for part in parts:
            words.extend(
                _quoted([term], is_open=part.is_single_character)
                for term in part.terms(is_last=True)
            )
        if form != word and not any(part.is_paired for part in parts):
            forms.append(word)
    # Few texts of an index may have stems; among them any word of another language would be rare.
    stemmed = stem_language(language, exact)
    stems = [] if stemmed is None else question_stems(stemmed, [*telling, *joined])
    found: Counter[str] = Counter()
    for terms in (words, [_quoted([form]) for form in forms], [_quoted([stem]) for stem in stems]):
        found.update(_most_telling(terms))
    if len(exact) <= _MAX_WORDS_IN_ORDER:
        is_named = len(exact) <= _MAX_WORDS_OF_NAME or _IS_VIETNAMESE.search(text) is not None
        found.update(_sequences(exact, common, is_any=is_named or stemmed is not None))
    return found


def _most_telling(terms: list[str]) -> dict[str, int]:
    """Count terms; of very many different ones those that come most often, and long ones."""
    counts = Counter(terms)
    if len(counts) <= _MAX_TERMS:
        return counts
    kept = heapq.nlargest(_MAX_TERMS, counts, key=lambda term: (counts[term], len(term)))
    return {term: counts[term] for term in kept}


def _sequences(exact: Sequence[str], common: Set[str], *, is_any: bool) -> Iterator[str]:
    """Find telling words that stand one after the other; unless any, beside a script of pairs."""
    before: Run | None = None
    for word in exact:
        if word in common:
            before = None
            continue
        for part in runs(folded(word)):
            if before is not None:
                terms = [before.terms()[-1], part.characters[0]]
                if is_any or before.is_paired or part.is_paired:
                    yield _quoted(terms, is_open=part.is_paired)
                if _GLUED.fullmatch("".join(terms)):
                    yield _quoted(["".join(terms)])
            if glued := _GLUED.fullmatch(part.characters[0]):
                yield _quoted([half for half in glued.groups() if half])
            before = part


def _quoted(terms: Sequence[str], *, is_open: bool = False) -> str:
    """Find terms one after the other; ``is_open``: the last may be the beginning of one."""
    return f'"{" ".join(terms)}"{"*" if is_open else ""}'
