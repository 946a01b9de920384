"""Folds that never share a group, stratified by class."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from pipelines.datasets.dataset import LEAST_FOLDS
from pipelines.errors import InputError


def make_folds(
    classes: Sequence[str],
    groups: Sequence[str],
    folds: int = 5,
    seed: int = 0,
    warn: Callable[[str], None] | None = None,
) -> list[int]:
    """Assigns a fold to every item.

    Args:
        classes: the class of each item.
        groups: the group of each item; all items of a group get one fold.
        folds: number of folds, from 2.
        seed: of the shuffle before the assignment.
        warn: takes a line on each class with fewer groups than folds, which then stands in some
            folds only; without it such a class is refused.

    Returns:
        The fold of each item, 0 to folds - 1.

    Raises:
        InputError: a class has fewer groups than there are folds, and nobody takes warnings; or
            all classes have.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    _check_groups(classes, groups, folds, warn)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    assigned = np.full(len(classes), -1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class")  # said in our words
        splits = splitter.split(np.zeros(len(classes)), classes, groups)
        for fold, (_, chosen) in enumerate(splits):
            assigned[chosen] = fold
    return assigned.tolist()


def _check_groups(
    classes: Sequence[str],
    groups: Sequence[str],
    folds: int,
    warn: Callable[[str], None] | None,
) -> None:
    """Warns of classes that cannot stand in every fold, or refuses them; the smallest first."""
    counts = Counter(name for name, _ in set(zip(classes, groups, strict=True)))
    thin = sorted((count, name) for name, count in counts.items() if count < folds)
    if warn is not None and len(thin) < len(counts):
        for count, name in thin:
            warn(f"{_too_few(name, count, folds)}: it stands in some of them only")
    elif thin:
        count, name = thin[0]
        most = thin[-1][0] if warn is not None else 0
        remedy = f"--folds {most} would fit the largest" if most >= LEAST_FOLDS else _remedy(count)
        if warn is not None and most < LEAST_FOLDS:
            remedy = f"every class has fewer than {LEAST_FOLDS}; give more images"
        raise InputError(f"{_too_few(name, count, folds)}; {remedy}")


def _too_few(name: str, count: int, folds: int) -> str:
    groups = f"{count} group{'s' if count > 1 else ''}"
    return f'class "{name}" has {groups}, fewer than the {folds} folds'


def _remedy(count: int) -> str:
    if count >= LEAST_FOLDS:
        return f"give more images of it, or --folds {count}"
    return (
        f"give more images of it ({LEAST_FOLDS} folds are the least, and near-duplicates count as "
        "one group), take the class out, or keep it in some folds only by --skip-bad"
    )
