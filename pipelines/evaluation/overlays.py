"""Pictures of the cases that teach most: the best, the median, the worst, and false alarms.

A mean hides how a model fails. Each picture shows up to four images with the outline of the truth
and of the prediction, in two colours that colour-blind readers can tell apart (Okabe and Ito 2008,
"Color universal design") and in two line styles for a reader of a grey print.
"""

import os
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from PIL import Image

from pipelines.atomic import replacing
from pipelines.contours import outline
from pipelines.evaluation.cases import is_leaky

PANELS = 4
"""Most cases in one picture."""

HEADINGS: Mapping[str, str] = {
    "best": "Best cases by Dice",
    "median": "Median cases by Dice",
    "worst": "Worst cases by Dice",
    "false_positives": "Images without a lesion in which one is predicted",
}

LEAKY_HEADING = " (leaky split: too good)"

STYLES: Mapping[str, Mapping[str, object]] = {
    "truth": {"color": "#E69F00", "linestyle": "-"},
    "prediction": {"color": "#56B4E9", "linestyle": (0, (3, 1))},
}

# Inches at 100 dots each: two panels side by side make 1600 pixels.
DOTS_PER_INCH = 100
FIGURE_WIDTH = 16.0
MARGIN = 0.25
TITLE_HEIGHT = 0.65
HEADING_HEIGHT = 0.6
LEGEND_HEIGHT = 0.5
TALLEST = 1.0
"""Largest height of a panel over its width; a taller image stands in a frame of this shape."""

LONGEST_TITLE = 60
"""Characters of an id that fit above a panel; of a longer one the middle is left out."""


GAP = np.full((1, 2), np.nan)
"""A point that breaks a plotted line in two."""


class Sources(NamedTuple):
    """Where the picture of one case comes from: files, or arrays of the same content.

    Attributes:
        image: grey or colour image, (H, W) or (H, W, 3), upright.
        truth: annotated mask, (H, W), lesion is what is not 0; None for an image without a lesion.
        prediction: predicted mask, (H, W), lesion is what is not 0.
    """

    image: Path | NDArray
    truth: Path | NDArray | None
    prediction: Path | NDArray


class Panel(NamedTuple):
    """One image ready to draw: its title, grey values (H, W) and outlines by name of style."""

    title: str
    image: NDArray
    outlines: Mapping[str, Sequence[NDArray]]


def select_cases(cases: pd.DataFrame, count: int = PANELS) -> dict[str, list[str]]:
    """Choose the cases that are worth a look.

    Args:
        cases: table of cases with ``id, dice, lesions, predicted_area``, in any order.
        count: most cases of a kind.

    Returns:
        Kind to ids. "best" (best first), "median" and "worst" (worst first) are images with a
        lesion; no image stands in two of them, and the best come first when there are too few.
        "false_positives" are images without a lesion, the largest prediction first. Ties are
        broken by id.
    """
    lesions = cases[cases["lesions"] > 0].sort_values(["dice", "id"], ascending=[False, True])
    ids = lesions["id"].astype(str).tolist()
    best, worst, median = (min(count, (len(ids) + spare) // 3) for spare in (2, 1, 0))
    middle = max(best, (len(ids) - median) // 2)
    lowest = lesions.tail(worst).sort_values(["dice", "id"])
    alarms = cases[(cases["lesions"] == 0) & (cases["predicted_area"] > 0)]
    alarms = alarms.sort_values(["predicted_area", "id"], ascending=[False, True])
    return {
        "best": ids[:best],
        "median": ids[middle : middle + median],
        "worst": lowest["id"].astype(str).tolist(),
        "false_positives": alarms["id"].astype(str).tolist()[:count],
    }


def draw_overlays(
    cases: pd.DataFrame, sources: Mapping[str, Sources], out_dir: str | os.PathLike[str]
) -> list[Path]:
    """Draw the pictures of the selected cases; only their files are opened.

    Args:
        cases: table of cases with ``id, class, dice, lesions, predicted_area``; where they are of a
            leaky split, every heading says so.
        sources: id to image and masks, at least for the selected cases.
        out_dir: folder of the pictures; made where it does not exist. A picture of an earlier run
            for which there is no case now is removed.

    Returns:
        Paths of the pictures, 1600 pixels wide: ``best.png``, ``median.png``, ``worst.png``,
        ``false_positives.png``, each only where there is such a case.

    Raises:
        KeyError: a selected case has no sources.
        ValueError: a mask has another size than its image.
    """
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    records = cases.set_index("id").to_dict("index")
    written = []
    for kind, ids in select_cases(cases).items():
        path = folder / f"{kind}.png"
        path.unlink(missing_ok=True)
        if ids:
            panels = [load_panel(_title(name, records[name]), sources[name]) for name in ids]
            with replacing(path) as temporary:
                heading = HEADINGS[kind] + (LEAKY_HEADING if is_leaky(cases) else "")
                draw_panels(heading, panels).savefig(temporary, format="png")
            written.append(path)
    return written


def load_panel(title: str, sources: Sources) -> Panel:
    """Load one case and trace its outlines.

    Args:
        title: text above the panel.
        sources: files or arrays of the case.

    Returns:
        The panel; grey values keep the range of the file.

    Raises:
        ValueError: a mask has another size than the image.
    """
    image = _load_grey(sources.image)
    masks = {"truth": sources.truth, "prediction": sources.prediction}
    outlines = {}
    for name, source in masks.items():
        mask = np.zeros(image.shape, dtype=bool) if source is None else _load_grey(source) > 0
        if mask.shape != image.shape:
            raise ValueError(f"{title}: {name} has shape {mask.shape} and image {image.shape}")
        outlines[name] = outline(mask)
    return Panel(title, image, outlines)


def draw_panels(heading: str, panels: Sequence[Panel]) -> Figure:
    """Lay panels out in rows of two under a heading, with a legend at the foot.

    Args:
        heading: text at the top.
        panels: at least one panel; each image keeps its aspect ratio.

    Returns:
        Figure of 1600 pixels in width, made without any global state of matplotlib.
    """
    columns = min(2, len(panels))
    width = (FIGURE_WIDTH - MARGIN * (columns + 1)) / columns
    rows = [panels[start : start + columns] for start in range(0, len(panels), columns)]
    heights = [width * min(TALLEST, max(_aspect(panel) for panel in row)) for row in rows]
    total = HEADING_HEIGHT + sum(heights) + len(rows) * (TITLE_HEIGHT + MARGIN) + LEGEND_HEIGHT
    figure = Figure(figsize=(FIGURE_WIDTH, total), dpi=DOTS_PER_INCH, facecolor="white")
    figure.text(0.5, 1 - 0.35 / total, heading, ha="center", va="center", fontsize=20)
    top = total - HEADING_HEIGHT
    for row, height in zip(rows, heights, strict=True):
        top -= TITLE_HEIGHT + height
        for column, panel in enumerate(row):
            left = MARGIN + column * (width + MARGIN)
            box = (left / FIGURE_WIDTH, top / total, width / FIGURE_WIDTH, height / total)
            _draw_panel(figure.add_axes(box), panel)
        top -= MARGIN
    _draw_legend(figure)
    return figure


def _draw_panel(axes: Axes, panel: Panel) -> None:
    """Draw one image with its outlines and its title."""
    brightest = 255 if panel.image.dtype == np.uint8 else panel.image.max()
    axes.imshow(panel.image, cmap="gray", vmin=0, vmax=brightest, interpolation="bilinear")
    for name, lines in panel.outlines.items():
        # One plotted line with gaps: a bad prediction may have thousands of outlines.
        points = np.concatenate([np.empty((0, 2)), *(np.vstack([line, GAP]) for line in lines)])
        axes.plot(points[:, 1], points[:, 0], **_line_style(name))
    # Outlines of masks at the edge must not widen the view.
    axes.set(xlim=(-0.5, panel.image.shape[1] - 0.5), ylim=(panel.image.shape[0] - 0.5, -0.5))
    axes.set_axis_off()
    axes.set_anchor("N")
    # A name may hold a dollar sign, which would start a formula.
    axes.set_title(panel.title, fontsize=14, pad=6, parse_math=False)


def _draw_legend(figure: Figure) -> None:
    """Name the two outlines at the foot of the figure."""
    handles = [Line2D([], [], label=name, **_line_style(name)) for name in STYLES]
    figure.legend(handles=handles, loc="lower center", ncols=2, fontsize=15, frameon=False)


def _line_style(name: str) -> dict[str, object]:
    """Return how the outline is drawn: with a dark rim, to stand out from bright tissue."""
    rim = withStroke(linewidth=3.6, foreground="black", alpha=0.6)
    return {**STYLES[name], "linewidth": 2.2, "path_effects": [rim]}


def _aspect(panel: Panel) -> float:
    """Return height over width of an image."""
    return panel.image.shape[0] / panel.image.shape[1]


def _title(name: str, case: Mapping[Hashable, Any]) -> str:
    """Return the id of a case above its class and Dice (or predicted pixels)."""
    half = LONGEST_TITLE // 2
    short = name if len(name) <= LONGEST_TITLE else f"{name[: half - 1]}…{name[-half:]}"
    dice = f"Dice {case['dice']:.3f}" if case["lesions"] > 0 else ""
    area = case["predicted_area"]
    alarm = "nothing predicted" if not area else "" if dice else f"{area} pixels predicted"
    return short + "\n" + "  |  ".join(part for part in (case["class"], dice, alarm) if part)


def _load_grey(source: Path | NDArray) -> NDArray:
    """Return an image as (H, W), in the type of the file (8 or 16 bit); colour becomes its mean."""
    if isinstance(source, np.ndarray):
        return source if source.ndim == 2 else source[..., :3].mean(axis=2).astype(source.dtype)
    with Image.open(source) as image:
        # 16-bit and float images have modes of their own and are grey already.
        grey = image if image.mode.startswith(("I", "F")) else image.convert("L")
        return np.asarray(grey)
