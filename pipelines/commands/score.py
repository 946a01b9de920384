"""``med2d score``: every score of a table of cases, with its interval."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.errors import InputError

if TYPE_CHECKING:
    from pipelines.evaluation.case_files import Cases
    from pipelines.evaluation.case_scores import Target
    from pipelines.evaluation.group_intervals import IntervalOptions

_FILE = click.Path(path_type=Path)
_SHARE = click.FloatRange(0, 1, min_open=True)


@click.command()
@click.argument("cases", nargs=-1, required=True, type=_FILE)
@click.option(
    "--by",
    metavar="COLUMN,…",
    help="Also score the parts of the images by these columns; numbers in quantile bins.",
)
@click.option(
    "--columns", type=_FILE, metavar="TABLE.csv", help="Further columns, joined by their id."
)
@click.option(
    "--bins",
    type=click.IntRange(2, 20),
    default=4,
    show_default=True,
    help="Quantile bins of a column of numbers.",
)
@click.option("--sensitivity", type=_SHARE, help="Score at a threshold that reaches this.")
@click.option("--specificity", type=_SHARE, help="Score at a threshold that reaches this.")
@click.option("--class", "label", metavar="NAME", help="The class that the threshold is for.")
@click.option(
    "--choose-on",
    type=_FILE,
    metavar="CASES",
    help="Other images, on which the threshold is chosen, such as the validation fold's.",
)
@click.option(
    "--optimistic",
    is_flag=True,
    help="Choose the threshold on the scored images; the output says that it is too good.",
)
@click.option(
    "--interval",
    type=click.Choice(["percentile", "bca"]),
    default="percentile",
    show_default=True,
    help="Interval of the bootstrap over groups.",
)
@click.option(
    "--proportion",
    type=click.Choice(["wilson", "clopper-pearson", "bootstrap"]),
    default="wilson",
    show_default=True,
    help="Interval of plain proportions where every group is a single image.",
)
@click.option("--resamples", type=click.IntRange(min=100), default=10_000, show_default=True)
@click.option("--level", type=click.FloatRange(0.5, 0.999), default=0.95, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def score(
    cases: tuple[Path, ...], by: str | None, columns: Path | None, as_json: bool, **given: Any
) -> None:
    """Score the tables CASES: cases.csv of runs, folders that hold one, or tables of others.

    Several are pooled. The task is recognised by the columns. Every score has its interval, n and
    groups, and the scores of classes, of images with and without burnt-in marks, and of subgroups
    stand beside it.
    """
    from pipelines.evaluation.case_files import read_case_files
    from pipelines.evaluation.case_scores import case_scores
    from pipelines.evaluation.further_columns import with_columns
    from pipelines.evaluation.group_intervals import IntervalOptions

    read = read_case_files(cases)
    read = with_columns(read, columns) if columns else read
    options = IntervalOptions(
        *(given[name] for name in ("resamples", "seed", "level", "interval", "proportion"))
    )
    targets = _targets(read, given)
    chosen_on = _chosen_on(read, targets, given)
    content = {
        "files": [str(path) for path in cases],
        **case_scores(read, options, _names(by), given["bins"]),
        "operating_points": _points(read, chosen_on, targets, options),
    }
    if as_json:
        click.echo(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        _print(content, read)


def _names(text: str | None) -> list[str]:
    """Parses names that commas separate."""
    names = [name.strip() for name in text.split(",")] if text is not None else []
    if "" in names or len(set(names)) < len(names):
        raise InputError(f"--by: {text!r} holds a name twice, or an empty one")
    return names


def _targets(cases: Cases, given: dict[str, Any]) -> list[Target]:
    """Gives the operating points that were asked for."""
    from pipelines.evaluation.case_scores import Target
    from pipelines.evaluation.operating_point import SENSITIVITY, SPECIFICITY

    asked = {name: given[name] for name in (SENSITIVITY, SPECIFICITY) if given[name] is not None}
    if not asked:
        idle = [f for f, name in _OF_POINTS.items() if given[name]]
        if idle:
            raise InputError(f"{idle[0]} needs --sensitivity or --specificity")
        return []
    if given["label"] is None:
        raise InputError(f"--{next(iter(asked))} needs --class: {', '.join(cases.labels) or '…'}")
    return [Target(name, least, given["label"]) for name, least in asked.items()]


_OF_POINTS = {"--class": "label", "--choose-on": "choose_on", "--optimistic": "optimistic"}


def _chosen_on(cases: Cases, targets: list[Target], given: dict[str, Any]) -> Cases:
    """Gives the cases that choose the thresholds; refuses those that are scored, too."""
    from pipelines.evaluation.case_files import read_case_files
    from pipelines.evaluation.case_scores import shared_images

    if not targets:
        return cases
    path, optimistic = given["choose_on"], given["optimistic"]
    if path is None and not optimistic:
        raise InputError(
            f"--{targets[0].name} needs --choose-on CASES, other images on which the threshold is "
            "chosen; --optimistic chooses it on the scored ones, and the result is too good"
        )
    chosen_on = cases if path is None else read_case_files([path])
    shared = shared_images(cases, chosen_on)
    if shared and not optimistic:
        raise InputError(
            f"--choose-on {path}: {shared}; choose the threshold on other groups, or say "
            "--optimistic, and the result is too good"
        )
    return chosen_on


def _points(
    cases: Cases, chosen_on: Cases, targets: list[Target], options: IntervalOptions
) -> list[dict[str, Any]]:
    from pipelines.evaluation.case_scores import operating_point

    return [operating_point(cases, chosen_on, target, options) for target in targets]


def _print(content: dict[str, Any], cases: Cases) -> None:
    """Prints the tables, and what one should know of them."""
    from rich.console import Console

    from pipelines.evaluation.case_scores_table import score_tables

    console = Console()
    for table in score_tables(content):
        console.print(table)
    click.echo(f"{content['images']} images in {content['groups']} groups, {content['task']}")
    if not cases.grouped:
        click.echo("no column group: each image counts as a group of its own")
    for point in content["operating_points"]:
        reached = point["reached"]
        shown = ", ".join(
            f"{name} {'-' if reached[name] is None else format(reached[name], '.3f')}"
            for name in ("sensitivity", "specificity")
        )
        click.echo(f"chosen on {reached['images']} images, where it gave {shown}")
    click.echo(
        f"intervals: {content['interval']} bootstrap over groups, {content['resamples']:,} "
        "resamples; where the table says so, of a plain proportion of single images"
    )
    click.echo(content["policy"])
