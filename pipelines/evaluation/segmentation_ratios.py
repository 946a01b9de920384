"""Which scores of a segmentation there are: each a ratio of two weighted sums over cases.csv.

Three views stand side by side, because each hides what another shows: means over images with a
lesion (what a reader of one image meets), pooled pixels (large lesions weigh more) and lesions
(found or not). ``false_positive_rate`` speaks for the images without a lesion.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Score(NamedTuple):
    """A ratio of two weighted sums over cases.

    Attributes:
        description: one sentence for a reader of the report.
        unit: what is counted in ``n``.
        above: column to weight, for the numerator.
        below: column to weight, for the denominator.
        counts: column to weight, for ``n``.
        over: which images count, above and below the line: ``image`` (all), ``has_lesion`` or
            ``is_normal``. What stands in the cells of others has no part in the score.
    """

    description: str
    unit: str
    above: Mapping[str, float]
    below: Mapping[str, float]
    counts: Mapping[str, float]
    over: str = "image"


def _image_mean(column: str, description: str) -> Score:
    """Return the mean of a column over the images with a lesion."""
    images = {"image": 1.0}
    return Score(description, "images", {column: 1}, images, images, over="has_lesion")


def _pixel_ratio(below: Mapping[str, float], description: str) -> Score:
    """Return a share of true positive pixels, pooled over all images."""
    return Score(description, "images", {"tp": below["tp"]}, below, {"image": 1})


def _lesion_ratio(unit: str, above: float, below: Mapping[str, float], description: str) -> Score:
    """Return a share of found lesions, pooled over all images."""
    return Score(description, unit, {"found_lesions": above}, below, below)


SCORES: Mapping[str, Score] = {
    "dice": _image_mean("dice", "Mean Dice over the images with a lesion."),
    "iou": _image_mean("iou", "Mean intersection over union over the images with a lesion."),
    "precision": _image_mean("precision", "Mean pixel precision over the images with a lesion."),
    "recall": _image_mean("recall", "Mean pixel recall over the images with a lesion."),
    "pixel_precision": _pixel_ratio(
        {"tp": 1, "fp": 1}, "Share of the predicted pixels of all images that are lesion."
    ),
    "pixel_recall": _pixel_ratio(
        {"tp": 1, "fn": 1}, "Share of the lesion pixels of all images that are predicted."
    ),
    "pixel_f1": _pixel_ratio(
        {"tp": 2, "fp": 1, "fn": 1}, "F1 (harmonic mean) of pixel precision and pixel recall."
    ),
    "lesion_precision": _lesion_ratio(
        "predicted lesions",
        1,
        {"predicted_lesions": 1},
        "Share of the predicted lesions that match a true one.",
    ),
    "lesion_recall": _lesion_ratio(
        "lesions", 1, {"lesions": 1}, "Share of the lesions that are found (sensitivity)."
    ),
    "lesion_f1": _lesion_ratio(
        "lesions, both masks",
        2,
        {"lesions": 1, "predicted_lesions": 1},
        "F1 (harmonic mean) of lesion precision and lesion recall.",
    ),
    "false_positive_rate": Score(
        "Share of the images without a lesion in which any pixel is predicted.",
        "normal images",
        {"false_positive": 1},
        {"image": 1},
        {"image": 1},
        over="is_normal",
    ),
}

SCORES_BY_CLASS: Mapping[str, Score] = {name: SCORES[name] for name in ("dice", "iou")}

SCORES_BY_MARKS: Mapping[str, Score] = {
    name: SCORES[name] for name in ("dice", "lesion_recall", "false_positive_rate")
}
