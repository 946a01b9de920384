"""Whether two models differ, by exchanging their answers group by group.

If they do not, it makes no difference whose answers to a group's images are whose. The answers of
whole groups change sides, because images of one group resemble each other.

Sources: Ernst 2004, doi:10.1214/088342304000000396 (exact inference by permutations); Phipson and
Smyth 2010, doi:10.2202/1544-6115.1585 (p values of random permutations are never 0).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipelines.evaluation.group_statistics import GroupStatistics, Table

_AT_ONCE = 400_000
_EQUAL = 1e-10  # rounding: what differs by less is the same difference


def permutation_p(both: GroupStatistics, permutations: int, seed: int) -> NDArray[np.float64]:
    """Computes the two-sided p value of every score.

    Args:
        both: scores of the answers of both models in one table, in which the first half of the
            groups are those of the first model, and the second half the same of the second.
        permutations: number of random exchanges; where there are no more different ones (a few
            groups), each is made once and the p value is exact.
        seed: of the exchanges.

    Returns:
        p values, (quantities,); NaN where the difference is not defined. An exchange that leaves
        it undefined counts as one that reaches the observed one, so that p is rather too large.
    """
    groups = both.groups // 2
    exact = 2**groups <= permutations
    observed = np.abs(_differences(both, np.zeros((1, groups), dtype=bool))[0])
    reached, made = np.zeros(len(observed)), 0
    for flips in _exchanges(groups, permutations, seed, exact):
        differences = np.abs(_differences(both, flips))
        reached += (~(differences < observed - _EQUAL)).sum(axis=0)  # NaN is below nothing
        made += len(flips)
    values = reached / made if exact else (reached + 1) / (made + 1)
    return np.where(np.isnan(observed), np.nan, values)


def _differences(both: GroupStatistics, flips: NDArray[np.bool_]) -> Table:
    """Gives second minus first after the groups that are flipped have changed sides."""
    own, other = (~flips).astype(float), flips.astype(float)
    return both.values(np.hstack([other, own])) - both.values(np.hstack([own, other]))


def _exchanges(
    groups: int, permutations: int, seed: int, exact: bool
) -> Iterator[NDArray[np.bool_]]:
    """Yields which groups change sides, (rows, groups), a few rows at a time."""
    generator = np.random.default_rng(seed)
    count, rows = 2**groups if exact else permutations, max(1, _AT_ONCE // max(groups, 1))
    for start in range(0, count, rows):
        numbers = np.arange(start, min(start + rows, count))
        if exact:
            yield (numbers[:, None] >> np.arange(groups)) % 2 == 1
        else:
            yield generator.random((len(numbers), groups)) < 0.5
