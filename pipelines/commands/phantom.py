"""``med2d phantom``: a command for each kind of made images."""

from __future__ import annotations

import importlib
import os
import shlex
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import click

from pipelines.commands.convert import try_out
from pipelines.datasets.dataset import LEAST_FOLDS
from pipelines.datasets.phantoms import PHANTOMS, Phantom
from pipelines.errors import InputError


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
    click.echo(_next(made, out, options["workers"]) or _too_few(made, options["count"]))


def _next(made: Phantom, out: Path, workers: int | None) -> str | None:
    """Names the command that converts what was made; each is tried out before it is named."""
    from pipelines.datasets.options import DEFAULT_FOLDS

    words = [str(out), _free("DATASET"), *shlex.split(made.options)]
    processes = [] if workers is None else ["--workers", str(workers)]
    for folds in range(DEFAULT_FOLDS, LEAST_FOLDS - 1, -1):
        fewer = [] if folds == DEFAULT_FOLDS else ["--folds", str(folds)]
        with suppress(InputError):
            try_out(made.convert, [*words, *fewer, *processes])
            return f"next: med2d convert {made.convert} {shlex.join([*words, *fewer])}"
    return None


def _too_few(made: Phantom, count: int) -> str:
    """Says how many images are enough."""
    enough = made.enough if count < made.enough else 2 * count
    return f"too few for a dataset: make them again with --count {enough} --overwrite"


def _free(name: str) -> str:
    """Gives the name, or one that is counted on, so that nothing stands there."""
    names = (name, *(f"{name}-{number}" for number in range(2, 1000)))
    return next((each for each in names if not os.path.lexists(each)), name)


for _made in PHANTOMS.values():
    phantom.add_command(_phantom_command(_made))
