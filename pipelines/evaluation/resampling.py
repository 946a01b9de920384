"""Draw groups of cases again, with replacement: the cluster bootstrap.

Images of one patient (or near-duplicates of one image) resemble each other, so that drawing images
one by one would make every interval too narrow. Whole groups are drawn instead. A score that is a
ratio of sums over cases then needs only how often each group was drawn, and all resamples are one
matrix product.

Source: Field and Welsh 2007, "Bootstrapping clustered data", Journal of the Royal Statistical
Society B 69(3):369-390.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

DRAWS_AT_ONCE = 2_000_000
"""Draws held in memory together: three arrays of 16 MB while a chunk is worked on."""


def group_sums(values: NDArray[np.float64], groups: NDArray) -> NDArray[np.float64]:
    """Sum the rows of each group.

    Args:
        values: (cases, S).
        groups: group of each case, (cases,).

    Returns:
        Sums, (groups, S), in the sorted order of the groups' names: the order of the cases has no
        part in which group a draw picks.
    """
    names, index = np.unique(groups, return_inverse=True)
    sums = np.zeros((names.size, values.shape[1]))
    np.add.at(sums, index, values)
    return sums


def resample_counts(groups: int, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield how often each group is drawn in each resample, a chunk of resamples at a time.

    A row is one draw of ``groups`` groups with replacement (a multinomial vector). Drawing indices
    and counting them is many times faster than ``Generator.multinomial`` for thousands of groups.

    Args:
        groups: number of groups, G.
        resamples: number of resamples, B.
        seed: seed of the draws.

    Yields:
        Counts, float64 (ready for a matrix product), (chunk, G); the chunks have B rows together
        and their size does not change the draws. Nothing where there are no groups.
    """
    generator = np.random.default_rng(seed)
    chunk = max(1, DRAWS_AT_ONCE // max(groups, 1))
    for start in range(0, resamples, chunk):
        rows = min(chunk, resamples - start)
        draws = (
            generator.integers(0, groups, size=(rows, groups))
            if groups
            else np.zeros((rows, 0), int)
        )
        draws += groups * np.arange(rows)[:, None]
        counts = np.bincount(draws.ravel(), minlength=rows * groups)
        yield counts.reshape(rows, groups).astype(float)
