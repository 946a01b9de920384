"""``med2d preview``: sheets of images to look at before anything is trained."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder of the sheets. [default: previews/NAME, NAME being that of the dataset folder]",
)
@click.option(
    "--count",
    type=click.IntRange(1, 2000),
    default=24,
    show_default=True,
    help="Images of a sheet, at most.",
)
@click.option("--columns", type=click.IntRange(min=1), help="Tiles in a row. [default: by count]")
@click.option(
    "--size",
    type=click.IntRange(96, 2048),
    default=256,
    show_default=True,
    help="Longer side of a tile in pixels.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    help="Of the choice of images. [default: 0; of a bundle's samples, the bundle's own]",
)
@click.option(
    "--class", "classes", multiple=True, metavar="NAME", help="Only this class. Repeatable."
)
@click.option(
    "--fold",
    type=click.IntRange(min=0),
    help="Only this fold; of a bundle's samples, those that train where it is scored.",
)
@click.option(
    "--bundle",
    metavar="NAME_OR_PATH",
    help="Also show what the network sees: a bundle's name or folder, or the folder of a run.",
)
@click.option(
    "--variant",
    "variants",
    multiple=True,
    metavar="NAME_OR_FILE",
    help="Of the bundle: a variant's name, or a file such as training takes. Repeatable.",
)
@click.option("--overwrite", is_flag=True, help="Replace a preview that stands at OUT.")
@click.option("--json", "as_json", is_flag=True, help="Print the list of sheets as JSON.")
def preview(dataset: Path, out: Path | None, overwrite: bool, as_json: bool, **given: Any) -> None:
    """Draw sheets of the images of DATASET: of each class, of each flag, and what a network sees.

    Masks are outlined. The sheets are PNG files in one folder, which appears whole or not at all.
    """
    from pipelines.preview.run import Options, summary
    from pipelines.preview.run import preview as run

    out = out or Path("previews") / dataset.absolute().name
    warn = partial(click.echo, err=True)
    drawn = run(dataset, out, Options(**given), overwrite, lambda line: warn(f"warning: {line}"))
    if as_json:
        click.echo(json.dumps(summary(drawn, out), indent=1, ensure_ascii=False))
        return
    for sheet in drawn:
        click.echo(f"{sheet.file}: {len(sheet.images)} of {sheet.of} images")
    click.echo(f"written to {out}")
