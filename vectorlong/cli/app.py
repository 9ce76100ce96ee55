"""The commands together, and what they share: exit codes and how errors are shown."""

from __future__ import annotations

import re
import warnings
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperGroup

from vectorlong import __version__
from vectorlong.cli.cache import cache_command
from vectorlong.cli.classify import classify_app
from vectorlong.cli.convert import convert_command
from vectorlong.cli.demo import demo_command
from vectorlong.cli.encode import encode_command
from vectorlong.cli.index import index_command
from vectorlong.cli.inspect import info_command, models_command, verify_command
from vectorlong.cli.output import add_command, say
from vectorlong.cli.read import read_command
from vectorlong.cli.search import search_command, similar_command
from vectorlong.cli.train import train_command
from vectorlong.errors import VectorlongError

_EXIT_ERROR = 1
_EXIT_INTERRUPTED = 130  # as shells write it: 128 + SIGINT


class _Commands(TyperGroup):
    """Turns this library's errors into one line and an exit code; other errors are bugs.

    Warnings for users become one line, too.
    """

    def invoke(self, ctx: Any) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _say_warning
                return super().invoke(ctx)
        except VectorlongError as error:
            message = re.sub(r"\s*\n\s*", " ", str(error))
            say(f"{typer.style('Error:', fg='red', bold=True)} {message}")
            raise typer.Exit(_EXIT_ERROR) from None
        except KeyboardInterrupt:
            say(f"\nStopped.{_what_is_kept(ctx.invoked_subcommand)}")
            raise typer.Exit(_EXIT_INTERRUPTED) from None


def _say_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Show a warning; with where it stands in the code only where that is of use."""
    if category is UserWarning:
        say(f"{typer.style('Warning:', fg='yellow', bold=True)} {message}")
    else:
        typer.echo(warnings.formatwarning(message, category, filename, lineno, line), err=True)


def _what_is_kept(command: str | None) -> str:
    if command == "train":
        return " Run the same command again, and it goes on from the last checkpoint."
    if command != "index":
        return ""
    return (
        " What was committed to the index is kept; run the same command again and it does only "
        "what is missing."
    )


app = typer.Typer(
    cls=_Commands,
    name="vectorlong",
    help="Search, encode and classify whole documents by meaning, without cutting them short.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (
    demo_command,
    index_command,
    read_command,
    search_command,
    similar_command,
    encode_command,
    info_command,
    verify_command,
    convert_command,
    train_command,
    models_command,
    cache_command,
):
    add_command(app, _command)
app.add_typer(classify_app, name="classify")


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"vectorlong {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Search, encode and classify whole documents by meaning, without cutting them short."""
