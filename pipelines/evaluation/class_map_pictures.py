"""Pictures of class maps: best, median and worst cases beside their truth, and the confusion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from pipelines.atomic import replacing
from pipelines.evaluation.cases import is_leaky
from pipelines.evaluation.confusion_picture import confusion_figure
from pipelines.evaluation.overlays import LEAKY_HEADING, LONGEST_TITLE

ROWS = 3
"""Most cases in one picture."""

HEADINGS = {
    "best": "Best cases by mean Dice",
    "median": "Median cases by mean Dice",
    "worst": "Worst cases by mean Dice",
}

CONFUSION = "confusion.png"

Colour = tuple[int, int, int]


class Maps(NamedTuple):
    """One case ready to draw, upright and of one size.

    Attributes:
        image: uint8 (H, W, 3).
        truth: class indices (H, W).
        prediction: class indices (H, W).
    """

    image: NDArray[np.uint8]
    truth: NDArray[np.integer]
    prediction: NDArray[np.integer]


def chosen_cases(cases: pd.DataFrame, count: int = ROWS) -> dict[str, list[str]]:
    """Chooses the cases that are worth a look; none stands in two pictures.

    Args:
        cases: table of cases with ``id`` and ``dice``; images without any class but the background
            have no Dice and are left out.
        count: most cases of a kind.

    Returns:
        ``best`` (best first), ``median`` and ``worst`` (worst first), each a list of ids; the best
        come first where there are too few. Ties are broken by id.
    """
    scored = cases[cases["dice"].notna()].sort_values(["dice", "id"], ascending=[False, True])
    ids = scored["id"].astype(str).tolist()
    best, worst, median = (min(count, (len(ids) + spare) // 3) for spare in (2, 1, 0))
    middle = max(best, (len(ids) - median) // 2)
    lowest = scored.tail(worst).sort_values(["dice", "id"])["id"].astype(str).tolist()
    return {"best": ids[:best], "median": ids[middle : middle + median], "worst": lowest}


def draw_class_maps(
    cases: pd.DataFrame,
    confusion: Sequence[Sequence[int]],
    labels: Sequence[str],
    colours: Sequence[Colour],
    load: Callable[[str], Maps],
    folder: Path,
) -> list[Path]:
    """Draws the chosen cases and the confusion matrix of all pixels.

    Args:
        cases: table of cases with ``id`` and ``dice``; of a leaky split every heading says so.
        confusion: counts of pixels, rows the truth.
        labels: the class names in the order of their indices.
        colours: red, green and blue of each class, 0 to 255.
        load: gives the maps of a case by its id; only the chosen ones are asked for.
        folder: folder of the pictures; made where it does not exist. A picture of an earlier run
            for which there is no case now is removed.

    Returns:
        Paths of the pictures: ``best.png``, ``median.png``, ``worst.png``, each only where there is
        such a case, and ``confusion.png``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    leaky = is_leaky(cases)
    records = cases.set_index("id").to_dict("index")
    figures: dict[str, Figure] = {}
    for kind, ids in chosen_cases(cases).items():
        (folder / f"{kind}.png").unlink(missing_ok=True)
        if ids:
            rows = [(_title(name, records[name]), load(name)) for name in ids]
            heading = HEADINGS[kind] + (LEAKY_HEADING if leaky else "")
            figures[f"{kind}.png"] = class_maps_figure(heading, rows, labels, colours)
    remark = "leaky split: too good" if leaky else ""
    figures[CONFUSION] = confusion_figure(confusion, labels, remark, counted="pixels")
    for name, figure in figures.items():
        with replacing(folder / name) as temporary:
            figure.savefig(temporary, format="png")
    return [folder / name for name in figures]


def class_maps_figure(
    heading: str,
    rows: Sequence[tuple[str, Maps]],
    labels: Sequence[str],
    colours: Sequence[Colour],
) -> Figure:
    """Lays cases out in rows of image, truth and prediction, with a legend at the foot.

    Args:
        heading: text at the top.
        rows: title and maps of each case; at least one.
        labels: the class names.
        colours: red, green and blue of each class, 0 to 255.

    Returns:
        Figure of 1500 pixels in width, made without any global state of matplotlib.
    """
    palette = np.asarray(colours, dtype=np.uint8)
    height = 5.2 * len(rows) + 1
    foot = 0.4 / height
    figure = Figure(figsize=(15, height), dpi=100, facecolor="white")
    figure.set_layout_engine("constrained", rect=(0, foot, 1, 1 - foot))
    figure.suptitle(heading, fontsize=18)
    axes = figure.subplots(len(rows), 3, squeeze=False)
    for line, (title, maps) in zip(axes, rows, strict=True):
        pictures = (maps.image, palette[maps.truth], palette[maps.prediction])
        for place, picture, name in zip(
            line, pictures, (title, "truth", "prediction"), strict=True
        ):
            place.imshow(picture, interpolation="nearest")
            place.set_axis_off()
            place.set_title(name, fontsize=12, parse_math=False)
    handles = [
        Patch(facecolor=palette[index] / 255, edgecolor="black", label=label)
        for index, label in enumerate(labels)
    ]
    figure.legend(handles=handles, loc="lower center", ncols=min(len(labels), 8), frameon=False)
    return figure


def _title(name: str, case: Mapping[Any, Any]) -> str:
    half = LONGEST_TITLE // 4
    short = name if len(name) <= 2 * half else f"{name[: half - 1]}…{name[-half:]}"
    return f"{short}  |  mean Dice {case['dice']:.3f}"
