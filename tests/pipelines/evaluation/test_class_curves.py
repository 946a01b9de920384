"""The curves are those of scikit-learn, and their legends name what the scores say."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_curve

from pipelines.evaluation.cases import case_table
from pipelines.evaluation.class_curves import precision_recall_figure, roc_figure
from pipelines.evaluation.classification import classification_columns, classification_row

LABELS = ["a", "b", "c"]


def made(drawn: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(0)
    truth = random.integers(drawn, size=60)
    scores = np.round(np.exp(random.normal(size=(60, 3)) + 1.5 * np.eye(3)[truth]), 1) + 0.1
    rows = [
        classification_row(
            {"id": f"i{i}", "group": f"g{i}", "fold": 0, "class": LABELS[truth[i]]},
            list(scores[i] / scores[i].sum()),
            LABELS,
        )
        for i in range(60)
    ]
    return case_table(rows, classification_columns(LABELS))


def test_the_roc_curve_is_that_of_scikit_learn() -> None:
    cases = made()
    lines = roc_figure(cases, LABELS).axes[0].lines[1:]
    for line, label in zip(lines, LABELS, strict=True):
        truth = cases["class"] == label
        x, y, _ = roc_curve(truth, cases[f"p_{label}"], drop_intermediate=False)
        np.testing.assert_allclose(line.get_xydata(), np.stack([x, y], axis=1))
        assert f"{label}: AUROC {auc(x, y):.3f} (n = {truth.sum()})" == line.get_label()


def test_the_precision_recall_curve_is_that_of_scikit_learn() -> None:
    cases = made()
    lines = precision_recall_figure(cases, LABELS).axes[0].lines
    for line, label in zip(lines, LABELS, strict=True):
        truth = cases["class"] == label
        precision, recall, _ = precision_recall_curve(truth, cases[f"p_{label}"])
        expected = np.stack([recall, precision], axis=1)[:-1][::-1]
        np.testing.assert_allclose(line.get_xydata()[1:], expected)
        mean = average_precision_score(truth, cases[f"p_{label}"])
        assert f"average precision {mean:.3f}" in str(line.get_label())


@pytest.mark.parametrize(("figure", "more"), [(roc_figure, 1), (precision_recall_figure, 0)])
def test_a_class_without_images_has_no_curve(figure, more: int) -> None:
    drawn = figure(made(drawn=2), LABELS, "remark")
    assert len(drawn.axes[0].lines) == 2 + more
    assert drawn.axes[0].get_title().endswith("(remark)")
