"""What `DocumentIndex.add` did, counted while it does it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from vectorlong.errors import IndexFolderError
from vectorlong.retrieval.connections import LedgerConnection


@dataclass(frozen=True)
class AddReport:
    """What ``add`` did.

    Attributes
    ----------
    added
        Documents whose id was new.
    updated
        Documents whose text or metadata had changed.
    unchanged
        Documents that were there already; nothing was computed for them.
    duplicates
        Documents handed in again under the same id within one call; the later one won.
    n_tokens, n_dropped_tokens
        Tokens of the texts that were encoded, and those that the encoder left out.
    seconds
        Wall-clock time.
    """

    added: int
    updated: int
    unchanged: int
    duplicates: int
    n_tokens: int
    n_dropped_tokens: int
    seconds: float


class Outcomes:
    """What became of every id of one call to ``add``, in a temporary file rather than in memory."""

    def __init__(self) -> None:
        with _temporary_file_errors():
            self._database = sqlite3.connect(
                "", isolation_level=None, check_same_thread=False, factory=LedgerConnection
            )
            self._database.execute("PRAGMA journal_mode = OFF")
            self._database.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, outcome TEXT)")
        self.counts = {"added": 0, "updated": 0, "unchanged": 0, "duplicates": 0}

    def note(self, name: str, outcome: str) -> None:
        """Count ``outcome``, or a duplicate if the id was seen before in this call."""
        with _temporary_file_errors():
            row = self._database.one("SELECT outcome FROM seen WHERE id = ?", (name,))
            if row is None:
                self.counts[outcome] += 1
            else:
                self.counts["duplicates"] += 1
                if row[0] != "unchanged" or outcome == "unchanged":
                    return
                self.counts["unchanged"] -= 1
                self.counts[outcome] += 1
            self._database.execute("INSERT OR REPLACE INTO seen VALUES (?, ?)", (name, outcome))

    def close(self) -> None:
        """Remove the temporary file."""
        with _temporary_file_errors():
            self._database.close()


@contextlib.contextmanager
def _temporary_file_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise IndexFolderError(
            f"Cannot keep count of the documents in a temporary file: {error}. What was "
            "acknowledged is in the index; make room where temporary files lie, then call again."
        ) from error
