"""Results go to stdout, everything else to stderr."""

from __future__ import annotations

import inspect
import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vectorlong.errors import InputValueError

if TYPE_CHECKING:
    from rich.console import Console

    from vectorlong.files.source import FileSource

#: Enough of a fingerprint to tell encoders apart.
FINGERPRINT_CHARACTERS = 16
_MAX_NAMES = 3
_MAX_REASONS = 20
# Control characters could steer the terminal; lone surrogates cannot be written to it.
_SURROGATES = re.compile("[\ud800-\udfff]")
_STEERING = re.compile("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON on stdout instead of text for people.")
]


def add_command(app: typer.Typer, function: Callable[..., None]) -> None:
    """Add ``name_command`` as the command ``name``; its docstring is the help, wrapped anew."""
    paragraphs = inspect.cleandoc(function.__doc__ or "").split("\n\n")
    text = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    app.command(function.__name__.removesuffix("_command"), help=text)(function)


def require_folder_of(option: str, path: Path) -> None:
    """Refuse a file to be written, before any work, where there is no folder for it.

    Raises
    ------
    InputValueError
        The message names the option and the folder.
    """
    if not os.path.isdir(path.parent):  # Path.is_dir raises where a name is too long
        raise InputValueError(f"{option} {str(path)!r}: there is no folder {str(path.parent)!r}.")


def say(message: str) -> None:
    """Tell the user something that is no result."""
    typer.echo(message, err=True)


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """Print a result as JSON, in ASCII where stdout is not UTF-8 or cannot take it."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    if not is_utf8 or _SURROGATES.search(text):  # of folders whose names are no text
        text = json.dumps(value, indent=indent)
    typer.echo(text)


def escaped(text: str) -> str:
    """Give a name with control characters and bytes that are no text as escapes."""
    return _UNSHOWN.sub(lambda match: repr(match[0])[1:-1], text)


def without_controls(text: str) -> str:
    """Give a text for a terminal: line ends and tabs as they are, other controls as escapes."""
    return _STEERING.sub(lambda match: repr(match[0])[1:-1], text)


def results_console() -> Console:
    """Give a console on stdout that shows texts as they are: no markup, no guessed colours."""
    from rich.console import Console

    return Console(markup=False, highlight=False, emoji=False, soft_wrap=False)


def print_facts(facts: dict[str, str]) -> None:
    """Print names and values as a table of two columns."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(name, value)
    results_console().print(table)


def counted(n: int, singular: str, plural: str | None = None) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> counted(1, "file"), counted(2000, "entry", "entries")
    ('1 file', '2,000 entries')
    """
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def size_shown(n_bytes: int) -> str:
    """Write a number of bytes in the unit that fits.

    Examples
    --------
    >>> size_shown(1000), size_shown(2 * 2**30)
    ('1,000 bytes', '2.0 GiB')
    """
    size = float(n_bytes)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            break
        size /= 1024
    return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"


def report_missing_extras(source: FileSource) -> None:
    """Say, before files are read, which will be left out because an extra is not installed."""
    for reason, paths in source.missing_extras().items():
        say(f"Will be left out ({len(paths):,}): {some(paths)}: {reason}")


def report_files(source: FileSource) -> None:
    """Say which files were left out and why, and what to know of those that were read."""
    by_encoding: dict[str, list[str]] = defaultdict(list)
    for path, encoding in source.other_encodings.items():
        by_encoding[encoding].append(path)
    for encoding, paths in by_encoding.items():
        say(f"Read as {encoding}, not UTF-8: {some(paths)}")
    _report_reasons("Read in part", [(item.text, item.path) for item in source.remarks])
    _report_reasons("Left out", [(item.reason, item.path) for item in source.left_out])


def _report_reasons(heading: str, items: list[tuple[str, str]]) -> None:
    """Say what holds of files, those of which the same holds on one line."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for reason, path in items:
        by_reason[reason].append(path)
    if items:
        say(f"{heading} ({len(items):,}):")
    for reason, paths in list(by_reason.items())[:_MAX_REASONS]:
        say(f"  {some(paths)}: {escaped(reason)}")
    if len(by_reason) > _MAX_REASONS:
        say(f"  and {len(by_reason) - _MAX_REASONS:,} more reasons; --json lists them all.")


def some(names: list[str]) -> str:
    """Write the first few names, and how many more there are."""
    shown = ", ".join(map(escaped, names[:_MAX_NAMES]))
    return shown + (f" and {len(names) - _MAX_NAMES:,} more" if len(names) > _MAX_NAMES else "")


def files_as_json(source: FileSource) -> dict[str, Any]:
    """Give what `report_files` says, for JSON."""
    return {
        "left_out": [{"path": item.path, "reason": item.reason} for item in source.left_out],
        "remarks": [{"path": item.path, "remark": item.text} for item in source.remarks],
        "other_encodings": dict(source.other_encodings),
    }
