"""What readers of others raise for damaged files is of any type; here it becomes ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from vectorlong.files.records import UnreadableError, one_line


@contextmanager
def damage(kind: str) -> Iterator[None]:
    """Call whatever is raised within damage of a file of this kind, but for the system's errors."""
    try:
        yield
    except (UnreadableError, OSError, MemoryError):
        raise
    except Exception as error:
        raise UnreadableError(f"is a damaged {kind} ({one_line(error)})") from error
