"""``med2d report``: one page about a run, for a radiologist and for a reviewer."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from pipelines.errors import InputError
from pipelines.training.run_id import is_run_id

if TYPE_CHECKING:
    from pipelines.report.run import Written
    from pipelines.report.sources import Sources

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("run")
@click.option("-o", "--output", type=_PATH, default=Path("report.html"), show_default=True)
@click.option("--dataset_dir", type=_PATH, help="Where the dataset is. [default: as recorded]")
@click.option("--title", metavar="TEXT", help="Of the report. [default: the model's name]")
@click.option(
    "--intended-use", metavar="TEXT", help="What the model is for. [default: the bundle's words]"
)
@click.option("--by", metavar="COLUMN,…", help="Further columns to make subgroups by.")
@click.option(
    "--leaky", metavar="RUN", help="The same recipe on a leaky split; tells how much that gains."
)
@click.option("--no-heat-maps", is_flag=True, help="Draw no heat maps; no network is loaded then.")
@click.option("--overwrite", is_flag=True, help="Replace a report that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print the content of report.json.")
def report(
    run: str,
    output: Path,
    dataset_dir: Path | None,
    title: str | None,
    intended_use: str | None,
    by: str | None,
    leaky: str | None,
    no_heat_maps: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Write a report of RUN: a run's folder, that of a cross-validation, or an MLflow run id.

    One HTML file that needs nothing else: the data, the model, the training, scores with intervals,
    curves, subgroups, the best and the worst cases, limits, how to repeat it, and which items of
    CLAIM and TRIPOD+AI it answers. Beside it, report.json holds the same for programs.
    """
    from pipelines.report.content import Words
    from pipelines.report.run import check_place, write_report

    check_place(output, overwrite)
    with TemporaryDirectory() as place:
        sources = _sources(run, Path(place), dataset_dir)
        other = _sources(leaky, Path(place), None) if leaky else None
        words = Words(title, intended_use, _names(by))
        written = write_report(sources, output, words, other, heat=not no_heat_maps)
    if as_json:
        click.echo(json.dumps(written.content, indent=1, ensure_ascii=False, default=str))
    else:
        _print(written)


def _names(text: str | None) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",")) if text is not None else ()
    if "" in names:
        raise InputError(f"--by: {text!r} holds an empty name")
    return names


def _sources(run: str, place: Path, dataset_dir: Path | None) -> Sources:
    from pipelines.report.sources import read_sources

    return read_sources(_folder(run, place), run, dataset_dir)


def _folder(run: str, place: Path) -> Path:
    """Gives the folder of a run; that of an MLflow run is fetched."""
    if Path(run).exists() or not is_run_id(run):
        return Path(run)
    from pipelines.training.tracked_run import fetch_run
    from pipelines.training.tracking_store import tracking_uri

    (place / run).mkdir(exist_ok=True)
    return fetch_run(run, tracking_uri(), place / run)


def _print(written: Written) -> None:
    from pipelines.report.score_names import interval, number

    content = written.content
    click.echo(f"{content['title']}: {content['subtitle']}")
    click.echo(content["honesty"]["title"])
    for row in content["scores"]["headline"]:
        click.echo(f"{row['name']} {number(row['value'])} ({interval(row)})")
    for checklist in content["checklists"]:
        counts = ", ".join(f"{count} {answer}" for answer, count in checklist["counts"].items())
        click.echo(f"{checklist['name']}: {counts}")
    absence = content["data"]["absence"] or content["pictures"]["absence"]
    if absence:
        click.echo(f"left out: {absence}", err=True)
    click.echo(f"written: {written.html} (open it in a browser) and {written.json}")
