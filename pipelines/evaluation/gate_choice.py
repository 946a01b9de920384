"""Choose from which probability of a lesion on an image's mask counts, and which regions count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.errors import InputError
from pipelines.evaluation.lesion_candidates import ID, LESION, PRESENCE, SHARE

SHARES = (0.0, 0.0005, 0.001, 0.002, 0.004, 0.008)
"""Least areas of a region that are tried, as shares of the image."""

IMAGES = (ID, PRESENCE, "lesions")
"""Columns of the table of images: name, probability of a lesion, number of lesions."""


class GateChoice(NamedTuple):
    """An operating point and what it reached on the images that chose it.

    Attributes:
        gate: probability of a lesion on an image below which its mask is emptied, in [0, 1].
        least_share: area of a region, by that of the image, below which it is removed.
        drawn: share of the lesions that a mask without gate and filter finds.
        sensitivity: share of the lesions that are found.
        false_positive_rate: share of the normal images on which something is left; None where
            there are none.
        lesions: how many lesions there were.
        normal_images: how many normal images there were.
    """

    gate: float
    least_share: float
    drawn: float
    sensitivity: float
    false_positive_rate: float | None
    lesions: int
    normal_images: int


def chosen_gate(
    candidates: pd.DataFrame,
    images: pd.DataFrame,
    sensitivity: float,
    shares: Sequence[float] = SHARES,
    least_share: float | None = None,
) -> GateChoice:
    """Chooses the gate, and the least region, for a wanted sensitivity for lesions.

    Some lesions are drawn in no mask at all, and no gate brings them back: the sensitivity is asked
    of those that are drawn. Of every least share that is tried the gate is the highest one at which
    enough of them stay. Of these points the one with the fewest false positives on normal images is
    taken; then that with the best F1 of lesions; then the smaller regions. A gate stands midway
    between the lowest probability that it lets pass and the next lower one. Without normal images
    there is nothing to be silent on, and the gate stays open.

    Args:
        candidates: the regions, with the columns of ``lesion_candidates``.
        images: a row an image, with the columns ``IMAGES``.
        sensitivity: share of the lesions drawn in the masks that must stay, in (0, 1].
        shares: least shares to be tried, 0 among them.
        least_share: the least share where that is given: the gate alone is chosen then, and the
            sensitivity is asked of the lesions that are drawn and not removed.

    Raises:
        InputError: there is no lesion to choose by, or ``sensitivity`` is none.
    """
    check_choice(sensitivity, shares)
    lesions = int(images["lesions"].sum())
    if not lesions:
        raise InputError("there is no lesion to choose an operating point by; expected some")
    found = int((candidates[LESION] > 0).sum())
    if least_share is not None:
        left = candidates[candidates[SHARE] >= least_share]
        choice = chosen_gate(left, images, sensitivity, (0.0,))
        return choice._replace(least_share=least_share, drawn=found / lesions)
    wanted = int(np.ceil(sensitivity * found - 1e-9))
    values = np.unique(images[PRESENCE].to_numpy(dtype=float))
    points = [_point(candidates, images, values, wanted, share) for share in shares]
    reached = [point for point in points if point[0] is not None]
    return min(reached, key=lambda point: point[1:])[0]  # type: ignore[return-value]


def check_choice(sensitivity: float, shares: Sequence[float]) -> None:
    """Check what ``chosen_gate`` is asked for.

    Raises:
        InputError: ``sensitivity`` is no number in (0, 1], or ``shares`` are no numbers in [0, 1)
            with 0 among them.
    """
    if not _is_number(sensitivity) or not 0 < sensitivity <= 1:
        raise InputError(
            f"the sensitivity for lesions is {sensitivity!r}; expected a number above 0, at most 1"
        )
    if not all(_is_number(share) and 0 <= share < 1 for share in shares) or 0 not in shares:
        raise InputError(
            f"the least shares are {list(shares)}; expected numbers from 0 to below 1, 0 among them"
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _point(
    candidates: pd.DataFrame,
    images: pd.DataFrame,
    values: NDArray[np.float64],
    wanted: int,
    share: float,
) -> tuple[GateChoice | None, float, float, float]:
    """Gives the choice for a least share with its rank: the smaller, the better."""
    kept = candidates[candidates[SHARE] >= share]
    hits = np.sort(kept.loc[kept[LESION] > 0, PRESENCE].to_numpy(dtype=float))[::-1]
    if len(hits) < wanted:
        return None, np.inf, np.inf, np.inf
    gate = 0.0
    if wanted and (images["lesions"] == 0).any():
        place = int(np.searchsorted(values, hits[wanted - 1]))
        gate = float((values[place - 1] + values[place]) / 2) if place else 0.0
    passed = kept[kept[PRESENCE] >= gate]
    lesions, hit = int(images["lesions"].sum()), int((passed[LESION] > 0).sum())
    normal = images.loc[images["lesions"] == 0, ID]
    rate = float(normal.isin(passed[ID]).mean()) if len(normal) else None
    f1 = 2 * hit / (lesions + len(passed))
    drawn = int((candidates[LESION] > 0).sum()) / lesions
    choice = GateChoice(gate, share, drawn, hit / lesions, rate, lesions, len(normal))
    return choice, rate or 0.0, -f1, share
