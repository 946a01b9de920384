"""How far a run's training came, and of which epoch its model is."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pipelines.evaluation.curves import read_history
from pipelines.training.history import FILE
from pipelines.training.run_folder import recorded


class Epochs(NamedTuple):
    """The epochs of a run.

    Attributes:
        best: the epoch whose weights ``model.pt`` holds.
        run: epochs that were trained.
        asked: most epochs that were asked for.
        ended: whether the training ended by itself: all epochs, or an early stop.
    """

    best: int
    run: int
    asked: int
    ended: bool


def epochs_of(folder: str | Path, metric: str) -> Epochs | None:
    """Read the epochs of a run from its folder.

    Args:
        folder: the run's folder.
        metric: the metric that named the best epoch; larger is better.

    Returns:
        The epochs; None where the folder holds no history.

    Raises:
        InputError: the history or the configuration cannot be read.
    """
    if not (Path(folder) / FILE).is_file():
        return None
    history, config = read_history(Path(folder) / FILE), recorded(folder)
    best, run = _best(history, metric), int(history["epoch"].iloc[-1])
    patience = config.get("patience")
    validated = history.filter(like="val_").notna().any(axis="columns")
    waited = int((validated & (history["epoch"] > best)).sum())
    stopped = isinstance(patience, int) and waited >= patience
    return Epochs(best, run, config["epochs"], run >= config["epochs"] or stopped)


def _best(history: pd.DataFrame, metric: str) -> int:
    """The first epoch with the largest metric, as the checkpoint chooses: any beats none."""
    row = history[metric].fillna(-1).argmax() if metric in history.columns else 0
    return int(history["epoch"].iloc[int(row)])
