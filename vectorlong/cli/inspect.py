"""``vectorlong info``, ``verify`` and ``models``: what there is. None of them loads torch."""

from __future__ import annotations

import typer

from vectorlong.cli.output import (
    FINGERPRINT_CHARACTERS,
    JsonOption,
    counted,
    escaped,
    print_facts,
    print_json,
    results_console,
    size_shown,
)
from vectorlong.cli.search import IndexArgument, require_index


def info_command(folder: IndexArgument, as_json: JsonOption = False) -> None:
    """Show what an index holds and what it was made with."""
    from vectorlong.retrieval.document_index import DocumentIndex

    require_index(folder)
    with DocumentIndex.open(folder, read_only=True) as index:
        info = index.info()
    if as_json:
        print_json({"folder": str(folder), **info})
        return
    passages = info["passages"]
    in_use = "" if info["faiss"] == info["faiss_in_use"] else f" (now {info['faiss_in_use']})"
    print_facts(
        {
            "Documents": f"{info['n_documents']:,}",
            "Passages": f"{info['n_passages']:,}",
            "Tokens": f"{info['n_tokens']:,}",
            "Size on disk": size_shown(info["n_bytes"]),
            "Model": f"{info['model_name'] or 'without a name'}, vectors of {info['dimension']}",
            "Fingerprint": info["fingerprint"][:FINGERPRINT_CHARACTERS],
            "Cut into": f"passages of at most {counted(passages['max_tokens'], 'token')}, "
            f"{passages['overlap']} of them shared, {passages['method']}",
            "Vector search": f"{info['faiss']}{in_use}",
            "Word search": f"stems: {info['language']}" if info["lexical"] else "no",
            "Deleted passages": f"{info['n_deleted_passages']:,} not yet compacted away",
            "Generation": f"{info['generation']:,}",
        }
    )


def verify_command(folder: IndexArgument, as_json: JsonOption = False) -> None:
    """Read every byte of an index; name what is damaged and exit with 1 if anything is."""
    from vectorlong.cli.missing_documents import damaged_sources
    from vectorlong.errors import IndexCorruptError
    from vectorlong.retrieval.document_index import DocumentIndex
    from vectorlong.retrieval.integrity import find_damage

    require_index(folder)
    try:
        with DocumentIndex.open(folder, read_only=True) as index:
            findings = index.verify()
            n_documents = len(index)
    except IndexCorruptError as error:  # which names the first file only
        findings, n_documents = find_damage(folder) or [str(error)], None
    findings = [*findings, *damaged_sources(folder)]
    if as_json:
        print_json({"folder": str(folder), "n_documents": n_documents, "damage": findings})
    elif findings:
        for finding in findings:
            typer.echo(finding)
    else:
        whole = f"{escaped(str(folder))} is whole"
        typer.echo(f"{whole}: {counted(n_documents or 0, 'document')}, every byte read.")
    if findings:
        raise typer.Exit(1)


def models_command(as_json: JsonOption = False) -> None:
    """List the models that have a short name."""
    from vectorlong.encoder.profiles import PROFILES

    if as_json:
        print_json(
            [
                {"name": profile.name, "hub_id": profile.hub_id, "summary": profile.summary}
                for profile in PROFILES
            ]
        )
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column("Name", style="bold", no_wrap=True)
    table.add_column("What it is, and its name on the hub")
    for profile in PROFILES:
        table.add_row(profile.name, f"{profile.summary}\n{profile.hub_id or 'needs no download'}")
    results_console().print(table)
    typer.echo("Any other Longformer checkpoint works by its hub id or its folder.")
