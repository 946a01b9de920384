from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.datasets.layouts.mask_names import (
    IMAGE,
    MASK,
    Naming,
    class_stems,
    folder_role,
    image_stems,
    mask_stems,
    place,
)

NAMES = st.text(min_size=1, max_size=30).filter(lambda name: "/" not in name)


@pytest.mark.parametrize(
    ("name", "role", "part"),
    [
        ("images", IMAGE, ""), ("Img", IMAGE, ""), ("imgs", IMAGE, ""), ("labels", MASK, ""),
        ("GT", MASK, ""), ("annotations", MASK, ""), ("segmentations", MASK, ""),
        ("ground_truth", MASK, ""), ("Ground Truth", MASK, ""), ("train_images", IMAGE, "train"),
        ("val-masks", MASK, "validation"), ("imagesTs", IMAGE, "test"), ("labelsTr", MASK, "train"),
        ("label_images", MASK, ""), ("benign", None, ""), ("train", None, ""),
    ],
)  # fmt: skip
def test_folders(name: str, role: str | None, part: str) -> None:
    assert folder_role(name) == (role, part)


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("a_mask", [("a", None)]), ("a (1)_MASK_2", [("a (1)", 2)]), ("a-label", [("a", None)]),
        ("a.seg", [("a", None)]), ("ISIC_0000_segmentation", [("ISIC_0000", None)]),
        ("mask_007", [("007", None)]), ("a", []), ("unmask", []),
        ("a_ground truth", [("a", None)]), ("Gewebe_é_gt", [("Gewebe_é", None)]),
        ("Mask", [("", None)]), ("label2", [("", 2)]), ("masked", []),
    ],
)  # fmt: skip
def test_masks(stem: str, expected: list[tuple[str, int | None]]) -> None:
    assert mask_stems(stem, Naming()) == expected


def test_the_suffix_that_a_person_names() -> None:
    assert mask_stems("a_tum(1)", Naming(mask_suffix="_tum(1)")) == [("a", None)]
    assert mask_stems("a_TUM_3", Naming(mask_suffix="_tum")) == [("a", 3)]
    assert mask_stems("a_mask", Naming(mask_suffix="_tum")) == []
    assert mask_stems("a_mask", Naming(mask_suffix=".png")) == []


def test_classes_in_names() -> None:
    assert class_stems("a_1_dense_stroma_2", "dense stroma") == ["a_1"]
    assert class_stems("tumour-a", "tumour") == ["a"]
    assert class_stems("atumour", "tumour") == []


def test_places() -> None:
    path = PurePosixPath("train/x/masks/y/a.png")
    assert place(path, Naming()).folders == ("train", "x", "y")
    assert place(path, Naming()).role == MASK
    assert place(PurePosixPath("masks/images/a.png"), Naming()).role == IMAGE
    named = Naming(images_dir="train/pics", masks_dir="Train/m")
    assert place(PurePosixPath("train/pics/a.png"), named).folders == ("train",)
    assert place(PurePosixPath("train/M/a.png"), named).role == MASK
    assert place(PurePosixPath("train/masks/a.png"), named).role is None
    assert place(PurePosixPath("b/a.png"), Naming(images_dir=".")).role == IMAGE


@given(NAMES, NAMES)
def test_any_name_is_read(name: str, other: str) -> None:
    folder_role(name)
    image_stems(name)
    class_stems(name, other)
    assert all(stem for stem, _ in mask_stems(name, Naming(mask_suffix=other)))
    assert all(len(stem) < len(name) for stem, _ in mask_stems(name, Naming()))
