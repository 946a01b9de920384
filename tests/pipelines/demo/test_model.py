"""What answers is loaded, and what is known of it is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.bundles import bundle_root
from pipelines.crossval.ensemble_bundle import write_ensemble
from pipelines.demo.model import Model, load_model
from pipelines.demo.reply import replied
from pipelines.demo.results import results
from pipelines.deployment.app.class_threshold import ClassThreshold
from pipelines.errors import InputError
from tests.pipelines.demo.conftest import noise


def test_a_run_is_told_apart_and_its_temperature_found(classifier: Model) -> None:
    assert classifier.bundle == "breast_us_classification"
    assert classifier.title == "Breast ultrasound classification"
    assert classifier.temperatures == [1.5]
    assert classifier.calibration == "calibrated (temperature 1.50)"


def test_a_temperature_of_one_is_told_by_its_record(class_run: Path, tmp_path: Path) -> None:
    run = shutil.copytree(class_run, tmp_path / "run")
    weights = torch.load(run / "model.pt", weights_only=True)
    torch.save({**weights, "temperature": torch.tensor(1.0)}, run / "model.pt")
    assert load_model(run).calibration == "not calibrated"
    (run / "calibration.json").write_text("{}")
    assert load_model(run).calibration == "calibrated (temperature 1.00)"


def test_an_ensemble_may_be_calibrated_in_part(class_run: Path, tmp_path: Path) -> None:
    other = shutil.copytree(class_run, tmp_path / "other")
    weights = torch.load(other / "model.pt", weights_only=True)
    torch.save({**weights, "temperature": torch.tensor(1.0)}, other / "model.pt")
    root = bundle_root("breast_us_classification")
    write_ensemble([class_run, other], tmp_path / "partly", root)
    partly = load_model(tmp_path / "partly")
    assert partly.calibration == "partly calibrated (1 of 2 members)"
    html = results(partly, [replied(partly, noise(3), "a.png")])
    assert "Probabilities are <b>partly calibrated (1 of 2 members)</b>" in html
    same = shutil.copytree(class_run, tmp_path / "same")
    write_ensemble([class_run, same], tmp_path / "wholly", root)
    wholly = load_model(tmp_path / "wholly")
    assert wholly.calibration == "calibrated (temperature 1.50, 1.50)"


def test_masks_are_not_calibrated(outliner: Model) -> None:
    assert outliner.bundle == "breast_us_segmentation"
    assert outliner.temperatures == [] and outliner.calibration == "not calibrated"


def test_without_the_data_the_terminal_has_the_reason_and_no_visitor_a_path(
    mask_run: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = load_model(mask_run)
    assert model.training_images is None
    assert f"{mask_run} does not record its dataset" in caplog.text
    assert "are not at hand" in model.no_warning and "/" not in model.no_warning


def test_a_package_brings_what_is_known(
    class_run: Path, tmp_path: Path, fitted: dict[str, Any]
) -> None:
    package = shutil.copytree(class_run, tmp_path / "package")
    record = {"bundle": "breast_us_classification", "training_images": fitted}
    (package / "configs" / "package.json").write_text(json.dumps(record))
    model = load_model(package)
    assert model.training_images == fitted and model.no_warning == ""
    (package / "configs" / "package.json").write_text('{"bundle": "of mine"}')
    model = load_model(package)
    assert model.training_images is None and "holds nothing of" in model.no_warning
    with pytest.raises(InputError, match=r"--dataset_dir .* is of no use"):
        load_model(package, dataset_dir=tmp_path)
    assert model.bundle == "breast_us_classification"  # as its configuration says


def test_an_operating_point_of_a_class_is_known(class_run: Path, tmp_path: Path) -> None:
    package = shutil.copytree(class_run, tmp_path / "package")

    def point(**told: Any) -> ClassThreshold | None:
        (package / "configs" / "package.json").write_text(json.dumps({"operating_point": told}))
        return load_model(package).operating_point

    of_class = {"class": "malignant", "threshold": 0.2}
    assert point(kind="class threshold", **of_class) == ClassThreshold("malignant", 1, 0.2)
    assert point(kind="another", **of_class) is None
    with pytest.raises(InputError, match="operating_point cannot be used"):
        point(kind="class threshold", threshold=0.2)


def test_what_cannot_answer_is_refused(tmp_path: Path, class_run: Path) -> None:
    with pytest.raises(InputError, match="gone is no folder; name a package"):
        load_model(tmp_path / "gone")
    zipped = tmp_path / "p.zip"
    zipped.write_bytes(b"PK")
    with pytest.raises(InputError, match="unpack it, and name the folder that is in it"):
        load_model(zipped)
    with pytest.raises(InputError, match=r"has no configs/inference.json"):
        load_model(tmp_path)
    with pytest.raises(InputError, match="device is 'gpu'; expected cpu"):
        load_model(class_run, "gpu")
    with pytest.raises(InputError, match="does not record its dataset"):
        load_model(class_run, dataset_dir=tmp_path)
