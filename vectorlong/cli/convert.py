"""``vectorlong convert``: a BERT-like encoder becomes a Longformer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vectorlong.cli.models import locate_model
from vectorlong.cli.output import JsonOption, print_json, say


def convert_command(
    source: Annotated[
        str,
        typer.Argument(
            help="A BERT, RoBERTa or XLM-R encoder, or a sentence-transformers model: a folder or "
            "a hub id.",
            show_default=False,
        ),
    ],
    folder: Annotated[Path, typer.Argument(help="Where to write it.", show_default=False)],
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest input of the result.")] = 4096,
    window: Annotated[
        int, typer.Option(help="Width of the attention window, even; narrow is often better.")
    ] = 512,
    as_json: JsonOption = False,
) -> None:
    """Convert an encoder for short texts to one for long texts.

    Texts that the source could take keep exactly its vectors.
    """
    say("Loading ...")
    from vectorlong.encoder.convert import convert

    written = convert(locate_model(source), folder, max_tokens=max_tokens, window=window)
    if as_json:
        print_json({"folder": str(written), "max_tokens": max_tokens, "window": window})
        return
    typer.echo(f"Wrote a Longformer of {max_tokens:,} tokens to {written}")
    say(f"Use it: vectorlong index PATHS --into DIR --model {written}")
