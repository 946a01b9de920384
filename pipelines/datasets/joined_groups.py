"""Groups of a dataset, joined by a further column, such as a patient that was looked up later."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.datasets.dataset import Item
from pipelines.datasets.item_columns import complete_values
from pipelines.datasets.layouts.sample import DUPLICATES

GROUP = "group"


def joined_groups(items: Sequence[Item], column: str) -> list[str]:
    """Joins the groups of a dataset with the values of a column.

    What was one group stays one, so that near-duplicates never part; images of one value become
    one group, too, and so on through any chain of both.

    Args:
        items: entries of dataset.json.
        column: the column; ``group`` leaves the groups as they are.

    Returns:
        The group of each item, named like the former group of its first item.

    Raises:
        InputError: there is no such column, or an item has no value in it.
    """
    former = complete_values(items, GROUP, "--group")
    if column == GROUP:
        return former
    values = complete_values(items, column, "--group")
    numbers = _joined(former, values)
    names: dict[int, str] = {}
    return [names.setdefault(number, name) for number, name in zip(numbers, former, strict=True)]


def _joined(former: Sequence[str], values: Sequence[str]) -> list[int]:
    """Numbers the groups that hang together by a former group or by a value."""
    import numpy as np

    from pipelines.datasets.duplicates import clusters

    links = []
    for labels in (former, values):
        firsts: dict[str, int] = {}
        links += [(firsts.setdefault(label, index), index) for index, label in enumerate(labels)]
    return clusters(len(former), np.array(links)).tolist()


def joined_text(grouping: str, column: str) -> str:
    """Says what the groups are after they were joined with a column, for ``source.grouping``.

    Examples:
        >>> joined_text("near-duplicate clusters; no patient ids", "patient")
        'the column patient, joined with near-duplicate clusters'
        >>> joined_text("patient ids of the data", "clinic")
        'patient ids of the data, joined with the column clinic'
    """
    if column == GROUP or f"the column {column}" in grouping:
        return grouping
    if grouping == DUPLICATES:
        return f"the column {column}, joined with near-duplicate clusters"
    return f"{grouping}, joined with the column {column}" if grouping else f"the column {column}"
