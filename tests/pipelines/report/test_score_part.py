from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipelines.report.score_part import score_part
from pipelines.report.sources import Sources, read_sources


def test_the_scores_are_those_of_the_run(classes: Sources) -> None:
    part = score_part(classes)
    entries = classes.scores["scores"]
    assert {row["score"]: row["value"] for row in part["all"]} == {
        name: entry["value"] for name, entry in entries.items()
    }
    assert [row["score"] for row in part["headline"]][:2] == ["balanced_accuracy", "auroc"]
    assert part["confusion"] == classes.scores["confusion"] and part["counted"] == "images"
    assert [row["less_is_better"] for row in part["headline"]] == [False, False, False, True]


def test_calibration_stands_before_and_after(classes: Sources) -> None:
    (found,) = score_part(classes)["calibration"]
    assert found["temperature"] == 1.25 and found["remarks"] == ["few images"]
    assert [row["score"] for row in found["after"]] == ["log_loss", "brier", "calibration_error"]


def test_lesions_have_a_free_response_curve(lesions: Sources) -> None:
    part = score_part(lesions)
    assert part["froc"]["lesions"] == 6 and part["confusion"] is None
    assert part["froc"]["scores"][-1]["score"] == "mean_sensitivity"


def test_folds_and_seeds_are_told_apart(made: Path, folds: Sources) -> None:
    part = score_part(folds)
    assert [row["fold"] for row in part["folds"]] == [0, 1, 2]
    assert part["seeds"] == [] and part["together"] == []
    of_seeds = score_part(read_sources(made / "seeds", "seeds"))
    assert of_seeds["seeds"][0]["sd"] == 0 and of_seeds["together"]


def test_other_images_bring_their_drop(classes: Sources) -> None:
    drop = {"scores": {"accuracy": {"own": 0.9, "other": 0.7, "drop": 0.2, "low": 0, "high": 1}}}
    other = {**classes.scores, "drop": drop}
    found = score_part(replace(classes, others={"sites/north": other}))["others"]["sites/north"]
    assert found["drop"][0]["name"] == "Accuracy" and found["drop"][0]["drop"] == 0.2
