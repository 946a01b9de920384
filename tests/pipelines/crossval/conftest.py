"""A plan over phantoms, and trainings that take no time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.crossval import parent_run, plan, pooled, run
from pipelines.crossval.plan import Plan, make_plan
from pipelines.evaluation.group_intervals import IntervalOptions
from tests.pipelines.crossval.made_training import Trainings

MakePlan = Callable[..., Plan]


@pytest.fixture
def make(class_dataset: Path, tmp_path: Path) -> MakePlan:
    """Makes a plan of folds 0 and 1 of five, in the test's folder."""

    def made(*words: str, **given: object) -> Plan:
        chosen = {"folds": "0,1", "folder": tmp_path / "crossval", **given}
        return make_plan("breast_us_classification", str(class_dataset), words, **chosen)

    return made


@pytest.fixture
def trainings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trainings:
    """Takes the place of the commands that train; MLflow hears nothing of them.

    They leave no model, so that nothing can be made of all of them.
    """
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    made = Trainings(scratch)
    monkeypatch.setattr(run, "training_command", made)
    monkeypatch.setattr(plan, "training_command", made)
    monkeypatch.setattr(parent_run, "experiment_of", lambda config: None)
    monkeypatch.setattr(run, "write_ensemble", lambda *given: None)
    few = IntervalOptions(resamples=100)
    monkeypatch.setattr(pooled, "IntervalOptions", lambda: few)
    return made
