"""One generation of the ledger, and what it holds: one read transaction sees no other."""

from __future__ import annotations

import hashlib
import itertools
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vectorlong.errors import FilterError
from vectorlong.lexical.expressions import single_term
from vectorlong.retrieval.connections import LedgerConnection
from vectorlong.retrieval.ledger import damaged
from vectorlong.retrieval.word_tables import PASSAGE_BITS, SPAN_TYPE, WordTables, as_spans
from vectorlong.vector_index.vector_file import Segment

# Keys and rows are counted from 0; so many of either no index has.
_MAX_INTEGER = 1 << 32
# SQLite takes at least 999 in one statement.
_MAX_PARAMETERS = 900
# Of words as they stand, in texts that are ranked by stems; docs/search.md has the figures.
_WEIGHT_OF_WORDS = 0.1
# How SQLite says that a statement is well formed and too large (sqlite.org/limits.html).
_SQL_LIMITS = ("Expression tree is too large", "parser stack overflow", "too many SQL variables")


@dataclass(frozen=True)
class StoredDocument:
    """A document as the ledger keeps it.

    Attributes
    ----------
    key
        Its number in the ledger; never given twice.
    id, text, metadata
        As added.
    n_tokens
        Tokens of the text.
    document_row, first_row
        Its row among the document vectors; the first of its rows among the passage vectors.
    spans
        int64 [p, 2] character offsets of its passages.
    """

    key: int
    id: str
    text: str
    metadata: dict[str, Any]
    n_tokens: int
    document_row: int
    first_row: int
    spans: np.ndarray


def content_digest(name: str, text: str, metadata: str) -> bytes:
    """Return what makes a document the same document: its id, text and metadata (as JSON)."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (name, metadata, text):
        content = part.encode()
        digest.update(len(content).to_bytes(8, "little"))
        digest.update(content)
    return digest.digest()


def record_digest(content: bytes, n_tokens: int, spans: np.ndarray) -> bytes:
    """Checksum of everything a stored document says of itself except where its rows lie."""
    digest = hashlib.blake2b(content, digest_size=16)
    digest.update(n_tokens.to_bytes(8, "little"))
    digest.update(spans.astype(SPAN_TYPE).tobytes())
    return digest.digest()


def _are_counts(values: Sequence[object]) -> bool:
    """Whether all are whole numbers of 0 or more; SQLite keeps anything in any column."""
    return all(isinstance(value, int) and value >= 0 for value in values)


class Snapshot:
    """What one generation holds. Valid inside `LedgerReader.snapshot` only."""

    def __init__(self, connection: LedgerConnection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._words: WordTables | None = None
        row = connection.one("SELECT generation, epoch FROM state")
        if row is None or not _are_counts(row):
            raise damaged(path, "it has no state")
        self.generation, self.epoch = row

    def settings(self) -> dict[str, Any]:
        """Return what the index was created with."""
        row = self._connection.one("SELECT value FROM settings WHERE name = 'index'")
        try:
            settings = json.loads(row[0])
        except (TypeError, ValueError, RecursionError):
            raise damaged(self._path, "its settings cannot be read") from None
        if not isinstance(settings, dict):
            raise damaged(self._path, "its settings cannot be read")
        return settings

    def count(self) -> tuple[int, int, int]:
        """Documents, their passages, their tokens."""
        row = self._connection.one(
            "SELECT count(*), coalesce(sum(n_passages), 0), coalesce(sum(n_tokens), 0) "
            "FROM documents"
        )
        if not _are_counts(row):
            raise damaged(self._path, "its documents have no number of passages or tokens")
        return row

    def segments(self, file: str) -> list[Segment]:
        """Return the checksummed parts of a vector file, in order and without a gap."""
        rows = self._connection.all(
            "SELECT first_row, n_rows, checksum FROM segments WHERE file = ? ORDER BY first_row",
            (file,),
        )
        segments = []
        expected_row = 0
        for row in rows:
            segment = Segment(*row)
            if not _are_counts(row) or segment.first_row != expected_row:
                raise damaged(
                    self._path, f"rows {expected_row} onwards of {file} are not accounted for"
                )
            expected_row += segment.n_rows
            segments.append(segment)
        return segments

    def n_rows(self, file: str) -> int:
        """Acknowledged rows of a vector file."""
        row = self._connection.one(
            "SELECT coalesce(sum(n_rows), 0) FROM segments WHERE file = ?", (file,)
        )
        if not _are_counts(row):
            raise damaged(self._path, f"it does not say how many rows {file} has")
        return int(row[0])

    def placements(self, after_key: int = 0) -> np.ndarray:
        """int64 [n, 4]: key, document_row, first_row, n_passages of later documents."""
        return self._integers(
            4,
            "SELECT key, document_row, first_row, n_passages FROM documents WHERE key > ? "
            "ORDER BY key",
            (after_key,),
        )

    def tombstones(self, after_generation: int = 0) -> np.ndarray:
        """int64 [n, 3]: document_row, first_row, n_passages of documents deleted since."""
        return self._integers(
            3,
            "SELECT document_row, first_row, n_passages FROM tombstones WHERE generation > ?",
            (after_generation,),
        )

    def _integers(self, n_columns: int, query: str, parameters: Sequence[Any]) -> np.ndarray:
        """Return a query's integers as int64 [n, n_columns], without a list of all rows between."""
        values = itertools.chain.from_iterable(self._connection.rows(query, tuple(parameters)))
        try:
            integers = np.fromiter(values, dtype=np.int64).reshape(-1, n_columns)  # [n, n_columns]
        except (TypeError, ValueError, OverflowError):
            raise damaged(self._path, "where rows belong is no number") from None
        if len(integers) and (integers.min() < 0 or integers.max() > _MAX_INTEGER):
            raise damaged(self._path, "where rows belong is no possible number")
        return integers

    def known(self, names: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        """Key and content digest of those ids that the index holds."""
        found: dict[str, tuple[int, bytes]] = {}
        # Bound one by one, and not as a JSON list, of whose strings SQLite drops all after a NUL.
        for start in range(0, len(names), _MAX_PARAMETERS):
            part = names[start : start + _MAX_PARAMETERS]
            marks = ",".join("?" * len(part))
            rows = self._connection.all(
                f"SELECT id, key, content_digest FROM documents WHERE id IN ({marks})", part
            )
            found.update({name: (key, digest) for name, key, digest in rows})
        return found

    def ids(self) -> Iterator[tuple[int, str]]:
        """Yield key and id of every document, by key."""
        yield from self._connection.rows("SELECT key, id FROM documents ORDER BY key")

    def matching_keys(self, condition: str, parameters: Sequence[Any]) -> np.ndarray:
        """int64 [n]: keys of the documents whose metadata fulfil a compiled filter.

        Raises
        ------
        FilterError
            The filter has more conditions, or is nested deeper, than SQLite takes.
        """
        query = f"SELECT key FROM documents WHERE {condition}"
        try:
            return self._integers(1, query, parameters)[:, 0]  # [n]
        except sqlite3.OperationalError as error:
            if not any(limit in str(error) for limit in _SQL_LIMITS):
                raise
            raise FilterError(
                f"The filter has too many conditions, or is nested too deep ({error}). One $in "
                "takes a list of any length in place of many conditions on a field; else search "
                "several times."
            ) from None

    def fetch(self, key: int) -> StoredDocument:
        """One document, its content checked against its digests.

        Raises
        ------
        IndexCorruptError
            The record is missing or is not what was written.
        """
        row = self._connection.one(
            "SELECT id, content_digest, record_digest, n_tokens, document_row, first_row, "
            "n_passages, metadata, spans, text FROM documents JOIN texts USING (key) WHERE key = ?",
            (key,),
        )
        if row is None:
            raise damaged(self._path, f"document number {key} is missing")
        name, content, record, n_tokens, document_row, first_row, n_passages = row[:7]
        encoded_metadata, span_bytes, text = row[7:]
        try:
            spans = as_spans(span_bytes)  # [p, 2]
            metadata = json.loads(encoded_metadata)
            is_whole = (
                len(spans) == n_passages > 0
                and bool((spans >= 0).all() and (spans <= len(text)).all())
                and isinstance(metadata, dict)
                and content_digest(name, text, encoded_metadata) == content
                and record_digest(content, n_tokens, spans) == record
            )
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
            is_whole = False
        if not is_whole:
            raise damaged(self._path, f"the record of document {name!r} does not have its checksum")
        return StoredDocument(key, name, text, metadata, n_tokens, document_row, first_row, spans)

    @property
    def words(self) -> WordTables:
        """The tables of the lexical index that are in use."""
        # No cached_property: Python 3.11 locks it for all snapshots, and a fork may come meanwhile.
        if self._words is None:
            try:
                self._words = WordTables.in_use(self._connection)
            except ValueError as error:
                raise damaged(self._path, str(error)) from None
        return self._words

    def keys_with(self, expression: str, first_key: int, last_key: int) -> np.ndarray:
        """int64 [n]: keys of the documents, from one to another, that match an expression."""
        table = self.words.documents
        query = f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid BETWEEN ? AND ?"
        return self._integers(1, query, (expression, first_key, last_key))[:, 0]  # [n]

    def n_passages_with(self, expression: str) -> int:
        """In how many passages a term stands; 1 where the expression is of several."""
        term = single_term(expression)
        if term is None:
            return 1
        row = self._connection.one(
            f"SELECT doc FROM {self._vocabulary(self.words.passages)} WHERE term = ?", (term,)
        )
        return 0 if row is None else int(row[0])

    def _vocabulary(self, table: str) -> str:
        """Return the name of the table that tells what FTS5 knows of each term."""
        self._connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{table}_words "
            f"USING fts5vocab('main', '{table}', 'row')"
        )
        return f"temp.{table}_words"

    def lexical_documents(
        self, expression: str, limit: int, allowed: bytes | None
    ) -> list[tuple[int, float]]:
        """Key and BM25 (greater is better) of the best documents; ``allowed`` is a mask by key."""
        return self._lexical(self.words.documents, expression, limit, allowed, 0)

    def lexical_passages(
        self, expression: str, limit: int, allowed: bytes | None
    ) -> list[tuple[int, int, float]]:
        """Key, ordinal and BM25 of the best passages."""
        rows = self._lexical(self.words.passages, expression, limit, allowed, PASSAGE_BITS)
        mask = (1 << PASSAGE_BITS) - 1
        return [(rowid >> PASSAGE_BITS, rowid & mask, score) for rowid, score in rows]

    def _lexical(
        self, table: str, expression: str, limit: int, allowed: bytes | None, shift: int
    ) -> list[tuple[int, float]]:
        condition = ""
        if allowed is not None:
            # A function on the mask costs a look-up a row; SQL would run the filter every time.
            n_keys = len(allowed)
            self._connection.create_function(
                "is_allowed",
                1,
                lambda rowid: (rowid >> shift) < n_keys and allowed[rowid >> shift],
                deterministic=True,
            )
            condition = "AND is_allowed(rowid) "
        return [
            (rowid, -score)
            for rowid, score in self._connection.all(
                f"SELECT rowid, {_score(table)} AS score FROM {table} "
                f"WHERE {table} MATCH ? {condition}ORDER BY score, rowid LIMIT ?",
                (expression, limit),
            )
        ]

    def passage_scores(self, expression: str, key: int) -> dict[int, float]:
        """BM25 of those passages of one document that match, by ordinal."""
        first = key << PASSAGE_BITS
        table = self.words.passages
        rows = self._connection.all(
            f"SELECT rowid, {_score(table)} FROM {table} WHERE {table} MATCH ? "
            "AND rowid BETWEEN ? AND ?",
            (expression, first, first + (1 << PASSAGE_BITS) - 1),
        )
        return {rowid - first: -score for rowid, score in rows}

    def check_database(self) -> list[str]:
        """SQLite's own findings on the database, empty if it has none."""
        rows = self._connection.all("PRAGMA integrity_check(10)")
        return [row[0] for row in rows if row[0] != "ok"]

    def check_lexical(self) -> list[str]:
        """Return what is wrong with the lexical index; every entry of it is read."""
        placements = self.placements()
        firsts, counts = placements[:, 0] << PASSAGE_BITS, placements[:, 3]
        within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        expected = {
            self.words.documents: placements[:, 0],
            self.words.passages: np.repeat(firsts, counts) + within,
        }
        findings = []
        for table, rowids in expected.items():
            try:
                finding = self._lexical_damage(table, rowids)
            except sqlite3.Error as error:
                finding = str(error)
            if finding is not None:
                findings.append(f"{table} is damaged ({finding})")
        return findings

    def _lexical_damage(self, table: str, rowids: np.ndarray) -> str | None:
        """Compare an FTS5 table with the texts it should have, and its words with their number.

        FTS5's own check would have to write.
        """
        rows = self._connection.all(f"SELECT id, sz FROM {table}_docsize ORDER BY id")
        if [rowid for rowid, _ in rows] != rowids.tolist():
            return "it does not hold every text once"
        vocabulary = self._vocabulary(table)
        n_words = self._connection.one(f"SELECT coalesce(sum(cnt), 0) FROM {vocabulary}")[0]
        if n_words != sum(_sum_of_varints(size) for _, size in rows):
            return "words of it are missing"
        return None


def _score(table: str) -> str:
    """Return how FTS5 is asked for BM25 over the columns; smaller is better."""
    return f"bm25({table}, 1.0, {_WEIGHT_OF_WORDS})"


def _sum_of_varints(content: object) -> int:
    """Add what FTS5 keeps as a text's length by column (sqlite.org/fileformat2.html#varint)."""
    total = number = 0
    for byte in content if isinstance(content, bytes) else b"":
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            total, number = total + number, 0
    return total
