"""Indexes whose words were taken otherwise: they are read, and indexed anew by the next writer."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from fake_encoder import FakeEncoder

from vectorlong.errors import IndexCorruptError
from vectorlong.retrieval import ledger_writer, word_tables, writer
from vectorlong.retrieval.document_index import DocumentIndex
from vectorlong.retrieval.manifest import MANIFEST_NAME, read_manifest
from vectorlong.vector_index.index_files import replace_sealed

TEXTS = [f"Contract {number} of the bank, signed at place{number}." for number in range(20)]
CHINESE = "我们的合同于2023年签订。"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with DocumentIndex.create(tmp_path / "index", FakeEncoder()) as index:
        index.add([(f"d{number:02}", text) for number, text in enumerate(TEXTS)])
        index.add([("chinese", CHINESE)])
    return tmp_path / "index"


def change_ledger(folder: Path, *statements: str) -> None:
    connection = sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()
    leave_unstamped(folder)


def leave_unstamped(folder: Path, version: int = 3) -> None:
    """Write the manifest as one that knows no digests."""
    content = {**asdict(read_manifest(folder)), "files": {}, "format_version": version}
    if version < 3:
        del content["language"]
    replace_sealed(folder / MANIFEST_NAME, content)


def make_first_format(folder: Path) -> None:
    """Turn an index into one of the first format, as far as ASCII goes."""
    connection = sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)
    for table in ("documents", "passages", "digests"):
        connection.execute(f"DROP TABLE lexical_{table}_1")
    for table in ("documents", "passages"):
        connection.execute(
            f"CREATE VIRTUAL TABLE lexical_{table} USING fts5(words, content='', "
            "tokenize='porter unicode61 remove_diacritics 2')"
        )
    for key, spans, text in connection.execute("SELECT key, spans, text FROM texts").fetchall():
        connection.execute(
            "INSERT INTO lexical_documents (rowid, words) VALUES (?, ?)", (key, text)
        )
        for ordinal, (start, end) in enumerate(word_tables.as_spans(spans).tolist()):
            connection.execute(
                "INSERT INTO lexical_passages (rowid, words) VALUES (?, ?)",
                (key << 20 | ordinal, text[start:end]),
            )
    settings = json.loads(
        connection.execute("SELECT value FROM settings WHERE name = 'index'").fetchone()[0]
    )
    del settings["language"]
    connection.execute(
        "UPDATE settings SET value = ? WHERE name = 'index'", (json.dumps(settings),)
    )
    connection.execute("DELETE FROM settings WHERE name = 'words'")
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    leave_unstamped(folder, version=2)


def found(index: DocumentIndex, question: str, k: int = 1) -> list[str]:
    return [hit.id for hit in index.search(question, k, mode="lexical")]


def tables(folder: Path) -> set[str]:
    connection = sqlite3.connect(folder / "ledger.sqlite")
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    return {name for name in names if re.fullmatch(r"lexical_documents(_\d+)?", name)}


def test_an_index_of_the_first_format_is_searched_as_it_is(folder: Path) -> None:
    make_first_format(folder)
    with DocumentIndex.open(folder, FakeEncoder(), read_only=True) as index:
        assert found(index, "place7") == ["d07"]
        assert found(index, "contracts of banks", 3) == ["d00", "d01", "d02"]
        assert found(index, '"of the bank" place3 -place5', 30)[0] == "d03"
        assert "d05" not in found(index, "bank -place5", 30)
        assert found(index, "2023年") == []
        assert index.verify() == []


def test_a_writer_indexes_its_words_anew_and_says_so_once(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_first_format(folder)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with DocumentIndex.open(folder, FakeEncoder()) as index:
                assert found(index, "2023年") == ["chinese"]
                assert found(index, "contracts of banks", 3) == ["d00", "d01", "d02"]
                assert index.verify() == []
                assert index.manifest.language == "auto"
    assert [record.getMessage() for record in caplog.records] == [
        "This version of vectorlong takes words otherwise: those of the 21 documents in "
        f"{str(folder)!r} are indexed anew, once."
    ]
    with DocumentIndex.open(folder, FakeEncoder()) as index:
        assert index.delete(["d03", "chinese"]) == 2
        index.add([("d04", "Something else altogether.")])
        assert found(index, "place4") == []
        assert index.verify() == []


def test_another_scheme_is_noticed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (writer, ledger_writer):
        monkeypatch.setattr(module, "scheme", lambda setting: f"of another day, {setting}")
    with DocumentIndex.open(folder, FakeEncoder()) as index:
        assert found(index, "place7") == ["d07"]
    assert tables(folder) == {"lexical_documents_2"}


INTERRUPTED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from fake_encoder import FakeEncoder
from vectorlong.retrieval import writer
from vectorlong.retrieval.document_index import DocumentIndex
from vectorlong.retrieval.ledger_writer import LedgerTransaction

writer._COMMIT_CHARACTERS = 200
n_parts = int(sys.argv[3])
index_more = LedgerTransaction.index_more_words

def index_some(self, max_characters):
    global n_parts
    if n_parts == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    n_parts -= 1
    return index_more(self, max_characters)

LedgerTransaction.index_more_words = index_some
DocumentIndex.open(sys.argv[1], FakeEncoder()).close()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills need POSIX signals")
@pytest.mark.parametrize("n_parts", [0, 1, 3])
def test_indexing_anew_goes_on_where_it_was_killed(
    folder: Path, n_parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_first_format(folder)
    command = [sys.executable, "-c", INTERRUPTED, folder, Path(__file__).parent, str(n_parts)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    with DocumentIndex.open(folder, FakeEncoder(), read_only=True) as index:
        assert found(index, "place7") == ["d07"]
        assert index.verify() == []
    indexed: list[int] = []
    insert = word_tables.WordTables.insert

    def note(self: word_tables.WordTables, connection, key: int, *rest) -> None:
        indexed.append(key)
        insert(self, connection, key, *rest)

    monkeypatch.setattr(word_tables.WordTables, "insert", note)
    with DocumentIndex.open(folder, FakeEncoder()) as index:
        assert indexed[:1] == [n_parts * 5 + 1]  # five texts are a part
        assert indexed == list(range(indexed[0], 22))
        assert found(index, "2023年") == ["chinese"]
        assert index.verify() == []
    assert tables(folder) == {"lexical_documents_1"}


def test_what_a_former_attempt_of_another_scheme_left_is_not_gone_on_with(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_first_format(folder)
    command = [sys.executable, "-c", INTERRUPTED, folder, Path(__file__).parent, "2"]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    for module in (writer, ledger_writer):
        monkeypatch.setattr(module, "scheme", lambda setting: f"of another day, {setting}")
    with DocumentIndex.open(folder, FakeEncoder()) as index:
        assert found(index, "2023年") == ["chinese"]
        assert index.verify() == []


@pytest.mark.parametrize("change", ["delete", "update"])
def test_words_that_are_others_by_now_are_all_indexed_anew(
    folder: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by another Python, which knows letters that the first one did not."""
    indexed_words: Callable = word_tables.indexed_words

    def with_more(text: str, language: str | None):
        return indexed_words(text.replace("place3", "place3 \N{SNOWMAN}"), language)

    monkeypatch.setattr(word_tables, "indexed_words", with_more)
    with DocumentIndex.open(folder, FakeEncoder()) as index:
        if change == "delete":
            index.delete("d03")
        else:
            index.add([("d03", "Nothing of that.")])
        assert found(index, "place3") == []
        assert found(index, "place4") == ["d04"]
        assert index.verify() == []


@pytest.mark.parametrize(
    "value",
    [
        "'{'",
        "'[]'",
        '\'{"number": -1, "scheme": ""}\'',
        '\'{"number": 1, "scheme": 7}\'',
        '\'{"number": 9, "scheme": ""}\'',
        "x'ff'",
    ],
)
def test_a_record_of_tables_that_makes_no_sense_is_refused(folder: Path, value: str) -> None:
    change_ledger(folder, f"UPDATE settings SET value = {value} WHERE name = 'words'")
    with pytest.raises(IndexCorruptError, match=r"ledger\.sqlite"):
        DocumentIndex.open(folder, FakeEncoder()).close()


def test_an_index_without_words_has_none_to_index_anew(tmp_path: Path) -> None:
    with DocumentIndex.create(tmp_path / "index", FakeEncoder(), lexical=False) as index:
        index.add([("a", "one text")])
    with DocumentIndex.open(tmp_path / "index", FakeEncoder()) as index:
        index.rebuild()
        assert [hit.id for hit in index.search('"no phrase" -text', mode="vector")] == ["a"]


def test_nobody_else_reads_words_that_are_not_finished(folder: Path) -> None:
    """Beside tables that are being made, those in use are searched and checked."""
    make_first_format(folder)
    command = [sys.executable, "-c", INTERRUPTED, folder, Path(__file__).parent, "2"]
    subprocess.run(command, check=False, env=os.environ.copy())
    assert tables(folder) == {"lexical_documents", "lexical_documents_1"}
    with DocumentIndex.open(folder, FakeEncoder(), read_only=True) as index:
        assert found(index, "place19") == ["d19"]
