"""What ``med2d convert`` says at its end."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.commands.class_table import fold_counts, print_fold_table
from pipelines.datasets.layouts import LAYOUTS

if TYPE_CHECKING:
    from pipelines.datasets.convert import Conversion
    from pipelines.errors import InputError


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
        "classes": fold_counts(dataset),
        "left_out": dataset.source["left_out"],
        "left_out_counts": made.left_out_counts,
        "audit": made.audit,
        "next": _next(made, out),
    }


def failure(error: InputError) -> dict[str, Any]:
    """Gives why nothing was made, as JSON shows it: all problems, where images have some."""
    first, *_ = str(error).splitlines() or [""]
    return {"error": first, "problems": list(getattr(error, "problems", []))}


def print_summary(made: Conversion, out: Path) -> None:
    """Prints what was made, as a table of classes and folds, and what to do next."""
    print_fold_table(made.dataset)
    content = summary(made, out)
    click.echo(
        f"{content['images']} images in {content['groups']} groups ({made.clusters} of several "
        f"images; {made.pairs} near-duplicate pairs found), {_left_out(made.left_out_counts)}"
    )
    click.echo(f"written to {out}" if made.written else f"dry run: nothing was written to {out}")
    if made.audit is not None:
        from pipelines.datasets.audit.report import HTML, verdict

        click.echo(f"audit: {verdict(made.audit)}; open {out / HTML} in a browser")
    if content["next"]:
        click.echo(f"next: {content['next']}")


def _left_out(counts: Mapping[str, int]) -> str:
    """Says what was left out, the images first, such as ``2 images left out``.

    Examples:
        >>> _left_out({"images": 3, "masks": 0, "folders": 1})
        '3 images left out, besides 1 folder that cannot be used'
    """
    from pipelines.datasets.left_out_counts import IMAGES, KINDS

    texts = {
        kind: f"{count} {KINDS[kind] if count == 1 else kind}"
        for kind, count in counts.items()
        if count or kind == IMAGES
    }
    images = f"{texts.pop(IMAGES)} left out"
    return f"{images}, besides {', '.join(texts.values())} that cannot be used" if texts else images


def _next(made: Conversion, out: Path) -> str | None:
    """Gives the command that trains on the dataset, where a bundle does.

    A classification is for the bundle that knows its classes. Where none does, all are named.
    """
    from pipelines.bundles import bundle_names

    dataset = made.dataset
    bundle = LAYOUTS[dataset.source["layout"]].bundles.get(dataset.task, "")
    if not made.written or bundle not in bundle_names():
        return None
    fitting, bundles = [bundle], ""
    if dataset.task == "classification":
        fitting, others = _by_classes(set(dataset.labels.values()))
        fitting = [bundle] if bundle in fitting else fitting
        bundles = ", ".join(others)
    command = (
        f"python -m monai.bundle run --config_file {_train_file((fitting or [bundle])[0])} "
        f"--dataset_dir {shlex.quote(str(out))}"
    )
    if fitting:
        return command
    return f"{command} (no bundle has these classes; each of {bundles} can be trained for them)"


def _by_classes(labels: set[str]) -> tuple[list[str], list[str]]:
    """Gives the bundles of just these classes, and all bundles for a classification."""
    from pipelines.bundles import bundle_classes, bundle_names

    every = [name for name in bundle_names() if name.endswith("_classification")]
    return [name for name in every if set(bundle_classes(name)) == labels], every


def _train_file(bundle: str) -> str:
    """Gives a bundle's training configuration, from the working folder if it is near."""
    from pipelines.bundles import bundle_root

    path = bundle_root(bundle) / "configs" / "train.json"
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
