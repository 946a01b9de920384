from __future__ import annotations

import shutil
from pathlib import Path

from pipelines.report.model_part import bundle_name, described, model_hash, model_part, readable
from pipelines.report.sources import Sources, read_sources


def test_the_model_is_described_by_its_configuration(classes: Sources) -> None:
    part = model_part(classes)
    assert (part["title"], part["recipe"]) == ("Made model", "made")
    assert part["bundle"] == bundle_name(classes) == "breast_us_classification"
    assert part["parameters"] == 4 * 9 + 4 + 2 * 4 + 2
    assert part["weights"] == "random weights" and part["input"] == "grey; 64 by 64 pixels"
    assert part["preprocessing"][1] == "ScaleIntensityd()"
    assert part["augmentation"] == ["RandFlipd(prob=0.5)"]
    assert part["answers"][0] == "Calibrated at temperature 1.250, fitted on the validation fold."


def test_a_component_is_written_as_a_call() -> None:
    component = {"_target_": "a.b.Net", "size": [1, 2], "head": {"_target_": "c.Head"}, "x": "@y"}
    assert described(component) == "Net(size=[1, 2], head=Head())"
    assert readable("$len(@labels)") == "len(labels)"


def test_weights_that_are_not_at_hand_have_no_number(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "classes", tmp_path / "run")
    (tmp_path / "run" / "model.pt").write_bytes(b"no weights")
    assert model_part(read_sources(tmp_path / "run", "run"))["parameters"] is None
    (tmp_path / "run" / "model.pt").unlink()
    found = read_sources(tmp_path / "run", "run")
    assert model_part(found)["parameters"] is None and model_hash(found) == {}


def test_the_weights_are_hashed(classes: Sources) -> None:
    assert len(model_hash(classes)["classes"]) == 64
