from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from pipelines.errors import InputError
from pipelines.evaluation.cases import case_table, read_cases, write_cases
from pipelines.evaluation.classification import (
    classification_columns,
    classification_row,
    classification_scores,
    point_scores,
)

LABELS = ["benign", "malignant", "normal"]
COLUMNS = classification_columns(LABELS)


def table(n: int = 90, seed: int = 0, groups: int = 45) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    probabilities = rng.dirichlet([1, 1, 1], n) + 0.5 * np.eye(3)[truth]
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    items = [
        {"id": f"{i:03d}", "group": f"g{i % groups}", "fold": 0, "class": LABELS[truth[i]]}
        for i in range(n)
    ]
    rows = [classification_row(i, p, LABELS) for i, p in zip(items, probabilities, strict=True)]
    return case_table(rows, COLUMNS)


def arrays(cases: pd.DataFrame) -> tuple[Any, Any, Any]:
    index = {name: place for place, name in enumerate(LABELS)}
    probabilities = cases[[f"p_{name}" for name in LABELS]].to_numpy()
    return cases["class"].map(index), cases["predicted"].map(index), probabilities


def test_every_score_agrees_with_scikit_learn() -> None:
    cases = table()
    truth, predicted, probabilities = arrays(cases)
    found = classification_scores(cases, LABELS, resamples=20)
    scores = {name: entry["value"] for name, entry in found["scores"].items()}
    precisions = [
        metrics.average_precision_score(truth == k, probabilities[:, k]) for k in range(3)
    ]
    expected = {
        "accuracy": metrics.accuracy_score(truth, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted),
        "macro_precision": metrics.precision_score(truth, predicted, average="macro"),
        "macro_f1": metrics.f1_score(truth, predicted, average="macro"),
        "kappa": metrics.cohen_kappa_score(truth, predicted),
        "auroc": metrics.roc_auc_score(truth, probabilities, multi_class="ovr"),
        "average_precision": np.mean(precisions),
        "brier": metrics.brier_score_loss(truth, probabilities, scale_by_half=False),
    }
    assert {name: scores[name] for name in expected} == pytest.approx(expected, abs=1e-9)
    assert set(scores) == {*expected, "calibration_error"}
    by_class = [found["by_class"][name]["average_precision"]["value"] for name in LABELS]
    assert by_class == pytest.approx(precisions)
    confusion = metrics.confusion_matrix(truth, predicted, labels=range(3))
    assert found["confusion"] == confusion.tolist()
    assert point_scores(cases, LABELS) == pytest.approx(scores)


def test_the_intervals_are_those_of_resampled_groups() -> None:
    cases = table()
    found = classification_scores(cases, LABELS, resamples=400, seed=3)
    rng, rows = np.random.default_rng(0), list(cases.groupby("group").indices.values())
    truth, predicted, _ = arrays(cases)
    drawn = []
    for _ in range(400):
        picked = np.concatenate([rows[place] for place in rng.integers(len(rows), size=len(rows))])
        drawn.append(metrics.balanced_accuracy_score(truth[picked], predicted[picked]))
    entry = found["scores"]["balanced_accuracy"]
    assert [entry["low"], entry["high"]] == pytest.approx(
        np.quantile(drawn, [0.025, 0.975]), abs=0.02
    )
    assert entry["n"] == 90 and entry["groups"] == 45 and entry["level"] == 0.95
    again = classification_scores(cases.sample(frac=1, random_state=1), LABELS, 400, seed=3)
    assert again == found


def test_what_is_not_defined_has_no_value() -> None:
    cases = table()
    cases = cases[cases["class"] != "normal"]
    found = classification_scores(cases, LABELS, resamples=20)
    normal = found["by_class"]["normal"]
    assert normal["recall"]["value"] is None and normal["auroc"]["value"] is None
    assert normal["recall"]["n"] == 0 and normal["recall"]["low"] is None
    assert found["scores"]["auroc"]["value"] is not None
    single = classification_scores(cases.assign(group="g"), LABELS, resamples=20)
    assert single["scores"]["accuracy"]["low"] is None


def test_the_table_comes_back_from_its_file(tmp_path: Path) -> None:
    cases = table(12)
    write_cases(tmp_path / "cases.csv", cases, COLUMNS)
    pd.testing.assert_frame_equal(read_cases(tmp_path / "cases.csv", COLUMNS), cases)
    text = (tmp_path / "cases.csv").read_text().replace("benign", "begnin")
    (tmp_path / "cases.csv").write_text(text.replace("p_begnin", "p_benign"))
    with pytest.raises(InputError, match="expected one of benign, malignant, normal"):
        read_cases(tmp_path / "cases.csv", COLUMNS)
