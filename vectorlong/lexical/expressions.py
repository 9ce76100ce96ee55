"""Questions as FTS5 asks them; every term is a quoted string, so that nothing is FTS5's own syntax.

The tables asked have the columns of `vectorlong.lexical.words.IndexedWords`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vectorlong.lexical.characters import exact_words, folded, visible
from vectorlong.lexical.question import Question
from vectorlong.lexical.stems import NO_LANGUAGE, question_stems
from vectorlong.lexical.words import Run, compounds, runs

# Terms stand between spaces, and whatever Unicode knows beside ASCII belongs to them, so that no
# version of SQLite takes them otherwise.
TOKENIZER = "ascii tokenchars '-.,:/_&()+#~'"

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


@dataclass(frozen=True)
class Expressions:
    """A question in the language of FTS5.

    Attributes
    ----------
    ranking
        Finds what has any of the question's words, by whose BM25 it is ranked; None where the
        question has none.
    phrases
        Each finds what has one phrase of the question; all must.
    excluded
        Each finds what must not be found.
    """

    ranking: str | None
    phrases: tuple[str, ...]
    excluded: tuple[str, ...]


def expressions(question: Question, language: str) -> Expressions:
    """Translate a question, with the stems of an index's language.

    Examples
    --------
    >>> from vectorlong.lexical.question import parse_question
    >>> translated = expressions(parse_question('who signed "NEAR(a)" in 2023年? -draft'), "none")
    >>> translated.ranking
    '"signed" OR "2023" OR "年"* OR "2023 年"* OR "near a"'
    >>> translated.phrases, translated.excluded
    (('"near a"',), ('"draft"',))
    """
    phrases = dict.fromkeys(_phrase(phrase) for phrase in question.phrases)
    excluded = dict.fromkeys(_phrase(phrase) for phrase in question.excluded)
    ranking = dict.fromkeys([*_terms(question.plain, language), *phrases])
    return Expressions(" OR ".join(ranking) or None, tuple(phrases), tuple(excluded))


def _phrase(text: str) -> str:
    """Find all words of a text, of which it has some, one after the other."""
    parts = [run for word in exact_words(visible(text)) for run in runs(folded(word))]
    *before, last = parts
    terms = [term for part in before for term in part.terms()]
    return _quoted([*terms, *last.terms(is_last=True)], is_open=last.is_single_character)


def _terms(text: str, language: str) -> Iterator[str]:
    """Find any word of a text, and better those that also stand together as they do there."""
    text = visible(text)
    exact = exact_words(text)
    telling = [word for word in exact if word not in _COMMON_WORDS] or exact
    for word in telling:
        form = folded(word)
        parts = runs(form)
        for part in parts:
            for term in part.terms(is_last=True):
                yield _quoted([term], is_open=part.is_single_character)
        if form != word and not any(part.is_paired for part in parts):
            yield _quoted([word])
    for compound, _ in compounds(text):
        yield _quoted([compound])
    if language != NO_LANGUAGE:
        yield from (_quoted([stem]) for stem in question_stems(language, telling))
    before: Run | None = None
    for word in exact:
        if word in _COMMON_WORDS:
            before = None
            continue
        for part in runs(folded(word)):
            if before is not None:
                terms = [before.terms()[-1], part.characters[0]]
                yield _quoted(terms, is_open=part.is_paired)
            before = part


def _quoted(terms: Sequence[str], *, is_open: bool = False) -> str:
    """Find terms one after the other; ``is_open``: the last may be the beginning of one."""
    return f'"{" ".join(terms)}"{"*" if is_open else ""}'
