from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from pipelines.evaluation.classification_scores import (
    classification_scores,
    point_scores,
    resampled_scores,
)
from pipelines.evaluation.group_intervals import IntervalOptions
from pipelines.evaluation.resampling import resample_counts
from pipelines.evaluation.wilson import wilson_bounds
from tests.pipelines.evaluation.made_cases import LABELS, classified


def arrays(cases: pd.DataFrame) -> tuple[Any, Any, Any]:
    index = {name: place for place, name in enumerate(LABELS)}
    probabilities = cases[[f"p_{name}" for name in LABELS]].to_numpy()
    return cases["class"].map(index), cases["predicted"].map(index), probabilities


def test_every_score_agrees_with_scikit_learn() -> None:
    cases = classified(90, groups=45)
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
    shares = metrics.precision_recall_fscore_support(truth, predicted)
    by_class = {
        **dict(zip(("precision", "recall", "f1"), shares, strict=False)),
        "auroc": [metrics.roc_auc_score(truth == k, probabilities[:, k]) for k in range(3)],
        "average_precision": precisions,
    }
    for place, name in enumerate(LABELS):
        values = {score: entry["value"] for score, entry in found["by_class"][name].items()}
        assert values == pytest.approx({s: v[place] for s, v in by_class.items()}, abs=1e-9)
    confusion = metrics.confusion_matrix(truth, predicted, labels=range(3))
    assert found["confusion"] == confusion.tolist()
    assert point_scores(cases, LABELS) == pytest.approx(scores)


def test_the_intervals_are_those_of_resampled_groups() -> None:
    cases = classified(90, groups=45)
    found = classification_scores(cases, LABELS, resamples=400, seed=3)
    drawn = resampled_scores(cases, LABELS, resamples=400, seed=3)
    for name, entry in found["scores"].items():
        bounds = np.nanquantile(drawn[name], [0.025, 0.975])
        if name != "calibration_error":
            assert (entry["low"], entry["high"]) == pytest.approx(tuple(bounds))
    entry = found["scores"]["balanced_accuracy"]
    assert entry["interval"] == "percentile"
    assert entry["n"] == 90 and entry["groups"] == 45 and entry["level"] == 0.95
    again = classification_scores(cases.sample(frac=1, random_state=1), LABELS, 400, seed=3)
    assert again == found


def test_a_group_counts_as_often_as_it_is_drawn() -> None:
    cases = classified(40, groups=12)
    drawn = resampled_scores(cases, LABELS, resamples=6, seed=5)
    rows = list(cases.groupby("group").indices.values())
    (counts,) = resample_counts(12, 6, 5)
    for place, row in enumerate(counts.astype(int)):
        picked = np.concatenate([np.tile(rows[group], times) for group, times in enumerate(row)])
        repeated = cases.iloc[picked].assign(id=[f"i{k:03d}" for k in range(len(picked))])
        expected = point_scores(repeated, LABELS)
        found = {name: values[place] for name, values in drawn.items()}
        assert found == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_the_intervals_of_single_images_are_those_of_med2d_score() -> None:
    cases = classified(30)
    entry = classification_scores(cases, LABELS, resamples=20)["scores"]["accuracy"]
    hits = int((cases["class"] == cases["predicted"]).sum())
    assert (entry["low"], entry["high"]) == wilson_bounds(hits, 30)
    assert entry["interval"] == IntervalOptions().proportion


def test_what_is_not_defined_has_no_value() -> None:
    cases = classified(90, groups=45)
    cases = cases[cases["class"] != "normal"]
    found = classification_scores(cases, LABELS, resamples=20)
    normal = found["by_class"]["normal"]
    assert normal["recall"]["value"] is None and normal["auroc"]["value"] is None
    assert normal["recall"]["n"] == 0 and normal["recall"]["low"] is None
    assert found["scores"]["auroc"]["value"] is not None
    single = classification_scores(cases.assign(group="g"), LABELS, resamples=20)
    assert single["scores"]["accuracy"]["low"] is None
