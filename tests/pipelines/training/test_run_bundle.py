"""A run's folder answers pictures with the recipe that was trained."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.bundle import ConfigParser

from pipelines.bundles import bundle_names, bundle_root
from pipelines.errors import InputError
from pipelines.training.run_bundle import write_run_bundle
from pipelines.training.run_metadata import run_metadata


def inference(folder: Path) -> dict[str, Any]:
    text = (folder / "configs" / "inference.json").read_text(encoding="utf-8")
    return json.loads(text)


@pytest.mark.parametrize("bundle", bundle_names())
def test_the_run_s_recipe_replaces_the_shipped_one(bundle: str, tmp_path: Path) -> None:
    shipped = inference(bundle_root(bundle))
    changes = {"network_def": {"_target_": "BasicUNet"}, "image_size": 96, "epochs": 7}
    write_run_bundle(tmp_path / "run", changes, bundle_root(bundle))
    written = inference(tmp_path / "run")
    classifies = shipped.get("calibrated", False)  # there the network stands within what calibrates
    expected = {"_target_": "BasicUNet"}
    if classifies:
        expected = {**shipped["network_def"], "network": expected}
    assert written["network_def"] == expected
    assert classifies == bundle.endswith("classification")
    assert written["image_size"] == 96
    assert "epochs" not in written
    kept = set(shipped) - {"network_def", "image_size", "weights"}
    assert {key: written[key] for key in kept} == {key: shipped[key] for key in kept}
    assert list(written) == list(shipped)
    folders = (tmp_path / "run" / "configs", bundle_root(bundle) / "configs")
    logging, shipped_logging = ((folder / "logging.conf").read_bytes() for folder in folders)
    assert logging == shipped_logging
    metadata = [json.loads((folder / "metadata.json").read_text()) for folder in folders]
    assert metadata[0] == run_metadata(metadata[1], changes)


def test_the_weights_are_found_after_the_folder_was_moved(tmp_path: Path) -> None:
    write_run_bundle(tmp_path / "run", {}, bundle_root("breast_us_segmentation"))
    shutil.move(tmp_path / "run", tmp_path / "moved")
    config = {**inference(tmp_path / "moved"), "bundle_root": str(tmp_path / "moved")}
    weights = ConfigParser({k: config[k] for k in ("bundle_root", "weights")})
    assert weights.get_parsed_content("weights") == str(tmp_path / "moved") + "/model.pt"


def test_what_trained_is_not_asked_of_the_weights_that_answer(tmp_path: Path) -> None:
    trained = "$'all' if @weights is None else {'last': 92}"
    network = {"_target_": "BasicUNet", "trained": trained}
    bundle = bundle_root("breast_us_segmentation")
    write_run_bundle(tmp_path, {"network_def": network, "weights": None}, bundle)
    assert inference(tmp_path)["network_def"] == {"_target_": "BasicUNet", "trained": "all"}


def test_a_chosen_least_region_is_read_when_the_run_answers(tmp_path: Path) -> None:
    bundle = bundle_root("breast_us_segmentation")
    write_run_bundle(tmp_path, {"operating_point": {}, "least_share": 0.0}, bundle)
    (tmp_path / "operating_point.json").write_text('{"least_share": 0.004}')
    names = ("imports", "bundle_root", "ensemble", "least_share")
    config = {name: inference(tmp_path)[name] for name in names} | {"bundle_root": str(tmp_path)}
    assert ConfigParser(config).get_parsed_content("least_share") == 0.004
    write_run_bundle(tmp_path, {"operating_point": None, "least_share": 0.01}, bundle)
    assert inference(tmp_path)["least_share"] == 0.01


def test_writing_again_leaves_one_of_each(tmp_path: Path) -> None:
    for size in (96, 64):
        write_run_bundle(tmp_path, {"image_size": size}, bundle_root("breast_us_segmentation"))
    assert inference(tmp_path)["image_size"] == 64
    names = sorted(path.name for path in (tmp_path / "configs").iterdir())
    assert names == ["inference.json", "logging.conf", "metadata.json"]


def test_the_probabilities_follow_the_loss_of_the_run(tmp_path: Path) -> None:
    bundle = bundle_root("breast_us_classification")
    write_run_bundle(tmp_path, {"activation": "sigmoid"}, bundle)
    config = {**inference(tmp_path), "image_size": 32}
    parser = ConfigParser(config)
    answer = parser.get_parsed_content("postprocessing")({"pred": torch.tensor([0.0, 0.0, 9.0])})
    shares = torch.tensor([0.5, 0.5, 1.0]) / 2
    torch.testing.assert_close(answer["pred"], shares, atol=1e-3, rtol=0)
    assert parser.get_parsed_content("network_def").activation == "sigmoid"


def test_the_metadata_tell_the_classes_of_the_run(tmp_path: Path) -> None:
    write_run_bundle(tmp_path, {"labels": ["a", "b"]}, bundle_root("breast_us_classification"))
    metadata = json.loads((tmp_path / "configs" / "metadata.json").read_text(encoding="utf-8"))
    pred = metadata["network_data_format"]["outputs"]["pred"]
    assert (pred["num_channels"], pred["channel_def"]) == (2, {"0": "a (logit)", "1": "b (logit)"})
    assert inference(tmp_path)["labels"] == ["a", "b"]


@pytest.mark.parametrize("content", ["{}", "no json", '{"network_data_format": []}'])
def test_metadata_that_do_not_describe_the_network_are_named(content: str, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(bundle_root("breast_us_segmentation"), bundle)
    (bundle / "configs" / "metadata.json").write_text(content)
    with pytest.raises(InputError, match=r"metadata\.json does not describe the network's data"):
        write_run_bundle(tmp_path / "run", {}, bundle)
