"""``vectorlong train``: train an encoder or a head, as a file says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vectorlong.cli.output import JsonOption, print_facts, print_json, say
from vectorlong.training.recipes import RECIPES, find_recipe

_TASKS = "\n\n".join(f"{recipe.name}: {recipe.summary}" for recipe in RECIPES)


def train_command(
    task: Annotated[
        str, typer.Argument(metavar="TASK", help=f"One of:\n\n{_TASKS}", show_default=False)
    ],
    config: Annotated[
        Path | None,
        typer.Argument(metavar="CONFIG", help="A TOML file; --example writes one."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A key in place of what the file says: training.seed=1.",
        ),
    ] = None,
    example: Annotated[
        bool, typer.Option("--example", help="Print a file with every key, and stop.")
    ] = False,
    plot: Annotated[
        bool, typer.Option("--plot", help="Draw the curves to curves.png in the run's folder.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Train an encoder or a head, as a file says.

    Run the same command again to go on where a run was stopped; a finished run is only told of.
    """
    from vectorlong.errors import InputValueError
    from vectorlong.extras import import_extra

    import_extra("train")
    from vectorlong.training.config import example_config, read_config

    recipe = find_recipe(task)
    if example:
        typer.echo(example_config(recipe.config, recipe.presets), nl=False)
        return
    if config is None:
        raise InputValueError(
            f"CONFIG is missing. Write one: vectorlong train {task} --example > {task}.toml"
        )
    read = read_config(recipe.config, config, settings or [], recipe.presets)
    from vectorlong.training.plot import plot_curves
    from vectorlong.training.run import RunResult, run_job
    from vectorlong.training.run_folder import RunFolder

    folder = RunFolder(recipe.name, read)
    finished = folder.result()
    if finished is None:
        say("Reading model and data ...")
        result = run_job(folder, read, recipe.prepare(read))
    else:
        result = RunResult(folder.model, finished["figures"], finished["step"], was_finished=True)
        say("This run is finished; nothing was done. Name another output to train again.")
    picture = folder.path / "curves.png"
    if plot:
        plot_curves(folder.log, picture)
    if as_json:
        print_json({"model": str(result.folder), "step": result.step, **result.figures})
        return
    shown = {
        name.removeprefix("eval_").replace("_", " "): f"{value:.4f}"
        for name, value in result.figures.items()
    }
    print_facts({"model": str(result.folder), "best step": f"{result.step:,}", **shown})
    if plot:
        say(f"Curves: {picture}")
