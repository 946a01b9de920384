"""The free-response curve (FROC): lesions that are found, against false positives per image.

As the threshold on a region's score falls, more regions count: more of the lesions are found, and
more regions match none and are false positives. All images have the same threshold.

Sources: Bunch, Hamilton, Sanderson and Simmons 1978, "A Free-Response Approach to the Measurement
and Characterization of Radiographic-Observer Performance", Journal of Applied Photographic
Engineering 4(4):166-171 (the curve); Setio et al. 2017, doi:10.1016/j.media.2017.06.015 (LUNA16:
its points and their mean).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.errors import InputError
from pipelines.evaluation.cases import has_marks
from pipelines.evaluation.confusion_scores import ratio
from pipelines.evaluation.group_intervals import IntervalOptions, score_entries
from pipelines.evaluation.group_statistics import Quantity, Table, counted
from pipelines.evaluation.lesion_candidates import CONFIDENCE, GROUP, ID, LESION, PRESENCE
from pipelines.evaluation.ranking_scores import ranking
from pipelines.evaluation.resampling import group_sums
from pipelines.evaluation.segmentation import MATCHING_IOU

POINTS = (0.125, 0.25, 0.5, 1.0, 2.0)
"""False regions for each image at which the sensitivity is told: the first five of LUNA16's seven.
A picture holds less than the volumes for which 4 and 8 are asked."""

MEAN = "mean_sensitivity"

MOST_POINTS = 200
"""Of a curve that is written to a file."""

POLICY = (
    "The score of a region is its confidence (mean probability of its pixels) times the "
    "probability that its image holds a lesion, as far as the network gives one. sensitivity_at_X "
    "is the largest share of the lesions that one threshold for all images finds with at most X "
    "false positives per image, images with a lesion counted, too. "
    "Thresholds are those at which a region comes in, and regions of the same score come in "
    "together; nothing is interpolated. Where all regions make fewer than X, all of them count. "
    "Regions and lesions are matched one to one at an IoU of at least "
    f"{MATCHING_IOU}: a second region of a lesion is a false positive. {MEAN} is the mean over "
    f"{', '.join(f'{point:g}' for point in POINTS)} (LUNA16's goes on to 4 and 8)."
)

_AT_ONCE = 2_000_000  # regions of all resamples of one step: three arrays of 8 MB


class _Steps(NamedTuple):
    """Regions in falling order of their scores.

    Attributes:
        groups: index of each region's group, (regions,).
        found: whether each matches a lesion, (regions,).
        ends: place in that order of the last region of each score, (steps,).
        thresholds: those scores, (steps,).
    """

    groups: NDArray[np.int64]
    found: NDArray[np.bool_]
    ends: NDArray[np.int64]
    thresholds: NDArray[np.float64]


class FrocStatistics:
    """Sensitivities at numbers of false positives, and their mean last; a ``GroupStatistics``.

    Args:
        candidates: table of regions with the columns of ``lesion_candidates``.
        cases: table with ``id``, ``group`` and ``lesions``, a row for each image.
        points: false positives per image.

    Raises:
        ValueError: the tables do not fit together.
    """

    def __init__(
        self, candidates: pd.DataFrame, cases: pd.DataFrame, points: Sequence[float] = POINTS
    ) -> None:
        _check(candidates, cases)
        groups = cases[GROUP].to_numpy(dtype=str)
        lesions = cases["lesions"].to_numpy(dtype=float)
        self._points = np.array(points, dtype=float)
        self._steps = _steps(candidates, cases)
        self._sums = group_sums(np.stack([np.ones(len(cases)), lesions], axis=1), groups)
        self.groups = len(self._sums)
        self.quantities: Sequence[Quantity] = list(self._describe(lesions, groups))

    def values(self, counts: Table) -> Table:
        """Gives every score for each row of counts; see ``GroupStatistics``."""
        rows = max(1, _AT_ONCE // max(len(self._steps.groups), 1))
        return np.concatenate(
            [self._values(counts[row : row + rows]) for row in range(0, len(counts), rows)]
        )

    def curve(self) -> NDArray[np.float64]:
        """Gives the corners of the curve, (corners, 3), in falling order of the threshold.

        Columns are false positives per image, sensitivity, and the threshold: the least score of
        a region that counts. The corner of a number of false positives is the highest sensitivity
        there. Empty where there are no lesions or no regions.
        """
        images, lesions = self._sums.sum(axis=0)
        if not lesions or not len(self._steps.ends):
            return np.empty((0, 3))
        found, false = (side[0] for side in self._cumulated(np.ones((1, self.groups))))
        is_corner = np.append(np.diff(false) > 0, True)
        table = np.stack([false / images, found / lesions, self._steps.thresholds], axis=1)
        return table[is_corner]

    def _values(self, counts: Table) -> Table:
        images, lesions = (counts.astype(float) @ self._sums).T
        found, false = self._cumulated(counts)
        found = np.pad(found, ((0, 0), (1, 0)))  # above the highest score nothing is found
        rows = np.arange(len(counts))
        hits = [
            found[rows, (false <= (point * images)[:, None]).sum(axis=1)] for point in self._points
        ]
        shares = ratio(np.stack(hits, axis=1).astype(float), lesions[:, None])
        return np.column_stack([shares, shares.mean(axis=1)])

    def _cumulated(self, counts: Table) -> tuple[Table, Table]:
        """Counts found lesions and false positives from each threshold on, (rows, steps) each."""
        weights = np.take(counts, self._steps.groups, axis=1)
        found = np.cumsum(weights * self._steps.found.astype(counts.dtype), axis=1)
        every = np.cumsum(weights, axis=1)
        if len(self._steps.ends) < len(self._steps.groups):
            found, every = found[:, self._steps.ends], every[:, self._steps.ends]
        return found, every - found

    def _describe(self, lesions: NDArray, groups: NDArray) -> Iterator[Quantity]:
        """Says what each column of ``values`` is.

        Where no group alone exceeds a point, no resample does: all regions count in each, and the
        score is a plain share of the lesions.
        """
        false = np.bincount(
            self._steps.groups, weights=~self._steps.found, minlength=max(self.groups, 1)
        )
        most = np.max(ratio(false[: self.groups].astype(float), self._sums[:, 0]), initial=0)
        total = int(lesions.sum())
        size = ("lesions", total, counted(lesions > 0, groups)[1])
        plain = (int(self._steps.found.sum()), total) if total else None
        for point in self._points:
            text = f"Share of the lesions found at {point:g} false positives per image."
            share = plain if most <= point else None
            yield Quantity(f"sensitivity_at_{point:g}", "", text, *size, proportion=share)
        text = "Mean of the sensitivities at these numbers of false positives per image."
        share = plain if most <= self._points.min() else None
        yield Quantity(MEAN, "", text, *size, proportion=share)


def froc_scores(
    candidates: pd.DataFrame, cases: pd.DataFrame, options: IntervalOptions | None = None
) -> dict[str, Any]:
    """Computes the scores of the free-response curve with their intervals.

    Args:
        candidates: table of regions with the columns of ``lesion_candidates``, in any order; of
            the masks before any gate.
        cases: table with ``id``, ``group`` and ``lesions``, and ``flags`` where they are known; a
            row for each image, those without regions among them.
        options: how the intervals are made; the defaults where not given.

    Returns:
        ``scores`` (score to entry, see ``group_intervals.score_entries``); ``by_marks`` (the same
        for images with and without burnt-in marks, empty where no image is flagged); ``curve``
        (false positives per image, sensitivity, threshold; at most ``MOST_POINTS`` such lists);
        ``images``, ``normal_images``, ``lesions``, ``regions`` (how many there are); ``policy``.

    Raises:
        ValueError: the tables do not fit together.
    """
    options = options or IntervalOptions()
    statistics = FrocStatistics(candidates, cases)
    return {
        "scores": _entries(statistics, options),
        "by_marks": _by_marks(candidates, cases, options),
        "curve": _thinned(statistics.curve()).tolist(),
        "images": len(cases),
        "normal_images": int((cases["lesions"] == 0).sum()),
        "lesions": int(cases["lesions"].sum()),
        "regions": len(candidates),
        "policy": POLICY,
    }


def region_scores(candidates: pd.DataFrame) -> NDArray[np.float64]:
    """Gives each region's score, in [0, 1]: confidence times presence where that is known."""
    presence = candidates[PRESENCE].to_numpy(dtype=float, na_value=np.nan)
    return candidates[CONFIDENCE].to_numpy(dtype=float) * np.nan_to_num(presence, nan=1.0)


def _steps(candidates: pd.DataFrame, cases: pd.DataFrame) -> _Steps:
    places = np.unique(cases[GROUP].to_numpy(dtype=str), return_inverse=True)[1]
    group_of = dict(zip(cases[ID], places, strict=True))
    groups = np.array([group_of[name] for name in candidates[ID]], dtype=np.int64)
    scores = region_scores(candidates)
    ranked = ranking(scores, candidates[LESION].to_numpy(dtype=float) > 0)
    ends = np.append(ranked.starts, len(scores))[1:] - 1
    ordered = scores[ranked.order]
    return _Steps(groups[ranked.order], ranked.positive, ends, ordered[ends])


def _entries(statistics: FrocStatistics, options: IntervalOptions) -> dict[str, dict[str, Any]]:
    if not statistics.groups:  # nothing to leave out in turn
        options = options._replace(method="percentile")
    return {quantity.score: entry for quantity, entry in score_entries(statistics, options)}


def _by_marks(
    candidates: pd.DataFrame, cases: pd.DataFrame, options: IntervalOptions
) -> dict[str, Any]:
    marked = has_marks(cases)
    if not marked.any():
        return {}
    parts = {"with burnt-in marks": cases[marked], "without": cases[~marked]}
    return {
        name: _entries(FrocStatistics(candidates[candidates[ID].isin(part[ID])], part), options)
        for name, part in parts.items()
        if len(part)
    }


def _thinned(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keeps both ends, and of the others the more the fewer false positives they make."""
    if len(curve) <= MOST_POINTS:
        return curve
    places = np.geomspace(1, len(curve), MOST_POINTS).round().astype(int) - 1
    return curve[np.unique(places)]


def _check(candidates: pd.DataFrame, cases: pd.DataFrame) -> None:
    """Refuses tables that do not fit together."""
    twice = cases.loc[cases[ID].duplicated(), ID]
    if len(twice):
        raise InputError(f"image {twice.iloc[0]!r} stands twice in the cases; expected once")
    unknown = candidates.loc[~candidates[ID].isin(cases[ID]), ID]
    if len(unknown):
        raise InputError(
            f"there is a region of image {unknown.iloc[0]!r}, which is none of the cases; expected "
            "a row for each image; evaluate the run again"
        )
    found = candidates[candidates[LESION].astype(float) > 0]
    again = found.loc[found.duplicated([ID, LESION]), ID]
    if len(again):
        raise InputError(
            f"two regions of image {again.iloc[0]!r} match the same lesion; expected a matching "
            "one to one, as pipelines.evaluation.lesion_candidates makes it"
        )
    lesions = found[ID].map(dict(zip(cases[ID], cases["lesions"], strict=True)))
    beyond = found.loc[(found[LESION].astype(float) > lesions.astype(float)).to_numpy(), ID]
    if len(beyond):
        raise InputError(
            f"a region of image {beyond.iloc[0]!r} matches a lesion that the cases do not have: "
            "its number is larger than `lesions`"
        )
