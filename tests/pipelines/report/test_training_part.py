from __future__ import annotations

from dataclasses import replace

from pipelines.report.sources import Sources
from pipelines.report.training_part import training_part


def test_the_runs_and_settings_are_told(folds: Sources) -> None:
    part = training_part(folds)
    assert [run["fold"] for run in part["runs"]] == [0, 1, 2] and part["history"]
    first = part["runs"][0]
    assert (first["epoch"], first["epochs_run"], first["minutes"]) == (2, 3, 1.0)
    assert part["settings"]["optimiser"] == "AdamW(eps=0.1)"
    assert part["settings"]["learning rate"] == "0.01 if weights is none else 0.001"
    assert part["metric"] == "val_f1" and "1 thread(s), Linux" in part["machine"]


def test_a_run_without_epochs_has_none(classes: Sources) -> None:
    member = replace(classes.first, history=None, scores={"scores": {}})
    part = training_part(replace(classes, members=(member,)))
    assert not part["history"] and part["runs"][0]["minutes"] is None
