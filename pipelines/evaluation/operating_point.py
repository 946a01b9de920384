"""Scores at a threshold that was chosen for a stated sensitivity or specificity.

A threshold that was chosen on the images that it is judged by is too good. It is chosen on one
table (a validation fold) and applied to another.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipelines.evaluation.group_statistics import Quantity, counted
from pipelines.evaluation.ratio_statistics import RatioStatistics

SENSITIVITY, SPECIFICITY = "sensitivity", "specificity"

DESCRIPTIONS: Mapping[str, str] = {
    SENSITIVITY: "Share of the images of the class that are called so.",
    SPECIFICITY: "Share of the other images that are not called so.",
    "ppv": "Share of the images called so that are of the class (positive predictive value).",
    "npv": "Share of the images not called so that are not of it (negative predictive value).",
}
"""Scores of an operating point; both predictive values hold for the share of the class here."""

_UNITS = {
    SENSITIVITY: "images of the class",
    SPECIFICITY: "other images",
    "ppv": "images called so",
    "npv": "images not called so",
}


def chosen_threshold(
    probabilities: NDArray[np.float64], positive: NDArray[np.bool_], target: str, least: float
) -> float:
    """Chooses a threshold; an image is called positive where its probability is at least that.

    Args:
        probabilities: of the class, (cases,).
        positive: whether each case is of the class, (cases,).
        target: ``sensitivity`` or ``specificity``.
        least: what the target should reach, in (0, 1].

    Returns:
        For a sensitivity the highest threshold that reaches it, for a specificity the lowest: the
        other of the two is then as good as it can be.

    Raises:
        ValueError: there is no case of the kind that the target counts.
    """
    kind = positive if target == SENSITIVITY else ~positive
    if not kind.any():
        raise ValueError(f"no case to measure a {target} by")
    values = np.unique(probabilities)
    candidates = np.append(values, np.nextafter(values[-1], np.inf))
    called = kind.sum() - np.searchsorted(np.sort(probabilities[kind]), candidates)
    share = called / kind.sum()
    # Rounding: 19 of 20 reach 0.95, though 0.95 is a little more than 19 / 20 in binary.
    if target == SENSITIVITY:
        return float(candidates[share >= least - 1e-12][-1])
    return float(candidates[1 - share >= least - 1e-12][0])


def operating_point_statistics(
    probabilities: NDArray[np.float64],
    positive: NDArray[np.bool_],
    groups: NDArray,
    threshold: float,
) -> RatioStatistics:
    """Prepares the four scores at a threshold.

    Args:
        probabilities: of the class, (cases,).
        positive: whether each case is of the class, (cases,).
        groups: group of each case, (cases,).
        threshold: an image is called positive where its probability is at least that.
    """
    called = probabilities >= threshold
    hits = np.stack([called & positive, ~called & ~positive] * 2, axis=1)
    trials = np.stack([positive, ~positive, called, ~called], axis=1)
    quantities = [
        Quantity(
            *(name, "", DESCRIPTIONS[name], unit, *counted(of, groups)),
            proportion=(int(found.sum()), int(of.sum())) if of.any() else None,
        )
        for (name, unit), found, of in zip(_UNITS.items(), hits.T, trials.T, strict=True)
    ]
    return RatioStatistics(hits.astype(float), trials.astype(float), groups, quantities)
