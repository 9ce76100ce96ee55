"""The syntax of questions: what is in quotes must be there, what has a minus before it must not.

Everything else is plain text, and so are quotes without an end, quotes around nothing and a minus
before a number or alone. docs/search.md tells it to those who ask.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from vectorlong.lexical.characters import PAIRED
from vectorlong.lexical.words import has_words

# A quote that closes as it opens is an inch or a Hebrew abbreviation within a word. Scripts without
# spaces have no words to be within.
_OPENS = f"(?:(?<![^\\W_])|(?<=[{PAIRED}]))"
_CLOSES = f"(?:(?![^\\W_])|(?=[{PAIRED}]))"
_PIECE = re.compile(
    rf"""
    (?P<minus>(?<!\S)-)?
    (?: {_OPENS}["＂](?P<straight>[^"＂]*)["＂]{_CLOSES}
      | “(?P<curly>[^“”]*)”
      | {_OPENS}”(?P<nordic>[^“”„]*)”{_CLOSES}
      | „(?P<low>[^„“”]*)[“”]
      | «(?P<angled>[^«»]*)»
      | {_OPENS}»(?P<inward>[^«»]*)«{_CLOSES}
      | 「(?P<corner>[^「」]*)」
      | 『(?P<white_corner>[^『』]*)』
    )
    | (?<!\S)-(?P<word>[^\W\d_][^\s"“”„«»「」『』]*)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Question:
    """What is asked for.

    Attributes
    ----------
    text
        What the encoder reads: all but what is excluded.
    plain
        What is neither in quotes nor excluded.
    phrases
        What was in quotes: it stands in every document of the answer.
    excluded
        Stands in no document of the answer.
    """

    text: str
    plain: str
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


def parse_question(text: str) -> Question:
    """Take a question apart; nothing that can be asked is an error.

    Examples
    --------
    >>> question = parse_question('"force majeure" in supply contracts -insurance')
    >>> question.phrases, question.excluded, question.text
    (('force majeure',), ('insurance',), '"force majeure" in supply contracts')
    >>> parse_question('a 5" pipe - and "quotes without an end').phrases
    ()
    """
    phrases: dict[str, None] = {}
    excluded: dict[str, None] = {}
    kept: list[str] = []
    plain: list[str] = []
    end = 0
    for piece in _PIECE.finditer(text):
        content = piece[piece.lastgroup or 0]
        if not has_words(content):
            continue
        before = text[end : piece.start()]
        kept.append(before)
        plain.append(before)
        end = piece.end()
        if piece["minus"] or piece["word"]:
            excluded[content] = None
        else:
            phrases[content] = None
            kept.append(piece[0])
            plain.append(" ")
    if end == 0:
        return Question(text, text)
    kept.append(text[end:])
    plain.append(text[end:])
    return Question("".join(kept).strip(), "".join(plain).strip(), tuple(phrases), tuple(excluded))
