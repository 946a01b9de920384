"""Scores that are ratios of two sums over cases: means, shares, pooled precisions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.evaluation.confusion_scores import ratio
from pipelines.evaluation.group_statistics import Quantity, Table
from pipelines.evaluation.resampling import group_sums


class RatioStatistics:
    """Ratios of sums for any counts of groups; a ``GroupStatistics``.

    Args:
        above: what each case adds above the line, (cases, quantities); finite.
        below: what each case adds below the line, (cases, quantities); finite, at least 0.
        groups: group of each case, (cases,).
        quantities: what the columns are.
    """

    def __init__(
        self, above: Table, below: Table, groups: NDArray, quantities: Sequence[Quantity]
    ) -> None:
        self.quantities: Sequence[Quantity] = list(quantities)
        self._sums = group_sums(np.hstack([above, below]), groups)
        self.groups = len(self._sums)

    def values(self, counts: Table) -> Table:
        """Gives every score for each row of counts; see ``GroupStatistics``."""
        above, below = np.split(counts.astype(float, copy=False) @ self._sums, 2, axis=1)
        return ratio(above, below)
