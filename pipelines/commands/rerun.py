"""``med2d rerun``: repeat a run from what it recorded, and say whether it came to the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from pipelines.errors import InputError
from pipelines.training.run_id import is_run_id

if TYPE_CHECKING:
    from pipelines.training.record_check import Finding

_PATH = click.Path(path_type=Path)
_WHY = (
    "equal results are promised for the same data, code, versions, machine and number of threads; "
    "what differed is marked above"
)


@click.command()
@click.argument("run")
@click.option("-o", "--output_dir", "out", type=_PATH, help="The new run. Default: RUN-rerun.")
@click.option("--dataset_dir", type=_PATH, help="Where the dataset is now, if it has moved.")
@click.option("--masks_dir", type=_PATH, help="Where the masks are now, if they have moved.")
@click.option("--weights", type=_PATH, help="Where the weights are now, if they have moved.")
@click.option("--check", is_flag=True, help="Compare the hashes only; train nothing.")
@click.option(
    "--allow-differences",
    "allowed",
    is_flag=True,
    help="Go on with other data or weights; rerun.json says so.",
)
@click.option("--resume", is_flag=True, help="Go on with a stopped rerun.")
@click.pass_context
def rerun(
    ctx: click.Context,
    run: str,
    out: Path | None,
    check: bool,
    allowed: bool,
    resume: bool,
    **given: Path | None,
) -> None:
    """Repeat the RUN, a folder or an MLflow run id, from its recorded configuration.

    First the hashes of the dataset, the weights and the code, the versions and the machine are
    compared with the record; other data or weights are refused. Then the weights, the history, the
    cases and the scores of both runs are compared. Code 0: all equal; 1: something differs; 2:
    refused.
    """
    from pipelines.training.run_record import read_record

    moved = {name: path for name, path in given.items() if path is not None}
    with _folder(run) as (folder, target):
        record, target = read_record(folder), out or target
        if not check:
            _check_possible(folder, record, target, resume)
        findings, places = _findings(folder, record, moved)
        refused = [each for each in findings if each.refuses]
        if check:
            ctx.exit(2 if refused else int(not all(each.equal for each in findings)))
        _check_allowed(refused, allowed)
        equal = _repeat(folder, record, places, findings, target, resume, run)
    ctx.exit(int(not equal))


@contextmanager
def _folder(run: str) -> Iterator[tuple[Path, Path]]:
    """Yields the folder of a run, fetched where it is an MLflow run, and where the new one goes."""
    from pipelines.training.single_run import check_run_folder

    path = Path(run)
    if path.is_dir():
        path = path.absolute()
        check_run_folder(path)
        yield path, path.with_name(f"{path.name}-rerun")
        return
    if path.exists() or not is_run_id(run):
        raise InputError(f"{run} is no run's folder and no MLflow run id; expected one of them")
    from pipelines.training.tracked_run import fetch_run
    from pipelines.training.tracking_store import tracking_uri

    with TemporaryDirectory() as folder:
        yield fetch_run(run, tracking_uri(), Path(folder)), Path("runs") / f"{run[:8]}-rerun"


def _check_possible(folder: Path, record: dict[str, Any], out: Path, resume: bool) -> None:
    """Checks that the run can be repeated, and that its rerun may be written."""
    from pipelines.training.rerun import check_repeatable, check_target

    check_repeatable(folder, record)
    check_target(folder, out, resume)


def _findings(
    folder: Path, record: dict[str, Any], moved: dict[str, Path]
) -> tuple[list[Finding], dict[str, Path]]:
    """Checks what the run began from and prints it; gives also where everything is."""
    from pipelines.training.record_check import check_record, places_now

    places = places_now(record, moved)
    findings = check_record(folder, record, places)
    _print("what the run began from", [(e.subject, e.equal, e.text) for e in findings])
    return findings, places


def _check_allowed(refused: Sequence[Finding], allowed: bool) -> None:
    """Refuses other data or weights that nobody allowed."""
    if refused and not allowed:
        raise InputError(
            f"{refused[0].text}: a rerun would train another model. Name the original by "
            f"--{refused[0].subject}, or go on by --allow-differences"
        )


def _repeat(
    folder: Path,
    record: dict[str, Any],
    places: dict[str, Path],
    findings: Sequence[Finding],
    out: Path,
    resume: bool,
    name: str,
) -> bool:
    """Trains again, compares both runs and prints it; tells whether they are equal."""
    from pipelines.training.rerun import FILE, tracked_id, train_again, write_result
    from pipelines.training.run_comparison import compare_runs

    train_again(folder, record, places, out, resume)
    results = compare_runs(folder, out)
    content = write_result(out, tracked_id(folder, name), findings, results)
    _print("the run and its rerun", [(each.name, each.equal, each.text) for each in results])
    click.echo(f"{FILE:<12} {out / FILE}")
    if content["with_differences"]:
        click.echo("other data or weights were allowed: this is no repetition of the run")
    click.echo("equal" if content["equal"] else f"not equal; {_WHY}")
    return content["equal"]


def _print(title: str, rows: Sequence[tuple[str, bool, str]]) -> None:
    """Prints a line for each thing; what differs is marked."""
    click.echo(f"{title}:")
    width = max(len(name) for name, _, _ in rows)
    for name, equal, text in rows:
        click.echo(f"  {'equal  ' if equal else 'DIFFERS'}  {name:<{width}}  {text}")
