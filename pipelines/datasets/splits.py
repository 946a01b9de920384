"""Folds that never share a group, stratified by class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipelines.errors import InputError


def make_folds(
    classes: Sequence[str], groups: Sequence[str], folds: int = 5, seed: int = 0
) -> list[int]:
    """Assigns a fold to every item.

    Args:
        classes: the class of each item.
        groups: the group of each item; all items of a group get one fold.
        folds: number of folds, from 2.
        seed: of the shuffle before the assignment.

    Returns:
        The fold of each item, 0 to folds - 1.

    Raises:
        InputError: a class has fewer groups than there are folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    _check_groups(classes, groups, folds)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    assigned = np.full(len(classes), -1)
    for fold, (_, chosen) in enumerate(splitter.split(np.zeros(len(classes)), classes, groups)):
        assigned[chosen] = fold
    return assigned.tolist()


def _check_groups(classes: Sequence[str], groups: Sequence[str], folds: int) -> None:
    """Refuses classes that cannot stand in every fold."""
    for name in sorted(set(classes)):
        of_class = {group for each, group in zip(classes, groups, strict=True) if each == name}
        if len(of_class) < folds:
            raise InputError(
                f'class "{name}" has {len(of_class)} groups, fewer than the {folds} folds; '
                "give more images of it or fewer --folds"
            )
