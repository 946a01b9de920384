"""The command ``med2d``: thin verbs. What is heavy is imported inside them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import pipelines
from pipelines.datasets.layouts import LAYOUTS
from pipelines.errors import InputError

if TYPE_CHECKING:
    from pipelines.datasets.convert import Conversion


class Verbs(click.Group):
    """A group whose verbs end with one line and code 2 where the user can mend what is wrong."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the verb; Ctrl-C ends it with one line and code 130."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(2)
        except KeyboardInterrupt:
            click.echo("Stopped by Ctrl-C.", err=True)
            ctx.exit(130)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(pipelines.__version__, prog_name="med2d")
def main() -> None:
    """From a folder of 2-D medical images to a model that can be trusted and deployed."""


def _mapping(
    context: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> dict[int, int]:
    """Parses VALUE=INDEX."""
    mapping = {}
    for text in values:
        match = re.fullmatch(r"([0-9]+)=([0-9]+)", text)
        if match is None:
            raise click.BadParameter(f"{text!r} is not of the form VALUE=INDEX, such as 38=1")
        mapping[int(match[1])] = int(match[2])
    return mapping


_LAYOUT_LINES = "\n".join(f"{layout.name}: {layout.description}" for layout in LAYOUTS.values())


@main.command(epilog=f"\b\nLayouts:\n{_LAYOUT_LINES}")
@click.argument("layout", type=click.Choice(list(LAYOUTS)))
@click.argument("raw", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--task",
    type=click.Choice(sorted({task for layout in LAYOUTS.values() for task in layout.bundles})),
    default="segmentation",
    show_default=True,
    help="What the dataset is for.",
)
@click.option("--folds", type=click.IntRange(min=3), default=5, show_default=True)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of the assignment of folds.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes. [default: all cores]")
@click.option("--overwrite", is_flag=True, help="Replace a dataset folder that stands at OUT.")
@click.option(
    "--keep-conflicts", is_flag=True, help="Keep near-duplicates that have different classes."
)
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="VALUE=INDEX",
    callback=_mapping,
    help="A mask value besides 0 and 255, and its class index. Repeatable.",
)
def convert(layout: str, raw: Path, out: Path, **options: Any) -> None:
    """Convert the folder RAW, as people have it, to the dataset folder OUT.

    OUT appears whole or not at all. Images that are near-duplicates of one another share a group,
    and no group is split between folds.
    """
    from pipelines.datasets.convert import Options
    from pipelines.datasets.convert import convert as run

    made = run(raw, out, layout, Options(**options), say=lambda line: click.echo(line, err=True))
    _summary(made, out)


@main.group()
def phantom() -> None:
    """Make a raw folder of synthetic images, to try everything without data."""


@phantom.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--count", type=click.IntRange(min=1), default=60, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--size", type=click.IntRange(min=1), default=500, show_default=True)
@click.option("--overwrite", is_flag=True, help="Replace a made folder that stands at OUT.")
def busi(out: Path, count: int, seed: int, size: int, overwrite: bool) -> None:
    """Make breast ultrasound with tumour masks, in the busi layout, in the folder OUT."""
    from pipelines.datasets.phantoms.busi import make_busi
    from pipelines.progress import counting

    with counting("making") as report:
        make_busi(out, count, seed, size, progress=report, overwrite=overwrite)
    click.echo(f"{count} images in {out}\nnext: med2d convert busi {shlex.quote(str(out))} DATASET")


def _summary(made: Conversion, out: Path) -> None:
    """Prints what was made, as a table of classes and folds, and what to do next."""
    from rich.console import Console
    from rich.table import Table

    dataset = made.dataset
    table = Table("class", *(f"fold {fold}" for fold in dataset.folds), "all")
    for name in [*dataset.classes, "all"]:
        of_class = [item["fold"] for item in dataset.items if name in ("all", item["class"])]
        counts = [of_class.count(fold) for fold in dataset.folds]
        table.add_row(name, *map(str, counts), str(len(of_class)))
    Console().print(table)
    groups = len({item["group"] for item in dataset.items})
    click.echo(
        f"{len(dataset.items)} images in {groups} groups ({made.clusters} of several images; "
        f"{made.pairs} near-duplicate pairs found), {len(made.left_out)} left out\n"
        f"written to {out}\n"
        f"next: python -m monai.bundle run --config_file {_train_file(made)} "
        f"--dataset_dir {shlex.quote(str(out))}"
    )


def _train_file(made: Conversion) -> str:
    """Gives the training configuration for the dataset, from the working folder if it is near."""
    from pipelines.bundles import bundle_root

    layout = LAYOUTS[made.dataset.source["layout"]]
    path = bundle_root(layout.bundles[made.dataset.task]) / "configs" / "train.json"
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
