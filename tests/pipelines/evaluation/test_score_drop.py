"""The drop of each score against a brute force that draws groups and asks scikit-learn."""

import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from sklearn import metrics

from pipelines.evaluation.cases import case_table
from pipelines.evaluation.classification import classification_columns, classification_row
from pipelines.evaluation.resampling import resample_counts
from pipelines.evaluation.score_drop import drop_table, score_drop, segmentation_drop
from pipelines.evaluation.scores import point_scores as segmentation_points
from pipelines.evaluation.segmentation import case_counts, case_row

LABELS = ["benign", "malignant", "normal"]
RESAMPLES = 40


def table(n: int, seed: int, skill: float, classes: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    truth = rng.choice(classes, n)
    probabilities = rng.dirichlet([1, 1, 1], n) + skill * np.eye(3)[truth]
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    rows = [
        classification_row(
            {"id": f"{i:03d}", "group": f"g{i // 2:02d}", "fold": 0, "class": LABELS[truth[i]]},
            probabilities[i],
            LABELS,
        )
        for i in range(n)
    ]
    return case_table(rows, classification_columns(LABELS))


OWN, OTHER = table(60, 0, 0.9), table(40, 1, 0.3)


def drawn(cases: pd.DataFrame, seed: int) -> list[pd.DataFrame]:
    """Every resample as a table in which a case stands as often as its group was drawn."""
    groups = sorted(cases["group"].unique())
    (counts,) = resample_counts(len(groups), RESAMPLES, seed)
    by_group = [cases[cases["group"] == name] for name in groups]
    return [
        pd.concat([part for part, n in zip(by_group, row, strict=True) for _ in range(int(n))])
        for row in counts
    ]


def balanced_accuracy(cases: pd.DataFrame) -> float:
    return float(metrics.balanced_accuracy_score(cases["class"], cases["predicted"]))


def auroc(cases: pd.DataFrame) -> float:
    areas = [
        metrics.roc_auc_score(cases["class"] == name, cases[f"p_{name}"])
        for name in LABELS
        if (cases["class"] == name).any()
    ]
    return float(np.mean(areas))


def brier(cases: pd.DataFrame) -> float:
    truth = np.stack([cases["class"] == name for name in LABELS], axis=1)
    values = cases[[f"p_{name}" for name in LABELS]].to_numpy()
    return float(np.square(values - truth).sum(axis=1).mean())


@pytest.mark.parametrize(
    ("name", "score", "sign"),
    [("balanced_accuracy", balanced_accuracy, 1), ("auroc", auroc, 1), ("brier", brier, -1)],
)
def test_the_drop_and_its_interval_are_those_of_a_brute_force(name, score, sign) -> None:
    entry = score_drop(OWN, OTHER, LABELS, RESAMPLES, seed=5)["scores"][name]
    assert entry["own"] == pytest.approx(score(OWN), abs=1e-9)
    assert entry["other"] == pytest.approx(score(OTHER), abs=1e-9)
    assert entry["drop"] == pytest.approx(sign * (score(OWN) - score(OTHER)), abs=1e-9)
    assert entry["drop"] > 0
    pairs = zip(drawn(OWN, 5), drawn(OTHER, 6), strict=True)
    drops = [sign * (score(one) - score(other)) for one, other in pairs]
    bounds = np.quantile(drops, [0.025, 0.975])
    assert (entry["low"], entry["high"]) == pytest.approx(tuple(bounds), abs=1e-6)
    assert (entry["n_own"], entry["n_other"], entry["level"]) == (60, 40, 0.95)


def test_only_the_classes_of_both_are_compared() -> None:
    two = table(40, 2, 0.3, classes=2)
    found = score_drop(OWN, two, LABELS, RESAMPLES)
    assert found["classes"] == ["benign", "malignant"]
    entry = found["scores"]["balanced_accuracy"]
    recalls = [
        (OWN[OWN["class"] == name]["predicted"] == name).mean() for name in ("benign", "malignant")
    ]
    assert entry["own"] == pytest.approx(np.mean(recalls))
    assert entry["n_own"] == OWN["class"].isin(["benign", "malignant"]).sum()
    nothing = score_drop(OWN[OWN["class"] == "normal"], two, LABELS, RESAMPLES)
    assert nothing == {"classes": [], "scores": {}}


def test_the_same_cases_drop_by_nothing_and_one_group_has_no_interval() -> None:
    same = score_drop(OTHER, OTHER, LABELS, RESAMPLES)["scores"]["accuracy"]
    assert same["drop"] == 0
    assert same["low"] < 0 < same["high"]
    single = score_drop(OWN, OTHER.assign(group="g"), LABELS, RESAMPLES)["scores"]["accuracy"]
    assert single["drop"] is not None
    assert (single["low"], single["high"]) == (None, None)


def test_the_table_shows_every_score_and_the_mark_of_a_leak() -> None:
    found = score_drop(OWN, OTHER, LABELS, RESAMPLES)
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(drop_table({**found, "leaky": True}, "hospital [b]"))
    text = console.export_text()
    entry = found["scores"]["kappa"]
    assert f"{entry['drop']:+.3f}" in text
    assert f"{entry['low']:+.3f} to {entry['high']:+.3f}" in text
    assert "hospital [b]" in text
    assert "benign, malignant, normal" in text
    assert "leaky split" in text


def test_no_name_or_interval_is_cut_in_a_narrow_terminal() -> None:
    found = score_drop(OWN, OTHER, LABELS, RESAMPLES)
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(drop_table(found, "hospital_of_the_north"))
    text = console.export_text()
    for name, entry in found["scores"].items():
        assert name in text
        if name == "calibration_error":
            continue
        assert f"{entry['low']:+.3f} to {entry['high']:+.3f}" in text


def test_without_a_difference_between_the_resamples_there_is_no_interval() -> None:
    right = OTHER.assign(predicted=OTHER["class"])
    entries = score_drop(right, right, LABELS, RESAMPLES)["scores"]
    assert (entries["accuracy"]["drop"], entries["accuracy"]["low"]) == (0, None)
    error = score_drop(OWN, OTHER, LABELS, RESAMPLES)["scores"]["calibration_error"]
    assert error["drop"] is not None and (error["low"], error["high"]) == (None, None)


def outlined(n: int, seed: int, skill: float, normal: bool = True) -> pd.DataFrame:
    """Cases of small masks; every third image is normal, or none is."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        truth = np.zeros((8, 8), dtype=bool)
        truth[2:6, 2:6] = not normal or i % 3 > 0
        answer = np.where(rng.random((8, 8)) < skill, truth, rng.random((8, 8)) < 0.3)
        counts = case_counts(answer & (rng.random() < 0.8), truth)
        rows.append(case_row(f"{i:03d}", f"g{i // 2:02d}", None, "", counts))
    return case_table(rows)


@pytest.mark.parametrize(
    ("name", "sign"),
    [("dice", 1), ("pixel_f1", 1), ("lesion_recall", 1), ("false_positive_rate", -1)],
)
def test_the_drop_of_a_segmentation_is_that_of_a_brute_force(name: str, sign: int) -> None:
    own, other = outlined(30, 0, 0.97), outlined(24, 1, 0.7)
    found = segmentation_drop(own, other, RESAMPLES, seed=5)
    entry = found["scores"][name]
    one, two = (segmentation_points(cases)[name] for cases in (own, other))
    assert (entry["own"], entry["other"]) == (pytest.approx(one), pytest.approx(two))
    assert entry["drop"] == pytest.approx(sign * (one - two))
    pairs = zip(drawn(own, 5), drawn(other, 6), strict=True)
    drops = [
        sign * (segmentation_points(before)[name] - segmentation_points(after)[name])
        for before, after in pairs
    ]
    bounds = np.quantile(drops, [0.025, 0.975])
    assert (entry["low"], entry["high"]) == pytest.approx(tuple(bounds), abs=1e-5)
    assert found["classes"] == ["images with a lesion", "normal images"]


def test_without_normal_images_at_the_other_site_only_lesions_are_compared() -> None:
    own, other = outlined(30, 0, 0.97), outlined(24, 1, 0.7, normal=False)
    found = segmentation_drop(own, other, RESAMPLES)
    assert found["classes"] == ["images with a lesion"]
    expected = segmentation_points(own[own["lesions"] > 0])
    assert found["scores"]["pixel_precision"]["own"] == pytest.approx(expected["pixel_precision"])
    assert (found["scores"]["dice"]["n_own"], found["scores"]["dice"]["n_other"]) == (20, 24)
    rate = found["scores"]["false_positive_rate"]
    assert (rate["own"], rate["drop"], rate["low"]) == (None, None, None)
    normal = own[own["lesions"] == 0]
    assert segmentation_drop(normal, other, RESAMPLES) == {"classes": [], "scores": {}}
    Console(file=io.StringIO()).print(drop_table(found, "site"))


def test_masks_that_are_all_right_drop_by_nothing_without_an_interval() -> None:
    right = outlined(12, 0, 1.0)
    right = right[right["predicted_area"] == right["lesion_area"]]
    dice = segmentation_drop(right, right, RESAMPLES)["scores"]["dice"]
    assert (dice["own"], dice["drop"], dice["low"], dice["high"]) == (1, 0, None, None)
