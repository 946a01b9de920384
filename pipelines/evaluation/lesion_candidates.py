"""The regions that a network draws in an image, and which of them are lesions."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from skimage.measure import label

from pipelines.errors import InputError
from pipelines.evaluation.segmentation import (
    EIGHT_NEIGHBOURS,
    MATCHING_IOU,
    matched_lesions,
    matched_pairs,
)

ID, GROUP, SHARE, CONFIDENCE, LESION, PRESENCE = (
    *("id", "group", "share", "confidence", "lesion", "presence"),
)
COLUMNS = (ID, GROUP, "fold", "class", "flags", PRESENCE, "area", SHARE, CONFIDENCE, LESION)
"""Of the table of candidates, a row a region: its image; the probability that the image holds a
lesion; area in pixels of the native image and as a share of it; how sure the network is of the
region, 0 to 1; the number of the lesion that it matches, from 1, or 0."""


class Candidate(NamedTuple):
    """A region of a predicted mask.

    Attributes:
        area: in pixels.
        share: area by that of the image, in (0, 1].
        confidence: mean probability of its pixels, in [0, 1].
        lesion: number of the true lesion that it matches, from 1; 0 where it matches none.
    """

    area: int
    share: float
    confidence: float
    lesion: int


def candidates(
    probability: NDArray[np.floating], truth: NDArray[np.bool_], threshold: float = 0.5
) -> list[Candidate]:
    """Lists the regions above a threshold, each with the lesion that it matches.

    A region is a connected component (8-connectivity); regions and lesions are matched one to one
    as for the scores, see ``pipelines.evaluation.segmentation.matched_lesions``. Of regions that
    compete for a lesion the surer one gets it, so that whichever confidence regions are asked to
    have, as many of them are matched as could be.

    Args:
        probability: of each pixel to be lesion, float, (H, W), in [0, 1].
        truth: annotated mask, bool, (H, W).
        threshold: probability above which a pixel is drawn.

    Raises:
        ValueError: the two differ in shape.
    """
    if probability.shape != truth.shape:
        raise ValueError(
            f"the probabilities have shape {probability.shape} and the truth {truth.shape}; "
            "expected the same (H, W)"
        )
    regions, count = label(probability > threshold, return_num=True, connectivity=EIGHT_NEIGHBOURS)
    if not count:
        return []
    lesions = label(truth, connectivity=EIGHT_NEIGHBOURS)
    areas = np.bincount(regions.ravel(), minlength=count + 1)
    sums = np.bincount(regions.ravel(), weights=probability.ravel(), minlength=count + 1)
    confidence = np.minimum(1, sums / np.maximum(areas, 1))
    matched = _surest_pairs(regions, lesions, confidence)
    return [
        Candidate(
            int(areas[region]),
            float(areas[region] / truth.size),
            float(confidence[region]),
            matched.get(region, 0),
        )
        for region in range(1, count + 1)
    ]


def read_candidates(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Reads a table of candidates from a CSV file.

    Raises:
        InputError: there is no such file.
    """
    if not Path(path).is_file():
        raise InputError(f"{path} is missing; evaluate the run again, which writes it")
    names = dict.fromkeys((ID, GROUP, "class", "flags"), str)
    empty: dict[str, list[str]] = {name: [""] for name in (PRESENCE, "fold")}
    return pd.read_csv(path, dtype=names, keep_default_na=False, na_values=empty)  # type: ignore[arg-type]


def candidate_table(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Makes the table of candidates of all images, in the order of their names."""
    table = pd.DataFrame(list(rows), columns=list(COLUMNS))
    return table.sort_values([ID, CONFIDENCE], ascending=[True, False], kind="stable").reset_index(
        drop=True
    )


def _surest_pairs(
    regions: NDArray[np.integer], lesions: NDArray[np.integer], confidence: NDArray[np.floating]
) -> dict[int, int]:
    """Gives the largest matching of regions and lesions that has the surest regions.

    Regions are taken in falling confidence, each if it and those taken before can all be matched:
    what can be matched at once is a matroid (Edmonds and Fulkerson 1965, "Transversals and matroid
    partition", Journal of Research of the NBS 69B:147-153), so that this is greedy and the best.
    """
    pairs = matched_pairs(regions, lesions)
    rivals = _rivals(regions, lesions)
    if len(rivals) == len(pairs):
        return dict(pairs)
    taken = np.zeros(len(confidence), dtype=regions.dtype)
    for region in rivals[np.argsort(-confidence[rivals], kind="stable")]:
        number = np.count_nonzero(taken)
        taken[region] = region
        if matched_lesions(taken[regions], lesions) == number:
            taken[region] = 0
        if np.count_nonzero(taken) == len(pairs):
            break
    return dict(matched_pairs(taken[regions], lesions))


def _rivals(regions: NDArray[np.integer], lesions: NDArray[np.integer]) -> NDArray[np.integer]:
    """Gives the regions that cover enough of a lesion to have a chance of being matched."""
    areas = np.bincount(lesions.ravel())
    overlap = (regions > 0) & (lesions > 0)
    both = regions[overlap].astype(np.int64) * areas.size + lesions[overlap]
    pairs, shared = np.unique(both, return_counts=True)
    region, lesion = np.divmod(pairs, areas.size)
    return np.unique(region[shared >= MATCHING_IOU * areas[lesion]])
