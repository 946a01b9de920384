"""``med2d convert``: a command for each raw layout."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.commands.convert_options import own_option, shared_options
from pipelines.commands.convert_summary import failure, print_summary, summary
from pipelines.datasets.layouts import LAYOUTS, Layout
from pipelines.errors import InputError

if TYPE_CHECKING:
    from pipelines.datasets.options import Options


_UNLIKE = 0.005  # by which a share is another


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
            *shared_options(tasks, None if layout.tells_task else tasks[0]),
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

    as_json = given.pop("as_json")
    options = _options(layout, given)
    try:
        made = run(raw, out, layout.name, options, say=partial(click.echo, err=True))
    except InputError as error:
        if as_json:
            click.echo(json.dumps(failure(error), indent=1, ensure_ascii=False))
        raise
    except KeyboardInterrupt:
        if not options.dry_run:
            click.echo("What is done is kept: the same command goes on from there.", err=True)
        raise
    if as_json:
        click.echo(json.dumps(summary(made, out), indent=1, ensure_ascii=False))
    else:
        print_summary(made, out)


def _options(layout: Layout, given: dict[str, Any]) -> Options:
    """Makes what the library takes of what was typed."""
    from pipelines.datasets.options import DEFAULT_FOLDS, Options, folds_of_share

    grey, folds, val = (given.pop(name) for name in ("grey", "folds", "val"))
    if folds is not None and val is not None:
        raise InputError("--folds and --val say the same in two ways; give one of them")
    if val is not None:
        _say_share(val, folds_of_share(val))
    own = {option.name: given.pop(option.name, None) or None for option in layout.options}
    return Options(
        channels=None if grey is None else (1 if grey else 3),
        folds=folds or (DEFAULT_FOLDS if val is None else folds_of_share(val)),
        layout={name: value for name, value in own.items() if value is not None},
        **given,
    )


def _say_share(val: float, folds: int) -> None:
    """Says what share a fold really holds, where it is another than was asked for."""
    if abs(val - 1 / folds) > _UNLIKE:
        click.echo(
            f"warning: --val {val:g} becomes --folds {folds}, of which one holds {1 / folds:.2g}",
            err=True,
        )


def try_out(layout: str, words: Sequence[str]) -> None:
    """Tries a command out, as its ``--dry-run`` would, and says nothing.

    Args:
        layout: the layout's name.
        words: what is typed after it.

    Raises:
        InputError: the command would be refused.
    """
    from pipelines.datasets.convert import convert as run

    given = convert.commands[layout].make_context(layout, [*words, "--dry-run"]).params
    raw, out, _ = (given.pop(name) for name in ("raw", "out", "as_json"))
    run(raw, out, layout, _options(LAYOUTS[layout], given), say=lambda line: None)


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
