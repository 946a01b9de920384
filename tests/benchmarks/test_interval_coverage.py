"""The simulated tables whose true scores are known; the coverage itself is measured elsewhere."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from pipelines.evaluation.calibration_statistics import calibration_values


@pytest.fixture(scope="module")
def program() -> Any:
    """The program; it finds its neighbours as it does when it is run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
        yield importlib.import_module("interval_coverage")


def test_the_true_calibration_error_is_that_of_many_images(program: Any) -> None:
    assert program.true_calibration_error(1.0) == 0
    cases = program.simulated_cases(np.random.default_rng(0), 200_000, 0.1, 1)
    probability = expit(3 * program.SHIFT * cases["distance"])
    answers = cases.assign(p_negative=1 - probability, p_positive=probability, id=cases["group"])
    found = calibration_values(answers, program.LABELS)["calibration_error"]
    assert found == pytest.approx(program.true_calibration_error(3.0), abs=0.003)


def test_every_score_with_a_known_truth_has_its_intervals(program: Any) -> None:
    rows = program.simulate(40, 0.5, 1, simulations=3, resamples=50, seed=0)
    assert {row["score"] for row in rows} == set(program.TRUTH)
    of_calibration = [row for row in rows if row["score"].startswith("calibration_error")]
    assert {row["interval"] for row in of_calibration} >= {"percentile", "normal"}
    for row in of_calibration:
        assert row["truth"] == round(program.TRUTH[row["score"]], 4) and row["mean_value"] > 0
