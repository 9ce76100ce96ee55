"""What reading one file may cost; what costs more is left out by name, and the reading goes on."""

from __future__ import annotations

from dataclasses import dataclass, fields

from vectorlong.errors import OptionError
from vectorlong.files.unreadable import UnreadableError

_MEGABYTE = 1_000_000
_MOST = 1_000_000_000
_EXCEEDED = {
    "seconds": "takes more than {} s to read",
    "memory_mb": "needs more than {} MB of memory to be read",
    "unpacked_mb": "holds more than {} MB, unpacked",
    "characters": "holds more than {} characters of text",
}


@dataclass(frozen=True)
class Limits:
    """The most that one file may take. The defaults leave room for the largest honest documents.

    Parameters
    ----------
    seconds
        Longest wait for a file's text. Of tables, whose rows are read one by one, a row takes no
        time worth limiting and the table as long as it needs. 900 pages of PDF take 1 to 10 s.
    memory_mb
        Most memory, in millions of bytes, of the process that reads all but plain text
        and tables of text (where the system can limit it: not on macOS and Windows).
    unpacked_mb
        Most millions of bytes in a file, or in the parts that are read of one that is an archive,
        once unpacked. Tables may be longer.
    characters
        Longest text of a document, and longest row of a table. "War and Peace" has 3.2 million.

    Raises
    ------
    OptionError
        One of them is no whole number from 1 to 1,000,000,000.

    Examples
    --------
    >>> Limits(seconds=60).characters
    20000000
    """

    seconds: int = 300
    memory_mb: int = 2_000
    unpacked_mb: int = 1_000
    characters: int = 20_000_000

    def __post_init__(self) -> None:
        """Check the values once, here."""
        for name in LIMIT_NAMES:
            value = getattr(self, name)
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            if not is_whole or not 1 <= value <= _MOST:
                raise OptionError(name, value, hint=f"Pass a whole number from 1 to {_MOST:,}.")

    @property
    def memory_bytes(self) -> int:
        """``memory_mb`` in bytes."""
        return self.memory_mb * _MEGABYTE

    @property
    def unpacked_bytes(self) -> int:
        """``unpacked_mb`` in bytes."""
        return self.unpacked_mb * _MEGABYTE

    def exceeded(self, name: str) -> UnreadableError:
        """Make the refusal of a file that exceeds a limit; it names the option that raises it."""
        value = getattr(self, name)
        reason = _EXCEEDED[name].format(f"{value:,}")
        return UnreadableError(f"{reason}; to allow more: --limit {name}={2 * value}")

    def check_characters(self, n_characters: int) -> None:
        """Refuse a text that is too long."""
        if n_characters > self.characters:
            raise self.exceeded("characters")

    def check_bytes(self, n_bytes: int) -> None:
        """Refuse a file that is too large."""
        if n_bytes > self.unpacked_bytes:
            raise self.exceeded("unpacked_mb")


LIMIT_NAMES = tuple(field.name for field in fields(Limits))
DEFAULT_LIMITS = Limits()
