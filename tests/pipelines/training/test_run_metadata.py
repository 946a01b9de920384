"""A run's metadata tell its own recipe, classes and size; the rest is the bundle's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipelines.bundles import bundle_names, bundle_root
from pipelines.training.run_metadata import run_metadata


def shipped(bundle: str) -> dict[str, Any]:
    return json.loads((bundle_root(bundle) / "configs" / "metadata.json").read_text())


@pytest.mark.parametrize("bundle", bundle_names())
def test_without_anything_told_it_is_the_bundles(bundle: str) -> None:
    assert run_metadata(shipped(bundle), {}) == shipped(bundle)


def test_the_classes_of_a_map_stand_wherever_they_are_told() -> None:
    before = shipped("tissue_segmentation")
    found = run_metadata(before, {"name": "dynunet", "labels": ["none", "fat"], "image_size": 64})
    text = json.dumps(found)
    assert "necrosis" not in text and "256" not in text
    assert found["label_classes"] == found["pred_classes"] == "single channel, 0 is none, 1 is fat"
    assert found["task"] == "Tissue segmentation: none, fat"
    assert "recipe dynunet. Classes: none, fat." in found["description"]
    image, pred = (found["network_data_format"][key] for key in ("inputs", "outputs"))
    assert image["image"]["spatial_shape"] == pred["pred"]["spatial_shape"] == [64, 64]
    assert pred["pred"]["num_channels"] == 2
    assert pred["pred"]["channel_def"] == {"0": "none (logit)", "1": "fat (logit)"}


def test_the_classes_of_images_are_logits() -> None:
    found = run_metadata(shipped("breast_us_classification"), {"labels": ["a", "b"]})
    assert found["pred_classes"] == "a logit for each class: 0 a, 1 b"
    assert found["label_classes"] == "class index: 0 a, 1 b"
    assert found["network_data_format"]["outputs"]["pred"]["spatial_shape"] == []


def test_the_classes_that_ship_keep_their_words() -> None:
    before = shipped("fetal_plane_classification")
    channels = before["network_data_format"]["outputs"]["pred"]["channel_def"]
    labels = [channels[str(k)].removesuffix(" (logit)") for k in range(len(channels))]
    found = run_metadata(before, {"labels": labels, "name": "resnet50", "image_size": 224})
    assert found["task"] == before["task"] and found["label_classes"] == before["label_classes"]
    assert "resnet50" in found["description"]


def test_a_mask_has_no_list_of_classes() -> None:
    found = run_metadata(shipped("breast_us_segmentation"), {"name": "joint", "image_size": 192})
    assert found["description"].endswith("trained by the recipe joint. Research use only.")
    assert found["network_data_format"]["inputs"]["image"]["spatial_shape"] == [192, 192]
