from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from skimage.draw import polygon2mask

from pipelines.datasets.dataset import parts
from pipelines.datasets.exports.yolo import divided, eight_bits, write
from pipelines.errors import InputError


def names(items: list[dict]) -> set[str]:
    return {Path(item["image"]).name.split(".")[0] for item in items}


def stems(folder: Path) -> set[str]:
    return {path.stem for path in folder.rglob("*") if path.is_file()}


def test_a_classification_becomes_class_folders(dataset_of: Callable, request_of: Callable) -> None:
    dataset = dataset_of(task="classification")
    request = request_of(dataset, fold=1)
    write(request)
    for part, items in zip(("train", "val", "test"), parts(dataset, 1), strict=True):
        folder = request.folder / part
        assert sorted(path.name for path in folder.iterdir()) == ["benign", "malignant", "normal"]
        assert stems(folder) == names(items)
        for path in folder.rglob("*.png"):
            assert path.parent.name == path.stem.split("_")[0]
    copied = request.folder / "test" / "benign" / "benign_0004.png"
    assert copied.read_bytes() == (dataset.folder / "images" / "benign_0004.png").read_bytes()


def test_a_segmentation_becomes_polygons(
    dataset_of: Callable, request_of: Callable, mask_of
) -> None:
    dataset = dataset_of()
    request = request_of(dataset)
    write(request)
    record = yaml.safe_load((request.folder / "data.yaml").read_text())
    assert record["names"] == {0: "tumour", 1: "cyst"} and "path" not in record
    for part, items in zip(("train", "val", "test"), parts(dataset, 0), strict=True):
        assert record[part] == f"images/{part}"
        assert stems(request.folder / "images" / part) == names(items)
        assert stems(request.folder / "labels" / part) == names(items)
    lines = (request.folder / "labels/test/malignant_0002.txt").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["0", "1"]
    for line, index in zip(lines, (1, 2), strict=True):
        corners = np.array(line.split()[1:], float).reshape(-1, 2)
        assert len(corners) >= 3 and (corners >= 0).all() and (corners <= 1).all()
        drawn = polygon2mask((21, 30), corners[:, ::-1] * (21, 30) - 0.5)
        meant = mask_of(1) == index
        meant[7, 8] |= index == 1  # the hole is filled
        assert np.array_equal(drawn, meant)
    assert (request.folder / "labels/test/normal_0003.txt").read_text() == ""
    assert [line for line in request.said if line.startswith("6 holes in masks were filled")]


def test_a_part_testing_is_the_test(dataset_of: Callable, request_of: Callable) -> None:
    dataset = dataset_of(testing=2)
    found = divided(dataset, 2)
    assert names(found["test"]) == names([*dataset.testing])
    assert {item["fold"] for item in found["val"]} == {2}
    assert {item["fold"] for item in found["train"]} == {0, 1}
    with pytest.raises(InputError, match="fold 3 cannot validate"):
        divided(dataset, 3)


def test_an_absent_fold_is_refused(dataset_of: Callable, request_of: Callable) -> None:
    with pytest.raises(InputError, match="fold 5 does not exist"):
        write(request_of(dataset_of(), fold=5))


@pytest.mark.parametrize("kind", ["png", "nifti"])
def test_deep_images_become_8_bit(
    dataset_of: Callable, request_of: Callable, pixels_of, kind: str
) -> None:
    request = request_of(dataset_of(kind=kind, dtype=np.uint16))
    write(request)
    with Image.open(request.folder / "images/test/benign_0001.png") as image:
        assert image.mode == "L"
        assert np.array_equal(np.asarray(image), eight_bits(pixels_of(0, 1, np.uint16)))


def test_scaling_keeps_8_bits_and_black() -> None:
    plain = np.array([[3, 200]], np.uint8)
    assert eight_bits(plain) is plain
    assert eight_bits(np.array([[0, 2048, 4096]], np.uint16)).tolist() == [[0, 128, 255]]
    assert eight_bits(np.zeros((2, 2), np.uint16)).max() == 0


def test_classes_that_would_share_a_folder_are_refused(
    dataset_of: Callable, request_of: Callable
) -> None:
    dataset = dataset_of(task="classification")
    alike = replace(dataset, labels={"0": "a/b", "1": "A b", "2": "c"})
    with pytest.raises(InputError, match="would share a folder; rename them"):
        write(request_of(alike))


def test_workers_do_not_change_the_result(
    dataset_of: Callable, request_of: Callable, tmp_path: Path
) -> None:
    dataset, found = dataset_of(), []
    for workers in (1, 2):
        (tmp_path / f"new{workers}").mkdir()
        request = request_of(dataset, workers=workers, folder=tmp_path / f"new{workers}")
        write(request)
        files = sorted(path for path in request.folder.rglob("*") if path.is_file())
        found.append([(p.relative_to(request.folder), p.read_bytes()) for p in files])
    assert found[0] == found[1] and len(found[0]) == 19
