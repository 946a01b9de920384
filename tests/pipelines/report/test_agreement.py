from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.errors import InputError
from pipelines.report.agreement import check_agreement
from pipelines.report.sources import read_sources


def edit(path: Path, change: Callable[[list[dict[str, str]]], None]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def refused(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        check_agreement(read_sources(folder, folder.name))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["classes", "lesions", "maps", "leaky", "folds", "seeds"])
def test_what_a_training_left_agrees(kind: str, made: Path) -> None:
    check_agreement(read_sources(made / kind, kind))


def surer(rows: list[dict[str, str]]) -> None:
    """Halves the doubt of each answer; no predicted class changes."""
    for row in rows:
        doubtful, sure = sorted(("p_cyst", "p_tumour"), key=lambda name: float(row[name]))
        row[doubtful] = str(float(row[doubtful]) / 2)
        row[sure] = str(1 - float(row[doubtful]))


def test_probabilities_that_were_changed_are_named(made: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(made / "classes", run)
    edit(run / "cases.csv", surer)
    text = refused(run)
    assert text.startswith(f"{run / 'cases.csv'} gives ") and f"{run / 'scores.json'} tells" in text
    assert "evaluate the run again" in text


def test_each_table_is_compared(made: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(made / "classes", run)
    edit(run / "uncalibrated.csv", surer)
    text = refused(run)
    assert "uncalibrated.csv gives log_loss" in text and "calibration.json tells" in text
    edit(run / "uncalibrated.csv", lambda rows: rows[0].update(id="another"))
    assert "uncalibrated.csv holds other images than cases.csv" in refused(run)
    lesions = tmp_path / "lesions"
    shutil.copytree(made / "lesions", lesions)
    edit(lesions / "regions.csv", lambda rows: [row.update(lesion="0") for row in rows] and None)
    assert "regions.csv gives sensitivity_at" in refused(lesions)


def test_of_a_cross_validation_the_pooled_scores_and_those_of_each_run_are_compared(
    made: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "folds"
    shutil.copytree(made / "folds", folder)
    path = folder / "fold2-seed0" / "scores.json"
    scores = json.loads(path.read_text(encoding="utf-8"))
    scores["scores"]["brier"]["value"] += 0.1
    path.write_text(json.dumps(scores), encoding="utf-8")
    assert f"{folder / 'fold2-seed0' / 'cases.csv'} gives brier" in refused(folder)
