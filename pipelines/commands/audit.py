"""``med2d audit``: what is wrong with a dataset folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.errors import InputError

if TYPE_CHECKING:
    from pipelines.datasets.audit.report import Report
    from pipelines.datasets.dataset import Dataset

_COLOURS = {"error": "red", "warning": "yellow", "note": "dim"}


@click.command()
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder of audit.json and audit.html. [default: DATASET]",
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes. [default: all cores]")
@click.option(
    "--expect-lesion",
    metavar="CLASS,…",
    help="Classes whose masks should mark something. [default: all but normal, healthy, …]",
)
@click.option(
    "--write-flags", is_flag=True, help="Write the marks that are found into dataset.json, too."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def audit(
    context: click.Context,
    dataset: Path,
    out: Path | None,
    workers: int | None,
    expect_lesion: str | None,
    write_flags: bool,
    as_json: bool,
) -> None:
    """Look at every image of the dataset folder DATASET and report what is wrong with it.

    Leaks between the sides of a split, copies, broken or odd images, faulty masks, burnt-in marks,
    small classes; and the input size to train at. Ends with code 1 where there is an error.
    """
    from pipelines.datasets.audit.run import audit as run
    from pipelines.datasets.dataset import load, read

    folder = out or dataset
    data = read(dataset) if write_flags else load(dataset)
    report = run(data, folder, workers, lesions=_names(expect_lesion))
    if write_flags:
        _write_flags(data, report)
    if as_json:
        click.echo(json.dumps(report.content(), indent=1, ensure_ascii=False))
    else:
        _print(report, folder)
    context.exit(0 if report.passes else 1)


def _write_flags(data: Dataset, report: Report) -> None:
    """Writes the flags into dataset.json, and says what that changes."""
    from pipelines.datasets.audit.flags import with_flags
    from pipelines.datasets.dataset import write

    flagged = with_flags(data, report.flags)
    if flagged != data:
        try:
            write(flagged)
        except OSError as error:
            raise InputError(
                f"{data.folder} cannot be written: {error.strerror or error}"
            ) from None
        click.echo(
            "flags written to dataset.json: runs that were trained before know another dataset",
            err=True,
        )


def _names(text: str | None) -> list[str] | None:
    """Parses names that commas separate."""
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    if "" in names:
        raise InputError(f"--expect-lesion: {text!r} holds an empty name")
    return names


def _print(report: Report, folder: Path) -> None:
    """Prints the findings as a table, as plain lines where no terminal reads them."""
    from pipelines.datasets.audit.report import HTML, JSON

    if is_terminal():
        _print_table(report)
    else:
        for finding in report.findings:
            click.echo(f"{finding.severity}: {finding.title} [{finding.check}]")
    size = report.resolution.get("recommended")
    if size:
        click.echo(f"size to train at: {size} pixels. {report.resolution['reason']}")
    click.echo(f"{report.dataset.name} {report.verdict}")
    click.echo(f"written: {folder / HTML} (open it in a browser) and {folder / JSON}")


def is_terminal() -> bool:
    """Tells whether a person reads the output."""
    return sys.stdout.isatty()


def _print_table(report: Report) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("", "finding", "images", "check", show_lines=False)
    for finding in report.findings:
        colour = _COLOURS[finding.severity]
        count = f"{len(finding.images):,}" if finding.images else ""
        row = (finding.severity, escape(finding.title), count, finding.check)
        table.add_row(*(f"[{colour}]{row[0]}[/]", *row[1:]))
    Console().print(table)
