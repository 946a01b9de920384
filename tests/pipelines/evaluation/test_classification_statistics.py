import numpy as np
import pytest

from pipelines.evaluation.classification import classification_scores
from pipelines.evaluation.classification_statistics import ClassificationStatistics
from tests.pipelines.evaluation.made_cases import LABELS, classified


def test_the_scores_are_those_that_a_run_writes() -> None:
    cases = classified(groups=25)
    found = ClassificationStatistics(cases, LABELS)
    values = found.values(np.ones((1, found.groups)))[0]
    expected = classification_scores(cases, LABELS, resamples=2)
    for quantity, value in zip(found.quantities, values, strict=True):
        entries = expected["by_class"].get(quantity.part, expected["scores"])
        assert value == pytest.approx(entries[quantity.score]["value"], rel=1e-12)
        assert quantity.description == entries[quantity.score]["description"]
    assert len(values) == 9 + 5 * 3
    assert found.confusion.tolist() == expected["confusion"]


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
