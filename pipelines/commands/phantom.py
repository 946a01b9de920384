"""``med2d phantom``: a command for each kind of made images."""

from __future__ import annotations

import importlib
import shlex
from functools import partial
from pathlib import Path
from typing import Any

import click

from pipelines.datasets.phantoms import PHANTOMS, Phantom


@click.group()
def phantom() -> None:
    """Make a raw folder of synthetic images, to try everything without data."""


def _phantom_command(made: Phantom) -> click.Command:
    """Makes the command of a phantom of its line in the table."""
    folder = click.Path(path_type=Path)
    number = click.IntRange(min=1)
    seed = click.IntRange(min=0)
    return click.Command(
        made.name,
        params=[
            click.Argument(["out"], type=folder),
            click.Option(["--count"], type=number, default=made.count, show_default=True),
            click.Option(["--seed"], type=seed, default=0, show_default=True),
            click.Option(
                ["--size"],
                type=number,
                default=made.size,
                show_default=True,
                help="Of the longer side, in pixels.",
            ),
            *(click.Option([f"--{flag}"], is_flag=True, help=text) for flag, text in made.flags),
            click.Option(["--workers"], type=number, help="Processes. [default: all cores]"),
            click.Option(
                ["--overwrite"], is_flag=True, help="Replace a made folder that stands at OUT."
            ),
        ],
        callback=partial(_make, made),
        short_help=made.description[:1].upper() + made.description[1:],
        help=f"Make {made.description}, in the folder OUT.",
    )


def _make(made: Phantom, out: Path, **options: Any) -> None:
    """Makes a phantom and says what to do with it."""
    from pipelines.progress import counting

    maker = getattr(importlib.import_module(made.module), made.function)
    with counting("making") as report:
        maker(out, progress=report, **options)
    click.echo(f"{options['count']} images in {out}")
    end = f" {made.options}" if made.options else ""
    click.echo(f"next: med2d convert {made.convert} {shlex.quote(str(out))} DATASET{end}")


for _made in PHANTOMS.values():
    phantom.add_command(_phantom_command(_made))
