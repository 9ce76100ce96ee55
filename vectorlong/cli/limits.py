"""The option that says what one file may cost."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Annotated

import typer

from vectorlong.errors import OptionError
from vectorlong.files.limits import DEFAULT_LIMITS, LIMIT_NAMES, Limits

_NUMBER = re.compile("[0-9]{1,18}")
_DEFAULTS = ", ".join(f"{name}={value}" for name, value in asdict(DEFAULT_LIMITS).items())

LimitOption = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="NAME=NUMBER",
        help="What one file may cost; one that costs more is left out, and named. Give it again "
        f"for each limit to change. The limits are {_DEFAULTS}.",
        show_default=False,
    ),
]


def parse_limits(options: list[str] | None) -> Limits:
    """Give the limits with those changed that were given.

    Raises
    ------
    typer.BadParameter
        One has no such name, or no such value.
    """
    values: dict[str, int] = {}
    for option in options or []:
        name, _, value = option.partition("=")
        if name not in LIMIT_NAMES or not _NUMBER.fullmatch(value):
            raise typer.BadParameter(
                f"{option!r} is none of {', '.join(f'{known}=NUMBER' for known in LIMIT_NAMES)}.",
                param_hint="--limit",
            )
        values[name] = int(value)
    try:
        return Limits(**values)
    except OptionError as error:
        raise typer.BadParameter(str(error), param_hint="--limit") from None
