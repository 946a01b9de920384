"""The record tells what the temperature does on the scored fold, where there is a record."""

import json
from pathlib import Path

import pandas as pd
import pytest
from ignite.engine import Engine

from pipelines.evaluation.cases import case_table
from pipelines.evaluation.classification import classification_row
from pipelines.training.class_scores import ClassScores
from pipelines.training.scored_calibration import ScoredCalibration
from pipelines.training.tracked_results import CALIBRATION

LABELS = ["a", "b"]


def table(probability: float) -> pd.DataFrame:
    rows = [
        classification_row(
            {"id": str(n), "group": f"g{n}", "fold": 0, "class": "ab"[n % 4 == 0]},
            [probability, 1 - probability],
            LABELS,
        )
        for n in range(8)
    ]
    return case_table(rows, ClassScores(LABELS).columns)


def added(folder: Path, uncalibrated: pd.DataFrame | None) -> None:
    cases = ClassScores(LABELS)
    cases.table, cases.uncalibrated = table(0.75), uncalibrated
    engine = Engine(lambda engine, batch: None)
    ScoredCalibration(cases, LABELS, folder).attach(engine)
    engine.run([0])


@pytest.mark.parametrize("before", [0.95, None])
def test_the_scores_before_and_after_have_intervals(before: float | None, tmp_path: Path) -> None:
    (tmp_path / CALIBRATION).write_text('{"temperature": 2.0}')
    added(tmp_path, None if before is None else table(before))
    record = json.loads((tmp_path / CALIBRATION).read_text())
    assert record["temperature"] == 2
    error = {when: record["scored"][when]["calibration_error"] for when in ("before", "after")}
    assert error["after"]["value"] == pytest.approx(0)  # three of four are "a"
    assert error["before"]["value"] == pytest.approx(0.2 if before else 0)
    assert error["before"]["groups"] == 8 and error["before"]["high"] is None
    for when in ("before", "after"):
        brier = record["scored"][when]["brier"]
        assert brier["low"] < brier["value"] < brier["high"]
    assert set(record["scored"]["after"]) == {"log_loss", "brier", "calibration_error"}


def test_a_folder_without_a_record_gets_none(tmp_path: Path) -> None:
    added(tmp_path, table(0.95))
    assert not list(tmp_path.iterdir())
