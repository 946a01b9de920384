"""The scores are those of scikit-learn and of the other tables; intervals draw whole groups."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from pipelines.evaluation.calibration_statistics import (
    SCORES,
    calibration_entries,
    calibration_values,
)
from pipelines.evaluation.classification_scores import classification_scores

LABELS = ["a", "b", "c"]


@pytest.fixture(scope="module")
def cases() -> pd.DataFrame:
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.dirichlet([1, 1, 1], 40), columns=["p_a", "p_b", "p_c"])
    table["class"] = np.array(LABELS)[random.integers(0, 3, 40)]
    table["predicted"] = np.array(LABELS)[table[["p_a", "p_b", "p_c"]].to_numpy().argmax(axis=1)]
    table["id"] = [f"i{place:02d}" for place in range(40)]
    return table.assign(group=[f"g{place // 2}" for place in range(40)])


def test_the_log_loss_is_that_of_scikit_learn(cases: pd.DataFrame) -> None:
    expected = log_loss(cases["class"], cases[["p_a", "p_b", "p_c"]], labels=LABELS)
    assert calibration_values(cases, LABELS)["log_loss"] == pytest.approx(expected)


def test_a_certain_mistake_has_a_finite_loss(cases: pd.DataFrame) -> None:
    certain = cases.assign(p_a=1.0, p_b=0.0, p_c=0.0)
    assert 1 < calibration_values(certain, LABELS)["log_loss"] < 37


def test_values_and_intervals_are_those_of_all_scores(cases: pd.DataFrame) -> None:
    entries = calibration_entries(cases.sample(frac=1, random_state=0), LABELS, resamples=500)
    expected = classification_scores(cases, LABELS, resamples=500)["scores"]
    for name, keys in (("brier", ("value", "low", "high")), ("calibration_error", ("value",))):
        for key in keys:
            assert entries[name][key] == pytest.approx(expected[name][key], rel=1e-5), (name, key)
        assert {**entries[name], "value": 0, "low": 0, "high": 0} == {
            **expected[name],
            **{"value": 0, "low": 0, "high": 0},
        }
    assert list(entries) == list(SCORES)
    assert entries["calibration_error"]["low"] is None and entries["log_loss"]["low"] is not None
    assert entries["log_loss"]["groups"] == 20
    assert {name: entry["value"] for name, entry in entries.items()} == calibration_values(
        cases, LABELS
    )
