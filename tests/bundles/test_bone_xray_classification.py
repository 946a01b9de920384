"""What only the bundle of bone radiographs does: its own networks, colours, no shear."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from monai.bundle import ConfigParser, run

from tests.bundles.made_bundle import BUNDLES, SMALL

BUNDLE = BUNDLES["bone_xray_classification"]


def test_no_augmentation_shears_or_stretches_one_axis() -> None:
    for name in ("train", *(f"variants/{name}" for name in BUNDLE.variants)):
        for transform in BUNDLE.read(name).get("augmentation", []):
            assert not {"shear_range", "scale_range"} & set(transform), name
            assert "trivial" not in transform["_target_"], name  # it shears, too


@pytest.mark.parametrize(("variant", "version"), [("cnn_v1", 1), ("cnn_v2", 2), ("cnn_v3", 2)])
def test_the_users_networks_are_those_versions(variant: str, version: int) -> None:
    definition = BUNDLE.read(f"variants/{variant}")["network_def"]
    assert definition["_target_"] == "networks.bone_cnn.BoneCNN"
    assert definition["version"] == version
    assert "batch_norm" not in definition


def test_the_third_version_is_for_three_classes(
    datasets: Callable[[str], Path], tmp_path: Path, error_line: Callable[[BaseException], str]
) -> None:
    assert BUNDLE.read("variants/cnn_v3")["network_def"]["num_classes"] == 3
    given = {**SMALL, "dataset_dir": str(datasets(BUNDLE.name)), "network_def::num_classes": 2}
    with pytest.raises(Exception) as caught:
        run(
            config_file=[BUNDLE.config("train"), BUNDLE.config("variants/cnn_v3")],
            output_dir=str(tmp_path / "never"),
            **given,
        )
    assert "answers an image by (1, 2); expected (1, 3)" in error_line(caught.value)


def test_the_colour_variant_differs_in_the_channels_alone() -> None:
    grey, colour = BUNDLE.read("train")["preprocessing"], BUNDLE.read("variants/cnn_v2_rgb")
    reader = colour["preprocessing"]["transforms"][0]["reader"]
    assert (reader["content"], colour["network_def"]["in_channels"]) == ("rgb", 3)
    reader["content"] = "grey"
    assert colour["preprocessing"] == grey


def test_the_colour_variant_reads_three_channels(datasets: Callable[[str], Path]) -> None:
    parser = _parser("cnn_v2_rgb", datasets)
    preprocessing = parser.get_parsed_content("preprocessing")
    image = next((datasets(BUNDLE.name) / "images").glob("*.png"))
    assert preprocessing({"image": str(image)})["image"].shape == (3, 64, 64)


def _parser(variant: str, datasets: Callable[[str], Path]) -> ConfigParser:
    parser = ConfigParser()
    parser.read_config([BUNDLE.config("train"), BUNDLE.config(f"variants/{variant}")])
    parser.update({**SMALL, "dataset_dir": str(datasets(BUNDLE.name)), "device": "cpu"})
    return parser


def test_l2_weighs_on_the_layers_of_the_head(datasets: Callable[[str], Path]) -> None:
    groups = _parser("inception_v3_l2", datasets).get_parsed_content("optimizer").param_groups
    decays = {group["name"]: group["weight_decay"] for group in groups}
    assert decays["head.dense.weight"] == 0.01
    assert set(decays.values()) == {0.0, 0.0001, 0.01}
