"""Folds that never share a group, stratified by class."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.dataset import LEAST_FOLDS
from pipelines.errors import InputError
from pipelines.progress import counting

TRIES = 8
"""Shuffles that are tried where the first is not as even as can be; the most even one is kept."""

EVEN = 0.01
"""A fold that is this share of a stratum's even part off, or one image, is even enough."""

SKIP_BAD = "--skip-bad"


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
        seed: of the shuffles before the assignment.
        warn: takes a line on each class with fewer groups than folds, which then stands in some
            folds only; without it such a class is refused.

    Returns:
        The fold of each item, 0 to folds - 1.

    Raises:
        InputError: a class has fewer groups than there are folds, and nobody takes warnings; or
            all classes have; or a few large groups leave nothing for a fold.
    """
    check_groups(classes, groups, folds, warn)
    return even_folds(classes, groups, folds, seed)


def even_folds(
    strata: Sequence[str], groups: Sequence[str], folds: int, seed: int = 0
) -> list[int]:
    """Assigns folds so that every stratum is spread as evenly as its groups allow.

    scikit-learn's assignment is greedy, and with few or large groups its luck depends on the
    shuffle. So some shuffles are tried until one is even enough, and the most even one is kept.
    Where a fold lacks a stratum that has a group for each fold, a group is moved there.

    Args:
        strata: the stratum of each item.
        groups: the group of each item; all items of a group get one fold.
        folds: number of folds, from 2.
        seed: of the first shuffle; the same seed gives the same folds.

    Returns:
        The fold of each item, 0 to folds - 1.

    Raises:
        InputError: a fold would be empty.
    """
    _, codes = np.unique(np.asarray(strata, dtype=np.str_), return_inverse=True)
    if np.bincount(codes).max() < folds:  # nothing could be spread; scikit-learn refuses it
        codes = np.zeros_like(codes)
    _, places = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
    best, least = np.zeros(0, dtype=np.int64), np.inf
    with counting("spreading") as report:
        for number, each in enumerate(_seeds(seed)):
            report(number, TRIES)
            assigned = with_every_stratum(
                codes, places, _assigned(codes, groups, folds, each), folds
            )
            off = unevenness(codes, assigned, folds)
            if off < least:
                best, least = assigned, off
            if _is_even(codes, best, folds):
                break
    if not len(best):
        count = len(set(groups))
        raise InputError(
            f"{count} groups of very different size cannot fill {folds} folds; give fewer --folds"
        )
    return best.tolist()


def _seeds(seed: int) -> list[int]:
    """Gives the seeds of the shuffles: the given one, then others that follow from it."""
    return [seed, *np.random.SeedSequence(seed).generate_state(TRIES - 1).tolist()]


def _assigned(
    codes: NDArray[np.int64], groups: Sequence[str], folds: int, seed: int
) -> NDArray[np.int64]:
    """Assigns folds by one shuffle."""
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    assigned = np.full(len(codes), -1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class")  # said in our words
        splits = splitter.split(np.zeros(len(codes)), codes, groups)
        for fold, (_, chosen) in enumerate(splits):
            assigned[chosen] = fold
    return assigned


def with_every_stratum(
    codes: NDArray[np.int64], groups: NDArray[np.int64], assigned: NDArray[np.int64], folds: int
) -> NDArray[np.int64]:
    """Moves groups so that each stratum with a group for every fold stands in every fold.

    Args:
        codes: the stratum of each item, numbered from 0, (items,).
        groups: the group of each item, numbered from 0, (items,).
        assigned: the fold of each item, (items,).
        folds: number of folds.

    Returns:
        The fold of each item, (items,), the most even that one move after the other gives. A
        stratum stays out of a fold only where no group can be moved there without taking another
        stratum out of a fold.
    """
    pairs = np.unique(np.stack([codes, groups]), axis=1)
    enough = np.bincount(pairs[0]) >= folds
    missing = _missing(codes, assigned, folds, enough)
    while missing:
        stratum, fold = missing[0]
        moved = [
            np.where(groups == group, fold, assigned) for group in pairs[1][pairs[0] == stratum]
        ]
        better = [m for m in moved if len(_missing(codes, m, folds, enough)) < len(missing)]
        if not better:
            break
        assigned = min(better, key=lambda each: unevenness(codes, each, folds))
        missing = _missing(codes, assigned, folds, enough)
    return assigned


def _missing(
    codes: NDArray[np.int64], assigned: NDArray[np.int64], folds: int, enough: NDArray[np.bool_]
) -> list[tuple[int, int]]:
    """Gives each stratum with a fold that lacks it, of those that have enough groups."""
    absent = (_table(codes, assigned, folds) == 0) & enough[:, None]
    return [(int(stratum), int(fold)) for stratum, fold in np.argwhere(absent)]


def unevenness(codes: NDArray[np.int64], assigned: NDArray[np.int64], folds: int) -> float:
    """Tells how unevenly the strata, and the images as a whole, are spread over the folds.

    Args:
        codes: the stratum of each item, numbered from 0, (items,).
        assigned: the fold of each item, (items,).
        folds: number of folds.

    Returns:
        The mean over the strata and the whole of the standard deviation of a fold's count, in units
        of the even count; 0 is even, infinity means that a fold is empty.
    """
    table = _table(codes, assigned, folds)
    counts = np.vstack([table, table.sum(axis=0)])
    if not counts[-1].all():
        return float("inf")
    return float(np.mean(counts.std(axis=1) / counts.mean(axis=1)))


def _table(codes: NDArray[np.int64], assigned: NDArray[np.int64], folds: int) -> NDArray[np.int64]:
    """Counts the items of each stratum in each fold, (strata, folds)."""
    table = np.zeros((codes.max() + 1, folds), dtype=np.int64)
    np.add.at(table, (codes, assigned), 1)
    return table


def _is_even(codes: NDArray[np.int64], assigned: NDArray[np.int64], folds: int) -> bool:
    """Tells whether no stratum can be spread much better: whole images cannot be divided."""
    if not len(assigned):
        return False
    table = _table(codes, assigned, folds)
    even = table.mean(axis=1, keepdims=True)
    return bool((np.abs(table - even) < np.maximum(1, EVEN * even)).all())


def check_groups(
    classes: Sequence[str],
    groups: Sequence[str],
    folds: int,
    warn: Callable[[str], None] | None = None,
    escape: str = SKIP_BAD,
) -> None:
    """Warns of classes that cannot stand in every fold, or refuses them; the smallest first.

    Args:
        classes: the class of each item.
        groups: the group of each item.
        folds: number of folds.
        warn: takes a line on each such class; without it, one is refused.
        escape: the option that lets such a class stand in some folds only.

    Raises:
        InputError: a class has fewer groups than there are folds, and nobody takes warnings; or
            all classes have.
    """
    counts = Counter(name for name, _ in set(zip(classes, groups, strict=True)))
    thin = sorted((count, name) for name, count in counts.items() if count < folds)
    if warn is not None and len(thin) < len(counts):
        for count, name in thin:
            warn(f"{_too_few(name, count, folds)}: it stands in some of them only")
    elif thin:
        count, name = thin[0]
        most = thin[-1][0] if warn is not None else 0
        fits = f"--folds {most} would fit the largest"
        remedy = fits if most >= LEAST_FOLDS else _remedy(count, escape)
        if warn is not None and most < LEAST_FOLDS:
            remedy = f"every class has fewer than {LEAST_FOLDS}; give more images"
        raise InputError(f"{_too_few(name, count, folds)}; {remedy}")


def _too_few(name: str, count: int, folds: int) -> str:
    groups = f"{count} group{'s' if count > 1 else ''}"
    return f'class "{name}" has {groups}, fewer than the {folds} folds'


def _remedy(count: int, escape: str) -> str:
    if count >= LEAST_FOLDS:
        return f"give more images of it, or --folds {count}"
    return (
        f"give more images of it ({LEAST_FOLDS} folds are the least, and near-duplicates count as "
        f"one group), take the class out, or keep it in some folds only by {escape}"
    )
