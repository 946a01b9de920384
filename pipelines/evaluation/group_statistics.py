"""Scores as functions of how often each group counts: what every resampling method needs.

A bootstrap draws groups, a jackknife leaves one out, a permutation moves groups from one model to
the other. All three are tables of counts, so a score is written once and works for each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Table = NDArray[Any]
"""Numbers of single or double precision: few digits are enough for a resample."""


class Quantity(NamedTuple):
    """What one column of a table of scores is.

    Attributes:
        score: its name, such as ``recall``.
        part: the class that it is of; "" for all together.
        description: one sentence for a reader.
        unit: what ``n`` counts.
        n: how much of it there is.
        groups: distinct groups behind ``n``.
        proportion: hits and trials where the score is a plain share of images; None elsewhere.
        inflated: whether resampling alone raises it, as it does a mean of absolute differences; it
            then has no interval.
        rarest: distinct groups of the rarest class of a mean over the classes; None elsewhere.
    """

    score: str
    part: str
    description: str
    unit: str
    n: int
    groups: int
    proportion: tuple[int, int] | None = None
    inflated: bool = False
    rarest: int | None = None

    @property
    def resampled_groups(self) -> int:
        """How many groups a resample exchanges at the least: below two it shows no spread."""
        return self.groups if self.rarest is None else min(self.groups, self.rarest)


class GroupStatistics(Protocol):
    """Scores of a table of cases."""

    @property
    def quantities(self) -> Sequence[Quantity]:
        """What the columns of ``values`` are."""

    @property
    def groups(self) -> int:
        """Number of groups, G."""

    def values(self, counts: Table) -> Table:
        """Gives every score for each row of counts.

        Args:
            counts: how often each group counts, (rows, G), at least 0; the groups in the sorted
                order of their names.

        Returns:
            (rows, quantities); NaN where a score is not defined.
        """


def counted(which: NDArray[np.bool_], groups: NDArray) -> tuple[int, int]:
    """Counts cases and their distinct groups.

    Args:
        which: whether each case counts, (cases,).
        groups: group of each case, (cases,).
    """
    return int(which.sum()), len(np.unique(groups[which]))
