"""``med2d crossval``: folds and seeds of a recipe, and their pooled scores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pipelines.crossval.plan import Plan
    from pipelines.crossval.run import Result


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("bundle")
@click.argument("overrides", nargs=-1, type=click.UNPROCESSED)
@click.option("--dataset_dir", required=True, help="The dataset folder.")
@click.option(
    "--variant",
    "variants",
    multiple=True,
    metavar="NAME",
    help="A variant of the bundle, or a configuration file; may be given several times.",
)
@click.option(
    "--folds",
    metavar="N|A,B,…",
    help="How many folds the dataset has, or which of them to score. [default: all]",
)
@click.option(
    "--seeds",
    metavar="N|A,B,…",
    default="1",
    show_default=True,
    help="How many seeds, from 0 on, or which.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Trainings at a time; they share the machine's threads.",
)
@click.option(
    "-o",
    "--output_dir",
    "out",
    type=click.Path(path_type=Path),
    help="The folder of the runs. [default: runs/BUNDLE/crossval-RECIPE]",
)
@click.option("--dry-run", is_flag=True, help="Show the runs and their commands; train nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.pass_context
def crossval(
    ctx: click.Context,
    bundle: str,
    overrides: tuple[str, ...],
    jobs: int,
    out: Path | None,
    dry_run: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Train the BUNDLE on every fold of a dataset, and score the pooled out-of-fold cases.

    Fold f is scored once, fold f+1 chooses the epoch, the others train. Any other --name value goes
    to every training. The same command goes on where it was stopped. Code 1: a training failed.
    """
    from pipelines.crossval.plan import make_plan

    plan = make_plan(bundle, words=overrides, folder=out, **given)
    if dry_run:
        _show(plan, as_json)
        return
    result = _run(plan, jobs)
    if as_json:
        click.echo(json.dumps(_summary(plan, result), indent=1, ensure_ascii=False))
    else:
        _print(plan, result)
    _tell_codes(result.record["code"])
    ctx.exit(0 if result.scores else 1)


def _show(plan: Plan, as_json: bool) -> None:
    """Shows what would be trained."""
    from pipelines.crossval.plan import training_command
    from pipelines.crossval.record import check_record
    from pipelines.crossval.run_state import State, states_of
    from pipelines.series.commands import shown

    check_record(plan)
    states = states_of(plan)
    commands = {
        member: shown(training_command(plan, member, state is State.STOPPED))
        for member, state in states.items()
        if state is not State.FINISHED
    }
    if as_json:
        runs = [
            {"folder": str(each.folder), "state": state.value, "command": commands.get(each)}
            for each, state in states.items()
        ]
        content = {"output_dir": str(plan.folder), "folds": plan.folds, "seeds": plan.seeds}
        click.echo(json.dumps({**content, "runs": runs}, indent=1, ensure_ascii=False))
        return
    for member, state in states.items():
        click.echo(f"{member.name}: {state.value}")
        if member in commands:
            click.echo(f"  {commands[member]}")
    count = len(states) - len(commands)
    click.echo(f"dry run: {count} of {len(states)} runs have ended; nothing was trained")


def _run(plan: Plan, jobs: int) -> Result:
    """Runs it; one that is stopped says how to go on."""
    from pipelines.crossval.plan import crossval_command
    from pipelines.crossval.run import cross_validate
    from pipelines.crossval.run_state import State, states_of
    from pipelines.datasets.leaky import leaky_text

    if plan.dataset.leaky:
        click.echo(leaky_text(plan.dataset), err=True)
    try:
        return cross_validate(plan, jobs)
    except KeyboardInterrupt:
        done = sum(state is State.FINISHED for state in states_of(plan).values())
        click.echo(f"{done} of {len(plan.members)} runs have ended; go on by", err=True)
        at_once = f" --jobs {jobs}" if jobs > 1 else ""
        click.echo(f"  {crossval_command(plan)}{at_once}", err=True)
        raise


def _summary(plan: Plan, result: Result) -> dict[str, Any]:
    from pipelines.crossval.run import answer_command
    from pipelines.series.commands import shown

    command = answer_command(plan)
    return {
        "output_dir": str(plan.folder),
        **{key: result.record[key] for key in ("finished", "whole", "leaky", "runs", "code")},
        "failed": [
            {"run": each.training.name, "log": str(each.training.log), "error": each.error}
            for each in result.failed
        ],
        "scores": result.scores,
        "answer_command": shown(command) if result.scores and command else None,
    }


def _print(plan: Plan, result: Result) -> None:
    """Prints the scores, or what is missing for them."""
    if result.scores is None:
        _print_missing(plan, result)
        return
    from rich.console import Console

    from pipelines.crossval.pooled_tables import pooled_tables
    from pipelines.crossval.run import answer_command
    from pipelines.series.commands import shown

    console = Console(highlight=False)
    for table in pooled_tables(result.scores):
        console.print(table)
    if not plan.is_whole:
        folds = ", ".join(map(str, plan.folds))
        click.echo(f"of fold(s) {folds} alone, of {len(plan.dataset.folds)}")
    for name in ("scores.json", "cases.csv", "crossval.json"):
        click.echo(f"{name:<13} {plan.folder / name}")
    command = answer_command(plan)
    if command:
        click.echo("all runs together answer a folder of pictures by")
        click.echo(f"  {shown(command)}")


def _tell_codes(codes: Sequence[Mapping[str, Any]]) -> None:
    """Says where the runs are of several codes."""
    from pipelines.crossval.run_codes import mixed_code_text

    text = mixed_code_text(codes)
    if text:
        click.echo(text, err=True)


def _print_missing(plan: Plan, result: Result) -> None:
    """Names what failed; nothing of the rest is shown as if it were the whole."""
    for each in result.failed:
        click.echo(f"{each.training.name} failed: {each.error} (log {each.training.log})", err=True)
    done = sum(run["state"] == "finished" for run in result.record["runs"])
    click.echo(
        f"{done} of {len(plan.members)} runs have ended, so nothing was pooled; mend what failed "
        "and give the same command again: it goes on with the others",
        err=True,
    )
