"""The tables of the lexical index: FTS5 over the words of documents and of passages.

They are derived from the texts, by a scheme that may differ between versions of this library; the
ledger says which. When it does, tables of another number are made beside those in use, part by
part, and take their place at the end.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Annotated

import numpy as np
from pydantic import Field

from vectorlong.fields import checked_fields
from vectorlong.lexical.characters import exact_words, visible
from vectorlong.lexical.expressions import TOKENIZER
from vectorlong.lexical.stems import stem_language
from vectorlong.lexical.words import IndexedWords, indexed_words
from vectorlong.retrieval.connections import LedgerConnection

# A passage's rowid is its document's key and its ordinal in these bits, so that it stays the same
# when the vector files are rewritten.
PASSAGE_BITS = 20
SPAN_TYPE = np.dtype("<i8")
# Names of rows in the ledger's settings.
IN_USE, UNFINISHED = "words", "unfinished words"
# So much of a document tells its language.
_TELLING_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class WordTables:
    """The tables of one scheme.

    Attributes
    ----------
    number
        Part of their names; 0 of those of the first format, which had another tokenizer and one
        column, and are only searched.
    scheme
        What the words depend on; see `vectorlong.lexical.scheme`.
    last_key
        Of the documents indexed so far, while the tables are unfinished.
    """

    number: Annotated[int, Field(ge=0, le=1 << 31)]
    scheme: str
    last_key: Annotated[int, Field(ge=0)] = 0

    @property
    def documents(self) -> str:
        """Name of the table of whole documents."""
        return f"lexical_documents{self._suffix}"

    @property
    def passages(self) -> str:
        """Name of the table of passages."""
        return f"lexical_passages{self._suffix}"

    @property
    def _suffix(self) -> str:
        return f"_{self.number}" if self.number else ""

    @property
    def _digests(self) -> str:
        return f"lexical_digests{self._suffix}"

    # --- making and recording ----------------------------------------------------------------

    @staticmethod
    def recorded(connection: LedgerConnection, name: str = IN_USE) -> WordTables | None:
        """Return the tables that the ledger records under a name, if any.

        Raises
        ------
        ValueError
            What it says makes no sense.
        """
        row = connection.one("SELECT value FROM settings WHERE name = ?", (name,))
        return None if row is None else checked_fields(WordTables, json.loads(row[0]))

    @staticmethod
    def all_recorded(connection: LedgerConnection) -> list[WordTables]:
        """Return the tables in use and the unfinished ones, as far as the ledger records any."""
        tables = [WordTables.recorded(connection, name) for name in (IN_USE, UNFINISHED)]
        return [one for one in tables if one is not None]

    @staticmethod
    def in_use(connection: LedgerConnection) -> WordTables:
        """Return the tables that are searched; an index of the first format records none."""
        return WordTables.recorded(connection) or WordTables(0, "")

    def record(self, connection: LedgerConnection, name: str) -> None:
        """Enter the tables in the ledger under a name."""
        connection.execute(
            "INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(asdict(self)))
        )

    def create(self, connection: LedgerConnection) -> None:
        """Make the tables, empty; they keep no text, but digests of the words they were given."""
        if self.number == 0:
            for table in (self.documents, self.passages):
                connection.execute(_FIRST_FORMAT.format(table=table))
            return
        for table in (self.documents, self.passages):
            connection.execute(
                f"CREATE VIRTUAL TABLE {table} USING fts5(terms, words, content='', "
                f'tokenize="{TOKENIZER}")'
            )
        connection.execute(
            f"CREATE TABLE {self._digests} (key INTEGER PRIMARY KEY, digest BLOB NOT NULL)"
        )

    def drop(self, connection: LedgerConnection) -> None:
        """Remove the tables."""
        for table in (self.documents, self.passages, self._digests):
            connection.execute(f"DROP TABLE IF EXISTS {table}")

    # --- filling -----------------------------------------------------------------------------

    def insert(
        self, connection: LedgerConnection, key: int, text: str, spans: np.ndarray, language: str
    ) -> None:
        """Index one document and its passages, int64 [p, 2], with the stems of a language."""
        document, passages = _rows(key, text, spans, language)
        statement = "INSERT INTO {table} (rowid, terms, words) VALUES (?, ?, ?)"
        connection.execute(statement.format(table=self.documents), document)
        connection.executemany(statement.format(table=self.passages), passages)
        connection.execute(
            f"INSERT INTO {self._digests} VALUES (?, ?)", (key, _digest(document, passages))
        )

    def delete(
        self, connection: LedgerConnection, key: int, text: str, spans: np.ndarray, language: str
    ) -> bool:
        """Remove one document, unless its words are others today than when they were indexed.

        FTS5 has to be told what it had indexed, and another Python may know more of Unicode. The
        return value is whether it was removed.
        """
        document, passages = _rows(key, text, spans, language)
        row = connection.one(f"SELECT digest FROM {self._digests} WHERE key = ?", (key,))
        if row is None or row[0] != _digest(document, passages):
            return False
        for table, rows in ((self.documents, [document]), (self.passages, passages)):
            connection.executemany(
                f"INSERT INTO {table} ({table}, rowid, terms, words) VALUES ('delete', ?, ?, ?)",
                rows,
            )
        connection.execute(f"DELETE FROM {self._digests} WHERE key = ?", (key,))
        return True

    def fill(
        self, connection: LedgerConnection, language: str, max_characters: int | None = None
    ) -> tuple[WordTables, int]:
        """Index documents after the last one that has been, in the order of their keys.

        Parameters
        ----------
        connection
            Within a transaction.
        language
            Of the stems.
        max_characters
            Stop after the document that reaches it; None: not before the end.

        Returns
        -------
        tuple
            How far the tables are now, and how many documents were indexed: 0 at the end.
        """
        last_key, n_characters, n_documents = self.last_key, 0, 0
        while max_characters is None or n_characters < max_characters:
            row = connection.one(
                "SELECT key, spans, text FROM texts WHERE key > ? ORDER BY key LIMIT 1",
                (last_key,),
            )
            if row is None:
                break
            last_key, spans, text = row
            self.insert(connection, last_key, text, as_spans(spans), language)
            n_characters += len(text)
            n_documents += 1
        return replace(self, last_key=last_key), n_documents

    def optimise(self, connection: LedgerConnection) -> None:
        """Merge what FTS5 keeps in parts."""
        for table in (self.documents, self.passages):
            connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")


def as_spans(content: bytes) -> np.ndarray:
    """Return a document's passages as the ledger keeps them, int64 [p, 2]."""
    return np.frombuffer(content, SPAN_TYPE).reshape(-1, 2)


# As the first format made them; only the look of an old ledger is compared with it.
_FIRST_FORMAT = (
    "CREATE VIRTUAL TABLE {table} USING fts5(words, content='', "
    "tokenize='porter unicode61 remove_diacritics 2')"
)
_Row = tuple[int, str, str]


def _rows(key: int, text: str, spans: np.ndarray, setting: str) -> tuple[_Row, list[_Row]]:
    """Rowid, terms and words of a document, and of every passage of it.

    A list, so that no code of Python runs while SQLite takes it: a signal's handler that closed the
    connection in between would crash the process.
    """
    language = stem_language(setting, exact_words(visible(text[:_TELLING_CHARACTERS])))
    return (
        _row(key, indexed_words(text, language)),
        [
            _row((key << PASSAGE_BITS) | ordinal, indexed_words(text[start:end], language))
            for ordinal, (start, end) in enumerate(spans.tolist())
        ],
    )


def _row(rowid: int, indexed: IndexedWords) -> _Row:
    return rowid, indexed.terms, indexed.words


def _digest(document: _Row, passages: Iterable[_Row]) -> bytes:
    digest = hashlib.blake2b(digest_size=8)
    for _, terms, words in (document, *passages):
        digest.update(f"{terms}\n{words}\n".encode())
    return digest.digest()
