"""The results of a classification: columns by class, scores, pictures, the mark of a leak."""

import io
from pathlib import Path

import pandas as pd
import pytest
import torch
from PIL import Image
from rich.console import Console

from pipelines.datasets.dataset import read
from pipelines.evaluation.cases import case_table
from pipelines.evaluation.classification import classification_row
from pipelines.evaluation.scores import scores_table
from pipelines.training.class_scores import ClassScores
from pipelines.training.classification_results import ClassificationResults


@pytest.mark.parametrize("leaky", [0, 1])
def test_cases_become_scores_and_pictures(leaky: int, class_dataset: Path, tmp_path: Path) -> None:
    results = ClassificationResults(["a", "b"])
    item = {"group": "g", "fold": 0}
    rows = [
        {**classification_row({**item, "id": name, "class": name}, [p, 1 - p], ["a", "b"])}
        for name, p in (("a", 0.9), ("b", 0.3))
    ]
    cases = case_table(rows, results.columns).assign(leaky=leaky)
    assert list(cases)[-3:] == ["p_a", "p_b", "leaky"]
    scores = results.scores(cases)
    assert scores["leaky"] is bool(leaky)
    assert scores["scores"]["balanced_accuracy"]["value"] == 1
    results.draw(cases, scores, read(class_dataset), tmp_path)
    assert (tmp_path / results.pictures / "confusion.png").is_file()
    assert not (tmp_path / results.pictures / "mistakes.png").exists()  # there is no network


@pytest.mark.parametrize("leaky", [0, 1])
def test_what_stood_before_a_temperature_stands_beside(
    leaky: int, class_dataset: Path, tmp_path: Path
) -> None:
    handler = ClassScores(["a", "b"])
    item = {"group": "g", "fold": 0}

    def table(p: float) -> pd.DataFrame:
        rows = [
            classification_row({**item, "id": name, "class": name}, [p, 1 - p], ["a", "b"])
            for name in ("a", "b")
        ]
        return case_table(rows, handler.columns)

    handler.uncalibrated = table(1.0)
    results = ClassificationResults(["a", "b"], cases=handler)
    cases = table(0.75).assign(leaky=leaky)
    scores = results.scores(cases)
    assert list(scores["uncalibrated"]) == ["brier", "calibration_error"]
    assert scores["uncalibrated"]["calibration_error"]["value"] == 0.5
    assert scores["scores"]["calibration_error"]["value"] == 0.25
    assert results.tables["uncalibrated.csv"]["leaky"].tolist() == [leaky, leaky]
    assert list(results.tables["uncalibrated.csv"]) == list(cases)
    results.draw(cases, scores, read(class_dataset), tmp_path)
    with Image.open(tmp_path / "plots" / "reliability.png") as picture:
        assert picture.width > picture.height  # both, side by side
    text = io.StringIO()
    Console(file=text, width=100).print(scores_table(scores))
    assert "brier (uncalibrated)" in text.getvalue()


def test_with_the_network_the_mistakes_are_drawn(class_dataset: Path, tmp_path: Path) -> None:
    labels = ["benign", "malignant", "normal"]
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 3))
    results = ClassificationResults(labels, network, lambda item: {"image": torch.zeros(1, 2, 2)})
    dataset = read(class_dataset)
    items = [dataset.resolved(item) for item in dataset.items[:3]]
    cases = case_table(
        [classification_row(item, [0.1, 0.1, 0.8], labels) for item in items], results.columns
    )
    results.draw(cases, results.scores(cases), dataset, tmp_path)
    assert (tmp_path / "plots" / "mistakes.png").is_file()
