"""``med2d search``: the settings of a recipe with the best validation score."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pipelines.search.plan import Plan
    from pipelines.search.run import Result

_PATH = click.Path(path_type=Path)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("bundle")
@click.argument("overrides", nargs=-1, type=click.UNPROCESSED)
@click.option("--dataset_dir", required=True, help="The dataset folder.")
@click.option("--space", required=True, type=_PATH, help="A JSON file: what is drawn from what.")
@click.option(
    "--trials",
    required=True,
    type=click.IntRange(1, 100_000),
    help="How many trials the study is to have in all, those of before and of others included.",
)
@click.option(
    "--variant",
    "variants",
    multiple=True,
    metavar="NAME",
    help="A variant of all trials, or a configuration file; may be given several times.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Of the draws, and of every training.",
)
@click.option(
    "--storage",
    envvar="MED2D_SEARCH_STORAGE",
    metavar="URL",
    help="Of Optuna, shared by processes and machines. [default: search.db in the folder]",
)
@click.option("--study", metavar="NAME", help="In the storage. [default: BUNDLE-RECIPE]")
@click.option(
    "--timeout",
    "minutes",
    type=click.FloatRange(0, min_open=True),
    default=math.inf,
    metavar="MINUTES",
    help="After which no further epoch is begun. [default: none]",
)
@click.option(
    "--prune/--no-prune",
    default=True,
    show_default=True,
    help="Give up a trial whose best score is below the median of others at the same epoch.",
)
@click.option(
    "--startup",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    help="Trials that are trained to their end before any is given up.",
)
@click.option(
    "--warmup",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    help="Epochs that every trial has.",
)
@click.option(
    "-o",
    "--output_dir",
    "out",
    type=_PATH,
    help="The folder of the trials. [default: runs/BUNDLE/search-RECIPE]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.pass_context
def search(
    ctx: click.Context,
    bundle: str,
    overrides: tuple[str, ...],
    prune: bool,
    startup: int,
    warmup: int,
    out: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Search settings of the BUNDLE for the best score on the validation fold.

    The held-out fold is not scored. Any other --name value goes to every training. The same command
    goes on where it was stopped; given on several machines with one --storage they share the work.
    Code 1: no trial has come to its end.
    """
    from pipelines.search.storage import optuna_or_refuse

    optuna_or_refuse()  # before anything that takes seconds
    from pipelines.search.plan import Pruning, make_plan

    pruning = Pruning(prune, startup, warmup)
    plan = make_plan(bundle, words=overrides, folder=out, pruning=pruning, **given)
    result = _run(plan)
    if as_json:
        click.echo(json.dumps(_summary(plan, result), indent=1, ensure_ascii=False))
    else:
        _print(plan, result)
    ctx.exit(0 if result.best else 1)


def _run(plan: Plan) -> Result:
    """Runs it; one that is stopped says how to go on."""
    from pipelines.datasets.leaky import leaky_text
    from pipelines.search.plan import search_command
    from pipelines.search.run import search as run_search

    if plan.dataset.leaky:
        click.echo(leaky_text(plan.dataset), err=True)
    try:
        return run_search(plan)
    except KeyboardInterrupt:
        click.echo("the trials that have ended are kept; go on by", err=True)
        click.echo(f"  {search_command(plan)}", err=True)
        raise


def _summary(plan: Plan, result: Result) -> dict[str, Any]:
    from pipelines.search.results import BEST, train_command
    from pipelines.series.commands import shown

    best = None
    if result.best is not None:
        best = {
            "number": result.best.number,
            "value": result.best.value,
            "settings": plan.settings(result.best.params),
            "variant": str(plan.folder / BEST),
            "train_command": shown(train_command(plan)),
        }
    return {
        "output_dir": str(plan.folder),
        "study": plan.study,
        "metric": plan.metric,
        "trials": result.rows,
        "elsewhere": result.elsewhere,
        "missing": result.missing,
        "ended_by": result.ended_by,
        "best": best,
    }


def _print(plan: Plan, result: Result) -> None:
    """Prints the trials, the best one, and what is missing."""
    from rich.console import Console

    from pipelines.search.plan import search_command
    from pipelines.search.results import BEST, RECORD, TRIALS, train_command, trials_table
    from pipelines.series.commands import shown

    console = Console(highlight=False)
    console.print(trials_table(result.rows, plan))
    for name in (BEST, TRIALS, RECORD) if result.best else (TRIALS, RECORD):
        click.echo(f"{name:<17} {plan.folder / name}")
    if result.ended_by or result.missing or result.elsewhere:
        told = [result.ended_by] if result.ended_by else []
        if result.missing:
            told.append(f"{result.missing} of {plan.trials} trials not drawn yet")
        if result.elsewhere:
            told.append(f"{result.elsewhere} running elsewhere, or stopped")
        click.echo(f"{', '.join(told)}; go on by", err=True)
        click.echo(f"  {search_command(plan)}", err=True)
    if result.best is None:
        click.echo("no trial has come to its end, so there is no best one", err=True)
        return
    click.echo(f"the best is trial {result.best.number}; its {plan.metric} was chosen as the best")
    click.echo("of many and is too good. Train it, and score the held-out fold, by")
    click.echo(f"  {shown(train_command(plan))}")
