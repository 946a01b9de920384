"""history.csv and its pictures: how training and validation went, epoch by epoch."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipelines.atomic import replacing, write_text
from pipelines.errors import InputError

QUANTITIES: Mapping[str, tuple[str, tuple[float, float] | None]] = {
    "loss": ("Loss", None),
    "precision": ("Precision", (0, 1)),
    "recall": ("Recall", (0, 1)),
    "f1": ("F1", (0, 1)),
    "dice": ("Dice", (0, 1)),
    "accuracy": ("Accuracy", (0, 1)),
    "balanced_accuracy": ("Balanced accuracy", (0, 1)),
    "auroc": ("AUROC, mean over the classes", (0, 1)),
}
"""Quantity to its name in the picture and its range; shares keep one scale, so that pictures of two
runs can be laid side by side."""

SIDES: Mapping[str, tuple[str, str, str]] = {
    "train": ("training", "#0072B2", "-"),
    "val": ("validation", "#D55E00", "--"),
}
"""Prefix of a column to the name, colour and style of its line (Okabe and Ito's palette)."""

TOGETHER = "training"
"""Name of the picture that shows all measured quantities, each in a panel."""

FEW_EPOCHS = 30
"""Up to so many epochs each one gets a dot; a single epoch would be no line at all."""


def write_history(
    path: str | os.PathLike[str], history: pd.DataFrame | Iterable[Mapping[str, object]]
) -> None:
    """Write history.csv, whole or not at all.

    Args:
        path: the file; its folder must exist.
        history: one row for each epoch, with ``epoch`` and any number of numeric columns such as
            ``train_loss, val_loss, train_dice, val_dice, learning_rate``; NaN or None becomes an
            empty cell.

    Raises:
        KeyError: there is no column ``epoch``.
    """
    rows = history if isinstance(history, pd.DataFrame) else list(history)
    table = pd.DataFrame(rows).sort_values("epoch")
    first = ["epoch", *(name for name in table.columns if name != "epoch")]
    write_text(path, table[first].to_csv(index=False, lineterminator="\n"))


def read_history(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read history.csv.

    Args:
        path: the file.

    Returns:
        Table sorted by ``epoch`` (int64); every other column is float64, NaN where a cell is empty.

    Raises:
        InputError: the file is missing, holds no epochs, or a cell is not a number; the message
            names file, line and column.
    """
    source = Path(path)
    if not source.is_file():
        raise InputError(f"{source} does not exist; a training run writes it")
    try:
        text = pd.read_csv(source, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except pd.errors.ParserError as error:
        raise InputError(f"{source} is not a table with commas: {error}") from None
    except pd.errors.EmptyDataError:
        raise InputError(f"{source} is empty; expected a header and one line an epoch") from None
    if "epoch" not in text.columns or text.empty:
        raise InputError(f"{source} holds no epochs; expected a column epoch and one line an epoch")
    table = pd.DataFrame({name: _numbers(text[name], source) for name in text.columns})
    return table.astype({"epoch": "int64"}).sort_values("epoch", ignore_index=True)


def draw_curves(
    history: pd.DataFrame,
    out_dir: str | os.PathLike[str],
    best_epoch: int | None = None,
    remark: str = "",
) -> list[Path]:
    """Draw training and validation against the epoch: all in one picture, and each quantity.

    Args:
        history: table with ``epoch`` and columns ``train_<quantity>``, ``val_<quantity>``; NaN
            where a quantity was not measured (validation every few epochs, say).
        out_dir: folder of the pictures; made where it does not exist.
        best_epoch: the epoch whose weights were kept, marked by a vertical line; None for no mark.
        remark: what a reader must know, in every title.

    Returns:
        Paths of the pictures: ``<quantity>.png`` for each of `QUANTITIES` with a measured value,
        1200 x 750 pixels; and ``training.png`` with a panel for each, where there is any.
    """
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    measured = _measured(history)
    figures = {
        quantity: draw_quantity(history, quantity, columns, best_epoch, remark)
        for quantity, columns in measured.items()
    }
    if measured:
        figures[TOGETHER] = draw_together(history, measured, best_epoch, remark)
    for name, figure in figures.items():
        with replacing(folder / f"{name}.png") as temporary:
            figure.savefig(temporary, format="png")
    return [folder / f"{name}.png" for name in figures]


def draw_together(
    history: pd.DataFrame,
    measured: Mapping[str, Mapping[str, str]],
    best_epoch: int | None,
    remark: str = "",
) -> Figure:
    """Draw several quantities, each in a panel of one picture.

    Args:
        history: table with ``epoch`` and the columns.
        measured: quantity (a key of `QUANTITIES`) to side (a key of `SIDES`) to column.
        best_epoch: epoch to mark, or None.
        remark: what a reader must know, in the title.

    Returns:
        Figure of up to three panels a row, 600 x 450 pixels each, made without any global state of
        matplotlib.
    """
    columns = 2 if len(measured) == 4 else min(3, len(measured))
    rows = -(-len(measured) // columns)
    size = (4 * columns, 3 * rows + 0.6)
    figure = Figure(figsize=size, dpi=150, layout="constrained", facecolor="white")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel in panels[len(measured) :]:
        panel.set_axis_off()
    for panel, (quantity, sides) in zip(panels, measured.items(), strict=False):
        _draw_panel(panel, history, quantity, sides, best_epoch)
    known = {
        label: line
        for panel in panels
        for line, label in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    title = "Training and validation"
    figure.suptitle(f"{title} ({remark})" if remark else title)
    figure.legend([*known.values()], [*known], loc="outside lower center", ncols=3, frameon=False)
    return figure


def _measured(history: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Give the measured quantities: side to column."""
    columns = {quantity: {side: f"{side}_{quantity}" for side in SIDES} for quantity in QUANTITIES}
    found = {
        quantity: {side: name for side, name in sides.items() if _is_measured(history, name)}
        for quantity, sides in columns.items()
    }
    return {quantity: sides for quantity, sides in found.items() if sides}


def draw_quantity(
    history: pd.DataFrame,
    quantity: str,
    columns: Mapping[str, str],
    best_epoch: int | None,
    remark: str = "",
) -> Figure:
    """Draw one quantity.

    Args:
        history: table with ``epoch`` and the columns.
        quantity: a key of `QUANTITIES`.
        columns: side (a key of `SIDES`) to column.
        best_epoch: epoch to mark, or None.
        remark: what a reader must know, in the title.

    Returns:
        Figure of 1200 x 750 pixels, made without any global state of matplotlib.
    """
    figure = Figure(figsize=(8, 5), dpi=150, layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    _draw_panel(axes, history, quantity, columns, best_epoch, remark)
    # Beneath the axes: "best" would put it over one of the lines of some run.
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def _draw_panel(
    axes: Axes,
    history: pd.DataFrame,
    quantity: str,
    columns: Mapping[str, str],
    best_epoch: int | None,
    remark: str = "",
) -> None:
    """Draw the lines of one quantity with their axes and title."""
    for side, column in columns.items():
        _draw_line(axes, history[["epoch", column]].dropna(), side, dots=len(history) <= FEW_EPOCHS)
    if best_epoch is not None:
        axes.axvline(best_epoch, color="#555555", linestyle=":", label=f"best epoch ({best_epoch})")
    title, limits = QUANTITIES[quantity]
    if limits:
        axes.set_ylim(limits[0] - 0.02, limits[1] + 0.02)
    # Half an epoch on each side: a single epoch has a width, and its number is a whole one.
    axes.set(title=f"{title} ({remark})" if remark else title, xlabel="epoch")
    axes.set_xlim(history["epoch"].min() - 0.5, history["epoch"].max() + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_line(axes: Axes, points: pd.DataFrame, side: str, dots: bool) -> None:
    """Draw the measured points (epoch, value) of one side."""
    label, colour, style = SIDES[side]
    marker = "o" if dots else ""
    axes.plot(*points.to_numpy().T, style, color=colour, label=label, marker=marker, markersize=4)


def _is_measured(history: pd.DataFrame, column: str) -> bool:
    """Tell whether the history has any value in the column."""
    return column in history.columns and bool(history[column].notna().any())


def _numbers(cells: pd.Series, path: Path) -> pd.Series:
    """Parse a column; an empty cell becomes NaN, except in ``epoch``."""
    numbers = pd.to_numeric(cells.replace("", "nan"), errors="coerce").astype(float)
    wrong = numbers.isna() & ~cells.str.lower().isin(["", "nan"])
    if cells.name == "epoch":
        wrong = numbers.isna() | (numbers % 1 != 0)
    if wrong.any():
        line = int(wrong.to_numpy().argmax()) + 2
        raise InputError(
            f"{path}, line {line}: {cells.name} is {cells.iloc[line - 2]!r}; expected a number"
        )
    return numbers
