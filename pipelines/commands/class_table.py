"""The table of classes and folds that several verbs print."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.datasets.dataset import Dataset
from pipelines.datasets.item_columns import column_values
from pipelines.datasets.strata import MISSING

_WIDEST = 10  # columns; with more folds, these are the rows


def fold_counts(dataset: Dataset, column: str = "class") -> dict[str, dict[str, int]]:
    """Counts the images of every class in every fold and in the test part.

    Args:
        dataset: the dataset.
        column: another column of the items to count by.

    Returns:
        Class to ``fold 0``, … (``test`` where there is such a part) and ``all`` to the number.
    """
    places = {f"fold {fold}": 0 for fold in dataset.folds}
    places |= {"test": 0} if dataset.testing else {}
    items = (*dataset.items, *dataset.testing)
    names = [value or MISSING for value in column_values(items, column, "the table")]
    counts = {name: {**places, "all": 0} for name in sorted(set(names))}
    for name, item in zip(names, items, strict=True):
        counts[name][f"fold {item['fold']}" if "fold" in item else "test"] += 1
        counts[name]["all"] += 1
    return counts


def print_fold_table(
    dataset: Dataset, column: str = "class", titles: Mapping[str, str] | None = None
) -> None:
    """Prints the counts of every class in every fold.

    Args:
        dataset: the dataset.
        column: another column of the items to count by.
        titles: further names of some folds, by ``fold 0``, ….
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    counts = fold_counts(dataset, column)
    places = list(next(iter(counts.values())))
    sums = [sum(row[place] for row in counts.values()) for place in places]
    rows = [
        [column, *((titles or {}).get(place, place) for place in places)],
        *([name, *map(str, row.values())] for name, row in counts.items()),
        ["all", *map(str, sums)],
    ]
    if len(places) > _WIDEST:
        rows[0][0] = "fold"
        rows = [list(row) for row in zip(*rows, strict=True)]
    table = Table(*map(escape, rows[0]))
    for row in rows[1:]:
        table.add_row(*map(escape, row))
    Console().print(table)
