"""``med2d compare``: whether models differ that have answered the same images."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from pipelines.errors import InputError
from pipelines.training.run_id import is_run_id

if TYPE_CHECKING:
    from pipelines.evaluation.paired_cases import Model


@click.command()
@click.argument("models", nargs=-1, required=True)
@click.option("--score", "scores", metavar="NAME,…", help="The scores to compare.")
@click.option(
    "--class", "label", metavar="NAME", help="Compare recall and AUROC of this class, too."
)
@click.option(
    "--resamples",
    type=click.IntRange(min=100),
    default=10_000,
    show_default=True,
    help="Of the bootstrap and of the permutations.",
)
@click.option("--level", type=click.FloatRange(0.5, 0.999), default=0.95, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def compare(
    models: tuple[str, ...],
    scores: str | None,
    label: str | None,
    resamples: int,
    level: float,
    seed: int,
    as_json: bool,
) -> None:
    """Compare the MODELS: tables of cases, folders that hold a cases.csv, or MLflow run ids.

    Several that commas join are one model, such as the folds of a dataset. All must have answered
    the same images. Every pair is compared: differences with intervals
    (paired bootstrap over groups), permutation tests over groups, and for a classification McNemar
    and DeLong; p values are adjusted by Holm.
    """
    from pipelines.evaluation.comparison import ComparisonOptions, comparison
    from pipelines.evaluation.paired_cases import paired

    if len(models) < 2:
        raise InputError(f"only {models[0]} was given; expected two models or more")
    if len(set(models)) < len(models):
        raise InputError("a model was given twice; expected different ones")
    options = ComparisonOptions(_names(scores), label, resamples, seed, level)
    with TemporaryDirectory() as folder:
        read = paired([_model(name, Path(folder)) for name in models])
    content = comparison(read, options)
    if as_json:
        click.echo(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        _print(content)


def _names(text: str | None) -> tuple[str, ...]:
    """Parses names that commas separate."""
    names = tuple(name.strip() for name in text.split(",")) if text is not None else ()
    if "" in names or len(set(names)) < len(names):
        raise InputError(f"--score: {text!r} holds a name twice, or an empty one")
    return names


def _model(name: str, folder: Path) -> Model:
    """Reads the cases of a model: of a file, a folder, an MLflow run, or of several, pooled."""
    from pipelines.evaluation.case_files import read_case_files
    from pipelines.evaluation.paired_cases import Model

    names = [name] if Path(name).exists() else name.split(",")
    parts = [_part(each, folder) for each in names]
    digests = {digest for _, _, digest in parts if digest}
    if len(digests) > 1:
        raise InputError(f"the parts of {name} are of {len(digests)} datasets; expected one")
    cases = read_case_files([file for file, _, _ in parts])
    return Model(",".join(title for _, title, _ in parts), cases, next(iter(digests), None))


def _part(name: str, folder: Path) -> tuple[Path, str, str | None]:
    """Gives the file of a name, a title, and the digest of its dataset where it is known."""
    from pipelines.evaluation.case_files import case_file
    from pipelines.evaluation.paired_cases import recorded_digest

    fetched = None if Path(name).exists() else _fetched(name, folder)
    if fetched is not None:
        return fetched
    file = case_file(Path(name))
    return file, name, recorded_digest(file.parent)


def _fetched(name: str, folder: Path) -> tuple[Path, str, str | None] | None:
    """Fetches the cases of an MLflow run; None where the name is no run's id."""
    if not is_run_id(name):
        return None
    from pipelines.training.tracked_cases import fetch_cases
    from pipelines.training.tracking_store import tracking_uri

    place = folder / name
    place.mkdir(exist_ok=True)
    return fetch_cases(name, tracking_uri(), place)


def _print(content: dict[str, Any]) -> None:
    """Prints the tables, the verdicts, and what one should know of them."""
    from rich.console import Console

    from pipelines.evaluation.comparison_table import (
        comparison_tables,
        model_letters,
        verdict_lines,
    )

    for name, letter in model_letters(content).items():
        click.echo(f"{letter}  {name}")
    console = Console()
    for table in comparison_tables(content):
        console.print(table)
    for line in verdict_lines(content):
        click.echo(line)
    click.echo(
        f"{content['images']} images in {content['groups']} groups; p of {content['resamples']:,} "
        "exchanges of groups, adjusted over all pairs and scores"
    )
    click.echo("each interval is of its difference alone; only p (Holm) counts how many there are")
    if any("calibration_error" in pair["scores"] for pair in content["pairs"]):
        click.echo("the calibration error has no interval: resampling raises it; its p needs none")
    if not content["grouped"]:
        click.echo("no column group: each image counts as a group of its own")
    elif content["groups"] < content["images"] and content["task"] == "classification":
        click.echo("McNemar takes images as independent, which those of one group are not")
