"""Coreference without a model: what two simple rules find of the chains that people marked.

"Same string" puts all mentions of the same letters into one chain. "Nearest pronoun" does so with
those that are no pronouns, and has each pronoun mean the nearest mention before it that agrees in
person, number and gender as far as words tell. Both are given the mentions of LitBank's dev
documents, or find them by rule: pronouns, and runs of capitalised words. GAP asks which of two
names a pronoun means: the nearest before it that agrees, else the nearest.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vectorlong.tasks.coreference import (
    Agreement,
    Cluster,
    CoreferenceDocument,
    GapItem,
    Span,
    read_gap,
    read_litbank,
    score_clusters,
    score_pairs,
)

# Each word that stands for somebody, by who that is; gender of the third person alone.
_PRONOUNS = {
    word: person
    for person, words in {
        "I": "i me my mine myself",
        "we": "we us our ours ourselves",
        "you": "you your yours yourself yourselves thou thee thy thine",
        "he": "he him his himself",
        "she": "she her hers herself",
        "it": "it its itself",
        "they": "they them their theirs themselves",
    }.items()
    for word in words.split()
}
# Who a mention that is no pronoun is, where one of its words tells.
_TELLING = {
    word: person
    for person, words in {
        "he": "mr mr. sir lord king prince duke captain father brother son uncle husband man boy "
        "gentleman fellow master nephew grandfather count baron",
        "she": "mrs mrs. miss ms ms. lady queen princess duchess mother sister daughter aunt wife "
        "woman girl madam niece grandmother countess mistress widow",
        "they": "men boys gentlemen women girls ladies people parents children sons daughters "
        "brothers sisters friends",
    }.items()
    for word in words.split()
}
_SPOKEN = ("I", "we", "you")


def same_string(document: CoreferenceDocument, mentions: Sequence[Span]) -> list[Cluster]:
    """Put mentions of the same letters into one chain."""
    chains: dict[str, list[Span]] = {}
    for mention in mentions:
        chains.setdefault(_letters(document.text, mention), []).append(mention)
    return [tuple(chain) for chain in chains.values()]


def nearest_pronoun(document: CoreferenceDocument, mentions: Sequence[Span]) -> list[Cluster]:
    """Put pronouns into the chain of the nearest mention before them that agrees."""
    chains: dict[str, list[Span]] = {}
    before: list[tuple[Span, str | None, str]] = []
    for mention in sorted(mentions, key=lambda span: (span.start, -span.end)):
        letters = _letters(document.text, mention)
        pronoun, person = _PRONOUNS.get(letters), _person(letters)
        name = letters
        if pronoun is not None:
            name = next(
                (
                    chain
                    for other, of_other, chain in reversed(before)
                    # What a mention has in it is no mention of the same.
                    if other.end <= mention.start and _agrees(pronoun, of_other)
                ),
                letters,
            )
        chains.setdefault(name, []).append(mention)
        before.append((mention, person, name))
    return [tuple(chain) for chain in chains.values()]


def nearest_name(item: GapItem) -> tuple[bool, bool]:
    """Say which name a pronoun means: the nearest before it that agrees, else the nearest."""
    text = item.document.text
    pronoun = _PRONOUNS[_letters(text, item.pronoun)]

    def rank(number: int) -> tuple[bool, bool, int]:
        name = item.names[number]
        is_before = name.end <= item.pronoun.start
        gap = item.pronoun.start - name.end if is_before else name.start - item.pronoun.end
        return not _agrees(pronoun, _person(_letters(text, name))), not is_before, gap

    chosen = min((0, 1), key=rank)
    return chosen == 0, chosen == 1


def found_mentions(document: CoreferenceDocument) -> list[Span]:
    """Find pronouns, and runs of capitalised words but for those that sentences begin with."""
    inner = {
        document.text[start:end]
        for sentence in document.sentences
        for start, end in sentence[1:]
        if document.text[start].isupper()
    }
    mentions = []
    for sentence in document.sentences:
        run: list[Span] = []
        for place, word in enumerate(sentence):
            letters = document.text[word.start : word.end]
            is_pronoun = letters.lower() in _PRONOUNS
            is_name = letters[0].isupper() and not is_pronoun and (place > 0 or letters in inner)
            if is_pronoun:
                mentions.append(word)
            if is_name:
                run.append(word)
            elif run:
                mentions.append(Span(run[0].start, run[-1].end))
                run = []
        if run:
            mentions.append(Span(run[0].start, run[-1].end))
    return mentions


def _letters(text: str, span: Span) -> str:
    return " ".join(text[span.start : span.end].lower().split())


def _person(letters: str) -> str | None:
    """Give who a mention is; None where no word tells."""
    if letters in _PRONOUNS:
        return _PRONOUNS[letters]
    return next((_TELLING[word] for word in letters.split() if word in _TELLING), None)


def _agrees(pronoun: str, person: str | None) -> bool:
    # Who speaks is named by others only.
    return person == pronoun or (person is None and pronoun not in _SPOKEN)


@dataclass(frozen=True)
class Rule:
    """A way to put mentions into chains."""

    name: str
    chains: Callable[[CoreferenceDocument, Sequence[Span]], list[Cluster]]


RULES = (Rule("same string", same_string), Rule("nearest pronoun", nearest_pronoun))


def measure_litbank(folder: Path) -> list[dict[str, Any]]:
    """Measure every rule on LitBank's dev documents, with mentions given and found."""
    documents = read_litbank(folder / "data.jsonl.gz", "dev")
    ways = {
        "given": [
            [mention for cluster in document.clusters for mention in cluster]
            for document in documents
        ],
        "found": [found_mentions(document) for document in documents],
    }
    rows = []
    for way, mentions in ways.items():
        for rule in RULES:
            figures = score_clusters(
                [
                    rule.chains(document, of_document)
                    for document, of_document in zip(documents, mentions, strict=True)
                ],
                [document.clusters for document in documents],
            )
            rows.append(
                {
                    "rule": rule.name,
                    "mentions": way,
                    "mention_f1": figures.mentions.f1,
                    "muc_f1": figures.muc.f1,
                    "b_cubed_f1": figures.b_cubed.f1,
                    "ceaf_f1": figures.ceaf.f1,
                    "conll_f1": figures.conll_f1,
                    "lea_f1": figures.lea.f1,
                }
            )
    return rows


def measure_gap(folder: Path) -> dict[str, float]:
    """Measure the rule for pronouns on GAP's development items, and of each gender."""
    items = read_gap(folder / "gap-development.tsv.gz")

    def agreement(person: str | None) -> Agreement:
        of_person = [
            item
            for item in items
            if person in (None, _PRONOUNS[_letters(item.document.text, item.pronoun)])
        ]
        return score_pairs(
            [nearest_name(item) for item in of_person], [item.is_meant for item in of_person]
        )

    return {
        "f1": agreement(None).f1,
        "masculine_f1": agreement("he").f1,
        "feminine_f1": agreement("she").f1,
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("VECTORLONG_DATA"))
    folder = parser.parse_args().data
    report: dict[str, Any] = {"benchmark": "coreference"}
    litbank, gap = (None if folder is None else Path(folder) / name for name in ("litbank", "gap"))
    if litbank is None or not litbank.is_dir():
        print(f"LitBank is not at {str(litbank)!r}; chains are not measured. Set VECTORLONG_DATA.")
    else:
        report["litbank_dev"] = measure_litbank(litbank)
        measures = ("mention_f1", "muc_f1", "b_cubed_f1", "ceaf_f1", "conll_f1", "lea_f1")
        print(f"{'rule':16} {'mentions':9}" + "".join(f"{name:>12}" for name in measures))
        for row in report["litbank_dev"]:
            figures = "".join(f"{100 * row[name]:12.2f}" for name in measures)
            print(f"{row['rule']:16} {row['mentions']:9}{figures}")
    if gap is None or not gap.is_dir():
        print(f"GAP is not at {str(gap)!r}; pronouns are not measured. Set VECTORLONG_DATA.")
    else:
        report["gap_development"] = measure_gap(gap)
        figures = ", ".join(
            f"{100 * value:.2f} {k}" for k, value in report["gap_development"].items()
        )
        print(f"GAP development, nearest name: {figures}")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
