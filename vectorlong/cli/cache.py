"""``vectorlong cache``: what is kept on disk to be faster, and away with it. Loads no torch."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vectorlong.cli.output import (
    FINGERPRINT_CHARACTERS,
    JsonOption,
    counted,
    escaped,
    print_json,
    results_console,
    say,
    size_shown,
)

if TYPE_CHECKING:
    from vectorlong.vector_cache.cache_file import CacheFile


class KeptChoice(StrEnum):
    """What ``--clear`` may be."""

    vectors = "vectors"
    models = "models"
    all = "all"


def cache_command(
    clear: Annotated[
        KeptChoice | None,
        typer.Option(help="Remove the vectors, the models, or all; they are made again if needed."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is kept on disk to be faster, and with --clear remove it.

    That is vectors of texts that were classified, and models that were converted. What came from
    the hub is in the hub's own cache, which `hf cache` shows.
    """
    from vectorlong.user_cache import converted_models, default_cache, vectors_folder
    from vectorlong.vector_cache.cache_file import list_files

    if clear is not None:
        _clear(clear, as_json=as_json)
        return
    files = list_files(vectors_folder())
    models = [(path, _n_bytes(path)) for path in converted_models(default_cache())]
    n_bytes = sum(file.n_bytes for file in files) + sum(size for _, size in models)
    if as_json:
        print_json(
            {
                "folder": str(default_cache()),
                "n_bytes": n_bytes,
                "vectors": [_as_json(file) for file in files],
                "models": [{"folder": str(path), "n_bytes": size} for path, size in models],
            }
        )
        return
    typer.echo(f"{escaped(str(default_cache()))}: {size_shown(n_bytes)}")
    if files:
        _print_files(files)
    if models:
        typer.echo("\nConverted models")
        for path, size in models:
            typer.echo(f"  {path.name}: {size_shown(size)}")
    if files or models:
        say("\nRemove them: vectorlong cache --clear vectors, models or all")


def _print_files(files: list[CacheFile]) -> None:
    from rich.table import Table

    typer.echo("\nVectors of texts")
    table = Table(box=None, pad_edge=True, padding=(0, 1))
    table.add_column("Model", overflow="fold")
    for heading in ("Fingerprint", "dtype"):
        table.add_column(heading, no_wrap=True)
    for heading in ("Vectors", "Size", "Last used"):
        table.add_column(heading, justify="right")
    for file in files:
        table.add_row(
            escaped(file.model or "unknown"),
            escaped(file.fingerprint[:FINGERPRINT_CHARACTERS]),
            escaped(file.dtype),
            "not readable" if file.n_vectors is None else f"{file.n_vectors:,}",
            size_shown(file.n_bytes),
            time.strftime("%Y-%m-%d %H:%M", time.localtime(file.last_used)),
        )
    results_console().print(table)


def _as_json(file: CacheFile) -> dict[str, Any]:
    return {
        "file": str(file.path),
        "model": file.model,
        "fingerprint": file.fingerprint,
        "dtype": file.dtype,
        "n_vectors": file.n_vectors,
        "n_bytes": file.n_bytes,
        "last_used": file.last_used,
    }


def _clear(what: KeptChoice, *, as_json: bool) -> None:
    """Remove what is ours, and say what that was; exit with 1 where something is in use."""
    from vectorlong.user_cache import converted_models, default_cache, remove_models, vectors_folder
    from vectorlong.vector_cache.trimming import remove_files

    sizes = {path: _n_bytes(path) for path in converted_models(default_cache())}
    files, files_kept = remove_files(vectors_folder()) if what != "models" else ([], [])
    models, models_kept = remove_models(default_cache()) if what != "vectors" else ([], [])
    kept = [*(file.path for file in files_kept), *models_kept]
    n_vectors = sum(file.n_vectors or 0 for file in files)
    n_bytes = sum(file.n_bytes for file in files) + sum(sizes.get(path, 0) for path in models)
    if as_json:
        print_json(
            {
                "folder": str(default_cache()),
                "n_bytes_freed": n_bytes,
                "n_vectors_removed": n_vectors,
                "removed": [str(path) for path in (*(file.path for file in files), *models)],
                "kept": [str(path) for path in kept],
            }
        )
    else:
        typer.echo(
            f"Removed {counted(n_vectors, 'vector')} in {counted(len(files), 'file')} and "
            f"{counted(len(models), 'converted model')}: {size_shown(n_bytes)} freed."
        )
    for path in kept:
        say(f"In use by another process, and so still there: {escaped(str(path))}")
    if kept:
        raise typer.Exit(1)


def _n_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
