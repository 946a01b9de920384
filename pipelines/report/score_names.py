"""How scores are called for a reader, which ones lead, and what a number looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.report.sources import CLASSES, LESIONS, MAPS

NAMES: Mapping[str, str] = {
    "balanced_accuracy": "Balanced accuracy",
    "accuracy": "Accuracy",
    "macro_precision": "Precision, mean of classes",
    "macro_f1": "F1, mean of classes",
    "kappa": "Cohen's kappa",
    "auroc": "AUROC",
    "average_precision": "Average precision",
    "brier": "Brier score",
    "calibration_error": "Calibration error",
    "log_loss": "Log loss",
    "recall": "Recall",
    "precision": "Precision",
    "f1": "F1",
    "dice": "Dice",
    "iou": "Intersection over union",
    "surface_dice": "Surface Dice",
    "pixel_accuracy": "Accuracy of pixels",
    "pixel_precision": "Precision of pixels",
    "pixel_recall": "Recall of pixels",
    "pixel_f1": "F1 of pixels",
    "pixel_dice": "Dice of pixels",
    "pixel_iou": "Intersection over union of pixels",
    "lesion_precision": "Precision of lesions",
    "lesion_recall": "Lesions found",
    "lesion_f1": "F1 of lesions",
    "false_positive_rate": "False-positive images",
    "mean_sensitivity": "Mean sensitivity",
}
"""Score to its name; of others the name is made of the key."""

HEADLINES: Mapping[str, tuple[str, ...]] = {
    CLASSES: ("balanced_accuracy", "auroc", "accuracy", "calibration_error"),
    LESIONS: ("dice", "lesion_recall", "lesion_precision", "false_positive_rate"),
    MAPS: ("dice", "iou", "surface_dice", "pixel_accuracy"),
}
"""Scores at the head of a report, the main one first."""

SUBGROUP_SCORES: Mapping[str, tuple[str, ...]] = {
    CLASSES: ("accuracy", "balanced_accuracy", "auroc"),
    LESIONS: ("dice", "lesion_recall", "false_positive_rate"),
    MAPS: ("dice", "pixel_accuracy"),
}
"""Scores of subgroups."""

DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"

LESS_IS_BETTER = frozenset({"brier", "calibration_error", "log_loss", "false_positive_rate"})


def score_name(score: str) -> str:
    """Names a score.

    Examples:
        >>> score_name("auroc"), score_name("sensitivity_at_0.5"), score_name("my_score")
        ('AUROC', 'Sensitivity at 0.5', 'My score')
    """
    text = score.replace("_", " ")
    return NAMES.get(score, text[:1].upper() + text[1:])


def number(value: float | None, digits: int = 3) -> str:
    """Writes a score; a dash where it is not defined.

    Examples:
        >>> number(0.71446), number(0.5, 1)
        ('0.714', '0.5')
    """
    return DASH if value is None else f"{value:.{digits}f}".replace("-", MINUS)


def interval(entry: Mapping[str, Any]) -> str:
    """Writes an entry's interval; a dash where there is none.

    Examples:
        >>> interval({"low": 0.6761, "high": 0.7519})
        '0.676 to 0.752'
    """
    low, high = entry.get("low"), entry.get("high")
    return DASH if low is None or high is None else f"{number(low)} to {number(high)}"
