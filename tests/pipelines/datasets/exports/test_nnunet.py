from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from skimage.io import imread

from pipelines.datasets.exports.nnunet import write
from pipelines.errors import InputError


def content(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def check_rules(folder: Path) -> dict[str, Any]:
    """What nnU-Net's verify_dataset_integrity demands of a raw dataset."""
    record = content(folder / "dataset.json")
    assert {"channel_names", "labels", "numTraining", "file_ending"} <= set(record)
    ending, labels = record["file_ending"], record["labels"]
    assert labels["background"] == 0
    assert sorted(labels.values()) == list(range(len(labels)))
    cases = sorted(p.name.removesuffix(ending) for p in (folder / "labelsTr").iterdir())
    images = sorted(p.name for p in (folder / "imagesTr").iterdir())
    assert images == sorted(f"{case}_0000{ending}" for case in cases)
    assert len(cases) == record["numTraining"]
    splits = content(folder / "splits_final.json")
    for split in splits:
        assert set(split) == {"train", "val"} and split["train"] and split["val"]
        assert sorted(split["train"] + split["val"]) == cases
    validated = [case for split in splits for case in split["val"]]
    assert sorted(validated) == cases
    return record


def test_pngs_keep_nnunets_rules(dataset_of: Callable, request_of: Callable, mask_of) -> None:
    dataset = dataset_of(testing=3)
    request = request_of(dataset)
    write(request)
    folder = request.folder / "Dataset501_made_up"
    record = check_rules(folder)
    assert record["labels"] == {"background": 0, "tumour": 1, "cyst": 2}
    assert record["channel_names"] == {"0": "US"} and record["file_ending"] == ".png"
    assert record["overwrite_image_reader_writer"] == "NaturalImage2DIO"
    image = folder / "imagesTr" / "malignant_0002_0000.png"
    assert image.read_bytes() == (dataset.folder / "images/malignant_0002.png").read_bytes()
    label = imread(folder / "labelsTr" / "malignant_0002.png")
    assert label.ndim == 2 and np.array_equal(label, mask_of(1))
    assert len(list((folder / "imagesTs").iterdir())) == 3
    assert len(list((folder / "labelsTs").iterdir())) == 3


def test_the_splits_are_our_folds(dataset_of: Callable, request_of: Callable) -> None:
    dataset = dataset_of()
    request = request_of(dataset)
    write(request)
    splits = content(request.folder / "Dataset501_made_up" / "splits_final.json")
    assert len(splits) == 3 and not (request.folder / "Dataset501_made_up/imagesTs").exists()
    for fold, split in enumerate(splits):
        ours = [item["image"] for item in dataset.items if item["fold"] == fold]
        assert sorted(split["val"]) == sorted(Path(image).stem for image in ours)
    place = request.out / "Dataset501_made_up" / "splits_final.json"
    assert any(str(place) in line and "nnUNet_preprocessed" in line for line in request.said)


def test_colours_stay_in_one_file(dataset_of: Callable, request_of: Callable, pixels_of) -> None:
    request = request_of(dataset_of(channels=3), number=7)
    write(request)
    folder = request.folder / "Dataset007_made_up"
    record = check_rules(folder)
    assert record["channel_names"] == {"0": "R", "1": "G", "2": "B"}
    image = imread(folder / "imagesTr" / "benign_0001_0000.png")
    assert np.array_equal(image, pixels_of(0, 3, np.uint8))


def test_nifti_stays_nifti_with_its_spacing(
    dataset_of: Callable, request_of: Callable, pixels_of, mask_of
) -> None:
    request = request_of(dataset_of(kind="nifti", dtype=np.uint16, spacing=[0.5, 0.25]))
    write(request)
    folder = request.folder / "Dataset501_made_up"
    assert check_rules(folder)["overwrite_image_reader_writer"] == "SimpleITKIO"
    image = nibabel.load(folder / "imagesTr" / "benign_0001_0000.nii.gz")
    label = nibabel.load(folder / "labelsTr" / "benign_0001.nii.gz")
    assert np.array_equal(np.asarray(image.dataobj).T, pixels_of(0, 1, np.uint16))
    assert np.array_equal(np.asarray(label.dataobj).T, mask_of(0))
    assert np.array_equal(image.affine, label.affine)
    assert image.header.get_zooms()[:2] == (0.25, 0.5)


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
    assert found[0] == found[1] and len(found[0]) == 20


def test_a_folder_named_as_nnunet_wants_it_is_filled_itself(
    dataset_of: Callable, request_of: Callable, tmp_path: Path
) -> None:
    request = request_of(dataset_of(), out=tmp_path / "Dataset512_BUSI")
    write(request)
    check_rules(request.folder)
    assert any(re.search(r"nnUNet_preprocessed/Dataset512_BUSI", line) for line in request.said)


def test_another_name_of_label_0_becomes_background(
    dataset_of: Callable, request_of: Callable
) -> None:
    dataset = replace(dataset_of(), labels={"0": "glass", "1": "stroma", "2": "epithelium"})
    request = request_of(dataset)
    write(request)
    record = check_rules(request.folder / "Dataset501_made_up")
    assert record["labels"] == {"background": 0, "stroma": 1, "epithelium": 2}
    assert 'label 0, "glass", is called background, as nnU-Net demands' in request.said


@pytest.mark.parametrize("number", [0, 1000])
def test_a_number_that_nnunet_has_not_is_refused(
    dataset_of: Callable, request_of: Callable, number: int
) -> None:
    with pytest.raises(InputError, match="nnU-Net takes 1 to 999"):
        write(request_of(dataset_of(), number=number))


def test_one_fold_is_refused(dataset_of: Callable, request_of: Callable) -> None:
    dataset = dataset_of()
    alone = replace(dataset, items=tuple({**item, "fold": 0} for item in dataset.items))
    with pytest.raises(InputError, match="has one fold; nnU-Net's splits need two"):
        write(request_of(alone))
