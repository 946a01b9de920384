"""Mean and standard deviation of the intensities that a model trains on."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

from pipelines.datasets.audit.case import Case
from pipelines.datasets.dataset import LEAST_FOLDS

_DIGITS = 5


def intensities(cases: Sequence[Case], folds: Sequence[int]) -> dict[str, Any]:
    """Gives mean and standard deviation by channel, in the range 0 to 1.

    All pixels of all images count alike; 8 bits are divided by 255 and 16 bits by 65535. The part
    ``testing`` does not enter, and for each fold only the images that train for it do: neither
    those that it scores nor those of the next fold, which validates.

    Args:
        cases: the images.
        folds: the fold numbers.

    Returns:
        ``training`` (all folds together), and ``folds``, a list with an entry for each fold where
        there are three or more; each with ``images``, ``mean`` and ``std`` (a list by channel).
    """
    whole = [case for case in cases if "fold" in case.item and not case.measured.problem]
    rows = []
    for place, fold in enumerate(folds) if len(folds) >= LEAST_FOLDS else ():
        others = {fold, folds[(place + 1) % len(folds)]}
        training = [case for case in whole if case.item["fold"] not in others]
        rows.append({"fold": fold, **_moments(training)})
    return {"training": _moments(whole), "folds": rows}


def _moments(cases: Sequence[Case]) -> dict[str, Any]:
    """Gives the moments of some images; grey ones among coloured count in each channel."""
    channels = max((case.measured.channels for case in cases), default=1)
    means, deviations = [], []
    for channel in range(channels):
        mean, square = _channel(cases, channel)
        means.append(round(mean, _DIGITS))
        deviations.append(round(sqrt(max(square - mean * mean, 0.0)), _DIGITS))
    return {"images": len(cases), "mean": means, "std": deviations}


def _channel(cases: Sequence[Case], channel: int) -> tuple[float, float]:
    """Gives the mean of the values and of their squares: sums of whole numbers, so exact."""
    pixels = 0
    totals = {8: [0, 0], 16: [0, 0]}
    for case in cases:
        each = case.measured
        pixels += each.width * each.height
        place = min(channel, len(each.sums) - 1)
        totals[each.depth][0] += each.sums[place]
        totals[each.depth][1] += each.squares[place]
    if not pixels:
        return 0.0, 0.0
    highest = {bits: 2**bits - 1 for bits in totals}
    mean = sum(total[0] / highest[bits] for bits, total in totals.items()) / pixels
    square = sum(total[1] / highest[bits] ** 2 for bits, total in totals.items()) / pixels
    return mean, square
