"""A plan over phantoms, and trainings that take no time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.search import search_run, trial_run
from pipelines.search.plan import Plan, Pruning, make_plan
from tests.pipelines.search.made_trials import Trials

MakePlan = Callable[..., Plan]
SPACE = {
    "learning_rate": {"low": 1e-5, "high": 0.1, "log": True},
    "epochs": {"low": 2, "high": 4},
    "network_def#head#dropout": {"low": 0.2, "high": 0.5},
}


@pytest.fixture
def make(class_dataset: Path, tmp_path: Path) -> MakePlan:
    """Makes a plan of four trials, in the test's folder, of which none is given up."""

    def made(*words: str, space: Any = SPACE, **given: Any) -> Plan:
        path = tmp_path / "space.json"
        path.write_text(json.dumps(space))
        chosen = {"folder": tmp_path / "search", "trials": 4, "pruning": Pruning(False), **given}
        dataset = str(class_dataset)
        return make_plan("breast_us_classification", dataset, path, words=words, **chosen)

    return made


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> Trials:
    """Takes the place of the commands that train; MLflow hears nothing of them."""
    made = Trials()
    monkeypatch.setattr(trial_run, "_command", made)
    monkeypatch.setattr(search_run, "experiment_of", lambda config: None)
    return made
