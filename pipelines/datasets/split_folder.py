"""Divide a dataset folder: read its record, divide, write the record and nothing else."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from pipelines.datasets.applied_split import apply_split
from pipelines.datasets.dataset import Dataset, check, read, write
from pipelines.datasets.leaky import leaky_text
from pipelines.datasets.split import split
from pipelines.datasets.split_file import check_place, export_split, read_split_file
from pipelines.datasets.split_options import SplitOptions
from pipelines.errors import InputError

Say = Callable[[str], None]

AUDIT = ("audit.json", "audit.html")
"""What tells of the split in a dataset folder, and is stale after another."""

CLEARED = (
    "the split before leaked on purpose; the new one parts no group, so the dataset loses the mark "
    "(runs that were trained before keep it)"
)


def split_folder(
    folder: Path,
    options: SplitOptions | Path | None,
    export: Path | None = None,
    overwrite: bool = False,
    dry_run: bool = False,
    say: Say = print,
) -> Dataset:
    """Divides a dataset folder anew; of its files only dataset.json is rewritten.

    Args:
        folder: the dataset folder.
        options: how to divide it, or a split file to apply, or nothing where the present split is
            only to be exported.
        export: a file that the split is written to, or nothing.
        overwrite: whether a split file that stands there may be replaced.
        dry_run: whether to write nothing.
        say: called with every line that a person should read.

    Returns:
        The dataset with its split.

    Raises:
        InputError: the folder is no dataset, it cannot be divided so, or a file cannot be written.
    """
    if export is not None:
        check_place(export, overwrite)
    before = read(folder, folds=options is None)
    made = _divided(before, options, say)
    if before.leaky and not made.leaky:
        say(CLEARED)
    if dry_run:
        check(made)
    elif made != before:
        _write(made)
        _remove_audit(before, made, say)
    if export is not None and not dry_run:
        export_split(made, export, overwrite)
    return made


def _divided(dataset: Dataset, options: SplitOptions | Path | None, say: Say) -> Dataset:
    """Divides the dataset, or leaves it as it is."""
    if isinstance(options, SplitOptions):
        return split(dataset, options, say)
    made = dataset if options is None else apply_split(dataset, read_split_file(options))
    if made.leaky:
        say(f"warning: {leaky_text(made)}")
    return made


def _write(dataset: Dataset) -> None:
    """Writes the record."""
    try:
        write(dataset)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{dataset.folder} cannot be written: {reason}; nothing was changed"
        ) from None


def _remove_audit(before: Dataset, made: Dataset, say: Say) -> None:
    """Removes an audit that tells of another split: a stale one would vouch for what it never saw.

    Nothing is lost but a report that one command makes again.
    """
    same = (before.items, before.testing, before.leaky) == (made.items, made.testing, made.leaky)
    stale = [made.folder / name for name in AUDIT if (made.folder / name).is_file()]
    if same or not stale:
        return
    for path in stale:
        path.unlink(missing_ok=True)
    names = " and ".join(path.name for path in stale)
    command = f"med2d audit {shlex.quote(str(made.folder))}"
    say(f"{names} told of the split before and went; {command} makes them anew")
