"""The results of a classification: columns by class, scores, pictures, the mark of a leak."""

from pathlib import Path

import pytest

from pipelines.datasets.dataset import read
from pipelines.evaluation.cases import case_table
from pipelines.evaluation.classification import classification_row
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
