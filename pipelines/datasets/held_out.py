"""A test part: whole groups, as even in every stratum as they allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import InputError

TRIES = 8
"""Random orders of the groups that are tried; the most even part is kept."""

MOST = 0.5
"""The largest share that a test part may have."""


class Spared(NamedTuple):
    """Labels of which the test part must leave some groups for the folds.

    Attributes:
        labels: the label of each image.
        least: how many groups of each label stay, where it has so many.
    """

    labels: Sequence[str]
    least: int


def check_share(share: float) -> None:
    """Refuses a share that is none.

    Raises:
        InputError: it is not between 0 and a half.
    """
    if not 0 <= share <= MOST:
        raise InputError(
            f"--test {share:g} is no share of the images; expected 0 (no test part) to {MOST:g}, "
            "such as 0.15"
        )


def choose_held_out(
    strata: Sequence[str],
    groups: Sequence[str],
    share: float,
    seed: int,
    spared: Sequence[Spared] = (),
) -> list[bool]:
    """Chooses the groups that are held out.

    Groups are taken in a random order, each where it brings the counts of the strata nearer to
    their share; a large group is as likely as a small one to be asked first.

    Args:
        strata: the stratum of each image.
        groups: the group of each image.
        share: of the images, above 0 and at most a half.
        seed: of the orders.
        spared: what must be left for the folds.

    Returns:
        For each image whether it is held out.

    Raises:
        InputError: no group can be held out.
    """
    members, inverse = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
    sizes = _counts(strata, inverse, len(members))
    rights = [(_counts(each.labels, inverse, len(members)) > 0, each.least) for each in spared]
    best, least = np.zeros(len(members), bool), np.inf
    for number in range(TRIES):
        order = np.random.default_rng((seed, number)).permutation(len(members))
        chosen = _taken(sizes, order, share, rights)
        off = _distance(sizes, chosen, share)
        if chosen.any() and off < least:
            best, least = chosen, off
        if _is_even(sizes, best, share):
            break
    if not best.any():
        raise InputError(
            f"--test {share:g} of {len(groups)} images is less than one group, or would take what "
            "the folds need; give a larger share, fewer --folds, or --test 0"
        )
    return best[inverse].tolist()


def _counts(labels: Sequence[str], inverse: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    """Counts the images of each label in each group, (groups, labels)."""
    _, columns = np.unique(np.asarray(labels, dtype=np.str_), return_inverse=True)
    table = np.zeros((groups, columns.max() + 1), dtype=np.int64)
    np.add.at(table, (inverse, columns), 1)
    return table


def _taken(
    sizes: NDArray[np.int64],
    order: NDArray[np.int64],
    share: float,
    rights: Sequence[tuple[NDArray[np.bool_], int]],
) -> NDArray[np.bool_]:
    """Takes groups in an order, each where it brings the counts nearer to their share."""
    totals = sizes.sum(axis=0)
    missing = share * totals
    left = [has.sum(axis=0) for has, _ in rights]
    chosen = np.zeros(len(sizes), dtype=bool)
    for group in order:
        size = sizes[group]
        # The change of the squared distance, each stratum's in units of its own size.
        nearer = ((size - 2 * missing) * size / totals).sum() < 0
        free = all(
            (rest[has[group]] > least).all()
            for rest, (has, least) in zip(left, rights, strict=True)
        )
        if nearer and free:
            chosen[group] = True
            missing = missing - size
            left = [rest - has[group] for rest, (has, _) in zip(left, rights, strict=True)]
    return chosen


def _distance(sizes: NDArray[np.int64], chosen: NDArray[np.bool_], share: float) -> float:
    """Tells how far the counts of the strata are from their share."""
    totals = sizes.sum(axis=0)
    return float(np.sum((sizes[chosen].sum(axis=0) - share * totals) ** 2 / totals))


def _is_even(sizes: NDArray[np.int64], chosen: NDArray[np.bool_], share: float) -> bool:
    """Tells whether no other choice could be nearer: whole images cannot be divided."""
    wanted = share * sizes.sum(axis=0)
    return bool((np.abs(sizes[chosen].sum(axis=0) - wanted) <= 0.5).all())
