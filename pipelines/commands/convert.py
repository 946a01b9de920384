"""``med2d convert``: a command for each raw layout."""

from __future__ import annotations

import json
import shlex
from functools import partial
from pathlib import Path
from typing import Any

import click

from pipelines.commands.convert_options import own_option, shared_options
from pipelines.commands.convert_summary import print_summary, summary
from pipelines.datasets.layouts import LAYOUTS, Layout
from pipelines.errors import InputError


@click.group()
def convert() -> None:
    """Convert the folder RAW, as people have it, to the dataset folder OUT.

    OUT appears whole or not at all. Images that are near-duplicates of one another, or of one
    patient, share a group, and no group is split between folds. A stopped run goes on where it
    was when the same command is given again. The layouts: med2d layouts.
    """


def _layout_command(layout: Layout) -> click.Command:
    """Makes the command of a layout of its line in the table."""
    tasks = list(layout.bundles)
    return click.Command(
        layout.name,
        params=[
            *shared_options(tasks, tasks[0]),
            *(own_option(option) for option in layout.options),
        ],
        callback=partial(_convert, layout),
        short_help=layout.description[:1].upper() + layout.description[1:],
        help=(f"{layout.description[:1].upper()}{layout.description[1:]}.\n\n\b\n{layout.tree}"),
    )


def _auto(raw: Path, out: Path, **options: Any) -> None:
    """Recognise the layout of the folder RAW, say which it is and why, and convert it.

    Where two layouts fit, or none does, nothing is converted.
    """
    from pipelines.datasets.layouts.signs import the_one

    layout, evidence = the_one(raw)
    click.echo(f"{raw} is of the {layout.name} layout: it holds {evidence}", err=True)
    try:
        _convert(layout, raw, out, **options)
    except InputError as error:
        if any(option.flag in str(error) for option in layout.options):
            command = f"med2d convert {layout.name} {shlex.quote(str(raw))} {shlex.quote(str(out))}"
            raise InputError(f"{error}. Those options belong to: {command}") from error
        raise


def _convert(layout: Layout, raw: Path, out: Path, **given: Any) -> None:
    """Converts a folder and prints the summary."""
    from pipelines.datasets.convert import convert as run
    from pipelines.datasets.options import DEFAULT_FOLDS, Options, folds_of_share

    as_json, grey, folds, val = (given.pop(name) for name in ("as_json", "grey", "folds", "val"))
    if folds is not None and val is not None:
        raise InputError("--folds and --val say the same in two ways; give one of them")
    own = {option.name: given.pop(option.name, None) or None for option in layout.options}
    options = Options(
        channels=None if grey is None else (1 if grey else 3),
        folds=folds or (DEFAULT_FOLDS if val is None else folds_of_share(val)),
        layout={name: value for name, value in own.items() if value is not None},
        **given,
    )
    try:
        made = run(raw, out, layout.name, options, say=partial(click.echo, err=True))
    except KeyboardInterrupt:
        if not options.dry_run:
            click.echo("What is done is kept: the same command goes on from there.", err=True)
        raise
    if as_json:
        click.echo(json.dumps(summary(made, out), indent=1, ensure_ascii=False))
    else:
        print_summary(made, out)


for _layout in LAYOUTS.values():
    convert.add_command(_layout_command(_layout))
convert.add_command(
    click.Command(
        "auto",
        params=shared_options(
            list(dict.fromkeys(task for each in LAYOUTS.values() for task in each.bundles)), None
        ),
        callback=_auto,
        short_help="Whichever of them the folder is of",
        help=_auto.__doc__,
    )
)
