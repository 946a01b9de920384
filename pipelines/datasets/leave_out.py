"""One fold for each value of a column: leave one site out."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.datasets.dataset import LEAST_FOLDS, Item
from pipelines.datasets.item_columns import complete_values
from pipelines.datasets.layouts.sample import natural
from pipelines.errors import InputError

OPTION = "--leave-out"
_NO_SITES = ("class", "label")


def sites(items: Sequence[Item], column: str, groups: Sequence[str]) -> list[str]:
    """Gives the value of every item in the column that makes the folds.

    Args:
        items: entries of dataset.json.
        column: the column, such as a site.
        groups: the group of each item.

    Returns:
        The value of each item.

    Raises:
        InputError: the column is the class, there is no such column, an item has no value in it,
            it has fewer than three values, or a group has two.
    """
    if column in _NO_SITES:
        raise InputError(
            f"{OPTION} {column}: a fold for each class would train without the class that is "
            "scored; name a column of sites, devices or the like"
        )
    values = complete_values(items, column, OPTION)
    found = sorted(set(values), key=natural)
    if len(found) < LEAST_FOLDS:
        raise InputError(
            f'{OPTION}: the column "{column}" has {len(found)} value{"s" * (len(found) > 1)} '
            f"({', '.join(found)}); a fold for each needs at least {LEAST_FOLDS} (one scored, one "
            "that validates, one that trains)"
        )
    firsts: dict[str, int] = {}
    for index, group in enumerate(groups):
        first = firsts.setdefault(group, index)
        if values[first] != values[index]:
            raise InputError(
                f"{OPTION}: group {group} spans two values of {column}: {items[first]['image']} is "
                f'of "{values[first]}" and {items[index]["image"]} of "{values[index]}"; a group '
                "must stay in one fold. Correct the column, or take the images of the group out"
            )
    return values


def folds_by_value(values: Sequence[str]) -> list[int]:
    """Numbers the folds by the values in their natural order.

    Args:
        values: the value of each image.

    Returns:
        The fold of each image.

    Examples:
        >>> folds_by_value(["site 10", "site 2", "site 10"])
        [1, 0, 1]
    """
    numbers = {value: fold for fold, value in enumerate(sorted(set(values), key=natural))}
    return [numbers[value] for value in values]
