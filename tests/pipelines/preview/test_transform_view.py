"""Each random transform has its row, changes every sample, and tells what it drew."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.datasets.dataset import Dataset, read
from pipelines.errors import InputError
from pipelines.preview.bundle_file import find_bundle
from pipelines.preview.network_view import DRAWS
from pipelines.preview.transform_view import TransformView, told_draw, transform_view
from transforms.augmentation_operations import Draw
from transforms.mark_simulation import Marks
from transforms.time_gain import RandTimeGaind

NAME = "breast_us_segmentation"
SIZE = 96
WIDE = 1 + DRAWS
ULTRASOUND: list[dict[str, Any]] = [
    {"_target_": "transforms.speckle.RandSpeckled", "keys": "image", "prob": 0.01},
    {
        "_target_": "transforms.probe_sector.RandProbeSectord",
        "keys": "image",
        "mask_keys": "label",
        "prob": 0.0,
        "opening": 80,
    },
    {
        "_target_": "OneOf",
        "transforms": [
            {"_target_": "RandFlipd", "keys": ["image", "label"], "prob": 0.1, "spatial_axis": 0},
            {"_target_": "transforms.haze.RandHazed", "keys": "image", "strength": 0.5},
        ],
    },
    {
        "_target_": "transforms.trivial_augment.RandTrivialAugmentd",
        "keys": "image",
        "mask_keys": "label",
        "operations": {"rotate": 10, "acoustic_shadow": None},
    },
]


@pytest.fixture(scope="module")
def dataset(busi_dataset: Path) -> Dataset:
    return read(busi_dataset)


def seen(dataset: Dataset, folder: Path, augmentation: Any, **given: Any) -> TransformView | None:
    variant = folder / "more.json"
    variant.write_text(json.dumps({"name": "more", "augmentation": augmentation}))
    bundle = find_bundle(NAME, [str(variant)])
    return transform_view(dataset, bundle, size=SIZE, **given)


@pytest.fixture(scope="module")
def view(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> TransformView:
    found = seen(dataset, tmp_path_factory.mktemp("variant"), ULTRASOUND)
    assert found is not None
    return found


def rows(view: TransformView) -> dict[str, list[Any]]:
    tiles = list(view.sheet.tiles)
    return {
        tiles[start].caption[0]: tiles[start : start + WIDE] for start in range(0, len(tiles), WIDE)
    }


def test_every_transform_has_a_row_of_the_same_image(view: TransformView) -> None:
    found = rows(view)
    assert list(found) == [
        "RandSpeckled",
        "RandProbeSectord",
        "RandFlipd",
        "RandHazed",
        "rotate (RandTrivialAugmentd)",
        "acoustic_shadow (RandTrivialAugmentd)",
    ]
    first = found["RandSpeckled"][0].picture
    assert all((row[0].picture == first).all() for row in found.values())
    assert view.sheet.columns == WIDE and "6 transforms · seed 0" in view.sheet.text
    assert view.item["class"] != "normal"  # there is a mask to look at


def test_each_changes_every_sample_however_rare_it_is(view: TransformView) -> None:
    for name, (stored, *draws) in rows(view).items():
        changed = [bool((tile.picture != stored.picture).any()) for tile in draws]
        assert all(changed), name
    flipped = rows(view)["RandFlipd"]
    assert (flipped[1].picture == flipped[2].picture).all()


def test_what_was_drawn_is_told(view: TransformView) -> None:
    tile = rows(view)["RandProbeSectord"][1]
    assert tile.caption[:2] == ("draw 1", "opening 80")
    assert (tile.picture[-4:, :4] == 0).all()
    strengths = {tile.caption[1] for tile in rows(view)["RandSpeckled"][1:]}
    assert len(strengths) > 3 and all(text.startswith("strength 0.") for text in strengths)


def test_the_numbers_of_a_draw_are_lines_of_two() -> None:
    marks = type("Any", (), {"draw": Marks(("text", "caliper"), 0.5, 0.9, 0.04, 7)})
    assert told_draw(marks) == ("text, caliper · opacity 0.5", "ink 0.9 · size 0.04")
    assert told_draw(type("Any", (), {"draw": Draw("blur", 0.5)})) == ("amount 0.5",)
    assert told_draw(type("Any", (), {"draw": Draw("flip_horizontal", -0.0)})) == ()
    gains = RandTimeGaind("image", gain=6.0, sliders=3, prob=1.0).set_random_state(0)
    gains.randomize()
    (line,) = told_draw(gains)
    assert re.fullmatch(r"decibels( -?[\d.]+,?){3}", line)
    assert told_draw(object()) == ()


def test_the_same_call_gives_the_same_pictures(dataset: Dataset, tmp_path: Path) -> None:
    def drawn(seed: int) -> np.ndarray:
        found = seen(dataset, tmp_path, ULTRASOUND[:1], seed=seed, classes=("malignant",))
        assert found is not None and found.item["class"] == "malignant"
        return np.stack([tile.picture for tile in found.sheet.tiles[1:]])

    one, again, other = drawn(3), drawn(3), drawn(4)
    assert (one == again).all()
    assert one.shape != other.shape or (one != other).any()


def test_without_random_transforms_there_is_no_sheet(dataset: Dataset, tmp_path: Path) -> None:
    assert seen(dataset, tmp_path, []) is None


def test_what_cannot_be_is_one_line(dataset: Dataset, tmp_path: Path) -> None:
    wrong = [{"_target_": "transforms.haze.RandHazed", "keys": "image", "strength": 3}]
    with pytest.raises(InputError, match=r"strength is 3; expected a number") as caught:
        seen(dataset, tmp_path, wrong)
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="no image of none trains where fold 0 is scored"):
        seen(dataset, tmp_path, ULTRASOUND[:1], classes=("none",))
