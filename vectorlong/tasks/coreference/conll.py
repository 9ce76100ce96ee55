"""CoNLL-2012 files: documents a word a line, chains as numbered brackets in the last column.

Of the columns the fourth, the word, and the last are read, which all editions have.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vectorlong.disk import replace_bytes
from vectorlong.errors import InputValueError, shown
from vectorlong.tasks.coreference.clusters import Cluster, CoreferenceDocument, Span
from vectorlong.tasks.coreference.source_files import join_words, read_lines

_BEGIN = re.compile(r"#\s*begin document\s+\(?(.*?)\)?;?(?:\s*part\s+(\d+))?\s*", re.IGNORECASE)
_END = re.compile(r"#\s*end document\b.*", re.IGNORECASE)
_BRACKET = re.compile(r"\((\d+)\)|\((\d+)|(\d+)\)")
_BRACKETS = re.compile(rf"(?:(?:{_BRACKET.pattern})\|?)+")
_NO_MENTION = ("-", "_", "*")
_WORD_COLUMN = 3


def read_conll(path: str | os.PathLike[str]) -> list[CoreferenceDocument]:
    r"""Read the documents of a CoNLL-2012 file, each part one.

    Parameters
    ----------
    path
        The file; packed where its name ends in ``.gz``.

    Returns
    -------
    list of CoreferenceDocument
        Mentions in their order, chains in that of their first mentions.

    Raises
    ------
    InputValueError
        The file cannot be read, a document is empty or does not end, or brackets are broken; the
        message names file and line.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "ann_conll"
    ...     lines = ["#begin document (ann); part 0", "ann 0 0 Ann (1)", "ann 0 1 smiles -"]
    ...     _ = path.write_text("\n".join([*lines, "", "#end document"]))
    ...     read_conll(path)[0].clusters
    ((Span(start=0, end=3),),)
    """
    file = Path(path)
    documents = []
    reading: _Reading | None = None
    number = 0
    for number, line in enumerate(read_lines(file), start=1):
        place = f"{file}, line {number}"
        if begin := _BEGIN.fullmatch(line):
            if reading is not None:
                raise InputValueError(f"{place}: the document of {reading.place} has no end.")
            reading = _Reading(place, begin[1], int(begin[2] or 0))
        elif _END.fullmatch(line):
            if reading is None:
                raise InputValueError(f"{place}: the end of a document that did not begin.")
            documents.append(reading.finished())
            reading = None
        elif not line.strip():
            if reading is not None:
                reading.end_sentence()
        elif not line.startswith("#"):
            if reading is None:
                raise InputValueError(f"{place}: a word outside of a document.")
            reading.add(place, line)
    if reading is not None:
        raise InputValueError(f"{file}, line {number}: the document of {reading.place} has no end.")
    if not documents:
        raise InputValueError(f"{file}, line {number}: there is no document in this file.")
    return documents


@dataclass
class _Reading:
    """A document of which some lines are read; chains are pairs of words, the last included."""

    place: str
    id: str
    part: int
    sentences: list[list[str]] = field(default_factory=lambda: [[]])
    n_words: int = 0
    chains: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    # By chain, where mentions that are not closed began: the word and the line.
    opened: dict[int, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))

    def end_sentence(self) -> None:
        if self.sentences[-1]:
            self.sentences.append([])

    def add(self, place: str, line: str) -> None:
        # With tabs a name may have blanks.
        columns = line.rstrip().split("\t") if "\t" in line else line.split()
        if len(columns) < _WORD_COLUMN + 2:
            raise InputValueError(
                f"{place}: a line has the document, part, number, word, and in its last column "
                f"the chains; this has {len(columns)} columns."
            )
        word, brackets = columns[_WORD_COLUMN].strip(), columns[-1].strip()
        if not word:
            raise InputValueError(f"{place}: there is no word.")
        self.sentences[-1].append(word)
        if brackets not in _NO_MENTION:
            self._take_brackets(place, brackets)
        self.n_words += 1

    def _take_brackets(self, place: str, brackets: str) -> None:
        if not _BRACKETS.fullmatch(brackets) or brackets.endswith("|"):
            raise InputValueError(
                f"{place}: {shown(brackets)} is no brackets such as '(3)', '(3|(4' or '3)'."
            )
        for alone, opening, closing in _BRACKET.findall(brackets):
            if alone:
                self.chains[int(alone)].append((self.n_words, self.n_words))
            elif opening:
                self.opened[int(opening)].append((self.n_words, place))
            elif not self.opened[int(closing)]:
                raise InputValueError(f"{place}: '{closing})' closes what was not opened.")
            else:
                start, _ = self.opened[int(closing)].pop()
                self.chains[int(closing)].append((start, self.n_words))

    def finished(self) -> CoreferenceDocument:
        for chain, left in self.opened.items():
            if left:
                raise InputValueError(f"{left[-1][1]}: '({chain}' is not closed.")
        text, sentences = join_words([each for each in self.sentences if each])
        if not text:
            raise InputValueError(f"{self.place}: this document is empty.")
        words = [word for sentence in sentences for word in sentence]
        clusters = sorted(
            tuple(sorted(Span(words[first].start, words[last].end) for first, last in chain))
            for chain in self.chains.values()
        )
        return CoreferenceDocument(self.id, text, tuple(clusters), sentences, self.part)


def write_conll(path: str | os.PathLike[str], documents: Iterable[CoreferenceDocument]) -> None:
    """Write documents as CoNLL-2012, so that others can score their chains.

    The columns are document, part, number of the word in its sentence, word and chains, divided by
    tabs as the reference scorer wants it.

    Parameters
    ----------
    path
        The file, which is replaced.
    documents
        Documents with words.

    Raises
    ------
    InputValueError
        A document has no words, a mention does not begin and end with one, or mentions of one chain
        cross, which brackets cannot say; nothing is written.

    Examples
    --------
    >>> import tempfile
    >>> words = (Span(0, 3), Span(4, 10))
    >>> document = CoreferenceDocument("ann", "Ann smiles", ((Span(0, 3),),), (words,))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_conll(Path(folder) / "ann_conll", [document])
    ...     print(read_conll(Path(folder) / "ann_conll") == [document])
    True
    """
    lines = [line for document in documents for line in _lines(document)]
    replace_bytes(Path(path), "".join(f"{line}\n" for line in lines).encode())


def _lines(document: CoreferenceDocument) -> Iterator[str]:
    name = f"document {shown(document.id)}"
    if not document.words:
        raise InputValueError(f"{name} has no words, which CoNLL-2012 is made of.")
    if re.search(r"^#|[\t\r\n]", document.id):
        raise InputValueError(f"{name} cannot be named so in CoNLL-2012.")
    cells = _cells(document, name)
    yield f"#begin document ({document.id}); part {document.part:03}"
    place = 0
    for sentence in document.sentences:
        for number, (start, end) in enumerate(sentence):
            word = document.text[start:end]
            if re.search(r"\s", word):
                raise InputValueError(f"{name}: the word {shown(word)} has blanks.")
            cell = "|".join(cells[place]) or "-"
            yield "\t".join([document.id, str(document.part), str(number), word, cell])
            place += 1
        yield ""
    yield "#end document"


def _cells(document: CoreferenceDocument, name: str) -> list[list[str]]:
    """Give the brackets of every word: what opens, the longest first, then what closes."""
    first_words = {word.start: number for number, word in enumerate(document.words)}
    last_words = {word.end: number for number, word in enumerate(document.words)}
    pairs = []
    for chain, cluster in enumerate(document.clusters):
        _refuse_crossing(cluster, name)
        for start, end in set(cluster):
            if start not in first_words or end not in last_words:
                raise InputValueError(
                    f"{name}: mention {start} to {end}, {shown(document.text[start:end])}, does "
                    "not begin and end with a word."
                )
            pairs.append((first_words[start], last_words[end], chain))
    cells: list[list[str]] = [[] for _ in document.words]
    for first, last, chain in sorted(pairs, key=lambda pair: (-pair[1], pair[2])):
        cells[first].append(f"({chain})" if first == last else f"({chain}")
    for first, last, chain in sorted(pairs, key=lambda pair: (-pair[0], pair[2])):
        if first != last:
            cells[last].append(f"{chain})")
    return cells


def _refuse_crossing(cluster: Cluster, name: str) -> None:
    around: list[Span] = []
    for mention in sorted(set(cluster), key=lambda span: (span.start, -span.end)):
        while around and around[-1].end <= mention.start:
            around.pop()
        if around and around[-1].end < mention.end:
            raise InputValueError(
                f"{name}: mentions {around[-1].start} to {around[-1].end} and {mention.start} to "
                f"{mention.end} of one chain cross, which brackets cannot say."
            )
        around.append(mention)
