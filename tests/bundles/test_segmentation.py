"""What the bundles of segmentation have in common, as far as their files say it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.bundles import bundle_names, bundle_root

NAMES = [name for name in bundle_names() if name.endswith("segmentation")]
ALL = pytest.mark.parametrize("name", NAMES)

OVERRIDDEN = {
    *("dataset_dir", "output_dir", "epochs", "batch_size", "learning_rate", "fold", "seed"),
    *("device", "num_workers", "resume", "overwrite", "weights", "precision", "image_size"),
    *("network_def", "loss", "optimizer", "scheduler", "preprocessing", "augmentation"),
}
"""What people change by name in every bundle."""


def config(name: str, file: str) -> dict[str, Any]:
    path = bundle_root(name) / "configs" / f"{file}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def variants(name: str) -> list[str]:
    return sorted(path.stem for path in (bundle_root(name) / "configs" / "variants").glob("*.json"))


def test_there_are_two() -> None:
    assert NAMES == ["breast_us_segmentation", "tissue_segmentation"]


@ALL
def test_the_bundle_is_complete(name: str) -> None:
    root = bundle_root(name)
    for file in ("LICENSE", "configs/logging.conf", "docs/README.md", "docs/data_license.txt"):
        assert (root / file).read_bytes(), file
    assert not list(root.rglob("*.py"))
    metadata = config(name, "metadata")
    assert metadata["version"] in metadata["changelog"]


@ALL
def test_what_people_change_has_one_name_everywhere(name: str) -> None:
    assert set(config(name, "train")) >= OVERRIDDEN
    for file in ("train", "evaluate", "multi_gpu_train", "inference"):
        assert config(name, file)["initialize"][0] == "$workflow.check_overrides()"


@ALL
def test_the_handlers_stand_in_one_order(name: str) -> None:
    handlers = config(name, "train")["train"]["handlers"]
    targets = [each.get("handler") or each["_target_"].rpartition(".")[2] for each in handlers]
    order = [
        *("EpochSeed", "@average", "TrainingScores", "ValidationHandler", "Schedule"),
        *("@early_stop", "History", "RunCheckpoint", "@scorer", "Tracking"),
    ]
    if "operating_point" in config(name, "train"):
        order.insert(order.index("@scorer"), "@operating_point")
    assert [target.removeprefix("ClassMap") for target in targets] == order


@ALL
def test_one_metric_chooses_stops_and_is_kept(name: str) -> None:
    train = config(name, "train")
    (metric,) = train["validate"]["key_metric"]
    named = [each["metric"] for each in train["train"]["handlers"] if "metric" in each]
    assert {*named, train["early_stop"]["metric"], train["scorer"]["metric"]} == {metric}


@ALL
def test_the_metadata_are_those_of_the_default_network(name: str) -> None:
    train, formats = config(name, "train"), config(name, "metadata")["network_data_format"]
    image, pred = formats["inputs"]["image"], formats["outputs"]["pred"]
    assert image["spatial_shape"] == pred["spatial_shape"] == [train["image_size"]] * 2
    assert image["num_channels"] == train["network_def"]["in_channels"]
    assert pred["num_channels"] == len(pred["channel_def"])


@ALL
def test_several_processes_check_what_a_single_one_does(name: str) -> None:
    alone, several = (config(name, file)["initialize"] for file in ("train", "multi_gpu_train"))
    assert [line for line in several if line != "$processes.start()"] == alone


@ALL
def test_the_model_card_names_every_variant_and_the_default(name: str) -> None:
    card = Path(bundle_root(name) / "docs" / "README.md").read_text(encoding="utf-8")
    for recipe in (config(name, "train")["name"], *variants(name)):
        assert f"`{recipe}`" in card


@ALL
def test_the_variants_change_names_that_there_are(name: str) -> None:
    train = config(name, "train")
    for variant in variants(name):
        content = config(name, f"variants/{variant}")
        assert content["name"] == variant
        assert {key.partition("::")[0] for key in content} <= set(train), variant
