"""How far a training came is read from its folder."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from pipelines.evaluation.curves import write_history
from pipelines.training.epochs import Epochs, epochs_of

NAN = math.nan


def left(folder: Path, scores: list[float], epochs: int, patience: int | None = 3) -> Path:
    """A run's folder whose validations gave ``scores``; NaN for an epoch without one."""
    numbers = range(1, len(scores) + 1)
    write_history(
        folder / "history.csv", pd.DataFrame({"epoch": numbers, "train_f1": 0.1, "val_f1": scores})
    )
    (folder / "config.json").write_text(json.dumps({"epochs": epochs, "patience": patience}))
    return folder


@pytest.mark.parametrize(
    ("scores", "asked", "expected"),
    [
        ([0.1, 0.3, 0.3], 3, Epochs(2, 3, 3, True)),
        ([0.1, 0.3, 0.2], 9, Epochs(2, 3, 9, False)),
        ([0.1, 0.3, 0.2, 0.1, 0.3], 9, Epochs(2, 5, 9, True)),  # stopped early
        ([NAN, 0.3, NAN, 0.2, NAN, 0.1, NAN], 9, Epochs(2, 7, 9, False)),  # two validations
        ([NAN, 0.3, NAN, 0.2, NAN, 0.1, NAN, 0.1], 9, Epochs(2, 8, 9, True)),
        ([NAN, NAN], 9, Epochs(1, 2, 9, False)),
    ],
)
def test_epochs(tmp_path: Path, scores: list[float], asked: int, expected: Epochs) -> None:
    assert epochs_of(left(tmp_path, scores, asked), "val_f1") == expected


def test_a_run_without_patience_ends_with_its_epochs(tmp_path: Path) -> None:
    assert epochs_of(left(tmp_path, [0.9] + [0.1] * 7, 9, None), "val_f1") == Epochs(1, 8, 9, False)
    assert epochs_of(tmp_path, "another") == Epochs(1, 8, 9, False)


def test_a_folder_without_a_history_tells_nothing(tmp_path: Path) -> None:
    assert epochs_of(tmp_path, "val_f1") is None
