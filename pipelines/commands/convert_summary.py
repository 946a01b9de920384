"""What ``med2d convert`` says at its end."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.datasets.layouts import LAYOUTS

if TYPE_CHECKING:
    from pipelines.datasets.convert import Conversion


def class_counts(made: Conversion) -> dict[str, dict[str, int]]:
    """Counts the images of every class in every fold and in the test part."""
    dataset = made.dataset
    places = {f"fold {fold}": 0 for fold in dataset.folds}
    places |= {"test": 0} if dataset.testing else {}
    counts = {name: {**places, "all": 0} for name in dataset.classes}
    for item in (*dataset.items, *dataset.testing):
        row = counts[item["class"]]
        row[f"fold {item['fold']}" if "fold" in item else "test"] += 1
        row["all"] += 1
    return counts


def summary(made: Conversion, out: Path) -> dict[str, Any]:
    """Gives what was made, as JSON shows it."""
    dataset = made.dataset
    items = (*dataset.items, *dataset.testing)
    return {
        "out": str(out),
        "written": made.written,
        "layout": dataset.source["layout"],
        "name": dataset.name,
        "task": dataset.task,
        "labels": dataset.labels,
        "channels": dataset.channels,
        "images": len(items),
        "testing": len(dataset.testing),
        "groups": len({item["group"] for item in items}),
        "groups_of_several": made.clusters,
        "near_duplicate_pairs": made.pairs,
        "grouping": dataset.source["grouping"],
        "classes": class_counts(made),
        "left_out": dataset.source["left_out"],
        "next": _next(made, out),
    }


def print_summary(made: Conversion, out: Path) -> None:
    """Prints what was made, as a table of classes and folds, and what to do next."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    counts = class_counts(made)
    columns = list(next(iter(counts.values())))
    table = Table("class", *columns)
    for name, row in counts.items():
        table.add_row(escape(name), *map(str, row.values()))
    sums = (sum(row[column] for row in counts.values()) for column in columns)
    table.add_row("all", *map(str, sums))
    Console().print(table)
    content = summary(made, out)
    click.echo(
        f"{content['images']} images in {content['groups']} groups ({made.clusters} of several "
        f"images; {made.pairs} near-duplicate pairs found), {len(made.left_out)} left out"
    )
    click.echo(f"written to {out}" if made.written else f"dry run: nothing was written to {out}")
    if content["next"]:
        click.echo(f"next: {content['next']}")


def _next(made: Conversion, out: Path) -> str | None:
    """Gives the command that trains on the dataset, where a bundle does."""
    from pipelines.bundles import bundle_names

    layout = LAYOUTS[made.dataset.source["layout"]]
    bundle = layout.bundles.get(made.dataset.task, "")
    if not made.written or bundle not in bundle_names():
        return None
    return (
        f"python -m monai.bundle run --config_file {_train_file(bundle)} "
        f"--dataset_dir {shlex.quote(str(out))}"
    )


def _train_file(bundle: str) -> str:
    """Gives a bundle's training configuration, from the working folder if it is near."""
    from pipelines.bundles import bundle_root

    path = bundle_root(bundle) / "configs" / "train.json"
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
