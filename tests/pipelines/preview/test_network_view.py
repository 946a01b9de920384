"""What is shown is what training draws: the same numbers, the same mask, the same order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser

from pipelines.datasets.dataset import Dataset, read
from pipelines.errors import InputError
from pipelines.preview.bundle_file import BundleFile, find_bundle
from pipelines.preview.colours import PALETTE
from pipelines.preview.legend import Entry
from pipelines.preview.network_view import DRAWS, network_view, training_of
from tests.pipelines.preview.made_dataset import classification, like, segmentation

NAME = "breast_us_segmentation"
SIZE = 128


@pytest.fixture(scope="module")
def dataset(busi_dataset: Path) -> Dataset:
    return read(busi_dataset)


FLIP = {"_target_": "RandFlipd", "keys": "image", "prob": 0.5, "spatial_axis": 0}


def bundle_of(folder: Path, change: dict[str, Any] = FLIP, **changes: Any) -> BundleFile:
    """A bundle for a classification with one random change, here one that turns upside down."""
    reader = {"_target_": "transforms.upright_reader.UprightReader"}
    load = {
        "_target_": "LoadImaged",
        "keys": "image",
        "reader": reader,
        "ensure_channel_first": True,
    }
    config = {
        "imports": ["$import pipelines.training.parts as fold_parts"],
        "dataset_dir": "nowhere",
        "fold": 0,
        "seed": 0,
        "parts": "$fold_parts.fold_parts(@dataset_dir, @fold, 'classification')",
        "train": {
            "dataset": {
                "_target_": "CacheDataset",
                "data": "$@parts['train']",
                "transform": {"_target_": "Compose", "transforms": [load, change]},
            }
        },
        **changes,
    }
    path = folder / "train.json"
    path.write_text(json.dumps(config))
    return BundleFile("mine", path)


@pytest.mark.parametrize(("fold", "seed"), [(0, 0), (3, 41)])
def test_samples_are_those_of_the_training_itself(dataset: Dataset, fold: int, seed: int) -> None:
    bundle = find_bundle(NAME)
    parser = ConfigParser()
    parser.read_config(str(bundle.path))
    given = {"dataset_dir": str(dataset.folder), "fold": fold, "seed": seed, "num_workers": 0}
    parser.update(given)
    loader = parser.get_parsed_content("train::dataloader")
    training = training_of(dataset, bundle, fold, seed)
    for epoch in (1, DRAWS):
        loader.sampler.set_epoch(epoch)
        (first, *_), batch = list(loader.batch_sampler), next(iter(loader))
        for place, (drawn_epoch, index) in enumerate(first):
            assert drawn_epoch == epoch
            sample = training.samples[epoch, index]
            assert torch.equal(batch["image"][place], sample["image"])
            assert torch.equal(batch["label"][place], sample["label"])
            path = parser.get_parsed_content("parts")["train"][index]["image"]
            assert path == str(dataset.folder / training.items[index]["image"])


def test_a_row_is_the_image_and_its_draws(dataset: Dataset) -> None:
    view = network_view(dataset, find_bundle(NAME), count=2, size=SIZE)
    assert len(view.items) == 2 and view.among == 18
    assert {item["fold"] for item in view.items} <= {2, 3, 4}
    assert len(view.sheet.tiles) == 2 * (1 + DRAWS) and view.sheet.columns == 1 + DRAWS
    stored, *draws = view.sheet.tiles[: 1 + DRAWS]
    assert stored.caption[0] == Path(view.items[0]["image"]).stem
    assert [tile.caption[0] for tile in draws] == [f"epoch {n}" for n in range(1, 1 + DRAWS)]
    assert view.sheet.legend == (Entry("tumour", PALETTE[0]),)
    for text in ("2 of 18", "fold 0 is scored", "of seed 0", "128 x 128", "black is 0.00"):
        assert text in view.sheet.text


def test_a_draw_is_shown_with_its_values_and_its_mask(dataset: Dataset) -> None:
    bundle = find_bundle(NAME)
    view = network_view(dataset, bundle, count=3, size=SIZE, classes=("benign",), seed=1)
    training = training_of(dataset, bundle, seed=1)
    for row, item in enumerate(view.items):
        index = training.items.index(item)
        tile = view.sheet.tiles[row * (1 + DRAWS) + 2]
        sample = training.samples[2, index]
        image = sample["image"][0].numpy()
        assert tile.caption[1] == f"{image.min():.2f} to {image.max():.2f}"
        # A tile of the input's own size: each pixel is one of the network's.
        mask = sample["label"][0].numpy() > 0
        outline = like(tile.picture, PALETTE[0], within=60)
        assert mask.any() and outline.any()
        rows, columns = np.nonzero(mask)
        drawn_rows, drawn_columns = np.nonzero(outline)
        assert drawn_rows.min() == pytest.approx(rows.min(), abs=2)
        assert drawn_rows.max() == pytest.approx(rows.max(), abs=2)
        assert drawn_columns.min() == pytest.approx(columns.min(), abs=2)
        assert drawn_columns.max() == pytest.approx(columns.max(), abs=2)
        far = np.ones_like(mask)
        far[max(0, rows.min() - 5) : rows.max() + 6, max(0, columns.min() - 5) :] = False
        greys = np.clip(image / float(view.sheet.text.split("white ")[1]), 0, 1) * 255
        assert np.abs(tile.picture[..., 0].astype(float) - greys)[far].max() < 3


def test_only_wanted_classes_are_shown(dataset: Dataset) -> None:
    view = network_view(dataset, find_bundle(NAME), count=4, size=SIZE, classes=("malignant",))
    assert {item["class"] for item in view.items} == {"malignant"}


def test_the_same_call_gives_the_same_pictures_and_another_seed_others(dataset: Dataset) -> None:
    def drawn(seed: int) -> list[bytes]:
        view = network_view(dataset, find_bundle(NAME), count=1, size=SIZE, seed=seed)
        return [tile.picture.tobytes() for tile in view.sheet.tiles]

    assert drawn(4) == drawn(4)
    assert drawn(4)[1:] != drawn(5)[1:]


def test_a_classification_is_shown_by_any_bundle_of_its_own(tmp_path: Path) -> None:
    dataset = classification(tmp_path / "data")
    view = network_view(dataset, bundle_of(tmp_path), count=4, size=80)
    assert {item["class"] for item in view.items} == {"x", "y"}
    assert view.sheet.legend == (Entry("x", PALETTE[0]), Entry("y", PALETTE[1]))
    upright = view.sheet.tiles[0].picture
    for tile in view.sheet.tiles[1 : 1 + DRAWS]:
        assert tile.picture.shape == (40, 80, 3) and tile.bar in PALETTE[:2]
        assert tile.caption[1] == "60.00 to 255.00"
        turned = [bool((tile.picture[rows, :5] > 200).all()) for rows in (slice(4), slice(-4, 40))]
        assert turned in ([True, False], [False, True])
    assert (upright[:8, :8] > 240).all()
    ends = {bool((t.picture[:4, :5] > 200).all()) for t in view.sheet.tiles if len(t.caption) == 2}
    assert ends == {True, False}


def test_the_size_is_what_the_network_gets_after_a_random_crop(tmp_path: Path) -> None:
    dataset = classification(tmp_path / "data")
    crop = {"_target_": "RandSpatialCropd", "keys": "image", "roi_size": [24, 16]}
    view = network_view(dataset, bundle_of(tmp_path, crop), count=2, size=80)
    assert " · 16 x 24 pixels · " in view.sheet.text
    assert view.sheet.tiles[0].picture.shape[:2] == (40, 80)
    assert {tile.picture.shape[:2] for tile in view.sheet.tiles[1 : 1 + DRAWS]} == {(80, 53)}
    varied = {**crop, "max_roi_size": [40, 80], "random_size": True}
    view = network_view(dataset, bundle_of(tmp_path, varied), count=2, size=80)
    (told,) = (text for text in view.sheet.text.split(" · ") if "pixels" in text)
    smallest, largest = (
        [int(side) for side in size.removesuffix(" pixels").split(" x ")]
        for size in told.split(" to ")
    )
    assert 16 * 24 <= smallest[0] * smallest[1] < largest[0] * largest[1] <= 40 * 80


def test_a_bundle_of_another_task_is_refused(tmp_path: Path) -> None:
    dataset = classification(tmp_path)
    with pytest.raises(InputError, match="dataset for classification; this bundle does segment"):
        network_view(dataset, find_bundle(NAME), count=1, size=SIZE)


def test_what_no_bundle_can_do_is_one_line(tmp_path: Path) -> None:
    dataset = classification(tmp_path / "data")
    unknown = {"train": {"dataset": {"data": "$@parts['train']", "transform": "$no_such_name"}}}
    cases = [
        ({"fold": 7}, "fold 7 does not exist"),
        ({"train": {"dataset": {"_target_": "Dataset"}}}, "no train::dataset with data and"),
        (unknown, "cannot make its training samples"),
    ]
    for changes, expected in cases:
        with pytest.raises(InputError, match=expected) as caught:
            network_view(dataset, bundle_of(tmp_path, **changes), count=1, size=SIZE)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="no image of z trains where fold 0 is scored"):
        network_view(dataset, bundle_of(tmp_path), count=1, size=SIZE, classes=("z",))
    with pytest.raises(InputError, match="million pixels"):
        network_view(dataset, bundle_of(tmp_path), count=6, size=4000)


def test_a_damaged_image_is_named(tmp_path: Path) -> None:
    dataset = segmentation(tmp_path, 12)
    (tmp_path / "images" / "a_04.png").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"a_04\.png has changed since"):
        network_view(dataset, find_bundle(NAME), count=1, size=SIZE)
