"""The sizes of the images, and the size to train at."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np

from pipelines.datasets.audit.case import Case
from pipelines.datasets.audit.finding import Finding, number, percent

CANDIDATES = (64, 96, 128, 160, 192, 224, 256, 320, 384, 512, 640, 768, 1024)
"""Sides of square inputs, pixels; all can be halved five times, as U-Nets and ResNets do."""

LEAST_AREA = 64
"""Pixels that a lesion should keep: 8 x 8, below which a border of one pixel is most of it."""

LEAST_DICE = 0.95
"""Dice that a mask should still have after it was scaled down to the size and up again."""

LEAST_KEPT = 0.95
"""Share of the lesions that should keep so many pixels, and of the masks that should survive."""

MOST_ENLARGED = 0.5
"""Share of the images that may be enlarged: enlarging costs time and shows nothing more."""

PRETRAINED = 224
"""Side at which nearly all networks were trained that are to be had with weights."""

_LONG = 3.0  # times as long as wide: letterboxing leaves much empty
_TINY = 0.25  # of the median longer side


def resolution(cases: Sequence[Case], task: str) -> dict[str, Any]:
    """Recommends the size of the network's square input, to which images are letterboxed.

    **Segmentation.** The smallest candidate at which 95 % of the lesions (connected parts of the
    masks, specks aside; those of one image count as one) keep 64 pixels or more, and 95 % of the
    masks keep a Dice of 0.95 when they are scaled down to it and up again: what a smaller network
    cannot even draw is lost before it learns. As long as it enlarges at most half of the images;
    else the largest candidate that does not enlarge more.

    **Classification.** No mask says what must stay visible, so the sizes alone decide: the largest
    candidate up to 224 that enlarges at most half of the images. Networks with pretrained weights
    saw 224 pixels, and the time goes with the square of the side; more is worth a try where the
    signs of a class are fine.

    Args:
        cases: the images.
        task: ``segmentation`` or ``classification``.

    Returns:
        ``recommended`` (pixels), ``reason``, ``candidates`` (a row for each size), and the
        distribution of ``width``, ``height``, ``longer_side`` and ``aspect``.
    """
    whole = [case for case in cases if not case.measured.problem]
    if not whole:
        return {}
    longer = [max(case.measured.width, case.measured.height) for case in whole]
    lesions = _lesions(whole) if task == "segmentation" else np.empty((0, 3))
    rows = [_row(size, longer, lesions) for size in CANDIDATES]
    _add_ceilings(rows, whole)
    chosen = _for_lesions(rows) if len(lesions) else _for_sizes(rows)
    return {
        "recommended": chosen["size"],
        "reason": _reason(chosen, rows, len(lesions), median(longer)),
        "lesions": len(lesions),
        "candidates": rows,
        "width": _distribution([case.measured.width for case in whole]),
        "height": _distribution([case.measured.height for case in whole]),
        "longer_side": _distribution(longer),
        "aspect": _distribution([case.measured.width / case.measured.height for case in whole]),
    }


def _lesions(cases: Sequence[Case]) -> np.ndarray:
    """Gives (n, 3): pixels of each lesion, the longer side of its image, and its weight.

    The lesions of one image share the weight of one: a torn mask of fifty parts decides nothing.
    """
    rows = [
        (area, _longer(case), 1 / len(case.measured.mask.lesions))
        for case in cases
        if case.measured.mask is not None
        for area in case.measured.mask.lesions
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def _row(size: int, longer: Sequence[int], lesions: np.ndarray) -> dict[str, Any]:
    """Tells what becomes of images and lesions at a size."""
    sides = np.array(longer, dtype=np.float64)
    row: dict[str, Any] = {
        "size": size,
        "enlarged": round(float((sides < size).mean()), 4),
        "shrunk_by": round(float(np.median(sides)) / size, 3),
    }
    if len(lesions):
        areas = lesions[:, 0] * (size / lesions[:, 1]) ** 2
        weights = lesions[:, 2]
        small, middle = np.quantile(
            areas, [1 - LEAST_KEPT, 0.5], weights=weights, method="inverted_cdf"
        )
        row["lesions_kept"] = round(float(weights[areas >= LEAST_AREA].sum() / weights.sum()), 4)
        row["small_lesion"] = round(float(small), 1)
        row["median_lesion"] = round(float(middle), 1)
    return row


def _add_ceilings(rows: Sequence[dict[str, Any]], cases: Sequence[Case]) -> None:
    """Adds the best Dice that each size allows: of the median mask, and of the hardest 5 %."""
    masks = [case.measured.mask for case in cases if case.measured.mask is not None]
    table = np.array([mask.ceilings for mask in masks if mask.ceilings])
    for row, column in zip(rows, table.T if len(table) else (), strict=False):
        row["best_dice"] = round(float(np.median(column)), 4)
        row["best_dice_hard"] = round(float(np.quantile(column, 1 - LEAST_KEPT)), 4)


def _largest(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Gives the largest size that does not enlarge too many; the smallest where all do."""
    fitting = [row for row in rows if row["enlarged"] <= MOST_ENLARGED]
    return fitting[-1] if fitting else rows[0]


def _for_lesions(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    largest = _largest(rows)
    enough = [row for row in rows if _suffices(row)]
    return enough[0] if enough and enough[0]["size"] <= largest["size"] else largest


def _suffices(row: dict[str, Any]) -> bool:
    """Tells whether a size leaves enough of the lesions."""
    return row["lesions_kept"] >= LEAST_KEPT and row["best_dice_hard"] >= LEAST_DICE


def _for_sizes(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return _largest([row for row in rows if row["size"] <= PRETRAINED])


def _reason(
    chosen: dict[str, Any], rows: Sequence[dict[str, Any]], lesions: int, longer: float
) -> str:
    """Says why, with the numbers."""
    size = chosen["size"]
    enlarged = f"{percent(chosen['enlarged'])} of the images are enlarged"
    if not lesions:
        return _plain_reason(chosen, longer, enlarged)
    if _suffices(chosen):
        smaller = [row for row in rows if row["size"] < size]
        before = f" ({smaller[-1]['size']}: {_left(smaller[-1])})" if smaller else ""
        return (
            f"{size} is the smallest size that leaves enough of the {number(lesions, 'lesion')}: "
            f"{_left(chosen)}{before}. {enlarged}."
        )
    return (
        f"{size} is the largest size that enlarges no more than half of the images ({enlarged}). "
        f"It leaves less than wanted of the {number(lesions, 'lesion')}: {_left(chosen)}. Expect "
        "misses, or cut the images to the organ."
    )


def _left(row: dict[str, Any]) -> str:
    """Says what a size leaves of the lesions."""
    return (
        f"{percent(row['lesions_kept'])} keep {LEAST_AREA} pixels or more, and the hardest 5 % of "
        f"the masks still allow a Dice of {row['best_dice_hard']:.2f}"
    )


def _plain_reason(chosen: dict[str, Any], longer: float, enlarged: str) -> str:
    size = chosen["size"]
    start = (
        f"{size} is the largest size up to {PRETRAINED} that enlarges at most half of the images"
    )
    if chosen["enlarged"] > MOST_ENLARGED:
        start = f"{size} is the smallest size that is offered; the images are smaller still"
    end = f"({enlarged}). Networks with pretrained weights saw {PRETRAINED} pixels."
    if longer / size >= 2:
        end += (
            f" A pixel then stands for {longer / size:.1f} pixels of the median image in each "
            "direction: where the signs of a class are finer, try a larger size."
        )
    return f"{start} {end}"


def _distribution(values: Sequence[float]) -> dict[str, float]:
    quantiles = np.quantile(values, [0, 0.05, 0.5, 0.95, 1])
    names = ("least", "p5", "median", "p95", "most")
    return {name: round(float(value), 3) for name, value in zip(names, quantiles, strict=True)}


def size_oddities(cases: Sequence[Case]) -> list[Finding]:
    """Finds images that are far smaller than the others, or far longer than wide.

    Args:
        cases: the images.

    Returns:
        The findings.
    """
    whole = [case for case in cases if not case.measured.problem]
    usual = median([_longer(case) for case in whole]) if whole else 0
    tiny = tuple(case.image for case in whole if _longer(case) < _TINY * usual)
    long = tuple(case.image for case in whole if _longer(case) > _LONG * _shorter(case))
    found = [_tiny(tiny, usual), _long_ones(long)]
    return [finding for finding in found if finding is not None]


def _longer(case: Case) -> int:
    return max(case.measured.width, case.measured.height)


def _shorter(case: Case) -> int:
    return min(case.measured.width, case.measured.height)


def _tiny(images: tuple[str, ...], usual: float) -> Finding | None:
    if not images:
        return None
    return Finding(
        "tiny-image",
        "warning",
        f"{number(len(images), 'image is', 'images are')} far smaller than the others",
        f"The longer side is less than a quarter of the median ({usual:g} pixels). Such files are "
        "often thumbnails or cut-outs.",
        "Look for the full images, or take them out.",
        images,
    )


def _long_ones(images: tuple[str, ...]) -> Finding | None:
    if not images:
        return None
    return Finding(
        "long-image",
        "note",
        f"{number(len(images), 'image is', 'images are')} more than three times as long as wide",
        "Letterboxed to a square, two thirds or more of the input are empty, and the picture is "
        "shrunk most.",
        "Cut them to the part that matters, if there are many.",
        images,
    )
