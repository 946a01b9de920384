"""The inference configuration of a package stands alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.deployment.packaging.configuration import package_configuration
from pipelines.errors import InputError

INFERENCE: dict[str, Any] = {
    "imports": [
        "$import torch",
        "$import pipelines.training.operating_point as operating_points",
        "$from a import b",
    ],
    "weights": "$@bundle_root + '/model.pt'",
    "least_share": "$operating_points.least_share(@bundle_root, @ensemble)",
    "threshold": 0.5,
    "device": "$torch.device('cpu')",
}


def test_what_was_chosen_becomes_a_number_and_its_import_goes(tmp_path: Path) -> None:
    (tmp_path / "operating_point.json").write_text(json.dumps({"least_share": 0.002}))
    content = package_configuration(INFERENCE, tmp_path)
    assert content["least_share"] == 0.002 and content["threshold"] == 0.5
    assert content["weights"] == "$@bundle_root + '/models/model.pt'"
    assert content["imports"] == ["$import torch", "$from a import b"]
    assert INFERENCE["imports"][1].startswith("$import pipelines")


def test_a_chosen_threshold_takes_the_place_of_the_runs(tmp_path: Path) -> None:
    content = package_configuration({**INFERENCE, "least_share": 0.0}, tmp_path, threshold=0.35)
    assert content["threshold"] == 0.35


@pytest.mark.parametrize("before", [{"thresholds": {}}, {}])
def test_a_chosen_threshold_of_a_class_reaches_the_table(
    tmp_path: Path, before: dict[str, Any]
) -> None:
    writer = {"_target_": "pipelines.deployment.class_answers.ClassAnswers", "labels": "@labels"}
    handlers = [writer, {"_target_": "pipelines.deployment.inputs.AnswerProgress"}]
    inference = {**INFERENCE, "least_share": 0.0, "handlers": handlers, **before}
    content = package_configuration(inference, tmp_path, thresholds={"malignant": 0.25})
    assert content["thresholds"] == {"malignant": 0.25}
    assert content["handlers"] == [{**writer, "thresholds": "@thresholds"}, handlers[1]]
    assert package_configuration(inference, tmp_path)["handlers"] == handlers


def test_a_file_of_this_machine_is_refused(tmp_path: Path) -> None:
    (tmp_path / "backbone.pth").write_text("")
    network = {"network_def": {"weights": str(tmp_path / "backbone.pth")}, "least_share": 0.0}
    with pytest.raises(InputError, match=r"network_def::weights .* is the file .*backbone.pth"):
        package_configuration({**INFERENCE, **network}, tmp_path)
