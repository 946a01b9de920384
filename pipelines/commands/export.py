"""``med2d export``: a dataset folder for other programs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from pipelines.datasets.exports import EXPORTS


@click.command()
@click.argument("dataset", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--to",
    required=True,
    type=click.Choice(list(EXPORTS)),
    help="; ".join(f"{each.name}: {each.description}" for each in EXPORTS.values()) + ".",
)
@click.option(
    "--size",
    type=click.IntRange(min=1),
    default=256,
    show_default=True,
    help="Side of the letterboxed images in pixels (npz).",
)
@click.option(
    "--fold",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="The fold that is the test part; the next one validates (yolo).",
)
@click.option(
    "--number",
    type=click.IntRange(1, 999),
    default=501,
    show_default=True,
    help="Of the dataset (nnunet).",
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes. [default: all cores]")
@click.option("--overwrite", is_flag=True, help="Replace an export that stands at OUT.")
def export(dataset: Path, out: Path, to: str, **options: Any) -> None:
    """Write the dataset folder DATASET as other programs read it, into the folder OUT."""
    from pipelines.datasets.export import export as run

    run(dataset, out, to, say=partial(click.echo, err=True), **options)
    click.echo(f"written to {out}")
