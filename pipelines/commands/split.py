"""``med2d split``: folds and a test part that never share a group."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.commands.class_table import fold_counts, print_fold_table
from pipelines.datasets.dataset import FILE_NAME, LEAST_FOLDS
from pipelines.datasets.item_columns import column_names
from pipelines.errors import InputError

if TYPE_CHECKING:
    from pipelines.datasets.dataset import Dataset
    from pipelines.datasets.split_options import SplitOptions

_FILE = click.Path(path_type=Path)
_OF_SPLITS = {
    "folds": "--folds",
    "test": "--test",
    "group": "--group",
    "stratify": "--stratify",
    "seed": "--seed",
    "leave_out": "--leave-out",
    "keep_test": "--keep-test",
    "allow_rare": "--allow-rare",
    "leaky": "--leaky",
}


def _columns(
    context: click.Context, option: click.Parameter, text: str | None
) -> tuple[str, ...] | None:
    """Parses names that commas separate."""
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(","))
    if len(set(names)) < len(names) or "" in names:
        raise click.BadParameter(f"{text!r} holds a name twice, or an empty one")
    return names


@click.command()
@click.argument("dataset", type=_FILE)
@click.option("--folds", type=click.IntRange(min=LEAST_FOLDS), help="Number of folds. [default: 5]")
@click.option(
    "--test", type=float, metavar="SHARE", help="Share of the images held out. [default: 0]"
)
@click.option(
    "--group",
    metavar="COLUMN",
    help="Join the groups with the values of a column, such as patient. [default: group]",
)
@click.option(
    "--stratify",
    metavar="A,B,…",
    callback=_columns,
    help="Columns to be spread evenly, the most important first. [default: class]",
)
@click.option(
    "--leave-out",
    "--site",
    "leave_out",
    metavar="COLUMN",
    help="One fold for each value of a column, instead of --folds.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), help="Of all that is random. [default: 0]"
)
@click.option("--keep-test", is_flag=True, help="Keep the part testing as it is.")
@click.option(
    "--allow-rare",
    is_flag=True,
    help="Let a class with fewer groups than folds stand in some folds only.",
)
@click.option(
    "--leaky",
    is_flag=True,
    help="Ignore the groups on purpose, to show by how much scores are then too good.",
)
@click.option(
    "--export-split",
    "export",
    type=_FILE,
    metavar="FILE",
    help="Write the split to a file; without another option, the present one.",
)
@click.option(
    "--apply-split", "apply", type=_FILE, metavar="FILE", help="Take the split of a file."
)
@click.option("--overwrite", is_flag=True, help="Replace the file of --export-split.")
@click.option("--dry-run", is_flag=True, help="Show the split; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def split(
    dataset: Path,
    export: Path | None,
    apply: Path | None,
    overwrite: bool,
    dry_run: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Divide the dataset folder DATASET anew into folds and a test part.

    No group stands on two sides. The same folder, options and seed give the same split. Only
    dataset.json is rewritten.
    """
    from pipelines.datasets.split_folder import split_folder

    warnings: list[str] = []

    def say(line: str) -> None:
        warnings.append(line)
        click.echo(line, err=True)

    chosen = {name: each for name, each in given.items() if each is not None and each is not False}
    options = _options(chosen, apply, export)
    made = split_folder(dataset, options, export, overwrite, dry_run, say)
    written = not dry_run and options is not None
    content = _summary(made, dataset, written) | {"said": warnings}
    if as_json:
        click.echo(json.dumps(content, indent=1, ensure_ascii=False))
    else:
        _print(made, content)
        _print_files(dataset, export, dry_run, written)


def _options(
    chosen: Mapping[str, Any], apply: Path | None, export: Path | None
) -> SplitOptions | Path | None:
    """Says what to do: to divide, to apply a file, or only to export."""
    from pipelines.datasets.split_options import SplitOptions

    flags = ", ".join(_OF_SPLITS[name] for name in chosen)
    if apply is not None and chosen:
        raise InputError(f"--apply-split takes all of its file; leave {flags} out")
    if apply is not None:
        return apply
    if export is not None and not chosen:
        return None
    if "leave_out" in chosen:
        _check_leave_out(chosen)
    return SplitOptions(**chosen)


def _check_leave_out(chosen: Mapping[str, Any]) -> None:
    """Refuses options that say nothing where a column makes the folds."""
    idle = ["folds", "allow_rare", *([] if chosen.get("test") else ["stratify", "seed"])]
    flags = ", ".join(_OF_SPLITS[name] for name in idle if name in chosen)
    if flags:
        raise InputError(f"--leave-out makes the folds by its column; leave {flags} out")


def _summary(made: Dataset, folder: Path, written: bool) -> dict[str, Any]:
    """Gives the split, as JSON shows it."""
    items = (*made.items, *made.testing)
    return {
        "dataset": str(folder),
        "written": written,
        "name": made.name,
        "images": len(items),
        "groups": len({item["group"] for item in items}),
        "folds": len(made.folds),
        "testing": len(made.testing),
        "leaky": made.leaky,
        "split": made.source.get("split"),
        "sites": _sites(made),
        "classes": fold_counts(made),
        "strata": {column: fold_counts(made, column) for column in _further(made)},
    }


def _further(made: Dataset) -> list[str]:
    """Names the columns besides the class that the split was stratified by."""
    columns = made.source.get("split", {}).get("stratify", [])
    known = column_names((*made.items, *made.testing))  # an applied split may name others
    return [name for name in columns if name != "class" and name in known]


def _sites(made: Dataset) -> dict[str, str]:
    """Gives the value that each fold was made of, where a column made the folds."""
    column = made.source.get("split", {}).get("leave_out")
    return {
        f"fold {item['fold']}": str(item[column]) for item in reversed(made.items) if column in item
    }


def _print(made: Dataset, content: Mapping[str, Any]) -> None:
    """Prints the tables of counts, and what they sum up to."""
    titles = {fold: f"{fold} ({site})" for fold, site in content["sites"].items()}
    for column in ("class", *content["strata"]):
        print_fold_table(made, column, titles)
    count, testing = content["images"], content["testing"]
    part = f", {testing} of them ({testing / count:.1%}) in the test part" if testing else ""
    click.echo(f"{count} images in {content['groups']} groups, {content['folds']} folds{part}")


def _print_files(folder: Path, export: Path | None, dry_run: bool, written: bool) -> None:
    """Says which files were written."""
    if dry_run:
        click.echo("dry run: nothing was written")
    if written:
        click.echo(f"written to {folder / FILE_NAME}")
    if export is not None and not dry_run:
        click.echo(f"the split is in {export}")
