from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from pipelines.evaluation.classification_statistics import ClassificationStatistics
from pipelines.evaluation.group_intervals import IntervalOptions, resampled_values, score_entries
from tests.pipelines.evaluation.made_cases import LABELS, classified


def test_each_column_is_what_its_quantity_says() -> None:
    cases = classified(groups=25)
    found = ClassificationStatistics(cases, LABELS)
    values = found.values(np.ones((1, found.groups)))[0]
    columns = {(q.score, q.part): float(v) for q, v in zip(found.quantities, values, strict=True)}
    truth, predicted = (cases[name].to_numpy() for name in ("class", "predicted"))
    shares = metrics.precision_recall_fscore_support(truth, predicted, labels=LABELS)
    for name, each in zip(("precision", "recall", "f1"), shares, strict=False):
        assert [columns[name, label] for label in LABELS] == pytest.approx(each, abs=1e-12)
    assert columns["accuracy", ""] == pytest.approx((truth == predicted).mean())
    assert len(columns) == len(values) == 9 + 5 * 3
    confusion = metrics.confusion_matrix(truth, predicted, labels=LABELS)
    assert found.confusion.tolist() == confusion.tolist()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_counts_of_groups_are_repeated_cases(kind) -> None:
    cases = classified(groups=25)
    found = ClassificationStatistics(cases, LABELS)
    counts = np.random.default_rng(1).integers(0, 3, (3, 25)).astype(kind)
    for row, values in zip(counts, found.values(counts), strict=True):
        index = np.unique(cases["group"], return_inverse=True)[1]
        repeated = cases.loc[np.repeat(cases.index, row[index].astype(int))]
        again = ClassificationStatistics(repeated, LABELS)
        expected = again.values(np.ones((1, again.groups)))[0]
        assert values == pytest.approx(expected, rel=1e-5, nan_ok=True)


def test_without_probabilities_the_confusion_matrix_is_scored() -> None:
    cases = classified().drop(columns=["p_benign", "p_malignant", "p_normal"])
    found = ClassificationStatistics(cases, LABELS)
    assert found.values(np.ones((2, 60))).shape == (2, len(found.quantities)) == (2, 5 + 3 * 3)
    assert {q.score for q in found.quantities} >= {"accuracy", "recall"}


def test_plain_shares_know_their_hits_and_trials() -> None:
    cases = classified()
    quantities = ClassificationStatistics(cases, LABELS).quantities
    shares = {(q.score, q.part): q.proportion for q in quantities if q.proportion}
    right = cases[cases["class"] == cases["predicted"]]
    assert set(shares) == {("accuracy", "")} | {
        (score, label) for score in ("recall", "precision") for label in LABELS
    }
    assert shares["accuracy", ""] == (len(right), 60)
    hits, trials = (int((t["class"] == "benign").sum()) for t in (right, cases))
    assert shares["recall", "benign"] == (hits, trials)
    assert shares["precision", "benign"] == (hits, (cases["predicted"] == "benign").sum())


def test_what_ranks_can_be_other_than_the_probabilities() -> None:
    cases = classified()
    ranks = 1 - cases[[f"p_{name}" for name in LABELS]].to_numpy()
    tables = [ClassificationStatistics(cases, LABELS, by) for by in (None, ranks)]
    values = [table.values(np.ones((1, 60)))[0] for table in tables]
    names = [quantity.score for quantity in tables[0].quantities]
    place, brier = names.index("auroc"), names.index("brier")
    assert values[1][place] == pytest.approx(1 - values[0][place])
    assert values[1][brier] == values[0][brier]


def test_resamples_that_lack_a_class_do_not_define_the_means_over_the_classes() -> None:
    truth, predicted = ["benign", "normal", "normal"], ["benign", "benign", "malignant"]
    cases = classified(3).assign(**{"class": truth, "predicted": predicted})
    found = ClassificationStatistics(cases, LABELS)
    names = [quantity.score for quantity in found.quantities if not quantity.part]
    complete, lacking = found.values(np.array([[2.0, 1, 0], [0, 2, 1]]))[:, : len(names)]
    undefined = {name for name, value in zip(names, lacking, strict=True) if np.isnan(value)}
    means = {"balanced_accuracy", "macro_precision", "macro_f1", "auroc", "average_precision"}
    assert undefined == means
    # malignant has no image, but is predicted once: it counts also where that is not drawn
    values = dict(zip(names, complete, strict=True))
    assert values["macro_precision"] == pytest.approx((2 / 3 + 0 + 0) / 3)
    assert values["balanced_accuracy"] == 0.5


def test_a_constant_classifier_has_one_balanced_accuracy() -> None:
    cases = classified(12).assign(predicted="benign")
    found = ClassificationStatistics(cases, LABELS)
    drawn = resampled_values(found, 200, 0)[:, 0]
    assert np.isnan(drawn).any()
    assert np.unique(drawn[~np.isnan(drawn)]) == pytest.approx([1 / 3])
    entries = {(q.score, q.part): entry for q, entry in score_entries(found, IntervalOptions(200))}
    nothing = entries["precision", "malignant"]
    assert (nothing["value"], nothing["n"], nothing["unit"]) == (
        *(None, 0, "images predicted malignant"),
    )
    assert entries["balanced_accuracy", ""]["low"] is None
    assert entries["recall", "malignant"]["high"] > 0.3


def test_a_mean_over_classes_needs_two_groups_of_each_for_an_interval() -> None:
    classes = ["a"] * 6 + ["b"] * 2
    table = pd.DataFrame(
        {
            "group": ["g1", "g2", "g3", "g4", "g5", "g6", "g7", "g7"],
            "class": classes,
            "predicted": ["a", "a", "b", "a", "b", "a", "b", "a"],
        }
    )

    def entries(cases: pd.DataFrame) -> dict[str, Any]:
        found = score_entries(ClassificationStatistics(cases, ["a", "b"]), IntervalOptions(200))
        return {quantity.score: entry for quantity, entry in found if not quantity.part}

    one = entries(table)
    assert one["balanced_accuracy"]["value"] == pytest.approx(7 / 12)
    assert one["balanced_accuracy"]["low"] is None and one["accuracy"]["low"] is not None
    two = entries(table.assign(group=[*table["group"][:-1], "g8"]))
    assert two["balanced_accuracy"]["low"] is not None
