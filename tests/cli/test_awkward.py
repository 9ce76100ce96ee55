"""The promise: each word of each awkward file is found, in its place; what is not read is said.

Every module ``tests/files/awkward_*.py`` has an ``awkward_files()`` that gives some; see
`tests.files.awkward`.
"""

from __future__ import annotations

import pkgutil
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

import tests.files
from tests.cli.conftest import WordEncoder
from tests.files.awkward import Awkward
from vectorlong import DocumentIndex
from vectorlong.documents import Document
from vectorlong.files.limits import DEFAULT_LIMITS
from vectorlong.files.process.reader_process import ReaderProcess
from vectorlong.files.source import FileSource

AWKWARD: list[Awkward] = [
    awkward
    for module in pkgutil.iter_modules(tests.files.__path__)
    if module.name.startswith("awkward_")
    for awkward in import_module(f"tests.files.{module.name}").awkward_files()
]
each_file = pytest.mark.parametrize("awkward", AWKWARD, ids=lambda awkward: awkward.name)


@dataclass(frozen=True)
class Reading:
    """What a folder of all the files is read as."""

    folder: Path
    documents: dict[str, list[Document]]  # by path, as all below
    said: dict[str, list[str]]

    def path(self, awkward: Awkward) -> str:
        return f"{self.folder.name}/{awkward.name}"


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    folder = tmp_path_factory.mktemp("awkward") / "docs"
    folder.mkdir()
    for awkward in AWKWARD:
        (folder / awkward.name).write_bytes(awkward.content)
    source = FileSource([folder])
    documents, said = defaultdict(list), defaultdict(list)
    for document in source:
        documents[document.metadata["file"]["path"]].append(document)
    for remark in source.remarks:
        said[remark.path].append(remark.text)
    for left_out in source.left_out:
        said[left_out.path].append(left_out.reason)
    for path, encoding in source.other_encodings.items():
        said[path].append(f"Read as {encoding}, not UTF-8")
    return Reading(folder, documents, said)


@pytest.fixture(scope="module")
def index(reading: Reading, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DocumentIndex]:
    folder = tmp_path_factory.mktemp("index") / "index"
    with DocumentIndex.create(folder, WordEncoder()) as made:
        made.add(document for documents in reading.documents.values() for document in documents)
        yield made


def test_no_file_takes_the_place_of_another():
    names = [awkward.name for awkward in AWKWARD]
    assert sorted(set(names)) == sorted(names)


@each_file
def test_each_place_has_a_word_of_its_own(awkward):
    """Which none of the others contains, so that none is found in another's place."""
    words = [_folded(word) for word in awkward.found]
    # What is shorter is asked for as a part of a line.
    telling = [word for word in words if len(word) > 3]
    assert [word for word in telling if sum(word in other for other in words) > 1] == []


@each_file
def test_words_are_read_or_it_is_said_that_they_are_not(awkward, reading):
    path = reading.path(awkward)
    texts = [document.text for document in reading.documents[path]]
    assert {word for word in awkward.found if not _is_in(word, texts)} == set()
    assert {word for word in awkward.unseen if _is_in(word, texts)} == set()
    said = reading.said[path]
    assert {part for part in awkward.said if not any(part in it for it in said)} == set(), said


@each_file
def test_words_are_found_where_they_stand(awkward, reading, index):
    path = reading.path(awkward)
    own = {document.id: document.text for document in reading.documents[path]}
    for word in filter(_is_word, awkward.found):
        hits = [hit for hit in index.search(word, len(index), mode="lexical") if hit.id in own]
        passages = [hit.passage for hit in hits]
        assert any(_is_in(word, [passage.text]) for passage in passages), word
        for hit in hits:
            text, passage = own[hit.id], hit.passage
            assert hit.text == text
            assert text[passage.start : passage.end] == passage.text
    for word in awkward.unseen:
        assert own.keys().isdisjoint(
            hit.id for hit in index.search(word, len(index), mode="lexical")
        ), word


def test_what_is_printed_is_what_was_read(reading, run, monkeypatch):
    """``vectorlong read`` of every file: its text to the byte, and what is said of it."""
    with ReaderProcess(DEFAULT_LIMITS, None) as process:  # one for all: each takes time to start
        monkeypatch.setattr(
            "vectorlong.files.source.ReaderProcess", lambda *_: nullcontext(process)
        )
        for awkward in AWKWARD:
            check_printed(awkward, reading, run)


def check_printed(awkward, reading, run):
    documents = reading.documents[reading.path(awkward)]
    result = run("read", reading.folder / awkward.name, code=0 if documents else 1)
    rows = [
        f"==> {document.id} <==\n{document.text}\n"
        if "row" in document.metadata["file"]
        else document.text
        for document in documents
    ]
    assert result.stdout_bytes == "".join(rows).encode(), awkward.name
    assert {part for part in awkward.said if part not in result.stderr} == set(), awkward.name


def _is_word(found: str) -> bool:
    """Whether it is more than signs, such as an emoji, which search by words looks for in vain."""
    return any(map(str.isalnum, found))


def _is_in(word: str, texts: list[str]) -> bool:
    return any(_folded(word) in _folded(text) for text in texts)


def _folded(text: str) -> str:
    """Letters whose accents are characters of their own, as in Windows-1258, are the same."""
    return unicodedata.normalize("NFC", text).casefold()
