from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipelines.file_hash import sha256_of
from pipelines.report.repeat_part import repeat_part
from pipelines.report.sources import Sources


def test_a_run_tells_its_commands_versions_and_hashes(made: Path, classes: Sources) -> None:
    part = repeat_part(classes)
    commands = {each["title"]: each["command"] for each in part["commands"]}
    assert commands["The training"] == "python3 -m monai.bundle run --epochs 3"
    assert "med2d rerun classes" in commands.values()
    assert part["versions"] == {"torch": "2.13.0"} and part["seeds"] == [0]
    assert part["hashes"]["weights"] == "d" * 64
    assert part["hashes"]["cases.csv"] == sha256_of(made / "classes" / "cases.csv")
    assert part["mlflow"] == {"classes": "f" * 32} and part["recorded"]


def test_a_cross_validation_names_its_runs(folds: Sources) -> None:
    part = repeat_part(folds)
    assert part["commands"][0]["command"].startswith("med2d crossval")
    assert {"model.pt of fold0-seed0", "cases.csv of fold2-seed0"} <= set(part["hashes"])


def test_a_run_that_recorded_nothing_says_so(classes: Sources) -> None:
    member = replace(classes.first, files={})
    part = repeat_part(replace(classes, members=(member,)))
    assert not part["recorded"] and part["versions"] == {} and "dataset" in part["hashes"]
    assert not any("rerun" in each["command"] for each in part["commands"])
