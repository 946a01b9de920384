"""Divide a dataset folder anew: folds and a test part that never share a group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pipelines
from pipelines.datasets.dataset import LEAKY, Dataset, Item
from pipelines.datasets.held_out import Spared, choose_held_out
from pipelines.datasets.item_columns import column_values
from pipelines.datasets.joined_groups import GROUP, joined_groups, joined_text
from pipelines.datasets.layouts.sample import natural
from pipelines.datasets.leaky import leaky_text
from pipelines.datasets.leave_out import folds_by_value, sites
from pipelines.datasets.split_options import ALLOW_RARE, CLASS, SplitOptions, check_options
from pipelines.datasets.splits import check_groups, even_folds
from pipelines.datasets.strata import MISSING, joint_strata
from pipelines.errors import InputError

Say = Callable[[str], None]


def split(dataset: Dataset, options: SplitOptions, say: Say = print) -> Dataset:
    """Divides a dataset anew.

    The result depends on the images, their groups and columns, and the options; neither on the
    present folds nor on the order of the items. Only ``--group`` leaves a trace: joined groups
    stay joined.

    Args:
        dataset: the dataset; its present folds need not be in order.
        options: how to divide it.
        say: called with every line that a person should read.

    Returns:
        The dataset with new folds; nothing is written.

    Raises:
        InputError: the options contradict one another or do not fit the dataset.
    """
    check_options(dataset, options)
    everything = in_order((*dataset.items, *dataset.testing))
    names = joined_groups(everything, options.group)
    grouped = [{**item, GROUP: name} for item, name in zip(everything, names, strict=True)]
    free, kept = _parted(dataset, grouped, options)
    warnings: list[str] = []
    units = [item["image"] if options.leaky else item[GROUP] for item in free]
    strata = _strata(free, units, options, warnings.append)
    held = _held_out(free, units, strata, options)
    training = [item for item, out in zip(free, held, strict=True) if not out]
    testing = [*kept, *(item for item, out in zip(free, held, strict=True) if out)]
    folds = _folds(training, _staying(units, held), _staying(strata, held), options)
    made = replace(
        dataset,
        items=tuple(with_fold(item, fold) for item, fold in zip(training, folds, strict=True)),
        testing=tuple(with_fold(item, None) for item in in_order(testing)),
        source=_source(dataset, options, max(folds) + 1),
    )
    for line in (*warnings, *_remarks(dataset, made, options)):  # none of them before an error
        say(f"warning: {line}")
    return made


def in_order(items: Sequence[Item]) -> list[Item]:
    """Sorts items by the numbers and words of their names: no split of before has a part in it.

    Args:
        items: entries of dataset.json.

    Returns:
        The same entries.
    """
    return sorted(items, key=lambda item: natural(item["image"]))


def with_fold(item: Item, fold: int | None) -> Item:
    """Gives an entry of dataset.json another fold, after its group, or none.

    Args:
        item: the entry.
        fold: its new fold; nothing in the part ``testing``.

    Returns:
        A new entry.
    """
    made: Item = {}
    for key, value in item.items():
        if key != "fold":
            made[key] = value
        if key == GROUP and fold is not None:
            made["fold"] = fold
    return made


def _parted(
    dataset: Dataset, grouped: Sequence[Item], options: SplitOptions
) -> tuple[list[Item], list[Item]]:
    """Gives the items that are divided, and those of the test part that stays."""
    if not options.keep_test:
        return list(grouped), []
    fixed = {item["image"] for item in dataset.testing}
    free = [item for item in grouped if item["image"] not in fixed]
    kept = [item for item in grouped if item["image"] in fixed]
    homes = {item[GROUP]: item["image"] for item in reversed(kept)}
    for item in free if not options.leaky else ():
        if item[GROUP] in homes:
            raise InputError(
                f"--keep-test: {item['image']} is of one group ({item[GROUP]}) with "
                f"{homes[item[GROUP]]} of the part testing, which would leak; do without "
                "--keep-test, and make a new part by --test"
            )
    return free, kept


def _strata(
    items: Sequence[Item], units: Sequence[str], options: SplitOptions, warn: Say
) -> list[str]:
    """Gives the stratum of each item; refuses classes that cannot stand in every fold."""
    if options.leave_out is not None:
        found = sites(items, options.leave_out, units)
        others = [_values(items, name, warn) for name in options.stratify]
        return joint_strata([*others, found], units, 1, warn)
    classes = [item[CLASS] for item in items]
    check_groups(classes, units, options.folds, warn if options.allow_rare else None, ALLOW_RARE)
    if options.stratify == (CLASS,):
        return classes
    columns = [_values(items, name, warn) for name in options.stratify]
    return joint_strata(columns, units, options.folds, warn)


def _values(items: Sequence[Item], column: str, warn: Say) -> list[str]:
    """Gives the values of a column to stratify by; images without one make a stratum."""
    values = column_values(items, column, "--stratify")
    missing = values.count(None)
    if missing:
        warn(f'{missing} of {len(values)} images have no "{column}"; they count as one value of it')
    return [MISSING if value is None else value for value in values]


def _held_out(
    items: Sequence[Item], units: Sequence[str], strata: Sequence[str], options: SplitOptions
) -> list[bool]:
    """Chooses the new test part; the folds keep as many groups of each class as they need."""
    if not options.test:
        return [False] * len(items)
    if options.leave_out is None:
        labels, least = [item[CLASS] for item in items], options.folds
    else:
        labels, least = sites(items, options.leave_out, units), 1
    spared = (Spared(labels, least), Spared(strata, least))
    return choose_held_out(strata, units, options.test, options.seed, spared)


def _staying(values: Sequence[str], held: Sequence[bool]) -> list[str]:
    return [value for value, out in zip(values, held, strict=True) if not out]


def _folds(
    items: Sequence[Item], units: Sequence[str], strata: Sequence[str], options: SplitOptions
) -> list[int]:
    """Assigns the folds."""
    if options.leave_out is not None:
        return folds_by_value(sites(items, options.leave_out, units))
    return even_folds(strata, units, options.folds, options.seed)


def _source(dataset: Dataset, options: SplitOptions, folds: int) -> dict[str, Any]:
    """Says in ``source`` how the dataset was divided."""
    before = {key: value for key, value in dataset.source.items() if key not in (LEAKY, "split")}
    how = {"folds": folds, "test": options.test, "group": options.group, "seed": options.seed}
    if options.leave_out is not None:
        how["leave_out"] = options.leave_out
    else:
        how["stratify"] = list(options.stratify)
    how |= {"keep_test": True} if options.keep_test else {}
    grouping = joined_text(str(dataset.source.get("grouping", "")), options.group)
    return {
        **before,
        **({"grouping": grouping} if grouping else {}),
        "seed": options.seed,
        "folds": folds,
        "split": {**how, "med2d": pipelines.__version__},
        **({LEAKY: True} if options.leaky else {}),
    }


def _remarks(before: Dataset, made: Dataset, options: SplitOptions) -> list[str]:
    """Says what a reader of the scores must know of the new split."""
    lines = []
    if before.testing and not options.keep_test:
        lines.append(
            f"the earlier part testing ({len(before.testing)} images) is dissolved; --keep-test "
            "would keep it"
        )
    if made.leaky:
        lines.append(leaky_text(made))
    for name in made.classes:
        inside = {item["fold"] for item in made.items if item[CLASS] == name}
        if options.leave_out is not None and len(inside) < len(made.folds):
            lines.append(
                f'class "{name}" stands in {len(inside)} of {len(made.folds)} folds only; the '
                "others say nothing about it"
            )
        if made.testing and all(item[CLASS] != name for item in made.testing):
            lines.append(f'class "{name}" has no image in the part testing')
    return lines
