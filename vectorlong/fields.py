"""The fields of a file of facts, checked as a whole against what they may be.

What a field may be is written once, as the types of a dataclass; pydantic does the checking. It is
imported where files are read, so not by ``import vectorlong``.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated, Any, TypeVar, cast

from pydantic import AfterValidator, TypeAdapter, ValidationError

from vectorlong.errors import FormatVersionError, shown

Checked = TypeVar("Checked")

_MOST_FINDINGS = 5


def checked_fields(kind: type[Checked], content: Mapping[str, Any]) -> Checked:
    """Return a file's content as what it describes, every field checked.

    Parameters
    ----------
    kind
        A dataclass whose fields are the file's; the types say what each may be.
    content
        What :func:`vectorlong.disk.read_mapping` gave.

    Raises
    ------
    ValueError
        Fields are missing or not what they may be; the message lists the first of them.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Size:
    ...     width: int
    >>> checked_fields(Size, {"width": "wide"})
    Traceback (most recent call last):
        ...
    ValueError: width='wide': Input should be a valid integer
    """
    try:
        return _adapter(cast("Any", kind)).validate_json(json.dumps(content), strict=True)
    except ValidationError as error:
        raise ValueError(_described(error, content)) from None


def take_format_version(content: dict[str, Any], newest: int, path: Path) -> int | None:
    """Take the format version out of a file's content.

    Parameters
    ----------
    content
        What the file says; ``format_version`` is removed from it.
    newest
        The last version that is read here.
    path
        The file, for the message.

    Returns
    -------
    int or None
        None where there is none, or none that is a number from 1 on.

    Raises
    ------
    FormatVersionError
        A newer version of this library wrote the file.
    """
    version = content.pop("format_version", None)
    if type(version) is not int or version < 1:
        return None
    check_format_version(version, newest, path)
    return version


def check_format_version(version: int, newest: int, path: Path) -> None:
    """Refuse a file of a format that only newer versions of this library read.

    Raises
    ------
    FormatVersionError
        The version is above ``newest``.
    """
    if version > newest:
        raise FormatVersionError(
            f"{str(path)!r} has format version {shown(version)}; this version of vectorlong reads "
            f"up to {newest}. Upgrade vectorlong; nothing was changed."
        )


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Return the checker of a dataclass; making one takes milliseconds."""
    return TypeAdapter(kind)


def _require_plain_name(name: str) -> str:
    """Make sure that a name joined to a folder stays in it, on every system."""
    is_plain = all(kind(name).name == name for kind in (PurePosixPath, PureWindowsPath))
    if not is_plain or name in ("", ".", "..") or "\0" in name:
        raise ValueError("Input should be the name of a file in the same folder")
    return name


#: The name of a file in the folder at hand: no path, in particular none that leads elsewhere.
PlainName = Annotated[str, AfterValidator(_require_plain_name)]


def _described(error: ValidationError, content: Mapping[str, Any]) -> str:
    """Say which fields are absent or wrong and why, whatever their values."""
    absent, wrong = [], dict[str, list[str]]()
    for finding in error.errors(include_url=False, include_input=False):
        place = [str(part) for part in finding["loc"]]
        if not place:  # half a character, which JSON can write and Unicode does not have
            return str(finding["msg"])
        if finding["type"] == "missing" and len(place) == 1:
            absent.append(place[0])
        else:
            reason = finding["msg"].removeprefix("Value error, ")
            wrong.setdefault(place[0], []).append(reason)
    found = [f"it lacks {', '.join(absent)}"] if absent else []
    for name, reasons in wrong.items():
        value = shown(content.get(name))
        found.append(f"{shown(name)[1:-1]}={value}: {' or '.join(dict.fromkeys(reasons))}")
    more = f"; and {len(found) - _MOST_FINDINGS} more" if len(found) > _MOST_FINDINGS else ""
    return "; ".join(found[:_MOST_FINDINGS]) + more
